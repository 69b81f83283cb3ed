"""Which SQL a build runs, by source: decided before anything is executed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pyarrow as pa

from visitseg.config import Settings
from visitseg.errors import InputError, UsageError
from visitseg.visits import events, ga4, ga360, mapping
from visitseg.visits.columns import FEATURES
from visitseg.visits.features import NO_CONTRACT, Contract
from visitseg.visits.recognise import advice, looks_like
from visitseg.visits.text import load, with_features
from visitseg.warehouse import Input, Warehouse

LAYOUTS: dict[str, pa.Schema] = {"ga360": ga360.LAYOUT, "ga4": ga4.LAYOUT}
MODELS = {
    "ga360": ("visit_rows", "visit_keys"),
    "ga4": ("visit_rows", "visit_totals", "visit_purchases", "channels", "visit_keys"),
}
# What the source cannot say.
SILENT = {"ga360": {"engaged", "engagement_time_sec"}, "ga4": set[str]()}
ORDER = "ORDER BY LENGTH(visit_id), visit_id"


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
    values: events.Values | None = None  # events: what the log calls page views, purchases …


def open_and_plan(
    warehouse: Warehouse, settings: Settings, contract: Contract = NO_CONTRACT
) -> tuple[Input, Plan]:
    """Open the input and decide which SQL will run, without running it."""
    opened, plan = _open_and_plan(warehouse, settings, contract)
    if not contract.own:
        return opened, plan
    *before, visits = plan.models
    last = Model("visits", with_features(visits.sql.removesuffix(ORDER), contract) + ORDER)
    known = plan.known + tuple(feature.name for feature in contract.own)
    return opened, replace(plan, models=(*before, last), known=known)


def _open_and_plan(
    warehouse: Warehouse, settings: Settings, contract: Contract
) -> tuple[Input, Plan]:
    source = settings.source
    if source is None:
        seen = warehouse.inspect(settings.input, settings.csv)
        names = [field.name for field in seen.columns]
        guess, why = looks_like(names)
        raise UsageError(
            "--source is missing",
            where=seen.description,
            evidence=[f"the input looks like {guess}: {why}" if guess else why],
            do=advice(guess, names) if guess else "Add --source ga360, ga4, events or visits.",
        )
    if source in LAYOUTS:
        opened = _open(warehouse, settings, LAYOUTS[source])
        return opened, _export_plan(source, warehouse.dialect, settings)
    if source == "visits":
        opened = _open(warehouse, settings, None)
        return opened, _mapped_plan(opened, warehouse, settings, contract.names)
    opened = _open(warehouse, settings, None)
    return opened, _log_plan(opened, warehouse, settings)


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
            Model("visit_rows", mapping.rows_sql(mapped, warehouse.dialect)),
            Model("visit_keys", mapping.KEYS_SQL),
            Model("visits", mapping.visits_sql(mapped, warehouse.dialect) + ORDER),
        ),
        losses=mapping.LOSSES_SQL,
        notes=None,
        params=_params(settings),
        known=tuple(known),
    )


def _log_plan(opened: Input, warehouse: Warehouse, settings: Settings) -> Plan:
    mapped = events.map_log(opened, settings.columns, warehouse)
    values = events.event_values(settings.events, mapped, warehouse)
    dialect = warehouse.dialect
    *models, (visits, sql) = mapped.models(dialect)
    silent = mapped.silent(values)
    return Plan(
        source="events",
        models=(*(Model(*model) for model in models), Model(visits, sql + ORDER)),
        losses=load("events/losses", dialect).sql,
        notes=load("events/notes", dialect).sql,
        params=_params(settings) | mapped.params(settings, values),
        known=tuple(name for name in FEATURES if name not in silent),
        values=values,
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
