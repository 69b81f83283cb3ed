"""Laws of visits found by inactivity, on arbitrary times; and a plain loop that finds the same."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from events_rows import SCHEMA
from hypothesis import given, settings
from hypothesis import strategies as st

from visitseg.visits.text import load

GAP, LONGEST = 10, 60  # seconds
SECOND = 1_000_000
START = dt.datetime(2026, 1, 5, 12, tzinfo=dt.UTC)
PARAMS: dict[str, Any] = {
    **dict.fromkeys(("read_from", "read_to"), None),
    **{kind: [] for kind in ("product_view", "add_to_cart", "checkout", "purchase", "refund")},
    "page_view": ["page"],
    "timezone": "UTC",
    "gap_us": GAP * SECOND,
    "max_us": LONGEST * SECOND,
}
# (visitor, visit of the log, tenths of a second): many ties, and pauses around the gap
EVENT = st.tuples(
    st.sampled_from("ab"), st.sampled_from("vw"), st.integers(0, 30) | st.integers(0, 3000)
)
LOG = st.lists(EVENT, min_size=1, max_size=60)
Log = Sequence[tuple[str, str, int]]
Row = dict[str, Any]


def visit_events(log: Log, *, given_visits: bool = False, trust: bool = False) -> list[Row]:
    """Run the texts up to the visit of each event; a row's `row_hash` is its number."""
    rows = [
        {
            "visitor": visitor,
            "visit": visit if given_visits else None,
            "event": "page",
            "time_at": START + dt.timedelta(seconds=tenths / 10),
            "row_hash": number,
        }
        for number, (visitor, visit, tenths) in enumerate(log)
    ]
    params = {**PARAMS, "given_visits": given_visits, "trust_visits": trust}
    with duckdb.connect() as engine:
        engine.execute("SET TimeZone = 'UTC'; SET threads = 1")
        engine.register("mapped_events", pa.Table.from_pylist(rows, SCHEMA))
        for name in ("visit_rows", "visit_events"):
            sql = load(f"events/{name}", "duckdb").sql
            used = {key: value for key, value in params.items() if f"${key}" in sql}
            engine.register(name, engine.sql(sql, params=used).to_arrow_table())
        found: list[Row] = engine.sql("FROM visit_events").to_arrow_table().to_pylist()
    return found


def by_visit(events: Sequence[Row]) -> dict[str, list[Row]]:
    visits = defaultdict(list)
    for row in sorted(events, key=lambda row: (row["event_us"], row["nth"])):
        visits[row["visit_id"]].append(row)
    return visits


@given(LOG)
@settings(max_examples=20, deadline=None)
def test_every_event_is_in_one_visit_of_its_own_visitor(log: Log) -> None:
    found = visit_events(log)
    assert sorted(row["row_hash"] for row in found) == list(range(len(log)))
    for events in by_visit(found).values():
        assert len({row["visitor"] for row in events}) == 1
        assert [row["nth"] for row in events] == list(range(1, len(events) + 1))


@pytest.mark.slow
@given(LOG)
@settings(max_examples=40, deadline=None)
def test_no_pause_inside_a_visit_and_no_visit_without_a_pause_or_a_cut(log: Log) -> None:
    visits = by_visit(visit_events(log))
    spans = defaultdict(list)
    for events in visits.values():
        times = [row["event_us"] for row in events]
        assert all(b - a <= GAP * SECOND for a, b in pairwise(times))
        assert times[-1] - times[0] < LONGEST * SECOND
        spans[events[0]["visitor"]].append((times[0], times[-1], events[0]))
    for ordered in map(sorted, spans.values()):
        for (_, end, one), (begin, _, other) in pairwise(ordered):
            assert end < begin, "visits of a visitor do not overlap"
            if begin - end <= GAP * SECOND:
                assert one["run_us"] == other["run_us"], "cut only within a run that is too long"
                assert other["piece"] == one["piece"] + 1


@pytest.mark.slow
@given(LOG, st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_the_order_of_the_rows_does_not_matter(log: Log, random: Any) -> None:
    mixed = list(log)
    random.shuffle(mixed)

    def told(events: Log) -> Counter[tuple[Any, ...]]:
        return Counter((r["visitor"], r["event_us"], r["visit_id"]) for r in visit_events(events))

    assert told(log) == told(mixed)


@pytest.mark.slow
@given(LOG)
@settings(max_examples=30, deadline=None)
def test_a_plain_loop_finds_the_same_visits(log: Log) -> None:
    expected: Counter[str] = Counter()
    for visitor in {event[0] for event in log}:
        before = run = None
        for tenths in sorted(t for who, _, t in log if who == visitor):
            if before is None or tenths - before > GAP * 10:
                run = tenths
            assert run is not None
            nth = (tenths - run) // (LONGEST * 10)
            begin = min(
                t for who, _, t in log
                if who == visitor and t >= run + nth * LONGEST * 10
            )  # fmt: skip
            at = int(START.timestamp() * 10 + begin) // 10
            expected[f"{visitor}|{at}"] += 1
            before = tenths
    assert Counter(row["visit_id"] for row in visit_events(log)) == expected


@pytest.mark.slow
@given(LOG)
@settings(max_examples=40, deadline=None)
def test_broken_visits_are_parts_of_the_given_ones_with_ids_of_their_own(log: Log) -> None:
    trusted = visit_events(log, given_visits=True, trust=True)
    given_ids = {row["row_hash"]: (row["visitor"], row["visit"]) for row in trusted}
    assert {row["visit_id"] for row in trusted} == {"|".join(pair) for pair in given_ids.values()}
    parts = by_visit(visit_events(log, given_visits=True))
    for events in parts.values():
        assert len({given_ids[row["row_hash"]] for row in events}) == 1
        assert len({(row["run_us"], row["piece"]) for row in events}) == 1
    assert sum(map(len, parts.values())) == len(log)
