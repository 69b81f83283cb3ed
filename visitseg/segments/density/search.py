"""The search for distinct segments: several starts, and votes of subsamples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import adjusted_rand_score

from visitseg.segments.assignment.fit import Labels
from visitseg.segments.density.merge import Tree, fine_pieces, merge, smallest
from visitseg.segments.density.shoulder import with_shoulders
from visitseg.segments.places import chance
from visitseg.segments.places.sample import Sample

STARTS = 3
VOTES = 7
_VOTERS = 0.8
# A group of so few pieces is looked at again, with so many of its own.
_UNRESOLVED = 3
_CLOSER = 8


@dataclass(frozen=True)
class Vote:
    """What four fifths of the visits answer.

    Attributes
    ----------
    rows : ndarray of shape (n_voters,)
        Rows of the sample.
    labels : ndarray of shape (n_voters,)
        Their groups.
    """

    rows: npt.NDArray[np.intp]
    labels: Labels

    @property
    def k(self) -> int:
        """Number of groups."""
        return int(self.labels.max()) + 1


@dataclass(frozen=True)
class Search:
    """What was found in a sample.

    Attributes
    ----------
    tree : Tree
        Of a start with the median number of groups: the one most like the others.
    starts : tuple of int
        Number of groups of every start.
    votes : tuple of Vote
        Of random subsamples.
    """

    tree: Tree
    starts: tuple[int, ...]
    votes: tuple[Vote, ...]

    def supporters(self, k: int) -> int:
        """Count the votes for `k` groups."""
        return sum(vote.k == k for vote in self.votes)


def search(sample: Sample, seed: int, *, starts: int = STARTS, votes: int = VOTES) -> Search:
    """Look for groups with a valley between every pair.

    Parameters
    ----------
    sample : Sample
        At least one visit.
    seed : int
        Seed of the voters: which visits they have, and where their mixtures start.
    starts, votes : int
        How many of either; the median of an odd number of starts decides.
    """
    everyone = np.arange(len(sample.rows))
    trees = [_grow(sample, everyone, chance.fixed(start)) for start in range(starts)]
    rng = np.random.default_rng(seed)
    voters = [
        np.sort(rng.permutation(len(sample.rows))[: max(int(_VOTERS * len(sample.rows)), 1)])
        for _ in range(votes)
    ]
    return Search(
        tree=with_shoulders(_central(trees), sample, everyone, trees),
        starts=tuple(sorted(tree.k for tree in trees)),
        votes=tuple(
            Vote(rows, tree.cut(tree.k))
            for rows, tree in ((rows, _vote(sample, rows, seed)) for rows in voters)
        ),
    )


def _central(trees: Sequence[Tree]) -> Tree:
    """Return, of the starts with the median number of groups, the one most like the others."""
    k = sorted(tree.k for tree in trees)[len(trees) // 2]
    cuts = [tree.cut(tree.k) for tree in trees]
    alike = [sum(adjusted_rand_score(cut, other) for other in cuts) for cut in cuts]
    return max(zip(trees, alike, strict=True), key=lambda pair: (pair[0].k == k, pair[1]))[0]


def _vote(sample: Sample, rows: npt.NDArray[np.intp], seed: int) -> Tree:
    tree = _grow(sample, rows, seed)
    return with_shoulders(tree, sample, rows, [tree])


def _grow(sample: Sample, rows: npt.NDArray[np.intp], seed: int) -> Tree:
    places, ties = sample.places[rows], sample.ties[rows]
    tree = merge(places, fine_pieces(places, seed), ties, counts=sample.counts)
    finer = _finer(tree, sample, rows, seed)
    return tree if finer is None else merge(places, finer, ties, counts=sample.counts)


def _finer(tree: Tree, sample: Sample, rows: npt.NDArray[np.intp], seed: int) -> Labels | None:
    """Return pieces that cut groups of few pieces where valleys do; None if no group has one.

    Where one kind takes most of the pieces, two others may be left with as many, each of both.
    """
    groups, pieces = tree.cut(tree.k), tree.pieces.copy()
    few, split = smallest(len(rows)), False
    for group in range(tree.k):
        own = np.flatnonzero(groups == group)
        if len(np.unique(pieces[own])) > _UNRESOLVED or len(own) < 2 * few:
            continue
        places = sample.places[rows[own]]
        closer = fine_pieces(places, seed, _CLOSER, few)
        part = merge(places, closer, sample.ties[rows[own]], counts=sample.counts)
        if part.k > 1:
            pieces[own] = pieces.max() + 1 + part.cut(part.k)
            split = True
    return np.unique(pieces, return_inverse=True)[1].astype(np.int32) if split else None


def best_jaccards(
    labels: Labels, k: int, others: Sequence[tuple[npt.NDArray[np.intp], Labels]]
) -> npt.NDArray[np.float64]:
    """Return how well each segment is found again (Hennig 2007).

    Parameters
    ----------
    labels : ndarray of shape (n_sample,)
        Segments 0 … k - 1.
    k : int
        Number of segments.
    others : sequence of (rows, labels)
        Other answers on some of the rows.

    Returns
    -------
    ndarray of shape (k,)
        Mean over the answers of the Jaccard index with the most similar segment; NaN without
        an answer.
    """
    found = np.full((len(others), k), np.nan)
    for i, (rows, theirs) in enumerate(others):
        table = np.zeros((k, int(theirs.max()) + 1))
        np.add.at(table, (labels[rows], theirs), 1)
        union = table.sum(axis=1, keepdims=True) + table.sum(axis=0) - table
        found[i] = (table / np.maximum(union, 1)).max(axis=1)
    return found.mean(axis=0) if len(others) else np.full(k, np.nan)
