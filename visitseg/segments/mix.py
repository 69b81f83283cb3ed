"""The mix: the share of each segment per day, with its interval."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_Z95 = 1.959963984540054


def wilson_interval(
    n: npt.ArrayLike, n_total: npt.ArrayLike
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the 95 % score interval of a share (Wilson 1927).

    Parameters
    ----------
    n, n_total : array_like of the same shape
        Visits of the segment, and all visits; `n_total` above 0.
    """
    total = np.asarray(n_total, dtype=float)
    share = np.asarray(n, dtype=float) / total
    z2 = _Z95**2
    centre = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = (_Z95 / (1 + z2 / total)) * np.sqrt(share * (1 - share) / total + z2 / (4 * total**2))
    return np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)


def count_mix(
    days: npt.NDArray[np.int32], labels: npt.NDArray[np.int32], k: int
) -> dict[int, npt.NDArray[np.int64]]:
    """Count visits per day and cluster.

    Parameters
    ----------
    days : ndarray of shape (n_visits,)
        Day numbers.
    labels : ndarray of shape (n_visits,)
        Clusters 0 … k - 1.
    k : int
        Number of clusters.

    Returns
    -------
    dict
        Day number -> ndarray of shape (k,).
    """
    return {
        int(day): np.bincount(labels[days == day], minlength=k).astype(np.int64)
        for day in np.unique(days)
    }
