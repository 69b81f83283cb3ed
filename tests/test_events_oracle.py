"""Visits of event logs: Google's evaluator finds with the canonical text what DuckDB finds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from events_rows import GAP, LONGEST, random_log

from visitseg.plan import sql_script
from visitseg.visits.contract import check_texts
from visitseg.visits.events import MappedLog
from visitseg.visits.text import load, names

pytest.importorskip("zetasql", reason="the GoogleSQL evaluator is not installed")
from chain import assert_same, google_chain, our_chain, ours
from oracle import Oracle

SEEDS = range(20)
FEW_SEEDS = SEEDS[::10]
MORE_SEEDS = range(20, 220)
CHUNK = 25
EVENTS = 45
BASE = "mapped_events"
TABLE = "your-project.your_dataset.your_events"
READS = {
    "events/visit_rows": (BASE,),
    "events/visit_events": ("visit_rows",),
    "events/visit_totals": ("visit_events",),
    "events/visit_purchases": ("visit_events",),
    "events/visit_keys": ("visit_totals", "visit_purchases"),
    "visits": ("visit_keys",),
    "events/losses": ("visit_rows",),
    "events/notes": ("visit_keys",),
    "checks/events/one_currency": ("visit_keys",),
    "checks/events/time_plausible": ("visits",),
}
NO_DAY = pa.scalar(None, pa.date32())
TEXTS = pa.list_(pa.string())
COMMON: dict[str, Any] = {
    **dict.fromkeys(("date_from", "date_to", "read_from", "read_to"), NO_DAY),
    "page_view": pa.scalar(["view"], TEXTS),
    "product_view": pa.scalar(["detail", "view"], TEXTS),
    "add_to_cart": pa.scalar(["cart"], TEXTS),
    "checkout": pa.scalar([], TEXTS),
    "purchase": pa.scalar(["buy", "pay"], TEXTS),
    "refund": pa.scalar(["back"], TEXTS),
    "given_visits": True,
    "given_pages": True,
    "given_revenue": True,
    "trust_visits": True,
    "gap_us": GAP,
    "max_us": LONGEST,
    "timezone": "UTC",
}
TWO_DAYS = {
    "date_from": dt.date(2026, 3, 8),
    "date_to": dt.date(2026, 3, 10),
    "read_from": dt.date(2026, 3, 7),
    "read_to": dt.date(2026, 3, 11),
}
NOTHING = {
    **dict.fromkeys(("page_view", "add_to_cart", "purchase", "refund"), pa.scalar([], TEXTS)),
    **dict.fromkeys(("given_pages", "given_revenue"), False),
}
BY_INACTIVITY = {"given_visits": False, "trust_visits": False}
VALUES = {
    "given visits": COMMON,
    "given visits, broken, in New York": COMMON
    | {"trust_visits": False, "timezone": "America/New_York"},
    "two days, products alone": COMMON | TWO_DAYS | NOTHING,
    "by inactivity, two days in Tokyo": COMMON
    | TWO_DAYS
    | BY_INACTIVITY
    | {"timezone": "Asia/Tokyo"},
}


@pytest.fixture(scope="module")
def oracle() -> Oracle:
    return Oracle()


@pytest.fixture
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'; SET threads = 1")
        yield connection


def compare(oracle: Oracle, engine: duckdb.DuckDBPyConnection, seed: int) -> None:
    """Compare every text on one random export, with the values whose turn it is."""
    told, params = list(VALUES.items())[seed % len(VALUES)]
    raw = random_log(seed, EVENTS, visits=params["given_visits"])
    google = google_chain(oracle, READS, raw, params, BASE)
    own = our_chain(engine, READS, raw, params, BASE)
    for name in READS:
        assert_same(google[name], own[name], f"{name}, seed {seed}, {told}")
    keys = own["events/visit_keys"]
    assert keys.num_rows > 3
    ids = keys["visit_id"].to_pylist()
    assert len(set(ids)) == len(ids), f"seed {seed}, {told}"


def test_every_text_of_the_source_is_compared() -> None:
    own = set(names("events")) | set(names("checks/events"))
    elsewhere = {"events/raw_export", "events/hits"}  # hits: tests/test_contract_oracle.py
    assert own - elsewhere == set(READS) - {"visits"}


@pytest.mark.parametrize("seed", FEW_SEEDS)
def test_random_logs_give_the_same_tables(
    oracle: Oracle, engine: duckdb.DuckDBPyConnection, seed: int
) -> None:
    compare(oracle, engine, seed)


@pytest.mark.slow
@pytest.mark.parametrize("first", MORE_SEEDS[::CHUNK])
def test_many_random_logs_give_the_same_tables(
    oracle: Oracle, engine: duckdb.DuckDBPyConnection, first: int
) -> None:
    for seed in range(first, first + CHUNK):
        compare(oracle, engine, seed)


def test_the_models_of_own_dimensions_are_the_same(
    oracle: Oracle, engine: duckdb.DuckDBPyConnection
) -> None:
    raw = random_log(7, EVENTS)
    raw = raw.append_column("own_brand", raw["device"]).append_column("own_size", raw["country"])
    mapped = MappedLog({}, "time_at", ("brand", "size"))
    own = our_chain(engine, READS, raw, COMMON, BASE)
    assert "own_brand" in own["events/visit_events"].column_names
    first = mapped.dimensions_sql()
    made = ours(engine, first, {})
    google = oracle.query(first, {"visit_events": own["events/visit_events"]})
    assert_same(google, made, "visit_dimensions")
    engine.register("visit_dimensions", made)
    tables = {"visit_keys": own["events/visit_keys"], "visit_dimensions": made}
    google = oracle.query(mapped.visits_sql(load("visits", "bigquery").sql), tables)
    found = ours(engine, mapped.visits_sql(load("visits", "duckdb").sql), {})
    assert_same(google, found, "visits")
    assert found.column_names[-2:] == ["brand", "size"]
    assert found.num_rows == own["visits"].num_rows


def test_the_script_for_bigquery_is_accepted_as_it_stands(oracle: Oracle) -> None:
    texts = ("visitor", "visit", "event", "page", "order_id", "product_id", "currency", "device")
    dimensions = ("channel", "country", "visitor_type", "landing_page")
    table = pa.schema(
        [
            *((name, pa.string()) for name in (*texts, *dimensions)),
            ("timestamp", pa.timestamp("us", tz="UTC")),
            ("revenue", pa.float64()),
        ]
    )
    types = {
        name: value.type if isinstance(value, pa.Scalar) else pa.scalar(value).type
        for name, value in COMMON.items()
    }
    oracle.analyze(sql_script("events", "bigquery"), {TABLE: table}, types)


def test_common_checks_find_the_same_visits(
    oracle: Oracle, engine: duckdb.DuckDBPyConnection
) -> None:
    made = our_chain(engine, READS, random_log(1, EVENTS), COMMON, BASE)
    params = {**COMMON, **TWO_DAYS}
    tables = {"visits": made["visits"], "visit_keys": made["events/visit_keys"]}
    own = {c.name: c.sql for c in check_texts("events", "duckdb", with_timezone=False)}
    for check in check_texts("events", "bigquery", with_timezone=False):
        google = oracle.query(check.sql, tables, params)
        assert_same(google, ours(engine, own[check.name], params), check.name)
