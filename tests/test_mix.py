"""The mix over time, and intervals that know that the visits of a day are alike."""

from __future__ import annotations

import numpy as np
import pytest

from visitseg.segments.interpretation.interpret import share_interval
from visitseg.segments.interpretation.mix import count_mix, dispersion, total_variation


def test_the_counts_of_days_add_up() -> None:
    rng = np.random.default_rng(0)
    days, labels = rng.integers(5, 9, 1000).astype(np.int32), rng.integers(0, 3, 1000)
    mix = count_mix(days, labels.astype(np.int32), 4)
    assert sorted(mix) == [5, 6, 7, 8]
    np.testing.assert_array_equal(sum(mix.values()), np.bincount(labels, minlength=4))


def test_total_variation_of_equal_of_opposite_and_of_random_days() -> None:
    assert total_variation(np.array([[30, 70], [300, 700]]))[0] == 0
    assert total_variation(np.array([[10, 0], [0, 10]]))[0] == 1
    drawn = np.random.default_rng(1).multinomial(5000, [0.5, 0.3, 0.2], 400)
    observed, by_chance = total_variation(drawn)
    assert observed == pytest.approx(by_chance, rel=0.05)


def test_dispersion_is_one_by_chance_and_more_where_days_differ() -> None:
    rng = np.random.default_rng(2)
    alike = rng.multinomial(1000, [0.8, 0.2], 300)
    assert dispersion(alike) == pytest.approx([1, 1], abs=0.2)
    own = rng.beta(80, 20, 300)  # variance of the share: p q / 101, so 1 + 999 / 101 times chance's
    differing = np.array([rng.multinomial(1000, [p, 1 - p]) for p in own])
    assert dispersion(differing) == pytest.approx([1 + 999 / 101] * 2, rel=0.25)
    assert dispersion(alike[:2]).tolist() == [1, 1]


def test_an_interval_by_whole_days_covers_the_share_where_days_differ() -> None:
    covered, narrow = [], []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        days = np.repeat(np.arange(30.0), 100)
        hits = rng.random(3000) < np.repeat(rng.beta(3, 12, 30), 100)
        found = share_interval(hits, days)
        assert found is not None
        covered.append(found[0] <= 0.2 <= found[1])
        half = 1.96 * np.sqrt(hits.mean() * (1 - hits.mean()) / 3000)
        narrow.append(abs(hits.mean() - 0.2) <= half)
    assert np.mean(covered) > 0.88, "a percentile bootstrap of 30 days covers a little under 95 %"
    assert np.mean(narrow) < 0.7, "visits taken for independent"


def test_too_few_days_have_no_interval() -> None:
    hits = np.array([True, False] * 10)
    assert share_interval(hits, None) is None
    assert share_interval(hits, np.repeat(np.arange(4.0), 5)) is None
    unknown = np.where(np.arange(20) < 10, np.nan, np.arange(20.0))
    found = share_interval(hits, unknown)
    assert found is not None
    assert 0 <= found[0] <= found[1] <= 1
