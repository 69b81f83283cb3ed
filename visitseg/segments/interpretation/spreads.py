"""How features are spread, over all visits and in each segment: quartiles and densities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from visitseg.segments.assignment.fit import Labels
from visitseg.segments.interpretation.interpret import least_known
from visitseg.segments.places import sample
from visitseg.segments.places.axes import Columns
from visitseg.segments.places.transform import Matrix

GRID = 64
"""Points at which a density is given."""

# Bandwidth by Silverman's rule (1986, eq. 3.31), and what half a count is on a log axis.
_SILVERMAN, _LEAST = 0.9, 0.06


def spreads(columns: Columns, labels: Labels, ids: Sequence[str]) -> dict[str, Any]:
    """Describe how every feature is spread, over all visits and in each segment.

    Parameters
    ----------
    columns : mapping of str to ndarray of shape (n_visits,)
        Features in their own units, NaN where unknown.
    labels : ndarray of shape (n_visits,)
        Clusters; -1 is left out of the segments.
    ids : sequence of str
        The segment id of every cluster.

    Returns
    -------
    dict
        Feature -> ``at``: values at which densities are given, evenly spaced in log(1 + value);
        ``all`` and ``segments``: median, quartiles, mean, share known, share above zero among all
        visits, and the density (highest 1) of the known values.
    """
    found = {}
    for name, values in columns.items():
        grid = _grid(values, labels, len(ids))
        found[name] = {
            "at": rounded(np.expm1(grid)),
            "all": _spread(values, grid),
            "segments": {id_: _spread(values[labels == c], grid) for c, id_ in enumerate(ids)},
        }
    return found


def _grid(values: Matrix, labels: Labels, k: int) -> Matrix:
    """Return places from the least value to where nearly all values of every segment lie."""
    known = np.isfinite(values)
    if not known.any():
        return np.linspace(0, 1, GRID)
    tops = [np.quantile(values[known], 0.995)]
    tops += [np.quantile(own, 0.95) for c in range(k) if len(own := values[known & (labels == c)])]
    low, high = np.log1p(np.maximum([values[known].min(), max(tops)], 0))
    return np.linspace(max(low - 0.3, 0), high + 0.3, GRID)


def _spread(values: Matrix, grid: Matrix) -> dict[str, Any]:
    known = values[np.isfinite(values)]
    if not len(known) or len(known) < least_known(np.array(len(values))):
        return {"known_share": len(known) / max(len(values), 1)}
    low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
    return {
        "known_share": len(known) / len(values),
        "above_zero": float((known > 0).sum() / len(values)),
        "mean": float(known.mean()),
        "q25": float(low),
        "median": float(middle),
        "q75": float(high),
        "density": _density(known, grid),
    }


def _density(values: Matrix, grid: Matrix) -> list[float]:
    """Return a Gaussian kernel density of log(1 + value), highest 1."""
    drawn = values[sample.spread_rows(len(values), sample.LARGEST)]
    if (drawn == np.round(drawn)).all():  # a whole number stands for its cell
        drawn = drawn + np.linspace(-0.5, 0.5, len(drawn) + 2)[1:-1][_mixed(len(drawn))]
    places = np.log1p(np.maximum(drawn, 0))
    quarter, three = np.quantile(places, [0.25, 0.75])
    width = min(float(places.std()), float(three - quarter) / 1.34) or float(places.std())
    bandwidth = max(_SILVERMAN * width * len(places) ** -0.2, _LEAST)
    cells = np.linspace(grid[0], grid[-1], 8 * GRID)
    step = cells[1] - cells[0]
    counts = np.bincount(
        np.clip(np.round((places - grid[0]) / step), 0, len(cells) - 1).astype(int),
        minlength=len(cells),
    )
    kernel = np.exp(-0.5 * ((grid[:, None] - cells) / bandwidth) ** 2)
    density = kernel @ counts
    return rounded(density / density.max(), 3)


def _mixed(n: int) -> npt.NDArray[np.intp]:
    mixed: npt.NDArray[np.intp] = np.random.default_rng(0).permutation(n)
    return mixed


def rounded(values: Matrix, digits: int = 5) -> list[float]:
    """Return numbers for a JSON file."""
    return [float(value) for value in np.round(values, digits)]
