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


def dispersion(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return how much more each segment's share varies from day to day than chance makes it.

    Parameters
    ----------
    counts : ndarray of shape (n_days, k)
        Visits per day and cluster.

    Returns
    -------
    ndarray of shape (k,)
        Pearson's chi-square of the days over its degrees of freedom, at least 1; 1 for fewer
        than three days.
    """
    total = counts.sum(axis=1, keepdims=True)
    if len(counts) < 3:
        return np.ones(counts.shape[1])
    share = counts.sum(axis=0) / total.sum()
    spread = np.maximum(total * share * (1 - share), np.finfo(float).tiny)
    chi2 = ((counts - total * share) ** 2 / spread).sum(axis=0)
    factor: npt.NDArray[np.float64] = np.maximum(chi2 / (len(counts) - 1), 1.0)
    return factor


def total_variation(counts: npt.NDArray[np.int64]) -> tuple[float, float]:
    """Return the mean distance of the mixes of neighbouring days, and what chance alone makes it.

    Parameters
    ----------
    counts : ndarray of shape (n_days, k)
        Visits per day and cluster, days in order; at least two days.

    Returns
    -------
    observed, by_chance : float
        Half the sum of absolute differences of shares: the part of the visits that would have to
        change their segment, between 0 and 1.
    """
    total = counts.sum(axis=1, keepdims=True)
    shares = counts / total
    observed = np.abs(np.diff(shares, axis=0)).sum(axis=1).mean() / 2
    p = counts.sum(axis=0) / counts.sum()
    variance = p * (1 - p) * (1 / total[1:] + 1 / total[:-1])
    by_chance = (np.sqrt(2 / np.pi) * np.sqrt(variance)).sum(axis=1).mean() / 2
    return float(observed), float(by_chance)
