"""Atoms: single values that hold far more visits than the values around them.

A time clipped at 1 s, a cap at six hours, a page count that a redirect gives to everybody: on a
log axis each is a sharp mode, and none is a kind of visit. While the segments are found, only as
many visits with such a value are looked at as the values around it lead to expect; afterwards the
value counts as unknown, and its visits are assigned by what else is known of them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]

# A value is an atom if it holds so many times what the values around it lead to expect ...
_EXCESS = 3.0
# ... and this share of the visits, and so many visits.
SHARE = 0.003
FEW = 30
# More values than this that spike are the grid of a clock, and none an exception.
_GRID = 12
# More values than this that spike side by side are the mode of a narrow distribution.
_WIDEST = 4
# Visits with none over visits with one: fewer are the end of a count.
_NONE_TO_ONE = 0.25
_TWO = 2
# How far "around" reaches, on the log scale.
_REACH = 0.5
# How wide the cell of a value that is not rounded is on its axis.
_CELL = 0.02


def find_atoms(
    values: Values, step: float, *, longest: int = 1, per: float | None = None
) -> dict[float, float]:
    """Find the values that spike.

    Parameters
    ----------
    values : ndarray of shape (n_visits,)
        Counts or times, at least 0; NaN is unknown.
    step : float
        Distance of neighbouring values: 1 for counts, the clock's step for times; 0 for times
        that are not rounded (the cell of a value is then one second).
    per : float, optional
        Take log1p(value / per) as the scale that neighbours are near on; default: log(value).
    longest : int
        So many spikes may stand side by side and hide each other (times clipped at 0 and at 1).

    Returns
    -------
    dict
        Value -> share of its visits that the values around it lead to expect, under 1/3.
    """
    known = values[np.isfinite(values)]
    if not len(known):
        return {}
    step = step or 1.0
    distinct, counts = np.unique(known, return_counts=True)
    suspects = np.flatnonzero(counts >= max(FEW, SHARE * len(known)))
    edges = np.maximum(distinct - step / 2, 0), distinct + step / 2
    low, high = (
        [np.log(np.maximum(edge, step / 4)) for edge in edges]
        if per is None
        else [np.log1p(edge / per) for edge in edges]
    )
    atoms: dict[int, float] = {}
    for _ in range(2):  # again, without the spikes of the first look among the neighbours
        ordinary = counts.astype(float)
        ordinary[list(atoms)] = 0
        below = np.concatenate([[0.0], np.cumsum(ordinary)])
        found: dict[int, float] = {}
        for run in _runs(suspects, longest):
            first, last = run[0], run[-1]
            width = float((high[run] - low[run]).sum())
            reach = max(_REACH, 1.01 * width)
            before = np.searchsorted(high, low[first] - reach), first
            after = last + 1, np.searchsorted(low, high[last] + reach)
            around = max(below[b] - below[a] if b > a else 0.0 for a, b in (before, after)) / reach
            expected = around * width / float(counts[run].sum())
            if expected * _EXCESS < 1:
                found |= dict.fromkeys(run, expected)
        if found.keys() == atoms.keys():
            break
        atoms = found
    at = np.array(sorted(atoms), dtype=np.intp)
    single = [
        run for run in np.split(at, np.flatnonzero(np.diff(at) > 1) + 1) if len(run) <= _WIDEST
    ]
    kept = [int(i) for run in single for i in run]
    return {} if len(kept) > _GRID else {float(distinct[i]): atoms[i] for i in kept}


def none_is_apart(counts: Values, of: Values | None = None) -> bool:
    """Tell whether to have none is something else than to have few.

    Counts at a rate of its own for each visit, whatever the rates, obey p(1)² ≤ 2 p(0) p(2): by
    the inequality of Cauchy and Schwarz, as k! p(k) = E[rate^k exp(-rate)]. A binomial count of n
    exceeds that n / (n - 1) times.

    Parameters
    ----------
    counts : ndarray of shape (n_visits,)
        NaN is unknown.
    of : ndarray of shape (n_visits,), optional
        What is counted is some of these. Where there is one, nobody can have two, and to have none
        says only of which sort the one is; so such visits tell nothing.
    """
    if of is not None:
        counts = counts[of >= _TWO]
    none, one, two = (float((counts == value).sum()) for value in (0, 1, _TWO))
    enough = none >= max(FEW, SHARE * np.isfinite(counts).sum(), _NONE_TO_ONE * one)
    return bool(enough and one**2 > _EXCESS * 2 * none * two)


def find_spikes(values: Values, places: Values) -> dict[float, float]:
    """Find the values that spike on an axis whose values are not rounded.

    Parameters
    ----------
    values, places : ndarray of shape (n_visits,)
        In their own unit, and on the axis; NaN is unknown.

    Returns
    -------
    dict
        As of `find_atoms`.
    """
    known = np.isfinite(places)
    distinct, first, counts = np.unique(places[known], return_index=True, return_counts=True)
    below = np.concatenate([[0], np.cumsum(counts)])
    atoms = {}
    for i in np.flatnonzero(counts >= max(FEW, SHARE * known.sum())):
        low, high = np.searchsorted(distinct, distinct[i] + np.array([-_REACH, _REACH]))
        around = max(below[i] - below[low], below[high] - below[i + 1]) / _REACH
        expected = float(around * _CELL / counts[i])
        if expected * _EXCESS < 1:
            atoms[float(values[known][first[i]])] = expected
    return atoms


def _runs(suspects: npt.NDArray[np.intp], longest: int) -> list[list[int]]:
    """Every run of up to `longest` neighbouring suspects."""
    return [
        [int(i) for i in suspects[a : a + length]]
        for length in range(1, longest + 1)
        for a in range(len(suspects) - length + 1)
        if suspects[a + length - 1] - suspects[a] == length - 1
    ]
