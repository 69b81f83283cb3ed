"""Logs of three shops and tools run from the configurations in `examples/` alone."""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from visitseg.cli import main
from visitseg.config import load_settings
from visitseg.errors import InputError
from visitseg.pipeline import Run, build_visits, run
from visitseg.visits.recognise import looks_like, suggest_columns

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
REES46 = "rees46/2019-Oct.head17435.csv.gz"
SKIP = '\n[csv]\nbad_lines = "skip"\n'


def build(example: str, log: str, more: str = "", without: str = "", **options: Any) -> Run:
    lines = (EXAMPLES / f"{example}.toml").read_text().splitlines()
    kept = [line for line in lines if not without or not line.startswith(without)]
    Path("s.toml").write_text("\n".join(kept) + more)
    flags = {"input": [log], "out": Path("o"), **options}
    return build_visits(load_settings(flags, file=Path("s.toml"), environment={}))


def rows(sql: str) -> list[Any]:
    return duckdb.sql(sql.replace("VISITS", "'o/visits.parquet'")).fetchall()


def losses(found: Run) -> dict[str, int]:
    return {row["reason"]: row["rows"] for row in found.report["removed"]}


COUNTED = """SELECT count(*), count(DISTINCT visit_id), count(*) FILTER (transactions > 0),
    sum(transactions), sum(transaction_revenue)::DECIMAL(12, 2)::DOUBLE, sum(hits),
    sum(pageviews) = sum(product_views) FROM VISITS"""


def test_rees46_stops_at_the_line_that_is_cut(real: Callable[[str], str]) -> None:
    with pytest.raises(InputError, match="1 line of 17,435") as caught:
        build("rees46", real(REES46))
    assert "line 17,436" in str(caught.value)
    assert 'bad_lines = "skip"' in caught.value.do


def test_rees46_by_the_ids_of_its_visits(real: Callable[[str], str]) -> None:
    found = build("rees46", real(REES46), SKIP)
    assert rows(COUNTED) == [(5067, 5067, 200, 200, 59442.63, 17429, True)]
    ledger = found.report
    assert (ledger["rows_in"], ledger["rows_used"], losses(found)) == (
        17435, 17429, {"bad_line": 1, "duplicate": 5},
    )  # fmt: skip
    notes = {note["reason"]: note["count"] for note in ledger["notes"]}
    assert notes == {"order_without_id": 200, "shared_visit_id": 2, "spans_pause": 1}


def test_rees46_broken_at_pauses(real: Callable[[str], str]) -> None:
    found = build("rees46", real(REES46), SKIP, resessionize=True)
    assert rows(COUNTED) == [(5068, 5068, 200, 200, 59442.63, 17429, True)]
    notes = {note["reason"]: note["count"] for note in found.report["notes"]}
    assert notes["broken_visit"] == 2


def test_rees46_by_inactivity_alone(real: Callable[[str], str]) -> None:
    build("rees46", real(REES46), SKIP, without="visit =")
    assert rows(COUNTED) == [(4518, 4518, 193, 193, 59442.63, 17429, True)]


@pytest.mark.slow
def test_rees46_is_segmented_from_configuration_alone(real: Callable[[str], str]) -> None:
    Path("s.toml").write_text((EXAMPLES / "rees46.toml").read_text() + SKIP)
    flags = {"input": [real(REES46)], "out": Path("o"), "k_max": 4, "k_final": 3}
    found = run(load_settings(flags, file=Path("s.toml"), environment={}))
    assert found.report["n_visits"] == 5067
    assert (found.folder / "report.html").stat().st_size > 10_000


def test_rees46_is_recognised_and_its_columns_suggested(
    real: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["visitseg", "visits", "--input", real(REES46)])
    with pytest.raises(SystemExit, match="2"):
        main()
    told = capsys.readouterr().err
    for line in (
        "--source events", 'visitor = "user_id"', 'timestamp = "event_time"',
        'event = "event_type"', 'visit = "user_session"', 'revenue = "price"',
    ):  # fmt: skip
        assert line in told


RETAILROCKET = """timestamp,visitorid,event,itemid,transactionid
1433221332117,257597,view,355908,
1433221342117,257597,addtocart,355908,
1433221345000,257597,view,248676,
1433221390000,257597,transaction,355908,4000
1433221390000,257597,transaction,248676,4000
1433224644827,992329,view,248676,
1433226444827,992329,view,318965,
1433228244828,992329,view,253185,
"""


def test_retailrocket() -> None:
    Path("events.csv").write_text(RETAILROCKET)
    found = build("retailrocket", "events.csv")
    assert rows(
        """SELECT visit_id, hits, pageviews, product_views, unique_pages, add_to_carts,
           transactions, transaction_revenue, time_on_site_sec, landing_page FROM VISITS"""
    ) == [
        ("257597|1433221332", 5, 2, 2, 2, 1, 1, None, 57.883, "355908"),
        ("992329|1433224644", 2, 2, 2, 2, 0, 0, None, 1800.0, "248676"),
        ("992329|1433228244", 1, 1, 1, 1, 0, 0, None, None, "253185"),
    ]
    assert losses(found) == {}


_SNOWPLOW = {
    "event_name": None, "derived_tstamp": None, "domain_userid": "d1", "domain_sessionid": "s1",
    "domain_sessionidx": 1, "page_urlpath": "/", "se_action": None, "tr_orderid": None,
    "tr_total": None, "tr_currency": None, "ti_sku": None, "dvce_type": "Computer",
    "mkt_medium": None, "geo_country": "DE", "br_family": "Firefox",
}  # fmt: skip


def snowplow(name: str, time: str, **given: Any) -> str:
    row = _SNOWPLOW | {"event_name": name, "derived_tstamp": f"2026-01-05 {time}"} | given
    return json.dumps({key: value for key, value in row.items() if value is not None})


def test_snowplow() -> None:
    paid = {"tr_orderid": "A1", "tr_currency": "EUR"}
    lines = [
        snowplow("page_view", "12:00:00.123", mkt_medium="cpc"),
        snowplow("page_ping", "12:00:10.123"),
        snowplow("page_view", "12:01:00", page_urlpath="/shoes"),
        snowplow("event", "12:01:00.500", page_urlpath="/shoes", se_action="product_view"),
        snowplow("event", "12:02:00", page_urlpath="/shoes", se_action="add_to_cart"),
        snowplow("transaction", "12:05:00.123", tr_total=59.9, **paid),
        snowplow("transaction_item", "12:05:00.123", ti_sku="shoe", **paid),
        snowplow("page_view", "13:00:00", domain_sessionid="s2", domain_sessionidx=2),
        snowplow("page_view", "13:00:00", domain_userid=None, domain_sessionid=None),
    ]
    with gzip.open("events.ndjson.gz", "wt") as file:
        file.write("\n".join(lines) + "\n")
    found = build("snowplow", "events.ndjson.gz")
    assert rows(
        """SELECT visit_id, hits, pageviews, unique_pages, product_views, add_to_carts, checkouts,
           transactions, transaction_revenue, time_on_site_sec, device, channel, country,
           visitor_type, landing_page, browser FROM VISITS"""
    ) == [
        ("d1|s1", 7, 2, 2, 1, 1, 0, 1, 59.9, 300.0, "Computer", "cpc", "DE", "new", "/", "Firefox"),
        ("d1|s2", 1, 1, 1, 0, 0, 0, 0, 0.0, None, "Computer", None, "DE", "returning", "/",
         "Firefox"),
    ]  # fmt: skip
    assert losses(found) == {"null_id": 1}
    assert any("checkout_step" in text for text in found.warnings)


def test_a_duckdb_table_is_a_log() -> None:
    with duckdb.connect("shop.duckdb") as shop:
        shop.execute(
            """CREATE TABLE log AS SELECT 'u' || i % 3 AS visitor, 'page_view' AS event,
               TIMESTAMP '2026-01-05' + INTERVAL (i) MINUTE AS timestamp FROM range(9) AS r(i)"""
        )
    flags = {"source": "events", "input": ["shop.duckdb::main.log"], "out": Path("o")}
    build_visits(load_settings(flags, environment={}))
    assert rows("SELECT count(*), sum(hits) FROM VISITS") == [(3, 9)]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (RETAILROCKET.splitlines()[0].split(","), {"visitor": "visitorid", "product_id": "itemid"}),
        (list(_SNOWPLOW), {"timestamp": "derived_tstamp", "visit": "domain_sessionid"}),
        (["Client ID", "Event Name", "TS"], {"visitor": "Client ID", "event": "Event Name"}),
    ],
)
def test_logs_are_recognised(columns: list[str], expected: dict[str, str]) -> None:
    assert looks_like(columns)[0] == "events"
    assert expected.items() <= suggest_columns(columns).items()


@pytest.mark.parametrize("dialect", ["bigquery", "duckdb"])
def test_the_sql_is_printed(
    dialect: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["visitseg", "sql", "visits", "--source", "events", "--dialect", dialect]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit, match="0"):
        main()
    text = capsys.readouterr().out
    order = (
        "raw_export AS",
        "mapped_events AS",
        "visit_rows AS",
        "visit_events AS",
        "visit_keys AS",
    )
    places = [text.index(name) for name in order]
    assert places == sorted(places)
    assert ("@gap_us" in text) == (dialect == "bigquery")


def test_the_printed_sql_for_duckdb_runs() -> None:
    from visitseg.plan import sql_script
    from visitseg.visits.events import example
    from visitseg.visits.planning import _params

    with duckdb.connect() as engine:
        engine.execute("SET TimeZone = 'UTC'")
        engine.execute(
            """COPY (SELECT 'u' AS visitor, 'v' || i % 2 AS visit, 'page_view' AS event,
                 '/' AS page, NULL::VARCHAR AS order_id, NULL::DOUBLE AS revenue,
                 NULL::VARCHAR AS product_id,
                 NULL::VARCHAR AS currency, 'mobile' AS device, NULL::VARCHAR AS channel,
                 NULL::VARCHAR AS country, NULL::VARCHAR AS visitor_type,
                 NULL::VARCHAR AS landing_page, TIMESTAMP '2026-01-05' + INTERVAL (i) MINUTE
                 AS timestamp FROM range(5) AS r(i)) TO 'your_events1.parquet'"""
        )
        settings = load_settings({"source": "events"}, environment={})
        values = dict.fromkeys(vars(settings.events), ()) | {"page_view": ("page_view",)}
        params = _params(settings) | example().params(settings, values)
        sql = sql_script("events", "duckdb")
        used = {key: value for key, value in params.items() if f"${key}" in sql}
        found = engine.sql(sql, params=used).to_arrow_table()
    assert sorted(found["visit_id"].to_pylist()) == ["u|v0", "u|v1"]
