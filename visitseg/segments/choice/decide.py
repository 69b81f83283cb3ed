"""The decision: which K, and which grade."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from visitseg.errors import SegmentError
from visitseg.segments.choice.stability import Cut

# Bands are offered only where they come out alike again.
STRENGTH = 0.9
JACCARD = 0.75
# Smaller bands than this share of the visits beyond the rules are no help.
BAND_SHARE = 0.03


@dataclass(frozen=True)
class Verdict:
    """The answer.

    Attributes
    ----------
    grade : str
        distinct, graded or none, of the visits beyond the rules.
    k_rest : int
        Segments to work with, beyond the rules.
    k_strict : int
        Density-verified segments beyond the rules; 1 where they are one continuum, 0 where no
        visit lies beyond the rules.
    stable : tuple of int
        Numbers of stable bands.
    """

    grade: str
    k_rest: int
    k_strict: int
    stable: tuple[int, ...]


@dataclass(frozen=True)
class Bound:
    """A bound that keeps the data's own answer from being given.

    Attributes
    ----------
    name : str
        k_min or k_max.
    value : int
        Its value.
    k_rest : int
        Density-verified segments beyond the rules without it.
    votes : int
        Random samples that answer as much.
    """

    name: str
    value: int
    k_rest: int
    votes: int


def decide(
    cuts: Sequence[Cut],
    k_strict: int,
    n_ruled: int,
    *,
    k: int | None,
    k_min: int,
    k_max: int,
    cut_bands: bool,
    bands_before: int = 0,
) -> Verdict:
    """Weigh the evidence.

    Parameters
    ----------
    cuts : sequence of Cut
        k-means with 1, 2 … groups beyond the rules.
    k_strict : int
        Density-verified segments beyond the rules.
    n_ruled : int
        Rule segments.
    k : int, optional
        The K that the user gives; it is obeyed.
    k_min, k_max : int
        Bounds of K with bands.
    cut_bands : bool
        Whether a continuum is cut into bands.
    bands_before : int
        Bands of the previous model: their number stays while it is stable.

    Raises
    ------
    SegmentError
        There are fewer distinct visits than `k` asks for.
    """
    stable = tuple(
        cut.k
        for cut in cuts
        if cut.k > 1
        and k_min <= cut.k + n_ruled <= k_max
        and cut.prediction_strength >= STRENGTH
        and cut.jaccard >= JACCARD
        and not cut.time_split < JACCARD
        and cut.smallest >= BAND_SHARE
    )
    grade = "distinct" if k_strict > 1 else "graded" if stable else "none"
    if k is not None:
        most = n_ruled + max((cut.k for cut in cuts), default=0)
        if not n_ruled + min(k_strict, 1) <= k <= most:
            raise SegmentError(
                f"K = {k} is not possible: these visits allow {most:,} segments at most",
                where="--k-final",
                evidence=[f"rule segments: {n_ruled}; distinct places beyond: {most - n_ruled:,}"],
                do="Lower it, or leave it to auto.",
            )
        return Verdict(grade, k - n_ruled, k_strict, stable)
    banded = grade == "graded" and cut_bands
    if not banded:
        return Verdict(grade, k_strict, k_strict, stable)
    k_rest = bands_before if bands_before in stable else max(stable)
    return Verdict(grade, k_rest, k_strict, stable)
