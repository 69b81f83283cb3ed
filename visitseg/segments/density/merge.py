"""A fine mixture, merged until every pair of segments is separated by a density valley.

K = 1 is an outcome like any other: where no pair of pieces shows a valley, all of them merge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from visitseg.segments.assignment.fit import Labels
from visitseg.segments.density import valley
from visitseg.segments.density.mixture import fit_mixture
from visitseg.segments.density.shared import without_atoms
from visitseg.segments.density.valley import Numbers, Side
from visitseg.segments.places.sample import Counts
from visitseg.segments.places.transform import Matrix

PIECES = 14
# Resolution of the pieces: .1 log units.
_REG_COVAR = 0.01
_RIDGE = 1e-3
# Pieces under this share, or so many visits, have no density of their own.
MIN_SHARE = 0.003
MIN_VISITS = 50


@dataclass(frozen=True)
class Merge:
    """One merge of two groups of pieces.

    Attributes
    ----------
    k : int
        Number of groups before the merge.
    ratio : float
        Valley over lower peak between the two; 1 without a significant valley.
    z : float
        Standard errors by which the dip stands out.
    into, gone : int
        A piece of either group: the second group goes into the first.
    shoulder : float
        Standard errors by which a shoulder of the density stands against it; 0 without one.
    """

    k: int
    ratio: float
    z: float
    into: int
    gone: int
    shoulder: float = 0.0


@dataclass(frozen=True)
class Tree:
    """Pieces, and the order in which they merge.

    Attributes
    ----------
    pieces : ndarray of shape (n_visits,)
        Piece of each visit.
    merges : list of Merge
        Down to one group, whether a valley stood against it or not.
    deep : float
        Valleys above this do not separate.
    """

    pieces: Labels
    merges: list[Merge]
    deep: float

    @property
    def k(self) -> int:
        """Number of groups at the first merge that is not to be made; 1 without one."""
        return next((m.k for m in self.merges if m.ratio <= self.deep or m.shoulder), 1)

    def ratio(self, k: int) -> float:
        """Return the shallowest valley between any two of `k` groups, shoulders aside."""
        if k > len(self.merges) + 1:
            return 1.0
        return next((m.ratio for m in self.merges if m.k <= k and not m.shoulder), 0.0)

    def shoulder(self, k: int) -> float:
        """Return the standard errors of the shoulder without which `k` groups were one fewer."""
        return next((m.shoulder for m in self.merges if m.k == k), 0.0)

    def groups(self, k: int) -> Labels:
        """Return the group of each piece where `k` groups are left: one of its pieces."""
        group = np.arange(self.pieces.max() + 1, dtype=np.int32)
        for merge in self.merges:
            if merge.k <= k:
                break
            group[group == merge.gone] = merge.into
        return group

    def cut(self, k: int) -> Labels:
        """Return the group of each visit where `k` are left, from 0 without gaps."""
        return np.unique(self.groups(k)[self.pieces], return_inverse=True)[1].astype(np.int32)


def smallest(n: int) -> int:
    """Return how many of `n` visits a segment holds at least."""
    return max(int(MIN_SHARE * n), min(MIN_VISITS, n // 10), 3)


def fine_pieces(P: Matrix, seed: int, pieces: int = PIECES, few: int | None = None) -> Labels:
    """Cut visits into many small pieces.

    Parameters
    ----------
    P : ndarray of shape (n_visits, n_axes)
        Dequantised places.
    seed : int
        Seed of the mixture's start.
    pieces : int
        At most so many.
    few : int, optional
        Visits that each holds at least; default: max(50, 0.3 %).

    Returns
    -------
    ndarray of shape (n_visits,)
        Pieces from 0, without gaps.
    """
    few = few or smallest(len(P))
    k = min(pieces, len(P) // few)
    if k < 2:
        return np.zeros(len(P), dtype=np.int32)
    scores = fit_mixture(P, k, seed, _REG_COVAR)
    while True:
        labels = scores.argmax(axis=0)
        sizes = np.bincount(labels, minlength=len(scores))
        small = np.flatnonzero((sizes > 0) & (sizes < few))
        if not len(small):
            break
        scores[small[np.argmin(sizes[small])]] = -np.inf
    return np.unique(labels, return_inverse=True)[1].astype(np.int32)


def merge(
    P: Matrix,
    pieces: Labels,
    raw: Matrix,
    deep: float = valley.DEEP,
    significant: float = valley.SIGNIFICANT,
    counts: Counts | None = None,
) -> Tree:
    """Merge pieces, the nearest that no valley separates first, and record each merge.

    Parameters
    ----------
    P : ndarray of shape (n_visits, n_axes)
        Dequantised places.
    pieces : ndarray of shape (n_visits,)
        From `fine_pieces`.
    raw : ndarray of shape (n_visits, n_columns)
        Values of which none may carry a mode alone.
    deep : float
        A valley separates up to this ratio ...
    significant : float
        ... if its dip stands out by so many standard errors.
    counts : Counts, optional
        What the columns of `raw` are made of.
    """
    sides = [Side.of(P[pieces == piece], raw[pieces == piece]) for piece in range(pieces.max() + 1)]
    within = _RIDGE * np.eye(P.shape[1]) + sum(side.cov * side.n for side in sides) / len(P)
    apart: dict[tuple[int, int], float] = {}
    for i in range(1, len(sides)):
        apart |= _apart(sides, i, range(i))
    found: dict[tuple[int, int], valley.Valley] = {}

    def look(pair: tuple[int, int]) -> valley.Valley:
        if pair not in found:
            found[pair] = valley.between(sides[pair[0]], sides[pair[1]], within, significant)
        return found[pair]

    sure: set[tuple[int, int]] = set()
    merges: list[Merge] = []
    while apart:
        near = sorted(apart, key=lambda pair: (apart[pair], pair))
        # The nearest first: by depth, a dip that is noise would let pieces on either side of a
        # third merge before it. It also spares most looks.
        pair = next((pair for pair in near if look(pair).ratio > deep), None)
        if pair is None and (unsure := set(apart) - sure):
            # Costly, so only now: no pair may owe its valley to a single value. Nor, since merged
            # sides are as large as they get, to noise that pieces could not be told from.
            for a, b in sorted(unsure):
                large = min(sides[a].n, sides[b].n) >= valley.LARGE * len(P)
                asked = max(significant, valley.SURELY) if large else significant
                again = without_atoms(sides[a], sides[b], asked, counts)
                if again.ratio > found[a, b].ratio:
                    found[a, b] = again
            sure |= unsure
            continue
        i, j = pair = pair or max(near, key=lambda pair: found[pair].ratio)
        merges.append(Merge(len(sides) - len(merges), found[pair].ratio, found[pair].z, i, j))
        sides[i] = sides[i].joined(sides[j])
        gone = {pair for pair in apart if j in pair}
        for other in gone | {pair for pair in apart if i in pair}:
            found.pop(other, None)
            sure.discard(other)
        apart = {pair: distance for pair, distance in apart.items() if pair not in gone}
        apart |= _apart(sides, i, [sum(pair) - i for pair in apart if i in pair])
    return Tree(pieces, merges, deep)


def _apart(sides: list[Side], i: int, others: Sequence[int]) -> dict[tuple[int, int], float]:
    """Return the distance of one side from some others, by pair: the later one first."""
    if not others:
        return {}
    far = bhattacharyya(sides[i], [sides[j] for j in others])
    return {(max(i, j), min(i, j)): float(d) for j, d in zip(others, far, strict=True)}


def bhattacharyya(side: Side, others: Sequence[Side]) -> Numbers:
    """Return the distances of normal distributions fitted to sets of visits (Bhattacharyya 1943).

    Parameters
    ----------
    side : Side
        One set.
    others : sequence of Side
        The others.

    Returns
    -------
    ndarray of shape (n_others,)
        In nats.
    """
    ridge = _RIDGE * np.eye(len(side.mean))
    own, theirs = side.cov + ridge, np.array([other.cov for other in others]) + ridge
    gaps = np.array([other.mean for other in others]) - side.mean
    means = (own + theirs) / 2
    far = (gaps * np.linalg.solve(means, gaps[:, :, None])[:, :, 0]).sum(axis=1)
    logs = [np.linalg.slogdet(shape)[1] for shape in (means, own, theirs)]
    distances: Numbers = far / 8 + (logs[0] - (logs[1] + logs[2]) / 2) / 2
    return distances
