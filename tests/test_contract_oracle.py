"""What a contract file makes of hits and visits is the same for GoogleSQL and DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import events_rows
import ga4_rows
import ga360_rows
import pyarrow as pa
import pytest

from visitseg.plan import sql_script
from visitseg.visits.columns import BY_NAME
from visitseg.visits.contract import check_texts, is_of_rows
from visitseg.visits.entries import HIT_COLUMNS, Contract
from visitseg.visits.features import read_contract
from visitseg.visits.finishing import Model, finish, flag_notes

pytest.importorskip("zetasql", reason="the GoogleSQL evaluator is not installed")
from chain import assert_same, google_chain, our_chain, ours
from oracle import TABLE_SUFFIX, Oracle
from test_events_oracle import COMMON
from test_events_oracle import READS as EVENTS_READS
from test_events_oracle import VALUES as LOG_VALUES
from test_ga4_oracle import ALL_DAYS as GA4_DAYS
from test_ga4_oracle import READS as GA4_READS
from test_ga4_oracle import TWO_DAYS as GA4_TWO_DAYS
from test_ga4_oracle import TYPES as GA4_TYPES
from test_ga4_oracle import WILDCARD as GA4_TABLE
from test_ga360_oracle import ALL_DAYS, ONE_DAY
from test_ga360_oracle import READS as GA360_READS
from test_ga360_oracle import WILDCARD as GA360_TABLE

SEEDS = range(1)
MORE_SEEDS = range(1, 51)
CHUNK = 25
CONTRACT = """
features:
  views: {count_if: "type IN ('PAGE', 'APPVIEW')"}
  plays: {count_if: action = 'play', where: category = 'video'}
  late: {count_if: time > 60}
  odd: {count_if: "title IS NULL OR LOWER(title) LIKE 'h%' AND NOT path LIKE '/%'"}
  earned: {sum_of: revenue}
  scored: {sum_of: "value / 3", where: value > 0, null: unknown}
  products: {distinct_of: product_id}
  first_letters: {distinct_of: "SUBSTR(path, 1, 2)", where: type = 'PAGE'}
  first_value: {first_of: value, where: value <> 0, null: zero}
  starts_home: {first_of: title = 'Home'}
  whole_value: {first_of: value / 7, type: int}
  orders: {distinct_of: "COALESCE(order_id, event)", where: "event = 'purchase' OR order_id <> ''"}
  play_share: {visit: plays / hits, null: zero, min: 0, max: 1}
  quick: {visit: pageviews > 1 AND time_on_site_sec < 30}
  level: {visit: "CASE WHEN views > 3 THEN 2.5 WHEN late > 0 THEN 1 ELSE NULL END", type: int}
  logs: {visit: ABS(-hits) + ROUND(time_on_site_sec / 7), type: int, null: zero}
dimensions:
  first_title: {first_of: title, where: type = 'PAGE', description: of the first page}
  first_step: {first_of: "CASE WHEN event = 'view_item' THEN 'item' ELSE LOWER(event) END"}
  bought: {visit: transactions > 0}
  kind: {visit: "CASE WHEN first_title = 'Home' THEN COALESCE(device, country) ELSE channel END"}
flags:
  bot: {visit: late > 1, keep: false}
  runaway: {visit: hits > 4, keep: true}
checks:
  few_views: {holds: views < 4}
"""
SOURCES: dict[str, dict[str, Any]] = {
    "ga360": {
        "reads": GA360_READS, "hits": ("visit_rows",), "base": "raw_export",
        "values": [ALL_DAYS, ONE_DAY], "rows": lambda seed: ga360_rows.random_export(seed, 40),
    },
    "ga4": {
        "reads": GA4_READS, "hits": ("visit_rows",), "base": "raw_export",
        "values": [GA4_DAYS, {**GA4_DAYS, "streams": ["WEB"]}, GA4_TWO_DAYS],
        "rows": lambda seed: ga4_rows.random_export(seed, 60),
    },
    "events": {
        "reads": EVENTS_READS, "hits": ("visit_events",), "base": "mapped_events",
        "values": [COMMON, LOG_VALUES["by inactivity, two days in Tokyo"]],
        "rows": lambda seed: events_rows.random_log(seed, 60),
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def oracle() -> Oracle:
    return Oracle()


@pytest.fixture(scope="module")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    path = tmp_path_factory.mktemp("contract") / "visits.yaml"
    path.write_text(CONTRACT, encoding="utf-8")
    return read_contract(path)


@pytest.fixture
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'; SET threads = 1")
        yield connection


def models(source: str, contract: Contract, dialect: str, visits: str) -> list[Model]:
    """Return what a contract adds to a source: its hits, and all that is made of them."""
    checks = check_texts(
        source, dialect, with_timezone=False, contract=contract,
        columns=[*BY_NAME, *(feature.name for feature in contract.own)],
    )  # fmt: skip
    made = finish(
        [Model("visits", visits)], contract, source=source, columns=[*BY_NAME], dialect=dialect,
        must_hold=[text for text in checks if is_of_rows(text)],
    )  # fmt: skip
    return [*made, Model("flags", flag_notes(contract, dialect))]


def compare(
    oracle: Oracle, engine: duckdb.DuckDBPyConnection, contract: Contract, source: str, seed: int
) -> dict[str, pa.Table]:
    how = SOURCES[source]
    params = how["values"][seed % len(how["values"])]
    reads = {
        name: read
        for name, read in how["reads"].items()
        if not name.startswith("checks") and not name.endswith(("/losses", "/notes"))
    }
    raw = how["rows"](seed)
    google = google_chain(oracle, reads, raw, params, how["base"], hits=True)
    own = our_chain(engine, reads, raw, params, how["base"], hits=True)
    keys = f"{source}/visit_keys"
    assert_same(google[keys], own[keys], f"{keys}, seed {seed}")
    tables = {name.rpartition("/")[2]: table for name, table in google.items()}
    visits = {d: _visits(d) for d in ("bigquery", "duckdb")}
    found = {}
    pairs = zip(*(models(source, contract, d, visits[d]) for d in visits), strict=True)
    for theirs, mine in pairs:
        assert theirs.name == mine.name
        answer = oracle.query(theirs.sql, tables, params)
        result = ours(engine, mine.sql, params)
        assert_same(answer, result, f"{source} {mine.name}, seed {seed}")
        engine.register(mine.name, result)
        tables[mine.name] = found[mine.name] = answer
    return found


def _visits(dialect: str) -> str:
    from visitseg.visits.text import load

    return load("visits", dialect).sql


@pytest.mark.parametrize(
    "source",
    [name if name == "ga4" else pytest.param(name, marks=pytest.mark.slow) for name in SOURCES],
)
@pytest.mark.parametrize("seed", SEEDS)
def test_random_exports_give_the_same_features(
    oracle: Oracle, engine: duckdb.DuckDBPyConnection, contract: Contract, source: str, seed: int
) -> None:
    found = compare(oracle, engine, contract, source, seed)
    assert found["hits"].column_names == ["visit_id", "nth", *HIT_COLUMNS]
    assert found["hits"].num_rows > 10
    assert found["all_visits"].num_rows > found["visits"].num_rows > 3


@pytest.mark.slow
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("first", MORE_SEEDS[::CHUNK])
def test_many_random_exports_give_the_same_features(
    oracle: Oracle, engine: duckdb.DuckDBPyConnection, contract: Contract, source: str, first: int
) -> None:
    for seed in range(first, first + CHUNK):
        compare(oracle, engine, contract, source, seed)


@pytest.mark.slow
def test_the_random_exports_reach_every_feature(
    oracle: Oracle, engine: duckdb.DuckDBPyConnection, contract: Contract
) -> None:
    for source in SOURCES:
        tables = [compare(oracle, engine, contract, source, seed) for seed in range(3)]
        told = pa.concat_tables([made["all_visits"] for made in tables])
        for one in contract.made:
            assert len(told[one.name].unique()) > 1, f"{source}: {one.name} is always the same"
        reasons = {r for made in tables for r in made["left_out"]["reason"].to_pylist()}
        assert reasons == {"bot", "quarantined"}


@pytest.mark.parametrize(
    ("source", "schema", "table", "types"),
    [
        ("ga360", ga360_rows.SCHEMA, GA360_TABLE, dict.fromkeys(ALL_DAYS, pa.date32())),
        ("ga4", ga4_rows.SCHEMA, GA4_TABLE, GA4_TYPES),
    ],
)
def test_the_script_with_features_is_accepted_as_it_stands(
    oracle: Oracle, source: str, schema: pa.Schema, table: str, types: dict[str, pa.DataType]
) -> None:
    Path("c.yaml").write_text(CONTRACT, encoding="utf-8")
    fields = [field for field in schema if field.name != "is_intraday"]
    columns = pa.schema([*fields, (TABLE_SUFFIX, pa.string())])
    oracle.analyze(sql_script(source, "bigquery", Path("c.yaml")), {table: columns}, types)
