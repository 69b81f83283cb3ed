"""All that is asked of an export's events in one pass, so that no row of theirs is stored.

Only exact copies need their rows side by side. Three narrow columns tell which events may be
copies: of these few, and no others, the table ``visit_rows`` is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from visitseg.visits.counts import RowCounts, count_rows
from visitseg.visits.text import chain
from visitseg.warehouse import RAW, Warehouse

# Copies share visitor, time and name; up to a delimiter, a visit's id begins as the visitor's.
_HASH = "hash(split_part(user_pseudo_id, '|', 1), event_timestamp, coalesce(event_name, ''))"
_REPEATED = f"SELECT {_HASH} AS h FROM {RAW} GROUP BY h HAVING COUNT(*) > 1"


@dataclass(frozen=True)
class OnePass:
    """The texts that are combined.

    Attributes
    ----------
    rows : str
        One row per event of the export.
    events : str
        Reads `visit_rows`: one row per event, copies removed.
    sums : str
        Reads `visit_events`: one row per visit, and per day and reason of events not used.
    """

    rows: str
    events: str
    sums: str


def make_in_one_pass(texts: OnePass) -> Iterator[tuple[str, str]]:
    """Return the tables to make, in their order: name and SELECT; `visit_sums` is the last."""
    few, others = (
        {RAW: f"SELECT * FROM {RAW} WHERE {_HASH} {which} (SELECT h FROM repeated)"}
        for which in ("IN", "NOT IN")
    )
    yield "repeated", _REPEATED
    yield "visit_rows", chain(few, texts.rows)
    events = f"SELECT * FROM alone\nUNION ALL\nSELECT * FROM (\n{texts.events.rstrip()}\n) AS few"
    steps = {"alone": chain(others, texts.rows), "visit_events": events}
    yield "visit_sums", chain(steps, texts.sums)


def count_in_one_pass(
    warehouse: Warehouse, texts: OnePass, losses: str, params: Mapping[str, object]
) -> RowCounts:
    """Count the rows of the input; of the visit rows only the day is computed."""
    return count_rows(warehouse, losses, rows=f"(\n{texts.rows}\n)", params=params)
