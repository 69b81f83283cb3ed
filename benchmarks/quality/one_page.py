"""Kinds of visits on one page or none, and continua that begin at one page.

A single-page tool, an app that sends events alone, a film on every page: kinds that three
statisticians planted beside browsing, each in another way. The guard that lets visits on one page
be a kind (`visitseg.segments.density.shared`) was chosen with other sets of `from_one` in view.
"""

from __future__ import annotations

import numpy as np

from benchmarks.quality.families import (
    NAMED,
    Family,
    Floats,
    Planted,
    Rng,
    bounces,
    buyers,
    join,
    one,
    table,
    visits_of,
)  # fmt: skip
from benchmarks.quality.untouched import distinct


def _tool(rng: Rng, n: int, busy: float, seconds: float) -> dict[str, Floats]:
    """Draw visits to a tool on one page: `busy` events, each of which takes some `seconds`."""
    hits = 5.0 + rng.negative_binomial(6, 6 / (6 + busy - 5), n)
    time = np.rint(hits * seconds * rng.gamma(5, 0.2, n)) + 1
    return table(np.ones(n), hits, np.ones(n), time, np.zeros(n), rng)


def _app(rng: Rng, n: int) -> dict[str, Floats]:
    """Draw visits of an app that sends events and no page."""
    hits = 3.0 + rng.negative_binomial(4, 4 / (4 + rng.uniform(5, 30)), n)
    time = np.rint(hits * rng.uniform(4, 20) * rng.gamma(4, 0.25, n)) + 1
    return table(np.zeros(n), hits, np.zeros(n), time, np.zeros(n), rng)


def _films(rng: Rng, n: int, busy: float, seconds: float) -> dict[str, Floats]:
    """Draw visits of some pages with a film on each: `busy` events and `seconds` a page."""
    pages = 2.0 + rng.poisson(rng.uniform(0.6, 2.5), n)
    watched = pages * rng.gamma(9, 1 / 9, n)
    hits = pages + rng.poisson(busy * watched)
    time = np.rint(seconds * watched * np.exp(0.2 * rng.standard_normal(n)))
    unique = 1 + rng.binomial((pages - 1).astype(int), 0.9)
    return table(pages, hits, unique, time, np.zeros(n), rng)


def one_page(rng: Rng, n: int) -> Planted:
    """One page, none, or few with films, at 1.5 to 20 % each, beside one or two kinds of shopping.

    Between the tool and the films lies a factor of 4 in the events of a page or in their time:
    nearer, the tool's page might be the films' shortest visit.
    """
    busy, seconds = rng.uniform(8, 22), rng.uniform(5, 15)
    more, longer = [(4, 1), (1, 4), (4, 0.5), (0.25, 2)][rng.integers(4)]
    some = [
        _tool(rng, int(rng.uniform(0.015, 0.2) * n), busy, seconds),
        _films(rng, int(rng.uniform(0.015, 0.2) * n), busy * more, busy * seconds * longer),
        _app(rng, int(rng.uniform(0.015, 0.2) * n)),
    ]
    if rng.random() < 0.6:
        some.pop(rng.integers(1, 3))
    parts = [bounces(rng, int(0.3 * n)), buyers(rng, int(0.02 * n)), *some]
    for name in rng.choice(["browsers", "researchers", "bots", "searchers"], 2, replace=False):
        share = rng.uniform(0.05, 0.2)
        parts.append(visits_of(rng, NAMED[name], int(share * n), whole_seconds=True))
    return join(parts, rng)


def from_one(rng: Rng, n: int) -> Planted:
    """No structure: page counts that begin at one; visits on one page may be a rule's remainder."""
    m = 2 * n
    along = rng.beta(rng.uniform(1, 4), rng.uniform(1, 4), m)
    pages = 1.0 + np.maximum(_further(rng, along), 0)
    more = _events(rng, pages, along)
    pace = np.exp(rng.uniform(1.5, 5) + rng.uniform(-1, 1.5) * along)
    # Of the last page often only the time up to its last hit is seen.
    seen = pages - 1 + more / (more + 1) if rng.random() < 0.5 else pages
    shape = rng.uniform(1, 6)
    time = pace * rng.gamma(shape * np.maximum(seen, 0.1), 1 / shape) * rng.gamma(5, 0.2, m)
    if rng.random() < 0.7:
        time = np.rint(time)
    if rng.random() < 0.5:
        unique = distinct(rng, pages, np.exp(rng.uniform(1, 5, m) + 2 * along) + 2)
    else:
        unique = 1 + rng.binomial((pages - 1).astype(int), rng.uniform(0.3, 0.98))
    left = [pages > 0, (pages > 1) | (more > 0), (pages > 1) | (time >= 10)][rng.integers(3)]
    i = np.flatnonzero(left)[:n]
    return one(table(pages[i], (pages + more)[i], unique[i], time[i], np.zeros(len(i)), rng))


def _further(rng: Rng, along: Floats) -> Floats:
    """Draw pages after the first."""
    mean, m = rng.uniform(0.6, 8), len(along)
    drawn: Floats
    match rng.integers(5):
        case 0:
            shape = rng.uniform(0.7, 6)
            drawn = rng.negative_binomial(shape, shape / (shape + mean), m)
        case 1:
            drawn = rng.poisson(mean, m)
        case 2:
            drawn = rng.geometric(1 / (1 + mean), m) - 1
        case 3:
            drawn = np.floor(np.exp(rng.normal(np.log(1 + mean), rng.uniform(0.4, 1), m))) - 1
        case _:
            drawn = rng.poisson(np.exp(rng.uniform(-1, 0.5) + 3 * along) * rng.gamma(4, 0.25, m))
    return drawn


def _events(rng: Rng, pages: Floats, along: Floats) -> Floats:
    """Draw events beyond the pages: by the page, by the visit, by both, or of a few pages."""
    rate, shape, m = np.exp(rng.uniform(-1.5, 2.3)), rng.uniform(1.5, 15), len(pages)
    each = rate * rng.gamma(shape, 1 / shape, m) * np.exp(rng.uniform(-1, 1) * along)
    drawn: Floats
    match rng.integers(5):
        case 0:
            drawn = rng.poisson(pages * each)
        case 1:
            drawn = rng.poisson(3 * each)
        case 2:
            drawn = rng.poisson((pages + rng.uniform(0.5, 4)) * each)
        case 3:
            drawn = rng.binomial(pages.astype(int), rng.uniform(0.05, 0.9))
        case _:
            drawn = rng.negative_binomial(1 + 2 * pages, 1 / (1 + rate / 2))
    return drawn


MIXES: dict[str, Family] = {"one_page": one_page}
NOTHING: dict[str, Family] = {"from_one": from_one}
