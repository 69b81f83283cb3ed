"""Does a valley owe to a single value? Then it parts no kinds.

A mode that one value carries (two pages, one second, as many hits as pages) is no kind of visit.
"""

from __future__ import annotations

from collections.abc import Container

import numpy as np

from visitseg.segments.density.valley import FEW, SIGNIFICANT, SURELY, Side, Valley, between
from visitseg.segments.places.atoms import none_is_apart
from visitseg.segments.places.sample import Counts

# As `SIGNIFICANT`, once a dip is shown and only its cause is asked for.
_STILL = 2.0
# A value that so many visits of a side bear may be an atom.
_FREQUENT = 0.2
# Below this ratio hardly anyone lies between the sides. A ratio of counts that many share heaps
# visits up beside such as have nearly the same; so it makes dips, but no gaps.
_EMPTY = 0.4
# So much emptier must it be between one page and the many that others see: many who see one page
# alone are often the many who break off.
_NOBODY = 0.15
# ... or so much with what a page count does not determine, if that makes it twice as empty.
_ALONE = 0.25
# If fewer of a side are left without it, the rest of them are no side of their own.
_LEFT = 0.1


def without_atoms(
    a: Side, b: Side, significant: float = SIGNIFICANT, counts: Counts | None = None
) -> Valley:
    """Look again without the values that either side owes much of its visits to.

    Where hardly any visits of a side are left without those that bear the value, the valley must
    show in what the value does not bear upon: on the axes that do not owe to it.

    Parameters
    ----------
    a, b : Side
        Either side; the first columns of `raw` are those of the axes, the next those of the ratios.
    significant : float
        Standard errors by which a dip must stand out; a dip that is only asked for its cause
        needs fewer.
    counts : Counts, optional
        Which axes are counts, and ratios of counts.

    Returns
    -------
    Valley
        The shallowest of the looks, each without one frequent value.
    """
    found = [between(a, b, significant=significant)]
    counts = counts or Counts()
    n_axes = len(a.mean)
    empty, ratios = found[0].ratio <= _EMPTY, {over for over, _ in counts.ratios}
    for side, other in ((a, b), (b, a)):
        frequent = _frequent(side)
        for column, value in frequent.items():
            if empty and _own(column, counts, n_axes) in ratios:
                continue
            axes = _free(column, frequent, counts, n_axes)
            if column == counts.pages and _is_apart(value, side, other, counts, axes):
                continue
            keep = a.raw[:, column] != value, b.raw[:, column] != value
            look = Valley()
            if min(rows.sum() - max(_LEFT * len(rows), FEW) for rows in keep) >= 0:
                look = between(a.kept(keep[0]), b.kept(keep[1]), significant=_STILL)
            elif axes:
                look = between(a.along(axes), b.along(axes), significant=significant)
            if look.ratio == 1:
                return look
            found.append(look)
    return max(found, key=lambda valley: valley.ratio)


def _is_apart(value: float, side: Side, other: Side, counts: Counts, free: list[int]) -> bool:
    """Tell whether one page, or none, is another thing than as many as the other side sees.

    To stay on one page is another thing than to see many, unless some see two or three; and than
    to see few, where hits or time are others, too: on page counts and the axes `free` of them
    hardly any visits lie between. Where such page counts are thinned, that cannot be told. To see
    none is another thing than to see one, unless a count would have as many of either.
    """
    if counts.pages is None or value > 1:
        return False
    middle = float(np.median(other.raw[:, counts.pages]))
    if middle < 0:  # no page, where that is no count: a place
        return True
    if {value, middle} == {0, 1}:
        raw = np.concatenate([side.raw, other.raw])
        return none_is_apart(
            raw[:, counts.pages], None if counts.hits is None else raw[:, counts.hits]
        )
    if any(value < count <= middle for count in counts.spikes):
        return False
    alone, together = [counts.pages], [counts.pages, *free]
    pages = between(side.along(alone), other.along(alone)).ratio
    if pages <= _NOBODY or value < 1:
        return pages <= _NOBODY
    more = between(side.along(together), other.along(together), significant=SURELY).ratio
    return more <= min(_ALONE, pages / 2)


def _free(column: int, frequent: Container[int], counts: Counts, n_axes: int) -> list[int]:
    """Return the axes that do not owe to the values of a column.

    A ratio owes to the number it divides by only where what is divided is shared, too: one page
    makes one distinct page, but may come with any number of hits.
    """
    bound = {_own(column, counts, n_axes)} | {
        over for over, under in counts.ratios if under == column and over in frequent
    }
    return [axis for axis in range(n_axes) if axis not in bound]


def _frequent(side: Side) -> dict[int, float]:
    """Return, by column, the value that much of a side bears."""
    found = {}
    for column, own in enumerate(side.raw.T):
        values, counts = np.unique(own, return_counts=True)
        if counts.max() >= _FREQUENT * side.n:
            found[column] = float(values[counts.argmax()])
    return found


def _own(column: int, counts: Counts, n_axes: int) -> int:
    """Return the axis that a column is the column or the ratio of."""
    if column < n_axes:
        return column
    divided = [over for over, _ in counts.ratios]
    return divided[column - n_axes] if column < n_axes + len(divided) else counts.pace or 0
