"""Which files: models, a schema.yml from the contract, tests from its checks, one macro file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from visitseg.dbt import export, schema
from visitseg.dbt.templates import escaped, importing, reads, with_values
from visitseg.errors import OutputError, UsageError
from visitseg.model import Model
from visitseg.model.sql import scoring_sql
from visitseg.visits.columns import BY_NAME
from visitseg.visits.contract import check_texts
from visitseg.visits.entries import Contract
from visitseg.visits.text import SqlText, load

Files = dict[str, str]

_FOLDER = "visitseg"
_WRITTEN = "Written by visitseg: write it again rather than change it."
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Checks of a call, not of a table that keeps the days of many calls.
_OF_A_CALL = {"date_in_range"}
_ENABLED = {
    "date_agrees_with_timezone": "var('visitseg_timezone', none) is not none",
    "one_platform": "var('visitseg_platform', []) | length == 0",
}


def visit_files(
    source: str, dialect: str, texts: Sequence[tuple[str, str]], contract: Contract
) -> Files:
    """Return the files that make the visit table in a dbt project.

    Parameters
    ----------
    source : {"ga360", "ga4"}
        What the raw export is.
    dialect : {"bigquery", "duckdb"}
        Which adapter the project uses.
    texts : sequence of (name, sql)
        The models in their order; the last one is `visits`.
    contract : Contract
        The shipped contract and the user's.

    Returns
    -------
    dict of str to str
        Path within the project -> text.

    Raises
    ------
    UsageError
        There are no dbt models for this source or dialect.
    """
    _check_dialect(dialect)
    if source not in export.TABLES:
        raise UsageError(
            f"there are no dbt models for --source {source}",
            where="--style dbt",
            do="Its SQL depends on the log's own columns. Let visitseg write the visit table, or\n"
            "copy the texts that it runs: visitseg visits --source events … --dry-run",
        )
    values = _values(contract, dialect) | {"export": export.read(source)}
    folder = f"models/{_FOLDER}/visits"
    raw = ("raw_export", export.raw_export(source, dialect))
    names = [raw[0], *(name for name, _ in texts)]
    found: Files = {}
    for place, (name, sql) in enumerate([raw, *texts]):
        template = with_values(sql, dialect, values)
        inputs = reads(sql, names[:place])
        text = f"{_config(name, dialect)}\n{importing(template, inputs, _model)}"
        found[f"{folder}/{_model(name)}.sql"] = _sql(text)
    content: dict[str, Any] = {
        "version": 2,
        "sources": [export.source(source, dialect)],
        "models": [
            schema.chained(_model(name), _grain(f"{source}/{name}", sql))
            for name, sql in [raw, *texts[:-1]]
        ],
    }
    content["models"].append(schema.visits(contract))
    found[f"{folder}/schema.yml"] = _yaml(content)
    columns = [*BY_NAME, *(feature.name for feature in contract.own)]
    said = _OF_A_CALL | _said_by_schema(contract)
    for check in check_texts(
        source, dialect, with_timezone=True, contract=contract, columns=columns
    ):
        if check.name.rpartition("/")[2] not in said:
            found |= _test(check, values, dialect, names)
    macros = files("visitseg.dbt").joinpath("macros.jinja").read_text(encoding="utf-8")
    found[f"macros/{_FOLDER}.sql"] = f"{{# {_WRITTEN} #}}\n{macros}"
    return found


def label_files(model: Model, dialect: str, table: str, target: str) -> Files:
    """Return the files that label a visit table in a dbt project.

    Parameters
    ----------
    model : Model
        The segments.
    dialect : {"bigquery", "duckdb"}
        Which adapter the project uses.
    table, target : str
        Names of the dbt models: the visit table that is read, and the labels.

    Raises
    ------
    UsageError
        A name is not one of a dbt model, or the model is not one of visits.
    """
    _check_dialect(dialect)
    for option, name in (("--table", table), ("--target", target)):
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"{name!r} is not the name of a dbt model",
                where=option,
                do="Write one word of letters, digits and _.",
            )
    if model.table != "visits":
        raise UsageError(
            "the model was learnt on a plain table, which has no visit_id",
            where="--model",
            do="Learn it on a visit table, or print the SELECT: --style select",
        )
    sql = scoring_sql(model, "bigquery" if dialect == "bigquery" else "duckdb", table="visits")
    sql = escaped(sql.replace("one row per visit of visits", f"one row per visit of {table}"))
    config = "{{ config(materialized='table', tags=['visitseg']" + _partition(dialect) + ") }}"
    text = importing(sql, ["visits"], lambda _: table)
    folder = f"models/{_FOLDER}/{target}"
    described = schema.labels(table, target, model.version)
    complete = f"""\
-- Finds: visits of {table} that are not in {target}, and labels without a visit.
SELECT COALESCE(v.visit_id, l.visit_id) AS visit_id
FROM {{{{ ref('{table}') }}}} AS v
FULL OUTER JOIN {{{{ ref('{target}') }}}} AS l ON l.visit_id = v.visit_id
WHERE v.visit_id IS NULL OR l.visit_id IS NULL
"""
    return {
        f"{folder}/{target}.sql": _sql(f"{config}\n{text}"),
        f"{folder}/schema.yml": _yaml({"version": 2, "models": [described]}),
        f"tests/{_FOLDER}/{target}_complete.sql": _sql(complete),
    }


def write(project: Path, found: Mapping[str, str]) -> list[Path]:
    """Write files into a dbt project; of those that are there, only what visitseg wrote.

    Raises
    ------
    OutputError
        A file is there that somebody else wrote; nothing is written then.
    """
    theirs = [path for path in found if _is_foreign(project / path)]
    if theirs:
        n = len(theirs)
        raise OutputError(
            f"{n} file{'s are' if n > 1 else ' is'} there that visitseg did not write",
            where=str(project),
            evidence=theirs[:5],
            do="Move them away, or name another --out.",
        )
    try:
        for path, text in found.items():
            (project / path).parent.mkdir(parents=True, exist_ok=True)
            (project / path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(
            "the dbt project cannot be written",
            where=str(project),
            evidence=[error.strerror or str(error)],
            do="Name a folder with --out that you may write.",
        ) from error
    return [project / path for path in found]


def _is_foreign(path: Path) -> bool:
    try:
        return path.exists() and _WRITTEN not in path.read_text(encoding="utf-8").partition("\n")[0]
    except (OSError, UnicodeDecodeError):
        return True


def _check_dialect(dialect: str) -> None:
    if dialect not in ("bigquery", "duckdb"):
        raise UsageError(
            f"there are no dbt models for --dialect {dialect}",
            where="--style dbt",
            do="Write --dialect bigquery or duckdb.",
        )


def _model(name: str) -> str:
    """Return the name of a dbt model, of which a project has one only."""
    return name if name == "visits" else f"visitseg_{name}"


def _grain(name: str, sql: str) -> str:
    """Return the grain of a text; an engine's own text has that of the canonical one."""
    if sql.startswith("-- DuckDB text of"):
        return load(name, "bigquery").header["Grain"]
    found = re.search(r"^-- Grain: +(.*(?:\n--  +.*)*)", sql, re.MULTILINE)
    return " ".join(line.lstrip("- ") for line in found[1].splitlines()) if found else ""


def _values(contract: Contract, dialect: str) -> dict[str, str]:
    leave_out = [f"'{flag}'" for flag in ("internal", "debug") if not contract.keeps(flag)]
    listed = f"ARRAY<STRING>[{', '.join(leave_out)}]"
    if dialect == "duckdb":
        listed = f"CAST([{', '.join(leave_out)}] AS VARCHAR[])"
    return {
        "date_from": "{{ visitseg_date('date_from') }}",
        "date_to": "{{ visitseg_date('date_to') }}",
        "read_from": "{{ visitseg_date('date_from', -1) }}",
        "read_to": "{{ visitseg_date('date_to', 1) }}",
        "currency": "{{ visitseg_word('currency') }}",
        "timezone": "{{ visitseg_word('timezone') }}",
        "streams": "{{ visitseg_streams() }}",
        "leave_out": listed,
    }


def _config(name: str, dialect: str) -> str:
    if name == "raw_export":
        return "{{ config(materialized='view', tags=['visitseg']) }}"
    if name != "visits":
        return "{{ config(materialized='table', tags=['visitseg']) }}"
    days = "incremental_strategy='insert_overwrite'"
    if dialect == "duckdb":
        days = "incremental_strategy='delete+insert', unique_key='date_id'"
    return (
        f"{{{{ config(materialized='incremental', {days}, on_schema_change='fail', "
        f"tags=['visitseg']{_partition(dialect)}) }}}}"
    )


def _partition(dialect: str) -> str:
    if dialect != "bigquery":
        return ""
    return ", partition_by={'field': 'date_id', 'data_type': 'date'}"


def _said_by_schema(contract: Contract) -> set[str]:
    """Return the checks that stand in schema.yml as dbt's unique and not_null."""
    return {"visit_id_unique"} | {f"{f.name}_known" for f in contract.features if f.null == "never"}


def _test(check: SqlText, values: Mapping[str, str], dialect: str, names: Sequence[str]) -> Files:
    name = check.name.rpartition("/")[2]
    severity = "warn" if check.header["Severity"] == "warning" else "error"
    enabled = f", enabled=({_ENABLED[name]})" if name in _ENABLED else ""
    config = f"{{{{ config(severity='{severity}', tags=['visitseg']{enabled}) }}}}"
    sql = check.sql
    if not sql.startswith("--"):
        told = " ".join(check.header["Finds"].split())
        sql = f"-- Finds:    {told}\n-- Do:       {check.header['Do']}\n{sql}"
    template = with_values(sql, dialect, values)
    return {
        f"tests/{_FOLDER}/visitseg_{name}.sql": _sql(
            f"{config}\n{importing(template, reads(check.sql, names), _model)}"
        )
    }


def _sql(text: str) -> str:
    return f"-- {_WRITTEN}\n{text.rstrip()}\n"


def _yaml(content: Mapping[str, Any]) -> str:
    return f"# {_WRITTEN}\n" + yaml.safe_dump(
        dict(content), sort_keys=False, allow_unicode=True, width=96
    )
