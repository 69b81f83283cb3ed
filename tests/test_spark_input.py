"""What Spark reads: files whose layouts differ, features of hits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ga4_rows
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from visitseg.config import CsvSettings
from visitseg.pipeline import build_visits
from visitseg.simulate import simulate

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = [pytest.mark.slow, pytest.mark.spark]
CSV = CsvSettings()


def assert_same_visits(spark: SparkSession, **options: Any) -> pa.Table:
    """Build with both engines; the visit tables, ledgers and checks are equal."""
    build_visits(out="duckdb", **options)
    build_visits(out="spark", spark=spark, **options)
    ours, theirs = (pq.read_table(f"{engine}/visits.parquet") for engine in ("duckdb", "spark"))
    assert theirs.column_names == ours.column_names
    differ = [name for name in ours.column_names if not ours[name].equals(theirs[name])]
    assert differ == []
    for name in ("ledger.json", "checks.json"):
        assert Path("spark", name).read_text() == Path("duckdb", name).read_text()
    assert ours.num_rows > 0
    return theirs


def days(seed: int) -> tuple[pa.Table, pa.Table]:
    raw = ga4_rows.random_export(seed, 80).drop_columns("is_intraday")
    return raw.slice(0, 40), raw.slice(40)


def test_layouts_that_change_between_files(spark: SparkSession) -> None:
    first, second = days(1)
    numbers = pa.array([7 if text else None for text in first["stream_id"].to_pylist()])
    first = first.set_column(first.schema.get_field_index("stream_id"), "stream_id", numbers)
    second = second.drop_columns(["batch_page_id", "collected_traffic_source", "privacy_info"])
    money = pa.array([{"purchase_revenue": 5, "extra": "x"}] * second.num_rows)
    second = second.set_column(second.schema.get_field_index("ecommerce"), "ecommerce", money)
    pq.write_table(first, "events_20210201.parquet")
    pq.write_table(second.append_column("extra", pa.array([1] * 40)), "events_20210202.parquet")
    pq.write_table(days(2)[0], "events_intraday_20210203.parquet")
    table = assert_same_visits(
        spark, source="ga4", input=["events_*.parquet"], currency="USD", platform=["all"]
    )
    assert table.num_rows > 5
    removed = {r["reason"] for r in json.loads(Path("spark/ledger.json").read_text())["removed"]}
    assert "intraday" in removed


CONTRACT = """
schema_version: 1
features:
  cart_views: {count_if: "event = 'add_to_cart' AND path LIKE '%/%'", type: int}
  known_value: {sum_of: value, null: zero}
  kinds: {distinct_of: event, type: int}
  share: {visit: "pageviews / hits"}
dimensions:
  first_title: {first_of: title}
"""


@pytest.mark.parametrize("source", ["ga4", "ga360"])
def test_features_of_a_contract_file(spark: SparkSession, source: Any) -> None:
    simulate(Path("export"), visits=150, seed=4, shape=source)
    Path("visits.yaml").write_text(CONTRACT)
    table = assert_same_visits(
        spark, source=source, input=["export/*.parquet"], features="visits.yaml"
    )
    assert {"cart_views", "known_value", "kinds", "share", "first_title"} <= set(table.column_names)
