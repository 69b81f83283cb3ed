"""The segments of the model before, whose identity a new one carries on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from visitseg.segments.assignment.fit import Labels
from visitseg.segments.assignment.fitted import Fitted
from visitseg.segments.assignment.nearest import Nearest
from visitseg.segments.identity import Match, first_ids, match
from visitseg.segments.places.axes import Columns
from visitseg.segments.places.sample import take


@dataclass(frozen=True)
class Identity:
    """The ids of a segmentation, and how it came by them.

    Attributes
    ----------
    ids : tuple of str
        One per cluster.
    next_id : int
        Number of the first id that no segment ever had.
    match : Match or None
        What became of the previous segments; None without a previous model.
    """

    ids: tuple[str, ...]
    next_id: int
    match: Match | None = None

    @classmethod
    def first(cls, k: int) -> Identity:
        """Return the identity of the first K segments ever."""
        return cls(first_ids(k), k + 1)


@dataclass(frozen=True)
class Previous:
    """What a new segmentation has to know of the one before.

    Attributes
    ----------
    applied : Fitted or Nearest
        Its numbers.
    ids : tuple of str
        One per cluster.
    next_id : int
        Number of the first id that no segment ever had.
    shares : ndarray of shape (k,)
        Share of each segment in what it was learnt on.
    kinds : tuple of str or None
        Kind of each segment.
    names : mapping of str to str
        Segment id -> name.
    rows : ndarray, optional
        Which of the new visits tell one segment from another; default: all of them.
    """

    applied: Fitted | Nearest
    ids: tuple[str, ...]
    next_id: int
    shares: npt.NDArray[np.float64]
    kinds: tuple[str | None, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    rows: npt.NDArray[np.int64] | None = None

    @property
    def rules(self) -> tuple[str, ...]:
        """Rules that made segments."""
        return tuple(self.applied.ruled) if isinstance(self.applied, Fitted) else ()

    @property
    def bands(self) -> int:
        """Number of bands that a continuum was cut into; 0 without."""
        return sum(kind == "band" for kind in self.kinds)

    def identify(
        self, columns: Columns, labels: Labels, new: tuple[str, ...] | int, next_id: int = 0
    ) -> Match:
        """Match segments of these visits with the previous ones.

        Parameters
        ----------
        columns : mapping of str to ndarray of shape (n_visits,)
            Features of the visits.
        labels : ndarray of shape (n_visits,)
            Their clusters in the other segmentation; -1 is unassigned.
        new : tuple of str, or int
            The ids there; or the number of clusters, which get ids.
        next_id : int
            The first id that is free there, too.
        """
        if self.rows is not None:
            columns, labels = take(columns, self.rows), labels[self.rows]
        old = self.applied.assign(columns)
        strange = self.applied.unlike(old) if isinstance(self.applied, Fitted) else None
        return match(
            old.labels,
            labels,
            self.ids,
            new,
            next_id=max(self.next_id, next_id),
            strange=strange,
            shares=self.shares,
        )


def identity(previous: Previous | None, columns: Columns, labels: Labels, k: int) -> Identity:
    """Give every cluster its id: that of the previous segment that it carries on, or a new one.

    Parameters
    ----------
    previous : Previous or None
        The model before, if there is one.
    columns : mapping of str to ndarray of shape (n_visits,)
        Features of the visits.
    labels : ndarray of shape (n_visits,)
        Their clusters 0 … k - 1.
    k : int
        Number of clusters.
    """
    if previous is None:
        return Identity.first(k)
    found = previous.identify(columns, labels, k)
    return Identity(found.new, found.next_id, found)
