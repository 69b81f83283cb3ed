"""A whole real day of the GA360 export gives the counts that its README states."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from visitseg.config import load_settings
from visitseg.pipeline import build_visits

PARQUET = "ga360/ga_sessions_20170801.parquet"
NDJSON = "ga360/ga_sessions_20170801.bigquery_json.ndjson.gz"


def build(path: str, out: Path, **options: Any) -> tuple[Path, dict[str, Any]]:
    settings = load_settings({"source": "ga360", "input": [path], "out": out, **options})
    run = build_visits(settings)
    return run.folder / "visits.parquet", run.report


def test_the_counts_of_the_day(real: Callable[[str], str], tmp_path: Path) -> None:
    visits, _ = build(real(PARQUET), tmp_path / "out")
    found = duckdb.sql(
        f"""SELECT count(*), count(DISTINCT visit_id), count(*) FILTER (transactions > 0),
            sum(transactions), round(sum(transaction_revenue), 2), sum(hits), sum(pageviews),
            sum(unique_pages), count(time_on_site_sec), round(sum(time_on_site_sec), 3),
            min(date_id)::VARCHAR, max(date_id)::VARCHAR, count(engaged), sum(refund_revenue)
            FROM '{visits}'"""
    ).fetchall()
    assert found == [(
        2556, 2556, 43, 43, 8890.0, 13233, 10939, 7518, 1324, 425838.643,
        "2017-08-01", "2017-08-01", 0, 0.0,
    )]  # fmt: skip


def test_commerce_hits_are_counted_by_action(real: Callable[[str], str], tmp_path: Path) -> None:
    visits, _ = build(real(PARQUET), tmp_path / "out")
    sums = duckdb.sql(
        f"SELECT sum(product_views), sum(add_to_carts), sum(checkouts) FROM '{visits}'"
    ).fetchall()
    assert sums == [(1267, 494, 330)]


def test_the_ledger_names_the_continuation_and_the_shared_orders(
    real: Callable[[str], str], tmp_path: Path
) -> None:
    _, ledger = build(real(PARQUET), tmp_path / "out")
    notes = {note["reason"]: (note["count"], note["visit_ids"]) for note in ledger["notes"]}
    assert notes == {
        "continuation": (1, ["0187975600071346667|1501570398"]),
        "shared_order_id": (
            2,
            ["5772921781547143127|1501628356", "8016003971239765913|1501623575"],
        ),
    }
    assert (ledger["rows_in"], ledger["rows_used"], ledger["visits"]) == (2556, 2556, 2556)


def test_ndjson_gives_the_identical_visit_table(real: Callable[[str], str], tmp_path: Path) -> None:
    parquet, _ = build(real(PARQUET), tmp_path / "parquet")
    ndjson, _ = build(real(NDJSON), tmp_path / "ndjson")
    left, right = (duckdb.sql(f"FROM '{path}'").to_arrow_table() for path in (parquet, ndjson))
    assert left.schema.equals(right.schema)
    assert left.equals(right)


def test_a_database_table_gives_the_identical_visit_table(
    real: Callable[[str], str], tmp_path: Path
) -> None:
    database = tmp_path / "export.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute("CREATE SCHEMA raw")
        connection.execute(f"CREATE TABLE raw.day AS FROM '{real(PARQUET)}'")
    files, _ = build(real(PARQUET), tmp_path / "files")
    table, _ = build(f"{database}::raw.day", tmp_path / "table")
    left, right = (duckdb.sql(f"FROM '{path}'").to_arrow_table() for path in (files, table))
    assert left.equals(right)


@pytest.mark.parametrize(("zone", "rows"), [("America/Los_Angeles", 0), ("UTC", 638)])
def test_a_wrong_time_zone_is_reported_with_counts(
    real: Callable[[str], str], tmp_path: Path, zone: str, rows: int
) -> None:
    settings = load_settings(
        {"source": "ga360", "input": [real(PARQUET)], "out": tmp_path / "o", "timezone": zone}
    )
    warnings = [w for w in build_visits(settings).warnings if "timezone" in w]
    assert bool(warnings) == bool(rows)
    assert all(f"{rows} visits" in text for text in warnings)


def test_hashes_of_the_ids_are_not_order_dependent(
    real: Callable[[str], str], tmp_path: Path
) -> None:
    """The same rows in another order give the same bytes of numbers."""
    shuffled = tmp_path / "ga_sessions_shuffled.parquet"
    duckdb.sql(
        f"COPY (FROM '{real(PARQUET)}' ORDER BY md5(fullVisitorId || visitId::VARCHAR)) "
        f"TO '{shuffled}' (FORMAT parquet)"
    )
    straight, _ = build(real(PARQUET), tmp_path / "a")
    other, _ = build(str(shuffled), tmp_path / "b")
    left, right = (duckdb.sql(f"FROM '{path}'").to_arrow_table() for path in (straight, other))
    assert left.equals(right)
