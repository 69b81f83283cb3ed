"""The search finds kinds that are small beside one large and wide kind."""

from __future__ import annotations

import numpy as np
import pytest
from kinds import Columns, agreement, together, visits


def wide(rng: np.random.Generator, n: int) -> Columns:
    """Make visits that differ much among each other, in all features."""
    seen = np.maximum(np.exp(rng.normal(1.2, 0.6, n)).round(), 1)
    events = 0.0 + rng.poisson(seen * np.exp(rng.normal(-0.3, 0.8, n)))
    unique = 1.0 + rng.binomial((seen - 1).astype(int), 0.8)
    return visits(seen, seen * np.exp(rng.normal(2.6, 0.8, n)), events, unique)


def deep(rng: np.random.Generator, n: int, again: float) -> Columns:
    """Make long visits that see a share of their pages again."""
    seen = np.exp(rng.normal(3.8, 0.45, n)).round() + 2
    unique = np.maximum(seen - rng.binomial(seen.astype(int) - 1, again), 1)
    seconds = seen * np.exp(rng.normal(3.7, 0.3, n))
    return visits(seen, seconds, 0.0 + rng.poisson(0.06 * seen), unique)


@pytest.mark.parametrize("seed", range(3))
def test_two_small_kinds_are_told_apart_though_a_wide_one_takes_the_pieces(seed: int) -> None:
    rng = np.random.default_rng(seed)
    k, ari = agreement(
        *together(wide(rng, 11_000), deep(rng, 600, again=0.02), deep(rng, 300, again=0.7))
    )
    assert k == 3
    assert ari > 0.99


def test_a_wide_kind_alone_is_one() -> None:
    visits_ = wide(np.random.default_rng(3), 12_000)
    assert agreement(visits_, np.zeros(12_000))[0] == 1
