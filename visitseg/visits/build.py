"""The order of the models: raw rows → visit rows → visit keys → visits, ledger and checks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from visitseg.config import Settings
from visitseg.errors import ConfigError, InputError, UsageError
from visitseg.visits import ga4, ga360, mapping
from visitseg.visits.columns import FEATURES
from visitseg.visits.contract import Check, check_texts, enforce, run_checks
from visitseg.visits.ledger import Ledger, read_ledger
from visitseg.visits.recognise import looks_like
from visitseg.visits.text import load
from visitseg.warehouse import Input, Warehouse

LAYOUTS: dict[str, pa.Schema] = {"ga360": ga360.LAYOUT, "ga4": ga4.LAYOUT}
MODELS = {
    "ga360": ("visit_rows", "visit_keys"),
    "ga4": ("visit_rows", "channels", "visit_keys"),
}
# What the source cannot say.
SILENT = {"ga360": {"engaged", "engagement_time_sec"}, "ga4": set[str]()}
UNITS = {"ga4": "events"}
ORDER = "ORDER BY LENGTH(visit_id), visit_id"
OnStep = Callable[[str], None]


@dataclass(frozen=True)
class Model:
    """One table of the build and the SELECT that makes it."""

    name: str
    sql: str


@dataclass(frozen=True)
class Plan:
    """The SQL of a build, in its order, and the values it runs with."""

    source: str
    models: tuple[Model, ...]
    losses: str
    notes: str | None
    params: dict[str, object]
    known: tuple[str, ...]  # features the source can say something about


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
    days : tuple of date or None
        First and last ``date_id``; None where the input has no dates.
    sql : dict
        File name in the run folder → the text that was executed.
    """

    opened: Input
    ledger: Ledger
    checks: list[Check]
    features: tuple[str, ...]
    days: tuple[date, date] | None
    sql: dict[str, str]


def build(
    warehouse: Warehouse,
    settings: Settings,
    features: Sequence[str] = (),
    on_step: OnStep = lambda _: None,
) -> VisitTable:
    """Build the table ``visits`` in the warehouse and prove its grain.

    Parameters
    ----------
    warehouse : Warehouse
        Where the SQL runs.
    settings : Settings
        Source, input, days, column mapping.
    features : sequence of str
        Features that the user names and that may be the input's own columns.
    on_step : callable
        Told what is being done.

    Raises
    ------
    InputError, ConfigError
        The input is not what the settings say.
    LedgerError, ContractError
        The grain is wrong; nothing must be published.
    """
    on_step("opening the input")
    opened, plan = open_and_plan(warehouse, settings, features)
    for model in plan.models:
        on_step(f"building {model.name}")
        warehouse.create_table(model.name, model.sql, plan.params)
    on_step("counting the ledger")
    ledger = read_ledger(
        warehouse,
        source=plan.source,
        unit=UNITS.get(plan.source, "visit rows"),
        losses=plan.losses,
        notes=plan.notes,
        bad_lines=opened.bad_lines,
    )
    ledger.check()
    if ledger.visits == 0:
        raise _no_visits(ledger, opened, settings)
    on_step("checking the visit table")
    texts = check_texts(
        plan.source,
        warehouse.dialect,
        with_timezone=settings.given("timezone") and plan.source in LAYOUTS,
    )
    checks = run_checks(warehouse, texts, plan.params)
    days = _period(warehouse)
    enforce(checks, ledger.visits, f"{days[0]} to {days[1]}" if days else "no dates")
    for model in plan.models[:-1]:
        warehouse.drop_table(model.name)
    return VisitTable(
        opened=opened,
        ledger=ledger,
        checks=checks,
        features=plan.known,
        days=days,
        sql=_executed(plan, {text.name: text.sql for text in texts}),
    )


def open_and_plan(
    warehouse: Warehouse, settings: Settings, features: Sequence[str] = ()
) -> tuple[Input, Plan]:
    """Open the input and decide which SQL will run, without running it."""
    source = settings.source
    if source is None:
        seen = warehouse.inspect(settings.input, settings.csv)
        guess, why = looks_like([field.name for field in seen.columns])
        raise UsageError(
            "--source is missing",
            where=seen.description,
            evidence=[f"the input looks like {guess}: {why}" if guess else why],
            do=f"Add --source {guess}." if guess else "Add --source ga360 or visits.",
        )
    if source in LAYOUTS:
        opened = _open(warehouse, settings, LAYOUTS[source])
        return opened, _export_plan(source, warehouse.dialect, settings)
    if source == "visits":
        opened = _open(warehouse, settings, None)
        return opened, _mapped_plan(opened, warehouse, settings, features)
    raise ConfigError(
        f"source {source} is not part of this version",
        where="--source",
        do="Build one row per visit yourself and read it with --source visits.",
    )


def _open(warehouse: Warehouse, settings: Settings, layout: pa.Schema | None) -> Input:
    try:
        return warehouse.open_input(settings.input, layout, settings.csv)
    except InputError as error:
        if layout is None or "missing" not in error.what:
            raise
        seen = warehouse.inspect(settings.input, settings.csv)
        guess, why = looks_like([field.name for field in seen.columns])
        if guess in (None, settings.source):
            raise
        raise InputError(
            f"the input is not a {settings.source} export",
            where=error.where,
            evidence=[f"it looks like {guess}: {why}", *error.evidence[:3]],
            do=f"Use --source {guess}.",
        ) from error


def _export_plan(source: str, dialect: str, settings: Settings) -> Plan:
    models = [Model(name, load(f"{source}/{name}", dialect).sql) for name in MODELS[source]]
    models.append(Model("visits", load("visits", dialect).sql + ORDER))
    return Plan(
        source=source,
        models=tuple(models),
        losses=load(f"{source}/losses", dialect).sql,
        notes=load(f"{source}/notes", dialect).sql,
        params=_params(settings),
        known=tuple(name for name in FEATURES if name not in SILENT[source]),
    )


def _mapped_plan(
    opened: Input, warehouse: Warehouse, settings: Settings, features: Sequence[str]
) -> Plan:
    mapped = mapping.map_columns(opened, settings.columns, features, warehouse)
    known = [name for name in FEATURES if mapped.gives(name)]
    known += [name for name, kind in mapped.extra.items() if kind == "number"]
    return Plan(
        source="visits",
        models=(
            Model("visit_rows", mapping.rows_sql(mapped)),
            Model("visit_keys", mapping.KEYS_SQL),
            Model("visits", mapping.visits_sql(mapped) + ORDER),
        ),
        losses=mapping.LOSSES_SQL,
        notes=None,
        params=_params(settings),
        known=tuple(known),
    )


def _params(settings: Settings) -> dict[str, object]:
    one = timedelta(days=1)
    return {
        "date_from": settings.date_from,
        "date_to": settings.date_to,
        "read_from": settings.date_from - one if settings.date_from else None,
        "read_to": settings.date_to + one if settings.date_to else None,
        "timezone": settings.timezone,
        "currency": settings.currency,
    }


def _period(warehouse: Warehouse) -> tuple[date, date] | None:
    row: dict[str, Any] = warehouse.query(
        "SELECT MIN(date_id) AS first_day, MAX(date_id) AS last_day FROM visits"
    ).to_pylist()[0]
    return (row["first_day"], row["last_day"]) if row["first_day"] else None


def _no_visits(ledger: Ledger, opened: Input, settings: Settings) -> InputError:
    if ledger.rows_in == 0:
        return InputError("the input has no rows", where=opened.description, do="Check --input.")
    days = [day.day for day in ledger.days if day.day]
    lost = {**ledger.removed, **ledger.visits_removed}
    evidence = [f"removed as {reason}: {n:,}" for reason, n in sorted(lost.items())]
    if days:
        evidence.insert(0, f"the input holds {min(days)} to {max(days)}")
    asked = (f" from {settings.date_from}" if settings.date_from else "") + (
        f" before {settings.date_to}" if settings.date_to else ""
    )
    in_range = "out_of_range" in lost
    return InputError(
        f"no visit{asked if in_range else ''} is left of {ledger.rows_in:,} rows",
        where=opened.description,
        evidence=evidence,
        do="Choose other days: --date-from, --date-to." if in_range else "Check --input.",
    )


def _executed(plan: Plan, checks: dict[str, str]) -> dict[str, str]:
    texts = {f"{model.name}.sql": model.sql for model in plan.models}
    texts["losses.sql"] = plan.losses
    if plan.notes:
        texts["notes.sql"] = plan.notes
    return texts | {f"{name}.sql": sql for name, sql in checks.items()}
