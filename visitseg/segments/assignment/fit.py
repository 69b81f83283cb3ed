"""k-means with every argument said, and clusters in an order that does not depend on chance."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from visitseg.segments.places.transform import Matrix

if TYPE_CHECKING:  # who only labels does not wait for it
    from sklearn.cluster import KMeans

Labels = npt.NDArray[np.int32]
# Centres of a share of zero differ from 0 in the last bits: they must not decide an order.
_DECIMALS = 9


def fit_kmeans(Y: Matrix, k: int, seed: int) -> KMeans:
    """Fit k-means as the ``baseline`` preset states it: one k-means++ start, Lloyd.

    Parameters
    ----------
    Y : ndarray of shape (n_visits, n_features)
        Scaled features, in the canonical order of visits: the draws depend on it.
    k : int
        Number of clusters.
    seed : int
        Seed of the draws.

    Notes
    -----
    One thread, because sums over several threads differ in the last bits from run to run.
    """
    with threadpool_limits(limits=1):
        return kmeans(Y, k, seed)


def kmeans(Y: Matrix, k: int, seed: int, starts: int = 1) -> KMeans:
    """Fit k-means with the threads that the caller allows.

    Parameters
    ----------
    Y : ndarray of shape (n_visits, n_features)
        In an order that does not depend on chance.
    k : int
        Number of clusters; where fewer visits differ, some stay empty.
    seed : int
        Seed of the draws.
    starts : int
        Of which the one with the least inertia counts.
    """
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # of the empty ones
        return KMeans(
            n_clusters=k,
            init="k-means++",
            n_init=starts,
            max_iter=300,
            tol=1e-4,
            algorithm="lloyd",
            random_state=seed,
        ).fit(Y)


def canonical_order(centers: Matrix, features: Sequence[str], sizes: Matrix) -> list[int]:
    """Return the clusters by transactions, then revenue, then size, each descending.

    Parameters
    ----------
    centers : ndarray of shape (n_clusters, n_features)
        Centres in the features' own units.
    features : sequence of str
        Names of the columns.
    sizes : ndarray of shape (n_clusters,)
        Visits of each cluster.
    """
    keys = [
        np.round(centers[:, list(features).index(name)], _DECIMALS)
        for name in ("transactions", "transaction_revenue")
        if name in features
    ]
    keys.append(sizes)
    return sorted(range(len(centers)), key=lambda c: tuple(-float(key[c]) for key in keys))
