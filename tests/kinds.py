"""Kinds of visits, and what is made of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from sklearn.metrics import adjusted_rand_score

from visitseg.segments.assignment.assign import first_best
from visitseg.segments.assignment.fitted import raw_of
from visitseg.segments.rest import look

Columns = dict[str, np.ndarray]


def visits(
    pages: np.ndarray, seconds: np.ndarray, events: np.ndarray, unique: np.ndarray
) -> Columns:
    """Make a visit table of pages, seconds, events beyond the pages, and distinct pages."""
    return {
        "pageviews": pages,
        "hits": np.maximum(pages + events, 1.0),
        "unique_pages": unique,
        "time_on_site_sec": np.maximum(seconds.round(), 1),
    }


def browsers(rng: np.random.Generator, n: int, pages: float = 8) -> Columns:
    seen = np.maximum(np.exp(rng.normal(np.log(pages), 0.35, n)).round(), 2)
    again = rng.binomial(seen.astype(int) - 1, 0.25)
    return visits(
        seen, seen * np.exp(rng.normal(3.2, 0.4, n)), rng.poisson(0.3 * seen) * 1.0, seen - again
    )


def together(*parts: Mapping[str, np.ndarray]) -> tuple[Columns, np.ndarray]:
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return columns, np.repeat(np.arange(len(parts)), [len(part["hits"]) for part in parts])


def agreement(columns: Columns, kinds: np.ndarray) -> tuple[int, float]:
    """Return the number of distinct segments, and their agreement with the kinds.

    The search and its labels alone: no visit meets a rule, and nobody asks for evidence.
    """
    rest = look(columns, np.arange(len(kinds)), 0, visits=True, votes=0)
    k = rest.search.tree.k
    places, raw = rest.space.place(rest.columns), raw_of(rest.columns, rest.space)
    labels = first_best(rest.distinct(k).assigner.scores(places, raw))
    return k, adjusted_rand_score(kinds[rest.rows], labels)
