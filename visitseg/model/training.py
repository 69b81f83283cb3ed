"""What a model was learnt on, in few numbers: enough to tell later whether visits have changed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from visitseg.segments.assignment.fitted import Assigned
from visitseg.segments.places.axes import Columns

QUANTILES = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)
_EPOCH = date(1970, 1, 1)


def fingerprint(X: npt.NDArray[np.float64], features: Sequence[str]) -> dict[str, Any]:
    """Return what identifies the data: the same visits and features give the same hash.

    Parameters
    ----------
    X : ndarray of shape (n_visits, n_features)
        Features in their own units, visits in canonical order.
    features : sequence of str
        Names of the columns.
    """
    digest = hashlib.sha256(",".join(features).encode())
    digest.update(np.ascontiguousarray(X, dtype="<f8").data)
    return {"n_visits": len(X), "features": list(features), "sha256": digest.hexdigest()}


def training_record(
    columns: Columns,
    found: Assigned,
    k: int,
    days: npt.NDArray[np.float64] | None,
    sha256: str | None = None,
    source: str | None = None,
) -> dict[str, Any]:
    """Describe the training data.

    Parameters
    ----------
    columns : mapping of str to ndarray of shape (n_visits,)
        Features in their own units, NaN where unknown.
    found : Assigned
        Segment, distance and margin of every visit.
    k : int
        Number of segments.
    days : ndarray of shape (n_visits,), optional
        Day number of each visit, NaN where unknown.
    sha256 : str, optional
        See `fingerprint`.
    source : str, optional
        Where the visits come from; None where it is not known.

    Returns
    -------
    dict
        The part `training` of ``model.json``: docs/reference/model.md.
    """
    known = np.empty(0) if days is None else days[np.isfinite(days)]
    return {
        "source": source,
        "n_visits": len(found.labels),
        "first_day": _day(known.min()) if len(known) else None,
        "last_day": _day(known.max()) if len(known) else None,
        "sha256": sha256,
        "quantiles": list(QUANTILES),
        "features": {name: _sketch(values) for name, values in columns.items()},
        "days": [] if days is None else _days(columns, found, k, days),
    }


def _sketch(values: npt.NDArray[np.float64]) -> dict[str, Any]:
    known = values[np.isfinite(values)]
    if not len(known):
        return {"unknown": 1.0, "zero": None, "mean": None, "deviation": None, "quantiles": []}
    return {
        "unknown": 1 - len(known) / len(values),
        "zero": float(np.mean(known == 0)),
        "mean": float(known.mean()),
        "deviation": float(known.std()),
        "quantiles": np.quantile(known, QUANTILES).tolist(),
    }


def _days(
    columns: Columns, found: Assigned, k: int, days: npt.NDArray[np.float64]
) -> list[dict[str, Any]]:
    """Return the reference of every day: visits per cluster, and every feature's mean."""
    dated = np.flatnonzero(np.isfinite(days))
    if not len(dated):
        return []
    order = dated[np.argsort(days[dated], kind="stable")]
    numbers, starts = np.unique(days[order], return_index=True)
    rows = []
    for number, own in zip(numbers, np.split(order, starts[1:]), strict=True):
        labels = found.labels[own]
        values = [column[own] for column in columns.values()]
        rows.append(
            {
                "date_id": _day(number),
                "n": len(own),
                "clusters": np.bincount(labels[labels >= 0], minlength=k).tolist(),
                "unknown": [float(np.mean(~np.isfinite(column))) for column in values],
                "mean": [_mean(column) for column in values],
                "distance": float(found.distance[own].mean()),
                "margin": float(found.margin[own].mean()),
            }
        )
    return rows


def _mean(values: npt.NDArray[np.float64]) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else None


def _day(number: float) -> str:
    return (_EPOCH + timedelta(days=int(number))).isoformat()
