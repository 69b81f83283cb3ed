"""Each trap of an event log: given events, expected visits."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from events_log import (
    MAP,
    NOON,
    build,
    event,
    found_by_inactivity,
    losses,
    notes,
    second,
    visits_of,
)

from visitseg.errors import ContractError, InputError


def test_given_visits_are_trusted_across_pauses() -> None:
    visits, run = build(event("page"), event("page", 90))
    assert [(v["visit_id"], v["hits"], v["time_on_site_sec"]) for v in visits] == [("u|v", 2, 5400)]
    assert notes(run) == {"spans_pause": 1}


def test_given_visits_are_broken_at_pauses_on_request() -> None:
    visits, run = build(event("page"), event("page", 90), resessionize=True)
    assert [v["visit_id"] for v in visits] == [f"u|{second()}", f"u|{second(90)}"]
    assert notes(run) == {"broken_visit": 2}
    by_key, _ = build(
        event("page"), event("page", 90), toml=MAP + "[sessions]\nresessionize = true\n"
    )
    assert by_key == visits


def test_one_id_of_two_visitors_is_two_visits() -> None:
    visits, run = build(event("page"), event("page", visitor="w"))
    assert [v["visit_id"] for v in visits] == ["u|v", "w|v"]
    assert notes(run) == {"shared_visit_id": 2}


def test_pieces_that_begin_in_one_second_have_ids_of_their_own() -> None:
    rows = [event("page", visit="v"), event("page", 0.001, visit="w"), event("page", 5, visit="w")]
    visits, run = build(*rows, resessionize=True)
    expected = [(f"u|{second()}", 1), (f"u|{second()}|2", 2)]
    assert [(v["visit_id"], v["hits"]) for v in visits] == expected
    assert notes(run) == {"numbered_id": 1}
    assert build(*reversed(rows), resessionize=True)[0] == visits


def test_a_delimiter_inside_an_id_mixes_no_visits() -> None:
    pairs = [("a|b", "c"), ("a", "b|c"), ("a^|b", "c"), ("a^", "b|c")]
    visits, _ = build(*(event("page", visitor=u, visit=v) for u, v in pairs))
    assert sorted(v["visit_id"] for v in visits) == ["a^^^|b|c", "a^^|b|c", "a^|b|c", "a|b|c"]


def test_a_longer_pause_ends_a_visit_and_one_of_just_the_gap_does_not() -> None:
    visits, _ = found_by_inactivity(event("page"), event("page", 30), event("page", 60.001))
    expected = [(f"u|{second()}", 2), (f"u|{second(60)}", 1)]
    assert [(v["visit_id"], v["hits"]) for v in visits] == expected


def test_the_gap_is_a_setting() -> None:
    toml = MAP + "[sessions]\ngap_minutes = 10\n"
    rows = [event("page"), event("page", 9), event("page", 20)]
    visits, _ = found_by_inactivity(*rows, toml=toml)
    assert [v["hits"] for v in visits] == [2, 1]


def test_no_visit_is_longer_than_the_longest() -> None:
    toml = MAP + "[sessions]\nmax_hours = 1\n"
    rows = [event("page", minutes) for minutes in range(0, 150, 10)]
    visits, run = found_by_inactivity(*rows, toml=toml)
    starts = [f"u|{second(m)}" for m in (0, 60, 120)]
    assert [(v["visit_id"], v["hits"]) for v in visits] == list(zip(starts, (6, 6, 3), strict=True))
    assert notes(run) == {"cut_by_length": 2}


def test_visitors_are_never_mixed() -> None:
    rows = [event("page", i, visitor=who) for i, who in enumerate("abab")]
    visits, _ = found_by_inactivity(*rows)
    assert [(v["visit_id"][0], v["hits"]) for v in visits] == [("a", 2), ("b", 2)]


def test_the_order_of_the_rows_does_not_matter() -> None:
    rows = [event("page", m, page=f"/{m}", device=d) for m, d in ((9, "b"), (3, None), (5, "a"))]
    visits, _ = build(*rows)
    assert [(v["landing_page"], v["device"]) for v in visits] == [("/3", "a")]
    assert build(*reversed(rows))[0] == visits


def test_exact_copies_count_once_and_near_copies_do_not() -> None:
    visits, run = build(event("page"), event("page"), event("page", extra="other"))
    assert [v["hits"] for v in visits] == [2]
    assert losses(run) == {"duplicate": 1}
    assert run.report["per_day"] == [
        {
            "day": "2026-01-05",
            "rows_in": 3,
            "removed": {"duplicate": 1},
            "rows_used": 2,
            "visits": 1,
        }
    ]


def test_events_without_visitor_visit_time_or_name_make_no_visit() -> None:
    rows = [
        *(event("page"), event("page", visitor=None), event("page", visitor=" ")),
        *(event("page", visit=None), event("page", visit=""), event(None), event("")),
        event("page", timestamp=None),
    ]
    visits, run = build(*rows)
    assert [v["hits"] for v in visits] == [1]
    assert losses(run) == {"null_id": 4, "bad_line": 3}
    days = {day["day"]: day["removed"] for day in run.report["per_day"]}
    assert days == {None: {"bad_line": 1}, "2026-01-05": {"null_id": 4, "bad_line": 2}}


TIMES = {
    "iso": "2026-01-05T12:00:00Z",
    "zone": "2026-01-05 07:00:00-05:00",
    "naive is UTC": "2026-01-05 12:00:00",
    "UTC": "2026-01-05 12:00:00 UTC",
    "fraction": "2026-01-05T12:00:00.000+0000",
    "minutes": "2026/01/05 12:00",
    "seconds": "1767614400",
    "seconds with a fraction": "1767614400.0",
    "milliseconds": "1767614400000",
    "microseconds": "1767614400000000",
    "nanoseconds": "1767614400000000000",
}


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("form", TIMES)
def test_times_of_every_form(form: str, suffix: str) -> None:
    """DuckDB may make a timestamp or number of a CSV's text; in Parquet it stays a text."""
    Path("log.csv").write_text(f"visitor,timestamp,event\nu,{TIMES[form]},page\n")
    texts = {"visitor": ["u"], "timestamp": [TIMES[form]], "event": ["page"]}
    pq.write_table(pa.table(texts), "log.parquet")
    visits, _ = visits_of(MAP, input=[f"log.{suffix}"])
    assert [(v["visit_id"], v["visit_start"]) for v in visits] == [(f"u|{second()}", NOON)]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (pa.date32(), dt.date(2026, 1, 5)),
        (pa.timestamp("s"), dt.datetime(2026, 1, 5)),
        (pa.timestamp("ms"), dt.datetime(2026, 1, 5)),
        (pa.timestamp("ns"), dt.datetime(2026, 1, 5)),
        (pa.timestamp("us", tz="Asia/Tokyo"), dt.datetime(2026, 1, 5, tzinfo=dt.UTC)),
        (pa.int32(), 1767571200),
        (pa.int64(), 1767571200000),
        (pa.float64(), 1767571200.0),
        (pa.float64(), 1767571200000000.0),
        (pa.string(), "2026-01-05"),
    ],
)
def test_columns_of_every_type_of_time(kind: pa.DataType, value: Any) -> None:
    columns = {"visitor": pa.array(["u"]), "event": pa.array(["page"])}
    table = pa.table({**columns, "timestamp": pa.array([value], kind)})
    pq.write_table(table, "log.parquet")
    visits, _ = visits_of(MAP)
    assert [v["visit_start"] for v in visits] == [NOON - dt.timedelta(hours=12)]


def test_a_time_that_cannot_be_read_is_counted() -> None:
    Path("log.csv").write_text(
        "visitor,timestamp,event\nu,2026-01-05 12:00,page\nu,5 Jan,page\nu,,page\n"
    )
    visits, run = visits_of(MAP, input=["log.csv"])
    assert [v["hits"] for v in visits] == [1]
    assert losses(run) == {"bad_line": 2}


def test_a_log_whose_times_cannot_be_read_is_an_error() -> None:
    Path("log.csv").write_text("visitor,timestamp,event\nu,5 Jan,page\nu,6 Jan,page\n")
    with pytest.raises(InputError, match="no visit is left of 2 rows") as caught:
        visits_of(MAP, input=["log.csv"])
    assert "bad_line: 2" in str(caught.value)
    assert "timestamp" in caught.value.do


def test_days_that_were_taken_for_seconds_are_warned_of() -> None:
    Path("log.csv").write_text("visitor,timestamp,event\nu,20260105,page\nv,20260106,page\n")
    _, run = visits_of(MAP, input=["log.csv"])
    assert any("time_plausible: 2 visits" in text for text in run.warnings)


def test_the_day_is_the_local_day_of_the_first_event() -> None:
    rows = [event("page", -12 * 60 + 10), event("page", -12 * 60 + 30)]  # after midnight UTC
    assert str(build(*rows)[0][0]["date_id"]) == "2026-01-05"
    visits, _ = build(*rows, timezone="America/New_York")
    assert str(visits[0]["date_id"]) == "2026-01-04"


def test_a_visit_over_midnight_is_one_visit_of_the_day_it_began() -> None:
    rows = [event("page", 715), event("page", 725), event("page", 800, visitor="w", visit="x")]
    visits, run = build(*rows)
    assert [(str(v["date_id"]), v["hits"]) for v in visits] == [
        ("2026-01-05", 2),
        ("2026-01-06", 1),
    ]
    assert notes(run) == {"merged_over_midnight": 1}
    first, run = build(*rows, date_from="20260105", date_to="20260106")
    assert first == visits[:1], "the next day is read, so the visit is whole"
    assert run.report["visits_removed"] == [{"reason": "out_of_range", "visits": 1}]
    second_day, _ = build(*rows, date_from="20260106", date_to="20260107")
    assert second_day == visits[1:], "the day before is read, so no half is taken for a visit"


def test_days_far_outside_the_range_are_not_read() -> None:
    rows = [event("page", 1440 * day, visit=f"v{day}") for day in range(6)]
    _, run = build(*rows, date_from="20260107", date_to="20260108")
    assert losses(run) == {"out_of_range": 3}
    assert run.report["visits"] == 1


def test_an_order_is_a_distinct_id_and_counts_in_the_visit_it_began_in() -> None:
    rows = [
        event("buy", 1, order_id="A", revenue=10.0),
        event("buy", 2, order_id="A", revenue=10.0),
        event("buy", 3, order_id="B", revenue=5.0),
        event("buy", 400, visit="later", order_id="A", revenue=10.0),
    ]
    visits, run = build(*rows)
    told = {v["visit_id"]: (v["transactions"], v["transaction_revenue"]) for v in visits}
    assert told == {"u|v": (2, 15.0), "u|later": (0, 0.0)}
    assert notes(run)["repeated_purchase"] == 2


def test_the_lines_of_an_order_add_up() -> None:
    rows = [
        event("buy", order_id="A", product_id=product, revenue=revenue)
        for product, revenue in (("p", 10.0), ("q", 20.0), ("r", 0.1))
    ]
    again = event("buy", 1, order_id="A", product_id="p", revenue=10.0)
    visits, _ = build(*rows, again)
    assert [(v["transactions"], v["transaction_revenue"]) for v in visits] == [(1, 30.1)]


def test_purchases_without_an_id_are_one_order_of_the_visit() -> None:
    visits, run = build(event("buy", revenue=10.0), event("buy", 1, order_id="", revenue=2.5))
    assert [(v["transactions"], v["transaction_revenue"]) for v in visits] == [(1, 12.5)]
    assert notes(run) == {"order_without_id": 1}
    assert "count as one order" in run.report["notes"][0]["text"]


def test_only_purchases_bring_revenue_and_refunds_stand_apart() -> None:
    rows = [
        event("buy", order_id="A", revenue=20.0),
        event("add", 1, revenue=99.0),
        event("refund", 2, order_id="A", revenue=-5.0),
        event("refund", 3, revenue=1.0),
    ]
    visits, _ = build(*rows)
    assert [(v["transaction_revenue"], v["refund_revenue"]) for v in visits] == [(20.0, 6.0)]


def test_more_than_one_currency_is_an_error() -> None:
    rows = [
        event("buy", order_id=f"o{i}", visit=f"v{i}", revenue=1.0, currency=c)
        for i, c in enumerate(("EUR", "EUR", "USD"))
    ]
    with pytest.raises(ContractError, match="1 of") as caught:
        build(*rows)
    assert "one_currency" in str(caught.value)
    assert "u|v2" in str(caught.value)


def test_pages_are_paths_of_page_views() -> None:
    urls = ("https://s.example/a?x=1", "https://s.example/a#top", "https://s.example", "/b")
    rows = [event("page", i, page=url) for i, url in enumerate(urls)]
    visits, _ = build(*rows, event("add", 9, page="/cart"))
    told = [(v["pageviews"], v["unique_pages"], v["landing_page"]) for v in visits]
    assert told == [(4, 3, "/a")]


def test_product_views_are_page_views_only_where_nothing_else_is() -> None:
    rows = [event("page"), event("product", 1, product_id="p"), event("product", 2, product_id="p")]
    both, _ = build(*rows)
    assert [(v["pageviews"], v["product_views"]) for v in both] == [(1, 2)]
    toml = '[events]\nproduct_view = ["product"]\n'
    alone, _ = build(*rows, toml=toml, without=("page",))
    told = [(v["pageviews"], v["product_views"], v["unique_pages"]) for v in alone]
    assert told == [(2, 2, 1)], "a product stands for a page"


def test_what_the_log_does_not_say_is_null() -> None:
    visits, _ = build(
        event("page"), toml='[events]\npage_view = ["page"]\n', without=("page", "revenue")
    )
    silent = ("unique_pages", "transactions", "transaction_revenue", "refund_revenue", "engaged")
    more = ("product_views", "add_to_carts", "checkouts", "engagement_time_sec", "channel")
    assert {name: visits[0][name] for name in (*silent, *more)} == dict.fromkeys((*silent, *more))


def test_values_that_bear_our_names_need_no_map() -> None:
    visits, _ = build(event("page_view"), event("purchase", 1, revenue=3.0), toml="")
    told = [(v["pageviews"], v["transactions"], v["add_to_carts"]) for v in visits]
    assert told == [(1, 1, None)]


def test_dimensions_of_the_log_are_the_first_known_values() -> None:
    toml = '[columns]\nbrand = "upper(extra)"\nsize = "NULL::INTEGER"\n' + MAP
    rows = [event("page", 2, extra="b"), event("page", 0), event("page", 1, extra="a")]
    visits, run = build(*rows, toml=toml)
    assert [(v["brand"], v["size"]) for v in visits] == [("A", None)]
    assert {"sql/visit_dimensions.sql", "sql/mapped_events.sql"} <= {
        path.relative_to(run.folder).as_posix() for path in run.files
    }
