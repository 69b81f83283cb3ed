"""Values that hold too many visits, before segments are sought."""

from __future__ import annotations

import numpy as np
import pytest
from kinds import browsers, visits

from visitseg.segments.places.sample import draw
from visitseg.segments.places.space import visit_space
from visitseg.segments.places.thinning import capped, nearer, usual


def test_visits_like_those_around_a_count_are_told_from_those_at_it_alone() -> None:
    rng = np.random.default_rng(1)
    counts = np.repeat([5.0, 4.0, 6.0], [3_000, 1_000, 800])
    places = rng.normal(size=(4_800, 2))
    script = np.arange(4_800) < 2_400
    places[script, 0] += 6
    ratio = usual(places, counts, 5.0, np.ones(4_800, dtype=bool))
    assert (ratio >= 1).all()
    assert np.median(ratio[script]) == 1
    # A fifth of those at five pages are like the others: their density there is five times less.
    assert np.median(ratio[2_400:3_000]) == pytest.approx(5, rel=0.25)
    assert (ratio[3_000:] == 1).all()


def test_a_count_that_spikes_at_random_is_hardly_looked_at_more() -> None:
    rng = np.random.default_rng(2)
    counts = np.repeat([5.0, 4.0, 6.0], [3_000, 1_000, 800])
    ratio = usual(rng.normal(size=(4_800, 3)), counts, 5.0, np.ones(4_800, dtype=bool))
    assert ratio[:3_000].mean() < 1.3


def test_a_cap_is_the_longest_time_of_a_page_and_that_of_many() -> None:
    pages = np.arange(2.0, 1_002)
    pace = np.linspace(1, 90, 1_000)
    known = np.ones(1_000, dtype=bool)
    assert not capped(pages * pace, pages, known).any()
    at = np.minimum(pace, 80)
    assert (capped(pages * at, pages, known) == (at == 80)).all()
    at[pace > 89] = 500  # some are longer: no cap
    assert not capped(pages * at, pages, known).any()


def test_values_beyond_all_others_are_brought_nearer_and_their_order_stays() -> None:
    X = np.random.default_rng(3).normal(size=(2_000, 2))
    X[0] = 80, -1e6
    near = nearer(X)
    assert (near[1:] == X[1:]).all()
    assert (near[0] == [near[:, 0].max(), near[:, 1].min()]).all()
    assert np.abs(near).max() < 7


def test_unknown_values_of_a_column_of_ones_own_do_not_stop_it() -> None:
    rng = np.random.default_rng(4)
    columns = browsers(rng, 4_000)
    five = np.full(3_000, 5.0)
    script = visits(five, five * np.exp(rng.normal(0.6, 0.3, 3_000)), 0 * five, five)
    table = {name: np.concatenate([columns[name], script[name]]) for name in columns}
    table["depth"] = np.where(rng.random(7_000) < 0.3, np.nan, rng.gamma(4, 10, 7_000).round())
    space = visit_space(table, {"depth": "log1p"})
    assert 5.0 in space.atoms[0]
    sample = draw(table, space)
    assert np.isfinite(sample.places).all()
    assert 4_000 < len(sample.rows) < 5_000
