"""The GA4 shape: a draw as rows of the nested `events_YYYYMMDD` export.

What the export does and the shape repeats: one row per event, on the day of the event; one hit is
one or more events (a page view, what is viewed on it, a purchase); parameters are lists of keys and
typed values, and the engaged flag comes as a text or as a number; money is in plain currency.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from visitseg.simulate import catalogue as shop
from visitseg.simulate.hits import RELOADED, SHARED_ID, Bools, Ints
from visitseg.simulate.visits import NON_INTERACTION, NORMAL, NULL_ID, Draw

PREFIX = "events_"
STREAM_ID = "3141592653"
_ENGAGED_MS = 10_000  # a visit is engaged from ten seconds on, from two pages on, or if it buys

_INT, _TEXT, _NUMBER = pa.int64(), pa.string(), pa.float64()
_VALUE = pa.struct(
    [
        ("string_value", _TEXT),
        ("int_value", _INT),
        ("float_value", _NUMBER),
        ("double_value", _NUMBER),
    ]
)
_PARAM = pa.struct([("key", _TEXT), ("value", _VALUE)])
_CONSENT = pa.struct([("analytics_storage", _TEXT), ("ads_storage", _TEXT)])
_DEVICE = pa.struct([("category", _TEXT), ("operating_system", _TEXT)])
_GEO = pa.struct([("continent", _TEXT), ("country", _TEXT), ("city", _TEXT)])
_ECOMMERCE = pa.struct([("transaction_id", _TEXT), ("purchase_revenue", _NUMBER)])
_TRAFFIC = pa.struct([("manual_source", _TEXT), ("manual_medium", _TEXT)])

SCHEMA = pa.schema(
    {
        "event_date": _TEXT,
        "event_timestamp": _INT,
        "event_name": _TEXT,
        "event_params": pa.list_(pa.field("element", _PARAM)),
        "user_pseudo_id": _TEXT,
        "privacy_info": _CONSENT,
        "device": _DEVICE,
        "geo": _GEO,
        "stream_id": _TEXT,
        "platform": _TEXT,
        "ecommerce": _ECOMMERCE,
        "collected_traffic_source": _TRAFFIC,
        "batch_page_id": _INT,
        "batch_ordering_id": _INT,
    }
)

_URLS = pa.array(
    [f"https://{shop.HOSTNAME}{path}{query}" for path, _ in shop.PAGES for query in shop.QUERIES]
)
_TITLES = pa.array([title for _, title in shop.PAGES])
_DEVICES = pa.array([(row[1], row[3]) for row in shop.DEVICES], _DEVICE)
_PLACES = pa.array([row[1:4] for row in shop.PLACES], _GEO)
_SOURCES = pa.array([(row[2], row[3]) for row in shop.CHANNELS], _TRAFFIC)
_EVENT_OF_ACTION = ("scroll", "select_item", "view_item", "add_to_cart", "remove_from_cart")


def visitor_id(draw: Draw) -> pa.StringArray:
    """Write visitor ids as GA4 does: two numbers and a dot."""
    big = pa.array(draw.visitor // np.uint64(10**9)).cast(_TEXT)
    small = pa.array(draw.visitor % np.uint64(10**9)).cast(_TEXT)
    return pc.binary_join_element_wise(big, pc.utf8_lpad(small, width=9, padding="0"), ".")


def visit_id(draw: Draw) -> pa.StringArray:
    """Write the key of each visit: `user_pseudo_id|stream_id|ga_session_id`."""
    start = pa.array(draw.start).cast(_TEXT)
    return pc.binary_join_element_wise(visitor_id(draw), STREAM_ID, start, "|")


def may_be_copied(table: pa.Table) -> Bools:
    """Tell which events may be exported twice: those of visits."""
    known: Bools = pc.is_valid(table["user_pseudo_id"]).to_numpy()
    return known


def quirks(draw: Draw) -> dict[str, int]:
    """Count what a day's draw plants: visits, and events for `no_consent`."""
    repeated = (draw.receipts == RELOADED) | (draw.receipts == SHARED_ID)
    return {
        "merged_over_midnight": int(draw.crosses.sum()),
        "repeated_purchase": int((repeated & (draw.status == NORMAL)).sum()),
        "event_only": int((draw.event_only & (draw.status == NORMAL)).sum()),
    }


def carried_quirks(draw: Draw, table: pa.Table) -> dict[str, int]:
    """Count what the day before the export leaves to its first day."""
    del draw, table
    return {}


def table_quirks(table: pa.Table) -> dict[str, int]:
    """Count the rows of a day that are no part of a visit."""
    return {"no_consent": table["user_pseudo_id"].null_count}


def rows(draw: Draw, *, late: bool) -> pa.Table:
    """Shape the events on one side of the midnight that ends the drawn day.

    Parameters
    ----------
    draw : Draw
        A day of visits.
    late : bool
        False for the day's own file, True for what its visits leave to the next day's file.

    Returns
    -------
    pyarrow.Table
        One row per event, of `SCHEMA`.
    """
    hits, day = draw.hits, draw.day
    here = ((hits.time >= day.end * 1_000) == late) & (draw.status != NON_INTERACTION)[hits.visit]
    names, chosen, place = _events(draw, here)
    visit = hits.visit[chosen]
    known = pa.array(draw.status[visit] != NULL_ID)
    file_day = day.date + timedelta(days=int(late))
    denied = pa.array([("No", "No"), ("Yes", "Yes")], _CONSENT)
    purchase = pc.equal(names, "purchase")
    columns = [
        pa.repeat(pa.scalar(f"{file_day:%Y%m%d}"), len(chosen)),
        pa.array(hits.time[chosen] * 1_000),
        names,
        _params(draw, chosen, names),
        pc.if_else(known, visitor_id(draw).take(pa.array(visit)), None),
        denied.take(known.cast(pa.int64())),
        _DEVICES.take(pa.array(draw.device[visit])),
        _PLACES.take(pa.array(draw.place[visit])),
        pa.repeat(pa.scalar(STREAM_ID), len(chosen)),
        pa.repeat(pa.scalar("WEB"), len(chosen)),
        pc.if_else(purchase, _orders(draw, chosen), pa.scalar(None, _ECOMMERCE)),
        _SOURCES.take(pa.array(draw.channel[visit])),
        pa.array(hits.number[chosen]),
        pa.array(place),
    ]
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def _events(draw: Draw, here: Bools) -> tuple[pa.StringArray, Ints, Ints]:
    """List the events of the hits of one side: their names, hits and places within the hit."""
    hits = draw.hits
    first = np.diff(hits.visit, prepend=-1) > 0
    last = np.diff(hits.visit, append=len(draw.start)) > 0
    span = hits.time - hits.time[np.flatnonzero(first)][hits.visit]
    thanks = hits.receipt | ((hits.action == 6) & (draw.receipts[hits.visit] == RELOADED))
    is_page, action = hits.is_page, hits.action
    base = [("page_view", is_page)]
    base += [(name, ~is_page & (action == j)) for j, name in enumerate(_EVENT_OF_ACTION)]
    listed: Sequence[tuple[int, str, Bools]] = (
        (0, "session_start", first),
        (1, "first_visit", first & (draw.number[hits.visit] == 1)),
        *((2, name, which) for name, which in base),
        (3, "view_item", is_page & (action == 2)),
        (3, "begin_checkout", is_page & (action == 5)),
        (3, "purchase", thanks),
        (4, "user_engagement", last & (span > 0)),
    )
    found = [(place, name, np.flatnonzero(which & here)) for place, name, which in listed]
    chosen = np.concatenate([hit for _, _, hit in found])
    places = np.concatenate([np.full(len(hit), place) for place, _, hit in found])
    names = pa.concat_arrays([pa.repeat(pa.scalar(name), len(hit)) for _, name, hit in found])
    order = np.lexsort((places, chosen))
    return names.take(pa.array(order)), chosen[order], places[order]


def _params(draw: Draw, chosen: Ints, names: pa.StringArray) -> pa.ListArray:
    """List each event's parameters, flat parts first, then cut by event."""
    hits = draw.hits
    visit = hits.visit[chosen]
    known = draw.status[visit] != NULL_ID
    everywhere = np.ones(len(chosen), dtype=bool)
    engaged = _engaged(draw)[visit].astype(np.int64)
    in_words = draw.number[visit] % 8 > 0  # the flag's type varies in real exports
    purchase = pc.equal(names, "purchase").to_numpy(zero_copy_only=False)
    leaving = pc.equal(names, "user_engagement").to_numpy(zero_copy_only=False)
    first_time = hits.time[np.flatnonzero(np.diff(hits.visit, prepend=-1) > 0)][visit]
    focus = (hits.time[chosen] - first_time) * 6 // 10
    url = _URLS.take(pa.array(hits.page[chosen] * len(shop.QUERIES) + hits.query[chosen]))
    orders = _orders(draw, chosen)
    parts = (
        ("ga_session_id", "int_value", pa.array(draw.start[visit]), known),
        ("ga_session_number", "int_value", pa.array(draw.number[visit]), known),
        ("page_location", "string_value", url, everywhere),
        ("page_title", "string_value", _TITLES.take(pa.array(hits.page[chosen])), everywhere),
        ("session_engaged", "string_value", pa.array(engaged).cast(_TEXT), known & in_words),
        ("session_engaged", "int_value", pa.array(engaged), known & ~in_words),
        ("engagement_time_msec", "int_value", pa.array(focus), leaving),
        ("transaction_id", "string_value", pc.struct_field(orders, "transaction_id"), purchase),
        ("currency", "string_value", pa.repeat(pa.scalar("USD"), len(chosen)), purchase),
        ("value", "double_value", pc.struct_field(orders, "purchase_revenue"), purchase),
    )
    owner = np.concatenate([np.flatnonzero(which) for *_, which in parts])
    flat = pa.concat_arrays([_part(key, kind, values, which) for key, kind, values, which in parts])
    order = np.argsort(owner, kind="stable")
    offsets = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(chosen)))])
    return pa.ListArray.from_arrays(
        pa.array(offsets.astype(np.int32)),
        flat.take(pa.array(order)),
        type=SCHEMA.field("event_params").type,
    )


def _part(key: str, kind: str, values: pa.Array, which: Bools) -> pa.StructArray:
    """Shape one parameter of the events that have it."""
    chosen = values.take(pa.array(np.flatnonzero(which)))
    fields = [
        chosen if field.name == kind else pa.nulls(len(chosen), field.type) for field in _VALUE
    ]
    value = pa.StructArray.from_arrays(fields, fields=list(_VALUE))
    keys = pa.repeat(pa.scalar(key), len(chosen))
    return pa.StructArray.from_arrays([keys, value], fields=list(_PARAM))


def _engaged(draw: Draw) -> Bools:
    hits, size = draw.hits, len(draw.start)
    first = np.flatnonzero(np.diff(hits.visit, prepend=-1) > 0)
    last = np.flatnonzero(np.diff(hits.visit, append=size) > 0)
    long = hits.time[last] - hits.time[first] >= _ENGAGED_MS
    pages = np.bincount(hits.visit, hits.is_page, size) >= 2
    bought = np.bincount(hits.visit, hits.receipt, size) > 0
    engaged: Bools = long | pages | bought
    return engaged


def _orders(draw: Draw, chosen: Ints) -> pa.StructArray:
    """Shape the order that each event's hit shows; NULL where it shows none."""
    baskets, basket = draw.baskets, draw.hits.basket[chosen]
    serial = pa.array(np.append(baskets.order, 0)).cast(_TEXT)
    serial = pc.utf8_lpad(serial, width=6, padding="0")
    names = pc.binary_join_element_wise(f"ORD{draw.day.date:%Y%m%d}", serial, "")
    shown = pa.array(basket, mask=basket < 0)
    total = pa.array(np.append(baskets.goods + baskets.shipping, 0) / 100)
    return pa.StructArray.from_arrays(
        [names.take(shown), total.take(shown)], fields=list(_ECOMMERCE)
    )
