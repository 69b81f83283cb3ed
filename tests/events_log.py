"""Small event logs for tests: `event` makes a row, `build` its visits."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from visitseg.config import load_settings
from visitseg.pipeline import Run, build_visits

Built = tuple[list[dict[str, Any]], Run]
NOON = dt.datetime(2026, 1, 5, 12, tzinfo=dt.UTC)
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("visitor", "visit", "event", "page", "order_id")),
        *((name, pa.string()) for name in ("product_id", "currency", "device", "country", "extra")),
        ("timestamp", pa.timestamp("us", tz="UTC")),
        ("revenue", pa.float64()),
    ]
)
MAP = """
[events]
page_view = ["page"]
product_view = ["product"]
add_to_cart = ["add"]
checkout = ["checkout"]
purchase = ["buy"]
refund = ["refund"]
"""


def event(name: str | None, minutes: float = 0, **given: Any) -> dict[str, Any]:
    """An event of visitor u, visit v, `minutes` after noon of 5 January 2026."""
    at = NOON + dt.timedelta(minutes=minutes)
    return {"visitor": "u", "visit": "v", "event": name, "timestamp": at, "page": "/", **given}


def settings_of(toml: str, **options: Any) -> Any:
    Path("s.toml").write_text(toml)
    flags = {"source": "events", "input": ["log.parquet"], "out": Path("o"), **options}
    return load_settings(flags, file=Path("s.toml"), environment={})


def visits_of(toml: str, **options: Any) -> Built:
    run = build_visits(settings_of(toml, **options))
    return duckdb.sql("FROM 'o/visits.parquet'").to_arrow_table().to_pylist(), run


def build(
    *events: dict[str, Any], toml: str = MAP, without: tuple[str, ...] = (), **options: Any
) -> Built:
    table = pa.Table.from_pylist(list(events), SCHEMA).drop_columns(list(without))
    pq.write_table(table, "log.parquet")
    return visits_of(toml, **options)


def found_by_inactivity(*events: dict[str, Any], **options: Any) -> Built:
    return build(*events, without=("visit",), **options)


def losses(run: Run) -> dict[str, int]:
    return {row["reason"]: row["rows"] for row in run.report["removed"]}


def notes(run: Run) -> dict[str, int]:
    return {note["reason"]: note["count"] for note in run.report["notes"]}


def second(minutes: float = 0) -> int:
    return round((NOON + dt.timedelta(minutes=minutes)).timestamp())
