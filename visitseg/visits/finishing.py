"""The last models: what a contract adds to the visit table, and what it leaves out of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from visitseg.errors import ConfigError
from visitseg.visits.entries import HIT_COLUMNS, Contract, PerDialect, Said, sql_of
from visitseg.visits.expression import Kind
from visitseg.visits.made import hit_features_text, with_made
from visitseg.visits.text import TYPES, SqlText, load
from visitseg.warehouse import Warehouse

ORDER = "ORDER BY LENGTH(visit_id), visit_id"
# The visits that were put aside, with the check that each breaks.
QUARANTINED = (
    "SELECT v.*, l.broken AS reason FROM all_visits AS v INNER JOIN left_out AS l "
    "ON l.visit_id = COALESCE(v.visit_id, '') WHERE l.reason = 'quarantined'"
)


@dataclass(frozen=True)
class Model:
    """One table of the build and the SELECT that makes it."""

    name: str
    sql: str


def finish(
    models: Sequence[Model],
    contract: Contract,
    *,
    source: str,
    columns: Sequence[str],
    dialect: str,
    must_hold: Sequence[SqlText] = (),
) -> tuple[Model, ...]:
    """Put what a contract says into the models of a source.

    Parameters
    ----------
    models : sequence of Model
        The source's; the last one is `visits`, grain one row per visit, without an order.
    contract : Contract
        The shipped contract and the user's.
    source, dialect : str
        What is read, and where.
    columns : sequence of str
        The columns of that last model.
    must_hold : sequence of SqlText
        Checks of rows: visits that break one are left out. Without any, they fail the contract.
    """
    *before, visits = models
    if contract.over_hits:
        before.append(Model("hits", load(f"{source}/hits", dialect).sql))
        before.append(Model("hit_features", hit_features_text(contract, dialect)))
    made = with_made(visits.sql, contract, columns, dialect)
    left_out = _left_out(contract, must_hold, dialect)
    if left_out is None:
        return (*before, Model("visits", made + ORDER))
    kept = f"""\
-- Grain:  one row per visit that is neither left out by a flag nor put aside.
-- Input:  all_visits, left_out.
SELECT *
FROM all_visits
WHERE COALESCE(visit_id, '') NOT IN (SELECT visit_id FROM left_out)
{ORDER}"""
    return (
        *before,
        Model("all_visits", made),
        Model("left_out", left_out),
        Model("visits", kept),
    )


def _left_out(contract: Contract, must_hold: Sequence[SqlText], dialect: str) -> str | None:
    found = [
        (flag.name, "", f"SELECT visit_id FROM visits WHERE {sql_of(flag.rule, dialect)}")
        for flag in contract.flags.values()
        if flag.rule and not flag.keep
    ]
    found += [("quarantined", text.name.rpartition("/")[2], text.sql) for text in must_hold]
    if not found:
        return None
    parts = "\n    UNION ALL\n".join(
        f"    SELECT COALESCE(visit_id, '') AS visit_id, {place} AS place, '{reason}' AS reason, "
        f"'{broken}' AS broken FROM (\n{sql.rstrip()}\n    ) AS found_{place}"
        for place, (reason, broken, sql) in enumerate(found)
    )
    return f"""\
-- Grain:  one row per visit that is left out, with the first reason that applies.
-- Input:  all_visits, which the flags and checks call visits.
WITH visits AS (
  SELECT * FROM all_visits
)
SELECT visit_id, reason, broken
FROM (
  SELECT
    visit_id, reason, broken,
    ROW_NUMBER() OVER (PARTITION BY visit_id ORDER BY place) AS nth
  FROM (
{parts}
  ) AS found
) AS placed
WHERE nth = 1
"""


def flag_notes(contract: Contract, dialect: str) -> str:
    """Return the text that finds the visits which bear a flag and are kept; empty without any."""
    return "\nUNION ALL\n".join(
        f"SELECT '{flag.name}' AS reason, visit_id FROM visits\nWHERE {sql_of(flag.rule, dialect)}"
        for flag in contract.flags.values()
        if flag.rule and flag.keep
    )


def check_own_texts(contract: Contract, warehouse: Warehouse, kinds: Mapping[str, Kind]) -> None:
    """Check the texts for this engine alone: each must be one expression over its columns.

    Raises
    ------
    ConfigError
        All that are not, with the engine's words.
    """
    problems = []
    for place, said, over_hits in _all_said(contract):
        if isinstance(said, PerDialect):
            sql_of(said, warehouse.dialect)  # tells where there is none
            text = said.texts[warehouse.dialect]
            known = {"visit_id": "text", **HIT_COLUMNS} if over_hits else kinds
            nulls = _nulls(known, warehouse.dialect)
            if problem := warehouse.expression_problem(text, nulls):
                problems.append(f"{place}: {problem}")
    if problems:
        raise ConfigError(
            f"{len(problems)} texts of the contract file are no expressions",
            where="--features",
            evidence=problems[:5],
            do=f"Write one expression in the SQL of {warehouse.dialect}, without a subquery.",
        )


def _all_said(contract: Contract) -> list[tuple[str, Said | None, bool]]:
    found: list[tuple[str, Said | None, bool]] = []
    for one in contract.made:
        found.append((f"{one.name}.{one.how}", one.what, one.how != "visit"))
        found.append((f"{one.name}.where", one.where, True))
    found += [(f"{rule.name}.holds", rule.holds, False) for rule in contract.rules]
    found += [(f"flags.{flag.name}", flag.rule, False) for flag in contract.flags.values()]
    return found


def _nulls(kinds: Mapping[str, Kind], dialect: str) -> str:
    """Return a table without values, with columns of these kinds."""
    types = TYPES[dialect]
    columns = ", ".join(f"CAST(NULL AS {types[kind]}) AS {name}" for name, kind in kinds.items())
    return f"(SELECT {columns}) AS of_nulls"
