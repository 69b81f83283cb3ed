"""GA360 visits: the canonical GoogleSQL, run by Google's evaluator, gives what DuckDB's texts give.

Rows are compared without their order, cell by cell, floats to the last bit.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from ga360_rows import START, export, hit, random_export, row

from visitseg.plan import sql_script
from visitseg.simulate.ga360 import SCHEMA as SIMULATED
from visitseg.visits.contract import check_texts
from visitseg.visits.text import load

pytest.importorskip("zetasql", reason="the GoogleSQL evaluator is not installed")
from chain import assert_same, google_chain, our_chain, ours
from oracle import TABLE_SUFFIX, Oracle

SEEDS = range(20)
FEW_SEEDS = SEEDS[::10]
MORE_SEEDS = range(20, 220)
VISITS = 50  # in a random export; the evaluator's time goes into sending rows
WILDCARD = "bigquery-public-data.google_analytics_sample.ga_sessions_*"
READS = {  # text -> the table it reads
    "ga360/visit_rows": ("raw_export",),
    "ga360/visit_keys": ("visit_rows",),
    "visits": ("visit_keys",),
    "ga360/losses": ("visit_rows",),
    "ga360/notes": ("visit_keys",),
}
NO_DAY = pa.scalar(None, pa.date32())
ALL_DAYS: dict[str, Any] = dict.fromkeys(("date_from", "date_to", "read_from", "read_to"), NO_DAY)
ONE_DAY = {
    "date_from": dt.date(2017, 8, 1),
    "date_to": dt.date(2017, 8, 2),
    "read_from": dt.date(2017, 7, 31),
    "read_to": dt.date(2017, 8, 3),
}
PERIODS = {"all days": ALL_DAYS, "one day": ONE_DAY}


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
    raw = random_export(seed, VISITS)
    period, params = list(PERIODS.items())[seed % len(PERIODS)]
    google, own = (
        google_chain(oracle, READS, raw, params),
        our_chain(engine, READS, raw, params),
    )
    for name in READS:
        assert_same(google[name], own[name], f"{name}, seed {seed}, {period}")
    assert google["visits"].num_rows > 0


@pytest.mark.parametrize("seed", FEW_SEEDS)
def test_random_exports_give_the_same_tables(
    oracle: Oracle, engine: duckdb.DuckDBPyConnection, seed: int
) -> None:
    compare(oracle, engine, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", MORE_SEEDS)
def test_many_random_exports_give_the_same_tables(
    oracle: Oracle, engine: duckdb.DuckDBPyConnection, seed: int
) -> None:
    compare(oracle, engine, seed)


RAW_CORNERS = (
    "fullVisitorId IS NULL",
    "fullVisitorId = ''",
    "fullVisitorId LIKE '0%'",
    "TRY_CAST(fullVisitorId AS HUGEINT) > 9223372036854775807",
    "visitId IS NULL",
    "visitStartTime IS NULL",
    "visitStartTime > visitId",
    "date IS NULL",
    "try_strptime(date, '%Y%m%d') IS NULL",
    "length(date) = 7",
    "is_intraday",
    "totals IS NULL",
    "totals.visits IS NULL",
    "totals.visits = 0",
    "totals.totalTransactionRevenue IS NULL AND totals.transactionRevenue > 0",
    "totals.totalTransactionRevenue > 0 AND totals.transactionRevenue > 0",
    "device IS NULL",
    "hits IS NULL",
    "len(hits) = 0",
    "len(hits) > 1 AND list_bool_and([h.type = 'EVENT' FOR h IN hits])",
    "list_sort([h.time FOR h IN hits]) <> [h.time FOR h IN hits]",
    "len(list_distinct([h.time FOR h IN hits])) < len(hits)",
    "len(list_distinct([h.hitNumber FOR h IN hits])) < len(hits)",
)
HIT_CORNERS = (
    *("hitNumber IS NULL", "time IS NULL", "hour IS NULL", "minute IS NULL", "type IS NULL"),
    *("page IS NULL", "page.pagePath = ''", "page.pagePath LIKE '%?%'", "page.pagePath LIKE '%#%'"),
    "type = 'PAGE' AND page.pagePath IS NULL",
    r"type = 'PAGE' AND page.pagePath LIKE e'%\n%'",
    "type = 'PAGE' AND page.pagePath LIKE '%日本%'",
    "type = 'APPVIEW' AND appInfo.screenName IS NULL AND page.pagePath LIKE '%?%'",
    "type = 'APPVIEW' AND appInfo.screenName <> ''",
    "type = 'TRANSACTION' AND transaction.transactionId <> ''",
    "eCommerceAction.action_type = '6' AND transaction.transactionId <> ''",
    "eCommerceAction.action_type = '6' AND transaction.transactionId IS NULL",
    "eCommerceAction.action_type = '6' AND transaction.transactionId = ''",
    "eCommerceAction.action_type = '6' AND transaction.transactionId = '(not set)'",
    "eCommerceAction.action_type <> '6' AND transaction.transactionId <> ''",
    *(f"eCommerceAction.action_type = '{action}'" for action in range(7)),
    *("eCommerceAction IS NULL", "refund.refundAmount > 0", "refund.refundAmount = 0"),
)


@pytest.mark.slow
def test_the_random_exports_reach_every_corner(engine: duckdb.DuckDBPyConnection) -> None:
    raw = pa.concat_tables([random_export(seed, VISITS) for seed in SEEDS])
    engine.register("raw", raw)
    engine.execute("CREATE TABLE hit AS SELECT unnest(h) FROM (SELECT unnest(hits) AS h FROM raw)")
    corners = [("raw", corner) for corner in RAW_CORNERS]
    corners += [("hit", corner) for corner in HIT_CORNERS]
    missed = [
        corner
        for table, corner in corners
        if engine.sql(f"SELECT count(*) FROM {table} WHERE {corner}").fetchall() == [(0,)]
    ]
    assert missed == []
    reasons: Counter[str] = Counter()
    parts: Counter[int] = Counter()
    for seed in SEEDS:
        made = our_chain(engine, READS, random_export(seed, VISITS), ONE_DAY)
        reasons.update(made["ga360/notes"]["reason"].to_pylist())
        reasons.update(made["ga360/losses"]["reason"].to_pylist())
        parts.update(made["ga360/visit_keys"]["n_rows"].to_pylist())
    lost = {"intraday", "out_of_range", "null_id", "non_interaction", "duplicate"}
    noted = set(re.findall(r"SELECT '(\w+)'", load("ga360/notes", "bigquery").sql))
    assert set(reasons) == lost | noted
    assert {1, 2, 3} <= set(parts)


# What two copies of a row can tell differently, though as long as each other.
DIFFERENCES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"hits": [hit(), hit(2, 9)]}, {"hits": [hit(), hit(2, 8)]}),
    ({"hits": [hit(), hit(1, 9)]}, {"hits": [hit(1, 1), hit(1, 9)]}),
    ({"hits": [hit(), hit(2)]}, {"hits": [hit(), hit(2, type="EVENT")]}),
    ({"hits": [hit(), hit(2)]}, {"hits": [hit(), hit(2, pagePath="/b")]}),
    ({"hits": [hit()]}, {"hits": [hit(pagePath="/b")]}),
    ({"hits": [hit()]}, {"hits": [hit(refundAmount=1)]}),
    *(({"hits": [hit()]}, {"hits": [hit(action_type=action)]}) for action in "235"),
    ({"hits": [hit()]}, {"hits": [hit(action_type="6", transactionId="A")]}),
    ({"hits": [hit(2)], "visitId": START - 1}, {"hits": [hit(2, hour=23)], "visitId": START - 1}),
    ({}, {"transactions": 1}),
    ({}, {"totalTransactionRevenue": 1}),
    ({"totalTransactionRevenue": 1}, {"transactionRevenue": 1}),
    ({}, {"timeOnSite": 1}),
    ({}, {"newVisits": 1}),
    ({}, {"deviceCategory": "mobile"}),
    ({}, {"channelGrouping": "Email"}),
    ({}, {"country": "Peru"}),
    ({"country": None}, {"country": "Peru"}),
    ({"hits": [hit(), hit(2)]}, {"hits": [hit()], "totalTransactionRevenue": 1}),
]


def test_of_copies_that_differ_one_is_chosen_whatever_their_order(
    oracle: Oracle, engine: duckdb.DuckDBPyConnection
) -> None:
    copies = [row(str(n), **told) for n, pair in enumerate(DIFFERENCES) for told in pair]
    chosen = []
    for turned in (copies, copies[::-1]):
        raw = export(turned)
        google, own = (
            google_chain(oracle, READS, raw, ALL_DAYS),
            our_chain(engine, READS, raw, ALL_DAYS),
        )
        assert_same(google["ga360/visit_keys"], own["ga360/visit_keys"], "copies")
        chosen.append(own["ga360/visit_keys"])
    assert_same(*chosen, "in the other order")
    assert chosen[0]["n_rows"].to_pylist() == [1] * len(DIFFERENCES)
    longest = chosen[0].filter(pc.equal(chosen[0]["visit_id"], f"{len(DIFFERENCES) - 1}|{START}"))
    assert longest.select(["hits", "unattributed_revenue"]).to_pylist() == [
        {"hits": 2, "unattributed_revenue": 0.0}
    ]


def test_first_hits_that_tie_are_chosen_alike_in_any_order(
    oracle: Oracle, engine: duckdb.DuckDBPyConnection
) -> None:
    start = 1_501_484_400  # local midnight, a day before the row's
    tied = [hit(2, 0, "/b"), hit(2, 0, "/a?x"), hit(2, 0, None), hit(2, 0, "/c", hour=None)]
    for turned in (tied, tied[::-1]):
        raw = export([row("1", start, turned)])
        google, own = (
            google_chain(oracle, READS, raw, ALL_DAYS),
            our_chain(engine, READS, raw, ALL_DAYS),
        )
        assert_same(google["ga360/visit_keys"], own["ga360/visit_keys"], "ties")
        (key,) = own["ga360/visit_keys"].to_pylist()
        assert (key["landing_page"], key["is_continuation"]) == ("/a", True)


def test_the_script_for_bigquery_is_accepted_as_it_stands(
    oracle: Oracle, real: Callable[[str], str]
) -> None:
    day = pq.read_schema(real("ga360/ga_sessions_20170801.parquet"))
    for schema in (SIMULATED, day):
        table = schema.append(pa.field(TABLE_SUFFIX, pa.string()))
        types = dict.fromkeys(ALL_DAYS, pa.date32())
        oracle.analyze(sql_script("ga360", "bigquery"), {WILDCARD: table}, types)


@pytest.mark.parametrize("period", PERIODS)
def test_the_script_for_bigquery_gives_our_visits(
    oracle: Oracle, engine: duckdb.DuckDBPyConnection, period: str
) -> None:
    raw = random_export(0, VISITS)
    days = {f"{dt.date(2017, 7, 29) + dt.timedelta(days=n):%Y%m%d}" for n in range(10)}
    suffixes = [
        ("intraday_" if intraday else "") + (date if date in days else "20170801")
        for date, intraday in zip(
            *(raw[n].to_pylist() for n in ("date", "is_intraday")), strict=True
        )
    ]
    table = raw.drop_columns("is_intraday").append_column(TABLE_SUFFIX, [suffixes])
    params = PERIODS[period]
    google = oracle.query(sql_script("ga360", "bigquery"), {WILDCARD: table}, params)
    assert_same(google, our_chain(engine, READS, raw, params)["visits"], period)


def broken(visits: pa.Table) -> pa.Table:
    """Add visits with one wrong cell each, no NaN among them."""
    good = visits.to_pylist()
    numbers = [field for field in visits.schema if field.type in (pa.int64(), pa.float64())]
    wrong: dict[str, list[Any]] = {f.name: [-1, 10**6, None] for f in numbers}
    wrong |= {
        f.name: [-1.0, 0.5, float("-inf"), float("inf")] for f in numbers if f.type != pa.int64()
    }
    wrong |= {"visit_id": [None, "", "1|1", "1|1"], "date_id": [None, dt.date(2017, 8, 3)]}
    bad = [
        {**good[n % len(good)], "visit_id": f"{name}|{n}", name: cell}
        for name, cells in wrong.items()
        for n, cell in enumerate(cells)
    ]
    return pa.Table.from_pylist(good + bad, visits.schema)


@pytest.mark.slow
def test_checks_find_the_same_visits(oracle: Oracle, engine: duckdb.DuckDBPyConnection) -> None:
    made = our_chain(engine, READS, random_export(1, VISITS), ALL_DAYS)
    visits, params = broken(made["visits"]), {**ONE_DAY, "timezone": "America/Los_Angeles"}
    tables = {"visits": visits, "visit_keys": made["ga360/visit_keys"]}
    engine.register("visits", visits)
    passed = []
    own = {c.name: c.sql for c in check_texts("ga360", "duckdb", with_timezone=True)}
    for check in check_texts("ga360", "bigquery", with_timezone=True):
        google = oracle.query(check.sql, tables, params)
        assert_same(google, ours(engine, own[check.name], params), check.name)
        passed += [] if google.num_rows else [check.name]
    assert passed == []


def test_nan_and_infinity_are_in_no_range(
    oracle: Oracle, engine: duckdb.DuckDBPyConnection
) -> None:
    made = our_chain(engine, READS, random_export(1, VISITS), ALL_DAYS)["visits"]
    good = made.slice(0, 1).to_pylist()[0]
    numbers = [field.name for field in made.schema if field.type == pa.float64()]
    cells = (float("nan"), float("inf"), float("-inf"))
    rows = [{**good, name: cell} for name in numbers for cell in cells]
    visits = pa.Table.from_pylist(rows, made.schema)
    engine.register("visits", visits)
    texts = {
        dialect: {c.name: c.sql for c in check_texts("visits", dialect, with_timezone=False)}
        for dialect in ("bigquery", "duckdb")
    }
    for name in numbers:
        check = f"checks/{name}_in_range"
        google = oracle.query(texts["bigquery"][check], {"visits": visits})
        assert_same(google, ours(engine, texts["duckdb"][check], {}), name)
        assert google.num_rows == len(cells)


def test_the_sample_takes_the_same_visits(
    oracle: Oracle, engine: duckdb.DuckDBPyConnection
) -> None:
    visits = our_chain(engine, READS, random_export(2, VISITS), ALL_DAYS)["visits"]
    google = oracle.query(load("sample", "bigquery").sql, {"visits": visits}, {"size": 10})
    own = ours(engine, load("sample", "duckdb").sql, {"size": 10})
    assert google["place"].to_pylist() == own["place"].to_pylist()
    assert google.num_rows == 10
