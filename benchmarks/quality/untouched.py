"""Families that no constant was chosen on, to judge the test for shoulders by.

They were written when that test was done. Two guards came from their failures: a small kind must
be apart from every other segment too, and times near the clock's floor are one value.

Visitors draw pages from a catalogue of which some pages are popular (an urn, so the share of
distinct pages follows from the length of a visit); or logarithms are skewed (sinh-arcsinh of a
Student copula); or visits are short, on few whole numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.quality.families import (
    Family,
    Floats,
    Planted,
    Rng,
    bounces,
    buyers,
    join,
    one,
    table,
)  # fmt: skip


@dataclass(frozen=True)
class Errand:
    """What brings a visitor: how long it takes, and among how many pages it is looked for.

    Attributes
    ----------
    pages, spread : float
        Median number of pages, and the standard deviation of its logarithm.
    catalogue : int
        Pages that one may come to.
    dwell, shape : float
        Median seconds on a page, and the shape of its log-logistic distribution.
    clicks : float
        Further hits a minute.
    """

    pages: float
    spread: float
    catalogue: int
    dwell: float
    shape: float
    clicks: float


ERRANDS = (
    Errand(4, 0.35, 400, 22, 5.0, 0.1), Errand(30, 0.35, 5000, 25, 5.0, 0.2),
    Errand(16, 0.30, 7, 14, 5.5, 0.2), Errand(5, 0.35, 300, 170, 5.0, 0.1),
    Errand(8, 0.35, 90, 40, 5.0, 3.6), Errand(45, 0.30, 20_000, 1.5, 6.0, 0.0),
)  # fmt: skip


def distinct(rng: Rng, pages: Floats, catalogue: Floats | float) -> Floats:
    """Count distinct pages among draws from a catalogue (a normal approximation of the urn)."""
    missed = np.exp(pages * np.log1p(-1 / catalogue))
    mean = catalogue * (1 - missed)
    double = np.exp(pages * np.log1p(-2 / np.maximum(catalogue, 3)))
    variance = catalogue * (catalogue - 1) * double + catalogue * missed - (catalogue * missed) ** 2
    drawn = mean + np.sqrt(np.maximum(variance, 0)) * rng.standard_normal(len(pages))
    return np.clip(np.rint(drawn), 1, pages)


def errand(rng: Rng, told: Errand, n: int) -> dict[str, Floats]:
    """Draw `n` visits on one errand."""
    pages = np.maximum(np.rint(told.pages * np.exp(told.spread * rng.standard_normal(n))), 2)
    odds = rng.random(n)
    time = np.round(pages * told.dwell * (odds / (1 - odds)) ** (1 / told.shape), 1)
    hits = pages + rng.negative_binomial(6, 6 / (6 + told.clicks * told.dwell / 60 * pages + 1e-9))
    return table(pages, hits, distinct(rng, pages, float(told.catalogue)), time, np.zeros(n), rng)


def errands(rng: Rng, n: int) -> Planted:
    """Two to six errands, one of them at 0.8 to 3 % of all visits."""
    chosen = rng.choice(len(ERRANDS), size=rng.integers(2, len(ERRANDS) + 1), replace=False)
    shares = rng.dirichlet(np.full(len(chosen), 1.5)) * 0.45 + 0.01
    shares[0] = rng.uniform(0.008, 0.03)
    parts = [bounces(rng, int(0.4 * n)), buyers(rng, int(0.02 * n), pages=12)]
    parts += [
        errand(rng, ERRANDS[i], int(share * n)) for i, share in zip(chosen, shares, strict=True)
    ]
    return join(parts, rng)


def _bent(rng: Rng, n: int, d: int = 4) -> Floats:
    """Draw skewed columns, tied by a Student copula, each of median 0 and about unit spread."""
    mixing = rng.normal(size=(d, d)) * 0.4 + np.eye(d)
    degrees = float(rng.choice([4, 8, 40]))
    drawn = rng.normal(size=(n, d)) @ mixing.T / np.sqrt(rng.chisquare(degrees, (n, 1)) / degrees)
    skew, tails = rng.uniform(-0.4, 0.4, d), rng.uniform(0.8, 1.3, d)
    bent = np.sinh((np.arcsinh(drawn) + skew) / tails)
    bent -= np.median(bent, axis=0)
    placed: Floats = bent / (1.48 * np.median(np.abs(bent), axis=0))
    return placed


def _visits(rng: Rng, n: int, at: Floats, spread: Floats) -> dict[str, Floats]:
    """Make `n` visits of skewed logarithms; the fourth is the logit of the share of distinct pages.

    What is longer than anyone stays is drawn again: clipped, it would be a kind of its own.
    """
    logs = at + spread * _bent(rng, 2 * n)
    usual = (logs[:, 0] < 7) & (logs[:, 1] < 8) & (logs[:, 2] < 3)
    logs = logs[usual][:n]
    pages = np.maximum(np.rint(np.exp(logs[:, 0])), 2)
    time = np.rint(pages * np.exp(logs[:, 1]))
    hits = pages + rng.poisson(pages * np.exp(logs[:, 2]))
    unique = 1 + rng.binomial((pages - 1).astype(int), 1 / (1 + np.exp(-logs[:, 3])))
    return table(pages, hits, unique, time, np.zeros(len(pages)), rng)


def skews(rng: Rng, n: int) -> Planted:
    """Two to six skewed kinds at random places, sizes of 1 to 70 %."""
    k = int(rng.integers(2, 7))
    spread = np.array([0.35, 0.35, 0.45, 0.5])
    places: list[Floats] = []
    while len(places) < k:
        new = rng.uniform((1.5, 0.8, -3, -1.5), (4, 5.5, 1.2, 2.5))
        if all(np.hypot.reduce((new - old)[:3] / (0.4, 0.4, 0.8)) > 5 for old in places):
            places.append(new)
    shares = rng.dirichlet(np.full(k, 1.2)) * 0.6 + 0.01
    parts = [bounces(rng, n // 3)]
    parts += [
        _visits(rng, int(share * n), at, spread) for share, at in zip(shares, places, strict=True)
    ]
    return join(parts, rng)


def skew(rng: Rng, n: int) -> Planted:
    """No structure: one wide, skewed cloud with heavy tails."""
    at = rng.uniform((1, 0.5, -2.5, -1), (3.2, 5, 1, 3))
    return one(_visits(rng, n, at, rng.uniform(0.3, 1.0, 4)))


def shopping(rng: Rng, n: int) -> Planted:
    """No structure: one errand, whose length, catalogue and patience all vary together."""
    along = rng.beta(rng.uniform(1, 4), rng.uniform(1, 4), n)
    pages = 2.0 + rng.poisson(np.exp(0.5 + 3 * along) * rng.gamma(5, 0.2, n))
    catalogue = np.exp(rng.uniform(1.5, 4) + rng.uniform(-2, 4) * along) + 2
    time = np.rint(
        pages * np.exp(rng.uniform(1, 4) + rng.uniform(-1, 2) * along) * rng.gamma(3, 1 / 3, n)
    )
    hits = pages + rng.poisson(time / 60 * rng.uniform(0, 2))
    return one(table(pages, hits, distinct(rng, pages, catalogue), time, np.zeros(n), rng))


def short(rng: Rng, n: int) -> Planted:
    """No structure: visits of two to a few pages, times by a coarse clock, hardly any more hits."""
    pages = 2.0 + rng.negative_binomial(2, rng.uniform(0.4, 0.8), n)
    step = float(rng.choice([1, 5, 15]))
    time = np.rint(pages * rng.uniform(5, 80) * rng.weibull(rng.uniform(0.8, 1.6), n) / step) * step
    hits = pages + rng.binomial(pages.astype(int), rng.uniform(0, 0.4))
    unique = 1 + rng.binomial((pages - 1).astype(int), rng.uniform(0.3, 0.95))
    return one(table(pages, hits, unique, time, np.zeros(n), rng))


MIXES: dict[str, Family] = {"errands": errands, "skews": skews}
NOTHING: dict[str, Family] = {"skew": skew, "shopping": shopping, "short": short}
