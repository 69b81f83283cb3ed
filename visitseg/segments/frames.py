"""Columns of frames → numbers, or an error that names the column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from visitseg.errors import SegmentError
from visitseg.segments import arrow

Numbers = dict[str, npt.NDArray[np.float64]]

# The numbers of a visit table. Those that segments are sought on come first.
NUMBERS = (
    *("pageviews", "hits", "unique_pages", "time_on_site_sec"),
    *("time_on_site_sec_per_pageview", "hits_per_pageview"),
    *("transactions", "transaction_revenue", "refund_revenue"),
    *("product_views", "add_to_carts", "checkouts", "engaged", "engagement_time_sec"),
)
# A ratio -> the column that it is made of, besides pageviews.
RATIOS = {
    "time_on_site_sec": "time_on_site_sec_per_pageview",
    "hits": "hits_per_pageview",
}


def is_visit_table(names: Iterable[str]) -> bool:
    """Tell whether a frame speaks of visits: one of its columns is the visit table's."""
    return bool(set(map(str.lower, names)) & set(NUMBERS))


def plain_columns(X: Any, names: Iterable[str] | None = None) -> Numbers:
    """Return the numbers of a plain table: some of its columns, or all."""
    return complete(numbers(arrow.read_columns(X, arrow.names_of(X) if names is None else names)))


def plain_array(X: Any, names: Sequence[str]) -> Numbers:
    """Return the numbers of a plain array, by the names of its columns.

    Raises
    ------
    SegmentError
        It is of another shape, or holds what is no finite number.
    """
    wrong: list[str] = []
    try:
        given = np.asarray(X)
        values = np.empty(0) if np.iscomplexobj(given) else given.astype(np.float64)
        wrong = ["its numbers are complex"] if np.iscomplexobj(given) else []
    except (TypeError, ValueError) as error:
        wrong = arrow.first_line(error)
    if wrong:
        raise SegmentError(
            "the array does not hold numbers", where="X", evidence=wrong, do="Convert it."
        )
    if values.ndim != 2 or values.shape[1] != len(names):
        raise SegmentError(
            f"the model has {len(names)} columns, the array shape {values.shape}",
            where="X",
            do=f"Give the columns {', '.join(names)}.",
        )
    return complete(_finite(dict(zip(names, values.T, strict=True))))


def numbers(columns: Mapping[str, pa.ChunkedArray]) -> Numbers:
    """Turn columns into float64, NULL into NaN.

    Raises
    ------
    SegmentError
        A column holds text, or values that are infinite; all such columns are named.
    """
    found: Numbers = {}
    for name, column in columns.items():
        column = arrow.plain(column)
        kind = column.type
        if arrow.is_text(kind) or pa.types.is_temporal(kind):
            raise arrow.not_numbers(name, arrow.examples(column))
        try:
            found[name] = column.cast(pa.float64(), safe=False).to_numpy().astype(np.float64)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise arrow.not_numbers(name, [f"its type is {kind}"]) from error
    return _finite(found)


def visit_columns(X: Any) -> Numbers:
    """Return the numbers of a visit table, and nothing else of the frame.

    Raises
    ------
    SegmentError
        `pageviews` is missing, a column is no number, is infinite or negative, or no row is there.
    """
    if not arrow.has(X, "pageviews"):
        raise SegmentError(
            "the visit table has no column pageviews",
            where="X",
            evidence=[f"there are: {', '.join(arrow.names_of(X)[:20])}"],
            do="Name the column of page views pageviews; every other feature may be left out.",
        )
    there = [name for name in NUMBERS if arrow.has(X, name)]
    return check_visits(numbers(arrow.read_columns(X, there, any_case=True)))


def check_visits(found: Numbers) -> Numbers:
    """Check the numbers of a visit table, and add the columns that a ratio stands for."""
    negative = [name for name in NUMBERS if name in found and (found[name] < 0).any()]
    if negative:
        raise SegmentError(
            f"{len(negative)} columns hold negative values",
            where=", ".join(negative),
            do="Counts, times and money are at least 0; refunds go into refund_revenue.",
        )
    if not len(found["pageviews"]):
        raise SegmentError("there are no visits", where="X", do="Give at least one row.")
    pages = np.maximum(found["pageviews"], 1)
    for name, ratio in RATIOS.items():
        if name not in found and ratio in found:
            found[name] = found[ratio] * pages
    return found


def complete(found: Numbers) -> Numbers:
    """Check that no number is unknown: of a plain table nobody can say what that means.

    Raises
    ------
    SegmentError
        A column holds NaN or NULL, or no row is there.
    """
    unknown = [name for name, values in found.items() if np.isnan(values).any()]
    if unknown:
        raise SegmentError(
            f"{len(unknown)} columns hold unknown values",
            where=", ".join(unknown),
            do="Fill them or leave them out. Only in a visit table may values be unknown.",
        )
    if not found or not len(next(iter(found.values()))):
        raise SegmentError("there is nothing to segment", where="X", do="Give rows and columns.")
    return found


def _finite(found: Numbers) -> Numbers:
    infinite = [name for name, values in found.items() if np.isinf(values).any()]
    if infinite:
        raise SegmentError(
            f"{len(infinite)} columns hold infinite values",
            where=", ".join(infinite),
            do="A division by 0? Leave what is unknown NULL.",
        )
    return found
