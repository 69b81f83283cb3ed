"""Sources `visits` and `events` in BigQuery: expressions of the configuration, in GoogleSQL."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from test_bigquery import BIGQUERY, same
from test_cli import assert_clear_error

pytest.importorskip("google.cloud.bigquery", reason="the BigQuery client is not installed")
pytest.importorskip("zetasql", reason="the GoogleSQL evaluator is not installed")

NOON = dt.datetime(2026, 1, 5, 12, tzinfo=dt.UTC)
VISITS = pa.table(
    {
        "id": [f"v{i}" for i in range(20)],
        "began": pa.array(
            [NOON + dt.timedelta(hours=5 * i) for i in range(20)], pa.timestamp("us", "UTC")
        ),
        "pages": [1 + i % 4 for i in range(20)],
        "hits": [1 + i % 7 + i % 4 for i in range(20)],
        "ms": [None if i % 4 == 0 else 1500 * i for i in range(20)],
        "device": ["mobile" if i % 3 else "desktop" for i in range(20)],
    }
)
EVENTS = pa.table(
    {
        "visitor": [f"u{i % 3}" for i in range(30)],
        "timestamp": pa.array(
            [NOON + dt.timedelta(minutes=13 * i) for i in range(30)], pa.timestamp("us", "UTC")
        ),
        "event": ["page_view" if i % 5 else "purchase" for i in range(30)],
        "page": [f"/p{i % 4}?x=1" for i in range(30)],
        "price": [None if i % 5 else 9.5 + i for i in range(30)],
    }
)
TOML = {
    "visits": "[columns]\nvisit_id = 'id'\nvisit_start = 'began'\npageviews = 'pages'\n"
    "time_on_site_sec = 'ms / 1000'\nplan = \"CASE WHEN pages > 2 THEN 'deep' ELSE 'flat' END\"\n",
    "events": "[columns]\nrevenue = 'price'\nlength = 'LENGTH(page)'\n"
    '[events]\npage_view = ["page_view"]\npurchase = ["purchase"]\n',
}


@pytest.mark.slow
@pytest.mark.parametrize("source", TOML)
def test_mapped_tables_give_the_visits_of_duckdb(local: Any, cli: Any, source: str) -> None:
    table = VISITS if source == "visits" else EVENTS
    Path("visitseg.toml").write_text(TOML[source])
    local.engine.add("shop-analytics.raw.log", table)
    pq.write_table(table, "log.parquet")
    words = ("visits", "--source", source, "--timezone", "America/New_York")
    there = cli(*words, "--input", "shop-analytics.raw.log", *BIGQUERY, "--out", "there")
    here = cli(*words, "--input", "log.parquet", "--out", "here")
    assert (there.code, here.code) == (0, 0), there.err + here.err
    same(Path("there"), Path("here"))


def test_values_of_another_type_are_named_by_column(local: Any, cli: Any) -> None:
    columns = {"visit_id": ["a", "b"], "PageViews": ["3", "many"], "hits": ["4", "5"]}
    local.engine.add("shop-analytics.raw.texts", pa.table(columns))
    words = ("visits", "--source", "visits", "--input", "shop-analytics.raw.texts", *BIGQUERY)
    refused = cli(*words, "--out", "o")
    assert_clear_error(refused, 1, "1 column holds values of another type", "'many'")
    line = 'pageviews = "SAFE_CAST(`PageViews` AS INT64)"'
    assert line in refused.err
    assert not Path("o").exists()


@pytest.mark.slow
@pytest.mark.parametrize("day", [20260105, 20260105.0, "20260105", "2026-01-05"])
def test_days_and_counts_are_read_as_duckdb_reads_them(local: Any, cli: Any, day: Any) -> None:
    columns = {"visit_id": ["a", "b", "c"], "date_id": [day, day, day], "hits": ["2", "3", "4"]}
    for name, pages in {"whole": [1.0, 2.0, 3.0], "half": [1.0, 2.5, 3.0]}.items():
        table = pa.table({**columns, "pageviews": pages})
        local.engine.add(f"shop-analytics.raw.{name}", table)
        pq.write_table(table, f"{name}.parquet")
    words = ("visits", "--source", "visits", "--input")
    there = cli(*words, "shop-analytics.raw.whole", *BIGQUERY, "--out", "there")
    here = cli(*words, "whole.parquet", "--out", "here")
    assert (there.code, here.code) == (0, 0), there.err + here.err
    same(Path("there"), Path("here"))
    half = cli(*words, "shop-analytics.raw.half", *BIGQUERY, "--out", "none")
    assert_clear_error(half, 1, "ContractError", "pageviews_whole", "1 row   e.g. b")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("pages) FROM `secret.d.t`; DROP TABLE x; --", "closes nothing"),
        ("(SELECT MAX(pages) FROM other)", "SELECT cannot be part"),
        ("page", "Unrecognized name: page"),
        ("pages + device", "No matching signature"),
        ("MAX(pages)", "made of many rows"),
    ],
)
def test_expressions_that_are_none_are_refused(
    local: Any,
    cli: Any,
    text: str,
    told: str,
) -> None:
    local.engine.add("shop-analytics.raw.log", VISITS)
    Path("visitseg.toml").write_text(f"[columns]\npageviews = '''{text}'''\n")
    found = cli("visits", "--source", "visits", "--input", "shop-analytics.raw.log", *BIGQUERY)
    assert_clear_error(found, 1, "ConfigError", told)
    assert local.executed() == []
    assert not any("secret" in request for request in local.requests)
