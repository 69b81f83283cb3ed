"""The ledger finds in a simulated export exactly what was planted, and the truth comes out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from visitseg.config import load_settings
from visitseg.pipeline import Run, build_visits
from visitseg.simulate import Simulation, simulate


@pytest.fixture(
    scope="module",
    params=[("ga360", 2_000, 42), ("ga360", 6_000, 7), ("ga4", 2_000, 42), ("ga4", 6_000, 7)],
    ids=str,
)
def export(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Simulation, Path]:
    shape, visits, seed = request.param
    folder = tmp_path_factory.mktemp("simulated")
    simulation = simulate(folder / "export", visits=visits, days=5, seed=seed, shape=shape)
    return simulation, build(simulation, folder / "out", timezone="America/Los_Angeles").folder


def build(simulation: Simulation, out: Path, **options: Any) -> Run:
    source = "ga4" if simulation.files[0].name.startswith("events_") else "ga360"
    files = [str(path) for path in simulation.files]
    flags = {"source": source, "input": files, "out": out, **options}
    return build_visits(load_settings(flags, environment={}))


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
    losses = {"duplicate", "non_interaction", "null_id", "no_consent"} & set(planted)
    assert {row["reason"]: row["rows"] for row in ledger["removed"]} == {
        reason: planted[reason] for reason in losses
    }
    notes = {"continuation", "merged_over_midnight", "shared_order_id", "repeated_purchase"}
    told = {note["reason"]: note["count"] for note in ledger["notes"]}
    told.pop("bot", None)  # a rule of the contract, not planted
    assert told == {reason: planted[reason] for reason in notes & set(planted)}
    assert all(planted[reason] > 0 for reason in losses | (notes & set(planted)))


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
    part = build(simulation, tmp_path / "o", date_from="20260106", date_to="20260108")
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


def test_the_same_seed_writes_the_same_events(tmp_path: Path) -> None:
    first, again, other = (
        simulate(tmp_path / name, visits=300, days=2, seed=seed)
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert first.planted == again.planted
    for left, right in zip(first.files, again.files, strict=True):
        assert pq.read_table(left).equals(pq.read_table(right))
    assert not pq.read_table(first.files[0]).equals(pq.read_table(other.files[0]))


def test_both_shapes_hold_the_same_visits(tmp_path: Path) -> None:
    """The same draw, told twice: as many visits of each kind, with the same orders and money."""
    totals = []
    for shape in ("ga360", "ga4"):
        simulation = simulate(tmp_path / shape, visits=1_500, days=3, shape=shape)
        run = build(simulation, tmp_path / f"{shape}-out")
        totals.append(
            duckdb.sql(
                f"""SELECT kind, date_id, count(*), sum(pageviews), sum(product_views),
                    sum(add_to_carts), count(*) FILTER (transactions > 0), sum(transactions)
                    FROM '{run.folder / "visits.parquet"}' JOIN '{simulation.truth}'
                    USING (visit_id, date_id) WHERE date_id > '2026-01-05'
                    GROUP BY ALL ORDER BY ALL"""
            ).fetchall()
        )
    assert totals[0] == totals[1]
    assert len(totals[0]) > 10
