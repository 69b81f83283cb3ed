"""Does a valley owe to a single value? Then it parts no kinds.

A mode that one value carries (two pages, one second, as many hits as pages) is no kind of visit.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from visitseg.segments.density.valley import FEW, SIGNIFICANT, Side, Valley, between

# Per column of values that may be atoms: the axes that do not owe to it.
Free = Sequence[tuple[int, ...]]

# As `SIGNIFICANT`, once a dip is shown and only its cause is asked for.
_STILL = 2.0
# A value that so many visits of a side bear may be an atom.
_FREQUENT = 0.2
# If fewer of a side are left without it, the rest of them are no side of their own.
_LEFT = 0.1


def without_atoms(a: Side, b: Side, significant: float = SIGNIFICANT, free: Free = ()) -> Valley:
    """Look again without the values that either side owes much of its visits to.

    Where hardly any visits of a side are left without those that bear the value, the valley must
    show in what the value does not bear upon: on the axes that do not owe to it.

    Parameters
    ----------
    a, b : Side
        Either side.
    significant : float
        Standard errors by which a dip must stand out; a dip that is only asked for its cause
        needs fewer.
    free : sequence of tuple of int
        Per column of `raw`: the axes that do not owe to it.

    Returns
    -------
    Valley
        The shallowest of the looks, each without one frequent value.
    """
    found = [between(a, b, significant=significant)]
    for side in (a, b):
        for column, value in _frequent(side).items():
            keep = a.raw[:, column] != value, b.raw[:, column] != value
            look, axes = Valley(), free[column] if free else ()
            if min(rows.sum() - max(_LEFT * len(rows), FEW) for rows in keep) >= 0:
                look = between(a.kept(keep[0]), b.kept(keep[1]), significant=_STILL)
            elif axes:
                look = between(a.along(axes), b.along(axes), significant=significant)
            if look.ratio == 1:
                return look
            found.append(look)
    return max(found, key=lambda valley: valley.ratio)


def _frequent(side: Side) -> dict[int, float]:
    """Return, by column, the value that much of a side bears."""
    found = {}
    for column, own in enumerate(side.raw.T):
        values, counts = np.unique(own, return_counts=True)
        if counts.max() >= _FREQUENT * side.n:
            found[column] = float(values[counts.argmax()])
    return found
