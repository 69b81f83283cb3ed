"""What a segment is: its profile in original units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from visitseg.segments.assignment.fit import Labels
from visitseg.segments.places.axes import Columns
from visitseg.segments.places.transform import Matrix

_BOOTSTRAPS = 400
_TOP = 5
EXAMPLES = 5
# A feature known of fewer visits, or of a smaller share of them, says nothing of a segment.
_FEW_KNOWN = 10
_LITTLE_KNOWN = 0.05


def least_known(n: npt.NDArray[np.int64]) -> Matrix:
    """Return of how many of so many visits a feature must be known to be told as theirs."""
    least: Matrix = np.maximum(np.minimum(_FEW_KNOWN, n), _LITTLE_KNOWN * n)
    return least


def centers_of(columns: Columns, labels: Labels, k: int) -> Matrix:
    """Return the mean of the known values, shape (k, n_columns); NaN where too few are known."""
    centers = np.full((k, len(columns)), np.nan)
    least = least_known(np.bincount(labels[labels >= 0], minlength=k))
    for j, values in enumerate(columns.values()):
        known = np.isfinite(values) & (labels >= 0)
        n = np.bincount(labels[known], minlength=k)
        total = np.bincount(labels[known], values[known], k)
        told = (n > 0) & (n >= least)
        centers[told, j] = total[told] / n[told]
    return centers


def feature_profiles(columns: Columns, labels: Labels, k: int) -> list[dict[str, Any]]:
    """Describe every segment by every feature.

    Returns
    -------
    list of dict
        Per cluster: feature -> mean, median, quartiles, share known, `lift` (mean over the mean
        of all visits) and `effect` (Cliff's delta against all visits, -1 … 1). No tests: the
        features made the segments, so they always differ.
    """
    found: list[dict[str, Any]] = [{} for _ in range(k)]
    for name, values in columns.items():
        known = np.isfinite(values)
        overall = float(values[known].mean()) if known.any() else np.nan
        ranks = np.full(len(values), np.nan)
        ranks[known] = (rankdata(values[known]) - 0.5) / max(int(known.sum()), 1)
        for c in range(k):
            own = labels == c
            mine = values[own & known]
            if not len(mine):
                found[c][name] = {"known_share": 0.0}
                continue
            low, middle, high = np.quantile(mine, [0.25, 0.5, 0.75])
            found[c][name] = {
                "mean": float(mine.mean()),
                "q25": float(low),
                "median": float(middle),
                "q75": float(high),
                "known_share": float(len(mine) / max(int(own.sum()), 1)),
                "lift": float(mine.mean() / overall) if overall else None,
                "effect": float(2 * ranks[own & known].mean() - 1),
            }
    return found


def share_interval(
    hits: npt.NDArray[np.bool_], days: npt.NDArray[np.float64] | None
) -> list[float] | None:
    """Return the 95 % interval of a share by a bootstrap of whole days.

    Parameters
    ----------
    hits : ndarray of shape (n_visits,)
        Whether each visit counts.
    days : ndarray of shape (n_visits,), optional
        Day of each visit; visits of one day are not independent.

    Returns
    -------
    list of float or None
        None where there are fewer than five days.
    """
    if days is None:
        return None
    known = np.isfinite(days)
    _, place = np.unique(days[known], return_inverse=True)
    total = np.bincount(place)
    if len(total) < 5:
        return None
    some = np.bincount(place, hits[known].astype(float))
    rng = np.random.default_rng(0)
    draws = rng.multinomial(len(total), np.full(len(total), 1 / len(total)), _BOOTSTRAPS)
    shares = (draws @ some) / np.maximum(draws @ total, 1)
    return [float(bound) for bound in np.quantile(shares, [0.025, 0.975])]


def outcome(
    columns: Columns, labels: Labels, c: int, days: npt.NDArray[np.float64] | None, *, ruled: bool
) -> dict[str, Any]:
    """Describe what the visits of a segment lead to: orders and revenue.

    Parameters
    ----------
    c : int
        The cluster.
    ruled : bool
        Orders made a rule segment, so an interval of their share would say nothing.
    """
    own = labels == c
    found: dict[str, Any] = {}
    if "transactions" in columns:
        bought = np.nan_to_num(columns["transactions"][own]) > 0
        found["conversion"] = float(bought.mean()) if len(bought) else 0.0
        when = None if days is None else days[own]
        found["conversion_interval"] = None if ruled else share_interval(bought, when)
    if "transaction_revenue" in columns:
        spent = np.nan_to_num(columns["transaction_revenue"])
        total = float(spent.sum())
        found["revenue_share"] = float(spent[own].sum() / total) if total else None
    return found


def breakdown(
    dimensions: Mapping[str, tuple[Sequence[str], npt.NDArray[np.int64]]],
    labels: Labels,
    c: int,
    days: npt.NDArray[np.float64] | None,
) -> dict[str, list[dict[str, Any]]]:
    """Break a segment down by dimensions, the most frequent values first.

    Parameters
    ----------
    dimensions : mapping of str to (values, codes)
        The values of each dimension, and the place of each visit's value among them.
    labels : ndarray of shape (n_visits,)
        Clusters.
    c : int
        The cluster.
    days : ndarray of shape (n_visits,), optional
        Day of each visit.

    Returns
    -------
    dict
        Dimension -> rows of value, share, share of all visits, lift, interval of the share.
    """
    own = labels == c
    when = None if days is None else days[own]
    found = {}
    for name, (values, codes) in dimensions.items():
        mine = np.bincount(codes[own], minlength=len(values))
        every = np.bincount(codes, minlength=len(values)) / len(codes)
        top = [i for i in np.argsort(-mine, kind="stable")[:_TOP] if mine[i]]
        shares = mine / max(mine.sum(), 1)
        found[name] = [
            {
                "value": values[i],
                "share": float(shares[i]),
                "share_of_all": float(every[i]),
                "lift": float(shares[i] / every[i]),
                "interval": share_interval(codes[own] == i, when),
            }
            for i in top
        ]
    return found


def examples(
    labels: Labels, distance: Matrix, margin: Matrix, c: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return rows of typical visits (nearest the centre) and of visits on the segment's border."""
    own = np.flatnonzero(labels == c)
    near = own[np.lexsort([own, -margin[own], distance[own]])][:EXAMPLES]
    border = own[np.lexsort([own, margin[own]])][:EXAMPLES]
    return near, border[margin[border] < 1]
