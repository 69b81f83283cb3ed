"""Mixtures of normal distributions, by expectation and maximisation (Dempster, Laird & Rubin 1977).

What ``sklearn.mixture.GaussianMixture`` does with full covariances, in a tenth of its time. The
logarithm of a normal density is linear in a visit's places, their products and 1; so are the sums
that a component's mean and covariance are made of. Either half of a round is one matrix product.
One choice of K fits ten mixtures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from visitseg.segments.assignment.fit import kmeans
from visitseg.segments.places.sample import spread_rows
from visitseg.segments.places.transform import Matrix

# Visits that k-means is fitted to, where a mixture starts.
_STARTED_ON = 5_000
_MOST_ROUNDS = 100
# Mean log likelihood of a visit that a round gains at least.
_GAIN = 1e-3
_LOG_TWO_PI = float(np.log(2 * np.pi))


@dataclass(frozen=True)
class Terms:
    """What the densities of visits are linear in.

    Attributes
    ----------
    values : ndarray of shape (1 + n_axes + n_axes (n_axes + 1) / 2, n_visits)
        1, the places about their mean, and the products of any two of them.
    n_axes : int
        Axes of the places.
    """

    values: Matrix
    n_axes: int

    @classmethod
    def of(cls, P: Matrix) -> Terms:
        """Take the terms of places, an array of shape (n_visits, n_axes)."""
        X = np.ascontiguousarray((P - P.mean(axis=0)).T)
        left, right = np.triu_indices(len(X))
        return cls(np.concatenate([np.ones((1, len(P))), X, X[left] * X[right]]), len(X))


def fit_mixture(P: Matrix, k: int, seed: int, ridge: float) -> Matrix:
    """Fit a mixture that starts at k-means.

    Parameters
    ----------
    P : ndarray of shape (n_visits, n_axes)
        Places.
    k : int
        Components; fewer where fewer visits differ.
    seed : int
        Seed of k-means.
    ridge : float
        Added to the variances: components are no narrower.

    Returns
    -------
    ndarray of shape (k, n_visits)
        Logarithm of each component's share times its density at each visit.
    """
    some = P[spread_rows(len(P), _STARTED_ON)]
    k = min(k, len(np.unique(some, axis=0)))
    nearest, terms = kmeans(some, k, seed).predict(P), Terms.of(P)
    weights: Matrix = np.equal.outer(np.arange(k), nearest).astype(float)
    before = -np.inf
    for _ in range(_MOST_ROUNDS):
        now = one_round(terms, weights, ridge)
        if abs(now - before) < _GAIN:
            break
        before = now
    _to_densities(terms, weights, ridge)
    return weights


def one_round(terms: Terms, weights: Matrix, ridge: float) -> float:
    """Fit one normal distribution per component, then share every visit out anew.

    Parameters
    ----------
    terms : Terms
        Of the visits.
    weights : ndarray of shape (k, n_visits)
        How much of each visit belongs to each component; no component without any. Changed.
    ridge : float
        Added to the variances.

    Returns
    -------
    float
        Mean log likelihood of a visit.
    """
    _to_densities(terms, weights, ridge)
    top = weights.max(axis=0)
    weights -= top
    np.exp(weights, out=weights)
    total = weights.sum(axis=0)
    weights /= total
    return float(np.log(total).mean() + top.mean())


def _to_densities(terms: Terms, weights: Matrix, ridge: float) -> None:
    """Turn weights into logarithms of share times density, in place."""
    n_axes, n = terms.n_axes, terms.values.shape[1]
    left, right = np.triu_indices(n_axes)
    sums = weights @ terms.values.T
    sizes = sums[:, 0] + 10 * np.finfo(float).eps
    means, squares = np.split(sums[:, 1:] / sizes[:, None], [n_axes], axis=1)
    cov = np.empty((len(sums), n_axes, n_axes))
    cov[:, left, right] = cov[:, right, left] = squares
    cov -= means[:, :, None] * means[:, None, :]
    # Rounding may leave a narrow component far out with a variance below zero.
    variances, turns = np.linalg.eigh(cov)
    variances = np.maximum(variances, 0) + ridge
    inverse = (turns / variances[:, None, :]) @ turns.swapaxes(1, 2)
    slopes = (inverse @ means[:, :, None])[:, :, 0]
    at_zero = np.log(sizes / n) - (np.log(variances).sum(axis=1) + n_axes * _LOG_TWO_PI) / 2
    at_zero -= (slopes * means).sum(axis=1) / 2
    bends = inverse[:, left, right] * np.where(left == right, -0.5, -1.0)
    np.matmul(np.column_stack([at_zero, slopes, bends]), terms.values, out=weights)
