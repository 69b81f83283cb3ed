"""The order of the models: raw rows → visit rows → visit keys → visits, ledger and checks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from visitseg.config import Settings
from visitseg.errors import ConfigError, InputError
from visitseg.visits import events
from visitseg.visits.contract import Check, enforce, run_checks
from visitseg.visits.counts import no_rows
from visitseg.visits.daily import daily_checks
from visitseg.visits.features import NO_CONTRACT, Contract
from visitseg.visits.finishing import Model
from visitseg.visits.ledger import Ledger, read_ledger
from visitseg.visits.misread import misread
from visitseg.visits.planning import Plan, open_and_plan, refuse_days
from visitseg.visits.quarantine import make_quarantined, quarantine_check
from visitseg.visits.salting import read_salt, salt_table, salt_told
from visitseg.visits.streaming import is_streamed, make_tables
from visitseg.warehouse import RAW, Input, Warehouse

UNITS = {"ga4": "events", "events": "events"}
OnStep = Callable[[str], None]


@dataclass(frozen=True)
class VisitTable:
    """What the warehouse holds after a build: the table ``visits``, counted and checked.

    Attributes
    ----------
    opened : Input
        What was read.
    ledger : Ledger
        Raw rows → visits; it adds up.
    checks : list of Check
        Outcomes; none with severity error has rows.
    features : tuple of str
        Features with values, in the visit table's order.
    dimensions : tuple of str
        Columns that describe visits.
    days : tuple of date or None
        First and last ``date_id``; None where the input has no dates.
    sql : dict
        File name in the run folder → the text that was executed.
    """

    opened: Input
    ledger: Ledger
    checks: list[Check]
    features: tuple[str, ...]
    dimensions: tuple[str, ...]
    days: tuple[date, date] | None
    sql: dict[str, str]


def build(
    warehouse: Warehouse,
    settings: Settings,
    contract: Contract = NO_CONTRACT,
    on_step: OnStep = lambda _: None,
    asked: date | None = None,
) -> VisitTable:
    """Build the table ``visits`` in the warehouse and prove its grain.

    Parameters
    ----------
    warehouse : Warehouse
        Where the SQL runs.
    settings : Settings
        Source, input, days, column mapping.
    contract : Contract
        What the user's contract file says: features that may be the input's own columns, and
        features that it computes.
    on_step : callable
        Told what is being done.
    asked : date, optional
        The first day that was asked for, where late days before it are built too.

    Raises
    ------
    InputError, ConfigError
        The input is not what the settings say.
    LedgerError, ContractError
        The grain is wrong; nothing must be published.
    """
    salt = read_salt(settings)
    on_step("opening the input")
    opened, plan = open_and_plan(warehouse, settings, contract)

    def create(model: Model) -> None:
        _create(warehouse, model, plan, contract)

    streamed = is_streamed(settings, opened, plan)
    counts = make_tables(warehouse, opened, plan, create, on_step, streamed=streamed)
    on_step("counting the ledger")
    ledger = read_ledger(
        warehouse,
        counts,
        source=plan.source,
        unit=UNITS.get(plan.source, "visit rows"),
        notes=plan.notes,
        left_out=any(model.name == "left_out" for model in plan.models),
    )
    ledger.check()
    if ledger.visits == 0:
        raise _no_visits(ledger, opened, settings, asked)
    on_step("checking the visit table")
    checks = run_checks(warehouse, plan.checks, plan.params)
    if settings.quarantine:
        make_quarantined(warehouse)
        checks.append(quarantine_check(warehouse, ledger, contract.max_share))
    if plan.source == "ga4":
        checks += daily_checks(ledger)
    if plan.values is not None:
        checks.append(events.value_check(plan.values, counts.events))
    days = _period(warehouse)
    if days is None:
        refuse_days(opened, settings, f"date_id is NULL in each of {ledger.visits:,} visits")
    enforce(checks, ledger.visits, f"{days[0]} to {days[1]}" if days else "no dates")
    for model in plan.models[:-1]:
        warehouse.drop_table(model.name)
    if salt:
        for table in ("visits", "quarantined") if settings.quarantine else ("visits",):
            salt_table(warehouse, salt, table)
        ledger, checks = salt_told(ledger, checks, salt)
    return VisitTable(
        opened=opened,
        ledger=ledger,
        checks=checks,
        features=plan.known,
        dimensions=plan.dimensions,
        days=days,
        sql=_executed(opened, plan),
    )


def _create(warehouse: Warehouse, model: Model, plan: Plan, contract: Contract) -> None:
    try:
        warehouse.create_table(model.name, model.sql, plan.params)
    except InputError as error:
        if plan.mapped and (told := misread(plan.mapped, warehouse, error.where)):
            raise told from error
        if (
            model.name not in ("hit_features", "all_visits", "left_out", "visits")
            or not contract.made
        ):
            raise
        raise ConfigError(
            "a feature or dimension of the contract file cannot be computed",
            where=f"--features, model {model.name}",
            evidence=[
                *error.evidence[:3],
                f"the file makes: {', '.join(o.name for o in contract.made)}",
            ],
            do="Compare numbers with numbers and texts with texts; a condition is type: int.",
        ) from error


def _period(warehouse: Warehouse) -> tuple[date, date] | None:
    row: dict[str, Any] = warehouse.query(
        "SELECT MIN(date_id) AS first_day, MAX(date_id) AS last_day FROM visits"
    ).to_pylist()[0]
    return (row["first_day"], row["last_day"]) if row["first_day"] else None


def _no_visits(ledger: Ledger, opened: Input, settings: Settings, asked: date | None) -> InputError:
    if ledger.rows_in == 0:
        return no_rows(opened)
    days = [day.day for day in ledger.days if day.day]
    lost = {**ledger.removed, **ledger.visits_removed}
    evidence = [f"removed as {reason}: {n:,}" for reason, n in sorted(lost.items())]
    if days:
        evidence.insert(0, f"the input holds {min(days)} to {max(days)}")
    first = asked or settings.date_from
    days_asked = (f" from {first}" if first else "") + (
        f" before {settings.date_to}" if settings.date_to else ""
    )
    if settings.date_from != first:
        days_asked += f", nor in the late days from {settings.date_from},"
    in_range = "out_of_range" in lost
    do = "Choose other days: --date-from, --date-to." if in_range else "Check --input."
    if ledger.removed.get("bad_line", 0) > ledger.rows_in / 2:
        do = "Check timestamp in [columns]: its values are no times that can be read."
    return InputError(
        f"no visit{days_asked if in_range else ''} is left of {ledger.rows_in:,} rows",
        where=opened.description,
        evidence=evidence,
        do=do,
    )


def _executed(opened: Input, plan: Plan) -> dict[str, str]:
    texts = {f"{RAW}.sql": opened.raw_sql} if opened.raw_sql else {}
    texts |= {f"{model.name}.sql": model.sql for model in plan.models}
    texts["losses.sql"] = plan.losses
    if plan.notes:
        texts["notes.sql"] = plan.notes
    return texts | {f"{check.name}.sql": check.sql for check in plan.checks}
