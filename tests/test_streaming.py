"""One file at a time gives what all files at once give: tables, ledger and checks."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import events_rows
import ga4_rows
import ga360_rows
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from visitseg.config import load_settings
from visitseg.pipeline import Run, build_visits
from visitseg.simulate import simulate
from visitseg.visits.ledger import read_ledger
from visitseg.visits.planning import open_and_plan
from visitseg.visits.streaming import make_tables
from visitseg.warehouse import connect

SEEDS = range(1)
MORE_SEEDS = range(1, 30)


def a_log(seed: int, *, visits: bool) -> pa.Table:
    """Make a log of a random one: its time is a timestamp, or none."""
    table = events_rows.random_log(seed, 120, visits=visits)
    at = table["time_at"]
    table = table.drop_columns(["time_at", "time_number", "time_text"]).append_column("moment", at)
    return table if visits else table.drop_columns("visit")


EVENTS = {
    "page_view": ["view"],
    "product_view": ["detail"],
    "add_to_cart": ["cart"],
    "purchase": ["buy", "pay"],
    "refund": ["back"],
}
BY_OUR_NAMES = {"timestamp": "moment", "basket": "CAST(row_hash AS VARCHAR)"}
LOG: dict[str, Any] = {"source": "events", "columns": BY_OUR_NAMES, "events": EVENTS}
RANGE = {"date_from": "20260308", "date_to": "20260310"}
SOURCES: dict[str, tuple[Callable[[int], pa.Table], dict[str, Any]]] = {
    "ga4": (lambda seed: ga4_rows.random_export(seed, 150), {"source": "ga4"}),
    "ga4, two days": (
        lambda seed: ga4_rows.random_export(seed, 150),
        {"source": "ga4", "date_from": "20210201", "date_to": "20210203"},
    ),
    "ga360": (lambda seed: ga360_rows.random_export(seed, 40), {"source": "ga360"}),
    "log with visits": (lambda seed: a_log(seed, visits=True), LOG),
    "log with visits, broken": (
        lambda seed: a_log(seed, visits=True),
        LOG | RANGE | {"resessionize": True, "timezone": "America/New_York"},
    ),
    "log by inactivity": (
        lambda seed: a_log(seed, visits=False),
        LOG | {"sessions": {"gap_minutes": 30, "max_hours": 1}},
    ),
}


def split(table: pa.Table, folder: Path, seed: int) -> str:
    """Write the rows to several files, each row to any of them; return the pattern."""
    draw = random.Random(seed)
    if "is_intraday" in table.column_names:
        table = table.drop_columns("is_intraday")
    count = draw.choice([2, 3, 5])
    places = [draw.randrange(count) for _ in range(table.num_rows)]
    folder.mkdir()
    for number in range(count):
        rows = [row for row, place in enumerate(places) if place == number]
        pq.write_table(table.take(rows), folder / f"part_{number}.parquet")
    return str(folder / "part_*.parquet")


def made(options: dict[str, Any], *, streamed: bool) -> tuple[dict[str, Any], pa.Table, pa.Table]:
    """Make the tables, without the checks: random rows need not pass them."""
    settings = load_settings(options, environment={})
    warehouse = connect(settings)
    opened, plan = open_and_plan(warehouse, settings)
    assert len(opened.parts) > 1

    def create(model: Any) -> None:
        warehouse.create_table(model.name, model.sql, plan.params)

    counts = make_tables(warehouse, opened, plan, create, lambda _: None, streamed=streamed)
    ledger = read_ledger(warehouse, counts, source=plan.source, unit="", notes=plan.notes)
    ledger.check()
    everything = [
        warehouse.query(f"SELECT * FROM {name} ORDER BY visit_id")
        for name in ("visit_keys", "visits")
    ]
    left = warehouse.query("SELECT table_name AS name FROM information_schema.tables")
    warehouse.close()
    assert set(left["name"].to_pylist()) - {"raw_export"} <= {
        "visit_sums",
        "visit_totals", "visit_purchases", "channels", "visit_keys", "visit_dimensions", "visits",
    }  # fmt: skip
    return ledger.to_dict() | {"events": counts.events}, *everything


def compare(name: str, seed: int, folder: Path) -> int:
    """Compare both ways; returns the number of visits, which a range of days may leave at 0."""
    rows, options = SOURCES[name]
    options = options | {"input": [split(rows(seed), folder / f"{seed}", seed)]}
    told, *whole = made(options, streamed=False)
    told_again, *streamed = made(options, streamed=True)
    assert told_again == told, f"seed {seed}"
    for left, right in zip(whole, streamed, strict=True):
        assert left.equals(right), f"seed {seed}"
    return int(told["visits"])


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("seed", SEEDS)
def test_rows_in_any_files_give_the_same_tables(name: str, seed: int, tmp_path: Path) -> None:
    assert compare(name, seed, tmp_path) > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", SOURCES)
def test_rows_of_many_exports_give_the_same_tables(name: str, tmp_path: Path) -> None:
    assert sum(compare(name, seed, tmp_path) for seed in MORE_SEEDS) > 0


def content(run: Run, name: str) -> Any:
    return json.loads((run.folder / name).read_text())


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["ga360", "ga4"])
def test_a_month_is_the_same_day_by_day_and_all_at_once(shape: str, tmp_path: Path) -> None:
    simulation = simulate(tmp_path / "export", visits=900, days=31, shape=shape)
    options = {"source": shape, "input": [str(path) for path in simulation.files]}
    runs = [
        build_visits(load_settings(options | more, environment={}))
        for more in ({"out": tmp_path / "whole"}, {"out": tmp_path / "days", "stream": True})
    ]
    whole, streamed = (pq.read_table(run.folder / "visits.parquet") for run in runs)
    assert whole.equals(streamed)
    for name in ("ledger.json", "checks.json"):
        assert content(runs[0], name) == content(runs[1], name)
    assert len(runs[0].report["per_day"]) == 31
    notes = {note["reason"]: note["count"] for note in runs[1].report["notes"]}
    assert notes["merged_over_midnight"] == simulation.planted["merged_over_midnight"] > 0


def test_files_of_text_are_read_one_at_a_time(tmp_path: Path) -> None:
    """A type is told from all files, a line that cannot be read is counted in any."""
    lines = [
        "who,moment,what,page",
        "1,2026-03-01 23:50:00,view,/a",
        "2,2026-03-01 10:00:00,view,/b",
    ]
    (tmp_path / "a.csv").write_text("\n".join(lines) + "\n")
    lines = [
        "who,moment,what,page",
        "1,2026-03-02 00:10:00,view,/b",
        "x,2026-03-02 09:00:00,view,/b",
    ]
    (tmp_path / "b.csv").write_text("\n".join([*lines, "1,2026-03"]) + "\n")
    options: dict[str, Any] = {
        "source": "events",
        "input": [str(tmp_path / "*.csv")],
        "columns": {"visitor": "who", "timestamp": "moment", "event": "what"},
        "events": {"page_view": ["view"]},
        "csv": {"bad_lines": "skip"},
    }
    tables = []
    for name, stream in (("whole", False), ("parts", True)):
        flags = options | {"out": tmp_path / name, "stream": stream}
        run = build_visits(load_settings(flags, environment={}))
        assert run.report["removed"] == [{"reason": "bad_line", "rows": 1}]
        tables.append(pq.read_table(run.folder / "visits.parquet"))
    assert tables[0].equals(tables[1])
    found = dict(zip(*(tables[1][c].to_pylist() for c in ("visit_id", "hits")), strict=True))
    assert sorted(found.values()) == [1, 1, 2]
