"""What a run would read and execute, before anything is done."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from visitseg.config import Settings, Source
from visitseg.errors import UsageError
from visitseg.visits import events
from visitseg.visits.columns import BY_NAME
from visitseg.visits.features import NO_CONTRACT, Contract, read_contract
from visitseg.visits.finishing import Model, finish
from visitseg.visits.kept import kept
from visitseg.visits.planning import model_names, open_and_plan
from visitseg.visits.text import as_statement, load
from visitseg.warehouse import RAW, connect

if TYPE_CHECKING:
    from visitseg.model.sql import Dialect, Style

# The shape of the export that `visitseg demo` and SMOKE_MODE simulate.
SIMULATED_SOURCE: Source = "ga4"
_NOTEBOOK_DATES = (date(2017, 1, 1), date(2017, 2, 1))


def resolve_input(settings: Settings, spark: object = None) -> Settings:
    """Say what the input is when nobody names one; Spark that the caller has is the warehouse.

    Raises
    ------
    UsageError
        Neither an input, nor smoke mode, nor a BigQuery project is given.
    """
    if spark is not None:
        settings = replace(settings, warehouse="spark")
    if settings.input or settings.smoke_mode:
        return settings
    by_project = bool(settings.google_project_id) and not settings.given("warehouse")
    if by_project or settings.warehouse == "bigquery":
        source = settings.source or "ga360"
        pattern = settings.table_pattern
        if source == "ga4" and not settings.given("table_pattern"):
            pattern = "events_*"
        tables = (f"{settings.dataset}.{pattern}",)
        found = replace(settings, warehouse="bigquery", source=source, input=tables)
        if source == "ga4" or settings.given("dataset"):
            return found
        first, end = _NOTEBOOK_DATES
        days = (settings.date_from or first, settings.date_to or end)
        return replace(found, date_from=days[0], date_to=days[1])
    raise UsageError(
        "there is no input",
        where="--input",
        do="Name an export: visitseg run --source ga360 --input 'DIR/*.parquet'\n"
        "or try it without data: SMOKE_MODE=1 visitseg run (or visitseg demo)\n"
        "or name a BigQuery project: GOOGLE_PROJECT_ID=… visitseg run",
    )


def plan(settings: Settings, *, scores: bool = False) -> dict[str, Any]:
    """Return what `run` (or `score`) would read and execute; nothing is written."""
    if scores:
        from visitseg.scoring.frozen import as_learnt, labels_sql, load_model

        model = load_model(settings.model)
        settings = resolve_input(as_learnt(model, settings))
        found = _plan(settings, kept(model.contract))
        dialect = settings.warehouse
        return found | {
            "sql": {**found["sql"], "labels": labels_sql(model, dialect)},
            "steps": [*found["steps"], "labels"],
        }
    return _plan(resolve_input(settings), read_contract(settings.features))


def _plan(settings: Settings, contract: Contract) -> dict[str, Any]:
    if not settings.input:
        texts = dict(sql_texts(SIMULATED_SOURCE, settings.warehouse))
        told = {"input": "a simulated export", "source": SIMULATED_SOURCE, "bytes": 0}
        return told | {"days": {}, "steps": ["simulation", *texts], "sql": texts}
    with closing(connect(settings)) as warehouse:
        opened, planned = open_and_plan(warehouse, settings, contract)
        estimate = warehouse.estimate(planned.models[0].sql, planned.params)
    raw = {RAW: opened.raw_sql} if opened.raw_sql else {}
    return {
        "input": opened.description,
        "source": planned.source,
        "bytes": opened.bytes if estimate is None else estimate,
        "days": {"from": settings.date_from, "before": settings.date_to},
        "steps": [*(model.name for model in planned.models), f"{len(planned.checks)} checks"],
        "sql": raw
        | {model.name: model.sql for model in planned.models}
        | {check.name: check.sql for check in planned.checks},
    }


def sql_texts(source: str, dialect: str, contract: Contract = NO_CONTRACT) -> list[tuple[str, str]]:
    """Return the visit SQL of a source, by model, in its order."""
    if source == "events":  # its first model is written from a configuration
        texts = events.example().models(dialect)
    else:
        names = (*(f"{source}/{model}" for model in model_names(source, dialect)), "visits")
        hits = bool(contract.over_hits)
        texts = [(name.rpartition("/")[2], load(name, dialect, hits=hits).sql) for name in names]
    if contract is NO_CONTRACT:
        return texts
    models = [Model(*text) for text in texts]
    made = finish(models, contract, source=source, columns=tuple(BY_NAME), dialect=dialect)
    return [(model.name, model.sql) for model in made]


def score_script(
    model: Path | None, dialect: Dialect, style: Style, table: str, target: str
) -> str:
    """Return the SQL of a model, to be pasted into a console."""
    from visitseg.scoring.frozen import load_model

    return load_model(model, "sql score").to_sql(dialect, style=style, table=table, target=target)


def sql_script(source: str, dialect: str, features: Path | None = None) -> str:
    """Return the visit SQL of a source as one statement, to be pasted into a console."""
    raw = load(f"{source}/raw_export", dialect).sql
    return as_statement(sql_texts(source, dialect, read_contract(features)), raw)


def dbt_files(
    what: Literal["visits", "score"],
    source: str,
    dialect: str,
    features: Path | None,
    model: Path | None,
    names: tuple[str, str],
) -> dict[str, str]:
    """Return the files of a dbt project, by path; `names` are those of visit table and labels."""
    from visitseg.dbt import label_files, visit_files

    if what == "score":
        from visitseg.scoring.frozen import load_model

        return label_files(load_model(model, "sql score"), dialect, *names)
    contract = read_contract(features)
    return visit_files(source, dialect, sql_texts(source, dialect, contract), contract)
