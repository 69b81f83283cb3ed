"""Size and time of the report: how many bytes and elements, how long to make and to open.

    python -m benchmarks.report

Each size is a simulated GA4 export, run whole; the long one is the same segments, their mix over 90
days. `render` counts the page and every picture of `plots/`, as a run does. The page is opened in a
headless Chromium if there is one: seconds until it is loaded, and until the first paint.
"""

from __future__ import annotations

import argparse
import gzip
import math
import shutil
import statistics
import sys
import tempfile
import time
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple

TESTS = Path(__file__).resolve().parents[1] / "tests"
LIMIT = 2_000_000
"""Bytes that a report of 8 segments and 90 days may have."""

PAINT = """
new Promise((done) => {
  const told = () => {
    const [page] = performance.getEntriesByType('navigation');
    const paint = performance.getEntriesByName('first-contentful-paint')[0];
    done([page.loadEventEnd / 1000, paint ? paint.startTime / 1000 : null]);
  };
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(told, 50)));
})
"""


class Size(NamedTuple):
    """What is measured: a number of segments (None: as many as the data have) over days."""

    segments: int | None
    days: int


SIZES = (Size(None, 14), Size(12, 14), Size(8, 90))


class Elements(HTMLParser):
    """The names of a page's elements."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one, whatever it says of itself."""
        del attrs
        self.names.append(tag)


def make(size: Size, folder: Path, visits: int) -> Path:
    """Run on a simulated export; a mix over more days than are simulated is written by hand."""
    from visitseg import run
    from visitseg.simulate import simulate

    simulate(folder / "export", visits=visits, days=14)
    export = [str(folder / "export" / "events_*.parquet")]
    given: dict[str, Any] = {} if size.segments is None else {"k_final": size.segments}
    made = run(source="ga4", input=export, out=folder / "run", no_visits=True, **given).folder
    if size.days > 14:
        longer(made, size.days)
    return made


def longer(folder: Path, days: int) -> None:
    """Give a run's mix more days, each share a wave about its own."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    file, first, n_total = folder / "segment_mix.parquet", date(2026, 1, 5), 1500
    schema = pq.read_schema(file)
    centres = pq.read_table(folder / "cluster_centers.parquet").to_pylist()
    rows = []
    for day in range(days):
        for centre in centres:
            pct = centre["share"] * (1 + 0.15 * math.sin(day / 5 + centre["cluster"]))
            half = 1.96 * math.sqrt(pct * (1 - pct) / n_total)
            rows.append(
                {
                    "date_id": first + timedelta(days=day),
                    "cluster": centre["cluster"],
                    "segment_id": centre["segment_id"],
                    "n": round(pct * n_total),
                    "n_total": n_total,
                    "pct": pct,
                    "pct_low": max(pct - half, 0.0),
                    "pct_high": min(pct + half, 1.0),
                }
            )
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), file)


def timed(work: Any, rounds: int) -> float:
    """Return the median seconds of a piece of work."""
    taken = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def opened(pages: list[Path], rounds: int) -> list[tuple[float, float | None]] | None:
    """Return each page's seconds to the load event and the first paint; None without a browser."""
    if shutil.which("chromium") is None:
        return None
    sys.path.insert(0, str(TESTS))
    from chromium import chromium

    found = []
    with chromium() as browser:
        for page in pages:
            told = []
            for _ in range(rounds):
                browser.open(page)
                told.append(browser.evaluate(PAINT))
            paints = [paint for _, paint in told if paint is not None]
            load = statistics.median(load for load, _ in told)
            found.append((load, statistics.median(paints) if paints else None))
    return found


def main() -> None:
    """Print a row a size; exit 1 where the limit of 8 segments and 90 days does not hold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report", description=__doc__)
    parser.add_argument("--visits", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    from visitseg.report import page, render
    from visitseg.report.folder import read

    with tempfile.TemporaryDirectory() as base:
        folders = [make(size, Path(base) / str(i), asked.visits) for i, size in enumerate(SIZES)]
        rows = []
        for size, folder in zip(SIZES, folders, strict=True):
            drawn = timed(lambda folder=folder: render(folder), asked.rounds)
            built = timed(lambda folder=folder: page.html(read(folder)), asked.rounds)
            text = (folder / "report.html").read_bytes()
            elements = len(Elements(text.decode()).names)
            plots = sum(file.stat().st_size for file in (folder / "plots").iterdir())
            n = len(read(folder).segments)
            packed = len(gzip.compress(text, mtime=0))
            rows.append((n, size.days, len(text), packed, elements, plots, built, drawn))
        seen = opened([folder / "report.html" for folder in folders], asked.rounds)
    print(
        f"{'segments':>8}{'days':>6}{'bytes':>12}{'gzipped':>10}{'elements':>10}{'plots':>12}"
        f"{'page s':>8}{'render s':>10}{'loaded s':>10}{'painted s':>11}"
    )
    for i, (n, days, size_, packed, count, plots, built, drawn) in enumerate(rows):
        load, paint = seen[i] if seen else (None, None)
        shown = [
            f"{'-' if s is None else format(s, '.2f'):>{w}}" for s, w in ((load, 10), (paint, 11))
        ]
        print(
            f"{n:>8}{days:>6}{size_:>12,}{packed:>10,}{count:>10,}{plots:>12,}"
            f"{built:>8.2f}{drawn:>10.2f}{''.join(shown)}"
        )
    largest = max(row[2] for row in rows)
    held = largest < LIMIT
    print(f"limit: {LIMIT:,} bytes; the largest has {largest:,}: {'held' if held else 'NOT HELD'}")
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    main()
