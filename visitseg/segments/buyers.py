"""Converted visits: a segment, an outcome of another segment, or several by what they spent."""

from __future__ import annotations

import numpy as np

from visitseg.segments.assignment.assign import Assigner, learn
from visitseg.segments.assignment.fitted import Buyers, log_revenue, raw_of
from visitseg.segments.density.merge import bhattacharyya, fine_pieces, merge
from visitseg.segments.density.valley import Side
from visitseg.segments.places import chance, sample
from visitseg.segments.places.axes import Columns
from visitseg.segments.places.space import Space
from visitseg.segments.places.transform import Matrix

# Orders are an outcome of a segment that holds so much of the orders ...
_HOLDS = 0.75
# ... and where so many of its visits end in one ...
_CONVERTS = 0.25
# ... and whose buyers behave like its other visits.
_ALIKE = 0.3
_ENOUGH = 200
# Prices cluster; a split of buyers needs a deep valley, and a clear one.
_DEEP = 0.5
_SIGNIFICANT = 3.5
_MOST = 2


def is_outcome(space: Space, assigner: Assigner, beyond: Columns, bought: Columns) -> bool:
    """Tell whether an order is what happens to one segment, rather than a kind of visit.

    Parameters
    ----------
    space, assigner
        The segments of the visits beyond the rules.
    beyond, bought : mapping of str to ndarray
        Features of the visits beyond the rules, and of the visits with an order.
    """
    sides = []
    for columns in (beyond, bought):
        places = space.place(columns)
        labels = assigner.scores(places, raw_of(columns, space)).argmax(axis=1)
        sides.append((places, labels))
    (others, their), (buyers, own) = sides
    counts = np.bincount(own, minlength=assigner.k)
    top = int(counts.argmax())
    alike = int((their == top).sum())
    if counts[top] < _HOLDS * len(own) or counts[top] < _CONVERTS * (counts[top] + alike):
        return False
    near: list[Matrix] = [buyers[own == top], others[their == top]]
    near = [places[np.isfinite(places).all(axis=1)] for places in near]
    if min(map(len, near)) < 2:
        return False
    bought_there, not_bought = (Side.of(places, places) for places in near)
    return bool(bhattacharyya(bought_there, [not_bought])[0] < _ALIKE)


def split_buyers(bought: Columns) -> Buyers | None:
    """Cut converted visits by revenue where a deep valley shows two kinds; else return None."""
    spent = bought.get("transaction_revenue")
    if spent is None:
        return None
    spent = np.sort(spent[np.nan_to_num(spent) > 0])
    spent = spent[sample.spread_rows(len(spent), sample.LARGEST)][:, None]
    if len(spent) < _ENOUGH:
        return None
    places = log_revenue(spent)
    tree = merge(places, fine_pieces(places, chance.fixed()), spent, _DEEP, _SIGNIFICANT)
    if tree.k != _MOST:
        return None
    return Buyers(learn(places, spent, [()], places, tree.cut(_MOST)))
