"""Values that hold too many visits are thinned before segments are sought."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from visitseg.segments.places.atoms import FEW, SHARE
from visitseg.segments.places.transform import Matrix

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

# Around a page count: within a factor of 1.6. So many similar visits are looked at.
_AROUND = 0.5
_NEAREST = 25
_TINY = 1e-12
# Beyond this share of the visits lies no segment; values so far beyond are taken for nearer.
_EXTREME = 0.002
_BEYOND = 3.0


def capped(time: Floats, pages: Floats, known: Mask) -> Mask:
    """Find visits at a cap on the time of a page: the longest of all, and that of many.

    Parameters
    ----------
    time, pages : ndarray of shape (n_visits,)
        Seconds and page views.
    known : ndarray of shape (n_visits,)
        Whether either is known.
    """
    each = np.where(known, time / np.maximum(pages, 1), -1)
    at: Mask = known & (each == each.max(initial=0))
    return at if at.sum() >= max(FEW, SHARE * known.sum()) else np.zeros_like(at)


def usual(others: Matrix, counts: Floats, value: float, kept: Mask) -> Floats:
    """Return how much more often visits like each are found around a count than at it.

    Visits of a kind that all share the count are found at it alone; those of others are, with this,
    looked at as if there were no spike.

    Parameters
    ----------
    others : ndarray of shape (n_visits, n_axes)
        Places on the other axes; known where `kept`.
    counts : ndarray of shape (n_visits,)
        Counts.
    value : float
        The count that spikes.
    kept : ndarray of shape (n_visits,)
        Visits that are looked at.

    Returns
    -------
    ndarray of shape (n_visits,)
        Ratio of both densities, by the nearest neighbours of either; at least 1, and 1 for visits
        elsewhere.
    """
    found = np.ones(len(counts))
    at = np.flatnonzero(kept & (counts == value))
    far = np.abs(np.log(np.maximum(counts, 0.5) / value)) > _AROUND
    around = np.flatnonzero(kept & (counts != value) & ~far)
    if min(len(at), len(around)) <= _NEAREST:
        return found
    both = others[np.concatenate([at, around])]
    both = both / np.maximum(both.std(axis=0), _TINY)
    nearest = cKDTree(both).query(both[: len(at)], _NEAREST + 1)[1][:, 1:]
    theirs = (nearest >= len(at)).sum(axis=1) + 0.5
    found[at] = np.maximum(theirs / (_NEAREST + 1 - theirs) * len(at) / len(around), 1)
    return found


def nearer(places: Matrix) -> Matrix:
    """Bring values nearer that no segment can lie at: one of them would be a piece for itself.

    Parameters
    ----------
    places : ndarray of shape (n_visits, n_axes)
        Complete.
    """
    ranked, few = np.sort(places, axis=0), int(_EXTREME * (len(places) - 1))
    brought: Matrix = np.clip(places, ranked[few] - _BEYOND, ranked[-1 - few] + _BEYOND)
    return brought
