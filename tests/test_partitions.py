"""A visit table kept by days: a later call replaces the days it was asked for, no others."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from visitseg.config import load_settings
from visitseg.errors import InputError
from visitseg.pipeline import Run, build_visits
from visitseg.simulate import simulate

DAYS = 31  # 2026-01-05 to 2026-02-04


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("month")
    simulate(folder, visits=900, days=DAYS)
    return folder


def build(export: Path, out: Path, files: Iterable[Path] = (), **more: Any) -> Run:
    pattern = [str(file) for file in files] or [str(export / "events_*.parquet")]
    options = {"source": "ga4", "input": pattern, "out": out, "late_days": 3, **more}
    return build_visits(load_settings(options, environment={}))


def partitions(out: Path) -> dict[str, bytes]:
    files = (out / "visits").glob("date_id=*/visits.parquet")
    return {file.parent.name.removeprefix("date_id="): file.read_bytes() for file in files}


def differing(left: dict[str, bytes], right: dict[str, bytes]) -> set[str]:
    return {day for day in left.keys() | right.keys() if left.get(day) != right.get(day)}


def without(export: Path, folder: Path, late: Iterable[str]) -> Path:
    """Copy an export to a folder, without every third visitor's events of some days."""
    folder.mkdir()
    for file in sorted(export.glob("events_*.parquet")):
        table = pq.read_table(file)
        if file.stem.removeprefix("events_") in late:
            digit = pc.utf8_slice_codeunits(table["user_pseudo_id"], -1)
            there = pc.is_in(digit, pa.array(["0", "1", "2"]))
            table = table.filter(pc.invert(pc.fill_null(there, fill_value=False)))
        pq.write_table(table, folder / file.name)
    return folder


LATE = ("20260202", "20260203", "20260204")
RANGE = {"date_from": "20260204", "date_to": "20260205"}  # and three days before it


@pytest.mark.slow
def test_late_days_change_only_their_partitions(month: Path, tmp_path: Path) -> None:
    early = without(month, tmp_path / "early", LATE)
    out = tmp_path / "out"
    build(early, out)
    before = partitions(out)
    run = build(month, out, **RANGE)
    after = partitions(out)
    assert differing(before, after) == {"2026-02-02", "2026-02-03", "2026-02-04"}
    assert len(after) == DAYS
    whole = build(month, tmp_path / "whole")
    assert after == partitions(tmp_path / "whole")
    tables = [pq.read_table(folder / "visits.parquet") for folder in (out, whole.folder)]
    assert tables[0].to_pydict() == tables[1].to_pydict()
    assert (
        tables[0].num_rows
        > run.report["visits"]
        == sum(
            pq.read_metadata(out / "visits" / f"date_id={day}" / "visits.parquet").num_rows
            for day in ("2026-02-01", "2026-02-02", "2026-02-03", "2026-02-04")
        )
    )
    assert "late" not in {loss["reason"] for loss in run.report["removed"]}


def test_rows_that_come_later_than_that_are_counted(month: Path, tmp_path: Path) -> None:
    early = without(month, tmp_path / "early", ["20260120", "20260204"])
    out = tmp_path / "out"
    build(early, out)
    before = partitions(out)
    lost = pq.read_metadata(month / "events_20260120.parquet").num_rows
    lost -= pq.read_metadata(early / "events_20260120.parquet").num_rows
    assert lost > 0
    run = build(month, out, **RANGE)
    assert differing(before, partitions(out)) == {"2026-02-04"}
    removed = {loss["reason"]: loss["rows"] for loss in run.report["removed"]}
    assert removed["late"] == lost
    of_day = {day["day"]: day["removed"] for day in run.report["per_day"]}
    assert of_day["2026-01-20"]["late"] == lost
    assert "2026-01-20 (" in " ".join(run.warnings)
    assert run.report["rows_in"] == run.report["rows_used"] + sum(removed.values())


@pytest.mark.slow
def test_days_without_their_file_stay_as_they_were(month: Path, tmp_path: Path) -> None:
    """Late days whose rows are not in the input are left alone, not emptied."""
    out = tmp_path / "out"
    build(month, out)
    before = partitions(out)
    files = [month / f"events_{day}.parquet" for day in ("20260203", "20260204")]
    build(month, out, files, **RANGE)
    assert partitions(out) == before


def test_a_visit_of_a_day_that_is_kept_is_not_built_twice(tmp_path: Path) -> None:
    """An id that comes again days later belongs to its first day, which is not read again."""
    simulate(tmp_path / "export", visits=300, days=6)
    files = sorted((tmp_path / "export").glob("events_*.parquet"))
    build(tmp_path, tmp_path / "out", files, late_days=0)
    again = pq.read_table(files[0]).filter(pc.is_valid(pq.read_table(files[0])["user_pseudo_id"]))
    again = again.slice(0, 1)
    visit = pq.read_table(tmp_path / "out" / "visits.parquet")["visit_id"]
    last = pq.read_table(files[5])
    same_day = again.set_column(
        again.schema.get_field_index("event_date"), "event_date", last["event_date"].slice(0, 1)
    )
    pq.write_table(pa.concat_tables([last, same_day]), files[5])
    run = build(
        tmp_path, tmp_path / "out", files, date_from="20260110", date_to="20260111", late_days=0
    )
    assert {one["reason"]: one["visits"] for one in run.report["visits_removed"]}["late"] == 1
    assert pq.read_table(tmp_path / "out" / "visits.parquet")["visit_id"].equals(visit)


@pytest.mark.slow
def test_all_days_are_built_again_without_a_range(month: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    files = sorted(month.glob("events_2026010*.parquet"))
    build(month, out, files)
    build(month, out, files[:2])
    assert set(partitions(out)) == {"2026-01-05", "2026-01-06"}
    index = json.loads((out / "visits" / "days.json").read_text())["days"]
    rows = sum(pq.read_metadata(file).num_rows for file in files[:2])
    assert sum(day["rows"] for day in index.values()) == rows


def test_other_columns_are_not_mixed(month: Path, tmp_path: Path) -> None:
    out, contract = tmp_path / "out", tmp_path / "visits.yaml"
    files = sorted(month.glob("events_2026010*.parquet"))
    build(month, out, files)
    contract.write_text(
        "schema_version: 1\nfeatures:\n  pageviews: {}\n  hits: {}\n"
        "  deep: {visit: 'hits - pageviews', type: int}\n"
    )
    before = partitions(out)
    with pytest.raises(InputError, match="other columns") as caught:
        build(month, out, files, features=contract, date_from="20260108", date_to="20260109")
    assert "deep" in str(caught.value)
    assert partitions(out) == before
