"""Other numbers of segments: what each would give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from visitseg.segments.assignment.fit import Labels
from visitseg.segments.assignment.fitted import Fitted, raw_of
from visitseg.segments.choice.stability import Cut
from visitseg.segments.rest import Rest


@dataclass(frozen=True)
class Candidate:
    """One K: the visits beyond the rules as it would cut them.

    Attributes
    ----------
    k : int
        Number of segments, rule segments included.
    k_rest : int
        Segments beyond the rules.
    rows : ndarray of shape (n_looked,)
        Rows of the table that were looked at; the same for every K.
    labels : ndarray of shape (n_looked,)
        Their segments, 0 … k_rest - 1; for the chosen K in the order of its clusters.
    chosen : bool
        Whether this is the K to work with.
    """

    k: int
    k_rest: int
    rows: npt.NDArray[np.intp]
    labels: Labels
    chosen: bool


def candidates(
    rest: Rest, cuts: Sequence[Cut], fitted: Fitted, k_strict: int, n_ruled: int
) -> list[Candidate]:
    """Cut the visits beyond the rules by every K, as a user who sets K would get them.

    Parameters
    ----------
    rest : Rest
        The visits beyond the rules.
    cuts : sequence of Cut
        k-means with 1, 2 … groups.
    fitted : Fitted
        The chosen segments.
    k_strict : int
        Up to so many segments the deepest valleys part them; beyond, k-means does.
    n_ruled : int
        Rule segments.
    """
    places, raw = rest.space.place(rest.columns), raw_of(rest.columns, rest.space)
    found = []
    with threadpool_limits(limits=1):
        for cut in cuts:
            chosen = fitted.assigner is not None and cut.k == fitted.assigner.k
            assigner = (
                fitted.assigner
                if chosen and fitted.assigner is not None
                else (rest.distinct(cut.k) if cut.k <= k_strict else rest.bands(cut)).assigner
            )
            labels = assigner.scores(places, raw).argmax(axis=1).astype(np.int32)
            found.append(Candidate(n_ruled + cut.k, cut.k, rest.rows, labels, chosen))
    return found
