"""Execution of the project's statements by DuckDB, for exports that the evaluator is too slow for.

A statement is what the `bigquery` warehouse sends: tables as the first of its WITH, then one of the
project's texts. Where that text is canonical and DuckDB has a text of its own, the latter runs:
their equality is proven by the evaluator on random rows (test_ga4_oracle.py and its like). Texts
that are the same for every engine run as they stand. What is neither is not executed here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa

from visitseg.visits.ga4 import LAYOUT as GA4
from visitseg.visits.ga360 import LAYOUT as GA360
from visitseg.visits.text import load, names
from visitseg.warehouse.layout import layout_select

_TABLE = re.compile(r"(\w+) AS \(\nSELECT \* FROM `([^`]+)`\n\),?\n?")
_RAW = re.compile(r"raw_export AS \(\n(.*?FROM `([^`]+)` AS t\b.*?)\n\),?\n", re.DOTALL)
_OPENING = re.compile(r"\A((?:\s*--[^\n]*\n)*)\s*(WITH\s)?")
_LAYOUTS = {frozenset(field.name for field in layout): layout for layout in (GA4, GA360)}


class NotOursError(Exception):
    """The statement is none that DuckDB can be trusted with."""


def execute(sql: str, read: Callable[[str], pa.Table], params: Mapping[str, Any]) -> pa.Table:
    """Run a SELECT of the `bigquery` warehouse.

    Parameters
    ----------
    sql : str
        As the client sent it; analysed by the caller.
    read : callable
        Gives the rows of a table by its full name.
    params : mapping
        Values of the named parameters.
    """
    with duckdb.connect() as engine:
        engine.execute("SET TimeZone = 'UTC'; SET threads = 1")
        text, seen = _without_tables(sql, engine, read)
        for canonical, own in _texts():
            if canonical in text:
                text = text.replace(canonical, own)
                break
        text = re.sub(r"`(\w+)`", r'"\1"', re.sub(r"@(\w+)", r"$\1", text))
        if "`" in text or not seen:
            raise NotOursError(text)
        values = {
            name: value.as_py() if isinstance(value, pa.Scalar) else value
            for name, value in params.items()
            if re.search(rf"\${name}\b", text)
        }
        found = engine.sql(text, params=values).to_arrow_table()
    kinds = [  # GoogleSQL has one type of whole numbers
        pa.int64() if pa.types.is_decimal(kind) or pa.types.is_integer(kind) else kind
        for kind in found.schema.types
    ]
    return found.cast(pa.schema(list(zip(found.column_names, kinds, strict=True))))


def _without_tables(
    sql: str, engine: duckdb.DuckDBPyConnection, read: Callable[[str], pa.Table]
) -> tuple[str, int]:
    """Register the tables that a statement begins with; return what follows, as it was written."""
    opening = _OPENING.match(sql)
    assert opening is not None
    head, rest, seen = opening[1], sql[opening.end() :], 0
    while True:
        if raw := _RAW.match(rest):
            _register_raw(raw[1], read(raw[2]), engine)
            found: re.Match[str] = raw
        elif table := _TABLE.match(rest):
            engine.register(table[1], read(table[2]))
            found = table
        else:
            break
        seen += 1
        goes_on = found[0].rstrip().endswith(",")
        rest = rest[found.end() :]
        if not goes_on:
            return head + rest, seen
    return f"{head}WITH {rest}" if seen else sql, seen


def _register_raw(text: str, rows: pa.Table, engine: duckdb.DuckDBPyConnection) -> None:
    columns = frozenset(re.findall(r"AS `(\w+)`,\n", text))
    if columns not in _LAYOUTS:
        raise NotOursError(text)
    layout = _LAYOUTS[columns]
    engine.register("exported", rows)
    fields = [field for field in rows.schema if field.name != "_TABLE_SUFFIX"]
    selected = layout_select(layout, pa.schema(fields), typed=True, where="the local server")
    days = ""
    if "_TABLE_SUFFIX" in rows.column_names:
        days = " WHERE regexp_full_match(_TABLE_SUFFIX, '[0-9]{8}')"
    engine.execute(
        f"CREATE TABLE raw_export AS SELECT {selected}, FALSE AS is_intraday FROM exported{days}"
    )


@cache
def _texts() -> list[tuple[str, str]]:
    """Return canonical texts and DuckDB's, the longest first."""
    found = ["visits", "sample", *names("checks")]
    for source in ("ga360", "ga4"):
        found += [*names(source), *names(f"checks/{source}")]
    found = [name for name in found if not name.endswith("/raw_export")]
    pairs = [(load(name, "bigquery").sql, load(name, "duckdb").sql) for name in found]
    return sorted(pairs, key=lambda pair: -len(pair[0]))
