"""The draw: one day's visits and visitors as columns, before any export's shape.

Nothing here knows GA360 or GA4. Times are UTC milliseconds, money is in cents.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from visitseg.simulate import catalogue as shop
from visitseg.simulate.hits import (
    ONCE,
    RELOADED,
    SHARED_ID,
    TWO_ORDERS,
    Baskets,
    Bools,
    Hits,
    Ints,
    draw_hits,
)

# What an export row is good for: a visit, a visit whose visitor is unknown, a row without any
# interaction (a pixel, a video that starts by itself), which is no visit.
NORMAL, NULL_ID, NON_INTERACTION = range(3)
# How orders are dealt to the buyers: in a rhythm, so that small simulations have all four.
_RECEIPTS = np.full(16, ONCE)
_RECEIPTS[[2, 10, 5, 7]] = RELOADED, RELOADED, SHARED_ID, TWO_ORDERS
_SLOT = 900  # seconds; all clock changes of living memory fall on a quarter of an hour
_POOL = 50_000  # visitors that may return


@dataclass(frozen=True)
class LocalDay:
    """A calendar day in a time zone: 24 hours but for clock changes.

    Attributes
    ----------
    date : datetime.date
        The day.
    zone : zoneinfo.ZoneInfo
        The time zone.
    start, end : int
        UTC seconds of its midnight and of the next one.
    offsets : array of int
        Seconds east of UTC in each quarter of an hour, until 26 hours after the day.
    """

    date: date
    zone: ZoneInfo
    start: int = field(init=False)
    end: int = field(init=False)
    offsets: Ints = field(init=False, repr=False)

    def __post_init__(self) -> None:
        start, end = (
            int(datetime.combine(day, time(), self.zone).timestamp())
            for day in (self.date, self.date + timedelta(days=1))
        )
        slots = range(start, end + 26 * 3_600, _SLOT)
        shifts = (datetime.fromtimestamp(slot, self.zone).utcoffset() for slot in slots)
        seconds = [int(shift.total_seconds()) for shift in shifts if shift is not None]
        for name, value in (("start", start), ("end", end), ("offsets", np.array(seconds))):
            object.__setattr__(self, name, value)

    def minute_of_day(self, seconds: Ints) -> Ints:
        """Read the local clock, 0 to 1439 minutes, at UTC seconds of this day or the next."""
        local = seconds + self.offsets[(seconds - self.start) // _SLOT]
        return local // 60 % 1_440

    def draw_starts(self, rng: np.random.Generator, size: int) -> Ints:
        """Draw UTC seconds within the day, ascending, dense where the local hours are busy."""
        slots = np.arange(self.start, self.end, _SLOT)
        weights = shop.HOURS[self.minute_of_day(slots) // 60]
        chosen = rng.choice(slots, size, p=weights / weights.sum())
        return np.sort(chosen + rng.integers(0, _SLOT, size))


@dataclass
class Rhythm:
    """Marks every n-th case over the whole simulation, whatever the day.

    Attributes
    ----------
    every : int
        The n.
    phase : int
        Cases before the first one that is marked.
    seen : int
        Eligible cases so far.
    """

    every: int
    phase: int = 0
    seen: int = 0

    def number(self, eligible: Bools) -> Ints:
        """Give the eligible cases running numbers; those of the others mean nothing."""
        numbers: Ints = self.seen + np.cumsum(eligible) - 1
        self.seen += int(eligible.sum())
        return numbers

    def mark(self, eligible: Bools) -> Bools:
        """Mark every n-th of the eligible cases."""
        marked: Bools = eligible & (self.number(eligible) % self.every == self.phase)
        return marked


@dataclass
class Stream:
    """What one day hands to the next: the known visitors and the rhythms of the quirks.

    Attributes
    ----------
    visitor, number, device, place : array
        Visitors that may return: id, visits so far, indices into `DEVICES` and `PLACES`.
    over_midnight, event_only, buyers : Rhythm
        Which visits run over midnight or have no page view, and how orders are dealt.
    """

    visitor: NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, np.uint64))
    number: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    device: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    place: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    over_midnight: Rhythm = field(default_factory=lambda: Rhythm(150))
    event_only: Rhythm = field(default_factory=lambda: Rhythm(120, phase=7))
    buyers: Rhythm = field(default_factory=lambda: Rhythm(len(_RECEIPTS)))


@dataclass(frozen=True)
class Draw:
    """One local day of visits, one array element per visit, with their hits and baskets.

    Attributes
    ----------
    day : LocalDay
        The day on which the visits start.
    status : array of int
        NORMAL, NULL_ID or NON_INTERACTION.
    kind : array of int
        Index into `KINDS`.
    start : array of int
        UTC seconds of the first hit.
    crosses : array of bool
        The visit has hits after the midnight that ends the day.
    visitor : array of uint64
        The visitor's id.
    number : array of int
        1 for the visitor's first visit ever.
    device, channel, place : array of int
        Indices into `DEVICES`, `CHANNELS`, `PLACES`.
    receipts : array of int
        ONCE, RELOADED, SHARED_ID or TWO_ORDERS.
    event_only : array of bool
        A visit without any page view.
    hits : Hits
        All hits, with UTC times.
    baskets : Baskets
        All baskets.
    """

    day: LocalDay
    status: Ints
    kind: Ints
    start: Ints
    crosses: Bools
    visitor: NDArray[np.uint64]
    number: Ints
    device: Ints
    channel: Ints
    place: Ints
    receipts: Ints
    event_only: Bools
    hits: Hits
    baskets: Baskets


def draw_day(
    rng: np.random.Generator,
    day: LocalDay,
    counts: tuple[int, int, int],
    stream: Stream,
    *,
    may_cross: bool = True,
) -> Draw:
    """Draw one day.

    Parameters
    ----------
    rng : numpy.random.Generator
        The day's own generator.
    day : LocalDay
        The day on which the visits start.
    counts : tuple of int
        Number of visits, of rows without visitor, of rows without interaction.
    stream : Stream
        What the day before handed on; changed in place.
    may_cross : bool
        Whether visits may run over the end of the day; if not, they start earlier.

    Returns
    -------
    Draw
        The visits in the order of their drawn starts.
    """
    size = sum(counts)
    status = rng.permutation(np.repeat([NORMAL, NULL_ID, NON_INTERACTION], counts))
    normal = status == NORMAL
    weekend = day.date.weekday() >= 5
    shares = np.array([kind.weekend if weekend else kind.weekday for kind in shop.KINDS])
    kind = rng.choice(len(shares), size, p=shares / shares.sum())
    kind[status == NON_INTERACTION] = shop.BOUNCERS
    buys = (kind == shop.BUYERS) & normal
    receipts = np.where(buys, _RECEIPTS[stream.buyers.number(buys) % stream.buyers.every], ONCE)
    silent = stream.event_only.mark((kind == shop.BOUNCERS) & normal)
    event_only = silent | (status == NON_INTERACTION)

    hits, baskets = draw_hits(rng, kind, receipts, event_only, status == NON_INTERACTION)
    last = np.flatnonzero(np.diff(hits.visit, append=size))
    span = hits.time[last]  # times are still relative to the start of the visit

    start = day.draw_starts(rng, size)
    plain = normal & (receipts == ONCE)
    moved = np.zeros(size, np.bool_)
    if may_cross:
        moved = stream.over_midnight.mark(plain & (span > 30_000) & (kind != shop.BOTS))
        before = (rng.uniform(0.2, 0.8, size) * span / 1_000).astype(np.int64) + 1
        start = np.where(moved, day.end - before, start)
    beyond = np.maximum(start + span // 1_000 + 1 - day.end, 0)
    start -= np.where(plain & may_cross, 0, beyond)
    crosses = start * 1_000 + span >= day.end * 1_000
    hits = replace(hits, time=hits.time + 1_000 * start[hits.visit])

    visitor, number, device, place = _draw_visitors(rng, kind, normal & ~crosses, stream)
    return Draw(
        day, status, kind, start, crosses, visitor, number, device,
        _weighted(rng, [row[0] for row in shop.CHANNELS], size), place,
        receipts, silent, hits, baskets,
    )  # fmt: skip


def _draw_visitors(
    rng: np.random.Generator, kind: Ints, remembered: Bools, stream: Stream
) -> tuple[NDArray[np.uint64], Ints, Ints, Ints]:
    """Draw visitor, visit number, device and place of each visit; some visitors return."""
    size = len(kind)
    visitor = rng.integers(0, 10**19, size, dtype=np.uint64)
    huge = rng.random(size) < 0.01  # twenty digits
    visitor[huge] = visitor[huge] % np.uint64(8 * 10**18) + np.uint64(10**19)
    number = np.where(rng.random(size) < 0.08, 1 + rng.geometric(0.4, size), 1)
    place = _weighted(rng, [row[0] for row in shop.PLACES], size)
    device = _draw_devices(rng, kind)

    back = min(round(0.05 * remembered.sum()), len(stream.visitor) // 4)
    which = rng.permutation(np.flatnonzero(remembered))[:back]
    who = rng.permutation(len(stream.visitor))[:back]
    stream.number[who] += 1
    visitor[which], number[which] = stream.visitor[who], stream.number[who]
    device[which], place[which] = stream.device[who], stream.place[who]

    new = remembered & (rng.random(size) < 0.3)
    new[which] = False
    stream.visitor = np.concatenate([stream.visitor, visitor[new]])[-_POOL:]
    stream.number = np.concatenate([stream.number, number[new]])[-_POOL:]
    stream.device = np.concatenate([stream.device, device[new]])[-_POOL:]
    stream.place = np.concatenate([stream.place, place[new]])[-_POOL:]
    return visitor, number, device, place


def _draw_devices(rng: np.random.Generator, kind: Ints) -> Ints:
    """Draw a device for each visit: mobile ones by the odds of its kind."""
    weights = np.array([row[0] for row in shop.DEVICES], float)
    mobile = np.array([row[1] != "desktop" for row in shop.DEVICES])
    odds = np.array([behaviour.mobile for behaviour in shop.KINDS])
    table = np.where(mobile, odds[:, None], 1.0) * weights
    table = np.cumsum(table / table.sum(axis=1, keepdims=True), axis=1)
    chosen: Ints = (rng.random(len(kind))[:, None] >= table[kind]).sum(axis=1)
    return np.minimum(chosen, len(weights) - 1)


def _weighted(rng: np.random.Generator, weights: list[int], size: int) -> Ints:
    p = np.array(weights, float)
    return rng.choice(len(p), size, p=p / p.sum())
