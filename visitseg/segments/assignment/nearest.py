"""Which segment a visit belongs to under preset `baseline`: the nearest of some centres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from visitseg.segments.assignment.assign import first_best
from visitseg.segments.assignment.fitted import Assigned
from visitseg.segments.places.axes import Columns
from visitseg.segments.places.transform import Matrix

_BLOCK = 65_536
_LEAST = float(np.finfo(float).tiny)


@dataclass(frozen=True)
class Nearest:
    """Cut, standardise, and take the nearest centre.

    Attributes
    ----------
    features : tuple of str
        Columns, in the order of the arrays below.
    lower, upper : ndarray of shape (n_features,)
        Where values are cut, in the features' own units; infinite where nothing is cut.
    mean, deviation : ndarray of shape (n_features,)
        Of the cut values.
    centers : ndarray of shape (k, n_features)
        In units of `deviation` from `mean`.
    """

    features: tuple[str, ...]
    lower: Matrix
    upper: Matrix
    mean: Matrix
    deviation: Matrix
    centers: Matrix

    @property
    def k(self) -> int:
        """Number of segments."""
        return len(self.centers)

    def assign(self, columns: Columns) -> Assigned:
        """Find the segment of every visit; unknown values count as 0.

        Distance is Euclidean, in scaled units. Margin is 1 - distance / distance to the nearest
        other centre: 0 on a border, 1 at the centre.
        """
        X = np.column_stack([columns[name] for name in self.features])
        Y = np.clip(np.nan_to_num(X, copy=False), self.lower, self.upper, out=X)
        return self.assign_scaled((Y - self.mean) / self.deviation)

    def assign_scaled(self, Y: Matrix) -> Assigned:
        """Find the segment of visits in scaled units, shape (n_visits, n_features)."""
        n = len(Y)
        found = Assigned(np.empty(n, dtype=np.int32), np.empty(n), np.empty(n))
        for start in range(0, n, _BLOCK):
            rows = slice(start, start + _BLOCK)
            squares = np.column_stack([((Y[rows] - c) ** 2).sum(axis=1) for c in self.centers])
            labels = first_best(-squares)
            every = np.arange(len(squares))
            own = np.sqrt(squares[every, labels])
            squares[every, labels] = np.inf
            other = np.sqrt(squares.min(axis=1))
            found.labels[rows] = labels
            found.distance[rows] = own
            found.margin[rows] = np.maximum(1 - own / np.maximum(other, _LEAST), 0)
        return found
