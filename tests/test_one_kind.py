"""Visits without structure: K = 1 is an answer, and everything comes out whole."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from report_folder import page_of

from benchmarks.quality.families import Kind, visits_of

N, DAYS = 1500, 10


def one_cloud() -> dict[str, Any]:
    """Visits of one kind over ten days, and one that none of the others resembles."""
    columns = visits_of(np.random.default_rng(5), Kind(12, 30, 1.5, 0.8, 0.25), N)
    for name, far in (("pageviews", 4000.0), ("unique_pages", 2.0), ("time_on_site_sec", 5.0)):
        columns[name][0] = far
    columns["hits"][0] = 90_000.0
    counts = ("pageviews", "hits", "unique_pages", "transactions")
    return {
        "visit_id": [f"v{i:05}" for i in range(N)],
        "date_id": np.datetime64("2026-01-01", "D") + np.arange(N) * DAYS // N,
        **{name: columns[name].astype(np.int64) for name in counts},
        **{name: columns[name] for name in ("time_on_site_sec", "transaction_revenue")},
    }


@pytest.fixture
def table() -> str:
    pq.write_table(pa.table(one_cloud()), "visits.parquet")
    return "visits.parquet"


def rows(sql: str) -> list[Any]:
    return duckdb.sql(sql).fetchall()


@pytest.mark.slow
def test_a_run_without_segments_is_whole_and_its_model_scores(cli: Any, table: str) -> None:
    found = cli("run", "--source", "visits", "--input", table, "--out", "o")
    assert found.code == 0, found.err
    report = json.loads(Path("o/model_report.json").read_text())
    assert (report["k_final"], report["grade"]) == (1, "none")
    learnt = json.loads(Path("o/model.json").read_text())["training"]
    assert (learnt["source"], learnt["n_visits"]) == ("visits", N)
    decision = report["decision"]
    assert decision["rule_segments"] == {}
    assert "the visits are one continuum" in decision["text"]
    assert "beyond the rules" not in decision["text"]
    assert rows("SELECT cluster, segment_id, kind, COUNT(*) FROM 'o/session_clusters.parquet' "
                "GROUP BY ALL") == [(0, "s1", "rest", N)]  # fmt: skip
    assert rows("SELECT COUNT(*), MIN(pct), MAX(pct) FROM 'o/segment_mix.parquet'") == [
        (DAYS, 1.0, 1.0)
    ]
    page = Path("o/report.html").read_text()
    assert "We found no groups." in page
    assert "NaN" not in page
    assert cli("score", "--model", "o/model.json", "--source", "visits", "--input", table,
               "--out", "labels").code == 0  # fmt: skip
    assert rows("SELECT visit_id, cluster FROM 'o/session_clusters.parquet' EXCEPT "
                "SELECT visit_id, cluster FROM 'labels/**/*.parquet'") == []  # fmt: skip


@pytest.mark.slow
def test_a_visit_outside_the_model_is_left_out_only_if_asked(cli: Any, table: str) -> None:
    words = ("run", "--source", "visits", "--input", table, "--out", "o")
    assert cli(*words, "--unassigned").code == 0
    outside = rows(
        "SELECT visit_id, segment_id, segment FROM 'o/session_clusters.parquet' WHERE cluster = -1"
    )
    assert outside == [("v00000", None, None)]


@pytest.mark.parametrize("n", [1, 500])
def test_visits_that_do_not_differ_are_not_cut(cli: Any, n: int) -> None:
    rows = [f"v{i},2026-01-0{1 + i % 5},5,100" for i in range(n)]
    Path("same.csv").write_text(
        "\n".join(["visit_id,date_id,pageviews,time_on_site_sec", *rows]) + "\n"
    )
    found = cli("run", "--source", "visits", "--input", "same.csv", "--out", "o")
    assert found.code == 0, found.err
    report = json.loads(Path("o/model_report.json").read_text())
    assert (report["k_final"], report["grade"]) == (1, "none")
    text = report["decision"]["text"]
    assert text == "K = 1; the visits do not differ, so there is nothing to cut."
    assert f"{n} visit{'s' if n > 1 else ''} from {n} visit row" in found.err
    page = page_of(Path("o")).text
    assert "There is nothing to cut." in page
    assert "Hits used" not in page
    scored = cli("score", "--model", "o/model.json", "--source", "visits", "--input", "same.csv",
                 "--out", "labels")  # fmt: skip
    assert f"{min(n, 5)} day{'s' if n > 1 else ''} labelled by model" in scored.out
    for plural in ("1 visits", "1 visit rows", "1 rows", "1 days"):
        assert not re.search(rf"\b{plural}", page + found.err + scored.out + scored.err), plural


def test_where_every_visit_meets_a_rule_no_cut_is_spoken_of(cli: Any) -> None:
    rows = [f"v{i},{2 + i % 7},1,{20 + i}" for i in range(60)]
    head = "visit_id,pageviews,transactions,transaction_revenue"
    Path("bought.csv").write_text("\n".join([head, *rows]) + "\n")
    assert cli("run", "--source", "visits", "--input", "bought.csv", "--out", "o").code == 0
    page = page_of(Path("o")).text
    assert "Every visit meets a rule." in page
    for untrue in ("no gap to cut at", "came back in every test", "groups beyond the rules"):
        assert untrue not in page
