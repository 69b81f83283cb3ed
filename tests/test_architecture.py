"""The house plan, enforced: who may import whom, how large a room is, what a glance may cost."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import visitseg

PACKAGE = Path(visitseg.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

# room -> rooms of this package it may import. Everybody may import errors.
ALLOWED = {
    "errors": set(),
    "progress": set(),
    "config": set(),
    "warehouse": {"config"},
    "visits": {"config", "warehouse"},
    "segments": set(),
    "simulate": set(),
    "report": set(),
    "model": {"segments"},
    "run_folder": {"segments", "visits", "warehouse"},
    "identity": {"model", "run_folder", "segments"},
    "store": {"config", "identity", "model", "run_folder", "segments"},
    "estimator": {"identity", "model", "segments"},
    "training": {
        "config", "identity", "model", "progress", "run_folder", "segments", "visits",
    },
    "by_day": {"config", "run_folder", "visits", "warehouse"},
    "scoring": {"by_day", "config", "model", "segments", "visits"},
    "dbt": {"model", "visits", "warehouse"},
    "tracking": {"model", "run_folder"},
    "plan": {"config", "dbt", "model", "scoring", "visits", "warehouse"},
    "pipeline": {
        "by_day", "config", "model", "plan", "progress", "report", "run_folder", "scoring",
        "segments", "simulate", "training", "visits", "warehouse",
    },
    "cli": {
        "config", "dbt", "identity", "model", "pipeline", "plan", "run_folder", "scoring", "store",
    },
    "__init__": {"config", "estimator", "identity", "model", "pipeline", "scoring"},
    "__main__": {"cli"},
}  # fmt: skip
# Rooms within a room, in the order of the work: each may import those before it; "" is what lies
# beside them.
INNER = {
    "segments": ("places", "assignment", "density", "choice", "", "interpretation"),
    "report": ("wording", "charts", "", "statements", "figures", "page"),
}
# What the numeric wing must never see.
FORBIDDEN = {
    "segments": {"duckdb", "pyarrow", "pathlib", "yaml", "json"},
    "visits": {"sklearn", "scipy"},
}
# Frames and Arrow tables come in and go out here; the numbers behind it know nothing of them.
TABLES = {"arrow.py", "days.py", "frames.py", "tables.py"}


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            found.add(module)
            found |= {f"{module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_one_way(path: Path) -> None:
    own = room(path)
    assert own in ALLOWED, f"{own} is a new room: say here what it may import"
    rooms = {name.split(".")[1] for name in imports(path) if name.startswith("visitseg.")}
    rooms = {
        name for name in rooms if (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").exists()
    }
    assert rooms - {own, "errors"} <= ALLOWED[own]
    libraries = {name.split(".")[0] for name in imports(path)}
    forbidden = FORBIDDEN.get(own, set())
    assert not libraries & (forbidden - {"pyarrow"} if path.name in TABLES else forbidden)


# A room's own door looks into all of them.
WITHIN = [
    path
    for path in MODULES
    if room(path) in INNER and path.relative_to(PACKAGE).parts[1] != "__init__.py"
]


@pytest.mark.parametrize("path", WITHIN, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_rooms_within_a_room_follow_the_work(path: Path) -> None:
    order = INNER[room(path)]

    def place(parts: Sequence[str]) -> int:
        return order.index(parts[0] if parts[0] in order else "")

    _, *own = path.relative_to(PACKAGE).parts
    names = [name.split(".") for name in imports(path)]
    there = [n[2:] for n in names if n[:2] == ["visitseg", room(path)] and len(n) > 2]
    assert [".".join(parts) for parts in there if place(parts) > place(own)] == []


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_file_is_two_rooms(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 300


def test_the_glossary_says_visit() -> None:
    """`session` is never our word, except in the names that the interface fixes."""
    fixed = (
        *("session_clusters", "n_sessions", "pct_sessions", "ga_sessions"),
        # GA4's own names of its parameters and columns
        *("ga_session_id", "ga_session_number", "session_engaged", "session_traffic_source"),
        "session_start",
        # the settings of sessionisation
        *("resessionize", "[sessions]", "settings.sessions", "s.sessions", "sessions.gap_minutes"),
        *("sessions.max_hours", '"sessions"', "sessions: visitlimits"),
        # Spark's own names
        *("sparksession", "spark session", "getactivesession", "spark.sql.session.timezone"),
        # what event logs call a visit's id
        *("usersession", "domainsessionid", "sessionid", '"session"'),
    )
    offenders = []
    for path in [*MODULES, *PACKAGE.rglob("*.sql"), *PACKAGE.rglob("*.jinja")]:
        text = path.read_text().lower()
        for word in fixed:
            text = text.replace(word, "")
        if "session" in text.replace("sessionise", ""):
            offenders.append(str(path.relative_to(PACKAGE)))
    assert offenders == []


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys, visitseg.cli; "
        "print([m for m in ('duckdb', 'numpy', 'pyarrow', 'sklearn', 'altair', 'pydantic', 'rich',"
        " 'jinja2', 'yaml') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_only_who_learns_waits_for_scikit_learn() -> None:
    """`visits` and `score` do not wait for an import as long as a million events."""
    code = (
        "import sys, visitseg.pipeline, visitseg.cli.console; "
        "print([m for m in ('sklearn', 'scipy.stats', 'pandas', 'altair') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_public_names_exist_and_are_all() -> None:
    missing = [name for name in visitseg.__all__ if not hasattr(visitseg, name)]
    assert missing == []
    assert {"run", "Run", "Settings", "VisitsegError"} <= set(visitseg.__all__)


def test_every_sql_file_opens_with_its_grain_or_its_finding() -> None:
    bare = [
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.sql")
        if not path.read_text().startswith(("-- Grain: ", "-- Severity: ", "-- DuckDB text of "))
    ]
    assert bare == []
