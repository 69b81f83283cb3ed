"""A run folder is whole or absent, whatever happens in between."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from visitseg.errors import InputError, OutputError
from visitseg.run_folder.files import read_manifest, write_new
from visitseg.run_folder.publish import RunFolder


def publish(out: Path, text: str) -> list[Path]:
    with RunFolder(out) as folder:
        (folder.path / "a.txt").write_text(text)
        return folder.publish()


def test_publishing_writes_the_manifest_and_returns_every_file(tmp_path: Path) -> None:
    files = publish(tmp_path / "deep" / "out", "hello")
    assert [p.name for p in files] == ["a.txt", "manifest.json"]
    digest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    assert read_manifest(tmp_path / "deep" / "out") == {"a.txt": digest}


def test_an_error_leaves_nothing_and_keeps_the_old(tmp_path: Path) -> None:
    out = tmp_path / "new" / "out"
    with pytest.raises(ZeroDivisionError), RunFolder(out) as folder:
        (folder.path / "a.txt").write_text("half")
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
    publish(out, "old")
    with pytest.raises(ZeroDivisionError), RunFolder(out) as folder:
        (folder.path / "a.txt").write_text("half")
        raise ZeroDivisionError
    assert (out / "a.txt").read_text() == "old"
    assert [p.name for p in out.parent.iterdir()] == ["out"]


def test_a_full_disk_is_an_error_in_our_words(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written") as caught, RunFolder(tmp_path / "o"):
        raise OSError(28, "No space left on device", "visits.parquet")
    assert "No space left" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_called_a_file(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="the file cannot be written") as caught:
        write_new(tmp_path / "not-there" / "visitseg.toml", "k_max = 5")
    assert "No such file" in str(caught.value)


STEPS = ("write_manifest", "rename 1", "rename 2", "rmtree")
KILL = """
import os, pathlib, shutil, sys
from visitseg.run_folder import publish
step, out = sys.argv[1], pathlib.Path(sys.argv[2])
seen = 0
def die(*_, **__):
    os.kill(os.getpid(), 9)
rename = pathlib.Path.rename
def counted(self, target):
    global seen
    seen += 1
    if step == f"rename {seen}":
        die()
    return rename(self, target)
pathlib.Path.rename = counted
if step == "write_manifest":
    publish.write_manifest = die
with publish.RunFolder(out) as folder:
    (folder.path / "a.txt").write_text("new")
    if step == "rmtree":
        shutil.rmtree = die
    folder.publish()
"""


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_the_next_run_finds_old_or_new_whole(tmp_path: Path, step: str) -> None:
    out = tmp_path / "out"
    publish(out, "old")
    done = subprocess.run([sys.executable, "-c", KILL, step, str(out)], capture_output=True)
    assert done.returncode == -9, done.stderr
    with RunFolder(out):  # any next run clears up first
        content = (out / "a.txt").read_text()
        assert content in {"old", "new"}
        assert set(read_manifest(out)) == {"a.txt"}
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_what_is_not_a_run_folder_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    with pytest.raises(OutputError, match="other content"):
        publish(tmp_path / "mine", "y")
    assert (tmp_path / "mine" / "thesis.txt").exists()


def test_a_manifest_of_another_tool_makes_no_run_folder(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    for text in (
        '{"name": "my app"}',
        '{"schema_version": 1, "files": {"app.js": "1"}}',
        "[]",
        "{",
    ):
        (site / "manifest.json").write_text(text)
        with pytest.raises(OutputError, match="other content"):
            publish(site, "y")
        assert (site / "manifest.json").read_text() == text


def test_files_that_no_run_wrote_are_not_removed(tmp_path: Path) -> None:
    out = tmp_path / "out"
    publish(out, "old")
    (out / ".DS_Store").write_text("of nobody")
    publish(out, "new")
    (out / "scores").mkdir()
    for number in range(7):
        (out / "scores" / f"{number}.parquet").write_text("labels")
    with pytest.raises(OutputError, match="no run wrote") as caught:
        publish(out, "newer")
    assert caught.value.evidence == (*(f"scores/{i}.parquet" for i in range(5)), "and 2 more")
    assert (out / "a.txt").read_text() == "new"
    assert len(list((out / "scores").iterdir())) == 7


def test_an_input_in_the_output_is_not_removed(tmp_path: Path) -> None:
    out = tmp_path / "out"
    publish(out, "old")
    for inputs in ([str(out / "a.txt")], ["elsewhere.csv", str(tmp_path / "*" / "*.txt")]):
        with (
            pytest.raises(OutputError, match="the input lies in the output") as caught,
            RunFolder(out, inputs),
        ):
            pass
        assert caught.value.evidence == (str(out / "a.txt"),)
    with RunFolder(out, [str(tmp_path / "*.txt"), "project.dataset.table", "gs://bucket/*"]):
        assert (out / "a.txt").exists()


def test_behind_a_link_the_folder_is_replaced_and_the_link_stays(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    link = tmp_path / "artifacts"
    link.symlink_to(tmp_path / "data" / "run")  # not there yet
    publish(link, "old")
    publish(link, "new")
    assert link.is_symlink()
    assert (tmp_path / "data" / "run" / "a.txt").read_text() == "new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["artifacts", "data"]
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["run"]


def test_a_live_neighbour_is_left_alone(tmp_path: Path) -> None:
    neighbour = tmp_path / f".out.staging-{os.getppid()}"
    neighbour.mkdir()
    publish(tmp_path / "out", "x")
    assert neighbour.is_dir()


def test_reading_what_is_no_run_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a run folder"):
        read_manifest(tmp_path)
    (tmp_path / "manifest.json").write_text(json.dumps([]))
    with pytest.raises(InputError, match="not a run folder"):
        read_manifest(tmp_path)
