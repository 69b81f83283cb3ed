"""Harder sets to choose constants on: rare kinds, spiky values, bent clouds, overlapping kinds."""

from __future__ import annotations

import numpy as np

from benchmarks.quality.families import (
    NAMED,
    Family,
    Floats,
    Kind,
    Planted,
    Rng,
    bounces,
    buyers,
    join,
    one,
    table,
    visits_of,
)  # fmt: skip


def _how(rng: Rng) -> dict[str, object]:
    return {
        "counts": str(rng.choice(["multiplicative", "negative binomial", "poisson"])),
        "times": str(rng.choice(["multiplicative", "gamma", "additive"])),
        "whole_seconds": bool(rng.random() < 0.5),
        "correlation": float(rng.choice([0.0, 0.6])),
    }


def rare(rng: Rng, n: int) -> Planted:
    """One or two kinds of 0.3 to 0.9 % beside kinds at least 20 times larger."""
    names = list(rng.choice(list(NAMED), size=rng.integers(2, 5), replace=False))
    n_tiny = 1 if len(names) == 2 else int(rng.integers(1, 3))
    large = rng.dirichlet(np.full(len(names) - n_tiny, 4.0)) * rng.uniform(0.4, 0.9)
    shares = [*rng.uniform(0.003, 0.009, n_tiny), *large]
    how = _how(rng)
    parts = [bounces(rng, int((1 - sum(shares)) * n))] if sum(shares) < 0.95 else []
    if rng.random() < 0.5:
        parts.append(buyers(rng, int(0.02 * n)))
    for name, share in zip(names, shares, strict=True):
        parts.append(visits_of(rng, NAMED[name], max(int(share * n), 60), **how))  # type: ignore[arg-type]
    return join(parts, rng)


def spiky_mix(rng: Rng, n: int) -> Planted:
    """Named kinds whose values spike: times floored or capped, many visits on exactly 2 pages."""
    names = list(rng.choice(list(NAMED), size=rng.integers(2, 5), replace=False))
    how = _how(rng)
    parts = [bounces(rng, n // 3)]
    shares = rng.dirichlet(np.full(len(names), 3.0)) * 0.6 + 0.02
    for name, share in zip(names, shares, strict=True):
        parts.append(visits_of(rng, NAMED[name], int(share * n), **how))  # type: ignore[arg-type]
    found = join(parts, rng)
    time = found.columns["time_on_site_sec"]
    known = np.isfinite(time)
    if rng.random() < 0.5:
        floored = known & (rng.random(len(time)) < rng.uniform(0.02, 0.2))
        time[floored] = rng.integers(0, 2)
    else:
        cap = np.nanquantile(time, rng.uniform(0.9, 0.99))
        time[known] = np.minimum(time[known], cap)
    pages = np.maximum(found.columns["pageviews"], 1)
    found.columns["time_on_site_sec_per_pageview"] = time / pages
    return found


def one_value(rng: Rng, n: int) -> Planted:
    """Browsers and kinds that share a value: one page, a fixed number of pages, no second look."""
    how = _how(rng)
    share = rng.uniform(0.01, 0.15, 3)
    parts = [bounces(rng, n // 2), visits_of(rng, NAMED["browsers"], int(0.3 * n), **how)]  # type: ignore[arg-type]
    if rng.random() < 0.5:
        parts.append(buyers(rng, int(0.02 * n)))
    if rng.random() < 0.7:  # one page, read for minutes
        parts.append(_on(rng, 1.0, rng.uniform(200, 300), int(share[0] * n)))
    if rng.random() < 0.5:  # a script that asks for the same pages again and again
        parts.append(_on(rng, float(rng.integers(2, 8)), rng.uniform(1, 2), int(share[1] * n)))
    else:  # one that asks for now and then a page more, and never for new ones
        again = _on(rng, float(rng.integers(3, 8)), rng.uniform(1, 2), int(share[2] * n))
        more = (rng.random(len(again["pageviews"])) < 0.3).astype(float)
        pages, time = again["pageviews"] + more, again["time_on_site_sec"]
        nothing = np.zeros(len(pages))
        parts.append(table(pages, pages, again["unique_pages"], time, nothing, rng))
    return join(parts, rng)


def _on(rng: Rng, pages: float, seconds: float, n: int) -> dict[str, Floats]:
    """Draw visits that all see as many pages, none of them twice."""
    every = np.full(n, pages)
    hits = every + (rng.random(n) < 0.3)
    time = np.maximum(np.rint(pages * seconds * np.exp(0.3 * rng.standard_normal(n))), 1)
    return table(every, hits, every, time, np.zeros(n), rng)


def overlapping(rng: Rng, n: int) -> Planted:
    """Two to four kinds that overlap: a lower K or a continuum is right too."""
    k = int(rng.integers(2, 5))
    kinds = [
        Kind(np.exp(rng.uniform(1.3, 3)), np.exp(rng.uniform(2, 4.5)), spread=0.6) for _ in range(k)
    ]
    parts = [visits_of(rng, kind, n // k) for kind in kinds]
    return join(parts, rng)


def arms(rng: Rng, n: int) -> Planted:
    """No structure: a cloud bent like a banana, its arms long and thin."""
    along, off = rng.normal(size=n), rng.normal(size=(n, 2))
    bend = rng.choice([-1, 1]) * rng.uniform(0.25, 0.6)
    pages = rng.uniform(10, 30) * np.exp(rng.uniform(0.4, 0.8) * along)
    pages = np.maximum(np.rint(pages), 2)
    pace = rng.uniform(15, 60) * np.exp(bend * (along**2 - 1) + rng.uniform(0.3, 0.5) * off[:, 0])
    more = rng.poisson(pages * rng.uniform(0.7, 3) * np.exp(0.35 * off[:, 1]))
    unique = 1 + rng.binomial((pages - 1).astype(int), rng.uniform(0.5, 0.9))
    return one(table(pages, pages + more, unique, np.rint(pages * pace), np.zeros(n), rng))


def capped(rng: Rng, n: int) -> Planted:
    """No structure: tails as heavy as Student's, and a cap on the time of a page."""
    drawn = rng.standard_t(rng.uniform(2, 6), (n, 3)) * rng.uniform(0.3, 0.5)
    pages = 2 + np.floor(np.exp(rng.uniform(1, 3) + np.minimum(drawn[:, 0], 5)))
    pace = np.exp(rng.uniform(3, 4.5) + np.minimum(drawn[:, 1], 7))
    cap = max(float(rng.choice([300, 900, 3600])), float(np.quantile(pace, 0.97)))
    more = rng.poisson(pages * np.exp(rng.uniform(-1, 1) + np.minimum(drawn[:, 2], 3)))
    unique = 1 + rng.binomial((pages - 1).astype(int), rng.uniform(0.5, 0.9))
    time = np.round(pages * np.minimum(pace, cap), 1)
    return one(table(pages, pages + more, unique, time, np.zeros(n), rng))


MIXES: dict[str, Family] = {"rare": rare, "spiky_mix": spiky_mix, "one_value": one_value}
NOTHING: dict[str, Family] = {"arms": arms, "capped": capped}
OVERLAPPING: dict[str, Family] = {"overlapping": overlapping}
