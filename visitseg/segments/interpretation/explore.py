"""What an explorer of the segments needs: distances, and what other K would have given."""

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
from visitseg.segments.interpretation.interpret import least_known
from visitseg.segments.interpretation.naming import name_segments, typical
from visitseg.segments.interpretation.spreads import rounded, spreads
from visitseg.segments.places import sample
from visitseg.segments.places.axes import Columns
from visitseg.segments.places.transform import Matrix
from visitseg.segments.segmentation import Segmentation

# An order sets visits as far apart as a factor of 20 on one behaviour: facts about log units.
_ORDER = 3.0
_BORDER = 0.1


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
    places = _known(space.place(columns))
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
        "centers": [rounded(row) for row in centers],
        "distances": [rounded(row) for row in apart],
        "contributions": {
            "all": rounded(shares[0], 4),
            "segments": {
                id_: rounded(row, 4) for id_, row in zip(found.ids, shares[1:], strict=True)
            },
        },
    }


def _known(places: Matrix) -> Matrix:
    """Put unknown places at the mean of the known ones: they part nobody."""
    filled = places.copy()
    for along in filled.T:
        known = np.isfinite(along)
        along[~known] = along[known].mean() if known.any() else 0.0
    return filled


def alternatives(
    columns: Columns, found: Segmentation, names: Sequence[str]
) -> list[dict[str, Any]]:
    """Describe what each K would give: its segments beyond the rules, and where they come from.

    Parameters
    ----------
    columns : mapping of str to ndarray of shape (n_visits,)
        Features in their own units.
    found : Segmentation
        With its candidates.
    names : sequence of str
        Of the clusters.

    Returns
    -------
    list of dict
        Per K: ``segments`` with name, share of all visits, medians, share above zero; those of the
        chosen K are the clusters. ``links``: [place at the K before, place here, share of all
        visits].
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
                "segments": _described(
                    own,
                    candidate,
                    scale,
                    [(found.ids[c], names[c]) for c in chosen] if candidate.chosen else None,
                ),
                "links": _links(before, labels, scale),
            }
        )
        before = labels
    return told


def _described(
    own: Columns, candidate: Candidate, scale: float, given: list[tuple[str, str]] | None
) -> list[dict[str, Any]]:
    """Describe the segments of one K; id and name are `given` of those that were chosen."""
    labels, k = candidate.labels, candidate.k_rest
    called: Sequence[tuple[str | None, str]]
    if given is not None:
        called = given
    elif k > 1:
        called = [(None, name.text) for name in name_segments(typical(own, labels, k))]
    else:
        called = [(None, "everyone else")]
    rows = []
    for place in range(k):
        mine = labels == place
        n, least = int(mine.sum()), least_known(mine.sum())
        medians = {
            name: float(np.median(known)) if 0 < len(known) >= least else None
            for name, values in own.items()
            for known in [values[mine][np.isfinite(values[mine])]]
        }
        above = {
            name: float((values[mine] > 0).mean()) if n else 0.0 for name, values in own.items()
        }
        rows.append(
            {
                "name": called[place][1],
                "segment_id": called[place][0],
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
    names: Sequence[str],
    dimensions: Mapping[str, tuple[Sequence[str], npt.NDArray[np.int64]]],
) -> dict[str, Any]:
    """Return the content of ``explorer.json``.

    Parameters
    ----------
    columns : mapping of str to ndarray of shape (n_visits,)
        Features in their own units.
    found : Segmentation
        The segments, with the candidates for K.
    names : sequence of str
        Of the segments.
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
        "candidates": alternatives(columns, found, names),
    }


def _shares(values: Sequence[str], codes: npt.NDArray[np.int64]) -> dict[str, float]:
    """Return the shares of the most frequent values among all visits."""
    shares = np.bincount(codes, minlength=len(values)) / max(len(codes), 1)
    top = np.argsort(-shares, kind="stable")[:10]
    return {values[i]: float(shares[i]) for i in top}
