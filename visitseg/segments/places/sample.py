"""The visits that segments are sought in: a sample, dequantised, its spikes thinned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from visitseg.segments.places import chance
from visitseg.segments.places.axes import Columns
from visitseg.segments.places.space import Space
from visitseg.segments.places.thinning import capped, nearer, usual
from visitseg.segments.places.transform import Matrix

LARGEST = 20_000
# Visits with a place on every built-in axis: if they are a smaller share, medians fill in.
_KNOWN = 0.3
# A missing place is drawn from so many similar visits.
_SIMILAR = 5


@dataclass(frozen=True)
class Counts:
    """Page counts, and what is divided by them.

    Attributes
    ----------
    pages, hits : int, optional
        The axes whose columns are page views and hits.
    ratios : tuple of tuple of int
        Axes that divide a count by that of another axis: both places.
    spikes : tuple of float
        Page counts that are thinned.
    pace : int, optional
        The axis of the time of a page: many may share that without sharing a time.
    """

    pages: int | None = None
    hits: int | None = None
    ratios: tuple[tuple[int, int], ...] = ()
    spikes: tuple[float, ...] = ()
    pace: int | None = None


@dataclass(frozen=True)
class Sample:
    """Visits as the search sees them.

    Attributes
    ----------
    rows : ndarray of shape (n_sample,)
        Rows of the columns that were given.
    places : ndarray of shape (n_sample, n_axes)
        Dequantised; complete.
    raw : ndarray of shape (n_sample, n_axes)
        The values whose spikes might carry a mode.
    ties : ndarray of shape (n_sample, n_axes + n_ratios)
        Values that many visits may share: those, ratios of counts, which may be equal, and the time
        of a page, which may be capped.
    counts : Counts
        What the columns of `ties` are made of.
    """

    rows: npt.NDArray[np.intp]
    places: Matrix
    raw: Matrix
    ties: Matrix
    counts: Counts = field(default_factory=Counts)


def spread_rows(n: int, size: int) -> npt.NDArray[np.intp]:
    """Draw `size` of `n` rows, ascending; the same for the same n."""
    if n <= size:
        return np.arange(n)
    drawn = np.random.default_rng(chance.fixed()).choice(n, size, replace=False)
    return np.sort(drawn)


def take(columns: Columns, rows: npt.NDArray[np.intp]) -> dict[str, npt.NDArray[np.float64]]:
    """Return some rows of every column."""
    return {name: values[rows] for name, values in columns.items()}


def draw(columns: Columns, space: Space) -> Sample:
    """Dequantise visits, and thin the values that spike.

    Parameters
    ----------
    columns : mapping of str to ndarray of shape (n_visits,)
        In canonical order.
    space : Space
        The axes and their atoms.

    Returns
    -------
    Sample
        Without the visits where an axis is unknown (where they are over 70 %, unknown places are
        set to the axis' median instead), and without what a spike holds beyond what the values
        around it lead to expect. On an axis of one's own the place of such visits is taken from a
        visit that is like them on the built-in axes.
    """
    n = len(next(iter(columns.values())))
    rng = np.random.default_rng(chance.fixed(1))
    within: Mapping[str, npt.NDArray[np.float64]] = {
        name: rng.random(n) for name in dict.fromkeys(space.columns)
    }
    places = space.place(columns, within)
    raw = np.column_stack([columns[name] for name in space.columns])
    own = list(space.own)
    kept = np.asarray(np.isfinite(np.delete(places, own, axis=1)).all(axis=1))
    if kept.mean() < _KNOWN:
        places = np.where(np.isfinite(places), places, np.nanmedian(places, axis=0))
        kept[:] = True
    known = kept.copy()
    for j, spikes in space.atoms.items():
        for value, looked_at in spikes.items():
            looked = np.full(n, looked_at)
            if j == space.pages:
                looked *= usual(np.delete(places, [j, *own], axis=1), raw[:, j], value, kept)
            excess = (raw[:, j] == value) & (rng.random(n) > looked)
            if j in space.own:
                places[excess, j] = np.nan
            else:
                kept &= ~excess
    if (pace := _pace(space)) is not None:
        kept &= ~capped(raw[:, pace], raw[:, space.pages], known)
    rows = np.flatnonzero(kept if kept.sum() > 1 else known)  # all at one value: no spike
    places = places[rows]
    for j in own:
        _fill(places, j, np.delete(places, own, axis=1), rng)
    places = nearer(places)
    raw, ties = _ties(np.nan_to_num(raw[rows]), places, space)
    return Sample(rows, places, raw, ties, _counts(space))


def _counts(space: Space) -> Counts:
    spikes = () if space.pages is None else space.atoms.get(space.pages, ())
    hits = next((j for j, name in enumerate(space.columns) if name == "hits"), None)
    return Counts(space.pages, hits, space.ratios, tuple(spikes), _pace(space))


def _pace(space: Space) -> int | None:
    return next(iter(space.floors), None) if space.pages is not None else None


def _ties(raw: Matrix, places: Matrix, space: Space) -> tuple[Matrix, Matrix]:
    """Return the values that may carry a mode alone, and the same with what pages divide.

    0 to 2 s, or 0 and one step of a coarser clock, are one value: the clock's floor. So are all
    values of a column that spike: two of them could carry a mode together. A flag has no other
    values than those that most visits bear, so they are nothing to look again without.

    Nor does a count of pages carry a mode where to see none is something else, nor what is divided
    by it: they are the places that they have.
    """
    tied, as_placed = raw.copy(), np.zeros(raw.shape, dtype=bool)
    for j, floor in space.floors.items():
        tied[tied[:, j] <= floor, j] = 0
    for j, spikes in space.atoms.items():
        tied[np.isin(raw[:, j], list(spikes)), j] = 0 if j in space.floors else next(iter(spikes))
    as_placed[:, list(space.flags)] = True
    if space.pages is not None and space.none_apart:
        none = raw[:, space.pages] == 0
        for j in (space.pages, *(over for over, _ in space.ratios)):
            as_placed[:, j] = none & (raw[:, j] == 0)
    tied[as_placed] = places[as_placed]
    ratios = [
        np.where(as_placed[:, i], places[:, i], raw[:, i] / np.maximum(raw[:, j], 1))
        for i, j in space.ratios
    ]
    if (pace := _pace(space)) is not None and space.pages is not None:
        ratios.append(raw[:, pace] / np.maximum(raw[:, space.pages], 1))
    return tied, np.column_stack([tied, *ratios])


def _fill(places: Matrix, j: int, others: Matrix, rng: np.random.Generator) -> None:
    """Give visits without a place on an axis that of a similar visit, in place (hot deck)."""
    lacking = ~np.isfinite(places[:, j])
    if not lacking.any():
        return
    donors = np.flatnonzero(~lacking)
    others = np.nan_to_num(others)
    similar = min(_SIMILAR, len(donors))
    near = cKDTree(others[donors]).query(others[lacking], np.arange(1, similar + 1))[1]
    drawn = rng.integers(0, similar, lacking.sum())
    places[lacking, j] = places[donors[near[np.arange(len(near)), drawn]], j]
