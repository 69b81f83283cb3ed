"""Every block of code in the README and docs/ is tried: executed, planned, or at least parsed.

Blocks of a shell or of Python are of three kinds.

- Executed: those of the pages in EXECUTED, in order, in one folder with a small simulated export.
- Planned: those of the pages in PLANNED; ``run`` is given ``--dry-run``, and the page's settings
  where it shows some; the other commands, which need what ``run`` would have written, are parsed.
- Parsed: those that need what a test has not, by NEEDS; their commands and options must exist.

A block that is none of these fails the fast test, as does a fence in an unknown language.
"""

from __future__ import annotations

import ast
import importlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as csv
import pytest
import typer.main
import yaml

from visitseg.cli import app
from visitseg.run_folder.files import write_manifest
from visitseg.simulate import simulate

ROOT = Path(__file__).resolve().parents[1]
PAGES = ["README.md", *sorted(str(p.relative_to(ROOT)) for p in ROOT.glob("docs/**/*.md"))]

EXECUTED = [
    "docs/tutorial.md",
    "docs/how-to/schedule.md",
    "docs/how-to/activate.md",
    "docs/how-to/score-in-sql.md",
    "docs/how-to/many-days.md",
    "docs/how-to/privacy-review.md",
]
PLANNED = [
    "docs/how-to/bring-your-own-table.md",
    "docs/how-to/choose-k.md",
    "docs/how-to/event-log.md",
    "docs/how-to/ga4.md",
    "docs/how-to/rename-segments.md",
    "docs/how-to/score-daily.md",
]
NEEDS = {  # what is in a block -> why it is only parsed
    "pip install": "a network",
    "make ": "an environment of its own",
    "gcloud ": "an account",
    "dbt ": "dbt, which has a lane of its own",
    "--warehouse bigquery": "an account",
    "--warehouse spark": "Spark",
    "--open": "a browser",
    "date -d yesterday +%Y%m%d) --date-to": "an export of yesterday",
    "…": "what the reader puts there",
    "--force": "a run that the gate refused",
    "--out jan": "an export of two months",
    "mlflow": "MLflow, which has a lane of its own",
    "visitseg.tracking": "MLflow, which has a lane of its own",
    "adbc_driver_postgresql": "a database",
}
SHELL, DATA = {"sh", "console"}, {"toml", "yaml", "json", "sql", "text"}
PROGRAMS = ("visitseg ", "make ", "pip ")  # of a fence without a language, in the README
ARGUMENTS = {"daily.sh": "20260115", "weekly.sh": "20260119"}


@dataclass(frozen=True)
class Block:
    page: str
    line: int
    language: str
    text: str
    script: str | None  # the file that the heading above says it is

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def runs(self) -> bool:
        return self.language in SHELL or self.language == "python"

    @property
    def needs(self) -> str | None:
        return next((why for what, why in NEEDS.items() if what in self.text), None)

    @property
    def commands(self) -> str:
        """What a shell would be given: in a console, the lines after a prompt."""
        if self.language != "console":
            return self.text
        return "\n".join(s[2:] for s in self.text.splitlines() if s.startswith("$ "))


def blocks(page: str) -> list[Block]:
    found, heading = [], ""
    lines = iter(enumerate((ROOT / page).read_text().splitlines(), 1))
    for number, line in lines:
        if line.startswith("#"):
            heading = line
        if not (fence := re.fullmatch(r"( *)```(\S*).*", line)):
            continue
        body = []
        for _, inner in lines:
            if inner.strip() == "```":
                break
            body.append(inner.removeprefix(fence[1]))
        else:
            raise AssertionError(f"{page}:{number}: a fence without an end")
        language = fence[2]
        if not language and page == "README.md":
            language = "sh" if body[0].startswith(PROGRAMS) else "text"
        script = re.search(r"`(\w+\.sh)`", heading)
        found.append(Block(page, number, language, "\n".join(body), script[1] if script else None))
    return found


ALL = [block for page in PAGES for block in blocks(page)]


def visitseg_commands(block: Block) -> list[list[str]]:
    """The words of each call of visitseg in a block of a shell."""
    text = re.sub(r"\\\n\s*", " ", block.commands)
    text = re.sub(r"\$\((?:[^()]|\([^()]*\))*\)", "20260101", text).replace("…", "")
    found = []
    for line in text.splitlines():
        call = re.match(r"\s*(?:\w+=\S* )*(?:flock .* )?visitseg (.*)", line)
        if call:
            words = shlex.split(call[1], comments=True)
            found.append(["20260101" if w in ("$from", "$to", "$day") else w for w in words])
    return found


def accept(words: list[str]) -> None:
    """Let the command line parse the words; it raises what a user would see."""
    command, name = typer.main.get_command(app), "visitseg"
    while hasattr(command, "commands"):
        assert words[0] in command.commands, f"no such command: {name} {words[0]}"
        name, command, words = f"{name} {words[0]}", command.commands[words[0]], words[1:]
    command.make_context(name, list(words))


def test_every_fence_has_a_language_that_is_known() -> None:
    unknown = [f"{b} {b.language!r}" for b in ALL if not b.runs and b.language not in DATA]
    assert unknown == []


def test_every_block_that_could_run_is_executed_planned_or_has_a_reason() -> None:
    tried = {*EXECUTED, *PLANNED}
    left = [str(b) for b in ALL if b.runs and b.page not in tried and b.needs is None]
    assert left == [], "put the page into EXECUTED or PLANNED, or say in NEEDS what is missing"
    empty = [p for p in tried if not any(b.runs and b.needs is None for b in blocks(p))]
    assert empty == [], "nothing on the page is tried"
    unused = [what for what in NEEDS if not any(what in b.text for b in ALL if b.runs)]
    assert unused == [], "a reason that no block has"


@pytest.mark.parametrize("block", [b for b in ALL if b.runs], ids=str)
def test_commands_and_options_exist(block: Block) -> None:
    if block.language == "python":
        for node in ast.walk(ast.parse(block.text)):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("visitseg"):
                module = importlib.import_module(str(node.module))
                assert [a.name for a in node.names if not hasattr(module, a.name)] == []
        return
    subprocess.run(["bash", "-n"], input=block.commands, text=True, check=True)
    for words in visitseg_commands(block):
        accept(words)
    targets = re.findall(r"^make ([\w-]+)", block.commands, re.MULTILINE)
    makefile = (ROOT / "Makefile").read_text()
    assert [t for t in targets if f"\n{t}:" not in makefile] == []


def test_an_option_that_does_not_exist_is_found() -> None:
    text = "FOO=1 visitseg run --source ga4 \\\n  --imput x  # no\nvisitseg models promot x"
    first, second = visitseg_commands(Block("page", 1, "sh", text, None))
    assert first == ["run", "--source", "ga4", "--imput", "x"]
    with pytest.raises(Exception, match="--imput"):
        accept(first)
    with pytest.raises(AssertionError, match="promot"):
        accept(second)
    with pytest.raises(Exception, match="ga5"):
        accept(["run", "--source", "ga5"])


@pytest.mark.parametrize("block", [b for b in ALL if b.language in DATA], ids=str)
def test_data_can_be_read(block: Block) -> None:
    if block.language == "toml":
        tomllib.loads(block.text)
    elif block.language == "yaml":
        yaml.safe_load(block.text)
    elif block.language == "json" and not block.text.startswith("POST "):
        json.loads(block.text)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder as the pages have it: a simulated export, a log, and visitseg on the path."""
    export = simulate(tmp_path / "artifacts" / "export", visits=1200)
    (tmp_path / "export").mkdir()
    for file in export.files:
        shutil.copy(file, tmp_path / "export")
    day = simulate(tmp_path / "ga360", visits=200, days=1, shape="ga360")
    shutil.copy(day.files[0], tmp_path / "day.parquet")
    (tmp_path / "log").mkdir()
    row = {"user_id": "a", "event_time": "2026-01-05 10:00:00", "event_type": "view"}
    row |= {"user_session": "1", "product_id": "p1", "price": "9.5"}
    csv.write_csv(pa.Table.from_pylist([row]), tmp_path / "log" / "1.csv")
    for name, more in (("real", ""), ("plan", '[ "$1" = run ] || exit 0\nset -- "$@" --dry-run\n')):
        program = tmp_path / name / "visitseg"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\n{more}exec "{sys.executable}" -m visitseg "$@"\n')
        program.chmod(0o755)
    return tmp_path


def execute(block: Block, shop: Path, programs: str) -> None:
    environment = {
        **os.environ,
        "PATH": f"{shop / programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }
    script = shop / (block.script or "block.sh")
    script.write_text(block.commands)
    words = ["bash", "-e", script.name, *([ARGUMENTS[script.name]] if block.script else [])]
    if block.language == "python":
        words = [sys.executable, script.name]
    done = subprocess.run(words, cwd=shop, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{block}\n{block.text}\n{done.stdout}\n{done.stderr}"


@pytest.mark.slow
def test_blocks_do_what_the_pages_say(shop: Path) -> None:
    for page in EXECUTED:
        for block in blocks(page):
            if block.runs and block.needs is None:
                execute(block, shop, "real")
        if page == "docs/tutorial.md":  # later pages have their run in the folder of the default
            shutil.copytree(shop / "runs" / "second", shop / "artifacts", dirs_exist_ok=True)
            write_manifest(shop / "artifacts")  # as `visitseg demo`, whose export is its own
    assert (shop / "models" / "current").read_text().strip() != ""
    assert (shop / "runs" / "second" / "changes.md").exists()
    assert (shop / "scores" / "labels" / "date_id=2026-01-14" / "labels.parquet").exists()
    assert (shop / "changed.csv").exists()
    for page in PLANNED:
        for block in blocks(page):
            if block.language == "toml" and block.text.startswith("source = "):
                (shop / "visitseg.toml").write_text(block.text)
            if block.runs and block.needs is None:
                execute(block, shop, "plan")
