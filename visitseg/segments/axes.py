"""The visit table's features as axes: fixed log units, without standardising.

One unit is a factor e on every log axis. Standardising the same columns would blow the noise of
near-constant ratios up to full weight.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from visitseg.segments.transform import Matrix

Column = npt.NDArray[np.float64]
Columns = Mapping[str, Column]

# Steps of clocks; the largest that divides nearly all times is the clock's.
_STEPS = (60.0, 30.0, 15.0, 10.0, 5.0, 1.0)
_NEARLY_ALL = 0.9


@dataclass(frozen=True)
class Axis:
    """One axis: its name, the column that it is made of, and how.

    Attributes
    ----------
    name : str
        What the axis measures.
    column : str
        The column whose values spike where the axis does.
    """

    name: str
    column: str


PAGES = Axis("log pageviews", "pageviews")
PACE = Axis("log1p seconds a page", "time_on_site_sec")
ACTIVITY = Axis("log hits a page", "hits")
BREADTH = Axis("share of distinct pages", "unique_pages")


def axes_of(columns: Columns) -> tuple[Axis, ...]:
    """Return the axes that the columns allow; `pageviews` is always there."""
    return tuple(axis for axis in (PAGES, PACE, ACTIVITY, BREADTH) if axis.column in columns)


def clock_step(time: Column) -> float:
    """Return the step of the clock in seconds: 0 where times are not rounded."""
    known = time[np.isfinite(time)]
    for step in _STEPS:
        if len(known) and np.mean(np.mod(known, step) == 0) > _NEARLY_ALL:
            return step
    return 0.0


def place(
    columns: Columns,
    axes: tuple[Axis, ...],
    *,
    step: float = 0.0,
    within: Mapping[str, Column] | None = None,
) -> Matrix:
    """Place visits on the axes.

    Parameters
    ----------
    columns : mapping of str to ndarray of shape (n_visits,)
        Features in their own units; NaN is unknown.
    axes : tuple of Axis
        Which axes.
    step : float
        Step of the clock in seconds.
    within : mapping of str to ndarray of shape (n_visits,), optional
        Where within the cell of its whole number a visit lies, from 0 to 1, per column. Default:
        the middle of the cell. Only numerators are dequantised: moving both sides of a ratio
        makes valleys that are not there.

    Returns
    -------
    ndarray of shape (n_visits, n_axes)
        NaN where unknown.
    """
    pages = columns["pageviews"]
    placed = []
    for axis in axes:
        value = columns[axis.column]
        part = 0.5 if within is None else within[axis.column]
        if axis is PAGES:
            low, high = np.log(np.maximum(value - 0.5, 0.25)), np.log(value + 0.5)
        elif axis is PACE:
            half = step / 2
            per = np.maximum(pages, 1)
            low, high = np.log1p(np.maximum(value - half, 0) / per), np.log1p((value + half) / per)
        elif axis is ACTIVITY:
            low = np.log(np.maximum(value, 0.5) / (pages + 0.5))
            high = np.log((value + 1) / (pages + 0.5))
        else:
            low, high = (value - 0.5) / np.maximum(pages, 1), (value + 0.5) / np.maximum(pages, 1)
        placed.append(low + part * (high - low))
    return np.column_stack(placed)
