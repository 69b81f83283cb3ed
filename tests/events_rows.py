"""Random event logs: what the first model, `mapped_events`, makes of any log."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pyarrow as pa

from visitseg.visits.events.mapping import HIT_TEXTS, TEXTS

SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in (*TEXTS, *HIT_TEXTS)),
        ("value", pa.float64()),
        ("time_at", pa.timestamp("us", tz="UTC")),
        ("time_number", pa.float64()),
        ("time_text", pa.string()),
        ("revenue", pa.float64()),
        ("row_hash", pa.int64()),
    ]
)
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
SECOND = 1_000_000
MINUTE = 60 * SECOND
# 2026-03-08 04:30 UTC: clocks in New York go forward three hours later.
START = 1_772_944_200 * SECOND
# Pauses around the limits of these tests: 30 minutes between events, 2 hours a visit.
GAP, LONGEST = 30 * MINUTE, 120 * MINUTE
_PAUSES = [
    *(0, 0, 1, 999_999, SECOND, 7 * SECOND, 5 * MINUTE, 12 * MINUTE, 29 * MINUTE),
    *(GAP - 1, GAP, GAP + 1, 29 * MINUTE, 29 * MINUTE, 31 * MINUTE, LONGEST, 600 * MINUTE),
]
_VISITORS = ["u1", "u1", "u1", "u2", "a|b", "a", "a^", "日本", "U1", None]
_VISITS = ["v1", "v1", "v2", "b|v1", "v1|2", "é", None]
_EVENTS = [
    *(["view"] * 5 + ["detail"] * 3 + ["buy"] * 5 + ["cart", "pay", "back", "scroll", "VIEW", None])
]
_PAGES = [
    *("https://shop.example/a?x=1#y", "/a", "/b#c", "?q", "https://shop.example", "home", None),
    *("//h/a", "https://shop.example/日本", "ftp+x://h/é?u", "#"),
]
_ORDERS = ["o1", "o1", "o2", "O1", None, None]
_REVENUES = [10.0, 10.0, 19.99, 0.1, 0.0, -5.0, 1e6 / 3, float("nan"), None]
_BAD_TIMES = [
    *("", "yesterday", "2026-02-30", "2026-13-01 10:00:00", "2026-03-08 25:00:00", "10/03/2026"),
    *("2026-03-08 10:61", "2026-03-08 10:00:00 America/New_York", "2026-3-8", "0000-01-01", "12e3"),
    *(
        "2026-03-08T10:00:00+16:00",
        "9999999999999999999999",
        "0001-01-01",
        "2300-01-01",
        "日本",
        ".",
    ),
]


def _texts(us: int, draw: random.Random) -> str:
    """Write a time in one of the common forms; the short ones lose its fraction."""
    at = EPOCH + dt.timedelta(microseconds=us)
    west, india = at - dt.timedelta(hours=3, minutes=30), at + dt.timedelta(hours=5, minutes=30)
    seconds, rest = divmod(us, SECOND)
    return draw.choice(
        [
            f"{at:%Y-%m-%d %H:%M:%S.%f} UTC", f"{at:%Y-%m-%dT%H:%M:%S.%f}Z",
            f"{at:%Y/%m/%d %H:%M:%S.%f}", f"{at:%Y-%m-%d %H:%M:%S,%f}", f"{at:%Y-%m-%d %H:%M}",
            f"{at:%Y-%m-%d}", f"{at:%Y-%m-%dT%H:%M:%S}Z", f" {at:%Y-%m-%d %H:%M:%S} GMT ",
            f"{west:%Y-%m-%dT%H:%M:%S.%f}-03:30", f"{india:%Y-%m-%dT%H:%M:%S.%f}+0530",
            f"{at:%Y-%m-%d %H:%M}+00", f"{at:%Y-%m-%dT%H:%M}Z", f"{at:%Y-%m-%d %H:%M:%S.%f}123",
            f"{seconds}", f"{seconds}.{rest:06d}", f"{us // 1000}", f"{us}", f"{us}000",
            f"{at:%Y-%m-%d %H:%M}:60", f"{at:%Y-%m-%d %H:%M:%S}.5 +01",
        ]
    )  # fmt: skip


def _time(us: int, draw: random.Random) -> dict[str, Any]:
    form = draw.randrange(12)
    if form < 6:
        return {"time_at": EPOCH + dt.timedelta(microseconds=us)}
    if form < 8:
        number = draw.choice([us / 1e6, us // SECOND, us / 1e3, us // 1000, us, us * 1000])
        return {"time_number": float(number)}
    if form < 11:
        return {"time_text": _texts(us, draw)}
    numbers = [0.0, -1.0, 1e25, float("nan"), float("inf"), 5.0, 20260308.0, 20260308100000.0]
    return draw.choice(
        [{}, {"time_text": draw.choice(_BAD_TIMES)}, {"time_number": draw.choice(numbers)}]
    )


def random_log(seed: int, events: int, *, visits: bool = True) -> pa.Table:
    """Return the table `mapped_events` of a random log, its rows in no order."""
    draw = random.Random(seed)
    rows: list[dict[str, Any]] = []
    clock = dict.fromkeys(_VISITORS, START)
    for number in range(events):
        if rows and draw.random() < 0.12:
            rows.append(dict(draw.choice(rows)))  # an exact copy
            continue
        visitor = draw.choice(_VISITORS)
        clock[visitor] += draw.choice(_PAUSES)
        row = {
            "visitor": visitor,
            "visit": draw.choice(_VISITS) if visits else None,
            "event": draw.choice(_EVENTS),
            "page": draw.choice(_PAGES),
            "order_id": draw.choice(_ORDERS),
            "product_id": draw.choice(["p1", "p2", None]),
            "currency": draw.choice(["EUR", "EUR", "USD", None]),
            "device": draw.choice(["mobile", "desktop", None]),
            "channel": draw.choice(["Email", "Direct", None]),
            "country": draw.choice(["JP", "日本", None]),
            "visitor_type": draw.choice(["new", None]),
            "landing_page": draw.choice(["/in", None, None]),
            "revenue": draw.choice(_REVENUES),
            "row_hash": number,
        }
        rows.append(row | _time(clock[visitor], draw))
        if draw.random() < 0.1:
            rows.append({**rows[-1], "row_hash": -number - 1})  # a copy but for what is not mapped
    more = random.Random(-seed - 1)  # apart, so that what was drawn above stays as it is
    told: dict[int, dict[str, Any]] = {}  # copies are the same in it
    for row in rows:
        row |= told.setdefault(
            row["row_hash"],
            {
                "title": more.choice(["Home", "home", "日本", None]),
                "category": more.choice(["video", "form", None]),
                "action": more.choice(["play", "stop", None]),
                "value": more.choice([0.0, 1.5, 1 / 3, -3.0, 1e15, float("nan"), None]),
            },
        )
    draw.shuffle(rows)
    return pa.Table.from_pylist(rows, SCHEMA)
