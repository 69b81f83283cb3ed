"""What a segment is, besides its numbers: id, name, evidence, size and centre."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Segment:
    """What a segment is, besides its numbers.

    Attributes
    ----------
    id : str
        "s1", "s2" …: persistent, never given to another segment.
    name : str
        What people call it.
    kind : str or None
        rule, distinct, band or rest; None under preset `baseline`.
    grade : str or None
        distinct, usable or doubtful.
    because : str
        The evidence for the name, one sentence.
    n : int
        Visits of the training data.
    share : float
        Of the training data, between 0 and 1.
    center : mapping of str to float or None
        Mean of the known values of every feature, in its own unit.
    """

    id: str
    name: str
    kind: str | None
    grade: str | None
    because: str
    n: int
    share: float
    center: Mapping[str, float | None]
