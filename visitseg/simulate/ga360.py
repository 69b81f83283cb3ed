"""The GA360 shape: a draw as rows of the nested `ga_sessions_YYYYMMDD` export.

What the export does and the shape repeats: a visit over local midnight is two rows, each in its own
day's file with its own totals; counts that are zero are NULL; money is in micros (x 1e6); types are
those of BigQuery's Parquet export.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from visitseg.simulate import catalogue as shop
from visitseg.simulate.ga360_schema import (
    ACTION,
    APP,
    DEVICE,
    DIMENSION,
    EVENT,
    HIT,
    INT,
    PAGE,
    PLACE,
    PRODUCT,
    SCHEMA,
    SOURCE,
    TEXT,
    TOTALS,
    TRANSACTION,
    repeated,
)
from visitseg.simulate.hits import RELOADED, SHARED_ID, Bools, Ints
from visitseg.simulate.visits import NON_INTERACTION, NULL_ID, Draw

PREFIX = "ga_sessions_"
_MICROS = 10_000  # micros in a cent


# Every value a nested column can take, once; rows take theirs by index.
_PATHS = pa.array(
    [(path + query, shop.HOSTNAME, title) for path, title in shop.PAGES for query in shop.QUERIES],
    PAGE,
)
_SCREENS = pa.array([(shop.HOSTNAME + path,) for path, _ in shop.PAGES], APP)
_EVENTS = pa.array(  # by action type, then product
    [
        (category, action, name if labelled else None)
        for category, action, labelled in (
            ("Engagement", "Scroll", False),
            ("Enhanced Ecommerce", "Product Click", True),
            ("Enhanced Ecommerce", "Product Detail", True),
            ("Enhanced Ecommerce", "Add to Cart", False),
            ("Enhanced Ecommerce", "Remove from Cart", False),
        )
        for name in shop.PRODUCTS
    ],
    EVENT,
)
_SKUS, _NAMES = pa.array(shop.SKUS), pa.array(shop.PRODUCTS)
_CHANNELS = pa.array([row[1] for row in shop.CHANNELS])
_TYPES = pa.array(["EVENT", "PAGE"])
_STEPS = 4
_ACTIONS = pa.array([(str(action), step) for action in range(7) for step in range(_STEPS)], ACTION)
_SOURCES = pa.array([row[2:] for row in shop.CHANNELS], SOURCE)
_DEVICES = pa.array([(row[2], row[3], row[1] != "desktop", row[1]) for row in shop.DEVICES], DEVICE)
_PLACES = pa.array([row[1:4] for row in shop.PLACES], PLACE)
_REGIONS = [[(4, row[4])] if row[4] else [] for row in shop.PLACES]
_DIMENSIONS = pa.array(  # of new visitors, then of known ones; the order of indices is not fixed
    _REGIONS + [[(7, "known"), *region] for region in _REGIONS],
    repeated(DIMENSION),
)


def visitor_id(draw: Draw) -> pa.StringArray:
    """Write visitor ids as GA360 does: digits, some with leading zeros, some beyond 2^63 - 1."""
    short = draw.visitor % np.uint64(20) == 0
    text = pa.array(draw.visitor).cast(TEXT)
    shortened = pa.array(draw.visitor // np.uint64(1_000)).cast(TEXT)
    return pc.if_else(pa.array(short), shortened, pc.utf8_lpad(text, width=19, padding="0"))


def visit_id(draw: Draw) -> pa.StringArray:
    """Write the key of each visit: `fullVisitorId|visitId`."""
    return pc.binary_join_element_wise(visitor_id(draw), pa.array(draw.start).cast(TEXT), "|")


def may_be_copied(table: pa.Table) -> Bools:
    """Tell which rows may be exported twice: visits with a visitor."""
    visit = pc.is_valid(pc.struct_field(table["totals"], "visits"))
    eligible: Bools = pc.and_(visit, pc.is_valid(table["fullVisitorId"])).to_numpy()
    return eligible


def quirks(draw: Draw) -> dict[str, int]:
    """Count what a day's draw plants: rows for `null_id` and `non_interaction`, else visits."""
    return {
        "merged_over_midnight": int(draw.crosses.sum()),
        "non_interaction": int((draw.status == NON_INTERACTION).sum()),
        "null_id": int((draw.status == NULL_ID).sum()),
        "duplicate_purchase_hits": int((draw.receipts == RELOADED).sum()),
        "shared_order_id": int((draw.receipts == SHARED_ID).sum()),
        "event_only": int(draw.event_only.sum()),
    }


def carried_quirks(draw: Draw, table: pa.Table) -> dict[str, int]:
    """Count what the day before the export leaves to its first day: second halves of visits."""
    pageless = int(pc.struct_field(table["totals"], "pageviews").null_count)
    return {"continuation": int(draw.crosses.sum()), "event_only": pageless}


def table_quirks(table: pa.Table) -> dict[str, int]:
    """Count the rows of a day that are no part of a visit; the draw's own count has them."""
    del table
    return {}


def rows(draw: Draw, *, late: bool) -> pa.Table:
    """Shape the export rows on one side of the midnight that ends the drawn day.

    Parameters
    ----------
    draw : Draw
        A day of visits.
    late : bool
        False for the day's own file, True for what its visits leave to the next day's file.

    Returns
    -------
    pyarrow.Table
        One row per visit with hits on that side, of `SCHEMA`.
    """
    hits, day = draw.hits, draw.day
    chosen = np.flatnonzero((hits.time >= day.end * 1_000) == late)
    owner = hits.visit[chosen]
    first = np.flatnonzero(np.diff(owner, prepend=-1))  # first hit of each row
    size = np.diff(first, append=len(owner))
    visit = owner[first]
    moment = hits.time[chosen]
    moment[first] -= moment[first] % 1_000  # a row starts on a whole second, at its first hit
    started = moment[first] // 1_000
    known = draw.number[visit] > 1
    file_day = day.date + timedelta(days=int(late))
    columns = [
        pa.nulls(len(visit), INT),
        pa.array(draw.number[visit]),
        pa.array(draw.start[visit]),
        pa.array(started),
        _constant(f"{file_day:%Y%m%d}", len(visit)),
        _totals(draw, chosen, first, moment),
        _SOURCES.take(pa.array(draw.channel[visit])),
        _DEVICES.take(pa.array(draw.device[visit])),
        _PLACES.take(pa.array(draw.place[visit])),
        _DIMENSIONS.take(pa.array(draw.place[visit] + known * len(_REGIONS))),
        _list(size, _hits(draw, chosen, first, moment), SCHEMA.field("hits").type),
        pc.if_else(pa.array(draw.status == NULL_ID), None, visitor_id(draw)).take(pa.array(visit)),
        _CHANNELS.take(pa.array(draw.channel[visit])),
        _constant("Not Socially Engaged", len(visit)),
    ]
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def _totals(draw: Draw, chosen: Ints, first: Ints, moment: Ints) -> pa.StructArray:
    """Sum up each row as GA does; NULL for zero, and for most where there is no interaction."""
    hits, baskets = draw.hits, draw.baskets
    size = np.diff(first, append=len(chosen))
    visit, last = hits.visit[chosen][first], first + size - 1
    row = np.repeat(np.arange(len(first)), size)

    def summed(values: Ints | Bools) -> Ints:
        return np.bincount(row, values, len(first)).astype(np.int64)

    paid = np.where(hits.receipt[chosen], hits.basket[chosen], -1)
    goods = np.append(baskets.goods, 0)[paid] * _MICROS  # -1, no basket, takes the 0
    shipping = np.append(baskets.shipping, 0)[paid] * _MICROS
    pageviews = summed(hits.is_page[chosen])
    elapsed = moment[last] - moment[first]
    interactive = draw.status[visit] != NON_INTERACTION
    totals = {
        "visits": interactive,
        "hits": size,
        "pageviews": pageviews,
        "timeOnSite": np.rint(elapsed / 1_000),
        "bounces": interactive & (pageviews <= 1) & (elapsed == 0),
        "transactions": summed(hits.receipt[chosen]),
        "transactionRevenue": summed(goods),
        "newVisits": interactive & (draw.number[visit] == 1),
        "screenviews": np.zeros_like(size),
        "totalTransactionRevenue": summed(goods + shipping),
    }
    columns = [_nullable(totals[name].astype(np.int64), totals[name] > 0) for name in TOTALS]
    return pa.StructArray.from_arrays(columns, fields=list(SCHEMA.field("totals").type))


def _hits(draw: Draw, chosen: Ints, first: Ints, moment: Ints) -> pa.StructArray:
    """Shape the hit records, flat, in row order."""
    hits = draw.hits
    size = np.diff(first, append=len(chosen))
    row = np.repeat(np.arange(len(first)), size)
    minute = draw.day.minute_of_day(moment // 1_000)
    is_page, action, page = hits.is_page[chosen], hits.action[chosen], hits.page[chosen]
    pages = np.flatnonzero(is_page)
    of_row, entrance, leaving = row[pages], np.zeros_like(is_page), np.zeros_like(is_page)
    entrance[pages[np.diff(of_row, prepend=-1) > 0]] = True
    leaving[pages[np.diff(of_row, append=len(first)) > 0]] = True
    columns = {
        "hitNumber": pa.array(hits.number[chosen]),
        "time": pa.array(moment - moment[first][row]),
        "hour": pa.array(minute // 60),
        "minute": pa.array(minute % 60),
        "isInteraction": pa.array(draw.status[hits.visit[chosen]] != NON_INTERACTION),
        "isEntrance": _nullable(entrance, entrance),
        "isExit": _nullable(leaving, leaving),
        "page": _PATHS.take(pa.array(page * len(shop.QUERIES) + hits.query[chosen])),
        "transaction": _transactions(draw, chosen),
        "appInfo": _SCREENS.take(pa.array(page)),
        "eventInfo": _EVENTS.take(
            _nullable(action * len(shop.PRODUCTS) + hits.product[chosen], ~is_page)
        ),
        "product": _products(draw, chosen),
        "refund": pa.nulls(len(chosen), HIT.field("refund").type),
        "eCommerceAction": _ACTIONS.take(pa.array(action * _STEPS + hits.step[chosen])),
        "type": _TYPES.take(pa.array(is_page.astype(np.int64))),
    }
    return pa.StructArray.from_arrays([columns[name] for name in HIT.names], fields=list(HIT))


def _transactions(draw: Draw, chosen: Ints) -> pa.StructArray:
    """Shape the transaction of checkout and purchase hits; only the latter have an order id."""
    hits, baskets = draw.hits, draw.baskets
    basket, bought = hits.basket[chosen], hits.action[chosen] == 6
    serial = pa.array(np.append(baskets.order, 0)).cast(TEXT)
    serial = pc.utf8_lpad(serial, width=6, padding="0")
    prefix = f"ORD{draw.day.date:%Y%m%d}"
    order = pc.binary_join_element_wise(prefix, serial, "").take(_nullable(basket, bought))
    total = np.append(baskets.goods + baskets.shipping, 0)[basket] * _MICROS
    currency = pa.array(["USD"]).take(_nullable(np.zeros_like(basket), basket >= 0))
    return pa.StructArray.from_arrays(
        [order, _nullable(total, hits.charged[chosen]), currency],
        fields=list(TRANSACTION),
        mask=pa.array(basket < 0),
    )


def _products(draw: Draw, chosen: Ints) -> pa.ListArray:
    """List one product on a product's page or click, the basket's lines at the checkout."""
    hits, baskets = draw.hits, draw.baskets
    basket, action = hits.basket[chosen], hits.action[chosen]
    single = (action >= 1) & (action <= 4)
    count = np.where(basket >= 0, np.append(baskets.size, 0)[basket], single)
    hit = np.repeat(np.arange(len(chosen)), count)
    within = np.arange(len(hit)) - np.repeat(np.cumsum(count) - count, count)
    line = np.append(baskets.first, 0)[basket[hit]] + within
    listed = basket[hit] >= 0
    line = np.where(listed, line, -1)
    product = np.append(baskets.line_product, 0)[line]
    product = np.where(listed, product, hits.product[chosen][hit])
    quantity = np.where(listed, np.append(baskets.line_quantity, 0)[line], 1)
    counted = listed | (action[hit] == 3) | (action[hit] == 4)
    products = pa.StructArray.from_arrays(
        [
            _SKUS.take(pa.array(product)),
            _NAMES.take(pa.array(product)),
            pa.array(shop.PRICES[product] * _MICROS),
            _nullable(quantity, counted),
        ],
        fields=list(PRODUCT),
    )
    return _list(count, products, HIT.field("product").type)


def _nullable(values: Ints | Bools, known: Bools) -> pa.Array:
    return pa.array(values, mask=~known)


def _constant(text: str, size: int) -> pa.StringArray:
    return pa.repeat(pa.scalar(text), size)


def _list(size: Ints, values: pa.Array, of: pa.ListType) -> pa.ListArray:
    """Cut flat values into lists of the given sizes."""
    offsets = np.concatenate([[0], np.cumsum(size)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), values, type=of)
