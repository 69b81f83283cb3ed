"""The whole run on BigQuery and on DuckDB: the same visits, ledger, model numbers and labels."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from test_bigquery import BIGQUERY, EXPORT, same

from visitseg.simulate import simulate

pytest.importorskip("google.cloud.bigquery", reason="the BigQuery client is not installed")
pytest.importorskip("zetasql", reason="the GoogleSQL evaluator is not installed")

TABLES = (
    *("session_clusters.parquet", "cluster_centers.parquet", "k_diagnostics.parquet"),
    "segment_mix.parquet",
)


def same_run(one: Path, other: Path) -> None:
    """Compare two run folders to the last bit of every number."""
    same(one, other)
    for name in TABLES:
        left, right = (pq.read_table(folder / name) for folder in (one, other))
        assert left.equals(right), name
    models = [json.loads((folder / "model.json").read_text()) for folder in (one, other)]
    for model in models:
        for when in ("trained_utc", "created_utc", "run_utc"):
            model.pop(when, None)
    assert models[0] == models[1]
    reports = [json.loads((f / "model_report.json").read_text()) for f in (one, other)]
    assert reports[0]["fingerprint"] == reports[1]["fingerprint"]
    assert reports[0]["decision"] == reports[1]["decision"]


@pytest.mark.slow
@pytest.mark.parametrize("executes", ["duckdb", "google"])
def test_fourteen_simulated_days_of_ga4(local: Any, cli: Any, executes: str) -> None:
    """DuckDB's texts on many visits; the evaluator, which is slow, on few."""
    simulate(Path("export"), visits=3000 if executes == "duckdb" else 250, seed=7)
    files = sorted(Path("export").glob("events_*.parquet"))
    assert len(files) == 14
    for file in files:
        local.engine.add(f"{EXPORT.removesuffix('events_*')}{file.stem}", pq.read_table(file))
    local.engine.executes = executes
    local.page = 1000
    command = "run" if executes == "duckdb" else "visits"
    there = cli(command, "--source", "ga4", "--input", EXPORT, *BIGQUERY, "--out", "there")
    here = cli(command, "--source", "ga4", "--input", "export/events_*.parquet", "--out", "here")
    assert (there.code, here.code) == (0, 0), there.err + here.err
    (same_run if command == "run" else same)(Path("there"), Path("here"))
    assert local.engine.by[executes] > 0


@pytest.mark.slow
def test_the_real_day_of_ga360(
    local: Any,
    cli: Any,
    real: Callable[[str], str],
) -> None:
    file = real("ga360/ga_sessions_20170801.parquet")
    table = "bigquery-public-data.google_analytics_sample.ga_sessions_20170801"
    local.engine.add(table, pq.read_table(file))
    local.engine.executes = "duckdb"
    pattern = table.replace("20170801", "*")
    there = cli("run", "--source", "ga360", "--input", pattern, *BIGQUERY, "--out", "there")
    here = cli("run", "--source", "ga360", "--input", file, "--out", "here")
    assert (there.code, here.code) == (0, 0), there.err + here.err
    same_run(Path("there"), Path("here"))
