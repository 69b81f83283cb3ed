"""A small kind on the flank of a large one is seen where a classifier would; a tail is no kind."""

from __future__ import annotations

import numpy as np
import pytest

from visitseg.segments import retrain
from visitseg.segments.auto import segment
from visitseg.segments.density.merge import Tree, fine_pieces, merge
from visitseg.segments.density.shoulder import SIGNIFICANT, stands_out, with_shoulders
from visitseg.segments.places.sample import Sample
from visitseg.segments.places.transform import Matrix
from visitseg.segments.rest import Rest, look

LARGE, SMALL = 8000, 320


def flank(apart: float, seed: int = 1, d: int = 3) -> Matrix:
    """A large cloud, and a small one so many standard deviations beside it."""
    X = np.random.default_rng(seed).normal(size=(LARGE + SMALL, d))
    X[LARGE:, 0] += apart
    return X


def found(X: Matrix, raw: Matrix | None = None) -> tuple[Tree, Tree]:
    """What valleys make of visits, and what shoulders add."""
    raw = X if raw is None else raw
    everyone = np.arange(len(X))
    tree = merge(X, fine_pieces(X, 1), raw)
    return tree, with_shoulders(tree, Sample(everyone, X, raw, raw), everyone, [tree])


def test_a_kind_without_a_valley_is_found_by_its_shoulder() -> None:
    by_valleys, tree = found(flank(3.7))
    assert by_valleys.k == 1
    assert tree.k == 2
    assert tree.shoulder(2) >= SIGNIFICANT
    assert tree.ratio(2) == 0  # no valley among the two
    labels = tree.cut(2)
    small = labels == np.bincount(labels).argmin()
    recall, precision = small[LARGE:].mean(), small[LARGE:].sum() / small.sum()
    assert min(recall, precision) > 0.8


def test_finer_cuts_keep_their_pieces() -> None:
    by_valleys, tree = found(flank(3.7))
    assert [merge.k for merge in tree.merges] == list(range(len(by_valleys.merges) + 2, 1, -1))
    assert len(np.unique(tree.cut(1))) == 1
    for k in range(2, by_valleys.pieces.max() + 1):
        assert len(np.unique(tree.cut(k + 1))) in (k, k + 1)  # a piece may be all of the new kind


@pytest.mark.parametrize("d", [1, 2, 6])
def test_any_number_of_axes_is_searched(d: int) -> None:
    assert found(flank(0, d=d))[1].k == 1


@pytest.mark.parametrize("apart", [0.0, 1.5, 2.5])
def test_a_kind_that_is_too_near_is_not_told_from_a_tail(apart: float) -> None:
    assert found(flank(apart))[1].k == 1


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng, shape: rng.gamma(2, size=shape),
        lambda rng, shape: rng.standard_t(4, shape),
        lambda rng, shape: np.exp(0.7 * rng.normal(size=shape)),
        lambda rng, shape: rng.uniform(size=shape),
    ],
    ids=["gamma", "t", "lognormal", "uniform"],
)
def test_a_tail_is_no_kind(draw: object) -> None:
    X = draw(np.random.default_rng(3), (LARGE, 3))  # type: ignore[operator]
    assert found(X)[1].k == found(X)[0].k == 1


def test_a_value_that_most_of_a_kind_shares_is_no_kind() -> None:
    X = flank(3.7)
    own = np.arange(len(X)) >= LARGE
    assert stands_out(X, X, X, own) >= SIGNIFICANT
    shared = np.where(own & (np.arange(len(X)) % 4 > 0), 7.0, np.arange(len(X)))[:, None]
    assert stands_out(X, shared, X, own) == 0


def test_a_shoulder_that_one_shared_value_makes_is_none() -> None:
    X = flank(3.7)
    own = np.arange(len(X)) >= LARGE
    # All but a few of the small kind have as many hits as pages, say; hardly anyone else has.
    tied = np.where(own & (np.arange(len(X)) % 16 > 0), 1.0, np.arange(len(X)) + 2.0)[:, None]
    assert stands_out(X, X, tied, own) == 0


def test_whole_numbers_of_a_plain_array_are_no_kinds() -> None:
    rng = np.random.default_rng(2)
    counts = np.rint(np.exp(1 + 0.5 * rng.normal(size=(5000, 2))))
    columns = {"a": counts[:, 0], "b": counts[:, 1]}
    assert look(columns, np.arange(5000), 42, visits=False).search.tree.k == 1


def test_the_decision_says_that_it_is_a_shoulder() -> None:
    X = flank(3.7)
    columns = {f"x{j}": column for j, column in enumerate(X.T)}
    answer = segment(columns, visits=False, k_max=3)
    assert answer.k_final == 2
    assert answer.evidence[1].shoulder >= SIGNIFICANT
    assert "on the flank of a larger one" in answer.decision["text"]
    assert "rare (a density valley)" not in answer.decision["text"]
    assert "One kind fewer if that shoulder" in answer.decision["would_change"][0]


def test_a_kind_that_was_there_before_stays_though_it_stands_out_less() -> None:
    def searched(X: Matrix) -> Rest:
        columns = {f"x{j}": column for j, column in enumerate(X.T)}
        return look(columns, np.arange(len(X)), 42, visits=False, votes=0)

    rest = searched(flank(3.2, seed=2))
    rows = rest.rows[rest.drawn.rows]
    assert rest.search.tree.k == 1
    assert retrain.still_apart(rest, (rows >= LARGE).astype(np.int32), 2)
    gone = searched(flank(0))
    tail = (flank(0)[gone.rows[gone.drawn.rows], 0] > 1.8).astype(np.int32)
    assert not retrain.still_apart(gone, tail, 2)
