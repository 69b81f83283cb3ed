"""Run folders that try the report: few days, many days, one segment, twelve, strange names."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from visitseg import run
from visitseg.report import render

HOSTILE = "<script>alert('x')</script>"
JAPANESE = "じっくり比較検討してから離脱する閲覧者のグループ"
ARABIC = "زوار يتصفحون الصفحات بسرعة ثم يغادرون"


def copy_of(made: Path, folder: Path) -> Path:
    shutil.copytree(made, folder)
    return folder


def with_days(made: Path, folder: Path, days: int) -> Path:
    """The same segments, their mix over another number of days."""
    copy_of(made, folder)
    table = pq.read_table(folder / "cluster_centers.parquet")
    first, n_total = date(2025, 1, 1), 500
    rows = []
    for day in range(days):
        for cluster, (id_, share) in enumerate(
            zip(table["segment_id"].to_pylist(), table["share"].to_pylist(), strict=True)
        ):
            pct = share * (1 + 0.15 * math.sin(day / 9 + cluster))
            half = 1.96 * math.sqrt(pct * (1 - pct) / n_total)
            rows.append(
                {
                    "date_id": first + timedelta(days=day), "cluster": cluster, "segment_id": id_,
                    "n": round(pct * n_total), "n_total": n_total, "pct": pct,
                    "pct_low": max(pct - half, 0.0), "pct_high": min(pct + half, 1.0),
                }
            )  # fmt: skip
    pq.write_table(pa.Table.from_pylist(rows), folder / "segment_mix.parquet")
    last = first + timedelta(days=days - 1)
    _change(
        folder / "model_report.json", lambda r: r | {"min_date": str(first), "max_date": str(last)}
    )
    render(folder)
    return folder


def with_names(made: Path, folder: Path, names: list[str]) -> Path:
    """The same run, its segments called otherwise."""
    copy_of(made, folder)
    centres = pq.read_table(folder / "cluster_centers.parquet")
    own = [names[i % len(names)] for i in range(len(centres))]
    place = centres.column_names.index("segment")
    pq.write_table(
        centres.set_column(place, "segment", pa.array(own)), folder / "cluster_centers.parquet"
    )
    render(folder)
    return folder


def with_paths(made: Path, folder: Path, path: str) -> Path:
    """The same run, its visits landing on a page of that name."""
    copy_of(made, folder)

    def landed(profiles: dict[str, Any]) -> dict[str, Any]:
        for segment in profiles["segments"]:
            segment["dimensions"]["landing_page"] = [
                {"value": path, "share": 0.5, "share_of_all": 0.1, "lift": 5.0, "interval": None}
            ]
        return profiles

    _change(folder / "profiles.json", landed)
    render(folder)
    return folder


def of_twelve(made: Path, folder: Path) -> Path:
    """Twelve segments, as a user asks for them."""
    export = [str(made / "export" / "events_*.parquet")]
    return run(source="ga4", input=export, k_final=12, out=folder, no_visits=True).folder


def of_one(folder: Path) -> Path:
    """One continuum that no rule touches: K = 1."""
    rng = np.random.default_rng(3)
    n = 900
    pages = 2 + rng.negative_binomial(2, 0.25, n)
    seconds = np.round(pages * rng.lognormal(3.4, 0.5, n))
    lines = [
        f"{p},{s:.0f},{HOSTILE if i % 3 else '/home'}"
        for i, (p, s) in enumerate(zip(pages, seconds, strict=True))
    ]
    folder.parent.mkdir(parents=True, exist_ok=True)
    file = folder.parent / "one.csv"
    file.write_text("pageviews,time_on_site_sec,landing_page\n" + "\n".join(lines))
    return run(source="visits", input=[str(file)], bands="never", out=folder).folder


def _change(file: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    file.write_text(json.dumps(change(json.loads(file.read_text()))))
