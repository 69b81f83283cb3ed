"""Frames of any kind → columns of numbers, or an error that names the column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from visitseg.errors import SegmentError

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


def is_frame(X: object) -> bool:
    """Tell a pandas or polars frame or an Arrow table from an array."""
    return isinstance(X, pa.Table) or hasattr(X, "__arrow_c_stream__")


def names_of(X: Any) -> list[str]:
    """Return the names of a frame's columns."""
    return [str(name) for name in (X.column_names if isinstance(X, pa.Table) else X.columns)]


def is_visit_table(names: Iterable[str]) -> bool:
    """Tell whether a frame speaks of visits: one of its columns is the visit table's."""
    return bool(set(names) & set(NUMBERS))


def read_columns(X: Any, names: Iterable[str]) -> dict[str, pa.ChunkedArray]:
    """Return some columns of a frame as Arrow.

    Raises
    ------
    SegmentError
        A column is missing, or cannot be read.
    """
    wanted = list(names)
    missing = sorted(set(wanted) - set(names_of(X)))
    if missing:
        raise SegmentError(
            f"{len(missing)} columns are missing",
            where=", ".join(missing),
            evidence=[f"there are: {', '.join(names_of(X)[:20])}"],
            do="Give the columns that the segments were found on.",
        )
    found = {}
    for name in wanted:
        try:
            one = X.select([name]) if isinstance(X, pa.Table) else pa.table(X[[name]])
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise _not_numbers(name, str(error).splitlines()[:1]) from error
        found[name] = one[name]
    return found


def numbers(columns: Mapping[str, pa.ChunkedArray]) -> Numbers:
    """Turn columns into float64, NULL into NaN.

    Raises
    ------
    SegmentError
        A column holds text, or values that are infinite; all such columns are named.
    """
    found: Numbers = {}
    infinite = []
    for name, column in columns.items():
        kind = column.type
        if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_temporal(kind):
            known = column.drop_null()
            raise _not_numbers(name, [f"e.g. {value}" for value in known[:2].to_pylist()])
        try:
            found[name] = column.cast(pa.float64(), safe=False).to_numpy().astype(np.float64)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise _not_numbers(name, [f"its type is {kind}"]) from error
        if np.isinf(found[name]).any():
            infinite.append(name)
    if infinite:
        raise SegmentError(
            f"{len(infinite)} columns hold infinite values",
            where=", ".join(infinite),
            do="A division by 0? Leave what is unknown NULL.",
        )
    return found


def visit_columns(X: Any) -> Numbers:
    """Return the numbers of a visit table, and nothing else of the frame.

    Raises
    ------
    SegmentError
        `pageviews` is missing, a column is no number, is infinite or negative, or no row is there.
    """
    there = names_of(X)
    if "pageviews" not in there:
        raise SegmentError(
            "the visit table has no column pageviews",
            where="X",
            evidence=[f"there are: {', '.join(there[:20])}"],
            do="Name the column of page views pageviews; every other feature may be left out.",
        )
    return check_visits(numbers(read_columns(X, [name for name in NUMBERS if name in there])))


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


def days(X: Any) -> npt.NDArray[np.float64] | None:
    """Return the day number of each visit, NaN where unknown; None without dates."""
    if "date_id" not in names_of(X):
        return None
    column = read_columns(X, ["date_id"])["date_id"]
    try:
        number = column.cast(pa.date32()).cast(pa.int32())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None
    result: npt.NDArray[np.float64] = number.cast(pa.float64()).to_numpy().astype(np.float64)
    return result


def _not_numbers(name: str, evidence: list[str]) -> SegmentError:
    return SegmentError(
        "a column that should hold numbers does not",
        where=name,
        evidence=evidence,
        do="Convert it to numbers, NULL where unknown, or leave it out.",
    )
