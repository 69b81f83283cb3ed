"""Where visits lie: the axes that segments are sought on, for visit tables and for plain arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from visitseg.segments.places import axes
from visitseg.segments.places.atoms import find_atoms, find_spikes, none_is_apart
from visitseg.segments.places.axes import Axis, Column, Columns
from visitseg.segments.places.transform import Matrix

# Neighbouring times that may spike together: 0, 1 and 2 s.
_SIDE_BY_SIDE = 3
_FLOOR = 2.0
# Of the normal distribution: interquartile range over standard deviation.
_IQR = 1.3489795003921634
# An axis of one's own that fewer of the visits have a place on says too little to search on it.
_OFTEN = 0.5


class Space(Protocol):
    """Axes, and how visits are placed on them."""

    @property
    def names(self) -> tuple[str, ...]:
        """What each axis measures."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The column whose values may spike, per axis."""

    @property
    def atoms(self) -> Mapping[int, Mapping[float, float]]:
        """Axis -> value that spikes -> share of its visits that is looked at."""

    @property
    def own(self) -> tuple[int, ...]:
        """Axes of columns beyond the visit table's four, where values may be unknown."""

    @property
    def floors(self) -> Mapping[int, float]:
        """Axis of times -> the largest time that the clock hardly tells from 0."""

    @property
    def flags(self) -> tuple[int, ...]:
        """Axes of flags."""

    @property
    def ratios(self) -> tuple[tuple[int, int], ...]:
        """Axes that divide a count by that of another axis: both places."""

    @property
    def pages(self) -> int | None:
        """The axis of page counts."""

    @property
    def none_apart(self) -> bool:
        """Whether to see no page is something else than to see few."""

    def place(self, columns: Columns, within: Mapping[str, Column] | None = None) -> Matrix:
        """Place visits; shape (n_visits, n_axes), NaN where unknown."""


@dataclass(frozen=True)
class VisitSpace:
    """The visit table in fixed log units.

    Attributes
    ----------
    axes : tuple of Axis
        What the columns allow: the built-in ones first.
    atoms : mapping
        Axis -> value that spikes -> share of its visits that is looked at.
    none_apart : bool
        Whether to see no page is something else than to see few.
    """

    axes: tuple[Axis, ...]
    atoms: Mapping[int, Mapping[float, float]] = field(default_factory=dict)
    none_apart: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """What each axis measures."""
        return tuple(axis.name for axis in self.axes)

    @property
    def columns(self) -> tuple[str, ...]:
        """The column whose values may spike, per axis."""
        return tuple(axis.column for axis in self.axes)

    @property
    def own(self) -> tuple[int, ...]:
        """Axes of columns beyond the visit table's four, where values may be unknown."""
        return tuple(j for j, axis in enumerate(self.axes) if not axis.built_in)

    @property
    def floors(self) -> Mapping[int, float]:
        """Axis of times -> the largest time that the clock hardly tells from 0."""
        return {
            j: max(axis.step, _FLOOR) for j, axis in enumerate(self.axes) if axis.kind == "pace"
        }

    @property
    def flags(self) -> tuple[int, ...]:
        """Axes of flags."""
        return tuple(j for j, axis in enumerate(self.axes) if axis.kind == "flag")

    @property
    def pages(self) -> int | None:
        """The axis of page counts."""
        return next((j for j, axis in enumerate(self.axes) if axis.kind == "pages"), None)

    @property
    def ratios(self) -> tuple[tuple[int, int], ...]:
        """Axes that divide a count by that of another axis: both places."""
        places = {axis.kind: j for j, axis in enumerate(self.axes)}
        kinds = [kind for kind in ("activity", "breadth") if kind in places and "pages" in places]
        return tuple((places[kind], places["pages"]) for kind in kinds)

    def place(self, columns: Columns, within: Mapping[str, Column] | None = None) -> Matrix:
        """Place visits; shape (n_visits, n_axes), NaN where unknown."""
        return axes.place(columns, self.axes, within)


@dataclass(frozen=True)
class ArraySpace:
    """A plain array: every column by its median and interquartile range.

    Attributes
    ----------
    columns : tuple of str
        Columns that vary.
    centre, scale : ndarray of shape (n_axes,)
        Median, and what counts as one unit.
    steps : tuple of float
        Distance of neighbouring values, for the search: 1 for whole numbers, 0 where values are
        not rounded.
    atoms : mapping
        Empty: nothing is known of what a value means.
    """

    columns: tuple[str, ...]
    centre: Matrix
    scale: Matrix
    steps: tuple[float, ...] = ()
    atoms: Mapping[int, Mapping[float, float]] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """What each axis measures."""
        return self.columns

    @property
    def own(self) -> tuple[int, ...]:
        """No axis: every value is known."""
        return ()

    flags = own
    pages = None
    none_apart = False

    @property
    def floors(self) -> Mapping[int, float]:
        """No axis is a time."""
        return {}

    @property
    def ratios(self) -> tuple[tuple[int, int], ...]:
        """No axis is a ratio."""
        return ()

    def place(
        self,
        columns: Columns,
        within: Mapping[str, Column] | None = None,
    ) -> Matrix:
        """Place rows; shape (n_rows, n_axes)."""
        X = np.column_stack([columns[name] for name in self.columns])
        if within is not None:
            part = np.column_stack([within[name] for name in self.columns])
            X = X + (part - 0.5) * np.array(self.steps)
        placed: Matrix = (X - self.centre) / self.scale
        return placed


def visit_space(columns: Columns, transforms: Mapping[str, str] | None = None) -> VisitSpace:
    """Learn the axes of a visit table: the clock's step, and the values that spike.

    Parameters
    ----------
    columns : mapping of str to ndarray of shape (n_visits,)
        The visits beyond the rules, in canonical order.
    transforms : mapping of str to str, optional
        Columns beyond the visit table's four that are axes too; see `axes.own_axes`.
    """
    kept: list[Axis] = []
    atoms: dict[int, dict[float, float]] = {}
    none_apart = False
    for axis in axes.BUILT_IN:
        values = columns.get(axis.column)
        if values is None or not np.isfinite(values).any():
            continue
        if axis is axes.PAGES:
            # One page or none at all is no count that spikes, but visits of another make.
            spikes = find_atoms(values, axis.step)
            none_apart = 0 in spikes or none_is_apart(values, columns.get("hits"))
            atoms[len(kept)] = {value: share for value, share in spikes.items() if value > 1}
        elif axis is axes.PACE:
            axis = replace(axis, step=axes.clock_step(values))
            per = float(np.median(np.maximum(columns["pageviews"], 1)))
            side = 1 if axis.step > 1 else _SIDE_BY_SIDE
            atoms[len(kept)] = find_atoms(values, axis.step, longest=side, per=per)
        kept.append(axis)
    for axis in axes.own_axes(columns, transforms or {}):
        values, places = columns[axis.column], axes.place(columns, (axis,))[:, 0]
        spikes = _own_spikes(axis, values, places)
        if np.mean(np.isfinite(places) & ~np.isin(values, list(spikes))) >= _OFTEN:
            atoms[len(kept)] = spikes
            kept.append(axis)
    found = {j: spikes for j, spikes in atoms.items() if spikes}
    return VisitSpace(tuple(kept), found, none_apart)


def _own_spikes(axis: Axis, values: Column, places: Column) -> dict[float, float]:
    if not axis.step:
        return find_spikes(values, places)
    if axis.kind not in ("log", "log1p"):
        return {}
    # Not to do a thing is where counts begin: many zeros are no spike.
    counted = np.where(values > 0, values, np.nan)
    return find_atoms(counted, axis.step, per=1.0)


def array_space(columns: Columns) -> ArraySpace:
    """Learn centre and scale of the columns that vary; a constant column says nothing.

    Parameters
    ----------
    columns : mapping of str to ndarray of shape (n_rows,)
        Finite values.
    """
    kept, centre, scale, steps = [], [], [], []
    for name, values in columns.items():
        low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
        spread = (high - low) / _IQR or float(values.std())
        # A spread that is rounding error against the values themselves is none.
        if spread > 1e-12 * max(1.0, float(np.abs(values).max())):
            kept.append(name)
            centre.append(middle)
            scale.append(spread)
            steps.append(_step(values))
    if not kept:
        name = next(iter(columns))
        kept, centre, scale, steps = [name], [float(np.median(columns[name]))], [1.0], [0.0]
    return ArraySpace(tuple(kept), np.array(centre), np.array(scale), tuple(steps))


def _step(values: Column) -> float:
    """Return 1 for whole numbers; two values are a flag, and stay where they are."""
    whole = bool((values == np.rint(values)).all())
    return float(whole and len(np.unique(values)) > 2)


def canonical_rows(columns: Columns) -> npt.NDArray[np.intp]:
    """Return the order of rows by their values, whatever order they come in."""
    return np.lexsort([columns[name] for name in sorted(columns)])
