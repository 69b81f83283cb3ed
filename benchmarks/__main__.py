"""Measure each stage against the floor of reading the same data.

Seconds of shared machines move; ratios of things measured in turn do not. Every figure is the
median of `ROUNDS` rounds; in a round the floor and the stage run one after the other, each in a
process of its own.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 5

SCAN = """
import duckdb, glob, sys
duckdb.sql(f"SELECT sum(list_sum(list_transform(hits, lambda h: h.time + length(h.page.pagePath))))"
           f" FROM read_parquet({glob.glob(sys.argv[1])})").fetchall()
"""
READ_VISITS = """
import duckdb, sys
duckdb.sql(f"SELECT bit_xor(hash(v)) FROM '{sys.argv[1]}' AS v").fetchall()
"""


def seconds(*words: str) -> tuple[float, int]:
    """Return the wall time of a process and the peak memory of the largest child so far, in MB."""
    begun = time.perf_counter()
    subprocess.run(words, check=True, capture_output=True)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    return time.perf_counter() - begun, peak


def compare(name: str, stage: list[str], floor_name: str, floor: list[str]) -> None:
    """Print the median ratio of a stage to its floor."""
    seconds(*stage)
    ratios, stages = [], []
    for _ in range(ROUNDS):
        below, _ = seconds(*floor)
        above, _ = seconds(*stage)
        ratios.append(above / below)
        stages.append(above)
    spread = f"{min(ratios):.1f} to {max(ratios):.1f}"
    print(
        f"{name:<34} {statistics.median(stages):8.2f} s   {statistics.median(ratios):6.1f} x "
        f"{floor_name:<22} ({spread})",
        flush=True,
    )


def main() -> None:
    """Run every benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visits", type=int, default=200_000)
    visits = parser.parse_args().visits
    python = [sys.executable, "-c"]
    cli = [sys.executable, "-m", "visitseg"]
    with tempfile.TemporaryDirectory() as folder:
        from visitseg.simulate import simulate

        export = simulate(Path(folder) / "export", visits=visits, days=14, shape="ga360")
        glob = str(export.files[0].parent / "ga_sessions_*.parquet")
        size = sum(path.stat().st_size for path in export.files) / 1e6
        print(f"{visits:,} simulated visits, 14 day files, {size:.0f} MB; {ROUNDS} rounds\n")
        out = str(Path(folder) / "out")
        common = ["--source", "ga360", "--input", glob, "--out", out, "--quiet"]
        compare("visitseg --help", [*cli, "--help"], "python -c pass", [*python, "pass"])
        scan = [*python, SCAN, glob]
        compare(
            "visits (export → visit table)", [*cli, "visits", *common], "scan of the hits", scan
        )
        compare("run (export → report)", [*cli, "run", *common], "scan of the hits", scan)
        table = str(Path(out) / "visits.parquet")
        ready = ["--source", "visits", "--input", table, "--out", f"{out}2", "--quiet"]
        compare(
            "run (visit table → report)", [*cli, "run", *ready],
            "scan of the visits", [*python, READ_VISITS, table],
        )  # fmt: skip


if __name__ == "__main__":
    main()
