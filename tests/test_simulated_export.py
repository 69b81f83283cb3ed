"""The ledger finds in a simulated export exactly what was planted, and the truth comes out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from visitseg.config import load_settings
from visitseg.pipeline import build_visits
from visitseg.simulate import Simulation, simulate


@pytest.fixture(scope="module", params=[(2_000, 42), (6_000, 7)], ids=str)
def export(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Simulation, Path]:
    visits, seed = request.param
    folder = tmp_path_factory.mktemp("simulated")
    simulation = simulate(folder / "export", visits=visits, days=5, seed=seed)
    flags = {
        "source": "ga360", "input": [str(path) for path in simulation.files],
        "out": folder / "out", "timezone": "America/Los_Angeles",
    }  # fmt: skip
    return simulation, build_visits(load_settings(flags, environment={})).folder


def content(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text())


def test_the_visits_are_the_planted_ones(export: tuple[Simulation, Path]) -> None:
    simulation, folder = export
    differing = duckdb.sql(
        f"""SELECT coalesce(t.visit_id, v.visit_id), t.date_id, v.date_id
            FROM '{simulation.truth}' AS t
            FULL JOIN '{folder / "visits.parquet"}' AS v USING (visit_id)
            WHERE t.date_id IS DISTINCT FROM v.date_id"""
    ).fetchall()
    assert differing == []


def test_every_planted_loss_and_note_is_named(export: tuple[Simulation, Path]) -> None:
    simulation, folder = export
    ledger = content(folder, "ledger.json")
    planted = simulation.planted
    assert {row["reason"]: row["rows"] for row in ledger["removed"]} == {
        reason: planted[reason] for reason in ("duplicate", "non_interaction", "null_id")
    }
    assert {note["reason"]: note["count"] for note in ledger["notes"]} == {
        reason: planted[reason]
        for reason in ("continuation", "merged_over_midnight", "shared_order_id")
    }


def test_nothing_is_wrong_with_it(export: tuple[Simulation, Path]) -> None:
    _, folder = export
    assert [check["name"] for check in content(folder, "checks.json") if check["rows"]] == []


def test_event_only_visits_are_kept_with_no_page(export: tuple[Simulation, Path]) -> None:
    simulation, folder = export
    found = duckdb.sql(
        f"SELECT count(*) FROM '{folder / 'visits.parquet'}' WHERE pageviews = 0 AND hits > 0"
    ).fetchall()
    assert found == [(simulation.planted["event_only"],)]


def test_days_of_the_range_hold_the_same_visits_as_in_the_whole(
    export: tuple[Simulation, Path], tmp_path: Path
) -> None:
    """A range reads one more day on each side, so a visit belongs to the day it began."""
    simulation, folder = export
    flags = {
        "source": "ga360", "input": [str(path) for path in simulation.files], "out": tmp_path / "o",
        "date_from": "20260106", "date_to": "20260108",
    }  # fmt: skip
    part = build_visits(load_settings(flags, environment={}))
    differing = duckdb.sql(
        f"""(SELECT * FROM '{folder / "visits.parquet"}'
             WHERE date_id >= '2026-01-06' AND date_id < '2026-01-08')
            EXCEPT ALL FROM '{part.folder / "visits.parquet"}'"""
    ).fetchall()
    assert differing == []
    count = duckdb.sql(f"SELECT count(*) FROM '{part.folder / 'visits.parquet'}'").fetchall()
    assert count == [(part.report["visits"],)]
    assert part.report["visits_removed"][0]["reason"] == "out_of_range"
    assert "out_of_range" in {row["reason"] for row in part.report["removed"]}
