"""dbt runs a project that owns the visit table: in an environment of its own, see the Makefile."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from visitseg.cli import app
from visitseg.simulate import simulate

pytest.importorskip("dbt.adapters.duckdb", reason="dbt is not installed: make test-dbt")
pytestmark = pytest.mark.slow
PROJECT = """\
name: shop
version: "1.0"
profile: shop
flags: {send_anonymous_usage_stats: false}
vars: {visitseg_files: "export/*.parquet"}
"""
PROFILE = """\
shop:
  target: dev
  outputs:
    dev: {type: duckdb, path: shop.duckdb, threads: 1, settings: {TimeZone: UTC}}
"""


def visitseg(*words: str) -> None:
    app(list(words), standalone_mode=False)


def dbt(*words: str, **values: Any) -> tuple[int, dict[str, str], str]:
    """Run dbt; return its exit code, what it says of each model and test, and what it prints."""
    given = {f"visitseg_{name}": value for name, value in values.items()}
    results = Path("target/run_results.json")
    results.unlink(missing_ok=True)
    done = subprocess.run(
        [Path(sys.executable).with_name("dbt"), "--no-use-colors", "--warn-error", *words,
         "--profiles-dir", ".", "--vars", json.dumps(given)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    told = json.loads(results.read_text())["results"] if results.exists() else []
    status = {result["unique_id"].split(".")[2]: result["status"] for result in told}
    return done.returncode, status, done.stdout + done.stderr


def rows(sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect("shop.duckdb") as engine:
        engine.execute("SET TimeZone = 'UTC'")
        return engine.sql(sql).fetchall()


def execute(sql: str) -> None:
    with duckdb.connect("shop.duckdb") as engine:
        engine.execute(sql)


def differing(ours: str, theirs: str) -> int:
    """Count the rows that are in one of two selects only."""
    return int(
        rows(
            f"SELECT COUNT(*) FROM (({ours} EXCEPT ALL {theirs}) "
            f"UNION ALL ({theirs} EXCEPT ALL {ours}))"
        )[0][0]
    )


def project(source: Any) -> None:
    simulate(Path("export"), visits=3_000, days=4, seed=3, shape=source)
    # The truth of the simulation lies beside the days.
    for path in Path("export").glob("*.parquet"):
        if not path.name.startswith(("events_", "ga_sessions_")):
            path.unlink()
    words = ("sql", "visits", "--style", "dbt", "--source", source, "--dialect", "duckdb")
    visitseg(*words, "--out", ".")
    Path("dbt_project.yml").write_text(PROJECT)
    Path("profiles.yml").write_text(PROFILE)


def test_ga4_visits_and_labels_are_those_of_a_run() -> None:
    project("ga4")
    export = ("--source", "ga4", "--input", "export/*.parquet", "--quiet")
    visitseg("run", *export, "--out", "art", "--k-max", "6")
    words = ("sql", "score", "--style", "dbt", "--dialect", "duckdb", "--model", "art")
    visitseg(*words, "--out", ".")
    code, status, said = dbt("build")
    assert code == 0, said
    assert set(status.values()) == {"success", "pass"}
    assert len(status) > 35
    assert rows("SELECT COUNT(*) FROM visits")[0][0] > 2_000
    assert differing("FROM visits", "SELECT * FROM 'art/visits.parquet'") == 0
    labels = "SELECT visit_id, cluster, segment_id, segment FROM "
    assert differing(f"{labels} visit_labels", f"{labels} 'art/session_clusters.parquet'") == 0

    execute("UPDATE visits SET pageviews = -1 WHERE visit_id = (SELECT MIN(visit_id) FROM visits)")
    execute("INSERT INTO visits FROM visits WHERE visit_id = (SELECT MAX(visit_id) FROM visits)")
    code, status, said = dbt("test", "--select", "visits")
    assert code == 1, said
    assert {name for name, word in status.items() if word == "fail"} >= {
        "visitseg_pageviews_in_range", "unique_visits_visit_id",
    }  # fmt: skip


def test_ga360_days_are_replaced_and_no_others() -> None:
    project("ga360")
    visitseg("visits", "--source", "ga360", "--input", "export/*.parquet", "--quiet",
             "--out", "art")  # fmt: skip
    code, status, said = dbt("build")
    assert code == 0, said
    assert set(status.values()) == {"success", "pass"}
    theirs = "SELECT * FROM 'art/visits.parquet'"
    assert differing("FROM visits", theirs) == 0
    days = [day for (day,) in rows("SELECT DISTINCT date_id FROM visits ORDER BY date_id")]
    execute(f"DELETE FROM visits WHERE date_id = '{days[1]}' AND device <> 'mobile'")
    execute("UPDATE visits SET hits = 77777")
    code, _, said = dbt("run", date_from=str(days[1]), date_to=str(days[2]))
    assert code == 0, said
    of_day = f"WHERE date_id = '{days[1]}'"
    assert differing(f"FROM visits {of_day}", f"{theirs} {of_day}") == 0
    others = rows(f"SELECT COUNT(*), MIN(hits) FROM visits WHERE date_id <> '{days[1]}'")
    expected = rows(f"SELECT COUNT(*), 77777 FROM ({theirs}) WHERE date_id <> '{days[1]}'")
    assert others == expected

    code, _, said = dbt("run", date_from="2026-01-05' OR '1'='1")
    assert code != 0
    assert "visitseg_date_from must be a day" in said
