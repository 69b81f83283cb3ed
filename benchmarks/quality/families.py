"""Visit tables with planted segments, and tables without any.

The families differ on purpose in how numbers arise (multiplicative, additive, gamma, correlated),
so that nothing can be tuned to one generator. `HELD_OUT` families are never looked at while
constants are chosen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Rng = np.random.Generator
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Planted:
    """A visit table and the kind of each visit.

    Attributes
    ----------
    columns : dict
        Feature columns of the visit table; unknown time is NaN.
    kinds : ndarray of shape (n_visits,)
        The planted kind of each visit, from 0.
    """

    columns: dict[str, Floats]
    kinds: npt.NDArray[np.int64]

    @property
    def k(self) -> int:
        """Number of planted kinds that are present."""
        return len(np.unique(self.kinds))


@dataclass(frozen=True)
class Kind:
    """One kind of visit: typical values, and how far visits spread around them (log units).

    Attributes
    ----------
    pages, seconds, hits : float
        Median pages, seconds a page, and hits a page.
    unique : float
        Share of distinct pages.
    spread : float
        Standard deviation of log pages and log seconds a page.
    buys : float
        Share of visits with an order.
    """

    pages: float
    seconds: float
    hits: float = 1.15
    unique: float = 0.85
    spread: float = 0.38
    buys: float = 0.0


NAMED = {
    "browsers": Kind(4, 30),
    "readers": Kind(3, 190),
    "researchers": Kind(26, 30, spread=0.33),
    "searchers": Kind(14, 15, unique=0.3, spread=0.33),
    "carts": Kind(7, 35, hits=4.5, spread=0.35),
    "bots": Kind(30, 1.2, unique=0.97, spread=0.35),
}


def _counts(rng: Rng, mean: Floats, spread: float, how: str) -> Floats:
    """Whole numbers of at least 1 around `mean`."""
    if how == "multiplicative":
        return np.maximum(np.rint(mean * np.exp(spread * rng.standard_normal(len(mean)))), 1)
    if how == "negative binomial":
        return 1 + rng.poisson(
            np.maximum(mean - 1, 0.05) * rng.gamma(1 / spread**2, spread**2, len(mean))
        )
    return np.maximum(rng.poisson(mean), 1.0)


def _times(rng: Rng, mean: Floats, spread: float, how: str) -> Floats:
    if how == "gamma":
        return mean * rng.gamma(1 / spread**2, spread**2, len(mean))
    if how == "additive":
        return np.abs(mean + spread * mean * rng.standard_normal(len(mean)))
    return mean * np.exp(spread * rng.standard_normal(len(mean)))


def visits_of(
    rng: Rng,
    kind: Kind,
    n: int,
    *,
    counts: str = "multiplicative",
    times: str = "multiplicative",
    correlation: float = 0.0,
    whole_seconds: bool = False,
) -> dict[str, Floats]:
    """Draw `n` visits of one kind."""
    shared = np.exp(correlation * kind.spread * rng.standard_normal(n))
    pages = np.maximum(_counts(rng, kind.pages * shared, kind.spread, counts), 2)
    time = pages * _times(rng, kind.seconds * shared, kind.spread, times)
    if whole_seconds:
        time = np.maximum(np.rint(time), 1)
    more = max(kind.hits - 1, 0.02)
    hits = pages + rng.poisson(pages * more * rng.gamma(8, 1 / 8, n))
    unique = 1 + rng.binomial(
        (pages - 1).astype(int), rng.beta(12 * kind.unique, 12 * (1 - kind.unique), n)
    )
    orders = (rng.random(n) < kind.buys).astype(float)
    return table(pages, hits, unique, time, orders, rng)


def table(
    pages: Floats, hits: Floats, unique: Floats, time: Floats, orders: Floats, rng: Rng
) -> dict[str, Floats]:
    """Complete the visit table: both ratios, and a log-normal revenue of every order."""
    revenue = np.where(
        orders > 0, np.round(np.exp(4 + 0.7 * rng.standard_normal(len(pages))), 2), 0.0
    )
    return {
        "pageviews": pages.astype(float),
        "hits": hits.astype(float),
        "unique_pages": unique.astype(float),
        "time_on_site_sec": time,
        "time_on_site_sec_per_pageview": time / np.maximum(pages, 1),
        "hits_per_pageview": hits / np.maximum(pages, 1),
        "transactions": orders,
        "transaction_revenue": revenue,
    }


def bounces(rng: Rng, n: int) -> dict[str, Floats]:
    """Draw visits of one page and unknown time."""
    ones, nothing = np.ones(n), np.zeros(n)
    return table(ones, ones + (rng.random(n) < 0.05), ones, np.full(n, np.nan), nothing, rng)


def buyers(rng: Rng, n: int, pages: float = 18.0) -> dict[str, Floats]:
    """Draw visits with an order."""
    return visits_of(rng, Kind(pages, 35, hits=2.2, unique=0.7, spread=0.5, buys=1.0), n)


def join(parts: list[dict[str, Floats]], rng: Rng) -> Planted:
    """Put visits of several kinds together, in random order."""
    kinds = np.repeat(np.arange(len(parts)), [len(part["pageviews"]) for part in parts])
    order = rng.permutation(len(kinds))
    columns = {name: np.concatenate([part[name] for part in parts])[order] for name in parts[0]}
    return Planted(columns, kinds[order])


def _named(rng: Rng, n: int, **how: object) -> Planted:
    """Bounces, buyers and two to six named kinds of very unequal size, the smallest 0.5 to 2 %."""
    names = list(NAMED)
    chosen = rng.choice(names, size=rng.integers(2, len(names) + 1), replace=False)
    shares = rng.dirichlet(np.full(len(chosen), 1.2)) + 0.02
    tiny = rng.integers(len(chosen))
    shares[tiny] = 0
    shares = shares / shares.sum()
    rest = n * (1 - rng.uniform(0.4, 0.6))
    n_tiny = max(int(n * rng.uniform(0.005, 0.02)), 30)
    n_buyers = int(n * rng.uniform(0.01, 0.03))
    parts = [bounces(rng, int(n - rest)), buyers(rng, n_buyers)]
    for j, name in enumerate(chosen):
        size = n_tiny if j == tiny else int(shares[j] * (rest - n_buyers - n_tiny))
        parts.append(visits_of(rng, NAMED[name], max(size, 30), **how))  # type: ignore[arg-type]
    return join(parts, rng)


def unequal(rng: Rng, n: int) -> Planted:
    """Named kinds; log-normal times and pages."""
    return _named(rng, n)


def unequal_nb(rng: Rng, n: int) -> Planted:
    """Named kinds; negative-binomial pages, log-normal times in whole seconds."""
    return _named(rng, n, counts="negative binomial", whole_seconds=True)


def additive(rng: Rng, n: int) -> Planted:
    """Named kinds; Poisson pages, normal times."""
    return _named(rng, n, counts="poisson", times="additive")


def gamma(rng: Rng, n: int) -> Planted:
    """Named kinds; gamma times."""
    return _named(rng, n, counts="negative binomial", times="gamma", whole_seconds=True)


def correlated(rng: Rng, n: int) -> Planted:
    """Named kinds; pages and time a page move together."""
    return _named(rng, n, correlation=0.8)


def random_mix(rng: Rng, n: int) -> Planted:
    """Two to eight kinds at random places, apart in at least one feature; some with rules."""
    k = int(rng.integers(2, 9))
    with_bounces, with_buyers = rng.random() < 0.7, rng.random() < 0.6
    places: list[tuple[float, float, float, float]] = []
    wanted = max(k - with_bounces - with_buyers, 1)
    while len(places) < wanted:
        new = (
            rng.uniform(1.3, 4),
            rng.uniform(0.7, 5.5),
            rng.uniform(0.1, 1.6),
            rng.uniform(0.2, 0.95),
        )
        far = [
            np.hypot(np.hypot((new[0] - p[0]) / 0.5, (new[1] - p[1]) / 0.5), (new[2] - p[2]) / 0.35)
            for p in places
        ]
        if all(distance > 4 for distance in far):
            places.append(new)
    shares = rng.dirichlet(np.full(wanted + with_bounces, 2.0)) * 0.9 + 0.1 / (
        wanted + with_bounces
    )
    parts = [bounces(rng, int(shares[-1] * n))] if with_bounces else []
    if with_buyers:
        parts.append(buyers(rng, int(n * rng.uniform(0.01, 0.05))))
    how = {
        "counts": str(rng.choice(["multiplicative", "negative binomial"])),
        "times": str(rng.choice(["multiplicative", "gamma"])),
        "whole_seconds": bool(rng.random() < 0.5),
    }
    for share, (pages, seconds, hits, unique) in zip(shares, places, strict=False):
        kind = Kind(np.exp(pages), np.exp(seconds), np.exp(hits), unique, rng.uniform(0.3, 0.5))
        parts.append(visits_of(rng, kind, max(int(share * n), 50), **how))  # type: ignore[arg-type]
    return join(parts, rng)


def one(columns: dict[str, Floats]) -> Planted:
    """Give all visits one kind."""
    return Planted(columns, np.zeros(len(columns["pageviews"]), dtype=np.int64))


def continuum(rng: Rng, n: int) -> Planted:
    """No structure: one log-normal cloud with correlated features."""
    kind = Kind(
        rng.uniform(3, 15),
        rng.uniform(5, 90),
        rng.uniform(1.1, 3),
        rng.uniform(0.5, 0.9),
        rng.uniform(0.4, 1.0),
    )
    return one(
        visits_of(
            rng,
            kind,
            n,
            correlation=rng.uniform(0, 1),
            counts=str(rng.choice(["multiplicative", "negative binomial"])),
            times=str(rng.choice(["multiplicative", "gamma"])),
            whole_seconds=bool(rng.random() < 0.5),
        )
    )


def heavy_tail(rng: Rng, n: int) -> Planted:
    """No structure: Pareto pages, log-Student times, bent dependence."""
    pages = np.floor(2 * rng.pareto(rng.uniform(1.2, 2.5), n) + 2)
    bend = rng.uniform(-0.4, 0.6)
    time = pages ** (1 + bend) * np.exp(rng.uniform(1.5, 4) + 0.7 * rng.standard_t(4, n))
    hits = pages + rng.poisson(np.minimum(pages, 1e6) * rng.uniform(0, 0.8))
    unique = 1 + rng.binomial((pages - 1).astype(int), rng.uniform(0.5, 0.95))
    return one(table(pages, hits, unique, time, np.zeros(n), rng))


def skewed(rng: Rng, n: int) -> Planted:
    """No structure: one cloud along a bent line, skewed at its ends."""
    along = rng.gamma(rng.uniform(1, 4), rng.uniform(0.3, 0.7), n)
    pages = np.maximum(np.rint(2 * np.exp(0.6 * along + 0.2 * rng.standard_normal(n))), 2)
    time = pages * np.exp(
        rng.uniform(1, 4)
        + 0.5 * (along - 2) ** 2 / 2 * rng.uniform(-0.5, 0.5)
        + 0.5 * rng.standard_normal(n)
    )
    hits = pages + rng.poisson(pages * np.exp(-1 + 0.5 * along) * rng.uniform(0, 0.6))
    unique = 1 + rng.binomial((pages - 1).astype(int), 1 / (1 + np.exp(-2 + 0.5 * along)))
    return one(table(pages, hits, unique, time, np.zeros(n), rng))


def scale(rng: Rng, n: int) -> Planted:
    """No structure: one scale of engagement, which pages and time follow closely."""
    ways: list[Callable[[], Floats]] = [
        lambda: rng.uniform(0, 5, n),
        lambda: rng.normal(2.5, 1.2, n),
        lambda: rng.gamma(2, 1, n),
    ]
    along, loose = ways[rng.integers(len(ways))](), rng.uniform(0.1, 0.45)
    pages = np.maximum(np.rint(np.exp(0.5 + 0.6 * along + loose * rng.standard_normal(n))), 2)
    time = pages * np.exp(1 + 0.7 * along + 1.5 * loose * rng.standard_normal(n))
    unique = np.maximum(pages - rng.poisson(0.3, n), 1)
    return one(table(pages, pages + rng.poisson(1, n), unique, time, np.zeros(n), rng))


def spiky(rng: Rng, n: int) -> Planted:
    """No structure, and values that spike: floors, caps, rounding, a page count for everyone."""
    base = continuum(rng, n).columns if rng.random() < 0.6 else heavy_tail(rng, n).columns
    pages, time = base["pageviews"].copy(), base["time_on_site_sec"].copy()
    spikes = rng.choice(
        ["floor0", "floor1", "cap", "two", "minutes", "halfminutes", "timeout"],
        size=rng.integers(1, 3),
        replace=False,
    )
    for spike in spikes:
        some = rng.random(n) < rng.uniform(0.05, 0.5)
        if spike == "floor0":
            time[some & (time < np.quantile(time, 0.3))] = 0
        elif spike == "floor1":
            time = np.where(time < np.quantile(time, rng.uniform(0.02, 0.2)), 1, time)
        elif spike == "cap":
            time = np.minimum(
                time, 21_600 if rng.random() < 0.5 else np.quantile(time, rng.uniform(0.85, 0.99))
            )
        elif spike == "two":
            two = rng.random(n) < 0.5
            time = np.where(two, time / pages * 2, time)
            pages = np.where(two, 2, pages)
        elif spike == "minutes":
            time = np.rint(time / 60) * 60
        elif spike == "halfminutes":
            time = np.where(some, np.rint(time / 30) * 30, time)
        else:
            time = np.where(rng.random(n) < 0.08, 1800, time)
    hits = pages + np.rint((base["hits"] / base["pageviews"] - 1) * pages)
    unique = np.clip(np.rint(base["unique_pages"] / base["pageviews"] * pages), 1, pages)
    return one(table(pages, hits, unique, time, np.zeros(n), rng))


Family = Callable[[Rng, int], Planted]
MIXES: dict[str, Family] = {
    "unequal": unequal, "unequal_nb": unequal_nb, "additive": additive, "gamma": gamma,
    "correlated": correlated, "random_mix": random_mix,
}  # fmt: skip
NOTHING: dict[str, Family] = {
    "continuum": continuum, "heavy_tail": heavy_tail, "skewed": skewed, "scale": scale,
    "spiky": spiky,
}  # fmt: skip
