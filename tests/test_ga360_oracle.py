"""GA360 visits: the canonical GoogleSQL, run by Google's evaluator, equals our DuckDB texts."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from ga360_rows import random_export

from visitseg.visits.text import load

pytest.importorskip("zetasql", reason="the GoogleSQL evaluator is not installed")
from oracle import Oracle

VISITS = 50  # of each random export: the evaluator's time goes into sending rows
WILDCARD = "bigquery-public-data.google_analytics_sample.ga_sessions_*"
TEXTS = {  # what is compared, and what it reads
    "ga360/visit_rows": "raw_export",
    "ga360/visit_keys": "visit_rows",
    "visits": "visit_keys",
    "ga360/losses": "visit_rows",
    "ga360/notes": "visit_keys",
}
ONE_DAY = dt.timedelta(days=1)
NO_DAY = pa.scalar(None, pa.date32())
ALL_DAYS = dict.fromkeys(("date_from", "date_to", "read_from", "read_to"))


def days(first: dt.date, end: dt.date) -> dict[str, dt.date | None]:
    read = {"read_from": first - ONE_DAY, "read_to": end + ONE_DAY}
    return {"date_from": first, "date_to": end, **read}


ONE_AUGUST_DAY = days(dt.date(2017, 8, 1), dt.date(2017, 8, 2))


@cache
def the_oracle() -> Oracle:
    return Oracle()


@pytest.fixture
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def google(name: str, read: pa.Table, params: dict[str, Any]) -> pa.Table:
    sql = load(name, "bigquery").sql
    typed = {key: NO_DAY if day is None else day for key, day in params.items()}
    return the_oracle().query(sql, {TEXTS[name]: read}, typed)


def ours(engine: duckdb.DuckDBPyConnection, name: str, params: dict[str, Any]) -> pa.Table:
    sql = load(name, "duckdb").sql
    engine.execute(
        f"CREATE OR REPLACE TABLE {name.rpartition('/')[2]} AS {sql}",
        {key: day for key, day in params.items() if f"${key}" in sql},
    )
    found = engine.sql(f"FROM {name.rpartition('/')[2]}").to_arrow_table()
    whole = [pa.int64() if pa.types.is_decimal(kind) else kind for kind in found.schema.types]
    return found.cast(pa.schema(zip(found.column_names, whole, strict=True)))


def rows(table: pa.Table) -> Counter[tuple[str, ...]]:
    """Rows without their order; arrays too have none here."""
    columns = [
        [sorted(cell) if isinstance(cell, list) else cell for cell in column.to_pylist()]
        for column in table.columns
    ]
    return Counter(zip(*([repr(cell) for cell in column] for column in columns), strict=True))


def assert_same(expected: pa.Table, actual: pa.Table, where: str) -> None:
    """Compare names, order of columns and every cell, floats to the last bit."""
    assert actual.column_names == expected.column_names, where
    lost, added = rows(expected) - rows(actual), rows(actual) - rows(expected)
    if not lost and not added:
        return
    pairs = zip(sorted(lost.elements()), sorted(added.elements()), strict=False)
    differing = {
        name: (a, b)
        for pair in list(pairs)[:1]
        for name, a, b in zip(expected.column_names, *pair, strict=True)
        if a != b
    }
    raise AssertionError(
        f"{where}: GoogleSQL has {lost.total()} rows of {expected.num_rows} that DuckDB has not, "
        f"and DuckDB {added.total()}.\n(GoogleSQL, DuckDB) in one of them: {differing}\n"
        f"{sorted(lost)[:2]}\n{sorted(added)[:2]}"
    )


def compare(engine: duckdb.DuckDBPyConnection, seed: int, params: dict[str, Any]) -> None:
    """Run both chains, each on its own results."""
    raw = random_export(seed, VISITS)
    engine.register("raw_export", raw)
    made = {"raw_export": raw}
    for name, read in TEXTS.items():
        expected = google(name, made[read], params)
        actual = ours(engine, name, params)
        assert_same(expected, actual, f"{name}, seed {seed}, {params['date_from']}")
        made[name.rpartition("/")[2]] = expected
    assert made["visits"].num_rows > 0
