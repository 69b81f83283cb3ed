"""Evidence for K: one row of indices per K."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.cluster import KMeans
from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score, silhouette_samples

from visitseg.segments.transform import Matrix

SILHOUETTE_SAMPLE = 10_000
# Two-sided 95 % of the normal distribution.
_Z95 = 1.959963984540054


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
        Davies-Bouldin index (1979); lower is better.
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


def diagnose(Y: Matrix, fitted: KMeans, sample: npt.NDArray[np.int64] | None) -> KDiagnostics:
    """Compute the indices of one fitted K.

    Parameters
    ----------
    Y : ndarray of shape (n_visits, n_features)
        Scaled features.
    fitted : KMeans
        Fitted on Y.
    sample : ndarray of shape (n_sample,), optional
        Rows of Y that the silhouette looks at: its cost is quadratic. All rows without it.
    """
    labels = fitted.labels_
    low = high = float("nan")
    if sample is None:
        silhouette = float(np.mean(silhouette_samples(Y, labels)))
    else:
        values = silhouette_samples(Y[sample], labels[sample])
        silhouette = float(np.mean(values))
        half = _Z95 * float(np.std(values, ddof=1)) / np.sqrt(len(values))
        low, high = silhouette - half, silhouette + half
    return KDiagnostics(
        k=int(fitted.n_clusters),
        inertia_ssd=float(fitted.inertia_),
        silhouette=silhouette,
        silhouette_low=low,
        silhouette_high=high,
        davies_bouldin=float(davies_bouldin_score(Y, labels)),
        calinski_harabasz=float(calinski_harabasz_score(Y, labels)),
    )
