"""The SQL files of this package: found by name and dialect, with their headers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from visitseg.visits.features import Contract

_ROOT = files("visitseg.visits")
_HEADER = re.compile(r"^-- (\w+): +(.*(?:\n--  +.*)*)", re.MULTILINE)
# How an engine writes the query parameter that GoogleSQL writes @name.
_MARKERS = {"bigquery": r"@\1", "duckdb": r"$\1", "spark": r":\1"}
# What engines call differently in texts that are otherwise the canonical ones.
_WORDS = {
    "duckdb": (
        ("REGEXP_CONTAINS(", "regexp_matches("),
        ("TIMESTAMP_MICROS(", "make_timestamptz("),
        (" r'", " '"),
    )
}


@dataclass(frozen=True)
class SqlText:
    """One SQL file.

    Attributes
    ----------
    name : str
        Path within the package without ``.sql``, for example ``ga360/visit_rows``.
    sql : str
        The text, in the dialect that was asked for.
    header : dict
        The fields of the opening comment: Grain, Input, Values, Severity, Finds, Do.
    """

    name: str
    sql: str
    header: dict[str, str]


def load(name: str, dialect: str) -> SqlText:
    """Return the engine's own text where there is one, else the canonical text."""
    own = _ROOT.joinpath(dialect, f"{name}.sql")
    if own.is_file():
        sql = own.read_text(encoding="utf-8")
    else:
        sql = _ROOT.joinpath(f"{name}.sql").read_text(encoding="utf-8")
        for canonical, word in _WORDS.get(dialect, ()):
            sql = sql.replace(canonical, word)
    header = {
        key: " ".join(line.lstrip("- ").strip() for line in value.splitlines())
        for key, value in _HEADER.findall(sql)
    }
    return SqlText(name, re.sub(r"@(\w+)", _MARKERS[dialect], sql), header)


def names(folder: str) -> list[str]:
    """Return the names of the SQL files of a folder, sorted; none where there is no folder."""
    found: Traversable = _ROOT.joinpath(folder)
    if not found.is_dir():
        return []
    return sorted(
        f"{folder}/{entry.name.removesuffix('.sql')}"
        for entry in found.iterdir()
        if entry.name.endswith(".sql")
    )


def with_features(visits: str, contract: Contract) -> str:
    """Return the text of the model `visits` with the features that a contract file computes."""
    own = ["v.*"]
    for feature in contract.own:
        told = " ".join(feature.description.split())
        own += [f"-- {told}"] if told else []
        own.append(f"{feature.sql} AS {feature.name}")
    selected = "".join(
        f"  {item}" + ("\n" if item.startswith("--") or item is own[-1] else ",\n") for item in own
    )
    return f"""-- Grain:  one row per visit: the visit table, and the contract file's own features.
SELECT
{selected}FROM (
{visits.rstrip()}
) AS v
"""


def as_statement(models: Sequence[tuple[str, str]], raw: str) -> str:
    """Return one SELECT that chains models by name.

    Parameters
    ----------
    models : sequence of (name, sql)
        In their order; each reads the names before it. The last one is the result.
    raw : str
        The SELECT that reads the export.
    """
    *before, (_, last) = [("raw_export", raw), *models]
    chain = ",\n".join(f"{name} AS (\n{sql.rstrip()}\n)" for name, sql in before)
    return f"WITH {chain}\n{last.rstrip()};\n"
