"""Each trap of a GA4 export: given events, expected visits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from visitseg.config import load_settings
from visitseg.errors import ContractError
from visitseg.pipeline import Run, build_visits
from visitseg.visits.ga4 import LAYOUT

NOON = 1_767_614_400_000_000  # 2026-01-05 12:00 UTC, microseconds


def params(**values: Any) -> list[dict[str, Any]]:
    kinds = {str: "string_value", int: "int_value", float: "double_value"}
    return [{"key": key, "value": {kinds[type(v)]: v}} for key, v in values.items()]


def event(name: str, at: float = 0, **given: Any) -> dict[str, Any]:
    """An event of visitor u, visit 7, `at` seconds after noon; its parameters by name."""
    own = {"user": "u", "date": "20260105", "stream": "1", "ecommerce": None, "visit": 7}
    rest = {field: given.pop(field) for field in LAYOUT.names if field in given}
    told = {key: given.pop(key, value) for key, value in own.items()}
    ids = {} if told["visit"] is None else {"ga_session_id": told["visit"]}
    return {
        "event_date": told["date"], "event_timestamp": NOON + int(at * 1e6), "event_name": name,
        "event_params": params(**ids, **given), "user_pseudo_id": told["user"],
        "stream_id": told["stream"], "ecommerce": told["ecommerce"], **rest,
    }  # fmt: skip


def page(path: str, at: float = 0, **given: Any) -> dict[str, Any]:
    return event("page_view", at, page_location=f"https://shop.example{path}", **given)


def purchase(revenue: float, at: float = 0, **given: Any) -> dict[str, Any]:
    paid = {"transaction_id": None, "purchase_revenue": revenue} | given.pop("ecommerce", {})
    return event("purchase", at, ecommerce=paid, **given)


def build(*events: dict[str, Any], **options: Any) -> tuple[list[dict[str, Any]], Run]:
    schema = pa.schema([field.with_nullable(True) for field in LAYOUT])
    pq.write_table(pa.Table.from_pylist(list(events), schema), "events_20260105.parquet")
    flags = {"source": "ga4", "input": ["events_20260105.parquet"], "out": Path("o"), **options}
    run = build_visits(load_settings(flags, environment={}))
    return duckdb.sql("FROM 'o/visits.parquet'").to_arrow_table().to_pylist(), run


def losses(run: Run) -> dict[str, int]:
    return {row["reason"]: row["rows"] for row in run.report["removed"]}


def notes(run: Run) -> dict[str, int]:
    return {note["reason"]: note["count"] for note in run.report["notes"]}


def test_f1_visitors_may_share_the_id_of_a_visit() -> None:
    visits, _ = build(page("/"), page("/", user="v"), page("/", stream="2"))
    assert [v["visit_id"] for v in visits] == ["u|1|7", "u|2|7", "v|1|7"]


def test_f1_without_streams_the_key_has_two_parts() -> None:
    visits, _ = build(page("/", stream=None))
    assert [v["visit_id"] for v in visits] == ["u|7"]


def test_f2_events_without_consent_are_counted_and_make_no_visit() -> None:
    denied = {"analytics_storage": "No"}
    visits, run = build(
        page("/"),
        page("/", user=None, visit=None, privacy_info=denied),
        page("/", 1, user=None, visit=None, privacy_info=denied),
        page("/", visit=None),
    )
    assert len(visits) == 1
    assert losses(run) == {"no_consent": 2, "null_id": 1}
    assert run.report["per_day"][0]["removed"] == {"no_consent": 2, "null_id": 1}


@pytest.mark.parametrize("starts", [0, 1, 3])
def test_f3_session_start_may_be_missing_or_repeated(starts: int) -> None:
    visits, _ = build(page("/", 2), *(event("session_start", i) for i in range(starts)))
    assert [(v["hits"], v["pageviews"]) for v in visits] == [(1 + starts, 1)]


def test_f4_a_visit_over_midnight_belongs_to_the_day_it_began() -> None:
    visits, run = build(page("/a"), page("/b", 60, date="20260106"))
    assert [(str(v["date_id"]), v["pageviews"]) for v in visits] == [("2026-01-05", 2)]
    assert notes(run) == {"merged_over_midnight": 1}


def test_f7_exact_copies_of_an_event_count_once_and_near_copies_do_not() -> None:
    visits, run = build(page("/a"), page("/a"), page("/b"), event("scroll"))
    assert [v["hits"] for v in visits] == [3]
    assert losses(run) == {"duplicate": 1}


def test_f7_copies_are_found_where_two_visitors_ids_make_one_visit_id() -> None:
    visits, run = build(
        page("/a", user="u|1", stream=None), page("/a"), page("/b", user="u|1", stream=None)
    )
    assert [(v["visit_id"], v["hits"]) for v in visits] == [("u|1|7", 2)]
    assert losses(run) == {"duplicate": 1}


def test_f7_events_of_one_microsecond_are_told_apart_by_their_batch() -> None:
    visits, run = build(page("/a", batch_event_index=1), page("/a", batch_event_index=2))
    assert [v["pageviews"] for v in visits] == [2]
    assert losses(run) == {}


def test_f8_an_order_counts_once_at_its_first_purchase() -> None:
    visits, run = build(
        page("/"),
        purchase(20.0, 50, transaction_id="A"),
        purchase(20.0, 90, transaction_id="A"),
        purchase(20.0, 9000, transaction_id="A", visit=8),
        purchase(5.0, 95, transaction_id="B"),
    )
    bought = {v["visit_id"]: (v["transactions"], v["transaction_revenue"]) for v in visits}
    assert bought == {"u|1|7": (2, 25.0), "u|1|8": (0, 0.0)}
    assert notes(run)["repeated_purchase"] == 2


def test_f8_the_parameter_goes_before_the_field_and_not_set_is_no_id() -> None:
    visits, run = build(
        page("/"),
        purchase(1.0, 1, transaction_id=12345),
        purchase(2.0, 2, ecommerce={"transaction_id": "F"}),
        purchase(4.0, 3, ecommerce={"transaction_id": "(not set)"}),
        purchase(8.0, 4, transaction_id="12345", ecommerce={"transaction_id": "G"}),
    )
    assert [(v["transactions"], v["transaction_revenue"]) for v in visits] == [(2, 3.0)]
    assert notes(run)["order_without_id"] == 1


@pytest.mark.parametrize(
    ("value", "key"),
    [(7, "7"), ("7", "7"), ("s1747075570$o5$g1$t9", "1747075570"), ("junk", None)],
)
def test_f9_ids_of_visits_come_as_numbers_and_texts(value: Any, key: str | None) -> None:
    visits, run = build(page("/", visit=1), page("/", visit=value))
    assert {v["visit_id"] for v in visits} == {"u|1|1"} | ({f"u|1|{key}"} if key else set())
    assert losses(run) == ({} if key else {"null_id": 1})


@pytest.mark.parametrize(
    ("flags", "engaged"),
    [(["0", "1"], 1), ([0, 1], 1), (["0"], 0), ([0], 0), ([None], None), ([None, 1], 1)],
)
def test_f9_the_engaged_flag_comes_as_number_and_text(flags: list[Any], engaged: Any) -> None:
    told = [{} if flag is None else {"session_engaged": flag} for flag in flags]
    visits, _ = build(*(page("/", i, **given) for i, given in enumerate(told)))
    assert [v["engaged"] for v in visits] == [engaged]


def test_f10_only_purchases_bring_revenue_and_refunds_stand_apart() -> None:
    visits, _ = build(
        page("/", value=99.0),
        purchase(10.0, 1, transaction_id="A"),
        event("refund", 2, ecommerce={"refund_value": 4.0}),
    )
    assert [(v["transaction_revenue"], v["refund_revenue"]) for v in visits] == [(10.0, 4.0)]


def test_f10_more_than_one_currency_is_an_error_unless_dollars_are_taken() -> None:
    def paid(revenue: float, dollars: float, **given: Any) -> dict[str, Any]:
        return purchase(
            revenue, transaction_id=str(revenue), ecommerce={"purchase_revenue_in_usd": dollars},
            **given,
        )  # fmt: skip

    events = (
        page("/"),
        paid(10.0, 11.0, currency="EUR"),
        paid(7.0, 8.0, currency="EUR", visit=8),
        paid(5.0, 5.0, currency="USD", visit=9),
    )
    with pytest.raises(ContractError) as caught:
        build(*events)
    assert "one_currency" in str(caught.value)
    assert "u|1|9" in str(caught.value)
    visits, _ = build(*events, currency="USD")
    assert [v["transaction_revenue"] for v in visits] == [11.0, 8.0, 5.0]


@pytest.mark.parametrize("amount", [float("inf"), float("-inf"), float("nan"), 1e300])
def test_money_that_is_no_number_counts_as_zero_and_is_noted(amount: float) -> None:
    rows, run = build(page("/"), purchase(amount, 1, transaction_id="A"), purchase(5.0, 2))
    assert (rows[0]["transactions"], rows[0]["transaction_revenue"]) == (1, 0.0)
    assert notes(run)["money_not_a_number"] == 1


def test_f11_focus_time_has_a_column_of_its_own() -> None:
    visits, _ = build(
        page("/"),
        event("user_engagement", 30, engagement_time_msec=4000),
        event("scroll", 40, engagement_time_msec=2500),
    )
    assert [(v["engagement_time_sec"], v["time_on_site_sec"]) for v in visits] == [(6.5, 40.0)]


def test_f12_ties_are_ordered_by_their_batch() -> None:
    visits, _ = build(
        page("/second", batch_page_id=1, batch_ordering_id=2),
        page("/first", batch_page_id=1, batch_ordering_id=1),
    )
    assert [v["landing_page"] for v in visits] == ["/first"]


def test_f13_the_day_is_the_exports() -> None:
    visits, run = build(page("/", date="20260104"), timezone="UTC")
    assert [str(v["date_id"]) for v in visits] == ["2026-01-04"]
    assert any("date_agrees_with_timezone" in text for text in run.warnings)


def test_f15_the_channel_is_the_visits_own() -> None:
    group = {"cross_channel_campaign": {"default_channel_group": "Paid Shopping"}}
    visits, _ = build(
        page("/", 5, session_traffic_source_last_click=group, source="google", medium="organic"),
        page("/", visit=8, source="google", medium="organic"),
        page("/", 1, visit=8, source="news", medium="email"),
        page("/", visit=9),
        page("/", visit=10, gclid="abc"),
    )
    channels = {v["visit_id"]: v["channel"] for v in visits}
    assert channels == {
        "u|1|7": "Paid Shopping", "u|1|8": "Organic Search", "u|1|9": "Unassigned",
        "u|1|10": "Paid Search",
    }  # fmt: skip


def test_f16_an_export_without_page_events_is_an_error() -> None:
    with pytest.raises(ContractError, match="1 of") as caught:
        build(event("click"), event("scroll", 1))
    assert "page_events_exported" in str(caught.value)


def test_f18_a_key_is_one_row() -> None:
    visits, _ = build(*(page(f"/{i}", i) for i in range(20)))
    assert [(v["hits"], v["unique_pages"]) for v in visits] == [(20, 20)]


def test_f19_pages_are_paths() -> None:
    visits, _ = build(
        page("/a?gclid=1"), page("/a#top", 1), page("/a", 2), page("", 3), page("/", 4),
        event("page_view", 5, page_location="/b?x=1"), event("page_view", 6),
    )  # fmt: skip
    assert [(v["pageviews"], v["unique_pages"], v["landing_page"]) for v in visits] == [
        (7, 3, "/a")
    ]


def test_apps_have_screens_for_pages() -> None:
    visits, _ = build(event("screen_view", firebase_screen="Home", platform="ANDROID"))
    assert [(v["pageviews"], v["unique_pages"], v["landing_page"]) for v in visits] == [
        (1, 1, "Home")
    ]


MIXED = (
    page("/", platform="WEB"),
    event("screen_view", firebase_screen="Home", platform="IOS", stream="2"),
    page("/", platform="WEB", stream="3", visit=9),
)


def test_web_and_apps_are_not_mixed_unasked() -> None:
    with pytest.raises(ContractError) as caught:
        build(*MIXED)
    assert "one_platform  1 row   e.g. u|2|7" in str(caught.value)
    assert "--platform web" in str(caught.value)


@pytest.mark.parametrize(
    ("platform", "visits", "left_out"),
    [
        (["web"], ["u|1|7", "u|3|9"], {"other_stream": 1}),
        (["WEB", "ios"], ["u|1|7", "u|2|7", "u|3|9"], {}),
        (["app"], ["u|2|7"], {"other_stream": 2}),
        (["3"], ["u|3|9"], {"other_stream": 2}),
        (["all"], ["u|1|7", "u|2|7", "u|3|9"], {}),
    ],
)
def test_platforms_are_chosen(
    platform: list[str], visits: list[str], left_out: dict[str, int]
) -> None:
    found, run = build(*MIXED, platform=platform)
    assert [visit["visit_id"] for visit in found] == visits
    assert losses(run) == left_out


def test_debug_and_internal_traffic_is_counted_and_kept() -> None:
    visits, run = build(page("/", debug_mode=1), page("/", visit=8, traffic_type="internal"))
    assert len(visits) == 2
    assert notes(run) == {"debug": 1, "internal": 1}


@pytest.mark.parametrize("flag", ["debug", "internal"])
def test_debug_and_internal_events_are_left_out_on_purpose(flag: str) -> None:
    Path("c.yaml").write_text(f"flags: {{{flag}: {{keep: false}}}}")
    marked = {"debug": {"debug_mode": 1}, "internal": {"traffic_type": "internal"}}
    events = [page("/"), page("/a", 1, **marked[flag]), page("/", visit=8, **marked[flag])]
    visits, run = build(*events, features=Path("c.yaml"))
    assert [(v["visit_id"], v["hits"]) for v in visits] == [("u|1|7", 1)]
    assert losses(run) == {flag: 2}
    assert notes(run) == {}
