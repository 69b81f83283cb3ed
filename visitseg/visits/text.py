"""The SQL files of this package: found by name and dialect, with their headers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from visitseg.visits.reserved import RESERVED

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
# Its types.
TYPES = {
    "bigquery": {"whole": "INT64", "number": "FLOAT64", "text": "STRING", "time": "TIMESTAMP"},
    "duckdb": {"whole": "BIGINT", "number": "DOUBLE", "text": "VARCHAR", "time": "TIMESTAMPTZ"},
    "spark": {"whole": "BIGINT", "number": "DOUBLE", "text": "STRING", "time": "TIMESTAMP"},
}
_HIT_LINES = re.compile(r"^ *--hits: .*\n", re.MULTILINE)
_PLAIN = re.compile(r"[a-z][a-z0-9_]*")


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


def load(name: str, dialect: str, *, hits: bool = False) -> SqlText:
    """Return the engine's own text where there is one, else the canonical text.

    Parameters
    ----------
    name : str
        Path within the package without ``.sql``.
    dialect : str
        bigquery, duckdb or spark.
    hits : bool
        With what only a contract file reads of a hit: the lines that begin with ``--hits:``.
    """
    own = _ROOT.joinpath(dialect, f"{name}.sql")
    if own.is_file():
        sql = own.read_text(encoding="utf-8")
    else:
        sql = _ROOT.joinpath(f"{name}.sql").read_text(encoding="utf-8")
        for canonical, word in _WORDS.get(dialect, ()):
            sql = sql.replace(canonical, word)
    sql = sql.replace("--hits: ", "") if hits else _HIT_LINES.sub("", sql)
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


def quoted(name: str, dialect: str) -> str:
    """Return a column's name; in quotes where it is none of ours."""
    if _PLAIN.fullmatch(name) and name not in RESERVED:
        return name
    mark = '"' if dialect == "duckdb" else "`"
    return mark + name.replace(mark, mark * 2) + mark


def chain(steps: Mapping[str, str], last: str) -> str:
    """Return one SELECT: the steps by name, each may read those before it, and what reads them."""
    named = ",\n".join(f"{name} AS (\n{sql.rstrip()}\n)" for name, sql in steps.items())
    return f"WITH {named}\nSELECT * FROM (\n{last.rstrip()}\n) AS last_step\n"


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
