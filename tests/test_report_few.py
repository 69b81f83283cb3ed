"""The report of few visits: what does not come back is said, single visits are not described."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from visitseg.pipeline import demo
from visitseg.report import verdict, words
from visitseg.report.folder import RunFolder, read

Change = Callable[..., RunFolder]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo(tmp_path_factory.mktemp("few") / "run", visits=200).folder


@pytest.fixture
def changed(made: Path, tmp_path: Path) -> Change:
    """A copy of the run with other values in one JSON file."""

    def change(name: str, **values: Any) -> RunFolder:
        folder = tmp_path / "changed"
        if not folder.exists():
            shutil.copytree(made, folder)
        file = folder / name
        content = json.loads(file.read_text())
        file.write_text(json.dumps(content | values))
        return read(folder)

    return change


def how_sure(run: RunFolder) -> tuple[str, str]:
    head, text = verdict.how_sure(run) or ("", "")
    return head, text.replace(words.NBSP, " ")


def with_overlaps(changed: Change, made: Path, first: float, others: float) -> RunFolder:
    """The run, its segments beyond the rules overlapping so much with themselves."""
    rows = json.loads((made / "profiles.json").read_text())["segments"]
    beyond = [row for row in rows if row["kind"] == "distinct"]
    for i, row in enumerate(beyond):
        row["jaccard"] = others if i else first
    return changed("profiles.json", segments=rows)


@pytest.mark.parametrize(
    ("again", "head", "said"),
    [
        (0.86, "Real groups.", "gives the same groups, 86 % the same or more."),
        (0.80, "Real groups.", "least sure are {}, 80 % the same, which is enough to use them."),
        (0.11, "Groups with gaps, not all of them sure.",
         "most groups come back, but not {} (11 % the same): do not build on this group."),
    ],
)  # fmt: skip
def test_a_group_that_does_not_come_back_is_not_said_to(
    made: Path, changed: Change, again: float, head: str, said: str
) -> None:
    run = with_overlaps(changed, made, again, 0.95)
    weakest = min(run.beyond, key=lambda s: s.profile["jaccard"])
    found = how_sure(run)
    assert found[0] == head
    assert said.format(weakest.name) in found[1]
    assert ("the same groups" in found[1]) == (again > 0.75)


def test_where_nothing_comes_back_there_is_nothing_to_build_on(made: Path, changed: Change) -> None:
    run = with_overlaps(changed, made, 0.3, 0.4)
    assert "the other groups come back, but not " in how_sure(run)[1]
    rows = [row | {"jaccard": 0.3} for row in run.profiles["segments"]]
    changed("profiles.json", segments=rows)
    text = how_sure(changed("explorer.json", rules={}))[1]
    assert "they do not come back" in text
    assert "Do not build on them." in text
