"""Steps that are the same for every verb."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from visitseg.config import Settings, without_effect
from visitseg.plan import SIMULATED_SOURCE
from visitseg.progress import Progress
from visitseg.report.wording import words
from visitseg.run_folder import visit_files
from visitseg.visits.build import VisitTable
from visitseg.visits.contract import Check
from visitseg.visits.features import Contract
from visitseg.warehouse import Warehouse, keep


def simulated(
    settings: Settings, folder: Path, progress: Progress, visits: int = 20_000
) -> Settings:
    """Write a raw export when there is no input; the rest of the path is everybody's."""
    if settings.input or not settings.smoke_mode:
        return settings
    from visitseg.simulate import simulate

    progress.step("simulating an export")
    export = folder / "export"
    simulate(export, visits=visits, seed=settings.seed, on_progress=progress.count)
    pattern = str(export / "events_*.parquet")
    return replace(settings, source=SIMULATED_SOURCE, input=(pattern,))


def tell_visits(
    folder: Path,
    warehouse: Warehouse,
    table: VisitTable,
    settings: Settings,
    contract: Contract,
    progress: Progress,
) -> None:
    """Write what is to be said of a visit table, and put it where it is kept."""
    visit_files.write_about(folder, table, contract)
    if settings.quarantine:
        visit_files.write_quarantine(folder, warehouse)
    ledger = table.ledger
    period = f", {table.days[0]} to {table.days[1]}" if table.days else ""
    rows = words.counted(ledger.rows_in, ledger.unit.removesuffix("s"))
    if ledger.rows_used < ledger.rows_in:
        rows = f"{words.count(ledger.rows_used)} of {rows}"
    progress.done(f"{words.counted(ledger.visits, 'visit')} from {rows}{period}")
    days = [day.day for day in ledger.days if day.day and day.visits]
    keep(warehouse, "visits", "SELECT * FROM visits\n", days, progress.done)


def tell_idle(settings: Settings, progress: Progress) -> list[str]:
    """Warn of flags that have no effect; return the sentences."""
    warnings = without_effect(settings)
    for text in warnings:
        progress.warn(text)
    return warnings


def tell(checks: Sequence[Check], progress: Progress) -> list[str]:
    """Pass on the warnings that found something, as sentences; return them."""
    warnings = [
        f"{check.name}: {check.sentence} {check.do}"
        for check in checks
        if check.rows and check.severity == "warning"
    ]
    for text in warnings:
        progress.warn(text)
    return warnings
