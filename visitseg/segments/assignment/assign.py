"""Which segment a visit belongs to: quadratic discriminant analysis that knows of atoms.

On each axis a visit's value is either one of the axis' atoms (unknown counts as one) or a place.
A segment says how likely each is, and where its places lie: a normal distribution with its own
covariance. So a visit with an atom is judged by its other axes and by how often the segment's
visits have that atom.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp

from visitseg.segments.assignment.fit import Labels
from visitseg.segments.places.transform import Matrix

# Half a visit of every atom, so that none is impossible.
_PRIOR = 0.5
# How often borders are drawn anew ...
_SETTLING = 8
# ... while each segment keeps this Jaccard index with what the valleys made it.
_SAME = 0.85
_RIDGE = 1e-3
LOG_TWO_PI = float(np.log(2 * np.pi))
# Scores nearer than this, relative to 1 + the best, are a tie: rounding must not decide.
TIE = 1e-9


@dataclass(frozen=True)
class Assigner:
    """Segments as distributions.

    Attributes
    ----------
    means : ndarray of shape (k, n_axes)
        Centres.
    covariances : ndarray of shape (k, n_axes, n_axes)
        Shapes.
    log_shares : ndarray of shape (k,)
        Logarithm of each segment's share; 0 where shares do not count.
    atoms : tuple of tuple of float
        Values of each axis that are not places.
    log_atoms : tuple of ndarray of shape (k, n_atoms + 2)
        Per axis: logarithm of the share of the segment's visits at each atom, unknown, and with
        a place.
    """

    means: Matrix
    covariances: Matrix
    log_shares: Matrix
    atoms: tuple[tuple[float, ...], ...]
    log_atoms: tuple[Matrix, ...]

    @property
    def k(self) -> int:
        """Number of segments."""
        return len(self.means)

    def codes(self, places: Matrix, raw: Matrix) -> npt.NDArray[np.int64]:
        """Tell, per visit and axis, which atom its value is; the last code means a place."""
        found = np.empty(places.shape, dtype=np.int64)
        for j, values in enumerate(self.atoms):
            code = np.full(len(places), len(values) + 1)
            for i, value in enumerate(values):
                code[raw[:, j] == value] = i
            code[~np.isfinite(places[:, j])] = len(values)
            found[:, j] = code
        return found

    def scores(self, places: Matrix, raw: Matrix) -> Matrix:
        """Return log densities, shape (n_visits, k), and shares in them."""
        codes = self.codes(places, raw)
        total = np.tile(self.log_shares, (len(places), 1))
        for j, table in enumerate(self.log_atoms):
            total += table.T[codes[:, j]]
        for rows, known in self._patterns(codes):
            if known.any():
                X = places[np.ix_(rows, known)]
                for c in range(self.k):
                    square, log_volume = self._square(X, c, known)
                    total[rows, c] -= (square + log_volume + known.sum() * LOG_TWO_PI) / 2
        return total

    def distances(self, places: Matrix, raw: Matrix, labels: Labels) -> Matrix:
        """Return how far visits lie from the centre of their segment.

        Returns
        -------
        ndarray of shape (n_visits,)
            Root of the mean squared Mahalanobis distance an axis: 1 is typical. 0 where no axis
            is known.
        """
        far = np.zeros(len(places))
        for rows, known in self._patterns(self.codes(places, raw)):
            if not known.any():
                continue
            for c in np.unique(labels[rows]):
                own = rows[labels[rows] == c]
                square, _ = self._square(places[np.ix_(own, known)], int(c), known)
                far[own] = np.sqrt(square / known.sum())
        return far

    def _patterns(
        self, codes: npt.NDArray[np.int64]
    ) -> Iterator[tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]]:
        """Group visits by the axes on which they have a place."""
        placed = np.column_stack([codes[:, j] > len(values) for j, values in enumerate(self.atoms)])
        number = placed @ (1 << np.arange(placed.shape[1]))
        for pattern in np.unique(number):
            rows = np.flatnonzero(number == pattern)
            yield rows, placed[rows[0]]

    def _square(self, X: Matrix, c: int, known: npt.NDArray[np.bool_]) -> tuple[Matrix, float]:
        factor = np.linalg.cholesky(self.covariances[c][np.ix_(known, known)])
        inverse = np.linalg.inv(factor)
        apart = (X - self.means[c][known]) @ inverse.T
        return np.einsum("ij,ij->i", apart, apart), 2 * float(np.log(np.diag(factor)).sum())


def first_best(scores: Matrix) -> Labels:
    """Return the column of the highest score of each row; among ties the first.

    Parameters
    ----------
    scores : ndarray of shape (n_visits, k)
        Scores that differ from the best by no more than `TIE`, relative to 1 + its size, tie
        with it. So every engine gives the same answer where exact arithmetic would give a tie.
    """
    best = scores.max(axis=1, keepdims=True)
    found: Labels = (scores >= best - TIE * (1 + np.abs(best))).argmax(axis=1).astype(np.int32)
    return found


def learn(
    places: Matrix,
    raw: Matrix,
    atoms: Sequence[Sequence[float]],
    fitted: Matrix,
    labels: Labels,
    *,
    shaped: bool = True,
) -> Assigner:
    """Learn segments from labelled visits.

    Parameters
    ----------
    places, raw : ndarray of shape (n_visits, n_axes)
        Of all visits of the sample, atoms included; NaN where unknown.
    atoms : sequence of sequence of float
        Values of each axis that are not places.
    fitted : ndarray of shape (n_fitted, n_axes)
        Places of the visits that were labelled.
    labels : ndarray of shape (n_fitted,)
        Their segments, from 0 without gaps.
    shaped : bool
        Each segment has its own covariance and share; else a visit belongs to the nearest centre.

    Returns
    -------
    Assigner
        A visit with an atom is assigned by its other axes; one at a cap by the cap's place too.
    """
    k, n_axes = int(labels.max()) + 1, fitted.shape[1]
    if shaped and k > 1:
        labels = _settled(fitted, labels, k)
    found = _of_places(fitted, labels, k)
    if not shaped:
        spread = float(np.mean([np.trace(cov) / n_axes for cov in found.covariances]))
        found = replace(
            found, covariances=np.array([spread * np.eye(n_axes)] * k), log_shares=np.zeros(k)
        )
    known = replace(
        found,
        atoms=tuple(tuple(values) for values in atoms),
        log_atoms=tuple(np.zeros((k, len(values) + 2)) for values in atoms),
    )
    if not shaped:
        return known
    scores = known.scores(places, raw)
    capped = _capped(raw, atoms)
    if capped.any():  # who else would reach a cap?
        scores[capped] = found.scores(places[capped], raw[capped])
    return _with_atoms(known, known.codes(places, raw), scores)


def _capped(raw: Matrix, atoms: Sequence[Sequence[float]]) -> npt.NDArray[np.bool_]:
    """Tell which visits bear a value that spikes and that none exceeds."""
    found = np.zeros(len(raw), dtype=bool)
    for values, own in zip(atoms, raw.T, strict=True):
        if values and max(values) >= np.nanmax(own):
            found |= own == max(values)
    return found


def _settled(X: Matrix, labels: Labels, k: int) -> Labels:
    """Draw the borders anew: where one lies depends on the pieces that were merged; then less so.

    A segment that becomes another on the way shows that normal distributions do not describe the
    segments: then the borders stay where the valleys are.
    """
    rounds = [labels]
    for _ in range(_SETTLING + 1):  # the last one is what the distributions will answer
        again = _of_places(X, rounds[-1], k).scores(X, X).argmax(axis=1)
        table = np.zeros((k, k))
        np.add.at(table, (labels, again), 1)
        union = table.sum(axis=0) + table.sum(axis=1) - table.diagonal()
        if (table.diagonal() < _SAME * union).any() or table.sum(axis=0).min() <= X.shape[1]:
            return labels
        rounds.append(again.astype(np.int32))
    return rounds[_SETTLING]


def _with_atoms(found: Assigner, codes: npt.NDArray[np.int64], scores: Matrix) -> Assigner:
    """Learn how often each segment has each atom, from how likely visits are in each.

    Once: assigned anew and counted again (EM), atoms would drift to the segments whose visits a
    normal distribution describes worst.
    """
    weights = np.exp(scores - logsumexp(scores, axis=1, keepdims=True))
    tables = []
    for j, values in enumerate(found.atoms):
        table = np.array(
            [np.bincount(codes[:, j], weights[:, c], len(values) + 2) for c in range(found.k)]
        )
        # Possible only where the data have it at all.
        table += _PRIOR * (table.sum(axis=0) > 0) + 1e-9
        tables.append(np.log(table / table.sum(axis=1, keepdims=True)))
    shares = np.log(weights.mean(axis=0) + 1e-12)
    return replace(found, log_shares=shares, log_atoms=tuple(tables))


def _of_places(X: Matrix, labels: Labels, k: int) -> Assigner:
    """Return a normal distribution per segment, without atoms."""
    own = [X[labels == c] for c in range(k)]
    return Assigner(
        np.array([part.mean(axis=0) for part in own]),
        np.array([_covariance(part) for part in own]),
        np.log(np.bincount(labels, minlength=k) / len(labels)),
        ((),) * X.shape[1],
        (np.zeros((k, 2)),) * X.shape[1],
    )


def _covariance(X: Matrix) -> Matrix:
    cov = np.atleast_2d(np.cov(X.T)) if len(X) > 1 else np.zeros((X.shape[1],) * 2)
    shrink = X.shape[1] / (X.shape[1] + len(X))
    result: Matrix = (
        (1 - shrink) * cov + shrink * np.diag(np.diag(cov)) + _RIDGE * np.eye(X.shape[1])
    )
    return result
