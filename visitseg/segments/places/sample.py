"""The visits that segments are sought in: a sample, dequantised, its spikes thinned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from visitseg.segments.places import chance
from visitseg.segments.places.atoms import FEW, SHARE
from visitseg.segments.places.axes import Columns
from visitseg.segments.places.space import Space
from visitseg.segments.places.transform import Matrix

LARGEST = 20_000
# Visits with a place on every built-in axis: if they are a smaller share, medians fill in.
_KNOWN = 0.3
# Beyond this share of the visits lies no segment; values so far beyond are taken for nearer.
_EXTREME = 0.002
_BEYOND = 3.0
# Around a page count that spikes: within a factor of 1.6; so many similar visits are looked at.
_AROUND = 0.5
_NEAREST = 25
_TINY = 1e-12
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
            usual = _usual(places, raw[:, j], value, j, kept) if j == space.pages else 1.0
            excess = (raw[:, j] == value) & (rng.random(n) > looked_at * np.maximum(usual, 1))
            if j in space.own:
                places[excess, j] = np.nan
            else:
                kept &= ~excess
    kept &= ~_capped(raw, space, known)
    rows = np.flatnonzero(kept if kept.sum() > 1 else known)  # all at one value: no spike
    places = places[rows]
    for j in own:
        _fill(places, j, np.delete(places, own, axis=1), rng)
    places = _nearer(places)
    raw, ties = _ties(np.nan_to_num(raw[rows]), places, space)
    return Sample(rows, places, raw, ties, _counts(space))


def _capped(raw: Matrix, space: Space, known: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Find visits at a cap on the time of a page: the longest of all, and that of many."""
    pace = _pace(space)
    if pace is None or space.pages is None or not known.any():
        return np.zeros(len(raw), dtype=bool)
    each = np.where(known, raw[:, pace] / np.maximum(raw[:, space.pages], 1), 0)
    at: npt.NDArray[np.bool_] = each == each.max()
    return at if at.sum() >= max(FEW, SHARE * known.sum()) else np.zeros_like(at)


def _usual(
    places: Matrix, raw: npt.NDArray[np.float64], value: float, j: int, kept: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Return how much more often visits like each are found around a value than at it.

    By the `_NEAREST` most similar of both on the other axes. Visits of a kind that all share the
    value are found at it alone; those of others are looked at as if there were no spike.
    """
    at = np.flatnonzero(kept & (raw == value))
    near = kept & (raw != value) & (np.abs(np.log(np.maximum(raw, 0.5) / value)) <= _AROUND)
    around = np.flatnonzero(near)
    found = np.ones(len(raw))
    if min(len(at), len(around)) <= _NEAREST:
        return found
    both = np.delete(places[np.concatenate([at, around])], j, axis=1)
    both = both / np.maximum(both.std(axis=0), _TINY)
    nearest = cKDTree(both).query(both[: len(at)], _NEAREST + 1)[1][:, 1:]
    others = (nearest >= len(at)).sum(axis=1) + 0.5
    found[at] = others / (_NEAREST + 1 - others) * len(at) / len(around)
    return found


def _nearer(places: Matrix) -> Matrix:
    """Bring values nearer that no segment can lie at: one of them would be a piece for itself."""
    ranked, few = np.sort(places, axis=0), int(_EXTREME * (len(places) - 1))
    nearer: Matrix = np.clip(places, ranked[few] - _BEYOND, ranked[-1 - few] + _BEYOND)
    return nearer


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
