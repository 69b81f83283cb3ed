"""Evidence for every K: k-means in fixed log units, its indices, and whether it can be repeated.

Stability is necessary, never sufficient: k-means cuts a continuum in a perfectly repeatable way.
Only a density valley makes segments distinct; stability alone makes bands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, calinski_harabasz_score, davies_bouldin_score

from visitseg.segments.assignment.fit import Labels, kmeans
from visitseg.segments.choice.select_k import dense, silhouettes
from visitseg.segments.density.search import best_jaccards
from visitseg.segments.places import chance
from visitseg.segments.places.sample import spread_rows
from visitseg.segments.places.transform import Matrix

# Visits that k-means is fitted to and its indices measured on; and those of the gap statistic and
# of the silhouette, whose time is quadratic. Halves and periods are of all visits that are given:
# their number decides how well a band's border is known.
_SAMPLE = 5_000
LOOKED_AT = 2_500
# More groups than this are not measured: the samples are too small for them.
MOST = 1_000
_RESAMPLES = 5
_REFERENCES = 4
# Random halves that prediction strength is the mean of; of a cut that falls far short, the first
# one or two.
_SPLITS = 10
_FAR_SHORT = (0.6, 0.8)
_NAN = float("nan")


@dataclass(frozen=True)
class Cut:
    """k-means with one number of groups, and what speaks for it.

    Attributes
    ----------
    k : int
        Number of groups of the visits beyond the rules.
    inertia : float
        Sum of squared distances to the centres, over the visits that were looked at.
    silhouette, davies_bouldin, calinski_harabasz : float
        NaN for one group.
    gap, gap_error : float
        Gap statistic and its simulation error (Tibshirani, Walther & Hastie 2001), on the visits
        of the silhouette.
    jaccard : float
        Of the least stable group over bootstrap resamples (Hennig 2007).
    prediction_strength : float
        Of two halves (Tibshirani & Walther 2005), mean over several random halves.
    seed_ari : float
        Adjusted Rand index between two starts.
    time_split : float
        Jaccard of the least stable group between the first and the second half of the days; NaN
        without days.
    smallest : float
        Share of the smallest group in the visits beyond the rules.
    centers : ndarray of shape (k, n_axes)
        Centres.
    n : int
        Visits that were cut.
    """

    k: int
    inertia: float
    silhouette: float
    davies_bouldin: float
    calinski_harabasz: float
    gap: float
    gap_error: float
    jaccard: float
    prediction_strength: float
    seed_ari: float
    time_split: float
    smallest: float
    centers: Matrix
    n: int

    @property
    def smallest_n(self) -> float:
        """Visits of the smallest group."""
        return self.smallest * self.n


def cuts(P: Matrix, ks: Sequence[int], days: npt.NDArray[np.float64] | None = None) -> list[Cut]:
    """Measure k-means for several numbers of groups: a function of the visits, without a seed.

    Parameters
    ----------
    P : ndarray of shape (n_visits, n_axes)
        Places of the visits.
    ks : sequence of int
        Numbers of groups, ascending; those beyond the number of distinct places are left out.
    days : ndarray of shape (n_visits,), optional
        Day of each visit.
    """
    everyone, P = P, P[spread_rows(len(P), _SAMPLE)]
    looked = spread_rows(len(P), LOOKED_AT)
    distinct = len(np.unique(P, axis=0))
    tried = [k for k in ks if k <= min(distinct, MOST) and k < max(len(P), 2)]
    fits = [_fit(P, k, starts=3) for k in tried]
    labelings = [fit.labels_.astype(np.int32) for fit in fits]
    silhouette = _silhouettes(P[looked], [labels[looked] for labels in labelings])
    references = _uniform(P[looked])
    found = []
    for i, (k, fit, labels) in enumerate(zip(tried, fits, labelings, strict=True)):
        gap, gap_error = _gap(P[looked], references, k)
        more = k > 1 and labels.max() > 0
        found.append(
            Cut(
                k=k,
                inertia=float(fit.inertia_),
                silhouette=silhouette[i],
                davies_bouldin=float(davies_bouldin_score(P, labels)) if more else _NAN,
                calinski_harabasz=float(calinski_harabasz_score(P, labels)) if more else _NAN,
                gap=gap,
                gap_error=gap_error,
                jaccard=_bootstrap(P, labels, k) if more else 1.0,
                prediction_strength=_prediction_strength(everyone, k) if more else 1.0,
                seed_ari=float(adjusted_rand_score(labels, _fit(P, k, 1).labels_)),
                time_split=_time_split(everyone, k, days),
                smallest=float(np.bincount(labels, minlength=k).min() / len(P)),
                centers=fit.cluster_centers_,
                n=len(P),
            )
        )
    return found


def _fit(P: Matrix, k: int, number: int = 0, starts: int = 1) -> KMeans:
    return kmeans(P, k, chance.fixed(number), starts)


def settled(P: Matrix, centers: Matrix) -> Labels:
    """Return the groups of k-means that starts at centres of a sample.

    Parameters
    ----------
    P : ndarray of shape (n_visits, n_axes)
        Places of all visits.
    centers : ndarray of shape (k, n_axes)
        Of a `Cut`.
    """
    fit = KMeans(len(centers), init=centers, n_init=1, algorithm="lloyd").fit(P)
    labels: Labels = fit.labels_.astype(np.int32)
    return labels


def _silhouettes(P: Matrix, labelings: Sequence[Labels]) -> list[float]:
    """Return the mean silhouette of each labeling; NaN for one group."""
    return [float(own.mean()) for own in silhouettes(P, [dense(labels) for labels in labelings])]


def _bootstrap(P: Matrix, labels: Labels, k: int) -> float:
    rng = np.random.default_rng(chance.fixed())
    everyone = np.arange(len(P))
    again = [
        (everyone, _fit(P[rng.integers(0, len(P), len(P))], k, i).predict(P))
        for i in range(_RESAMPLES)
    ]
    return float(best_jaccards(labels, k, again).min())


def _prediction_strength(P: Matrix, k: int) -> float:
    if len(P) // 2 < k:
        return _NAN
    found: list[float] = []
    for split in range(_SPLITS):
        found.append(_strength(P, k, split))
        if np.mean(found) < _FAR_SHORT[min(split, 1)]:
            break
    return float(np.mean(found))


def _strength(P: Matrix, k: int, split: int) -> float:
    """Share of pairs of the weakest group of one half that the other half's centres keep."""
    mixed = np.random.default_rng(chance.fixed(split)).permutation(len(P))
    train, test = P[mixed[::2]], P[mixed[1::2]]
    own, theirs = _fit(test, k, split).labels_, _fit(train, k, split).predict(test)
    table = np.zeros((k, k))
    np.add.at(table, (own, theirs), 1)
    sizes = table.sum(axis=1)
    pairs = (table * (table - 1)).sum(axis=1) / np.maximum(sizes * (sizes - 1), 1)
    return float(pairs[sizes > 1].min(initial=1.0))


def _time_split(P: Matrix, k: int, days: npt.NDArray[np.float64] | None) -> float:
    if days is None or not np.isfinite(days).any():
        return _NAN
    first = days <= np.nanmedian(days)
    if min(first.sum(), (~first).sum()) < max(10 * k, 50):
        return _NAN
    late = P[~first]
    own = _fit(late, k).labels_.astype(np.int32)
    theirs = _fit(P[first], k).predict(late)
    return float(best_jaccards(own, k, [(np.arange(len(late)), theirs)]).min())


def _uniform(P: Matrix) -> list[Matrix]:
    """Draw references without structure, uniform in the box along the principal axes."""
    rng = np.random.default_rng(chance.fixed())
    centre = P.mean(axis=0)
    turn = np.linalg.svd(P - centre, full_matrices=False)[2]
    turned = (P - centre) @ turn.T
    low, high = turned.min(axis=0), turned.max(axis=0)
    return [rng.uniform(low, high, turned.shape) @ turn + centre for _ in range(_REFERENCES)]


def _gap(P: Matrix, references: Sequence[Matrix], k: int) -> tuple[float, float]:
    own, *logs = np.log([max(float(_fit(X, k).inertia_), 1e-300) for X in (P, *references)])
    error = float(np.std(logs) * np.sqrt(1 + 1 / len(references)))
    return float(np.mean(logs) - own), error
