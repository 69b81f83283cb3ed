"""Segments as they are applied to any visits: rules first, then the nearest distribution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import softmax

from visitseg.segments.assignment import rules
from visitseg.segments.assignment.assign import Assigner, first_best
from visitseg.segments.assignment.fit import Labels
from visitseg.segments.places.axes import Columns
from visitseg.segments.places.space import Space
from visitseg.segments.places.transform import Matrix

_BLOCK = 65_536


@dataclass(frozen=True)
class Assigned:
    """Visits and their segments.

    Attributes
    ----------
    labels : ndarray of shape (n_visits,)
        Cluster of each visit.
    distance : ndarray of shape (n_visits,)
        From the segment's centre, in its own standard deviations an axis; 0 for rule segments.
    margin : ndarray of shape (n_visits,)
        Probability of the segment less that of the next best: 0 on a border, 1 without doubt.
        Preset `baseline`: see `visitseg.segments.assignment.nearest.Nearest.assign`.
    """

    labels: Labels
    distance: Matrix
    margin: Matrix


@dataclass(frozen=True)
class Buyers:
    """Converted visits in parts by what they spent.

    Attributes
    ----------
    assigner : Assigner
        On one axis: log revenue.
    """

    assigner: Assigner

    def part(self, columns: Columns) -> Labels:
        """Return the part of each visit, by its revenue."""
        spent = columns["transaction_revenue"][:, None]
        places = log_revenue(spent)
        return first_best(self.assigner.scores(places, spent))


def log_revenue(spent: Matrix) -> Matrix:
    """Place revenue on a log axis; NaN where nothing is known to be spent."""
    with np.errstate(divide="ignore", invalid="ignore"):
        places: Matrix = np.where(spent > 0, np.log(spent), np.nan)
    return places


@dataclass(frozen=True)
class Fitted:
    """A whole segmentation: which rules apply, what lies beyond them, and the numbers of both.

    Attributes
    ----------
    space : Space or None
        Axes of the visits beyond the rules; None where no visit is.
    assigner : Assigner or None
        Their segments.
    clusters : tuple of int
        The cluster number of each segment of `assigner`.
    ruled : mapping of str to tuple of int
        Rule -> the cluster number of each of its parts.
    buyers : Buyers or None
        How converted visits fall into their parts.
    reach : tuple of float
        Visits farther than this from their segment lie outside the model; see `outside`.
    usual : tuple of float
        Hardly any visit of the segment is farther than this from its centre; see `unlike`.
    """

    space: Space | None
    assigner: Assigner | None
    clusters: tuple[int, ...]
    ruled: Mapping[str, tuple[int, ...]]
    buyers: Buyers | None = None
    reach: tuple[float, ...] = ()
    usual: tuple[float, ...] = ()

    @property
    def k(self) -> int:
        """Number of segments, rule segments included."""
        return len(self.clusters) + sum(len(parts) for parts in self.ruled.values())

    def renumbered(self, place: Mapping[int, int]) -> Fitted:
        """Give every cluster another number."""
        return replace(
            self,
            clusters=tuple(place[c] for c in self.clusters),
            ruled={name: tuple(place[c] for c in parts) for name, parts in self.ruled.items()},
        )

    def assign(self, columns: Columns) -> Assigned:
        """Find the segment of every visit."""
        n = len(next(iter(columns.values())))
        found = Assigned(np.full(n, -1, dtype=np.int32), np.zeros(n), np.ones(n))
        for start in range(0, n, _BLOCK):
            rows = slice(start, start + _BLOCK)
            self._assign(
                {name: values[rows] for name, values in columns.items()},
                found.labels[rows],
                found.distance[rows],
                found.margin[rows],
            )
        return found

    def _assign(self, columns: Columns, labels: Labels, far: Matrix, margin: Matrix) -> None:
        for name, mask in rules.masks(columns, tuple(self.ruled)).items():
            parts = np.array(self.ruled[name], dtype=np.int32)
            labels[mask] = parts[0]
            if len(parts) > 1 and self.buyers and mask.any():
                labels[mask] = parts[self.buyers.part({n: v[mask] for n, v in columns.items()})]
        rest = np.flatnonzero(labels < 0)
        if self.assigner is None or self.space is None or not len(rest):
            labels[rest] = 0
            return
        own = {name: values[rest] for name, values in columns.items()}
        places, raw = self.space.place(own), raw_of(own, self.space)
        scores = self.assigner.scores(places, raw)
        best = first_best(scores)
        labels[rest] = np.array(self.clusters, dtype=np.int32)[best]
        far[rest] = self.assigner.distances(places, raw, best)
        if scores.shape[1] > 1:
            chances = softmax(scores, axis=1)
            every = np.arange(len(rest))
            own_chance = chances[every, best]
            chances[every, best] = 0
            margin[rest] = np.maximum(own_chance - chances.max(axis=1), 0)

    def outside(self, found: Assigned) -> rules.Mask:
        """Tell which visits lie outside the model: no segment's visits reach so far."""
        return self._beyond(self.reach, found)

    def unlike(self, found: Assigned) -> rules.Mask:
        """Tell which visits are unlike their segment: farther than nearly all that it was."""
        return self._beyond(self.usual, found)

    def _beyond(self, far: tuple[float, ...], found: Assigned) -> rules.Mask:
        limit = np.full(max(self.k, 1), np.inf)
        limit[list(self.clusters)] = far or np.inf
        result: rules.Mask = found.distance > limit[found.labels]
        return result

    def marked(self, found: Assigned) -> Assigned:
        """Return the same with the label -1 where a visit lies outside."""
        labels = np.where(self.outside(found), -1, found.labels).astype(np.int32)
        return replace(found, labels=labels)


def raw_of(columns: Columns, space: Space) -> Matrix:
    """Return the values that may be atoms, shape (n_visits, n_axes)."""
    return np.column_stack([columns[name] for name in space.columns])
