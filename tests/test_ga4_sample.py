"""The real GA4 sample gives the counts that its README states."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from visitseg.config import load_settings
from visitseg.pipeline import Run, build_visits

SAMPLE = "ga4/events_sampled.parquet"


def build(path: str, out: Path, **options: Any) -> Run:
    flags = {"source": "ga4", "input": [path], "out": out, **options}
    return build_visits(load_settings(flags, environment={}))


@pytest.fixture(scope="module")
def sample(real: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Run:
    return build(real(SAMPLE), tmp_path_factory.mktemp("ga4") / "out", timezone="UTC")


def test_the_counts_of_the_sample(sample: Run) -> None:
    found = duckdb.sql(
        f"""SELECT count(*), count(DISTINCT visit_id), sum(transactions),
            count(*) FILTER (transactions > 0), sum(transaction_revenue), sum(hits), sum(pageviews),
            sum(product_views), sum(add_to_carts), sum(checkouts), sum(refund_revenue)
            FROM '{sample.folder / "visits.parquet"}'"""
    ).fetchall()
    assert found == [(20705, 20705, 569, 557, 41233.0, 24219, 7498, 2119, 305, 189, 0.0)]


def test_every_event_is_in_the_ledger_and_the_traps_are_named(sample: Run) -> None:
    ledger = sample.report
    assert (ledger["unit"], ledger["rows_in"], ledger["rows_used"]) == ("events", 24219, 24219)
    assert len(ledger["per_day"]) == 92
    notes = {note["reason"]: note["count"] for note in ledger["notes"]}
    assert notes["merged_over_midnight"] == 17
    assert notes["repeated_purchase"] == 6
    purchases = duckdb.sql(
        f"SELECT count(*) FROM '{sample.folder / 'visits.parquet'}' WHERE transactions = 0"
    ).fetchall()
    assert purchases == [(20705 - 557,)]
    assert notes["order_without_id"] == 48, "49 purchases without an id, two of them in one visit"


def test_the_engaged_flag_is_read_from_texts_and_numbers(
    sample: Run, real: Callable[[str], str]
) -> None:
    """Counted here with another query than the visit SQL: a join of unnested parameters."""
    expected = duckdb.sql(
        f"""WITH p AS (
              SELECT user_pseudo_id, event_timestamp, unnest(event_params, max_depth := 2)
              FROM '{real(SAMPLE)}'
            ), e AS (
              SELECT user_pseudo_id, event_timestamp,
                max(value.int_value) FILTER (key = 'ga_session_id') AS id,
                max(coalesce(value.string_value, value.int_value::VARCHAR))
                  FILTER (key = 'session_engaged') AS engaged
              FROM p GROUP BY ALL
            ), v AS (SELECT max(engaged) AS engaged FROM e GROUP BY user_pseudo_id, id)
            SELECT count(engaged), count(*) FILTER (engaged = '1') FROM v"""
    ).fetchall()
    found = duckdb.sql(
        f"SELECT count(engaged), sum(engaged)::BIGINT FROM '{sample.folder / 'visits.parquet'}'"
    ).fetchall()
    assert found == expected


def test_the_time_zone_is_compared_and_not_used(
    sample: Run, real: Callable[[str], str], tmp_path: Path
) -> None:
    assert not any("timezone" in text for text in sample.warnings)
    tokyo = build(real(SAMPLE), tmp_path / "o", timezone="Asia/Tokyo")
    assert any("7,790 visits" in text for text in tokyo.warnings)
    left, right = (
        duckdb.sql(f"FROM '{run.folder / 'visits.parquet'}'").to_arrow_table()
        for run in (sample, tokyo)
    )
    assert left.equals(right)


def test_shuffled_events_give_the_same_visits(
    sample: Run, real: Callable[[str], str], tmp_path: Path
) -> None:
    shuffled = tmp_path / "events_shuffled.parquet"
    duckdb.sql(
        f"""COPY (FROM '{real(SAMPLE)}'
              ORDER BY md5(user_pseudo_id || event_timestamp || event_name))
            TO '{shuffled}' (FORMAT parquet)"""
    )
    other = build(str(shuffled), tmp_path / "o")
    left, right = (
        duckdb.sql(f"FROM '{run.folder / 'visits.parquet'}'").to_arrow_table()
        for run in (sample, other)
    )
    assert left.equals(right)


def test_intraday_files_are_counted_and_left_out(
    sample: Run, real: Callable[[str], str], tmp_path: Path
) -> None:
    day = tmp_path / "events_20201101.parquet"
    fresh = tmp_path / "events_intraday_20201102.parquet"
    for file, name in ((day, "20201101"), (fresh, "20201102")):
        duckdb.sql(
            f"COPY (FROM '{real(SAMPLE)}' WHERE event_date = '{name}') TO '{file}' (FORMAT parquet)"
        )
    ledger = build(str(tmp_path / "events_*.parquet"), tmp_path / "o").report
    assert ledger["removed"] == [{"reason": "intraday", "rows": 239}]
    assert ledger["visits"] == 148
