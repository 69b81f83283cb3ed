"""Preset `baseline`: winsorise, standardise, k-means with a fixed K.

The usual recipe, kept exactly so that older work can be reproduced and compared. It gives no
verdict on whether the data have segments at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
from sklearn.preprocessing import StandardScaler

from visitseg.errors import SegmentError
from visitseg.segments.assignment.fit import canonical_order, fit_kmeans
from visitseg.segments.assignment.fitted import Assigned
from visitseg.segments.assignment.nearest import Nearest
from visitseg.segments.choice.select_k import KDiagnostics, diagnose
from visitseg.segments.places.axes import Columns
from visitseg.segments.places.transform import Clipping, Matrix, winsorise
from visitseg.segments.previous import Identity, Previous, identity

FEATURES = (
    "pageviews",
    "hits",
    "unique_pages",
    "time_on_site_sec",
    "time_on_site_sec_per_pageview",
    "hits_per_pageview",
    "transactions",
    "transaction_revenue",
)
K_FINAL = 6
K_MIN = 2


@dataclass(frozen=True)
class Segmentation:
    """What the preset found.

    Attributes
    ----------
    features : tuple of str
        Columns of `centers`.
    k_final : int
        Number of clusters.
    found : Assigned
        Segment, distance and margin of every visit; clusters 0 … k_final - 1 in canonical order.
    centers : ndarray of shape (k_final, n_features)
        Centres in the features' own units: means of the clipped values.
    sizes : ndarray of shape (k_final,)
        Visits of each cluster.
    diagnostics : list of KDiagnostics
        One per K that was tried.
    clipping : Clipping
        What winsorising did.
    nearest : Nearest
        How any visits are assigned.
    identity : Identity
        The segments' ids.
    """

    features: tuple[str, ...]
    k_final: int
    found: Assigned
    centers: Matrix
    sizes: npt.NDArray[np.int64]
    diagnostics: list[KDiagnostics]
    clipping: Clipping
    nearest: Nearest
    identity: Identity

    @property
    def ids(self) -> tuple[str, ...]:
        """Segment id of each cluster."""
        return self.identity.ids

    def carrying_on(self, previous: Previous | None, columns: Columns) -> Segmentation:
        """Return the same with ids of the previous segments, found on `columns`."""
        ids = identity(previous, columns, self.found.labels, self.k_final)
        return replace(self, identity=ids)


def segment(
    X: Matrix,
    features: Sequence[str],
    *,
    k_min: int = 2,
    k_max: int = 12,
    k_final: int = K_FINAL,
    clip: Literal["zscore", "quantile", "none"] = "zscore",
    z_clip: float = 5.0,
    clip_quantiles: tuple[float, float] = (0.001, 0.999),
    seed: int = 42,
    sample: npt.NDArray[np.int64] | None = None,
    on_k: Callable[[int, int], None] | None = None,
) -> Segmentation:
    """Cut visits into `k_final` clusters, with diagnostics for every K from k_min to k_max.

    Parameters
    ----------
    X : ndarray of shape (n_visits, n_features)
        Features in their own units, visits in canonical order (LENGTH(visit_id), visit_id); NaN
        counts as 0. Overwritten.
    features : sequence of str
        Names of the columns.
    k_min, k_max, k_final : int
        Range of the diagnostics, and the K that is used.
    clip, z_clip, clip_quantiles
        See `visitseg.segments.places.transform.winsorise`.
    seed : int
        Seed of k-means++.
    sample : ndarray of shape (n_sample,), optional
        Rows that the silhouette looks at.
    on_k : callable, optional
        Told how many K are done, and of how many.

    Raises
    ------
    SegmentError
        A value is infinite, or K is larger than the number of distinct visits.
    """
    infinite = [name for j, name in enumerate(features) if np.isinf(X[:, j]).any()]
    if infinite:
        raise SegmentError(
            f"{len(infinite)} features hold infinite values",
            where=", ".join(infinite),
            do="A division by 0? Use NULLIF(denominator, 0) in [columns].",
        )
    np.nan_to_num(X, copy=False, nan=0.0)
    _check_k(X, max(k_max, k_final))
    clipping = winsorise(X, clip, z_clip=z_clip, quantiles=clip_quantiles)
    scaler = StandardScaler(copy=False)
    Y: Matrix = scaler.fit_transform(X)
    fits = []
    for k in range(k_min, k_max + 1):
        fits.append(fit_kmeans(Y, k, seed))
        if on_k:
            on_k(k - k_min + 1, k_max - k_min + 1)
    diagnostics = diagnose(Y, fits, sample)
    tried = k_min <= k_final <= k_max
    final = fits[k_final - k_min] if tried else fit_kmeans(Y, k_final, seed)
    centers: Matrix = scaler.inverse_transform(final.cluster_centers_.copy())
    sizes = np.bincount(final.labels_, minlength=k_final).astype(np.int64)
    order = canonical_order(centers, features, sizes.astype(float))
    nearest = Nearest(
        tuple(features),
        clipping.lower,
        clipping.upper,
        scaler.mean_,
        scaler.scale_,
        final.cluster_centers_[order],
    )
    found = nearest.assign_scaled(Y)
    return Segmentation(
        features=tuple(features),
        k_final=k_final,
        found=found,
        centers=centers[order],
        sizes=np.bincount(found.labels, minlength=k_final).astype(np.int64),
        diagnostics=diagnostics,
        clipping=clipping,
        nearest=nearest,
        identity=Identity.first(k_final),
    )


def _check_k(X: Matrix, k: int) -> None:
    # A few thousand rows nearly always hold enough distinct ones: look at all only if they do not.
    distinct = len(np.unique(X[:10_000], axis=0))
    if distinct < k:
        distinct = len(np.unique(X, axis=0))
    largest = min(distinct, len(X) - 1)
    if k <= largest:
        return
    raise SegmentError(
        f"K = {k} is too large for {len(X):,} visits with {distinct:,} distinct rows of features",
        where="--k-max, --k-final",
        do=f"Lower both to {largest} or less."
        if largest >= K_MIN
        else "Bring more visits: two clusters need three visits of two kinds.",
    )
