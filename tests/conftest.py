"""Fixtures that several files share."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# As many workers as cores: the threads of one would wait for those of another.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@dataclass(frozen=True)
class Outcome:
    """What a command left: its exit code and what it printed."""

    code: int
    out: str
    err: str


REAL = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def real() -> Callable[[str], str]:
    """Return the path of a real export, or skip where there is none."""

    def path(name: str) -> str:
        file = REAL / name
        if not REAL.is_dir():
            pytest.skip(f"no real exports: {REAL} is absent")
        assert file.exists(), f"{file} is missing from the real exports"
        return str(file)

    return path


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """Return the one Spark of the lane, for tiny data: few partitions, a compiler that is quick."""
    pytest.importorskip("pyspark", reason="Spark is not installed")
    from visitseg.config import SparkSettings
    from visitseg.warehouse.spark.start import start

    quick = {
        "spark.sql.shuffle.partitions": 4,
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -Dlog4j2.level=fatal",
        "spark.log.level": "FATAL",
    }
    settings = SparkSettings(master="local[2]", conf=quick)
    session, _ = start(settings, tmp_path_factory.mktemp("spark"))
    yield session
    session.stop()


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run the command line in this process."""
    from visitseg.cli import main

    def call(*words: str, **environment: str) -> Outcome:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["visitseg", *words])
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        printed = capsys.readouterr()
        return Outcome(code, printed.out, printed.err)

    return call


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the developer's machine reaches a test."""
    from visitseg.config import option_fields

    for field in option_fields():
        if env := field.metadata.get("env"):
            monkeypatch.delenv(env, raising=False)
    monkeypatch.chdir(tmp_path)
    os.environ.setdefault("NO_COLOR", "1")


@pytest.fixture(scope="session")
def _bigquery_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    pytest.importorskip("google.cloud.bigquery", reason="the BigQuery client is not installed")
    pytest.importorskip("zetasql", reason="the GoogleSQL evaluator is not installed")
    from bigquery_local import serving

    with serving(tmp_path_factory.mktemp("bigquery")) as served:
        yield served


@pytest.fixture
def local(_bigquery_server: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An empty local BigQuery, to which the official client's environment points."""
    server, environment = _bigquery_server
    server.reset()
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GOOGLE_PROJECT_ID", "shop-analytics")
    return server
