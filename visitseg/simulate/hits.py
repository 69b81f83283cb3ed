"""The draw: the hits of one day's visits and what lies in their baskets, as columns.

Behaviour is multiplicative: log-normal seconds a page, negative-binomial pages and events. Times
are milliseconds since the start of the visit, money is in cents.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visitseg.simulate import catalogue as shop

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# What happens at the thank-you page: one order; the page is reloaded; two receipts under one
# order id; two orders.
ONCE, RELOADED, SHARED_ID, TWO_ORDERS = range(4)
_ADD, _REMOVE = 3, 4  # action types of events
_N_PRODUCTS = len(shop.PRODUCTS)
_LONGEST_GAP = 1_800.0  # seconds: a longer silence would end the visit


@dataclass(frozen=True)
class Hits:
    """Hits in visit order, in time order within a visit.

    Attributes
    ----------
    visit : array of int
        Index of the visit.
    number : array of int
        1-based within the visit.
    time : array of int
        Milliseconds since the start of the visit; in a `Draw`, UTC milliseconds.
    is_page : array of bool
        A page view, else an event.
    page, query : array of int
        Indices into `PAGES` and `QUERIES`.
    action, step : array of int
        Enhanced e-commerce: 1 click, 2 detail, 3 add, 4 remove, 5 checkout, 6 purchase, else 0;
        and the step of the checkout.
    product : array of int
        Index into `PRODUCTS`.
    basket : array of int
        The basket the hit shows; -1 for none.
    receipt : array of bool
        The hit with which an order is counted.
    charged : array of bool
        The hit carries the order's revenue.
    """

    visit: Ints
    number: Ints
    time: Ints
    is_page: Bools
    page: Ints
    query: Ints
    action: Ints
    step: Ints
    product: Ints
    basket: Ints
    receipt: Bools
    charged: Bools


@dataclass(frozen=True)
class Baskets:
    """What was in the cart at the checkout; money in cents.

    Attributes
    ----------
    order : array of int
        Number of the order within the day; -1 if nothing was bought.
    goods, shipping : array of int
        Cents.
    first, size : array of int
        Where the basket's lines begin, and how many there are.
    line_product, line_quantity : array of int
        The lines of all baskets: index into `PRODUCTS`, pieces.
    """

    order: Ints
    goods: Ints
    shipping: Ints
    first: Ints
    size: Ints
    line_product: Ints
    line_quantity: Ints


def draw_hits(
    rng: np.random.Generator, kind: Ints, receipts: Ints, event_only: Bools, alone: Bools
) -> tuple[Hits, Baskets]:
    """Draw the hits of visits.

    Parameters
    ----------
    rng : numpy.random.Generator
        The day's own generator.
    kind : array of int
        Index into `KINDS`, per visit.
    receipts : array of int
        ONCE, RELOADED, SHARED_ID or TWO_ORDERS, per visit.
    event_only : array of bool
        The visits without a page view.
    alone : array of bool
        The bouncers that never have a second hit.

    Returns
    -------
    Hits
        Times in milliseconds since the start of the visit.
    Baskets
        One per visit that reaches the checkout, one more per second receipt.
    """
    size = len(kind)
    buys = kind == shop.BUYERS
    # Page hits: some pages of browsing, then for a few a tail through the checkout.
    browsed = _draw_pages(rng, kind)
    leaves = (kind == shop.CART_BUILDERS) & (rng.random(size) < 0.2)  # at the address
    tail = np.where(buys, np.where(receipts == ONCE, 6, 8), np.where(leaves, 2, 0))
    owner = np.repeat(np.arange(size), browsed + tail)
    at = _within(browsed + tail)
    in_tail = at - browsed[owner]  # position in the tail; negative while browsing
    page = _draw_path(rng, kind, browsed, owner, at)
    page = np.where(in_tail >= 0, shop.TAIL_PAGE[np.maximum(in_tail, 0)], page)

    # Event hits follow their page hit, within the time spent on that page.
    carts = buys | (kind == shop.CART_BUILDERS)
    adds_here = carts[owner] & (in_tail == -1)  # the last page browsed: a product is taken
    events = _draw_events(rng, kind, owner)
    events = np.where(in_tail >= 0, 0, np.maximum(events, adds_here))
    twice = (kind == shop.BOUNCERS) & ~alone & (rng.random(size) < 0.02)
    events = np.where(twice[owner], 1, events)
    gap = _draw_gaps(rng, kind, owner)
    instant = buys[owner] & ((in_tail == 4) | (in_tail == 6))  # the order's second hit
    gap = np.where(instant, rng.integers(1, 6, len(gap)), gap)

    source = np.repeat(np.arange(len(owner)), 1 + events)  # the page hit each hit belongs to
    place = _within(1 + events)
    visit, tail_at = owner[source], np.maximum(in_tail[source], 0)
    since = np.cumsum(gap) - gap
    since -= since[np.flatnonzero(at == 0)][owner]
    fraction = (place - 0.5 * rng.random(len(place))) / (1 + events[source])
    moment = since[source] + np.where(place > 0, fraction * gap[source], 0).astype(np.int64)

    checkout = in_tail[source] >= 0
    is_page = (place == 0) & ~event_only[visit]
    detail = (page[source] >= shop.FIRST_PRODUCT) & (page[source] < shop.N_BROWSED)
    chance = rng.random(len(visit))
    adds = np.array([behaviour.adds for behaviour in shop.KINDS])[kind[visit]]
    event = np.where(chance < adds, _ADD, np.where(chance > 0.98, _REMOVE, 1))
    event = np.where(adds_here[source] & (place == 1), _ADD, event)
    action = np.where(is_page, np.where(detail, 2, 0), event)
    action = np.where(checkout, shop.TAIL_ACTION[tail_at], action)
    action[(kind == shop.BOUNCERS)[visit] & ~is_page] = 0  # a scroll, a video

    second = (receipts == SHARED_ID) | (receipts == TWO_ORDERS)
    baskets, first_basket, second_basket = _draw_baskets(rng, buys, tail > 0, second, receipts)
    on_second = second[visit] & (tail_at >= 6)
    shown = np.where(on_second, second_basket[visit], first_basket[visit])
    bought = checkout & buys[visit]
    hits = Hits(
        visit=visit,
        number=_within(np.bincount(visit, minlength=size)) + 1,
        time=moment,
        is_page=is_page,
        page=page[source],
        query=np.where(rng.random(len(visit)) < 0.93, 0, rng.integers(1, 5, len(visit))),
        action=action,
        step=np.where(checkout, shop.TAIL_STEP[tail_at], 1),
        product=np.where(detail, page[source] - shop.FIRST_PRODUCT, page[source]) % _N_PRODUCTS,
        basket=np.where(checkout & (action >= 5), shown, -1),
        receipt=bought & ((tail_at == 4) | (on_second & (tail_at == 6))),
        charged=bought & ((tail_at == 4) | (tail_at == 6)),
    )
    return hits, baskets


def _within(counts: Ints) -> Ints:
    """Count 0, 1, 2 … within each group of the given sizes."""
    first = np.cumsum(counts) - counts
    return np.arange(int(counts.sum())) - np.repeat(first, counts)


def _per_kind(name: str) -> NDArray[np.float64]:
    return np.array([getattr(behaviour, name) for behaviour in shop.KINDS], float)


def _draw_pages(rng: np.random.Generator, kind: Ints) -> Ints:
    """Draw the pages browsed in each visit: a minimum plus a negative binomial."""
    shape, more = _per_kind("pages_shape")[kind], _per_kind("pages_more")[kind]
    extra = rng.negative_binomial(shape, shape / (shape + more))
    pages: Ints = _per_kind("pages_from")[kind].astype(np.int64) + extra
    return pages


def _draw_path(rng: np.random.Generator, kind: Ints, browsed: Ints, owner: Ints, at: Ints) -> Ints:
    """Draw the page of each page hit: a new one by a stride through the site, or a seen one."""
    size = len(kind)
    share = _per_kind("fresh")[kind]
    fresh = np.rint(browsed * rng.beta(25 * share, 25 * (1 - share))).astype(np.int64)
    fresh = np.clip(fresh, 1, np.minimum(browsed, shop.N_BROWSED))
    # New pages are spread evenly over the visit: `met` of them up to and with this hit.
    span, extra = np.maximum(browsed - 1, 1)[owner], fresh[owner] - 1
    met = 1 + at * extra // span
    is_new = (at == 0) | (met > 1 + (at - 1) * extra // span)
    slot = np.where(is_new, met - 1, (rng.random(len(at)) * met).astype(np.int64))

    first, width, weight = (np.array(column) for column in zip(*shop.LANDINGS, strict=True))
    section = rng.choice(len(first), size, p=weight)
    landing = first[section] + (width[section] * rng.random(size) ** 2).astype(np.int64)
    stride = rng.integers(1, shop.N_BROWSED, size)
    page = (landing[owner] + slot * stride[owner]) % shop.N_BROWSED
    results = shop.FIRST_SEARCH + landing % shop.N_SEARCH
    page = np.where((kind == shop.SEARCHERS)[owner] & (slot == 0), results[owner], page)
    carts = (kind == shop.BUYERS) | (kind == shop.CART_BUILDERS)
    detail = shop.FIRST_PRODUCT + page % _N_PRODUCTS
    return np.where(carts[owner] & (at == browsed[owner] - 1), detail, page)


def _draw_events(rng: np.random.Generator, kind: Ints, owner: Ints) -> Ints:
    """Draw the event hits after each page hit: Poisson, with a rate of each visit's own."""
    rate = _per_kind("events")[kind] * rng.gamma(5, 1 / 5, len(kind))
    return rng.poisson(rate[owner])


def _draw_gaps(rng: np.random.Generator, kind: Ints, owner: Ints) -> Ints:
    """Draw milliseconds on each page: log-normal between and within visits; 0 for bouncers."""
    between = _per_kind("between")[kind] * rng.standard_normal(len(kind))
    within = _per_kind("within")[kind][owner] * rng.standard_normal(len(owner))
    seconds = _per_kind("seconds")[kind][owner] * np.exp(between[owner] + within)
    # No visit outlives half an hour of silence; no heap of values at the limit either.
    shorter = _LONGEST_GAP * rng.random(len(owner))
    seconds = np.where(seconds < _LONGEST_GAP, seconds, shorter)
    return np.ceil(seconds * 1_000).astype(np.int64)


def _draw_baskets(
    rng: np.random.Generator, buys: Bools, has: Bools, second: Bools, receipts: Ints
) -> tuple[Baskets, Ints, Ints]:
    """Draw baskets; return for each visit the index of its first and its second one, too."""
    firsts, seconds = np.flatnonzero(has), np.flatnonzero(second)
    first_of, second_of = np.full(len(buys), -1), np.full(len(buys), -1)
    first_of[firsts] = np.arange(len(firsts))
    second_of[seconds] = len(firsts) + np.arange(len(seconds))
    visit = np.concatenate([firsts, seconds])
    number = np.arange(len(visit))
    number[len(firsts) :] = np.where(
        receipts[seconds] == SHARED_ID, first_of[seconds], second_of[seconds]
    )
    lines = np.minimum(rng.geometric(0.55, len(visit)), 4)
    basket = np.repeat(np.arange(len(visit)), lines)
    product = (rng.integers(_N_PRODUCTS, size=len(visit))[basket] + 17 * _within(lines)) % (
        _N_PRODUCTS
    )
    target = 6_000 * np.exp(0.9 * rng.standard_normal(len(visit)))  # cents, median
    quantity = np.rint(target[basket] / (lines[basket] * shop.PRICES[product])).astype(np.int64)
    quantity = np.maximum(quantity, 1)
    goods = np.bincount(basket, shop.PRICES[product] * quantity, len(visit)).astype(np.int64)
    shipping = rng.choice([0, 300, 500, 900], len(visit))
    order = np.where(buys[visit], number, -1)
    first_line = np.cumsum(lines) - lines
    baskets = Baskets(order, goods, shipping, first_line, lines, product, quantity)
    return baskets, first_of, second_of
