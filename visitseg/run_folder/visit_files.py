"""A visit table as files of a run folder: the visits, and what is to be said of them."""

from __future__ import annotations

from pathlib import Path

from visitseg.run_folder.files import write_json
from visitseg.visits.build import VisitTable
from visitseg.visits.describe import describe
from visitseg.visits.features import Contract
from visitseg.visits.finishing import ORDER
from visitseg.warehouse import Warehouse


def write_visits(folder: Path, warehouse: Warehouse) -> None:
    """Write ``visits.parquet``."""
    warehouse.write_parquet(f"SELECT * FROM visits {ORDER}", folder / "visits.parquet")


def write_quarantine(folder: Path, warehouse: Warehouse) -> None:
    """Write ``quarantine.parquet``: the visits that were put aside, and why."""
    select = f"SELECT * FROM quarantined {ORDER}, reason"
    warehouse.write_parquet(select, folder / "quarantine.parquet")


def write_about(folder: Path, table: VisitTable, contract: Contract) -> None:
    """Write the SQL, ``visit-table.md``, ``ledger.json`` and ``checks.json``."""
    for name, text in table.sql.items():
        path = folder / "sql" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    page = describe(contract, table.features, table.dimensions)
    (folder / "visit-table.md").write_text(page, encoding="utf-8")
    write_json(folder / "ledger.json", table.ledger.to_dict())
    write_json(folder / "checks.json", [check.to_dict() for check in table.checks])
