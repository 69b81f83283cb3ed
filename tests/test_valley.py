"""A density valley is seen where there is one, and never where one value carries a mode."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.quality import families
from benchmarks.quality.measure import kinds_found
from visitseg.segments.density.merge import Tree, fine_pieces, merge
from visitseg.segments.density.shared import without_atoms
from visitseg.segments.density.valley import DEEP, Side, between
from visitseg.segments.places.atoms import find_atoms
from visitseg.segments.places.axes import clock_step
from visitseg.segments.places.sample import Counts
from visitseg.segments.places.transform import Matrix


def cloud(centre: float, n: int, seed: int, d: int = 3) -> Matrix:
    X = np.random.default_rng(seed).normal(size=(n, d))
    X[:, 0] += centre
    return X


def side(X: Matrix) -> Side:
    return Side.of(X, X)


def tree(X: Matrix, raw: Matrix | None = None) -> Tree:
    return merge(X, fine_pieces(X, 1), X if raw is None else raw)


def test_two_clouds_have_a_valley_and_one_cloud_cut_in_two_has_none() -> None:
    assert between(side(cloud(0, 2000, 1)), side(cloud(4, 2000, 2))).ratio < 0.4
    X = cloud(0, 4000, 3)
    assert between(side(X[X[:, 0] < 0]), side(X[X[:, 0] >= 0])).ratio == 1


def test_the_depth_is_that_of_the_densities() -> None:
    # Two normal clouds of one size, 4 apart: the middle holds 2·exp(-2) of a peak.
    valley = between(side(cloud(0, 20_000, 1, d=1)), side(cloud(4, 20_000, 2, d=1)))
    assert valley.ratio == pytest.approx(2 * np.exp(-2), abs=0.05)
    assert valley.z > 4


def test_a_small_cloud_beside_a_large_one_is_seen() -> None:
    assert between(side(cloud(0, 20_000, 1)), side(cloud(6, 150, 2))).ratio < DEEP


def test_a_dip_that_noise_explains_is_none() -> None:
    assert between(side(cloud(0, 12, 1)), side(cloud(3, 12, 2))).ratio == 1


def test_moments_of_joined_sides_are_those_of_all_their_visits() -> None:
    A, B = cloud(0, 300, 1), cloud(3, 50, 2)
    joined, whole = side(A).joined(side(B)), side(np.concatenate([A, B]))
    np.testing.assert_allclose(joined.mean, whole.mean)
    np.testing.assert_allclose(joined.cov, whole.cov)


def test_a_mode_that_one_value_carries_is_no_kind() -> None:
    rng = np.random.default_rng(5)
    pages = np.concatenate([np.full(3000, 2.0), np.exp(rng.normal(2.2, 0.3, 5000)).round()])
    X = np.column_stack([np.log(pages + rng.uniform(-0.5, 0.5, 8000)), rng.normal(size=8000)])
    two, more = pages == 2, pages > 2
    a, b = (Side.of(X[rows], pages[rows, None]) for rows in (two, more))
    assert between(a, b).ratio < DEEP
    assert without_atoms(a, b).ratio == 1
    assert tree(X, pages[:, None]).k == 1


def test_a_kind_on_one_value_is_seen_by_what_does_not_owe_to_it() -> None:
    rng = np.random.default_rng(6)
    pages = np.concatenate([np.full(600, 2.0), np.exp(rng.normal(1.8, 0.4, 5000)).round()])
    slow = np.concatenate([rng.normal(4, 0.4, 600), rng.normal(0, 0.6, 5000)])
    X = np.column_stack([np.log(pages + rng.uniform(-0.5, 0.5, 5600)), slow])
    a, b = (Side.of(X[rows], pages[rows, None]) for rows in (slow > 2, slow <= 2))
    assert without_atoms(a, b).ratio <= DEEP
    even = np.column_stack([X[:, 0], rng.normal(size=5600)])
    two, more = (Side.of(even[rows], pages[rows, None]) for rows in (pages == 2, pages > 2))
    assert without_atoms(two, more).ratio == 1, "a value alone is no kind"


def test_a_ratio_owes_to_the_pages_only_where_its_count_is_shared_too() -> None:
    """Two pages make few distinct pages; but many hits on two pages are many hits."""
    rng = np.random.default_rng(7)
    pages = np.concatenate([np.full(600, 2.0), rng.integers(10, 120, 5000).astype(float)])
    many = np.concatenate([np.exp(rng.normal(4, 0.4, 600)), pages[600:] + rng.poisson(2, 5000)])
    few = np.concatenate([rng.integers(4, 7, 600).astype(float), many[600:]])

    def sides(hits: Matrix) -> list[Side]:
        X = np.column_stack([np.log(pages), np.log(hits / pages)]) + rng.normal(0, 0.1, (5600, 2))
        raw = np.column_stack([pages, hits])
        return [Side.of(X[rows], raw[rows]) for rows in (pages == 2, pages > 2)]

    for hits, found in ((many.round(), True), (few, False)):
        a, b = sides(hits)
        assert between(a, b).ratio <= DEEP
        assert (without_atoms(a, b, counts=Counts(0, 1, ((1, 0),))).ratio <= DEEP) == found


@pytest.mark.parametrize(
    ("pages", "fewest", "spikes", "found"),
    [
        (1, 5, (), True),
        (2, 8, (), False),
        (1, 2, (), False),
        (1, 5, (9.0,), True),
        (1, 5, (2.0,), False),
    ],
)
def test_one_page_is_a_kind_where_the_others_see_many(
    pages: int, fewest: int, spikes: tuple[float, ...], found: bool
) -> None:
    """But neither two pages, nor one where others see two, nor where it is unknown who does."""
    rng = np.random.default_rng(8)
    seen = np.concatenate([np.full(800, pages), rng.integers(fewest, fewest + 5, 4000)]) * 1.0
    X = np.column_stack([np.log(seen + rng.uniform(-0.5, 0.5, 4800)), rng.normal(size=4800)])
    few = seen == pages
    raw = np.column_stack([seen, X[:, 1]])
    a, b = (Side.of(X[rows], raw[rows]) for rows in (few, ~few))
    assert (without_atoms(a, b, counts=Counts(0, 1, ((1, 0),), spikes)).ratio <= DEEP) == found


def test_pieces_merge_to_the_planted_number_and_no_further() -> None:
    X = np.concatenate([cloud(0, 3000, 1), cloud(6, 1000, 2), cloud(12, 200, 3)])
    found = tree(X)
    assert found.k == 3
    assert len(np.unique(found.cut(3))) == 3
    assert [len(np.unique(found.cut(k))) for k in (1, 2)] == [1, 2]
    assert found.ratio(3) <= DEEP < found.ratio(4)


def test_coarser_cuts_only_join_what_finer_ones_part() -> None:
    found = tree(np.concatenate([cloud(0, 900, 1), cloud(6, 900, 2)]))
    for k in range(2, found.pieces.max() + 2):
        pairs = set(zip(found.cut(k).tolist(), found.cut(k - 1).tolist(), strict=True))
        assert len(pairs) == k


@pytest.mark.parametrize("seed", range(3))
def test_heavy_tails_are_no_segments(seed: int) -> None:
    assert tree(np.random.default_rng(seed).standard_t(3, size=(6000, 3))).k == 1


def test_spikes_are_found_and_natural_modes_are_not() -> None:
    rng = np.random.default_rng(2)
    pages = np.maximum(np.exp(rng.normal(1.6, 0.6, 20_000)).round(), 1)
    assert find_atoms(pages, 1.0) == {}
    assert find_atoms(rng.geometric(0.5, 20_000).astype(float), 1.0) == {}
    half_on_two = np.where(rng.random(20_000) < 0.5, 2, np.exp(rng.normal(2, 0.5, 20_000)).round())
    assert list(find_atoms(half_on_two, 1.0)) == [2.0]


@pytest.mark.parametrize("spread", [2, 3, 4, 5])
def test_the_values_of_a_narrow_mode_are_no_spikes(spread: float) -> None:
    time = np.random.default_rng(1).normal(44, spread, 1000).round()
    assert find_atoms(time, 1.0, longest=3, per=8.0) == {}


def test_floors_and_caps_of_time_are_spikes_side_by_side_too() -> None:
    rng = np.random.default_rng(3)
    time = np.exp(rng.normal(5, 1, 20_000))
    time[:1500], time[1500:2200] = 0, 1
    time = np.where(time > 1000, 1000, time)
    assert list(find_atoms(time, 0.0, longest=3, per=4.0)) == [0.0, 1.0, 1000.0]


def test_the_clock_is_read_off_the_times() -> None:
    rng = np.random.default_rng(4)
    time = np.exp(rng.normal(5, 1, 1000))
    assert clock_step(time) == 0
    assert clock_step(time.round()) == 1
    assert clock_step((time / 30).round() * 30) == 30
    assert clock_step(np.full(3, np.nan)) == 0


@pytest.mark.parametrize("seed", range(3))
def test_the_arm_of_a_bent_cloud_has_no_valley_before_it(seed: int) -> None:
    """A straight tube from the end of the arm to the cloud runs beside the arm, not along it."""
    rng = np.random.default_rng(seed)
    along, off = rng.normal(size=20_000), rng.normal(size=(20_000, 3)) * 0.4
    X = np.column_stack([0.6 * along, 0.55 * (1 - along**2)]) + off[:, :2]
    X = np.column_stack([X, off[:, 2]])
    end = along < -2.25
    assert between(Side.of(X[end], X[end]), Side.of(X[~end], X[~end])).ratio == 1


@pytest.mark.parametrize("seed", range(2))
def test_the_end_of_a_heavy_tail_is_not_far_apart(seed: int) -> None:
    """Its mean is more than seven standard deviations off, but there are visits all the way."""
    rng = np.random.default_rng(seed)
    tail, others = 0.5 * rng.standard_t(1.5, 20_000), 0.5 * rng.normal(size=(20_000, 2))
    X = np.column_stack([tail, others])
    body, end = side(X[(tail > -3) & (tail <= 4.6)]), side(X[(tail > 4.6) & (tail < 6.1)])
    assert end.n > 80
    assert between(end, body).ratio == 1


@pytest.mark.parametrize("spread", [1.1, pytest.param(1.3, marks=pytest.mark.slow)])
def test_a_cap_on_the_time_of_a_page_parts_nothing(spread: float) -> None:
    """Hardly any time is shared; but many visits have the cap on every page."""
    rng = np.random.default_rng(1)
    pages = 2.0 + rng.poisson(8 * rng.gamma(4, 0.25, 20_000))
    time = np.round(pages * np.minimum(np.exp(3.5 + spread * rng.standard_normal(20_000)), 300), 1)
    assert np.mean(time == 300 * pages) > 0.02
    columns = families.table(pages, pages + rng.poisson(pages), pages, time, 0 * pages, rng)
    assert kinds_found(families.one(columns)) == 1
