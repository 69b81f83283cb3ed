"""GA4 visits: the canonical GoogleSQL, run by Google's evaluator, gives what DuckDB's texts give."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from ga4_rows import DAY, SCHEMA, SECOND, event, export, purchase, random_export

from visitseg.plan import sql_script
from visitseg.visits.contract import check_texts
from visitseg.visits.ledger import NOTE_TEXTS
from visitseg.visits.text import load, names

pytest.importorskip("zetasql", reason="the GoogleSQL evaluator is not installed")
from chain import assert_same, google_chain, our_chain, ours
from oracle import TABLE_SUFFIX, Oracle

SEEDS = range(20)
MORE_SEEDS = range(20, 220)
CHUNK = 25
EVENTS = 80  # in a random export; the evaluator's time goes into sending rows
WILDCARD = "bigquery-public-data.ga4_obfuscated_sample_ecommerce.events_*"
READS = {
    "ga4/visit_rows": ("raw_export",),
    "ga4/channels": ("visit_rows",),
    "ga4/visit_keys": ("visit_rows", "channels"),
    "visits": ("visit_keys",),
    "ga4/losses": ("visit_rows",),
    "ga4/notes": ("visit_keys",),
} | {name: ("visit_keys",) for name in names("checks/ga4")}
NO_DAY, NO_TEXT = pa.scalar(None, pa.date32()), pa.scalar(None, pa.string())
ALL_DAYS: dict[str, Any] = {
    **dict.fromkeys(("date_from", "date_to", "read_from", "read_to"), NO_DAY),
    "currency": NO_TEXT,
}
TWO_DAYS: dict[str, Any] = {
    "date_from": dt.date(2021, 2, 1),
    "date_to": dt.date(2021, 2, 3),
    "read_from": dt.date(2021, 1, 31),
    "read_to": dt.date(2021, 2, 4),
    "currency": NO_TEXT,
}
VALUES = {
    "all days": ALL_DAYS,
    "two days": TWO_DAYS,
    "all days, USD": {**ALL_DAYS, "currency": "USD"},
    "two days, USD": {**TWO_DAYS, "currency": "USD"},
}


@pytest.fixture(scope="module")
def oracle() -> Oracle:
    return Oracle()


@pytest.fixture
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'; SET threads = 1")
        yield connection


def compare(oracle: Oracle, engine: duckdb.DuckDBPyConnection, raw: pa.Table, of: str) -> None:
    for told, params in VALUES.items():
        google = google_chain(oracle, READS, raw, params)
        own = our_chain(engine, READS, raw, params)
        for name in READS:
            assert_same(google[name], own[name], f"{name}, {of}, {told}")
        assert google["visits"].num_rows > 0


@pytest.mark.parametrize("seed", SEEDS)
def test_random_exports_give_the_same_tables(
    oracle: Oracle, engine: duckdb.DuckDBPyConnection, seed: int
) -> None:
    compare(oracle, engine, random_export(seed, EVENTS), f"seed {seed}")


@pytest.mark.slow
@pytest.mark.parametrize("first", MORE_SEEDS[::CHUNK])
def test_many_random_exports_give_the_same_tables(
    oracle: Oracle, engine: duckdb.DuckDBPyConnection, first: int
) -> None:
    for seed in range(first, first + CHUNK):
        compare(oracle, engine, random_export(seed, EVENTS), f"seed {seed}")


def test_the_script_for_bigquery_is_accepted_as_it_stands(oracle: Oracle) -> None:
    fields = [field for field in SCHEMA if field.name != "is_intraday"]
    table = pa.schema([*fields, (TABLE_SUFFIX, pa.string())])
    types = dict.fromkeys(ALL_DAYS, pa.date32()) | {"currency": pa.string()}
    oracle.analyze(sql_script("ga4", "bigquery"), {WILDCARD: table}, types)


@pytest.mark.parametrize("told", VALUES)
def test_the_script_for_bigquery_gives_the_visits(
    oracle: Oracle, engine: duckdb.DuckDBPyConnection, told: str
) -> None:
    raw = random_export(3, EVENTS)
    pairs = zip(raw["event_date"].to_pylist(), raw["is_intraday"].to_pylist(), strict=True)
    kept = [day is not None and len(day) == 8 and day.isascii() and not now for day, now in pairs]
    raw = raw.filter(pa.array(kept))
    dates = raw["event_date"].to_pylist()
    table = raw.drop_columns("is_intraday").append_column(TABLE_SUFFIX, pa.array(dates))
    now = pa.array([False] * raw.num_rows)
    raw = raw.drop_columns("is_intraday").append_column("is_intraday", now)
    google = oracle.query(sql_script("ga4", "bigquery"), {WILDCARD: table}, VALUES[told])
    assert_same(google, our_chain(engine, READS, raw, VALUES[told])["visits"], told)


def test_checks_find_the_same_visits(oracle: Oracle, engine: duckdb.DuckDBPyConnection) -> None:
    made = our_chain(engine, READS, random_export(1, EVENTS), ALL_DAYS)
    params = {**TWO_DAYS, "timezone": "America/Los_Angeles"}
    tables = {"visits": made["visits"], "visit_keys": made["ga4/visit_keys"]}
    for check in check_texts("ga4", "bigquery", with_timezone=True):
        google = oracle.query(check.sql, tables, params)
        assert_same(google, ours(engine, load(check.name, "duckdb").sql, params), check.name)
