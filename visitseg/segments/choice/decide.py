"""The decision: which K, and which grade."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from visitseg.errors import SegmentError
from visitseg.segments.choice.stability import MOST, Cut

# Bands are offered only where they come out alike again.
STRENGTH = 0.9
JACCARD = 0.75
# Smaller bands than this share of the visits beyond the rules, or of so many visits, are no help.
BAND_SHARE = 0.03
BAND_VISITS = 10


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
    k_auto : int
        As `k_rest`, if the user had not given K.
    """

    grade: str
    k_rest: int
    k_strict: int
    stable: tuple[int, ...]
    k_auto: int


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
    most: int,
    cut_bands: bool,
    bounded: bool = False,
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
    most : int
        Segments beyond the rules that a user may ask for.
    cut_bands : bool
        Whether a continuum is cut into bands.
    bounded : bool
        There are more kinds than the bounds of K allow.
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
        and cut.smallest_n >= BAND_VISITS
    )
    grade = "distinct" if k_strict > 1 or bounded else "graded" if stable else "none"
    k_auto = k_strict
    if grade == "graded" and cut_bands:
        k_auto = bands_before if bands_before in stable else max(stable)
    if k is None:
        return Verdict(grade, k_auto, k_strict, stable, k_auto)
    if not n_ruled + min(k_strict, 1) <= k <= n_ruled + most:
        raise SegmentError(
            f"K = {k} is not possible: these visits allow {n_ruled + most:,} segments at most",
            where="--k-final",
            evidence=[
                f"rule segments: {n_ruled}; beyond: {most:,}"
                f"{', as many as are measured' if most == MOST else ' different visits'}"
            ],
            do=f"Lower it to {n_ruled + most}, or leave it to auto.",
        )
    return Verdict(grade, k - n_ruled, k_strict, stable, k_auto)
