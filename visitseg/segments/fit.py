"""k-means with every argument said, and clusters in an order that does not depend on chance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sklearn.cluster import KMeans
from sklearn.metrics import pairwise_distances_argmin_min
from threadpoolctl import threadpool_limits

from visitseg.segments.transform import Matrix

Labels = npt.NDArray[np.int32]
# Rows whose distances to all centres are held at once.
_BLOCK = 262_144
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
        return KMeans(
            n_clusters=k,
            init="k-means++",
            n_init=1,
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


def distance_and_margin(Y: Matrix, centers: Matrix, labels: Labels) -> tuple[Matrix, Matrix]:
    """Return how far each visit is from its centre, and how clear its segment is.

    Parameters
    ----------
    Y : ndarray of shape (n_visits, n_features)
        Scaled features.
    centers : ndarray of shape (n_clusters, n_features)
        Scaled centres.
    labels : ndarray of shape (n_visits,)
        Cluster of each visit.

    Returns
    -------
    distance : ndarray of shape (n_visits,)
        Euclidean distance to the own centre, in scaled units.
    margin : ndarray of shape (n_visits,)
        1 - distance / distance to the nearest other centre: 0 on a border, 1 at the centre.
    """
    distance, margin = np.empty(len(Y)), np.empty(len(Y))
    for start in range(0, len(Y), _BLOCK):
        block = slice(start, start + _BLOCK)
        for label in range(len(centers)):
            rows = start + np.flatnonzero(labels[block] == label)
            if len(rows) == 0:
                continue
            own = np.linalg.norm(Y[rows] - centers[label], axis=1)
            others = np.delete(centers, label, axis=0)
            _, nearest = pairwise_distances_argmin_min(Y[rows], others)
            distance[rows] = own
            margin[rows] = 1 - own / np.maximum(nearest, np.finfo(float).tiny)
    return distance, margin
