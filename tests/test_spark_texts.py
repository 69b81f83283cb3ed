"""The Spark texts are what the script makes of the canonical ones, and nothing is left over."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("sqlglot", reason="the Spark texts are generated with sqlglot")
SCRIPT = Path(__file__).parents[1] / "scripts" / "write_spark_sql.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("write_spark_sql", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_texts_are_as_generated(script: ModuleType) -> None:
    wanted = script.texts()
    there = {p for p in script.TARGET.rglob("*.sql") if p.stem != script.HAND_WRITTEN}
    assert there == set(wanted), "run python scripts/write_spark_sql.py"
    stale = [path.name for path in wanted if path.read_text(encoding="utf-8") != wanted[path]]
    assert stale == [], "run python scripts/write_spark_sql.py"


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        (r"^[^?#]*", r"^[^?#]*"),
        (r"^(.*cp.*|ppc)$", r"(?d)^(.*cp.*|ppc)\z"),
        (r"[.,$]([0-9]{1,6})", r"[.,$]([0-9]{1,6})"),
        (r"a\.b$", r"a\.b\z"),
    ],
)
def test_patterns_mean_the_same_to_java(script: ModuleType, pattern: str, said: str) -> None:
    assert script.java(pattern) == said


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT (SELECT AVG(p.x) FROM UNNEST(e.ps) AS p) AS a FROM raw_export AS e",
        "SELECT (SELECT MAX(p.x) FROM UNNEST(e.ps) AS p GROUP BY p.y) AS a FROM raw_export AS e",
        "SELECT SAFE.PARSE_DATE('%d.%m.%Y', e.d) AS a FROM raw_export AS e",
        r"SELECT REGEXP_CONTAINS(e.d, r'(?i)x') AS a FROM raw_export AS e",
    ],
)
def test_what_is_not_proven_is_refused(script: ModuleType, sql: str) -> None:
    import sqlglot

    with pytest.raises(script.UnknownError):
        script.say(sqlglot.parse_one(sql, read="bigquery"))
