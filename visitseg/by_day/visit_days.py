"""A visit table that is kept by days: a later call replaces the days it was asked for, no others.

``DIR/visits/date_id=YYYY-MM-DD/visits.parquet`` stands beside ``DIR/visits.parquet``, which holds
the visits of all days. ``DIR/visits/days.json`` says of every day how many rows of the export it
had when it was built: rows that come later, for a day that is not built again, are found by it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from visitseg.by_day.labels import UNDATED
from visitseg.by_day.window import Window
from visitseg.config import CsvSettings, Settings
from visitseg.errors import InputError
from visitseg.run_folder.files import write_json
from visitseg.visits.build import VisitTable
from visitseg.visits.contract import Check
from visitseg.visits.finishing import ORDER
from visitseg.visits.ledger import Day, Ledger
from visitseg.warehouse import Warehouse

FOLDER, FILE, INDEX = "visits", "visits.parquet", "days.json"


@dataclass(frozen=True)
class Kept:
    """The days of a run folder.

    Attributes
    ----------
    folder : Path
        The run folder.
    days : dict
        Day -> rows (of the export, when it was built) and visits.
    """

    folder: Path
    days: Mapping[str, Mapping[str, int]]

    def file(self, day: str) -> Path:
        """Return the file of a day."""
        return _file(self.folder, day)


def wanted(settings: Settings) -> bool:
    """Whether the table is to be kept by days: ``--stream`` or ``--late-days`` asks for it."""
    asked = settings.stream is True or settings.given("late_days")
    return asked and settings.warehouse == "duckdb"


def read(out: Path, settings: Settings) -> Kept:
    """Return the days that a call leaves or replaces; none where it is for all days."""
    index = out / FOLDER / INDEX
    if (settings.date_from is None and settings.date_to is None) or not index.is_file():
        return Kept(out, {})
    try:
        return Kept(out, json.loads(index.read_text(encoding="utf-8"))["days"])
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            "the days of the run folder cannot be read",
            where=str(index),
            evidence=[str(error)],
            do="Build all days again: leave out --date-from and --date-to.",
        ) from error


def write(
    folder: Path, warehouse: Warehouse, table: VisitTable, window: Window, kept: Kept
) -> VisitTable:
    """Write the days that were built, take over the others, and write the table of all days.

    Parameters
    ----------
    folder : Path
        The staging folder.
    warehouse : Warehouse
        Holds the table ``visits`` of the days of the window.
    table : VisitTable
        What was built.
    window : Window
        The days that were asked for.
    kept : Kept
        The days of the folder that is replaced.

    Returns
    -------
    VisitTable
        The same, with the ledger and a check of what came late.
    """
    found = _per_day(warehouse, "visits")
    held = {str(day.day or UNDATED): day.rows_in for day in table.ledger.days if day.rows_in}
    chosen = window.choose(found, set(held), set(kept.days))
    built = [day for day in chosen.days if day in kept.days or not window.is_late(day)]
    left = sorted(set(kept.days) - set(built) - set(chosen.gone))
    _take(warehouse, built, [kept.file(day) for day in left])
    counts = _per_day(warehouse, "built_visits")
    for day in built:
        path = _file(folder, day)
        path.parent.mkdir(parents=True)
        rows = warehouse.query(f"SELECT * FROM built_visits WHERE {_is(day)} {ORDER}")
        # Arrow's bytes depend on the rows alone; an engine's also on what it knows of them.
        pq.write_table(_nullable(rows), path, compression="zstd")
    for day in left:
        path = _file(folder, day)
        path.parent.mkdir(parents=True)
        _link(kept.file(day), path)
    everything = "SELECT * FROM built_visits"
    if left:
        everything = f"SELECT * FROM (SELECT * FROM kept_visits UNION ALL {everything}) AS v"
    warehouse.write_parquet(f"{everything} {ORDER}", folder / FILE)
    days: dict[str, Any] = {day: kept.days[day] for day in left}
    days |= {day: {"rows": held.get(day, 0), "visits": counts.get(day, 0)} for day in built}
    write_json(
        folder / FOLDER / INDEX,
        {"schema_version": 1, "days": {day: days[day] for day in sorted(days)}},
    )
    late = {day: held[day] - kept.days[day]["rows"] for day in left if day in held}
    late = {day: rows for day, rows in late.items() if rows > 0}
    ledger = _told(table.ledger, late, found, counts, set(built))
    ledger.check()
    checks = [*table.checks, _late_check(late)] if kept.days else table.checks
    return replace(table, ledger=ledger, checks=checks)


def _per_day(warehouse: Warehouse, table: str) -> dict[str, int]:
    select = f"SELECT date_id, COUNT(*) AS visits FROM {table} GROUP BY date_id"
    rows = warehouse.query(select).to_pylist()
    return {str(row["date_id"] or UNDATED): int(row["visits"]) for row in rows}


def _take(warehouse: Warehouse, built: Iterable[str], left: list[Path]) -> None:
    """Make `built_visits`, and `kept_visits` where days are left as they were.

    A visit that a day holds which is left stays there alone.
    """
    days = " OR ".join(_is(day) for day in built) or "FALSE"
    only = f"SELECT * FROM visits WHERE ({days})"
    if left:
        columns = warehouse.query("SELECT * FROM visits LIMIT 0").schema
        warehouse.open_input([str(path) for path in left], None, CsvSettings())
        before = warehouse.query("SELECT * FROM raw_export LIMIT 0").schema
        if before.names != columns.names:
            raise InputError(
                f"the {len(left)} days that are kept have other columns",
                where=str(left[0]),
                evidence=[f"only there or only now: {_differing(before.names, columns.names)}"],
                do="Build all days again: leave out --date-from and --date-to.",
            )
        warehouse.create_table("kept_visits", "SELECT * FROM raw_export")
        only += " AND visit_id NOT IN (SELECT visit_id FROM kept_visits)"
    warehouse.create_table("built_visits", only)


def _told(
    ledger: Ledger,
    late: Mapping[str, int],
    found: Mapping[str, int],
    counts: Mapping[str, int],
    built: set[str],
) -> Ledger:
    """Say of rows and visits that days hold which are kept as they were: they are `late`."""
    days: list[Day] = []
    removed, visits_removed = dict(ledger.removed), dict(ledger.visits_removed)
    for day in ledger.days:
        name = str(day.day or UNDATED)
        rows = min(late.get(name, 0), day.removed.get("out_of_range", 0))
        lost = found.get(name, 0) - counts.get(name, 0)
        own = dict(day.removed)
        for counted in (own, removed):
            _move(counted, rows)
        reason = "late" if name in built else "out_of_range"
        if lost:
            visits_removed[reason] = visits_removed.get(reason, 0) + lost
        days.append(replace(day, removed=own, visits=day.visits - lost))
    return replace(
        ledger,
        removed=removed,
        visits_removed=visits_removed,
        visits=sum(day.visits for day in days),
        days=tuple(days),
    )


def _move(removed: dict[str, int], rows: int) -> None:
    if rows:
        removed["late"] = removed.get("late", 0) + rows
        removed["out_of_range"] -= rows
        if not removed["out_of_range"]:
            del removed["out_of_range"]


def _late_check(late: Mapping[str, int]) -> Check:
    listed = ", ".join(f"{day} ({rows:,})" for day, rows in sorted(late.items())[:5])
    return Check(
        name="late_rows",
        rows=sum(late.values()),
        severity="warning",
        finds=f"{sum(late.values()):,} rows came after their days were built, and these days are "
        f"kept as they were: {listed}.",
        do="Build them again: an earlier --date-from, or more --late-days.",
    )


def _differing(before: Iterable[str], now: Iterable[str]) -> str:
    return ", ".join(sorted(set(before) ^ set(now))) or "the same, in another order"


def _is(day: str) -> str:
    return "date_id IS NULL" if day == UNDATED else f"date_id = DATE '{day}'"


def _file(folder: Path, day: str) -> Path:
    return folder / FOLDER / f"date_id={day}" / FILE


def _nullable(table: pa.Table) -> pa.Table:
    return table.cast(pa.schema([field.with_nullable(True) for field in table.schema]))


def _link(source: Path, target: Path) -> None:
    """Put a file that is never changed into another folder."""
    with suppress(OSError):
        os.link(source, target)
        return
    target.write_bytes(source.read_bytes())
