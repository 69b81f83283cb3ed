"""The whole statement, and what it is put into: a view, or a label table."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Literal, get_args

from visitseg.errors import UsageError, shown
from visitseg.model.model import Model
from visitseg.model.sql import by_centre, by_density
from visitseg.model.sql.expressions import cases, number, of_ratio, rule, text
from visitseg.model.sql.stages import Stage, select
from visitseg.segments.assignment.nearest import Nearest

Dialect = Literal["bigquery", "duckdb", "spark"]
Style = Literal["select", "view", "insert"]
# Of the columns of a label table: what BigQuery, DuckDB and Spark call their types.
_TYPES = {"text": "STRING", "day": "DATE", "int": "INTEGER", "number": "DOUBLE"}
_OF_BIGQUERY = {"int": "INT64", "number": "FLOAT64"}
COLUMNS = {
    "visit_id": "text",
    "date_id": "day",
    "cluster": "int",
    "segment_id": "text",
    "segment": "text",
    "kind": "text",
    "distance": "number",
    "margin": "number",
    "model_version": "text",
}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z_][A-Za-z0-9_-]*){0,2}")


def scoring_sql(
    model: Model,
    dialect: Dialect = "bigquery",
    *,
    table: str = "visits",
    style: Style = "select",
    target: str = "visit_labels",
    derived: Collection[str] = (),
) -> str:
    """Write a model as SQL.

    Parameters
    ----------
    model : Model
        The segments.
    dialect : {"bigquery", "duckdb", "spark"}
        Whose SQL. They differ in how names and texts are quoted, and in the statements of `style`.
    table : str
        The visit table: `name`, `schema.name` or `project.schema.name`.
    style : {"select", "view", "insert"}
        The bare SELECT; a view; or a label table, a partition a day, whose days are replaced whole.
    target : str
        The view or the label table.
    derived : collection of str
        Features that the table does not have, and whose ratio to the pages it has.

    Raises
    ------
    UsageError
        The dialect or the style is unknown, a name is not one of a table, or the target is the
        visit table itself.
    SegmentError
        The model has more axes than fit in one statement.
    """
    _check_known("dialect", dialect, get_args(Dialect))
    _check_known("style", style, get_args(Style))
    source, into = quoted(table, dialect), quoted(target, dialect)
    if style != "select" and _is_same(source, into, dialect):
        raise UsageError(
            f"the {'view' if style == 'view' else 'label table'} would replace the visit table",
            where="--table, --target",
            evidence=[f"both are {target}"],
            do="Give --target another name, such as visit_labels.",
        )
    written = _select(model, dialect, source, derived)
    head = (
        f"-- Grain: one row per visit of {table}, with its segment by model {model.version}.\n"
        "-- Ties: scores within 1e-9 of the best, relative to 1 + its size; "
        "the segment that is written first wins.\n"
    )
    if style == "select":
        return f"{head}{written}\n"
    if style == "view":
        return f"{head}CREATE OR REPLACE VIEW {into} AS\n{written};\n"
    return head + _insert(dialect, source, into, written)


def quoted(name: str, dialect: Dialect) -> str:
    """Quote the name of a table, part by part; BigQuery's as a whole.

    Raises
    ------
    UsageError
        It is not one to three words, with dots between them.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{shown(name)} is not the name of a table",
            where="--table, --target",
            do="Write name, schema.name or project.schema.name.",
        )
    if dialect == "bigquery":
        return f"`{name}`"
    mark = "`" if dialect == "spark" else '"'
    return ".".join(f"{mark}{part}{mark}" for part in name.split("."))


def _check_known(name: str, value: object, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise UsageError(
            f"the {name} of the SQL is not known: {shown(value)}",
            where=name,
            do=f"Choose one of {', '.join(allowed)}.",
        )


def _is_same(one: str, other: str, dialect: Dialect) -> bool:
    """Whether two names are of one table; case tells tables apart in BigQuery alone."""
    return one == other if dialect == "bigquery" else one.lower() == other.lower()


def _select(model: Model, dialect: Dialect, source: str, derived: Collection[str]) -> str:
    applied = model.applied
    keys = ["visit_id", "date_id"] if model.table == "visits" else []
    columns = [(name, name) for name in keys]
    columns += [(name, of_ratio(name) if name in derived else name) for name in model.needs]
    reach: dict[int, float] = {}
    if isinstance(applied, Nearest):
        stages = by_centre.stages(applied)
    else:
        stages = by_density.stages(applied)
        if applied.ruled:
            met = [("met_rule", rule(tuple(applied.ruled), model.needs))]
            stages.insert(0, Stage.of("ruled", "the rule that a visit meets", met))
        if model.unassigned:
            reach = dict(zip(applied.clusters, applied.reach, strict=False))
    cluster = "cluster"
    if reach:
        whens = " ".join(
            f"WHEN {c} THEN CASE WHEN distance > {number(far)} THEN -1 ELSE {c} END"
            for c, far in reach.items()
        )
        stages.append(
            Stage.of(
                "kept",
                "-1: farther than the segment's visits reach",
                [("assigned", f"CASE cluster {whens} ELSE cluster END")],
            )
        )
        cluster = "assigned"

    def of_segment(values: list[str | None]) -> str:
        return cases(
            cluster, {c: text(v, dialect) for c, v in enumerate(values)} | {-1: text(None, dialect)}
        )

    final = [
        *((key, key) for key in keys),
        ("cluster", cluster),
        ("segment_id", of_segment(list(model.segment_ids))),
        ("segment", of_segment(list(model.names))),
        ("kind", of_segment(model.kinds)),
        ("distance", "distance"),
        ("margin", "margin"),
        ("model_version", text(model.version, dialect)),
    ]
    first = Stage.of("known", "the features that decide", columns)
    return select(source, first, stages, final)


def _insert(dialect: Dialect, source: str, into: str, written: str) -> str:
    names = _OF_BIGQUERY if dialect == "bigquery" else {}
    types = [f"  {name} {names.get(kind, _TYPES[kind])}" for name, kind in COLUMNS.items()]
    columns = ",\n".join(types)
    partitioned = {
        "bigquery": "\nPARTITION BY date_id",
        "duckdb": "",
        "spark": "\nUSING PARQUET PARTITIONED BY (date_id)",
    }[dialect]
    create = f"CREATE TABLE IF NOT EXISTS {into} (\n{columns}\n){partitioned};\n"
    listed = ", ".join(COLUMNS)
    if dialect == "spark":
        ordered = ", ".join([*(name for name in COLUMNS if name != "date_id"), "date_id"])
        return (
            f"{create}SET spark.sql.sources.partitionOverwriteMode = dynamic;\n"
            f"INSERT OVERWRITE TABLE {into}\nSELECT {ordered} FROM (\n{written}\n);\n"
        )
    transaction = " TRANSACTION"
    return (
        f"{create}BEGIN{transaction};\n"
        f"DELETE FROM {into}\nWHERE date_id IN (SELECT DISTINCT date_id FROM {source});\n"
        f"INSERT INTO {into} ({listed})\n{written};\n"
        f"COMMIT{transaction};\n"
    )
