"""The warehouse `bigquery` by the official client, on a local server that speaks its REST."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ga4_rows import random_export
from ga360_rows import random_export as random_ga360
from test_cli import assert_clear_error

EXPORT = "shop-analytics.analytics_1.events_*"
LATER = (
    *("batch_page_id", "batch_ordering_id", "batch_event_index"),
    *("collected_traffic_source", "session_traffic_source_last_click"),
)
GA4 = ("--source", "ga4", "--platform", "all")  # random exports hold apps and webs
BIGQUERY = ("--warehouse", "bigquery")


def put(local: Any, raw: pa.Table, prefix: str, column: str, folder: Path) -> None:
    """Write an export as day tables of the local server, and as Parquet files for DuckDB."""
    days = raw[column].to_pylist()
    folder.mkdir(exist_ok=True)
    for day in sorted({day for day in days if day and re.fullmatch(r"[0-9]{8}", day)}):
        rows = raw.filter(pa.array([this == day for this in days]))
        local.engine.add(f"{prefix}{day}", rows)
        pq.write_table(rows, folder / f"day_{day}.parquet")


def put_ga4(local: Any, seed: int = 3, events: int = 40, drop: tuple[str, ...] = ()) -> None:
    raw = random_export(seed, events).drop_columns(["is_intraday", *drop])
    put(local, raw, EXPORT.removesuffix("*"), "event_date", Path("files"))


def same(one: Path, other: Path) -> None:
    """Compare two run folders: visits row by row, the ledger, the checks."""
    left, right = (pq.read_table(folder / "visits.parquet") for folder in (one, other))
    assert left.schema.names == right.schema.names
    assert left.num_rows > 0
    assert left.to_pylist() == right.to_pylist()
    for name in ("ledger.json", "checks.json"):
        assert json.loads((one / name).read_text()) == json.loads((other / name).read_text())


@pytest.mark.slow
@pytest.mark.parametrize(
    "drop",
    [
        pytest.param(LATER, id="old layout"),
        pytest.param((), id="new layout"),
    ],
)
def test_ga4_visits_are_those_of_duckdb(local: Any, cli: Any, drop: tuple[str, ...]) -> None:
    put_ga4(local, drop=drop)
    words = ("visits", *GA4)
    there = cli(*words, "--input", EXPORT, *BIGQUERY, "--out", "there")
    here = cli(*words, "--input", "files/*.parquet", "--out", "here")
    assert (there.code, here.code) == (0, 0), there.err + here.err
    same(Path("there"), Path("here"))
    assert "the first query reads" in there.err
    assert "slot seconds" in there.err
    assert local.engine.by["google"] > 10
    assert local.engine.datasets["shop-analytics.visitseg"].tables == {}, "no table is left"


@pytest.mark.slow
def test_ga360_days_of_a_range_are_read_and_no_others(local: Any, cli: Any) -> None:
    raw = random_ga360(5, 30).drop_columns("is_intraday")
    put(local, raw, "shop-analytics.ga.ga_sessions_", "date", Path("files"))
    days = sorted(t[-8:] for t in local.engine.datasets["shop-analytics.ga"].tables)
    middle = days[len(days) // 2]
    day = dt.datetime.strptime(middle, "%Y%m%d").date()
    after = f"{day + dt.timedelta(days=1):%Y%m%d}"
    words = ("visits", "--source", "ga360", "--date-from", middle, "--date-to", after)
    there = cli(*words, "--input", "shop-analytics.ga.ga_sessions_*", *BIGQUERY, "--out", "there")
    here = cli(*words, "--input", "files/*.parquet", "--out", "here")
    assert (there.code, here.code) == (0, 0), there.err + here.err
    left, right = (pq.read_table(f"{out}/visits.parquet").to_pylist() for out in ("there", "here"))
    assert left
    assert left == right
    jobs = [job.configuration["query"] for job in local.jobs.values()]
    bounds = [
        {p["name"]: p["parameterValue"]["value"] for p in job["queryParameters"]}
        for job in jobs
        if "_TABLE_SUFFIX" in job["query"]
    ]
    before, beyond = day - dt.timedelta(days=1), day + dt.timedelta(days=2)
    for found in bounds:
        assert found["suffix_from"] == f"{before:%Y%m%d}"
        assert found["suffix_to"] == f"{beyond:%Y%m%d}"
    assert bounds


def test_a_query_above_the_limit_never_starts(local: Any, cli: Any) -> None:
    put_ga4(local)
    found = cli(
        *("visits", *GA4, "--input", EXPORT, *BIGQUERY),
        *("--max-bytes-billed", "1000", "--out", "o"),
    )
    assert_clear_error(found, 1, "WarehouseError", "the limit is 1000 bytes", "--max-bytes-billed")
    assert local.executed() == []
    assert not Path("o").exists()


@pytest.mark.slow
def test_every_job_carries_the_limit_labels_and_region(local: Any, cli: Any) -> None:
    put_ga4(local)
    local.engine.datasets["shop-analytics.analytics_1"].location = "europe-west3"
    Path("visitseg.toml").write_text('[bigquery]\nlabels = { team = "web" }\n')
    key = "projects/shop-analytics/locations/europe-west3/keyRings/r/cryptoKeys/k"
    found = cli(
        *("visits", *GA4, "--input", EXPORT, *BIGQUERY, "--kms-key", key),
    )
    assert found.code == 0, found.err
    assert local.engine.datasets["shop-analytics.visitseg"].location == "europe-west3"
    for job in local.jobs.values():
        assert job.location == "europe-west3"
        assert job.configuration["labels"] == {"application": "visitseg", "team": "web"}
        assert int(job.configuration["query"]["maximumBytesBilled"]) == 2**40
        text = job.configuration["query"]["query"]
        if text.startswith("CREATE"):
            assert "expiration_timestamp = TIMESTAMP_ADD(" in text
            assert f"kms_key_name = '{key}'" in text


def test_dry_run_estimates_and_runs_nothing(local: Any, cli: Any) -> None:
    put_ga4(local)
    found = cli(
        *("run", *GA4, "--input", EXPORT, *BIGQUERY, "--dry-run", "--json"),
    )
    plan = json.loads(found.out)
    assert plan["bytes"] > 1000
    assert "FROM `shop-analytics.analytics_1.events_*` AS t" in plan["sql"]["raw_export"]
    assert local.executed() == []
    assert list(local.engine.datasets) == ["shop-analytics.analytics_1"]


def test_the_project_alone_means_the_public_sample_of_january_2017(local: Any, cli: Any) -> None:
    raw = random_ga360(5, 3).drop_columns("is_intraday")
    local.engine.add("bigquery-public-data.google_analytics_sample.ga_sessions_20170101", raw)
    plan = json.loads(cli("run", "--dry-run", "--json").out)
    assert plan["input"] == "bigquery-public-data.google_analytics_sample.ga_sessions_*"
    assert plan["source"] == "ga360"
    asked_for = [r.partition("/jobs ")[2] for r in local.requests if "dryRun" in r]
    bodies = [json.JSONDecoder().raw_decode(text)[0] for text in asked_for]
    asked = bodies[0]["configuration"]["query"]["queryParameters"]
    values = {p["name"]: p["parameterValue"]["value"] for p in asked}
    assert values["suffix_from"] == "20161231"
    assert values["suffix_to"] == "20170202"


def test_what_is_missing_or_elsewhere_is_said(local: Any, cli: Any) -> None:
    put_ga4(local)
    local.engine.add("shop-analytics.analytics_1.view_1", pa.table({"a": [1]}), kind="VIEW")
    local.engine.add("shop-analytics.elsewhere.t", pa.table({"a": [1]}), location="EU")
    words = ("visits", *GA4, *BIGQUERY, "--input")
    cases: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
        (("shop-analytics.nothing.events_*",), ("does not find it", "shop-analytics:nothing")),
        (("shop-analytics.analytics_1.t",), ("does not find it", "analytics_1.t")),
        (("shop-analytics.analytics_1.event_*",), ("no table matches", "holds events_*")),
        (("shop-analytics.analytics_1.view_*",), ("are views", "view_1")),
        (("shop-analytics.analytics_1.events_2021*",), ("named by a day", "events_*")),
        ((EXPORT, "--date-from", "20300101"), ("no table is of the days", "days from 2021")),
        ((EXPORT, "--location", "EU"), ("the data are in US, and --location is EU",)),
        ((EXPORT, "--input", EXPORT), ("one table or pattern, not 2",)),
        (("shop-analytics.elsewhere.t",), ("missing", "event_date")),
    ]
    for given, told in cases:
        found = cli(*words, *given)
        assert_clear_error(found, 1, *told)
    Path("visitseg.toml").write_text('[bigquery]\ndestination = "shop-analytics.elsewhere"\n')
    found = cli(*words, EXPORT)
    assert_clear_error(found, 1, "the destination is in EU, the data are in US", "[bigquery]")
    assert local.executed() == []


def test_no_credentials_and_no_project_are_said(
    local: Any,
    cli: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put_ga4(local)
    words = ("visits", *GA4, *BIGQUERY, "--input", EXPORT)
    key = json.loads(Path(os_environ("GOOGLE_APPLICATION_CREDENTIALS")).read_text())
    Path("key.json").write_text(json.dumps({k: v for k, v in key.items() if k != "project_id"}))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "key.json")
    monkeypatch.delenv("GOOGLE_PROJECT_ID")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(Path.cwd()))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("PATH", "")
    assert_clear_error(cli(*words), 1, "no project", "GOOGLE_PROJECT_ID")
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS")
    assert_clear_error(cli(*words), 1, "no credentials", "gcloud auth application-default login")


def os_environ(name: str) -> str:
    import os

    return os.environ[name]
