"""What an explorer of the segments needs: spreads, distances, and what other K would have given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from visitseg.segments.assignment.fit import Labels
from visitseg.segments.assignment.rules import CONVERTED, converted
from visitseg.segments.candidates import Candidate
from visitseg.segments.choice import decide
from visitseg.segments.density.valley import DEEP
from visitseg.segments.interpretation.naming import Name, name_segments, typical
from visitseg.segments.places import sample
from visitseg.segments.places.axes import Columns
from visitseg.segments.places.transform import Matrix
from visitseg.segments.segmentation import Segmentation

GRID = 64
"""Points at which a density is given."""

# An order sets visits as far apart as a factor of 20 on one behaviour: facts about log units.
_ORDER = 3.0
_BORDER = 0.1
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
            "at": _rounded(np.expm1(grid)),
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
    if not len(known):
        return {"known_share": 0.0}
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
    return _rounded(density / density.max(), 3)


def _mixed(n: int) -> npt.NDArray[np.intp]:
    mixed: npt.NDArray[np.intp] = np.random.default_rng(0).permutation(n)
    return mixed


def landscape(columns: Columns, found: Segmentation) -> dict[str, Any] | None:
    """Say where the segments' centres lie, how far apart, and which behaviours part them.

    Parameters
    ----------
    columns : mapping of str to ndarray of shape (n_visits,)
        Features in their own units.
    found : Segmentation
        Of visits, in log units.

    Returns
    -------
    dict or None
        ``axes``; ``centers`` and ``distances`` (Euclidean, one unit is a factor e) by cluster;
        ``contributions``: each axis' share in the squared distances from the mean of all visits,
        over all visits and for each segment's centre. None where there are no axes.
    """
    space = found.fitted.space
    if space is None:
        return None
    names = list(space.names)
    places = np.nan_to_num(space.place(columns))
    if CONVERTED in found.fitted.ruled:
        names.append("order placed")
        places = np.column_stack([places, _ORDER * converted(columns)])
    labels, k = found.found.labels, found.k_final
    centers = np.array([places[labels == c].mean(axis=0) for c in range(k)])
    apart = np.sqrt(((centers[:, None] - centers) ** 2).sum(axis=2))
    parts = [places.var(axis=0), *((centers - places.mean(axis=0)) ** 2)]
    shares = [part / (part.sum() or 1.0) for part in parts]
    return {
        "axes": names,
        "centers": [_rounded(row) for row in centers],
        "distances": [_rounded(row) for row in apart],
        "contributions": {
            "all": _rounded(shares[0], 4),
            "segments": {
                id_: _rounded(row, 4) for id_, row in zip(found.ids, shares[1:], strict=True)
            },
        },
    }


def alternatives(columns: Columns, found: Segmentation) -> list[dict[str, Any]]:
    """Describe what each K would give: its segments beyond the rules, and where they come from.

    Parameters
    ----------
    columns : mapping of str to ndarray of shape (n_visits,)
        Features in their own units.
    found : Segmentation
        With its candidates.

    Returns
    -------
    list of dict
        Per K: ``segments`` with name, share of all visits, medians, share above zero; the chosen K
        names its clusters. ``links``: [place at the K before, place here, share of all visits].
    """
    chosen = list(found.fitted.clusters)
    rest_share = float(found.sizes[chosen].sum() / max(found.sizes.sum(), 1))
    told, before = [], None
    for candidate in found.candidates():
        own = sample.take(columns, candidate.rows)
        labels, k = candidate.labels, candidate.k_rest
        scale = rest_share / max(len(labels), 1)
        told.append(
            {
                "k": candidate.k,
                "k_rest": k,
                "segments": _described(own, candidate, scale, chosen),
                "links": _links(before, labels, scale),
            }
        )
        before = labels
    return told


def _described(
    own: Columns, candidate: Candidate, scale: float, chosen: Sequence[int]
) -> list[dict[str, Any]]:
    labels, k = candidate.labels, candidate.k_rest
    names = (
        name_segments(typical(own, labels, k)) if k > 1 else [Name("everyone else", "one group")]
    )
    rows = []
    for place in range(k):
        mine = labels == place
        n = int(mine.sum())
        medians = {
            name: float(np.median(known)) if len(known) else None
            for name, values in own.items()
            for known in [values[mine][np.isfinite(values[mine])]]
        }
        above = {
            name: float((values[mine] > 0).mean()) if n else 0.0 for name, values in own.items()
        }
        rows.append(
            {
                "name": names[place].text,
                "segment_id": f"s{chosen[place] + 1}" if candidate.chosen else None,
                "share": n * scale,
                "medians": medians,
                "above_zero": above,
            }
        )
    return rows


def _links(before: Labels | None, labels: Labels, scale: float) -> list[list[float]]:
    if before is None:
        return []
    pairs, counts = np.unique(np.stack([before, labels]), axis=1, return_counts=True)
    return [[int(a), int(b), float(n * scale)] for (a, b), n in zip(pairs.T, counts, strict=True)]


def explorer(
    columns: Columns,
    found: Segmentation,
    dimensions: Mapping[str, tuple[Sequence[str], npt.NDArray[np.int64]]],
) -> dict[str, Any]:
    """Return the content of ``explorer.json``.

    Parameters
    ----------
    columns : mapping of str to ndarray of shape (n_visits,)
        Features in their own units.
    found : Segmentation
        The segments, with the candidates for K.
    dimensions : mapping of str to (values, codes)
        See `visitseg.segments.interpretation.interpret.breakdown`.
    """
    labels = found.found.labels
    spent = np.nan_to_num(columns.get("transaction_revenue", np.zeros(1)))
    ids = found.ids
    return {
        "schema_version": 1,
        "rules": {ids[c]: name for name, parts in found.fitted.ruled.items() for c in parts},
        "on_a_border": float((found.found.margin < _BORDER).mean()),
        "largest_revenue_share": float(spent.max() / spent.sum()) if spent.sum() > 0 else None,
        "dimensions": {
            name: _shares(values, codes) for name, (values, codes) in dimensions.items()
        },
        "thresholds": {
            "valley": DEEP,
            "prediction_strength": decide.STRENGTH,
            "jaccard": decide.JACCARD,
            "time_split": decide.JACCARD,
            "smallest_share": decide.BAND_SHARE,
        },
        "landscape": landscape(columns, found),
        "features": spreads(columns, labels, ids),
        "candidates": alternatives(columns, found),
    }


def _shares(values: Sequence[str], codes: npt.NDArray[np.int64]) -> dict[str, float]:
    """Return the shares of the most frequent values among all visits."""
    shares = np.bincount(codes, minlength=len(values)) / max(len(codes), 1)
    top = np.argsort(-shares, kind="stable")[:10]
    return {values[i]: float(shares[i]) for i in top}


def _rounded(values: Matrix, digits: int = 5) -> list[float]:
    return [float(value) for value in np.round(values, digits)]
