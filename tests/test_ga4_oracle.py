"""GA4 visits: Google's evaluator, given the canonical text, finds what DuckDB's texts find."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ga4_rows import SCHEMA, random_export

from visitseg.plan import sql_script
from visitseg.visits.contract import check_texts
from visitseg.visits.text import load, names

pytest.importorskip("zetasql", reason="the GoogleSQL evaluator is not installed")
from chain import assert_same, google_chain, our_chain, ours
from oracle import TABLE_SUFFIX, Oracle

SEEDS = range(20)
FEW_SEEDS = SEEDS[::10]
MORE_SEEDS = range(20, 220)
CHUNK = 25
EVENTS = 40  # in a random export; the evaluator's time goes into sending rows
WILDCARD = "bigquery-public-data.ga4_obfuscated_sample_ecommerce.events_*"
READS = {
    "ga4/visit_rows": ("raw_export",),
    "ga4/visit_totals": ("visit_rows",),
    "ga4/visit_purchases": ("visit_rows",),
    "ga4/channels": ("visit_totals",),
    "ga4/visit_keys": ("visit_totals", "visit_purchases", "channels"),
    "visits": ("visit_keys",),
    "ga4/losses": ("visit_rows",),
    "ga4/notes": ("visit_keys",),
} | dict.fromkeys(names("checks/ga4"), ("visit_keys",))
NO_DAY, NO_TEXT = pa.scalar(None, pa.date32()), pa.scalar(None, pa.string())
NOTHING = pa.scalar([], pa.list_(pa.string()))
ALL_DAYS: dict[str, Any] = {
    **dict.fromkeys(("date_from", "date_to", "read_from", "read_to"), NO_DAY),
    "currency": NO_TEXT,
    "streams": NOTHING,
    "leave_out": NOTHING,
}
TWO_DAYS: dict[str, Any] = {
    "date_from": dt.date(2021, 2, 1),
    "date_to": dt.date(2021, 2, 3),
    "read_from": dt.date(2021, 1, 31),
    "read_to": dt.date(2021, 2, 4),
    "currency": NO_TEXT,
    "streams": NOTHING,
    "leave_out": NOTHING,
}
VALUES = {
    "all days": ALL_DAYS,
    "two days": TWO_DAYS,
    "all days, USD": {**ALL_DAYS, "currency": "USD"},
    "two days, USD, chosen events": {
        **TWO_DAYS,
        "currency": "USD",
        "streams": ["WEB", "8"],
        "leave_out": ["internal", "debug"],
    },
}


@pytest.fixture(scope="module")
def oracle() -> Oracle:
    return Oracle()


@pytest.fixture
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'; SET threads = 1")
        yield connection


def compare(oracle: Oracle, engine: duckdb.DuckDBPyConnection, seed: int) -> int:
    """Compare every text on one random export, with the values whose turn it is: the visits."""
    raw = random_export(seed, EVENTS)
    told, params = list(VALUES.items())[seed % len(VALUES)]
    google = google_chain(oracle, READS, raw, params)
    own = our_chain(engine, READS, raw, params)
    for name in READS:
        sides = [made[name] for made in (google, own)]
        if name == "ga4/visit_rows":  # DuckDB's text keeps a hash: losses and keys depend on it
            sides = [side.drop_columns("params") for side in sides]
        assert_same(*sides, f"{name}, seed {seed}, {told}")
    return google["ga4/visit_keys"].num_rows


@pytest.mark.parametrize("seed", FEW_SEEDS)
def test_random_exports_give_the_same_tables(
    oracle: Oracle, engine: duckdb.DuckDBPyConnection, seed: int
) -> None:
    assert compare(oracle, engine, seed) > 0


@pytest.mark.slow
@pytest.mark.parametrize("first", MORE_SEEDS[::CHUNK])
def test_many_random_exports_give_the_same_tables(
    oracle: Oracle, engine: duckdb.DuckDBPyConnection, first: int
) -> None:
    visits = [compare(oracle, engine, seed) for seed in range(first, first + CHUNK)]
    assert sum(visits) > 0  # a range of two days may leave an export without one


@pytest.mark.slow
def test_the_random_exports_reach_every_corner(engine: duckdb.DuckDBPyConnection) -> None:
    lost, noted, channels = set[str](), set[str](), set[str]()
    for seed in SEEDS:
        raw = random_export(seed, EVENTS)
        for params in VALUES.values():
            made = our_chain(engine, READS, raw, params)
            lost.update(made["ga4/losses"]["reason"].to_pylist())
            noted.update(made["ga4/notes"]["reason"].to_pylist())
            channels.update(made["visits"]["channel"].to_pylist())
    assert lost == {
        *("intraday", "out_of_range", "null_id", "no_consent", "duplicate"),
        *("other_stream", "internal", "debug"),
    }
    assert noted == set(re.findall(r"SELECT '(\w+)'", load("ga4/notes", "bigquery").sql))
    assert {"Direct", "Paid Search", "Organic Search", "Email", "Unassigned"} <= channels


SAMPLE = Path(__file__).parents[2] / "shared" / "data" / "ga4" / "events_sampled.parquet"
TYPES = dict.fromkeys(ALL_DAYS, pa.date32()) | {
    "currency": pa.string(),
    "streams": NOTHING.type,
    "leave_out": NOTHING.type,
}
LATER = (
    *("batch_page_id", "batch_ordering_id", "batch_event_index"),
    *("collected_traffic_source", "session_traffic_source_last_click"),
)


def test_the_script_for_bigquery_is_accepted_as_it_stands(oracle: Oracle) -> None:
    fields = [field for field in SCHEMA if field.name != "is_intraday"]
    table = pa.schema([*fields, (TABLE_SUFFIX, pa.string())])
    oracle.analyze(sql_script("ga4", "bigquery"), {WILDCARD: table}, TYPES)


@pytest.mark.skipif(not SAMPLE.exists(), reason="the real export is not here")
def test_the_script_for_bigquery_reads_the_layout_of_the_public_sample(oracle: Oracle) -> None:
    fields = [field for field in pq.read_schema(SAMPLE) if field.name in SCHEMA.names]
    assert not {field.name for field in fields} & set(LATER)
    table = pa.schema([*fields, (TABLE_SUFFIX, pa.string())])
    oracle.analyze(sql_script("ga4", "bigquery"), {WILDCARD: table}, TYPES)


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
    for name in LATER:  # the script takes them for NULL
        nulls = pa.nulls(raw.num_rows, raw.schema.field(name).type)
        raw = raw.set_column(raw.schema.get_field_index(name), name, nulls)
    google = oracle.query(sql_script("ga4", "bigquery"), {WILDCARD: table}, VALUES[told])
    assert_same(google, our_chain(engine, READS, raw, VALUES[told])["visits"], told)


def test_checks_find_the_same_visits(oracle: Oracle, engine: duckdb.DuckDBPyConnection) -> None:
    made = our_chain(engine, READS, random_export(1, EVENTS), ALL_DAYS)
    params = {**TWO_DAYS, "timezone": "America/Los_Angeles"}
    tables = {"visits": made["visits"], "visit_keys": made["ga4/visit_keys"]}
    own = {c.name: c.sql for c in check_texts("ga4", "duckdb", with_timezone=True)}
    for check in check_texts("ga4", "bigquery", with_timezone=True):
        google = oracle.query(check.sql, tables, params)
        assert_same(google, ours(engine, own[check.name], params), check.name)


RULES = [  # source, medium, campaign, click id, channel; in the order of the rules
    ("(direct)", "(none)", "", None, "Direct"),
    ("(direct)", "(not set)", "", None, "Direct"),
    ("google", "cpc", "Cross-network spring", None, "Cross-network"),
    ("amazon", "cpc", "", None, "Paid Shopping"),
    ("news.example", "ppc", "shopping week", None, "Paid Shopping"),
    ("bing", "cpc", "", None, "Paid Search"),
    ("GOOGLE", "CPC", "", None, "Paid Search"),
    ("facebook.com", "paid_social", "", None, "Paid Social"),
    ("youtube.com", "cpv", "", None, "Paid Video"),
    ("youtube.com", "cpm", "", None, "Paid Video"),
    ("partner.example", "banner", "", None, "Display"),
    ("partner.example", "retargeting", "", None, "Paid Other"),
    ("", "", "", "Cj0KCQ", "Paid Search"),
    ("google", "organic", "", "Cj0KCQ", "Paid Search"),
    ("etsy", "referral", "", None, "Organic Shopping"),
    ("l.instagram.com", "referral", "", None, "Organic Social"),
    ("club.example", "social-network", "", None, "Organic Social"),
    ("vimeo.com", "referral", "", None, "Organic Video"),
    ("club.example", "video-ad", "", None, "Organic Video"),
    ("duckduckgo.com", "referral", "", None, "Organic Search"),
    ("portal.example", "organic", "", None, "Organic Search"),
    ("blog.example", "referral", "", None, "Referral"),
    ("www.google.co.uk", "referral", "", None, "Organic Search"),
    ("r.search.yahoo.com", "referral", "", None, "Organic Search"),
    ("mail.google.com", "referral", "", None, "Referral"),
    ("groups.google.com", "cpc", "", None, "Paid Social"),
    ("lm.facebook.com", "referral", "", None, "Organic Social"),
    ("m.youtube.com", "referral", "", None, "Organic Video"),
    ("notgoogle.com", "referral", "", None, "Referral"),
    ("list", "e-mail", "", None, "Email"),
    ("email", "", "", None, "Email"),
    ("partner.example", "affiliate", "", None, "Affiliates"),
    ("radio.example", "audio", "", None, "Audio"),
    ("sms", "", "", None, "SMS"),
    ("app", "web-push", "", None, "Mobile Push Notifications"),
    ("firebase", "", "", None, "Mobile Push Notifications"),
    ("print", "leaflet", "", None, "Unassigned"),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: "/".join(str(part) for part in rule))
def test_channel_rules_row_by_row(engine: duckdb.DuckDBPyConnection, rule: tuple[Any, ...]) -> None:
    names = ("source", "medium", "campaign", "click_id")
    row = {name: value or None for name, value in zip(names, rule, strict=False)}
    kinds = [(name, pa.string()) for name in names]
    engine.register("visit_totals", pa.Table.from_pylist([row], schema=pa.schema(kinds)))
    found = engine.sql(load("ga4/channels", "duckdb").sql).fetchall()
    assert [line[-1] for line in found] == [rule[-1]]
