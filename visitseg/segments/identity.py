"""Which new segment is which old one: by the visits that both models put together.

One sample of visits is labelled by both models. Two segments are the same when they hold the same
visits, so their Jaccard index is high. Centres and names play no part. Nor does the adjusted Rand
index: it hardly moves when a small segment is born.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from visitseg.segments.assignment.fit import Labels

# Matched segments that share so much are the same one ...
KEPT = 0.6
# ... so much, the same one with another border; where they share less the old one is retired.
REDEFINED = 0.4
# Most of a segment's visits.
MOSTLY = 0.5
# The parts of a split, and of a union, hold at least so much of it.
PART = 0.1
# An old segment is still there while the old model finds so much of its former share.
PRESENT = 1 / 3


@dataclass(frozen=True)
class Match:
    """Two segmentations of the same visits, segment by segment.

    Attributes
    ----------
    old, new : tuple of str
        Segment ids in the order of the clusters.
    counts : ndarray of shape (k_old, k_new)
        Visits that the old model calls the one and the new model the other.
    mapping : dict of str to str or None
        New id -> the old id that it carries on, or None.
    similarity : dict of str to float
        Old id that is carried on -> Jaccard index of the two segments.
    kept, redefined : list of str
        Old ids that are carried on: as the same segment, or with another border.
    split : dict of str to list of str
        Old id -> new ids of its parts; one of them may carry it on.
    merged : dict of str to list of str
        New id -> old ids that it unites; it may carry one of them on.
    born : list of str
        New ids that carry on nothing, and are neither a part nor a union.
    died : list of str
        Old ids that nothing carries on, and that are neither split nor merged.
    same : bool
        As many segments, and every one of them kept.
    next_id : int
        The number of the next segment that is born.
    """

    old: tuple[str, ...]
    new: tuple[str, ...]
    counts: npt.NDArray[np.int64]
    mapping: dict[str, str | None]
    similarity: dict[str, float]
    kept: list[str]
    redefined: list[str]
    split: dict[str, list[str]]
    merged: dict[str, list[str]]
    born: list[str]
    died: list[str]
    same: bool
    next_id: int


def first_ids(k: int) -> tuple[str, ...]:
    """Return the ids of the first K segments ever: s1, s2 and so on."""
    return tuple(f"s{cluster + 1}" for cluster in range(k))


def match(
    old_labels: Labels,
    new_labels: Labels,
    old: Sequence[str],
    new: Sequence[str] | int,
    *,
    next_id: int,
    strange: npt.NDArray[np.bool_] | None = None,
    shares: npt.NDArray[np.float64] | None = None,
) -> Match:
    """Match the segments of two models by the visits that they share.

    Parameters
    ----------
    old_labels, new_labels : ndarray of shape (n_visits,)
        Clusters that either model gives the same visits; -1 is unassigned.
    old : sequence of str
        Ids of the old segments, in the order of their clusters.
    new : sequence of str, or int
        Ids of the new segments; or how many there are, and then those that carry on an old one
        get its id and the others ids that no segment ever had.
    next_id : int
        Number of the first id that no segment ever had.
    strange : ndarray of shape (n_visits,), optional
        Visits unlike anything in their old segment: it has them for want of a better one.
    shares : ndarray of shape (k_old,), optional
        Share of each old segment when it was learnt: tells one that is gone from one that was
        united with another.

    Returns
    -------
    Match

    Notes
    -----
    Hungarian matching on the Jaccard index (Kuhn 1955; as in Hennig 2007 for resamples).
    """
    k_old, k_new = len(old), new if isinstance(new, int) else len(new)
    counts = _table(old_labels, new_labels, k_old, k_new)
    own = counts
    if strange is not None:
        unlike = _table(old_labels, new_labels, k_old, k_new, strange)
        own = np.where(unlike > MOSTLY * counts, 0, counts)
    n_old, n_new = own.sum(axis=1), counts.sum(axis=0)
    every = counts.sum(axis=1)
    jaccard = own / np.maximum(n_old[:, None] + n_new - own, 1)
    pairs = [
        (int(i), int(j))
        for i, j in zip(*linear_sum_assignment(-jaccard), strict=True)
        if jaccard[i, j] >= REDEFINED
    ]
    carried = {j: i for i, j in pairs}
    if isinstance(new, int):
        ids = []
        for j in range(k_new):
            ids.append(old[carried[j]] if j in carried else f"s{next_id}")
            next_id += j not in carried
        new = ids
    of_old, of_new = own / np.maximum(n_old, 1)[:, None], own / np.maximum(n_new, 1)
    if shares is None:
        there = counts >= PART * n_new
    else:
        enough = np.maximum(PRESENT * shares * len(old_labels), 1)
        there = np.tile((every >= enough)[:, None], k_new)
    parts = {
        old[i]: _chosen(new, (of_old[i] >= PART) & (of_new[i] >= MOSTLY)) for i in range(k_old)
    }
    # What lies between two segments may be unlike either: a union counts all that went into it.
    went = counts >= MOSTLY * np.maximum(every, 1)[:, None]
    unions = {new[j]: _chosen(old, went[:, j] & there[:, j]) for j in range(k_new)}
    split, merged = (
        {id_: ids for id_, ids in of.items() if len(ids) > 1} for of in (parts, unions)
    )
    kept = [old[i] for i, j in pairs if jaccard[i, j] >= KEPT]
    redefined = [old[i] for i, j in pairs if jaccard[i, j] < KEPT]
    explained = {id_ for ids in split.values() for id_ in ids} | set(merged)
    accounted = {*kept, *redefined, *split, *(id_ for ids in merged.values() for id_ in ids)}
    return Match(
        old=tuple(old),
        new=tuple(new),
        counts=counts,
        mapping={id_: old[carried[j]] if j in carried else None for j, id_ in enumerate(new)},
        similarity={old[i]: float(jaccard[i, j]) for i, j in pairs},
        kept=kept,
        redefined=redefined,
        split=split,
        merged=merged,
        born=[id_ for j, id_ in enumerate(new) if j not in carried and id_ not in explained],
        died=[id_ for id_ in old if id_ not in accounted],
        same=k_old == k_new == len(kept),
        next_id=next_id,
    )


def _chosen(ids: Sequence[str], mask: npt.NDArray[np.bool_]) -> list[str]:
    return [id_ for id_, wanted in zip(ids, mask, strict=True) if wanted]


def _table(
    old: Labels, new: Labels, k_old: int, k_new: int, only: npt.NDArray[np.bool_] | None = None
) -> npt.NDArray[np.int64]:
    rows = (old >= 0) & (new >= 0)
    if only is not None:
        rows &= only
    table = np.zeros((k_old, k_new), dtype=np.int64)
    np.add.at(table, (old[rows], new[rows]), 1)
    return table
