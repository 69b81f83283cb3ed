"""A retrain asks first whether the previous segments still hold.

On a sample the number of segments is bistable where a kind is small or near another: a search
that begins anew each month would let it come and go. So the previous number stays unless most
samples of the new visits outvote it, and the previous segments stay if density valleys, or
shoulders, still stand between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from visitseg.segments.assignment.fit import Labels
from visitseg.segments.assignment.fitted import Fitted, raw_of
from visitseg.segments.density import shoulder
from visitseg.segments.density.merge import smallest
from visitseg.segments.identity import first_ids, match
from visitseg.segments.places import sample
from visitseg.segments.previous import Previous
from visitseg.segments.rest import Rest

VOTES = 7
# So many of the votes overrule the previous number of segments.
OUTVOTED = 5


@dataclass(frozen=True)
class Held:
    """The previous segments beyond the rules, found again among new visits.

    Attributes
    ----------
    labels : ndarray of shape (n_sample,)
        Group of each visit that the search went over, from 0 without gaps.
    k : int
        Number of groups.
    otherwise : int
        What the search alone would have answered.
    votes : int
        Votes for that.
    """

    labels: Labels
    k: int
    otherwise: int
    votes: int

    @property
    def sentence(self) -> str:
        """Why the previous segments were kept, where the search alone would not have."""
        if self.otherwise == self.k:
            return "The segments of the previous model still hold."
        return (
            f"The {self.k} segments beyond the rules are kept from the previous model: "
            f"{self.votes} of {VOTES} samples would have {self.otherwise}, and {OUTVOTED} are "
            "needed to change the number."
        )


def hold(rest: Rest, previous: Previous) -> Held | None:
    """Find the previous segments among new visits, if they still hold.

    Parameters
    ----------
    rest : Rest
        The visits beyond the rules, searched anew with `VOTES` votes.
    previous : Previous
        The model before.

    Returns
    -------
    Held or None
        None where the new answer counts: it is the same segmentation, it outvotes the previous
        one, or the previous one no longer holds.
    """
    applied = previous.applied
    if not isinstance(applied, Fitted) or applied.assigner is None or applied.space is None:
        return None
    anew = rest.search.tree
    votes = rest.search.supporters(anew.k)
    k = 1 if previous.bands else applied.assigner.k
    if anew.k != k and votes >= OUTVOTED:
        return None
    if k == 1:
        labels: Labels = np.zeros(len(rest.drawn.rows), dtype=np.int32)
    else:
        own = sample.take(rest.columns, rest.drawn.rows)
        scores = applied.assigner.scores(applied.space.place(own), raw_of(own, applied.space))
        labels = scores.argmax(axis=1).astype(np.int32)
    if anew.k == k and match(labels, anew.cut(k), first_ids(k), k, next_id=k + 1).same:
        return None
    return Held(labels, k, anew.k, votes) if still_apart(rest, labels, k) else None


def still_apart(rest: Rest, labels: Labels, k: int) -> bool:
    """Tell whether a valley, or a shoulder, parts every two groups, none of them too small.

    Parameters
    ----------
    rest : Rest
        The visits beyond the rules.
    labels : ndarray of shape (n_sample,)
        Groups of those that the search went over.
    k : int
        Number of groups.
    """
    if k > 1 and np.bincount(labels, minlength=k).min() < smallest(len(labels)):
        return False
    groups = [np.flatnonzero(labels == c) for c in range(k)]
    return all(
        shoulder.are_apart(rest.drawn, a, b, share=shoulder.KEPT)
        for a, b in combinations(groups, 2)
    )
