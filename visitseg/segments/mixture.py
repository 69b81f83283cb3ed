"""Mixtures of normal distributions, by expectation and maximisation (Dempster, Laird & Rubin 1977).

What ``sklearn.mixture.GaussianMixture`` does with full covariances, in a fifth of its time: axes
come before visits, so that sums over few axes and components run along memory. One choice of K
fits ten of them.
"""

from __future__ import annotations

import numpy as np
from sklearn.cluster import KMeans

from visitseg.segments.transform import Matrix

_MOST_ROUNDS = 100
# Mean log likelihood of a visit that a round gains at least.
_GAIN = 1e-3
_LOG_TWO_PI = float(np.log(2 * np.pi))


def fit_mixture(P: Matrix, k: int, seed: int, ridge: float) -> Matrix:
    """Fit a mixture that starts at k-means.

    Parameters
    ----------
    P : ndarray of shape (n_visits, n_axes)
        Places.
    k : int
        Components.
    seed : int
        Seed of k-means.
    ridge : float
        Added to the variances: components are no narrower.

    Returns
    -------
    ndarray of shape (k, n_visits)
        Logarithm of each component's share times its density at each visit.
    """
    start = KMeans(k, n_init=1, random_state=np.random.RandomState(seed)).fit(P).labels_
    X = np.ascontiguousarray(P.T)
    weights: Matrix = np.equal.outer(np.arange(k), start).astype(float)
    before = -np.inf
    for _ in range(_MOST_ROUNDS):
        now = one_round(X, weights, ridge)
        if abs(now - before) < _GAIN:
            break
        before = now
    _to_densities(X, weights, ridge)
    return weights


def one_round(X: Matrix, weights: Matrix, ridge: float) -> float:
    """Fit one normal distribution per component, then share every visit out anew.

    Parameters
    ----------
    X : ndarray of shape (n_axes, n_visits)
        Places.
    weights : ndarray of shape (k, n_visits)
        How much of each visit belongs to each component; no component without any. Changed.
    ridge : float
        Added to the variances.

    Returns
    -------
    float
        Mean log likelihood of a visit.
    """
    _to_densities(X, weights, ridge)
    top = weights.max(axis=0)
    weights -= top
    np.exp(weights, out=weights)
    total = weights.sum(axis=0)
    weights /= total
    return float(np.log(total).mean() + top.mean())


def _to_densities(X: Matrix, weights: Matrix, ridge: float) -> None:
    """Turn weights into logarithms of share times density, in place: memory is most of the time."""
    n_axes, n = X.shape
    sizes = weights.sum(axis=1) + 10 * np.finfo(float).eps
    means = weights @ X.T / sizes[:, None]
    for own, mean, size in zip(weights, means, sizes, strict=True):
        apart = X - mean[:, None]
        cov = (own * apart) @ apart.T / size
        cov.flat[:: n_axes + 1] += ridge
        factor = np.linalg.cholesky(cov)
        far = np.linalg.inv(factor) @ apart
        np.einsum("ij,ij->j", far, far, out=own)
        own *= -0.5
        own += np.log(size / n) - np.log(np.diag(factor)).sum() - n_axes * _LOG_TWO_PI / 2
