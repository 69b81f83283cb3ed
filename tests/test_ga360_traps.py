"""Each trap of a GA360 export: given rows, expected visits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ga360_rows import DAY_SEC, START, export, hit, row

from visitseg.config import load_settings
from visitseg.errors import InputError
from visitseg.pipeline import Run, build_visits


def build(*rows: dict[str, Any], file: str = "ga_sessions_20170801.parquet", **options: Any) -> Any:
    pq.write_table(export(rows).drop_columns("is_intraday"), file)
    return read("ga_sessions_*.parquet", **options)


def read(pattern: str, **options: Any) -> tuple[list[dict[str, Any]], Run]:
    flags = {"source": "ga360", "input": [pattern], "out": Path("o"), **options}
    run = build_visits(load_settings(flags, environment={}))
    return duckdb.sql("FROM 'o/visits.parquet'").to_arrow_table().to_pylist(), run


def losses(run: Run) -> dict[str, int]:
    return {loss["reason"]: loss["rows"] for loss in run.report["removed"]}


def notes(run: Run) -> dict[str, int]:
    return {note["reason"]: note["count"] for note in run.report["notes"]}


def test_g1_halves_on_both_sides_of_midnight_are_one_visit_across_day_files() -> None:
    late = START + 6 * 3600
    early = row(hits=[hit(1, 0, "/a"), hit(2, 1000, "/b?x=1")], totals={"visits": 1})
    second = row(
        hits=[hit(3, 0, "/b"), hit(4, 500, "/c")], visitStartTime=late + DAY_SEC,
        totals={"visits": 1, "newVisits": 1, "totalTransactionRevenue": 3_000_000},
    )  # fmt: skip
    pq.write_table(export([second]).drop_columns("is_intraday"), "ga_sessions_20170802.parquet")
    visits, run = build(early)
    (visit,) = visits
    assert (visit["hits"], visit["pageviews"], visit["unique_pages"]) == (4, 4, 3)
    assert visit["time_on_site_sec"] == pytest.approx(6 * 3600 + DAY_SEC + 0.5)
    assert notes(run)["merged_over_midnight"] == 1
    assert (run.report["rows_in"], run.report["rows_used"], run.report["visits"]) == (2, 2, 1)


def test_g1_a_row_that_stands_twice_counts_once() -> None:
    once = row(hits=[hit(1), hit(2, 900)])
    visits, run = build(once, once, row("2"))
    assert [visit["hits"] for visit in visits] == [2, 1]
    assert losses(run) == {"duplicate": 1}


def test_g2_rows_without_interaction_are_no_visits() -> None:
    visits, run = build(row("1"), row("2", totals={"visits": None}), row("3", totals=None))
    assert [visit["visit_id"] for visit in visits] == [f"1|{START}"]
    assert losses(run) == {"non_interaction": 2}


def test_g3_money_is_in_micros_and_the_deprecated_field_is_the_last_resort() -> None:
    def bought(visitor: str, **totals: int) -> dict[str, Any]:
        hits = [hit(1, action_type="6", transactionId=f"T{visitor}")]
        return row(visitor, hits=hits, totals={"visits": 1, "transactions": 1, **totals})

    visits, run = build(
        bought("1", totalTransactionRevenue=12_340_000, transactionRevenue=10_000_000),
        bought("2", transactionRevenue=7_500_000),
    )
    assert [visit["transaction_revenue"] for visit in visits] == [12.34, 7.5]
    assert notes(run) == {"deprecated_revenue": 1}


def test_g4_null_counts_are_zero() -> None:
    visits, _ = build(row(totals={"visits": 1, "transactions": None, "bounces": None}))
    assert [(v["transactions"], v["transaction_revenue"], v["checkouts"]) for v in visits] == [
        (0, 0.0, 0)
    ]


def test_g5_time_is_the_hits_own_and_unknown_where_they_share_one() -> None:
    visits, _ = build(
        row("1", hits=[hit(1, 0), hit(2, 0, type="EVENT")], totals={"visits": 1, "timeOnSite": 9}),
        row("2", hits=[hit(1, 0), hit(2, 1500)]),
    )
    assert [visit["time_on_site_sec"] for visit in visits] == [None, 1.5]
    assert visits[0]["time_on_site_sec_per_pageview"] is None


def test_g6_intraday_files_are_counted_and_left_out() -> None:
    fresh = export([row("2")]).drop_columns("is_intraday")
    pq.write_table(fresh, "ga_sessions_intraday_20170802.parquet")
    visits, run = build(row("1"))
    assert len(visits) == 1
    assert losses(run) == {"intraday": 1}


def test_g7_products_do_not_multiply_hits() -> None:
    table = export([row(hits=[hit(1, 0), hit(2, 10)])]).drop_columns("is_intraday")
    with_products = table.to_pylist()
    for one in with_products[0]["hits"]:
        one["product"] = [{"productSKU": "a"}, {"productSKU": "b"}]
    pq.write_table(pa.Table.from_pylist(with_products), "ga_sessions_20170801.parquet")
    visits, _ = read("ga_sessions_20170801.parquet")
    assert [(v["hits"], v["pageviews"]) for v in visits] == [(2, 2)]


def test_g8_unique_pages_are_paths_of_page_hits() -> None:
    hits = [
        hit(1, 0, "/a?x=1"), hit(2, 1, "/a#top"), hit(3, 2, "/b"), hit(4, 3, "/c", type="EVENT"),
    ]  # fmt: skip
    visits, _ = build(row(hits=hits))
    assert [(v["pageviews"], v["unique_pages"], v["landing_page"]) for v in visits] == [
        (3, 2, "/a")
    ]


def test_g10_the_funnel_is_counted_by_action() -> None:
    actions = ["1", "2", "2", "3", "3", "3", "4", "5"]
    hits = [hit(i + 1, i, action_type=action) for i, action in enumerate(actions)]
    visits, _ = build(row(hits=hits))
    assert [(v["product_views"], v["add_to_carts"], v["checkouts"]) for v in visits] == [(2, 3, 1)]


def test_orders_are_distinct_ids_of_purchase_hits() -> None:
    acts = [("6", "A"), ("6", "A"), ("6", "B"), ("7", "R")]
    hits = [
        hit(i + 1, i, action_type=action, transactionId=order)
        for i, (action, order) in enumerate(acts)
    ]
    visits, run = build(row(hits=hits, totals={"visits": 1, "transactions": 3}))
    assert [visit["transactions"] for visit in visits] == [2]
    assert notes(run) == {"shared_order_id": 1}


def test_a_purchase_without_an_id_is_no_order_and_its_revenue_is_kept_apart() -> None:
    totals = {"visits": 1, "transactions": 1, "totalTransactionRevenue": 5_000_000}
    visits, run = build(row(hits=[hit(1, action_type="6")], totals=totals))
    assert [(v["transactions"], v["transaction_revenue"]) for v in visits] == [(0, 0.0)]
    assert notes(run) == {"order_without_id": 1}


def test_refunds_stand_apart() -> None:
    visits, _ = build(row(hits=[hit(1), hit(2, 5, refundAmount=2_500_000)]))
    assert [(v["refund_revenue"], v["transaction_revenue"]) for v in visits] == [(2.5, 0.0)]


def test_event_only_visits_are_kept_with_no_page() -> None:
    visits, _ = build(row(hits=[hit(1, 0, type="EVENT")]))
    assert [(v["pageviews"], v["unique_pages"], v["hits_per_pageview"]) for v in visits] == [
        (0, 0, None)
    ]


def test_ids_are_texts() -> None:
    ids = ["007", "7", "18446744073709551615"]
    visits, _ = build(*(row(i) for i in ids))
    assert sorted(v["visit_id"].partition("|")[0] for v in visits) == sorted(ids)


def test_rows_without_an_id_are_counted() -> None:
    visits, run = build(row("1"), row(None), row(""), row("2", visitId=None))
    assert len(visits) == 1
    assert losses(run) == {"null_id": 3}


def test_a_continuation_is_named_by_the_hits_own_clock() -> None:
    """The first hit is at 00:00:40 of the day; the visit began 442 s before, so the day before."""
    midnight = START - START % DAY_SEC
    late_start = row(
        "1", visitId=midnight + 40 - 442, visitStartTime=midnight + 40, zone=0,
        hits=[hit(4, 0, hour=0, minute=0)],
    )  # fmt: skip
    same_day = row(
        "2", visitId=midnight + 900 - 442, visitStartTime=midnight + 900, zone=0,
        hits=[hit(4, 0, hour=0, minute=15)],
    )  # fmt: skip
    visits, run = build(late_start, same_day)
    assert len(visits) == 2
    (note,) = run.report["notes"]
    assert (note["reason"], note["visit_ids"]) == ("continuation", [f"1|{midnight + 40 - 442}"])


def test_layouts_that_change_between_day_files_are_read_together() -> None:
    """An old day without later columns, nested ones too; another one with a column more."""
    old = export([row("1")]).drop_columns(["is_intraday", "channelGrouping"]).to_pylist()
    for one in old[0]["hits"]:
        del one["refund"], one["appInfo"]
    old[0]["totals"] = {"visits": 1, "transactionRevenue": 0}
    pq.write_table(pa.Table.from_pylist(old), "ga_sessions_20170731.parquet")
    new = export([row("2", channelGrouping="Direct")]).drop_columns("is_intraday").to_pylist()
    new[0]["clientId"] = "c"
    pq.write_table(pa.Table.from_pylist(new), "ga_sessions_20170802.parquet")
    visits, _ = read("ga_sessions_*.parquet")
    assert [(v["visit_id"][0], v["channel"]) for v in visits] == [("1", None), ("2", "Direct")]


def test_a_visitor_id_that_became_a_number_is_refused() -> None:
    table = export([row("1")]).drop_columns("is_intraday").to_pylist()
    table[0]["fullVisitorId"] = 1
    pq.write_table(pa.Table.from_pylist(table), "ga_sessions_20170801.parquet")
    with pytest.raises(InputError, match="wrong type") as caught:
        read("ga_sessions_20170801.parquet")
    assert "fullVisitorId" in caught.value.evidence[0]
