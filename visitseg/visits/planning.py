"""Which SQL a build runs, by source: decided before anything is executed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pyarrow as pa

from visitseg.config import Settings
from visitseg.errors import ConfigError, InputError, UsageError
from visitseg.visits import events, ga4, ga360, mapping
from visitseg.visits.columns import BY_NAME, COLUMNS, DIMENSIONS, FEATURES
from visitseg.visits.contract import check_texts, is_of_rows
from visitseg.visits.expression import Kind
from visitseg.visits.features import NO_CONTRACT, Contract
from visitseg.visits.finishing import Model, check_own_texts, finish, flag_notes
from visitseg.visits.one_pass import OnePass
from visitseg.visits.reading import KINDS
from visitseg.visits.recognise import advice, looks_like
from visitseg.visits.text import SqlText, chain, load
from visitseg.warehouse import Input, Warehouse

LAYOUTS: dict[str, pa.Schema] = {"ga360": ga360.LAYOUT, "ga4": ga4.LAYOUT}
HIT_LAYOUTS: dict[str, pa.Schema] = {"ga360": ga360.WITH_HITS, "ga4": ga4.WITH_HITS}
MODELS = {
    "ga360": ("visit_rows", "visit_keys"),
    "ga4": ("visit_rows", "visit_totals", "visit_purchases", "channels", "visit_keys"),
}
# An engine's own models, where it goes another way to the same visit keys.
_OWN_MODELS = {
    ("ga4", "duckdb"): (
        *("visit_rows", "visit_events", "visit_sums"),
        *("visit_totals", "visit_purchases", "channels", "visit_keys"),
    )
}
# What --stream calls platforms, and what the export does.
_STREAMS = {"web": ("WEB",), "app": ("ANDROID", "IOS"), "android": ("ANDROID",), "ios": ("IOS",)}
# What the source cannot say.
SILENT = {"ga360": {"engaged", "engagement_time_sec"}, "ga4": set[str]()}


def model_names(source: str, dialect: str) -> tuple[str, ...]:
    """Return the models of an export in their order, before the visit table."""
    return _OWN_MODELS.get((source, dialect), MODELS[source])


@dataclass(frozen=True)
class Plan:
    """The SQL of a build, in its order, and the values it runs with."""

    source: str
    models: tuple[Model, ...]
    losses: str
    notes: str
    params: dict[str, object]
    known: tuple[str, ...]  # features the source can say something about
    extra: tuple[str, ...] = ()  # columns of the visit table that only this input has
    dimensions: tuple[str, ...] = DIMENSIONS
    values: events.Values | None = None  # events: what the log calls page views, purchases …
    checks: tuple[SqlText, ...] = ()
    mapped: mapping.Mapped | None = None  # visits: where each column comes from
    one_pass: OnePass | None = None  # where the rows need not be stored


def open_and_plan(
    warehouse: Warehouse, settings: Settings, contract: Contract = NO_CONTRACT
) -> tuple[Input, Plan]:
    """Open the input and decide which SQL will run, without running it.

    Raises
    ------
    InputError, UsageError, ConfigError
        The input is not what the settings say, or the contract asks for what the source has not.
    """
    if contract.over_hits and settings.source == "visits":
        raise ConfigError(
            "a visit table has no hits",
            where="--features",
            evidence=[f"{one.name}: {one.how}" for one in contract.over_hits[:5]],
            do="Compute it from the table's columns: visit: …, or map it under [columns].",
        )
    opened, plan = _open_and_plan(warehouse, settings, contract)
    columns = (*BY_NAME, *plan.extra)
    own = tuple(feature.name for feature in contract.own)
    own_dimensions = tuple(dimension.name for dimension in contract.own_dimensions)
    kinds: dict[str, Kind] = {column.name: KINDS[column.kind] for column in COLUMNS}
    for name in (*plan.extra, *own):
        kinds[name] = "number"
    for name in own_dimensions:
        kinds[name] = "text"
    check_own_texts(contract, warehouse, kinds)
    checks = check_texts(
        plan.source,
        warehouse.dialect,
        with_timezone=settings.given("timezone") and plan.source in LAYOUTS,
        contract=contract,
        columns=(*columns, *own),
        unsure=plan.mapped.unsure if plan.mapped else (),
    )
    if settings.platform:
        checks = [text for text in checks if text.name != "checks/ga4/one_platform"]
    models = finish(
        plan.models,
        contract,
        source=plan.source,
        columns=columns,
        dialect=warehouse.dialect,
        must_hold=[text for text in checks if is_of_rows(text)] if settings.quarantine else (),
    )
    notes = [plan.notes.rstrip(), flag_notes(contract, warehouse.dialect)]
    return opened, replace(
        plan,
        models=models,
        notes="\nUNION ALL\n".join(text for text in notes if text),
        params=plan.params | _chosen(settings, contract),
        known=plan.known + own,
        dimensions=plan.dimensions + own_dimensions,
        checks=tuple(checks),
    )


def _chosen(settings: Settings, contract: Contract) -> dict[str, object]:
    """Return the values that say which events of an export are left out on purpose."""
    streams = [word for one in settings.platform for word in _STREAMS.get(one.lower(), (one,))]
    return {
        "streams": [] if "all" in settings.platform else streams,
        "leave_out": [flag for flag in ("internal", "debug") if not contract.keeps(flag)],
    }


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
        layouts = HIT_LAYOUTS if contract.over_hits else LAYOUTS
        opened = _open(warehouse, settings, layouts[source])
        return opened, _export_plan(opened, warehouse.dialect, settings, contract)
    if source == "visits":
        opened = _open(warehouse, settings, None)
        return opened, _mapped_plan(opened, warehouse, settings, contract.of_input)
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


def _export_plan(opened: Input, dialect: str, settings: Settings, contract: Contract) -> Plan:
    source, hits = str(settings.source), bool(contract.over_hits)
    names = model_names(source, dialect)
    texts = {name: load(f"{source}/{name}", dialect, hits=hits).sql for name in names}
    one_pass = None
    if "visit_sums" in texts:
        events, sums = texts.pop("visit_events"), texts["visit_sums"]
        texts["visit_sums"] = chain({"visit_events": events}, sums)
        if opened.columnar and not hits:
            one_pass = OnePass(texts["visit_rows"], events, sums)
    models = [Model(name, sql) for name, sql in texts.items()]
    models.append(Model("visits", load("visits", dialect).sql))
    return Plan(
        source=source,
        models=tuple(models),
        losses=load(f"{source}/losses", dialect).sql,
        notes=load(f"{source}/notes", dialect).sql,
        params=_params(settings),
        known=tuple(name for name in FEATURES if name not in SILENT[source]),
        one_pass=one_pass,
    )


def _mapped_plan(
    opened: Input, warehouse: Warehouse, settings: Settings, features: Sequence[str]
) -> Plan:
    mapped = mapping.map_columns(opened, settings.columns, features, warehouse)
    if not mapped.has_days:
        refuse_days(opened, settings, "neither date_id nor visit_start is there or mapped")
    known = [name for name in FEATURES if mapped.gives(name)]
    known += [name for name, kind in mapped.extra.items() if kind == "number"]
    return Plan(
        source="visits",
        models=(
            Model("visit_rows", mapping.rows_sql(mapped, warehouse.dialect)),
            Model("visit_keys", mapping.KEYS_SQL),
            Model("visits", mapping.visits_sql(mapped, warehouse.dialect)),
        ),
        losses=mapping.LOSSES_SQL,
        notes="",
        params=_params(settings),
        known=tuple(known),
        extra=tuple(mapped.extra),
        dimensions=(*DIMENSIONS, *(n for n, kind in mapped.extra.items() if kind == "text")),
        mapped=mapped,
    )


def _log_plan(opened: Input, warehouse: Warehouse, settings: Settings) -> Plan:
    mapped = events.map_log(opened, settings.columns, warehouse)
    values = events.event_values(settings.events, mapped, warehouse, opened)
    dialect = warehouse.dialect
    *models, (visits, sql) = mapped.models(dialect)
    silent = mapped.silent(values)
    return Plan(
        source="events",
        models=(*(Model(*model) for model in models), Model(visits, sql)),
        losses=load("events/losses", dialect).sql,
        notes=load("events/notes", dialect).sql,
        params=_params(settings) | mapped.params(settings, values),
        known=tuple(name for name in FEATURES if name not in silent),
        extra=mapped.dimensions,
        dimensions=(*DIMENSIONS, *mapped.dimensions),
        values=values,
    )


def refuse_days(opened: Input, settings: Settings, why: str) -> None:
    """Raise `ConfigError` where days are asked for: a table without any has none to choose by."""
    asked = [name for name in ("date_from", "date_to") if getattr(settings, name)]
    if asked:
        raise ConfigError(
            "the visit table has no dates to choose by",
            where=opened.description,
            evidence=[
                *(f"{n} = {getattr(settings, n)} ({settings.origins.get(n, '')})" for n in asked),
                why,
            ],
            do="Map date_id or visit_start in [columns], or ask for no days.",
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
