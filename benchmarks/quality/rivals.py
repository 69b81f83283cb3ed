"""What a user would do instead, and how well a classifier that sees the truth could do."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from sklearn.cluster import HDBSCAN
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from benchmarks.quality.families import Planted
from visitseg.segments import baseline
from visitseg.segments.assignment import rules
from visitseg.segments.assignment.fit import fit_kmeans
from visitseg.segments.choice.select_k import silhouettes
from visitseg.segments.places.transform import winsorise

Labels = npt.NDArray[np.int32]
_K = range(2, 13)
_SAMPLE = 4_000


def _usual_space(visits: Planted) -> npt.NDArray[np.float64]:
    """Nulls to 0, z-clip at 5, standardise."""
    X = np.column_stack([np.nan_to_num(visits.columns[name]) for name in baseline.FEATURES])
    winsorise(X, "zscore")
    Y: npt.NDArray[np.float64] = StandardScaler().fit_transform(X)
    return Y


def fixed_six(visits: Planted) -> Labels:
    """Preset `baseline`: K = 6."""
    found: Labels = fit_kmeans(_usual_space(visits), baseline.K_FINAL, 42).labels_
    return found


def best_silhouette(visits: Planted) -> Labels:
    """k-means on the usual space, K of the best silhouette."""
    Y = _usual_space(visits)
    fits = [fit_kmeans(Y, k, 42).labels_.astype(np.int32) for k in _K]
    some = np.random.default_rng(0).permutation(len(Y))[:_SAMPLE]
    kept = [labels for labels in fits if len(np.unique(labels[some])) > 1]
    scores = silhouettes(Y[some], [labels[some] for labels in kept])
    best = max(range(len(kept)), key=lambda i: float(scores[i].mean()))
    return kept[best]


def bic_mixture(visits: Planted) -> Labels:
    """Gaussian mixture on the usual space, K of the lowest BIC, one component allowed."""
    Y = _usual_space(visits)
    some = Y[np.random.default_rng(0).permutation(len(Y))[:_SAMPLE]]
    fits = [GaussianMixture(k, reg_covar=1e-3, random_state=42).fit(some) for k in (1, *_K)]
    best = min(fits, key=lambda fit: float(fit.bic(some)))
    labels: Labels = best.predict(Y).astype(np.int32)
    return labels


def density_clusters(visits: Planted) -> Labels:
    """HDBSCAN on a sample of the usual space; others go to the nearest visit that has a cluster."""
    Y = _usual_space(visits)
    some = Y[np.random.default_rng(0).permutation(len(Y))[:_SAMPLE]]
    some = some + 1e-6 * np.random.default_rng(1).standard_normal(some.shape)
    labels = HDBSCAN(min_cluster_size=50, copy=True).fit_predict(some)
    if labels.max() < 1:
        return np.zeros(len(Y), dtype=np.int32)
    near = KNeighborsClassifier(1).fit(some[labels >= 0], labels[labels >= 0])
    found: Labels = near.predict(Y).astype(np.int32)
    return found


RIVALS: dict[str, Callable[[Planted], Labels]] = {
    "baseline (K = 6)": fixed_six,
    "best silhouette": best_silhouette,
    "mixture by BIC": bic_mixture,
    "HDBSCAN": density_clusters,
}


@threadpool_limits.wrap(limits=1)  # several processes at once: threads would wait for each other
def supervised(visits: Planted) -> Labels:
    """Say what a classifier that sees the truth says of visits that it was not trained on.

    The visits that meet a rule are given the kind that most of them have.
    """
    columns = visits.columns
    kinds = np.unique(visits.kinds, return_inverse=True)[1].astype(np.int32)
    said = np.zeros(len(kinds), dtype=np.int32)
    beyond = np.ones(len(kinds), dtype=bool)
    for mask in rules.masks(columns, rules.applicable(columns)).values():
        said[mask] = np.bincount(kinds[mask]).argmax() if mask.any() else 0
        beyond &= ~mask
    pages = np.maximum(columns["pageviews"], 1)
    names = ("pageviews", "hits", "unique_pages", "time_on_site_sec")
    X = np.column_stack(
        [columns[name] for name in names] + [columns[name] / pages for name in names[1:]]
    )
    rows = np.flatnonzero(beyond)
    if len(np.unique(kinds[rows])) == 1:
        said[rows] = kinds[rows][0]
        return said
    for train, test in ((rows[::2], rows[1::2]), (rows[1::2], rows[::2])):
        model = HistGradientBoostingClassifier(max_iter=30, min_samples_leaf=10, random_state=0)
        said[test] = model.fit(X[train], kinds[train]).predict(X[test])
    return said
