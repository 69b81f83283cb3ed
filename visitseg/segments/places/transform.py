"""Winsorising, and the type of arrays of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Clipping:
    """How far values were cut, and how many.

    Attributes
    ----------
    method : str
        zscore, quantile or none.
    lower, upper : ndarray of shape (n_features,)
        Bounds in the features' own units; infinite where nothing is cut.
    counts : ndarray of shape (n_features,)
        Values that were cut.
    """

    method: str
    lower: Matrix
    upper: Matrix
    counts: npt.NDArray[np.int64]


def winsorise(
    X: Matrix,
    method: Literal["zscore", "quantile", "none"],
    *,
    z_clip: float = 5.0,
    quantiles: tuple[float, float] = (0.001, 0.999),
) -> Clipping:
    """Cut extreme values, in place.

    Parameters
    ----------
    X : ndarray of shape (n_visits, n_features)
        Finite values; overwritten.
    method : {"zscore", "quantile", "none"}
        Cut at mean ± `z_clip` standard deviations (ddof 0), at two quantiles, or not at all.
    z_clip : float
        Standard deviations kept on either side.
    quantiles : tuple of float
        Lower and upper quantile kept.

    Returns
    -------
    Clipping
        The bounds and the number of values cut. A constant feature is never cut.
    """
    n_features = X.shape[1]
    lower, upper = np.full(n_features, -np.inf), np.full(n_features, np.inf)
    if method == "zscore":
        mean, deviation = X.mean(axis=0), X.std(axis=0)
        varies = deviation > 0
        lower[varies] = (mean - z_clip * deviation)[varies]
        upper[varies] = (mean + z_clip * deviation)[varies]
    elif method == "quantile":
        lower, upper = np.quantile(X, quantiles, axis=0)
    counts = np.array(
        [np.count_nonzero((X[:, j] < lower[j]) | (X[:, j] > upper[j])) for j in range(n_features)],
        dtype=np.int64,
    )
    np.clip(X, lower, upper, out=X)
    return Clipping(method, lower, upper, counts)
