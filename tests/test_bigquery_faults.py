"""Faults of BigQuery and of the way to it: retried where the client retries, else told clearly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from test_bigquery import BIGQUERY, EXPORT, GA4, put_ga4
from test_cli import assert_clear_error

pytest.importorskip("google.cloud.bigquery", reason="the BigQuery client is not installed")
pytest.importorskip("zetasql", reason="the GoogleSQL evaluator is not installed")
from bigquery_server import Fault

WORDS = ("visits", *GA4, "--input", EXPORT, *BIGQUERY, "--out", "there")
ALWAYS = 10**6
INSERT = r"^POST \S+/jobs "
CREATE_KEYS = r"^POST \S+/jobs .*CREATE OR REPLACE TABLE \S+_visit_keys`"
PAGE = r"^GET \S+/queries/\S+ .*pageToken="


def prepared(local: Any, fault: Fault, retry_sec: int) -> None:
    put_ga4(local)
    local.engine.executes = "duckdb"
    local.page = 1
    local.faults.append(fault)
    Path("visitseg.toml").write_text(f"[bigquery]\nretry_sec = {retry_sec}\n")


PASSING = {
    "500 once": Fault(INSERT, "http", status=500, reason="backendError"),
    "500 twice": Fault(INSERT, "http", status=500, reason="internalError", times=2, skip=3),
    "503 once": Fault(r"^GET \S+/datasets/", "http", status=503, reason="backendError"),
    "429 once": Fault(INSERT, "http", status=429, reason="rateLimitExceeded", skip=2),
    "connection dropped": Fault(INSERT, "drop", skip=4),
    "connection dropped at a page": Fault(PAGE, "drop"),
    "500 at a page": Fault(PAGE, "http", status=500, reason="backendError"),
    "slow page": Fault(PAGE, "slow"),
    "expired token": Fault(INSERT, "expire", skip=1),
    "expired token at a page": Fault(PAGE, "expire"),
    "job fails once by BigQuery's fault": Fault(
        CREATE_KEYS, "fail", status=500, reason="jobBackendError"
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", PASSING)
def test_what_passes_is_retried(local: Any, cli: Any, name: str) -> None:
    fault = PASSING[name]
    prepared(local, fault, retry_sec=100)
    there = cli(*WORDS)
    assert there.code == 0, there.err
    assert fault.met >= 1, "the fault was met"
    here = cli("visits", *GA4, "--input", "files/*.parquet", "--out", "here")
    assert here.code == 0, here.err
    left, right = (pq.read_table(f"{out}/visits.parquet").to_pylist() for out in ("there", "here"))
    assert left == right
    assert local.engine.datasets["shop-analytics.visitseg"].tables == {}


LASTING = {
    "500": (Fault(INSERT, "http", ALWAYS, 500, "backendError"), "went on failing"),
    "503": (Fault(INSERT, "http", ALWAYS, 503, "backendError", skip=5), "went on failing"),
    "429": (Fault(INSERT, "http", ALWAYS, 429, "rateLimitExceeded"), "no more requests"),
    "network gone": (Fault(".", "drop", ALWAYS, skip=9), "cannot be reached"),
    "network gone between pages": (Fault(PAGE, "drop", ALWAYS), "cannot be reached"),
    "token refused": (Fault(INSERT, "expire", ALWAYS), "credentials were refused"),
    "denied": (Fault(INSERT, "http", ALWAYS, 403, "accessDenied"), "may not do this"),
    "quota": (Fault(INSERT, "http", ALWAYS, 403, "quotaExceeded"), "a quota of the project"),
    "no billing": (Fault(INSERT, "http", ALWAYS, 403, "billingNotEnabled"), "no billing account"),
    "job runs out of memory midway": (
        Fault(CREATE_KEYS, "fail", ALWAYS, 400, "resourcesExceeded"),
        "more memory than BigQuery gives",
    ),
    "job cancelled midway": (Fault(CREATE_KEYS, "fail", ALWAYS, 400, "stopped"), "was cancelled"),
    "job over the limit midway": (
        Fault(CREATE_KEYS, "fail", ALWAYS, 400, "bytesBilledLimitExceeded"),
        "bill more bytes than the limit",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LASTING)
def test_what_lasts_is_told_and_nothing_is_published(
    local: Any,
    cli: Any,
    name: str,
) -> None:
    fault, told = LASTING[name]
    prepared(local, fault, retry_sec=3)
    found = cli(*WORDS)
    assert fault.met >= 1, "the fault was met"
    assert_clear_error(found, 1, told, "Nothing was published.")
    assert not Path("there").exists()
    dataset = local.engine.datasets.get("shop-analytics.visitseg")
    left = dataset.tables.values() if dataset else []
    assert all(table.expires for table in left), "what could not be dropped expires"
    if "midway" in name:
        assert not left, "what could be dropped is dropped"


def test_an_account_without_rights_is_told_at_once(local: Any, cli: Any) -> None:
    prepared(local, Fault(r"^GET \S+/datasets/", "http", ALWAYS, 403, "accessDenied"), retry_sec=3)
    found = cli(*WORDS)
    assert_clear_error(found, 1, "may not do this", "accessDenied", "docs/how-to/bigquery.md")
    assert local.executed() == []


@pytest.mark.slow
def test_two_runs_never_share_a_table(local: Any, cli: Any) -> None:
    """Two runs never share a table: names carry the run's own number."""
    put_ga4(local)
    local.engine.executes = "duckdb"
    for out in ("one", "two"):
        assert cli(*WORDS[:-1], out).code == 0
    made = [text.split("`")[1] for text in local.executed() if text.startswith("CREATE")]
    assert len(made) == len(set(made)) > 4
