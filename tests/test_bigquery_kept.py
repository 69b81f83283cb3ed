"""Tables that stay in BigQuery: visits and labels, by day, replaced whole in one statement."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from test_bigquery import BIGQUERY, EXPORT

from visitseg.simulate import simulate

pytest.importorskip("google.cloud.bigquery", reason="the BigQuery client is not installed")
pytest.importorskip("zetasql", reason="the GoogleSQL evaluator is not installed")


@pytest.mark.slow
def test_visits_and_labels_stay_by_day_and_a_second_time_changes_nothing(
    local: Any,
    cli: Any,
) -> None:
    simulate(Path("export"), visits=600, seed=7)
    for file in sorted(Path("export").glob("events_*.parquet")):
        local.engine.add(f"{EXPORT.removesuffix('events_*')}{file.stem}", pq.read_table(file))
    local.engine.executes = "duckdb"
    local.engine.add("shop-analytics.kept.other", pq.read_table(file).slice(0, 1))
    Path("visitseg.toml").write_text('[bigquery]\ndestination = "shop-analytics.kept"\n')
    source = ("--source", "ga4", "--input", EXPORT, *BIGQUERY)
    found = cli("run", *source, "--out", "a")
    assert found.code == 0, found.err
    files = ("--source", "ga4", "--input", "export/events_*.parquet")
    tables = local.engine.datasets["shop-analytics.kept"].tables
    visits = pq.read_table("a/visits.parquet")
    assert sorted(map(str, tables["visits"].content.to_pylist())) == sorted(
        map(str, visits.to_pylist())
    )
    assert "PARTITION BY date_id" in tables["visits"].parts
    assert "CLUSTER BY visit_id" in tables["visits"].parts
    assert "require_partition_filter = TRUE" in tables["visits"].parts
    for _ in range(2):
        found = cli("score", "--model", "a", *source, "--out", "there")
        assert found.code == 0, found.err
    assert "days of shop-analytics.kept.visit_labels replaced" in found.err
    assert cli("score", "--model", "a", *files, "--out", "here").code == 0
    parts = sorted(Path("here/labels").glob("*/labels.parquet"))
    assert len(parts) == 14
    labels = [row for part in parts for row in pq.ParquetFile(part).read().to_pylist()]
    for part in parts:
        there = Path("there") / part.relative_to("here")
        assert pq.ParquetFile(there).read().equals(pq.ParquetFile(part).read()), part
    kept = {row["visit_id"]: row for row in tables["visit_labels"].content.to_pylist()}
    assert len(kept) == tables["visit_labels"].content.num_rows == len(labels)
    for row in labels:
        assert {name: row[name] for name in kept[row["visit_id"]]} == kept[row["visit_id"]]
    assert set(tables) == {"other", "visits", "visit_labels"}, "nothing else is left"
