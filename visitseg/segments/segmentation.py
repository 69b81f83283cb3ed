"""What preset `auto` found: segments to work with, and all that speaks for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from visitseg.segments.assignment.fit import Labels
from visitseg.segments.assignment.fitted import Assigned, Fitted
from visitseg.segments.candidates import Candidate
from visitseg.segments.choice.evidence import Evidence
from visitseg.segments.places.transform import Matrix
from visitseg.segments.previous import Identity


@dataclass(frozen=True)
class Segmentation:
    """What preset `auto` found.

    Attributes
    ----------
    fitted : Fitted
        The segments to work with.
    found : Assigned
        Segment, distance and margin of every visit.
    distinct_labels : ndarray of shape (n_visits,)
        The strict answer: rule segments and density-verified segments.
    kinds : tuple of str
        rule, distinct, band or rest, per cluster of `fitted`.
    grades : tuple of str
        distinct, usable or doubtful, per cluster.
    jaccards : ndarray of shape (k,)
        How well each segment is found again; 1 for rule segments.
    grade : str
        distinct, graded or none: of the visits beyond the rules.
    sizes : ndarray of shape (k,)
        Visits of each cluster.
    evidence : list of Evidence
        One per K.
    decision : dict
        Why this K, the runner-up, what would change the answer; `text` says it as a paragraph.
    contributions : dict
        Axis -> its share in the squared distances between the visits beyond the rules.
    atoms : dict
        Column -> values that spike, and count as unknown on its axis.
    looked_at : tuple of int
        Visits that the indices of K are measured on, and visits beyond the rules.
    candidates : callable
        Returns what each K would give: a list of Candidate, made when it is asked for.
    """

    fitted: Fitted
    found: Assigned
    distinct_labels: Labels
    kinds: tuple[str, ...]
    grades: tuple[str, ...]
    jaccards: Matrix
    grade: str
    sizes: npt.NDArray[np.int64]
    evidence: list[Evidence]
    decision: dict[str, Any]
    contributions: dict[str, float]
    atoms: dict[str, list[float]]
    looked_at: tuple[int, int]
    candidates: Callable[[], list[Candidate]]
    identity: Identity

    @property
    def k_final(self) -> int:
        """Number of segments to work with."""
        return self.fitted.k

    def by_family(self, families: Mapping[str, str]) -> dict[str, float]:
        """Add the contributions of axes up by the families of their columns."""
        space, found = self.fitted.space, dict[str, float]()
        for name, column in zip(space.names, space.columns, strict=True) if space else ():
            family = families.get(column, column)
            found[family] = found.get(family, 0.0) + self.contributions[name]
        return found

    @property
    def ids(self) -> tuple[str, ...]:
        """Segment id of each cluster."""
        return self.identity.ids
