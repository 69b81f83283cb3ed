"""Counts of the rows of an input; those of its parts add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from visitseg.errors import InputError
from visitseg.warehouse import RAW, Input, Warehouse


@dataclass(frozen=True)
class RowCounts:
    """What the rows of the input are counted as; counts of parts add up.

    Attributes
    ----------
    rows_in : int
        Rows of the input itself.
    read : tuple of dict
        day, n_rows, hits: rows as they were read.
    lost : tuple of dict
        day, reason, n_rows, hits: those of them that are not used.
    events : dict
        Value of an event log's event column -> events.
    """

    rows_in: int = 0
    read: tuple[dict[str, Any], ...] = ()
    lost: tuple[dict[str, Any], ...] = ()
    events: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: RowCounts) -> RowCounts:
        """Return the counts of both."""
        return RowCounts(
            self.rows_in + other.rows_in,
            self.read + other.read,
            self.lost + other.lost,
            self.events + other.events,
        )


def count_rows(
    warehouse: Warehouse,
    losses: str,
    without: str = "",
    rows: str = "visit_rows",
    params: Mapping[str, object] | None = None,
) -> RowCounts:
    """Count the input and its visit rows.

    Parameters
    ----------
    losses : str
        The source's own text.
    without : str
        A reason whose rows are another part's, and are counted there.
    rows : str
        The visit rows: a table, or a SELECT in parentheses.
    params : mapping, optional
        Values of that SELECT.
    """
    kept = f"WHERE removed IS NULL OR removed <> '{without}' " if without else ""
    read = f"SELECT day, COUNT(*) AS n_rows, SUM(hits) AS hits FROM {rows} AS r"
    return RowCounts(
        rows_in=rows_of(warehouse, f"SELECT COUNT(*) AS n_rows FROM {RAW}")[0]["n_rows"],
        read=rows_of(warehouse, f"{read} {kept}GROUP BY day", params),
        lost=tuple(row for row in rows_of(warehouse, losses) if row["reason"] != without),
    )


def bad_line_counts(lines: int) -> RowCounts:
    """Return the counts of lines of delimited text that the reader skipped."""
    if not lines:
        return RowCounts()
    row = {"day": None, "n_rows": lines, "hits": 0}
    return RowCounts(lines, (row,), ({**row, "reason": "bad_line"},))


def rows_of(
    warehouse: Warehouse, sql: str, params: Mapping[str, object] | None = None
) -> tuple[dict[str, Any], ...]:
    """Return the rows of a SELECT."""
    return tuple(warehouse.query(sql, params).to_pylist())


def no_rows(opened: Input) -> InputError:
    """Return the error of an input in which there is nothing."""
    return InputError("the input has no rows", where=opened.description, do="Check --input.")
