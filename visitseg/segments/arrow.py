"""Frames of any kind → columns of Arrow, by name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from visitseg.errors import SegmentError

_TEXTS = (
    *(pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view),
    *(pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view),
)


def opened(X: Any) -> Any:
    """Return a pandas or polars frame, an Arrow table or an array; other tables become Arrow.

    Raises
    ------
    SegmentError
        It is one column, or it is not computed yet.
    """
    kind, library = type(X).__name__, _library(X)
    if (library and kind == "Series") or isinstance(X, pa.Array | pa.ChunkedArray):
        raise SegmentError(
            "this is one column, and not a table",
            where="X",
            evidence=[f"its type is {kind}"],
            do="Give a frame: of a pandas or polars series, X.to_frame().",
        )
    if library and kind == "LazyFrame":
        raise SegmentError(
            "the frame is not computed yet",
            where="X",
            evidence=[f"its type is {kind}"],
            do="Collect it first: X.collect().",
        )
    if library or isinstance(X, pa.Table) or not hasattr(X, "__arrow_c_stream__"):
        return pa.Table.from_batches([X]) if isinstance(X, pa.RecordBatch) else X
    try:
        return pa.table(X)
    except (pa.ArrowException, TypeError) as error:
        raise SegmentError(
            "this cannot be read as a table",
            where="X",
            evidence=[f"its type is {kind}", *first_line(error)],
            do="Give a pandas or polars frame, or an Arrow table.",
        ) from error


def is_frame(X: object) -> bool:
    """Tell a frame from an array; both as `opened` returns them."""
    return isinstance(X, pa.Table) or bool(_library(X))


def names_of(X: Any) -> list[str]:
    """Return the names of a frame's columns."""
    return [str(name) for name in (X.column_names if isinstance(X, pa.Table) else X.columns)]


def is_nameless(X: Any) -> bool:
    """Tell whether a frame's columns are only numbered, as those of `pd.DataFrame(array)` are."""
    return not isinstance(X, pa.Table) and not any(isinstance(name, str) for name in X.columns)


def has(X: Any, name: str) -> bool:
    """Tell whether a frame has a column of the visit table, in whatever case it is written."""
    return name in map(str.lower, names_of(X))


def read_columns(
    X: Any, names: Iterable[str], *, any_case: bool = False
) -> dict[str, pa.ChunkedArray]:
    """Return some columns of a frame as Arrow.

    Parameters
    ----------
    X : frame or Arrow table
        As `opened` returns it.
    names : iterable of str
        Which columns.
    any_case : bool
        Whether a name may be written in another case, as in SQL; the exact name comes first.

    Raises
    ------
    SegmentError
        A column is missing, is there twice, or cannot be read.
    """
    found = {}
    for name, place in _places(X, list(names), any_case=any_case).items():
        try:
            found[name] = _column(X, place)
        except (pa.ArrowException, TypeError, OverflowError) as error:
            raise SegmentError(
                "a column cannot be read",
                where=name,
                evidence=first_line(error),
                do="Give it values of one type, NULL where unknown, or leave it out.",
            ) from error
    return found


def plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column's values: of categories those that they stand for."""
    kind = column.type
    if not pa.types.is_dictionary(kind):
        return column
    # Arrow cannot take from views, which polars hands out.
    own = pa.large_string() if pa.types.is_string_view(kind.value_type) else kind.value_type
    return pa.chunked_array([c.dictionary.cast(own).take(c.indices) for c in column.chunks], own)


def is_text(kind: pa.DataType) -> bool:
    """Tell whether a column holds text, or bytes."""
    return any(is_one(kind) for is_one in _TEXTS)


def examples(column: pa.ChunkedArray) -> list[str]:
    """Return two values as evidence; none where Python has no such values."""
    try:
        return [f"e.g. {value}" for value in column.drop_null()[:2].to_pylist()]
    except (OverflowError, ValueError):
        return []


def first_line(error: BaseException) -> list[str]:
    """Return what an error says, as evidence."""
    return str(error).splitlines()[:1]


def not_numbers(name: str, evidence: Sequence[str]) -> SegmentError:
    """Return the error that a column holds something else than numbers."""
    return SegmentError(
        "a column that should hold numbers does not",
        where=name,
        evidence=evidence,
        do="Convert it to numbers, NULL where unknown, or leave it out.",
    )


def _library(X: object) -> str:
    """Return whose frame or series it is: pandas, polars, or nobody's."""
    libraries = [cls.__module__.partition(".")[0] for cls in type(X).__mro__]
    return next((name for name in libraries if name in ("pandas", "polars")), "")


def _places(X: Any, wanted: Sequence[str], *, any_case: bool) -> dict[str, int]:
    """Return where in the frame each column is."""
    there = names_of(X)
    exact, alike = defaultdict(list), defaultdict(list)
    for place, name in enumerate(there):
        exact[name].append(place)
        alike[name.lower()].append(place)
    found = {name: exact.get(name, []) for name in wanted}
    if any_case:
        found = {name: own or alike.get(name.lower(), []) for name, own in found.items()}
    if missing := sorted(name for name, own in found.items() if not own):
        raise SegmentError(
            f"{len(missing)} columns are missing",
            where=", ".join(missing),
            evidence=[f"there are: {', '.join(there[:20])}"],
            do="Give the columns that the segments were found on.",
        )
    if twice := {name: own for name, own in found.items() if len(own) > 1}:
        raise SegmentError(
            f"{len(twice)} columns are there more than once",
            where=", ".join(twice),
            evidence=[
                f"{name}: {', '.join(there[place] for place in own)}"
                for name, own in list(twice.items())[:5]
            ],
            do="Give every column a name of its own.",
        )
    return {name: place for name, (place,) in found.items()}


def _column(X: Any, place: int) -> pa.ChunkedArray:
    if isinstance(X, pa.Table):
        return X.column(place)
    if _library(X) == "polars":
        return pa.table(X[:, [place]]).column(0)
    series = X.iloc[:, place]
    found = pa.array(series.sparse.to_dense() if hasattr(series, "sparse") else series)
    return found if isinstance(found, pa.ChunkedArray) else pa.chunked_array([found])
