"""GA360 export rows for tests: `hit` and `row` for hand-written ones, `random_export` for all else.

Keywords are the export's own field names. A row is complete without any of them: one page view that
GA counts as a visit.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from visitseg.visits.ga360 import WITH_HITS

Fields = dict[str, Any]
START = 1_501_570_800  # 2017-08-01 07:00 UTC, which is midnight in the sample property's zone
DAY_SEC = 86_400
_HOUR_SEC = 3_600


def _nullable(kind: pa.DataType) -> pa.DataType:
    """Let every field be NULL: an export does not promise more."""
    if pa.types.is_struct(kind):
        return pa.struct([(field.name, _nullable(field.type)) for field in kind])
    if pa.types.is_list(kind):
        return pa.list_(_nullable(kind.value_type))
    return kind


SCHEMA = pa.schema(
    [(field.name, _nullable(field.type)) for field in WITH_HITS] + [("is_intraday", pa.bool_())]
)


def hit(
    hitNumber: int | None = 1,
    time: int | None = 0,
    pagePath: str | None = "/home",
    *,
    type: str | None = "PAGE",  # noqa: A002
    screenName: str | None = None,
    action_type: str | None = "0",
    transactionId: str | None = None,
    refundAmount: int | None = None,
    **clock: int | None,
) -> Fields:
    """Build one hit; `hour` and `minute` follow from the row unless they are given.

    Parameters
    ----------
    hitNumber, time : int
        Its number in the visit, and milliseconds since the row's `visitStartTime`.
    """
    return {
        "hitNumber": hitNumber,
        "time": time,
        "type": type,
        "page": {"pagePath": pagePath},
        "appInfo": {"screenName": screenName} if screenName is not None else None,
        "eCommerceAction": {"action_type": action_type} if action_type is not None else None,
        "transaction": {"transactionId": transactionId} if transactionId is not None else None,
        "refund": {"refundAmount": refundAmount} if refundAmount is not None else None,
        **clock,
    }


_PAGE_VIEW = (hit(),)


def row(
    fullVisitorId: str | None = "1",
    visitId: int | None = START,
    hits: Sequence[Fields] | None = _PAGE_VIEW,
    *,
    visitStartTime: int | None = START,
    date: str | None = "",
    zone: int = -7 * _HOUR_SEC,
    is_intraday: bool = False,
    **more: Any,
) -> Fields:
    """Build one row of a day table.

    Parameters
    ----------
    hits : sequence of dict or None
        None for a NULL array.
    date : str or None
        `YYYYMMDD`; by default the local day of `visitStartTime`.
    zone : int
        The property's offset from UTC in seconds: for `date`, and for the clock of the hits.
    **more
        Fields of `totals`; `deviceCategory`, `channelGrouping`, `country`; or `totals=None`.
    """
    local = (visitStartTime or START) + zone
    more = {"visits": 1, "deviceCategory": "desktop", "country": "Japan", **more}
    totals = {field.name: more.get(field.name) for field in SCHEMA.field("totals").type}
    if hits is not None:
        hits = [_with_clock(one, local) for one in hits]
    if date == "":
        date = f"{_moment(local):%Y%m%d}"
    return {
        "fullVisitorId": fullVisitorId,
        "visitId": visitId,
        "visitStartTime": visitStartTime,
        "date": date,
        "totals": more.get("totals", totals),
        "device": {"deviceCategory": more["deviceCategory"]},
        "geoNetwork": {"country": more["country"]},
        "channelGrouping": more.get("channelGrouping", "Direct"),
        "hits": hits,
        "is_intraday": is_intraday,
    }


def export(rows: Sequence[Fields]) -> pa.Table:
    """Make the table `raw_export` of rows."""
    return pa.Table.from_pylist(list(rows), SCHEMA)


def random_export(seed: int, visits: int) -> pa.Table:
    """Make export rows that hit every corner, about one and a half for each visit.

    They lie on six days from 2017-07-30 to 2017-08-04.
    """
    rng = random.Random(seed)
    zone = rng.choice([-7 * _HOUR_SEC, 0, 5 * _HOUR_SEC + 1_800])
    keys: set[tuple[str | None, int | None]] = set()
    rows: list[Fields] = []
    while len(keys) < visits:
        drawn = _visit(rng, zone)
        key = (drawn[0]["fullVisitorId"], drawn[0]["visitId"])
        if key not in keys:
            keys.add(key)
            rows += drawn
    rng.shuffle(rows)
    more = random.Random(-seed - 1)  # apart, so that what was drawn above stays as it is
    named: dict[str, Fields] = {}  # hits that stand in several rows are the same
    for made in rows:
        if made["hits"]:
            made["hits"] = [
                named.setdefault(repr((made["visitId"], one)), _with_more(more, one))
                for one in made["hits"]
            ]
    return export(rows)


def _with_more(rng: random.Random, one: Fields) -> Fields:
    """Add what only a contract file reads of a hit."""
    skus = [rng.choice(["p1", "p2", "P1", "", None]) for _ in range(rng.randrange(3))]
    products = [{"productSKU": sku, "isImpression": rng.choice([None, True])} for sku in skus]
    event = {
        "eventCategory": rng.choice(["video", "form", None]),
        "eventAction": rng.choice(["play", "stop", "", None]),
        "eventValue": rng.choice([None, 0, 1, 50, -3, 10**12]),
    }
    paid = {"transactionRevenue": rng.choice([None, 0, 1, 5_000_000, 33_333_333])}
    title = {"pageTitle": rng.choice(["Home", "home", "日本", "", None])}
    return {
        **one,
        "page": one["page"] and {**one["page"], **title},
        "transaction": one["transaction"] and {**one["transaction"], **paid},
        "eventInfo": rng.choice([None, event, event]),
        "product": rng.choice([None, products, products]),
    }


_VISITORS = [f"{n:019d}" for n in range(1, 9)] + [
    "18446744073709551615",
    "9223372036854775808",
    "7",
]
_PATHS = [
    *("/home", "/home?utm=1", "/home#top", "/home?", "/home/", "/a?x=1#y", "/a#y?x=1", "/a", "/A"),
    *(
        "",
        "?only=query",
        "#",
        "/ä/日本?q=é",
        "/line\nbreak?x\ny",
        "/tab\t",
        "a b",
        "/e\u0301",
        "/é",
    ),
    *("/%3Fx", "/'quoted'", "/\U0001f6d2", "/home\u00a0", None, None),
]
_SCREENS = ["Main", "Main?x=1", "Ünïcode", "", "/home", None, None]
_ORDERS = ["ORD1", "ORD1", "ORD1", "ORD2", "ord2", "ORD2 ", "(not set)", "", None]
_DATES = [
    *("2017-08-01", "", "2017081", "20170832", "20170229", "00000000", " 20170801", "0", None),
    *("99991231", "201708010", "20170801x", "2017８801", "+2017081"),
]


def _visit(rng: random.Random, zone: int) -> list[Fields]:
    """Make the rows of one visit: usually one, more over midnight or where rows repeat."""
    visitor = rng.choice(_VISITORS)
    midnight = START - START % DAY_SEC + rng.randint(0, 2) * DAY_SEC - zone
    begun = midnight + rng.choice([rng.randint(0, DAY_SEC - 1), *(-1, 0, 1, -5, -60, -400, -1800)])
    visit: int | None = begun
    odd = rng.random()
    if odd < 0.03:
        visitor = rng.choice([None, ""])
    elif odd < 0.06:
        visit = None
    elif odd < 0.1:  # another visitor's visit may have it too
        visit = midnight
    days = _by_day(rng, begun, zone)
    rows = [_part(rng, visitor, visit, moments, zone) for moments in days]
    if len(rows) > 1 and rng.random() < 0.2:  # the first half is not in the input
        del rows[0]
    if rng.random() < 0.05:
        for made in rows:
            made["is_intraday"] = True
    return [copy for made in rows for copy in _copies(rng, made)]


def _by_day(rng: random.Random, begun: int, zone: int) -> list[list[tuple[int, int]]]:
    """Draw hits as (number, milliseconds since 1970), cut at local midnight."""
    number, now = rng.choices([1, 2, 4, 15], [20, 1, 1, 1])[0], begun * 1_000
    steps = [0, 0, 1, 999, 1_000, 1_001, 60_000, rng.randint(1, 1_800_000), 20 * 60_000]
    days: dict[int, list[tuple[int, int]]] = {}
    for _ in range(rng.choice([1, 1, 2, 3, 4, 6])):
        days.setdefault((now // 1_000 + zone) // DAY_SEC, []).append((number, now))
        number += rng.choices([1, 0, 2], [20, 1, 1])[0]
        now += rng.choices([rng.choice(steps), DAY_SEC * 1_000], [15, 1])[0]
    return list(days.values())


def _part(
    rng: random.Random,
    visitor: str | None,
    visit: int | None,
    moments: Sequence[tuple[int, int]],
    zone: int,
) -> Fields:
    """Make one day's row of a visit."""
    start = moments[0][1] // 1_000
    hits: list[Fields] | None = [
        _random_hit(rng, number, moment - start * 1_000) for number, moment in moments
    ]
    odd = rng.random()
    if odd < 0.15:
        rng.shuffle(hits)
    elif odd < 0.2:
        hits = rng.choice([None, []])
    more: Fields = {
        "visits": rng.choices([1, None, 0, 2], [16, 3, 1, 0.2])[0],
        "timeOnSite": rng.choice([None, moments[-1][1] // 1_000 - start, 7]),
        "newVisits": rng.choice([None, 1, 0]),
        "transactions": rng.choice([None, None, None, 0, 1, 2]),
        "transactionRevenue": rng.choice([None, None, 0, 1, 5_000_000, 33_333_333]),
        "totalTransactionRevenue": rng.choice([None, None, None, 0, 2, 19_990_000, 10**15 + 1]),
        "deviceCategory": rng.choice(["desktop", "mobile", "tablet", None]),
        "channelGrouping": rng.choice(["Direct", "Organic Search", "(Other)", None]),
        "country": rng.choice(["Japan", "Côte d’Ivoire", "(not set)", None]),
    }
    if rng.random() < 0.04:
        more["totals"] = None
    made = row(visitor, visit, hits, visitStartTime=start, zone=zone, **more)
    odd = rng.random()
    if odd < 0.04:
        made["date"] = rng.choice(_DATES)
    elif odd < 0.06:
        made["visitStartTime"] = None
    elif odd < 0.1:
        made[rng.choice(["device", "geoNetwork"])] = None
    return made


def _random_hit(rng: random.Random, number: int, time: int) -> Fields:
    kind = rng.choices(
        ["PAGE", "EVENT", "APPVIEW", "TRANSACTION", "ITEM", "EXCEPTION", None],
        [60, 20, 8, 4, 1, 1, 1],
    )[0]
    odd = rng.random()
    clock: dict[str, int | None] = {}
    if odd < 0.02:
        clock = {"hour": rng.choice([None, 0]), "minute": rng.choice([None, 59])}
    elif odd < 0.025:
        number = None  # type: ignore[assignment]
    elif odd < 0.03:
        time = None  # type: ignore[assignment]
    made = hit(
        number,
        time,
        rng.choice(_PATHS),
        type=kind,
        screenName=rng.choice(_SCREENS) if kind in ("APPVIEW", "EVENT") else None,
        action_type=rng.choice(["0", "0", "0", "1", "2", "3", "4", "5", "6", "6", "6", "7", None]),
        transactionId=rng.choice(_ORDERS) if rng.random() < 0.6 else None,
        refundAmount=rng.choice([0, 1, 5_000_000]) if rng.random() < 0.05 else None,
        **clock,
    )
    if rng.random() < 0.02:
        made["page"] = None
    return made


def _copies(rng: random.Random, made: Fields) -> list[Fields]:
    """Repeat a row: exactly, shorter, told otherwise, or cut as if it had begun later."""
    odd = rng.random()
    hits = made["hits"] or []
    if odd < 0.06:
        return [made] * rng.choice([2, 2, 3])
    if odd < 0.1:
        return [made, {**made, "hits": hits[: rng.randint(0, len(hits))]}]
    if odd < 0.14:
        return [made, {**made, "hits": hits[rng.randint(0, len(hits)) :]}]
    if odd < 0.2:
        return [made] + [_told_otherwise(rng, made) for _ in range(rng.choice([1, 1, 2]))]
    return [made]


def _told_otherwise(rng: random.Random, made: Fields) -> Fields:
    """Copy a row with other attributes: a day that was exported again knows more."""
    other = {**made, "totals": {**(made["totals"] or {"visits": 1})}}
    changes: list[tuple[Fields, str, list[Any]]] = [
        (other, "channelGrouping", ["Paid Search", None]),
        (other, "device", [{"deviceCategory": "mobile"}, None]),
        (other, "geoNetwork", [{"country": "Chile"}, None]),
        (other["totals"], "visits", [1, None]),
        (other["totals"], "newVisits", [1, None]),
        (other["totals"], "timeOnSite", [1, None]),
        (other["totals"], "transactions", [1, None]),
        (other["totals"], "transactionRevenue", [7_000_000, None]),
        (other["totals"], "totalTransactionRevenue", [9_000_000, None]),
    ]
    for fields, name, values in rng.sample(changes, rng.choice([1, 2, 5])):
        fields[name] = rng.choice(values)
    odd = rng.random()
    if odd < 0.2 and made["hits"]:
        *before, last = made["hits"]
        moved = {**last, "time": (last["time"] or 0) + rng.choice([0, 1_000])}
        other["hits"] = [*before, {**moved, "refund": {"refundAmount": rng.randint(1, 99)}}]
    elif odd < 0.4:  # the same revenue, only in the deprecated field
        revenue = other["totals"].get("totalTransactionRevenue")
        other["totals"] |= {"transactionRevenue": revenue, "totalTransactionRevenue": None}
    elif odd < 0.5:
        other["date"] = rng.choice(_DATES)
    return other


def _with_clock(one: Fields, local: int) -> Fields:
    second = local + (one["time"] or 0) // 1_000
    moment = _moment(second)
    return {"hour": moment.hour, "minute": moment.minute, **one}


def _moment(second: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(second, dt.UTC)
