"""Peak memory of our own process while labels leave BigQuery: the same for 1 and 10 million visits.

    make soak            # or: python -m benchmarks.soak 1000000 10000000

The tests' local server runs in a process of its own and answers with as many labels as it is asked
for. The measured process does what `score` does with them: it has the official client fetch them
page by page, writes them as they come, and cuts them into a file a day.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

TESTS = Path(__file__).resolve().parents[1] / "tests"
PAGE, DAYS = 50_000, 30
ALLOWED = 1.20


class Labels:
    """Labels of n visits, in the order of days; every page is made when it is asked for."""

    def __init__(self, n: int) -> None:
        import pyarrow as pa

        from visitseg.by_day.labels import SCHEMA

        self.num_rows, self.nbytes = n, 0
        # BigQuery's integers have 64 bits.
        wide = [
            pa.field(f.name, pa.int64() if pa.types.is_int32(f.type) else f.type) for f in SCHEMA
        ]
        self.schema = pa.schema(wide)

    def slice(self, first: int, count: int) -> Any:
        import datetime as dt

        import pyarrow as pa

        numbers = range(first, min(first + count, self.num_rows))
        start = dt.date(2026, 1, 1)
        values: dict[str, Any] = {
            "visit_id": [f"{i:020d}|{1_700_000_000 + i}" for i in numbers],
            "date_id": [start + dt.timedelta(days=i * DAYS // self.num_rows) for i in numbers],
            "cluster": [i % 6 for i in numbers],
            "segment_id": [f"s{i % 6 + 1}" for i in numbers],
            "segment": [f"Segment {i % 6 + 1}" for i in numbers],
            "kind": ["distinct"] * len(numbers),
            "distance": [i / 7 for i in numbers],
            "margin": [i / 11 for i in numbers],
            "model_version": ["0001"] * len(numbers),
        }
        return pa.table({f.name: pa.array(values[f.name], f.type) for f in self.schema})


def serve(n: int, folder: str) -> None:
    """Answer every query with n labels."""
    sys.path.insert(0, str(TESTS))
    from bigquery_engine import Dataset, Outcome, Table
    from bigquery_local import serving
    from bigquery_server import LocalBigQuery

    labels: Any = Labels(n)
    engine: Any = SimpleNamespace(
        dataset=lambda _: Dataset(),
        table=lambda _: Table(labels),
        schema=lambda *_: labels.schema,
        bytes=lambda *_: 0,
        execute=lambda *_: Outcome(labels, 0),
    )
    with serving(Path(folder), LocalBigQuery(engine=engine, page=PAGE)) as (_, environment):
        print(json.dumps(environment), flush=True)
        sys.stdin.read()


def measured() -> None:
    """Fetch, write and cut the labels; print how many there were and the peak in MB."""
    import pyarrow.parquet as pq

    from visitseg.by_day.labels import LabelFolder
    from visitseg.config import Settings
    from visitseg.warehouse import connect

    settings = Settings(warehouse="bigquery", google_project_id="shop-analytics")
    warehouse = connect(settings)
    warehouse.open_input(["shop-analytics.kept.labels"], None, settings.csv)
    with LabelFolder(Path("scores")) as folder:
        labels = folder.path / "labels.parquet"
        warehouse.write_parquet("SELECT * FROM raw_export ORDER BY date_id", labels)
        days = folder.split(labels)
        n = pq.ParquetFile(labels).metadata.num_rows
    assert sum(sum(day.values()) for day in days.values()) == n
    print(n, len(days), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


def peak(n: int) -> int:
    """Return the peak memory in MB of the process that labels n visits."""
    me = [sys.executable, "-m", "benchmarks.soak"]
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            [*me, "serve", str(n), folder],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert server.stdout is not None
            environment = json.loads(server.stdout.readline())
            path = os.pathsep.join([str(TESTS.parent), os.environ.get("PYTHONPATH", "")])
            done = subprocess.run(
                [*me, "measured"], check=True, capture_output=True, text=True, cwd=folder,
                env={**os.environ, **environment, "PYTHONPATH": path},
            )  # fmt: skip
        finally:
            server.communicate("")
    rows, days, mb = map(int, done.stdout.split())
    print(f"{rows:>12,} visits, {days} days: peak {mb:,} MB", flush=True)
    assert rows == n
    return mb


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve", n, folder]:
            serve(int(n), folder)
        case ["measured"]:
            measured()
        case sizes:
            peaks = [peak(int(n)) for n in sizes or ("1000000", "10000000")]
            grown = max(peaks) / peaks[0]
            print(f"grown by {grown - 1:.0%}, allowed {ALLOWED - 1:.0%}")
            sys.exit(grown > ALLOWED)
