"""Several files are one export: one that is none of its days is named, not read along."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from visitseg.errors import InputError
from visitseg.pipeline import build_visits
from visitseg.simulate import simulate


@pytest.mark.parametrize(("shape", "needed"), [("ga4", "event_name"), ("ga360", "fullVisitorId")])
def test_a_file_that_is_no_part_of_the_export_is_named(
    tmp_path: Path, shape: Any, needed: str
) -> None:
    simulate(tmp_path, visits=60, days=2, shape=shape)
    days = sorted(path for path in tmp_path.glob("*.parquet") if path.name != "truth.parquet")
    shutil.copy(tmp_path / "truth.parquet", tmp_path / "notes.parquet")
    with pytest.raises(InputError, match="2 files are no part of the export, of 4") as caught:
        build_visits(source=shape, input=[str(tmp_path / "*.parquet")], out="o")
    assert "notes.parquet: no " in str(caught.value)
    assert needed in str(caught.value)
    assert not Path("o").exists()
    found = build_visits(source=shape, input=[str(path) for path in days], out="o")
    assert found.report["visits"] > 0
