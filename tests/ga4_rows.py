"""GA4 export rows for tests: `event` for hand-written ones, `random_export` for all else.

Keywords are the export's own field names. An event is complete without any of them: a page view of
visitor `u1` in visit 1 of stream 7.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from visitseg.visits.ga4 import WITH_HITS

Fields = dict[str, Any]
START = 1_612_137_600_000_000  # 2021-02-01 00:00 UTC, in microseconds
SECOND = 1_000_000
DAY = 86_400 * SECOND


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


def event(
    event_name: str | None = "page_view",
    second: float = 0,
    user_pseudo_id: str | None = "u1",
    visit: Any = 1,
    params: Mapping[str, Any] | None = None,
    **more: Any,
) -> Fields:
    """Build one event.

    Parameters
    ----------
    second : float
        Seconds since `START`; `event_date` is its day in UTC unless it is given.
    visit : int, str or None
        The parameter `ga_session_id`; without one where it is None.
    params : mapping
        Other parameters: a str, an int, a float, None (a value of NULLs) or the value's own fields.
    **more
        Other columns of the export.
    """
    moment = START + round(second * SECOND)
    told = {} if visit is None else {"ga_session_id": visit}
    if event_name == "page_view":
        told["page_location"] = "https://shop.example/home"
    told |= params or {}
    return {
        "event_date": f"{dt.datetime.fromtimestamp(moment // SECOND, dt.UTC):%Y%m%d}",
        "event_timestamp": moment,
        "event_name": event_name,
        "event_params": [{"key": key, "value": _value(value)} for key, value in told.items()],
        "user_pseudo_id": user_pseudo_id,
        "stream_id": "7",
        "platform": "WEB",
        "device": {"category": "desktop"},
        "geo": {"country": "Japan"},
        "is_intraday": False,
        **more,
    }


def purchase(
    order: Any = "A1", revenue: float | None = 10.0, second: float = 0, **more: Any
) -> Fields:
    """Build a purchase whose order id is a parameter, or in `ecommerce` only if `order` is None."""
    params = {} if order is None else {"transaction_id": order}
    ecommerce = {"purchase_revenue": revenue, "purchase_revenue_in_usd": revenue}
    told = {"ecommerce": ecommerce, **more, "params": params | (more.get("params") or {})}
    return event("purchase", second, **told)


def _value(value: Any) -> Fields:
    if isinstance(value, Mapping):
        return dict(value)
    kinds = {str: "string_value", int: "int_value", float: "double_value", type(None): "int_value"}
    return {kinds[type(value)]: value}


def export(rows: Sequence[Fields]) -> pa.Table:
    """Make the table `raw_export` of events."""
    return pa.Table.from_pylist(list(rows), SCHEMA)


_USERS = ["u1", "u1", "u2", "U2", "1234567.890", "a|b", "日本", None, ""]
_STREAMS = ["7", "7", "8", "", None]
_VISITS: list[Any] = [
    *(1, 2, 1747075570, "1", " 1 ", "+2", "1747075570", "s1747075570$o5$g1$t1747075570$j60"),
    *("s2", "0x2", "junk", "", "5.5", "1e3", "s", "-7", "99999999999999999999", 2.0, None, ...),
]
_NAMES = [
    *(["page_view"] * 8 + ["screen_view"] * 3 + ["purchase"] * 6 + ["refund"] * 2),
    *("view_item", "add_to_cart", "begin_checkout", "session_start", "first_visit"),
    *("user_engagement", "scroll", "PAGE_VIEW", "", None),
]
_PAGES: list[Any] = [
    *("https://shop.example/home", "https://shop.example/home?gclid=1#top", "/home"),
    *("https://shop.example", "https://shop.example?utm=1", "https://shop.example/#a?b", "?x", ""),
    *("shop.example/home", "android-app://com.x/y", "https://shop.example/ä/日本?q=é", "//h/a"),
    *("https://shop.example/line\nbreak?x", "https://a/b://c/d", "HTTP://A/home/", "#", None, 5),
]
_ORDERS: list[Any] = [
    *("A1", "A1", "A2", "a1", "77", 77, "(not set)", "", None, 1.5),
    ...,
    ...,
    ...,
]
_ORDERS_TOLD = ["A1", "A9", "(not set)", "", None]
_MONEY = [None, 0.0, 10.0, 19.99, 0.1, 33.333333, 1e-7, 5e-7, 123456.789, 1e300]
_MONEY += [float("nan"), float("inf")]
_CAME_BY: list[tuple[Any, Any, Any]] = [
    *(("(direct)", "(none)", "(direct)"), ("(direct)", None, None), ("google", "cpc", "Spring")),
    *(("google", "organic", None), ("GOOGLE", "CPC", None), ("google", "cpc", "Cross-Network 1")),
    *(("google", "cpc", "My Shop"), ("x", "ppc", "eshop"), ("x", "ppc", "workshop")),
    *(("amazon.com", "paid", None), ("facebook.com", "paid_social", None), ("Ebay", None, None)),
    *(("m.facebook.com", "referral", None), ("youtube.com", "cpv", None), ("x", "banner", None)),
    *(("youtube", "cpc", None), ("x", "cpc", None), ("x", "Display", None), ("x", "cpm", None)),
    *(("x", "Expandable", None), ("x", "interstitial", None), ("x", "retargeting", None)),
    *(("x", "social-network", None), ("x", "SM", None), ("x", "live-video", None)),
    *(("vimeo.com", "referral", None), ("duckduckgo.com", None, None), ("x", "organic", None)),
    *(("x.example", "referral", None), ("x", "link", None), ("Newsletter", "E-Mail", None)),
    *(("e_mail", None, None), ("x", "affiliate", None), ("x", "audio", None), ("sms", "x", None)),
    *(("x", "webpush", None), ("firebase", None, None), ("x", "Mobile app", None), ("", "", "")),
    *(("x", "line\ncpc", None), ("É", "ÜBER", None), (None, None, "only a campaign"), ("y", 5, 5)),
]
_DATES = [
    *("2021-02-01", "", "2021021", "20210232", "20210229", "00000000", " 20210201", "0", None),
    *("99991231", "202102010", "20210201x", "2021８201"),
]


def random_export(seed: int, events: int) -> pa.Table:
    """Make export rows that hit every corner, on six days from 2021-01-30 to 2021-02-04."""
    rng = random.Random(seed)
    visits = [
        (
            rng.choice(_USERS) if rng.random() < 0.5 else "u1",
            rng.choice(_STREAMS) if rng.random() < 0.3 else "7",
            rng.choice(_VISITS) if rng.random() < 0.5 else n,
            START + rng.randint(-2, 3) * DAY + rng.choice([-5 * SECOND, 0, rng.randrange(DAY)]),
            rng.random() < 0.5,
        )
        for n in range(1, max(2, events // 5))
    ]
    rows: list[Fields] = []
    while len(rows) < events:
        made = _random_event(rng, *rng.choice(visits))
        rows += _copies(rng, made)
    rng.shuffle(rows)
    more = random.Random(-seed - 1)  # apart, so that what was drawn above stays as it is
    return export([_with_hit(more, made) for made in rows])


def _with_hit(rng: random.Random, made: Fields) -> Fields:
    """Add what only a contract file reads of an event."""
    told = {
        "page_title": rng.choice(["Home", "home", "日本", "", None, 5]),
        "event_category": rng.choice(["video", "form", None]),
        "event_action": rng.choice(["play", "stop", "", None]),
    }
    drawn = [{"key": key, "value": _value(v)} for key, v in told.items() if rng.random() < 0.5]
    ids = [rng.choice(["p1", "p2", "P1", "(not set)", "", None]) for _ in range(rng.randrange(3))]
    items = [{"item_id": item} for item in ids]
    return {
        **made,
        "event_params": (made["event_params"] or []) + drawn,
        "items": rng.choice([None, items, items]),
    }


def _random_event(
    rng: random.Random, user: str | None, stream: str | None, visit: Any, start: int, told: bool
) -> Fields:
    name = rng.choice(_NAMES)
    made = event(name, 0, user, None, stream_id=stream)
    moment = start + rng.choice([0, 0, 0, 1, SECOND, 6 * SECOND, 20, rng.randrange(1800 * SECOND)])
    made["event_timestamp"] = moment if rng.random() < 0.98 else None
    day = dt.datetime.fromtimestamp(moment // SECOND, dt.UTC)
    made["event_date"] = f"{day:%Y%m%d}" if rng.random() < 0.97 else rng.choice(_DATES)
    made["is_intraday"] = rng.random() < 0.04 or (None if rng.random() < 0.02 else False)
    if rng.random() < 0.5:
        for batch in ("batch_page_id", "batch_ordering_id", "batch_event_index"):
            made[batch] = rng.choice([None, 0, 1, 2])
    made["platform"] = rng.choice(["WEB", "WEB", "web", "ANDROID", "IOS", None])
    consent = rng.choice([*("Yes", "No", "no", "0", "1", "Unset", None), ...])
    made["privacy_info"] = None if consent is ... else {"analytics_storage": consent}
    made["device"] = rng.choice([None, {"category": rng.choice(["mobile", "desktop", None])}])
    made["geo"] = rng.choice([None, {"country": rng.choice(["Japan", "Côte d’Ivoire", "", None])}])
    made["ecommerce"] = _random_ecommerce(rng) if name in ("purchase", "refund", "scroll") else None
    params = _random_params(rng, name, visit)
    if told and rng.random() < 0.5:
        source, medium, campaign = rng.choice(_CAME_BY)
        click_id = rng.choice([None, None, None, "", "EAIaIQ"])
        if rng.random() < 0.5:
            texts = [str(x) if isinstance(x, int) else x for x in (source, medium, campaign)]
            names = ("manual_source", "manual_medium", "manual_campaign_name", "gclid")
            pairs = zip(names, (*texts, click_id), strict=True)
            made["collected_traffic_source"] = dict(pairs)
        else:
            names = ("source", "medium", "campaign", "gclid")
            pairs = zip(names, (source, medium, campaign, click_id), strict=True)
            params |= {key: value for key, value in pairs if value is not None}
        if rng.random() < 0.2:
            group = rng.choice([None, "Direct", "Paid Search", "Email"])
            campaign_of = rng.choice([None, {"default_channel_group": group}])
            made["session_traffic_source_last_click"] = {"cross_channel_campaign": campaign_of}
    pairs_told = [{"key": key, "value": _value(value)} for key, value in params.items()]
    rng.shuffle(pairs_told)
    if rng.random() < 0.02:
        pairs_told[:1] = [{"key": "odd", "value": None}]
    made["event_params"] = pairs_told if rng.random() < 0.98 else rng.choice([None, []])
    return made


def _random_ecommerce(rng: random.Random) -> Fields | None:
    if rng.random() < 0.1:
        return None
    money = {name: rng.choice(_MONEY) for name in ("purchase_revenue", "refund_value")}
    money |= {f"{name}_in_usd": rng.choice(_MONEY) for name in list(money)}
    return {"transaction_id": rng.choice(_ORDERS_TOLD), **money}


def _random_params(rng: random.Random, name: str | None, visit: Any) -> Fields:
    drawn: list[tuple[str, float, list[Any]]] = [
        ("ga_session_number", 0.6, [1, 2, "1", "3", "x", None]),
        ("session_engaged", 0.6, [1, 0, "1", "0", "", None, "true", 1.0, 2]),
        ("engagement_time_msec", 0.5, [0, 1, 999, 12_345, "77", "5.5", "1_0", None]),
        ("page_location", 0.8, _PAGES),
        ("firebase_screen", 0.5 if name == "screen_view" else 0.02, ["Main", "Main?x=1", "", None]),
        ("transaction_id", 1.0 if name == "purchase" else 0.02, _ORDERS),
        ("currency", 0.8 if name in ("purchase", "refund") else 0.02, ["JPY", "JPY", "USD", 5]),
        ("debug_mode", 0.05, [1, 0, "1", None]),
        ("traffic_type", 0.05, ["internal", "external", "Internal", 1]),
        ("value", 0.3, [1.0, 1.5, 0.1 + 0.2, -0.0, 1e15, 1e20, 1e-7, 1 / 3, float("nan")]),
        ("odd", 0.1, [{"float_value": 2.5}, {"double_value": 1e16, "float_value": 1.0}, {}]),
    ]
    params = {} if visit is ... else {"ga_session_id": visit}
    for key, share, values in drawn:
        value = rng.choice(values)
        if rng.random() < share and value is not ...:
            params[key] = value
    return params


def _copies(rng: random.Random, made: Fields) -> list[Fields]:
    """Repeat an event: exactly, with its parameters turned, or told otherwise."""
    odd = rng.random()
    if odd < 0.06:
        return [made] * rng.choice([2, 2, 3])
    if odd < 0.1:
        return [made, {**made, "event_params": (made["event_params"] or [])[::-1]}]
    if odd < 0.25:
        changes: list[tuple[str, list[Any]]] = [
            ("device", [{"category": "tablet"}, None]),
            ("geo", [{"country": "Peru"}, None]),
            ("platform", ["IOS", None]),
            ("event_date", ["20210203", None]),
            ("batch_event_index", [3, None]),
            ("event_timestamp", [(made["event_timestamp"] or START) + 1, None]),
            ("event_name", ["purchase", "page_view"]),
            ("ecommerce", [{"transaction_id": "A3", "purchase_revenue": 5.0}, None]),
            ("collected_traffic_source", [{"manual_source": "bing", "gclid": "1"}, None]),
        ]
        other = {key: rng.choice(values) for key, values in rng.sample(changes, rng.choice([1, 2]))}
        return [made, {**made, **other}]
    return [made]
