"""Measure each stage against the floor of reading the same data.

Seconds of shared machines move; ratios of things measured in turn do not. In a round every stage of
a source runs once, each in a process of its own, the scan first. A ratio is of CPU seconds, all
threads together, to the scan of the same round; the table shows its median, and its range.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

PATTERNS = {"ga360": "ga_sessions_*.parquet", "ga4": "events_*.parquet"}
# What the visit SQL cannot do without: the nested column, and something of every element of it.
SCANS = {
    "ga360": "sum(list_sum(list_transform(hits, lambda h: h.time + length(h.page.pagePath))))",
    "ga4": "sum(list_sum(list_transform(event_params, lambda p: length(p.key) "
    "+ coalesce(length(p.value.string_value), p.value.int_value, 0))))",
}
SCAN = """
import duckdb, glob, sys
duckdb.sql(f"SELECT {sys.argv[1]} FROM read_parquet({glob.glob(sys.argv[2])})").fetchall()
"""
SIMULATE = """
import sys
from pathlib import Path
from visitseg.simulate import simulate
simulate(Path(sys.argv[1]), visits=int(sys.argv[2]), days=int(sys.argv[3]), shape=sys.argv[4])
"""
VISIT_QUERY = """
import sys
from visitseg.config import load_settings
from visitseg.visits.planning import open_and_plan
from visitseg.visits.streaming import make_tables
from visitseg.warehouse import connect
settings = load_settings({"source": sys.argv[1], "input": [sys.argv[2]]}, environment={})
warehouse = connect(settings)
opened, plan = open_and_plan(warehouse, settings)
create = lambda model: warehouse.create_table(model.name, model.sql, plan.params)
make_tables(warehouse, opened, plan, create, lambda _: None, streamed=False)
"""
READ_VISITS = """
import duckdb, sys
duckdb.sql(f"SELECT bit_xor(hash(v)) FROM '{sys.argv[1]}' AS v").fetchall()
"""


class Cost(NamedTuple):
    """What a process took: wall and CPU seconds, and its peak memory in MB."""

    wall: float
    cpu: float
    peak: int


def run(words: list[str]) -> Cost:
    """Run a process to its end."""
    begun = time.perf_counter()
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = status
    if status:
        raise SystemExit(f"failed: {' '.join(words)}")
    wall = time.perf_counter() - begun
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss // 1024)


def measure(title: str, stages: dict[str, list[str]], rounds: int) -> None:
    """Print a table of stages; the first one is the floor of the others."""
    costs: dict[str, list[Cost]] = {name: [] for name in stages}
    for words in stages.values():  # a round that warms the disk's cache, and is not counted
        run(words)
    for _ in range(rounds):
        for name, words in stages.items():
            costs[name].append(run(words))
    floor = [cost.cpu for cost in next(iter(costs.values()))]
    print(f"\n{title}")
    print(f"{'':<36}{'wall s':>8}{'CPU s':>8}{'x floor':>9}  {'range':<14}{'peak MB':>8}")
    for name, found in costs.items():
        ratios = [cost.cpu / below for cost, below in zip(found, floor, strict=True)]
        spread = f"{min(ratios):.1f} to {max(ratios):.1f}"
        print(
            f"{name:<36}{statistics.median(c.wall for c in found):>8.2f}"
            f"{statistics.median(c.cpu for c in found):>8.2f}"
            f"{statistics.median(ratios):>9.1f}  {spread:<14}{max(c.peak for c in found):>8}",
            flush=True,
        )


def measure_source(source: str, folder: Path, visits: int, days: int, rounds: int) -> None:
    """Measure an export's way from rows to segments."""
    # In a process of its own: a child's peak memory begins with its parent's.
    words = [sys.executable, "-c", SIMULATE, str(folder / source), str(visits), str(days), source]
    subprocess.run(words, check=True)
    size = sum(p.stat().st_size for p in (folder / source).glob(PATTERNS[source])) / 1e6
    pattern, out = str(folder / source / PATTERNS[source]), str(folder / f"{source}-out")
    python, cli = [sys.executable, "-c"], [sys.executable, "-m", "visitseg"]
    common = ["--source", source, "--input", pattern, "--out", out, "--quiet"]
    stages = {
        "scan of the nested column": [*python, SCAN, SCANS[source], pattern],
        "visit query (rows to visits)": [*python, VISIT_QUERY, source, pattern],
        "visits (and ledger, checks, files)": [*cli, "visits", *common],
        "visits --stream": [*cli, "visits", *common, "--stream"],
        "run (rows to report)": [*cli, "run", *common],
    }
    measure(f"{source}: {visits:,} visits, {days} day files, {size:.0f} MB", stages, rounds)
    table = str(Path(out) / "visits.parquet")
    ready = ["--source", "visits", "--input", table, "--out", f"{out}-2", "--quiet"]
    stages = {
        "scan of the visit table": [*python, READ_VISITS, table],
        "run (visit table to report)": [*cli, "run", *ready],
    }
    measure(f"{source}: the visit table of it", stages, rounds)
    given = ["--source", source, "--input", pattern, "--quiet", "--out"]
    stages = {
        "visit query (rows to visits)": [*python, VISIT_QUERY, source, pattern],
        "visits (and ledger, checks, files)": [*cli, "visits", *given, f"{out}-3"],
        "score (rows to labels)": [*cli, "score", "--model", out, *given, f"{out}-4"],
    }
    measure(f"{source}: labels with a frozen model", stages, rounds)


def main() -> None:
    """Run every benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--visits", type=int, default=200_000)
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--source", choices=list(PATTERNS), action="append")
    asked = parser.parse_args()
    measure(
        "the command itself",
        {"python -c pass": [sys.executable, "-c", "pass"],
         "visitseg --help": [sys.executable, "-m", "visitseg", "--help"]},
        asked.rounds,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        for source in asked.source or PATTERNS:
            measure_source(source, Path(folder), asked.visits, asked.days, asked.rounds)


if __name__ == "__main__":
    main()
