"""Is there a smaller kind on the flank of a larger one? A shoulder, where no valley is.

Two normal clouds of sizes 20 to 1 have a valley of 65 % between them only from 4.3 standard
deviations on, while a classifier tells them apart well before. Nearer, the density falls, stops
falling, and falls again: its logarithm along the axis is concave in the large kind, convex between
the two, and concave once more. A single kind's tail may be convex, but is not concave again.

Uneven data look like that too: folds of a bent cloud, values that many visits share (as many hits
as pages). So the shoulder must show both over all visits and near the line between the two kinds,
and without the visits that share any frequent value.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from visitseg.segments.density.merge import Merge, Tree, smallest
from visitseg.segments.density.mixture import Terms, one_round
from visitseg.segments.density.shared import without_atoms
from visitseg.segments.density.valley import DEEP, LARGE, SURELY, TINY, Side
from visitseg.segments.places.sample import Sample
from visitseg.segments.places.transform import Matrix

Numbers = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

# Both bends must stand out of the noise by so many standard errors, of a kind of a twentieth of the
# visits by `valley.SURELY` ...
SIGNIFICANT = 3.0
# ... and that may not be owed to a value that many share: so many over all visits and so many
# without those of any such value. Either pair is enough.
_ENOUGH = ((3.5, 1.0), (SIGNIFICANT, 2.0))
# The share of these that is enough for a kind that was there before, and to tell a kind from all
# groups but the one that it was found in.
KEPT = 0.6
# A piece is worth a mixture of its own from here on.
_WORTH = 1.0
_ROUNDS = 8
_RIDGE = 5e-3
# At most this share of the group that it stands on; a larger one has a valley.
_LARGEST = 1 / 3
# Width of a window along the axis, and radius of the tube around it, in standard deviations.
_STEP = 1.2
_TUBE = 1.5
_SHIFTS = (0.0, 0.3, -0.3, 0.6)
# A value that so many visits of a side share may make a shoulder alone.
_FREQUENT = 0.1
# One that most visits of the smaller kind share, or two that nearly all do, are all that there is
# to it: a step of the grid of counts.
_MOSTLY = (0.5, 0.75)
# Either side bears a value as often as the other, up to this factor.
_ALIKE = 1.25
_FEW = 25


def with_shoulders(
    tree: Tree, sample: Sample, rows: npt.NDArray[np.intp], starts: Sequence[Tree]
) -> Tree:
    """Split smaller kinds off the groups that valleys left.

    Parameters
    ----------
    tree : Tree
        Pieces, merged as valleys allow.
    sample : Sample
        Where the visits lie.
    rows : ndarray of shape (n_visits,)
        Rows of the sample that the trees are of.
    starts : sequence of Tree
        Each of their pieces may be the core of a smaller kind.

    Returns
    -------
    Tree
        With a piece, and a merge that a shoulder stands against, for each kind that was found.
    """
    k = tree.k
    reps = tree.groups(k)
    pieces, labels, found = tree.pieces.copy(), reps[tree.pieces], list[Merge]()
    for rep in np.unique(labels):
        while True:
            rest = np.flatnonzero(labels == rep)
            others = [rows[labels == other] for other in np.unique(labels) if other != rep]
            best = next(
                (
                    (z, own)
                    for z, own in _candidates(sample, rows[rest], [s.pieces[rest] for s in starts])
                    if all(
                        are_apart(sample, rows[rest[own]], other, share=KEPT) for other in others
                    )
                ),
                None,
            )
            if best is None:
                break
            z, own = best
            new = int(pieces.max()) + 1
            pieces[rest[own]] = labels[rest[own]] = new
            found.append(Merge(0, 1.0, 0.0, int(rep), new, shoulder=z))
    if not found:
        return tree
    found.sort(key=lambda merge: merge.shoulder)
    more = len(found)
    return Tree(
        pieces,
        [
            *(replace(merge, k=merge.k + more) for merge in tree.merges if merge.k > k),
            *(replace(merge, k=k + more - i) for i, merge in enumerate(found)),
            *(merge for merge in tree.merges if merge.k <= k),
        ],
        tree.deep,
    )


def stands_out(X: Matrix, raw: Matrix, ties: Matrix, own: Mask, *, share: float = 1.0) -> float:
    """Return by how many standard errors a smaller kind stands out as a shoulder.

    Parameters
    ----------
    X : ndarray of shape (n_visits, n_axes)
        Dequantised places of both kinds.
    raw : ndarray of shape (n_visits, n_columns)
        Values of which none may be borne by most of the smaller kind.
    ties : ndarray of shape (n_visits, n_values)
        Values that many visits may share.
    own : ndarray of shape (n_visits,)
        Whether a visit is of the smaller kind.
    share : float
        Of the standard errors that are asked for.

    Returns
    -------
    float
        Over all visits; 0 where it stands out too little, or owes it to a value that many share.
    """
    for values in raw.T:
        distinct, counts = np.unique(values[own], return_counts=True)
        common = distinct[np.argsort(-counts, kind="stable")]
        for n_values, most in enumerate(_MOSTLY, start=1):
            bearing = np.isin(values, common[:n_values])
            if bearing[own].mean() > most and not _alike(bearing, own):
                return 0.0
    z = _bent(X, own)
    if z < share * SIGNIFICANT:
        return 0.0
    least = np.inf
    for look in _without_ties(ties, own):
        least = min(least, _bent(X[look], own[look]))
        if not any(z >= share * all_ and least >= share * still for all_, still in _ENOUGH):
            return 0.0
    return z


def are_apart(
    sample: Sample, a: npt.NDArray[np.intp], b: npt.NDArray[np.intp], *, share: float = 1.0
) -> bool:
    """Tell whether a valley or a shoulder parts two sets of visits.

    Parameters
    ----------
    sample : Sample
        Where the visits lie.
    a, b : ndarray of shape (n_visits,)
        Rows of the sample.
    share : float
        Of the standard errors that a shoulder needs.
    """
    small, large = (a, b) if len(a) <= len(b) else (b, a)
    X, raw, ties = sample.places, sample.raw, sample.ties
    sides = Side.of(X[small], ties[small]), Side.of(X[large], ties[large])
    if without_atoms(*sides, counts=sample.counts).ratio <= DEEP:
        return True
    both = np.concatenate([small, large])
    own = np.arange(len(both)) < len(small)
    return stands_out(X[both], raw[both], ties[both], own, share=share) > 0


def _candidates(
    sample: Sample, rows: npt.NDArray[np.intp], starts: Sequence[npt.NDArray[np.int32]]
) -> list[tuple[float, Mask]]:
    """Return the smaller kinds of a group that stand out, and by how much; the clearest first."""
    X, raw, ties = sample.places[rows], sample.raw[rows], sample.ties[rows]
    terms, few, most = Terms.of(X), smallest(len(sample.rows)), _LARGEST * len(rows)
    found: list[tuple[float, Mask]] = []
    for pieces in starts:
        for piece in np.unique(pieces):
            start = pieces == piece
            if not few <= start.sum() <= most or _bent(X, start, near=False) < _WORTH:
                continue
            own = _settled(terms, start)
            asked = SURELY if own.sum() >= LARGE * len(sample.rows) else SIGNIFICANT
            if few <= own.sum() <= most and (z := stands_out(X, raw, ties, own)) >= asked:
                found.append((z, own))
    return sorted(found, key=lambda pair: -pair[0])


def _settled(terms: Terms, start: Mask) -> Mask:
    """Return who belongs to the smaller of two normal distributions (EM, from a piece)."""
    weights = np.array([start, ~start], dtype=float)
    for _ in range(_ROUNDS):
        one_round(terms, weights, _RIDGE)
        if weights.sum(axis=1).min() <= terms.n_axes + 1:
            return np.zeros(len(start), dtype=bool)
    settled: Mask = weights[0] > weights[1]
    return settled


def _without_ties(ties: Matrix, own: Mask) -> Iterator[Mask]:
    """Yield, for each value that many visits of a side share, all visits but those."""
    for values in ties.T:
        often = set()
        for side in (own, ~own):
            distinct, counts = np.unique(values[side], return_counts=True)
            if counts.max() >= _FREQUENT * side.sum():
                often.add(float(distinct[counts.argmax()]))
        for value in sorted(often):
            if not _alike(values == value, own):
                yield values != value


def _alike(bearing: Mask, own: Mask) -> bool:
    """Tell whether both sides bear a value about as often: then it parts nothing."""
    few, many = sorted([float(bearing[own].mean()), float(bearing[~own].mean())])
    return many < _ALIKE * few


def _bent(X: Matrix, own: Mask, *, near: bool = True) -> float:
    """Return by how many standard errors both bends stand out, on the best of three axes."""
    if min(own.sum(), (~own).sum()) < _FEW:
        return 0.0
    small, large = Side.of(X[own], X[own]), Side.of(X[~own], X[~own])
    gap, shape = small.mean - large.mean, small.shape()
    best = -np.inf
    for metric in ((shape + large.shape()) / 2, shape, large.shape()):
        axis = np.asarray(np.linalg.solve(metric, gap), dtype=np.float64)
        axis /= max(float(np.linalg.norm(axis)), TINY)
        along = X @ axis
        width = _STEP * float(np.sqrt(axis @ shape @ axis))
        views = [along, along[_tube(X, small.mean, shape, axis)]] if near else [along]
        centres = float(np.median(along[own])) + np.array(_SHIFTS) * width / _STEP
        stand = np.min([_bends(view, centres, width) for view in views], axis=0)
        best = max(best, float(stand.max()))
    return best


def _tube(X: Matrix, centre: Numbers, shape: Matrix, axis: Numbers) -> Mask:
    """Tell which visits lie near the line that the smaller kind's own shape draws."""
    spread = float(axis @ shape @ axis)
    slope = shape @ axis / spread
    apart = X - centre
    apart = apart - np.outer(apart @ axis, slope)
    across = np.linalg.svd(np.eye(len(axis)) - np.outer(axis, axis))[0][:, :-1]
    metric = across.T @ (shape - spread * np.outer(slope, slope)) @ across
    metric += 1e-3 * np.eye(len(metric))
    far = apart @ across @ np.linalg.inv(np.linalg.cholesky(metric)).T
    inside: Mask = np.einsum("ij,ij->i", far, far) <= _TUBE**2 * len(metric)
    return inside


def _bends(view: Numbers, centres: Numbers, width: float) -> Numbers:
    """Return the lesser significance of the convex bend between the kinds and the concave one.

    Parameters
    ----------
    view : ndarray of shape (n_visits,)
        Place along the axis, ascending from the larger kind to the smaller one.
    centres : ndarray of shape (n_centres,)
        Where the smaller kind may lie.
    width : float
        Of a window.

    Returns
    -------
    ndarray of shape (n_centres,)
        In standard errors.
    """
    ordered = np.sort(view)

    def count(start: float) -> Numbers:
        """Return the visits of the window from `start` to `start` + 1 widths off the centres."""
        ends = centres - width * np.array([[start], [start + 1]])
        upper, lower = np.searchsorted(ordered, ends, side="right")
        visits: Numbers = np.maximum(upper - lower, 0.5)
        return visits

    flank, between, own, beyond = count(1.5), count(0.5), count(-0.5), count(-2.5)
    # Slopes of the logarithm of the density, per window; `beyond` is two windows away.
    falls, flat, ends = (
        np.log(flank / between),
        np.log(between / own),
        np.log(own / beyond) / 2,
    )
    convex = (falls - flat) / np.sqrt(1 / flank + 4 / between + 1 / own)
    concave = (ends - flat) / np.sqrt(2.25 / own + 1 / between + 0.25 / beyond)
    lesser: Numbers = np.minimum(convex, concave)
    return lesser
