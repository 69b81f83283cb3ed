"""The column `date_id` of a frame → day numbers, or an error that shows what is no day."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from visitseg.errors import SegmentError
from visitseg.segments import arrow

Days = npt.NDArray[np.float64]

_NAME = "date_id"
# The years 1 to 9999 in days since 1970.
_FIRST, _LAST = -719_162, 2_932_896
# 2026-01-05, perhaps with a time; and what reads YYYYMMDD.
_ISO = r"^(\d{4})-(\d{2})-(\d{2})([T ].*)?$"
_EIGHT = r"^\d{8}$"


def days(X: Any) -> Days | None:
    """Return the day number of each visit, NaN where unknown; None without dates.

    Dates and times are days; numbers and texts may read YYYYMMDD, texts YYYY-MM-DD, too.

    Raises
    ------
    SegmentError
        A value is no day.
    """
    if not arrow.has(X, _NAME):
        return None
    try:
        column = arrow.plain(arrow.read_columns(X, [_NAME], any_case=True)[_NAME])
        found = _read(column)
    except pa.ArrowException as error:
        raise _no_days(arrow.first_line(error)) from error
    known = column.is_valid().to_numpy()
    if pa.types.is_floating(column.type):
        known &= ~np.isnan(column.to_numpy())
    with np.errstate(invalid="ignore"):
        wrong = known & ~((found >= _FIRST) & (found <= _LAST))
    if wrong.any():
        raise _no_days(
            arrow.examples(pa.chunked_array([column.to_numpy(zero_copy_only=False)[wrong]])),
            f"{int(wrong.sum()):,} of {len(wrong):,} values",
        )
    return found


def _read(column: pa.ChunkedArray) -> Days:
    """Return day numbers, NaN where a value is unknown or cannot be read."""
    kind = column.type
    if arrow.is_text(kind):
        text = pc.utf8_trim_whitespace(column.cast(pa.string()))
        text = pc.replace_substring_regex(text, _ISO, r"\1\2\3")
        eight = pc.match_substring_regex(text, _EIGHT)
        return _of_numbers(_floats(pc.if_else(eight, text, pa.scalar(None, pa.string()))))
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind) or pa.types.is_null(kind):
        return _floats(column.cast(pa.date32(), safe=False).cast(pa.int32()))
    return _of_numbers(_floats(column))


def _floats(column: pa.ChunkedArray) -> Days:
    found: Days = column.cast(pa.float64(), safe=False).to_numpy().astype(np.float64)
    return found


def _of_numbers(values: Days) -> Days:
    """Return the days of numbers that read YYYYMMDD; NaN where they do not."""
    with np.errstate(invalid="ignore"):
        eight = (values >= 1000_01_01) & (values <= 9999_12_31) & (values == np.floor(values))
    number = np.where(eight, values, 1970_01_01).astype(np.int64)
    year, month, day = number // 10_000, number // 100 % 100, number % 100
    first = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    moved = first.astype("datetime64[D]") + (day - 1)
    right = eight & (month >= 1) & (month <= 12) & (moved.astype("datetime64[M]") == first)
    found: Days = np.where(right & (day >= 1), moved.astype(np.int64), np.nan)
    return found


def _no_days(evidence: list[str], what: str = "values") -> SegmentError:
    return SegmentError(
        f"{what} of the visits' days are no days",
        where=_NAME,
        evidence=evidence,
        do="Give dates, or 20260105 or 2026-01-05, NULL where unknown; or leave the column out.",
    )
