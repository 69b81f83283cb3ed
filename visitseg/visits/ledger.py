"""The ledger: every raw row is used or named as lost, and it must add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from visitseg.errors import LedgerError
from visitseg.visits.counts import RowCounts, rows_of
from visitseg.warehouse import Warehouse

NOTE_TEXTS = {
    "continuation": "first half not in the input; kept on the day it is seen",
    "merged_over_midnight": "touches several export days; it is one visit, of the day it began",
    "events/order_without_id": "purchases without an order id; together they count as one order",
    "shared_order_id": "GA counts several purchases under one order id; an order is a distinct "
    "id, the revenue is GA's",
    "order_without_id": "a purchase without an order id; it is not counted as an order and its "
    "revenue is kept apart",
    "repeated_purchase": "a purchase whose order was counted before; it is no second order",
    "money_not_a_number": "a purchase or refund whose amount is infinite or not a number; "
    "it counts as 0",
    "debug": "events with debug_mode; kept",
    "internal": "events of internal traffic; kept",
    "bot": "looks like a bot by the contract's rule; kept",
    "runaway": "runs on for too long by the contract's rule; kept",
    "shared_visit_id": "the log gives the id to several visitors; each has a visit of its own",
    "spans_pause": "the log's visit holds a pause longer than gap_minutes; kept whole, "
    "--resessionize breaks it",
    "broken_visit": "a part of a visit of the log, which was broken",
    "cut_by_length": "begins where the visit before it reached max_hours",
    "numbered_id": "begins in the same second as another of the visitor; a number tells them apart",
    "deprecated_revenue": "revenue found only in the deprecated totals.transactionRevenue",
}


@dataclass(frozen=True)
class Note:
    """What a reader should know of some visits; no row is lost by it."""

    reason: str
    count: int
    visit_ids: tuple[str, ...]
    source: str = ""

    @property
    def text(self) -> str:
        """A sentence."""
        noun = "1 visit" if self.count == 1 else f"{self.count:,} visits"
        told = NOTE_TEXTS.get(f"{self.source}/{self.reason}") or NOTE_TEXTS[self.reason]
        return f"{noun}: {told}"


@dataclass(frozen=True)
class Day:
    """One export day (rows) and one ``date_id`` (visits)."""

    day: date | None
    rows_in: int = 0
    removed: dict[str, int] = field(default_factory=dict)
    rows_used: int = 0
    visits: int = 0


@dataclass(frozen=True)
class Ledger:
    """From raw rows to visits.

    The counts come from different tables on purpose: ``rows_in`` from the input, the losses from
    the rows, ``rows_used`` from the visits that were made of them. `check` compares them.
    """

    source: str
    unit: str
    rows_in: int
    removed: dict[str, int]
    rows_used: int
    hits_in: int
    hits_removed: int
    hits_used: int
    visit_keys: int
    visits_removed: dict[str, int]
    visits: int
    notes: tuple[Note, ...]
    days: tuple[Day, ...]

    def check(self) -> None:
        """Raise `LedgerError` unless every law holds."""
        day_removed: dict[str, int] = {}
        for day in self.days:
            for reason, rows in day.removed.items():
                day_removed[reason] = day_removed.get(reason, 0) + rows
        laws = (
            (
                "rows in",
                self.rows_in,
                "used + removed",
                self.rows_used + sum(self.removed.values()),
            ),
            ("hits in", self.hits_in, "used + removed", self.hits_used + self.hits_removed),
            (
                "visit keys",
                self.visit_keys,
                "visits + removed",
                self.visits + sum(self.visits_removed.values()),
            ),
            ("rows in", self.rows_in, "sum over days", sum(d.rows_in for d in self.days)),
            ("rows used", self.rows_used, "sum over days", sum(d.rows_used for d in self.days)),
            ("visits", self.visits, "sum over days", sum(d.visits for d in self.days)),
            *(
                (f"removed as {reason}", rows, "sum over days", day_removed.get(reason, 0))
                for reason, rows in self.removed.items()
            ),
        )
        broken = [f"{a}: {x:,}, {b}: {y:,}" for a, x, b, y in laws if x != y]
        if broken:
            raise LedgerError(
                f"{len(broken)} of {len(laws)} sums do not add up",
                where=f"source {self.source}",
                evidence=broken[:5],
                do="Nothing was published. Please report this with the output of "
                "`visitseg sql visits`.",
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the content of ``ledger.json``."""
        return {
            "schema_version": 1,
            "source": self.source,
            "unit": self.unit,
            "rows_in": self.rows_in,
            "removed": [{"reason": r, "rows": n} for r, n in sorted(self.removed.items())],
            "removed_share": {
                r: n / self.rows_in for r, n in sorted(self.removed.items()) if self.rows_in
            },
            "rows_used": self.rows_used,
            "hits_in": self.hits_in,
            "hits_used": self.hits_used,
            "visit_keys": self.visit_keys,
            "visits_removed": [
                {"reason": r, "visits": n} for r, n in sorted(self.visits_removed.items())
            ],
            "visits": self.visits,
            "notes": [
                {
                    "reason": note.reason,
                    "visit_ids": list(note.visit_ids),
                    "count": note.count,
                    "text": note.text,
                }
                for note in self.notes
            ],
            "per_day": [
                {
                    "day": day.day.isoformat() if day.day else None,
                    "rows_in": day.rows_in,
                    "removed": dict(sorted(day.removed.items())),
                    "rows_used": day.rows_used,
                    "visits": day.visits,
                }
                for day in self.days
            ],
        }


def read_ledger(
    warehouse: Warehouse,
    counts: RowCounts,
    *,
    source: str,
    unit: str,
    notes: str,
    left_out: bool = False,
) -> Ledger:
    """Count what the models hold, and set it against the rows.

    Parameters
    ----------
    warehouse : Warehouse
        Holds the tables ``visit_keys`` and ``visits``, and where the contract leaves visits out
        ``all_visits`` and ``left_out``.
    counts : RowCounts
        The rows.
    source, unit : str
        As the ledger states them.
    notes : str
        The source's own text; empty without notes.
    left_out : bool
        Whether the contract leaves visits out.
    """
    keys = rows_of(
        warehouse,
        "SELECT removed, date_id, COUNT(*) AS visits, SUM(n_rows) AS n_rows, SUM(hits) AS hits "
        "FROM visit_keys GROUP BY removed, date_id",
    )
    visits = rows_of(warehouse, "SELECT date_id, COUNT(*) AS visits FROM visits GROUP BY date_id")
    dropped = [key for key in keys if key["removed"]]
    if left_out:
        dropped += rows_of(
            warehouse,
            "SELECT l.reason AS removed, COUNT(*) AS visits FROM all_visits AS v "
            "INNER JOIN left_out AS l ON l.visit_id = COALESCE(v.visit_id, '') GROUP BY l.reason",
        )
    return Ledger(
        source=source,
        unit=unit,
        rows_in=counts.rows_in,
        removed=_sums(counts.lost, "reason", "n_rows"),
        rows_used=_total(keys, "n_rows"),
        hits_in=_total(counts.read, "hits"),
        hits_removed=_total(counts.lost, "hits"),
        hits_used=_total(keys, "hits"),
        visit_keys=_total(keys, "visits"),
        visits_removed=_sums(dropped, "removed", "visits"),
        visits=_total(visits, "visits"),
        notes=_notes(warehouse, notes, source) if notes else (),
        days=_days(counts.read, counts.lost, visits),
    )


def _days(
    read: Sequence[Mapping[str, Any]],
    lost: Sequence[Mapping[str, Any]],
    visits: Sequence[Mapping[str, Any]],
) -> tuple[Day, ...]:
    rows_in = _sums(read, "day", "n_rows")
    visits_on = _sums(visits, "date_id", "visits")
    days = sorted({*rows_in, *visits_on}, key=lambda day: (day is None, day or date.min))
    found = []
    for day in days:
        removed = _sums([row for row in lost if row["day"] == day], "reason", "n_rows")
        total = rows_in.get(day, 0)
        used = total - sum(removed.values())
        found.append(Day(day, total, removed, used, visits_on.get(day, 0)))
    return tuple(found)


def _notes(warehouse: Warehouse, notes: str, source: str) -> tuple[Note, ...]:
    found = rows_of(
        warehouse,
        "SELECT reason, visit_id, n FROM (SELECT reason, visit_id, "
        "COUNT(*) OVER (PARTITION BY reason) AS n, "
        "ROW_NUMBER() OVER (PARTITION BY reason ORDER BY LENGTH(visit_id), visit_id) AS place "
        f"FROM ({notes}) AS noted) AS numbered WHERE place <= 5 ORDER BY reason, place",
    )
    ids: dict[str, list[str]] = {}
    for row in found:
        ids.setdefault(row["reason"], []).append(row["visit_id"])
    counts = {row["reason"]: int(row["n"]) for row in found}
    return tuple(Note(reason, counts[reason], tuple(ids[reason]), source) for reason in sorted(ids))


def _sums(rows: Sequence[Mapping[str, Any]], key: str, value: str) -> dict[Any, int]:
    sums: dict[Any, int] = {}
    for row in rows:
        sums[row[key]] = sums.get(row[key], 0) + int(row[value] or 0)
    return sums


def _total(rows: Sequence[Mapping[str, Any]], value: str) -> int:
    return sum(int(row[value] or 0) for row in rows)
