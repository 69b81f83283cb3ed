"""Features as axes: fixed log units, without standardising.

One unit is a factor e on every log axis. Standardising the same columns would blow the noise of
near-constant ratios up to full weight.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from visitseg.segments.places.transform import Matrix

Column = npt.NDArray[np.float64]
Columns = Mapping[str, Column]
Transform = Literal["log", "log1p", "share", "flag", "none"]
Kind = Literal["pages", "pace", "activity", "breadth"] | Transform

# Steps of clocks; the largest that divides nearly all times is the clock's.
_STEPS = (60.0, 30.0, 15.0, 10.0, 5.0, 1.0)
_NEARLY_ALL = 0.9
# So many visits with one time, and so many such times, show a grid.
_MANY = 10
# Of the normal distribution: interquartile range over standard deviation.
_IQR = 1.3489795003921634


@dataclass(frozen=True)
class Axis:
    """One axis: its name, the column that it is made of, and how.

    Attributes
    ----------
    name : str
        What the axis measures.
    column : str
        The column whose values spike where the axis does.
    kind : str
        pages, pace, activity, breadth: of the visit table. log, log1p, share, flag, none: of
        columns of one's own.
    step : float
        Distance of neighbouring values in the column's unit: 1 for counts, the clock's step for
        times; 0 where values are not rounded.
    unit : float
        Kind `none`: so much of the column is one unit of the axis.
    """

    name: str
    column: str
    kind: Kind
    step: float = 1.0
    unit: float = 1.0

    @property
    def built_in(self) -> bool:
        """Whether the axis is the visit table's."""
        return self.kind not in get_args(Transform)


PAGES = Axis("log pageviews", "pageviews", "pages")
PACE = Axis("log1p seconds a page", "time_on_site_sec", "pace")
ACTIVITY = Axis("log hits a page", "hits", "activity")
BREADTH = Axis("share of distinct pages", "unique_pages", "breadth")
BUILT_IN = (PAGES, PACE, ACTIVITY, BREADTH)
# What a visit leads to, and what the built-in axes already say, is never an axis of its own.
_NO_AXES = {axis.column for axis in BUILT_IN} | {
    *("transactions", "transaction_revenue", "refund_revenue"),
    *("time_on_site_sec_per_pageview", "hits_per_pageview"),
}


def own_axes(columns: Columns, transforms: Mapping[str, str]) -> tuple[Axis, ...]:
    """Return the axes of columns beyond the visit table's four, by name.

    Parameters
    ----------
    columns : mapping of str to ndarray of shape (n_visits,)
        Features in their own units; NaN is unknown.
    transforms : mapping of str to str
        Column -> log, log1p, share, flag or none; empty: told by the values.
    """
    found = []
    for name in sorted(set(transforms) & set(columns) - _NO_AXES):
        known = columns[name][np.isfinite(columns[name])]
        if not len(known):
            continue
        kind: Kind = transforms[name] or told_by(known)  # type: ignore[assignment]
        unit = 1.0
        if kind == "none":
            low, high = np.quantile(known, [0.25, 0.75])
            unit = float(high - low) / _IQR or float(known.std()) or 1.0
        title = name if kind in ("share", "flag", "none") else f"{kind} {name}"
        found.append(Axis(title, name, kind, 0.0 if kind == "share" else _step(known), unit))
    return tuple(found)


def told_by(known: Column) -> Transform:
    """Return the transform that values suggest."""
    if np.isin(known, (0, 1)).all():
        return "flag"
    low, high = known.min(), known.max()
    if low < 0:
        return "none"
    return "share" if high <= 1 else "log1p"


def _step(known: Column) -> float:
    """Return 1 where values are whole numbers; zeros say nothing of that."""
    said = known[known != 0]
    return float(not len(said) or np.mean(said == np.rint(said)) > _NEARLY_ALL)


def clock_step(time: Column) -> float:
    """Return the step of the clock in seconds: 0 where times are not rounded."""
    known = time[np.isfinite(time)]
    for step in _STEPS:
        if len(known) and np.mean(np.mod(known, step) == 0) > _NEARLY_ALL:
            return max(step, _gap(known)) if step == 1 else step
    return 0.0


def _gap(known: Column) -> float:
    """Return the usual distance of neighbouring values where each is borne by many visits."""
    distinct, counts = np.unique(known, return_counts=True)
    often = distinct[counts >= _MANY]
    if counts[counts >= _MANY].sum() < len(known) / 2 or len(often) < _MANY:
        return 0.0
    return float(np.median(np.diff(often)))


def place(
    columns: Columns, axes: tuple[Axis, ...], within: Mapping[str, Column] | None = None
) -> Matrix:
    """Place visits on the axes.

    Parameters
    ----------
    columns : mapping of str to ndarray of shape (n_visits,)
        Features in their own units; NaN is unknown.
    axes : tuple of Axis
        Which axes.
    within : mapping of str to ndarray of shape (n_visits,), optional
        Where within the cell of its rounded number a visit lies, from 0 to 1, per column. Default:
        the middle of the cell. Only numerators are dequantised: moving both sides of a ratio
        makes valleys that are not there.

    Returns
    -------
    ndarray of shape (n_visits, n_axes)
        NaN where unknown.
    """
    placed = []
    for axis in axes:
        value = columns[axis.column]
        pages = columns["pageviews"] if axis.built_in else value
        low, high = _cell(axis, value, pages)
        part = 0.5 if within is None else within[axis.column]
        placed.append(low + part * (high - low))
    return np.column_stack(placed)


def _cell(axis: Axis, value: Column, pages: Column) -> tuple[Column, Column]:
    """Return both ends of the cell of each value, on the axis."""
    half = axis.step / 2
    match axis.kind:
        case "pages":
            return np.log(np.maximum(value - half, half / 2)), np.log(value + half)
        case "pace":
            per = np.maximum(pages, 1)
            low = np.log1p(np.maximum(value - half, 0) / per)
            return low, np.log1p((value + half) / per)
        case "activity":
            low = np.log(np.maximum(value, half) / (pages + 0.5))
            return low, np.log((value + 2 * half) / (pages + 0.5))
        case "breadth":
            per = np.maximum(pages, 1)
            return (value - half) / per, (value + half) / per
        case "log":
            at_least = np.where(value + half > 0, value, np.nan)
            low = np.log(np.where(half > 0, np.maximum(at_least - half, half / 2), at_least))
            return low, np.log(at_least + half)
        case "log1p":
            return _log1p(value - half), _log1p(value + half)
        case _:
            return (value - half) / axis.unit, (value + half) / axis.unit


def _log1p(value: Column) -> Column:
    """Return log1p, mirrored for values under 0."""
    return np.sign(value) * np.log1p(np.abs(value))
