"""The documentation tells today's truth."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def reference() -> ModuleType:
    path = ROOT / "scripts" / "write_reference.py"
    spec = importlib.util.spec_from_file_location("write_reference", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["commands.md", "settings.md", "visit-table.md", "checks.md"])
def test_reference_pages_are_what_the_code_writes(name: str) -> None:
    written = (ROOT / "docs" / "reference" / name).read_text()
    assert written == reference().PAGES[name](), "run: python scripts/write_reference.py"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_every_command_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    missing = [name for name in reference().COMMANDS if f"visitseg {name}" not in readme]
    assert missing == []


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = (folder / "README.md").read_text()
    missing = [path.name for path in folder.glob("0*.md") if path.name not in listed]
    assert missing == []


def test_every_room_is_on_the_plan() -> None:
    plan = (ROOT / "docs" / "architecture.md").read_text()
    rooms = {
        path.name.removesuffix(".py")
        for path in (ROOT / "visitseg").iterdir()
        if not path.name.startswith(("_", ".")) and path.name != "py.typed"
    }
    assert {room for room in rooms if f"{room}.py" not in plan and f"{room}/" not in plan} == set()


def test_every_trap_has_the_test_that_it_names() -> None:
    page = (ROOT / "docs" / "reference" / "traps.md").read_text()
    named = set(re.findall(r"`(test_\w+)`", page))
    written = {
        name
        for path in (ROOT / "tests").glob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)
    }
    assert named <= written
    planted = {name for name in written if re.match(r"test_[fg]\d", name)}
    assert planted <= named, "a trap that is tested is on the page"
