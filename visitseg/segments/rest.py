"""The visits beyond the rules, as the search sees them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from visitseg.segments.assignment.assign import Assigner, learn
from visitseg.segments.assignment.fit import Labels
from visitseg.segments.assignment.fitted import raw_of
from visitseg.segments.choice.stability import MOST, Cut, cuts, settled
from visitseg.segments.density.search import VOTES, Search, best_jaccards, search
from visitseg.segments.places import sample
from visitseg.segments.places.axes import Columns
from visitseg.segments.places.space import Space, array_space, canonical_rows, visit_space
from visitseg.segments.places.transform import Matrix


@dataclass(frozen=True)
class Partition:
    """Segments of the visits beyond the rules.

    Attributes
    ----------
    assigner : Assigner
        The segments.
    kind : str
        distinct, band or rest.
    jaccards : ndarray of shape (k,)
        How well each is found again.
    """

    assigner: Assigner
    kind: str
    jaccards: Matrix


@dataclass(frozen=True)
class Rest:
    """The visits beyond the rules: where they lie, and what the search found there.

    Attributes
    ----------
    space : Space
        Their axes.
    rows : ndarray of shape (n_looked,)
        Rows of the table that were looked at, in canonical order.
    columns : mapping of str to ndarray of shape (n_looked,)
        Their features.
    drawn : Sample
        Those that the search went over.
    search : Search
        What it found.
    n : int
        Visits beyond the rules.
    """

    space: Space
    rows: npt.NDArray[np.intp]
    columns: Columns
    drawn: sample.Sample
    search: Search
    n: int

    def distinct(self, k: int) -> Partition:
        """Return the `k` groups that the deepest valleys separate."""
        return self.groups(self.search.tree.cut(k), k)

    def groups(self, labels: Labels, k: int) -> Partition:
        """Return groups that valleys separate; `labels` of the visits that were looked at."""
        votes = [(vote.rows, vote.labels) for vote in self.search.votes]
        return Partition(
            self._learn(labels, shaped=True),
            "distinct" if k > 1 else "rest",
            best_jaccards(labels, k, votes),
        )

    def bands(self, cut: Cut) -> Partition:
        """Return the groups of a k-means: each visit belongs to the nearest centre.

        All of them bear the Jaccard index of the weakest: they come back together or not at all.
        """
        labels = settled(self.drawn.places, cut.centers)
        return Partition(self._learn(labels, shaped=False), "band", np.full(cut.k, cut.jaccard))

    @cached_property
    def different(self) -> int:
        """How many of the visits that were looked at differ: the search moves them a little."""
        places = self.space.place(self.columns)
        return len(np.unique(np.where(np.isnan(places), -np.inf, places), axis=0))

    @property
    def most(self) -> int:
        """How many groups they can be cut into, and measured."""
        return min(self.different, max(len(self.drawn.rows) - 1, 1), MOST)

    def cuts(
        self, ks: Iterable[int], least: int, days: npt.NDArray[np.float64] | None
    ) -> list[Cut]:
        """Measure k-means with some numbers of groups, and with 1 to `least`.

        Of numbers that these visits do not allow none is measured.
        """
        own = None if days is None else days[self.rows[self.drawn.rows]]
        tried = {k for k in ks if 0 < k <= self.most} | set(range(1, least + 1))
        return cuts(self.drawn.places, sorted(tried), own)

    def contributions(self) -> dict[str, float]:
        """Return each axis' share in the squared distances between visits."""
        spread = self.drawn.places.var(axis=0)
        total = float(spread.sum()) or 1.0
        return {
            name: float(part) / total for name, part in zip(self.space.names, spread, strict=True)
        }

    def atoms(self) -> dict[str, list[float]]:
        """Return the values that spike, by column."""
        return {self.space.columns[j]: list(spikes) for j, spikes in self.space.atoms.items()}

    def _learn(self, labels: Labels, *, shaped: bool) -> Assigner:
        atoms = [tuple(self.space.atoms.get(j, ())) for j in range(len(self.space.names))]
        places, raw = self.space.place(self.columns), raw_of(self.columns, self.space)
        return learn(places, raw, atoms, self.drawn.places, labels, shaped=shaped)


def look(
    columns: Columns,
    rows: npt.NDArray[np.intp],
    seed: int,
    *,
    visits: bool,
    transforms: Mapping[str, str] | None = None,
    votes: int = VOTES,
) -> Rest:
    """Look for segments among some rows of a table; see `visitseg.segments.density.search`.

    Parameters
    ----------
    columns : mapping of str to ndarray of shape (n_visits,)
        The whole table.
    rows : ndarray of shape (n_rest,)
        The visits beyond the rules; at least one.
    seed : int
        Seed of the votes.
    visits : bool
        A visit table, in fixed log units; else a plain array.
    transforms : mapping of str to str, optional
        Columns of one's own that are axes too; see `visitseg.segments.places.axes.own_axes`.
    votes : int
        Random samples that are searched, too.
    """
    rows = rows[canonical_rows(sample.take(columns, rows))]
    n = len(rows)
    rows = rows[sample.spread_rows(n, sample.LARGEST)]
    own = sample.take(columns, rows)
    space: Space = visit_space(own, transforms) if visits else array_space(own)
    drawn = sample.draw(own, space)
    return Rest(space, rows, own, drawn, search(drawn, seed, votes=votes), n)
