"""Evidence for K: one row of indices per K."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.cluster import KMeans
from sklearn.metrics import (
    calinski_harabasz_score,
    davies_bouldin_score,
    pairwise_distances_chunked,
)

from visitseg.segments.assignment.fit import Labels
from visitseg.segments.places.transform import Matrix

SILHOUETTE_SAMPLE = 10_000
# Two-sided 95 % of the normal distribution.
_Z95 = 1.959963984540054
_TINY = np.finfo(float).tiny
# Distances held at once.
_MEGABYTES = 64


@dataclass(frozen=True)
class KDiagnostics:
    """Classic indices of one K.

    Attributes
    ----------
    k : int
        Number of clusters.
    inertia_ssd : float
        Sum of squared distances to the nearest centre, in scaled units.
    silhouette : float
        Mean silhouette (Rousseeuw 1987) of the visits that were looked at, in [-1, 1].
    silhouette_low, silhouette_high : float
        95 % interval of the mean over all visits; NaN where all visits were looked at.
    davies_bouldin : float
        Davies-Bouldin index (1979); lower is better. Like the others NaN for one cluster.
    calinski_harabasz : float
        Calinski-Harabasz index (1974); higher is better.
    """

    k: int
    inertia_ssd: float
    silhouette: float
    silhouette_low: float
    silhouette_high: float
    davies_bouldin: float
    calinski_harabasz: float


def silhouettes(Y: Matrix, labelings: Sequence[Labels]) -> list[Matrix]:
    """Return the silhouette of every visit under several labelings, with one look at distances.

    Parameters
    ----------
    Y : ndarray of shape (n_visits, n_features)
        Scaled features. Time and the number of distances are quadratic in n_visits.
    labelings : sequence of ndarray of shape (n_visits,)
        Labels from 0 without gaps.

    Returns
    -------
    list of ndarray of shape (n_visits,)
        Silhouettes (Rousseeuw 1987), one array per labeling; 0 for a visit alone in its cluster,
        NaN where there is one cluster.
    """
    several = {
        i: np.eye(labels.max() + 1)[labels] for i, labels in enumerate(labelings) if labels.any()
    }

    def reduce(distances: Matrix, start: int) -> Matrix:
        rows = np.arange(len(distances))
        found = np.full((len(distances), len(labelings)), np.nan)
        for j, member in several.items():
            labels = labelings[j]
            own = labels[start : start + len(distances)]
            sizes = member.sum(axis=0)
            means = distances @ member
            inner = means[rows, own] / np.maximum(sizes[own] - 1, 1)
            means /= sizes
            means[rows, own] = np.inf
            outer = means.min(axis=1)
            found[:, j] = np.where(
                sizes[own] > 1, (outer - inner) / np.maximum(np.maximum(inner, outer), _TINY), 0
            )
        return found

    if not several:
        return [np.full(len(Y), np.nan) for _ in labelings]
    blocks = pairwise_distances_chunked(Y, reduce_func=reduce, working_memory=_MEGABYTES)
    return list(np.concatenate(list(blocks)).T)


def diagnose(
    Y: Matrix, fits: Sequence[KMeans], sample: npt.NDArray[np.int64] | None
) -> list[KDiagnostics]:
    """Compute the indices of several fitted K.

    Parameters
    ----------
    Y : ndarray of shape (n_visits, n_features)
        Scaled features.
    fits : sequence of KMeans
        Fitted on Y.
    sample : ndarray of shape (n_sample,), optional
        Rows of Y that the silhouette looks at. All rows without it.
    """
    rows = slice(None) if sample is None else sample
    looked_at = silhouettes(Y[rows], [dense(fit.labels_[rows]) for fit in fits])
    return [
        KDiagnostics(
            k=int(fit.n_clusters),
            inertia_ssd=float(fit.inertia_),
            silhouette=float(values.mean()),
            silhouette_low=float("nan") if sample is None else _bound(values, -1),
            silhouette_high=float("nan") if sample is None else _bound(values, +1),
            davies_bouldin=_index(davies_bouldin_score, Y, fit),
            calinski_harabasz=_index(calinski_harabasz_score, Y, fit),
        )
        for fit, values in zip(fits, looked_at, strict=True)
    ]


def _index(score: Callable[[Matrix, Labels], float], Y: Matrix, fit: KMeans) -> float:
    """Return an index of a fit; NaN where all visits are in one cluster."""
    return float(score(Y, fit.labels_)) if fit.labels_.any() else float("nan")


def _bound(values: Matrix, side: int) -> float:
    return float(values.mean() + side * _Z95 * values.std(ddof=1) / np.sqrt(len(values)))


def dense(labels: Labels) -> Labels:
    """Renumber the labels that occur: a sample may miss a small cluster."""
    without_gaps: Labels = np.unique(labels, return_inverse=True)[1].astype(np.int32)
    return without_gaps
