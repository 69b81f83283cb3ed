"""A memory limit is kept, or the command says what to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from visitseg.config import load_settings
from visitseg.errors import ConfigError, VisitsegError
from visitseg.warehouse import connect
from visitseg.warehouse.duckdb import DuckDBWarehouse

SORT = """
import sys
from pathlib import Path
from visitseg.warehouse.duckdb import DuckDBWarehouse
warehouse = DuckDBWarehouse(Path(sys.argv[1]), sys.argv[2])
texts = "SELECT hash(range) AS h, repeat(range::VARCHAR, 10) AS t FROM range(5_000_000)"
warehouse.create_table("sorted", f"SELECT * FROM ({texts}) ORDER BY h")
warehouse.close()
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM:"))
print(int(peak.split()[1]) // 1024)
"""


def peak_mb(folder: Path, limit: str) -> int:
    folder.mkdir()
    words = [sys.executable, "-c", SORT, str(folder), limit]
    return int(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc")
def test_what_does_not_fit_goes_to_disk(tmp_path: Path) -> None:
    """The limit is of the engine's buffers; the interpreter and its libraries come on top."""
    wide, narrow = peak_mb(tmp_path / "a", "4GB"), peak_mb(tmp_path / "b", "200MB")
    assert wide > 600
    assert narrow < 200 + 200


def test_a_limit_that_is_too_small_says_what_to_do() -> None:
    warehouse = DuckDBWarehouse(None, "20MB", threads=1)
    with pytest.raises(VisitsegError, match="ran out of memory") as caught:
        warehouse.query("SELECT list(range::VARCHAR || '-----------------') FROM range(5_000_000)")
    warehouse.close()
    assert "--stream" in str(caught.value)
    assert "--memory-limit" in str(caught.value)


def test_a_limit_must_be_a_size() -> None:
    settings = load_settings({"memory_limit": "much"}, environment={})
    with pytest.raises(ConfigError, match="no size of memory"):
        connect(settings)


def test_threads_are_counted_from_one() -> None:
    with pytest.raises(ConfigError, match="threads = 0"):
        load_settings({"threads": 0}, environment={})
