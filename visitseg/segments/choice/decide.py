"""The decision: which K, which grade, and the record that says why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from visitseg.errors import SegmentError
from visitseg.segments.choice.evidence import Evidence
from visitseg.segments.choice.otherwise import runner_up, what_would_change
from visitseg.segments.choice.stability import Cut
from visitseg.segments.density.shoulder import SIGNIFICANT
from visitseg.segments.density.valley import DEEP, LARGE, SURELY

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


def record(
    verdict: Verdict,
    evidence: Sequence[Evidence],
    ruled: Mapping[str, int],
    n_votes: int,
    *,
    by_user: bool,
    held: str | None = None,
    alike: bool = False,
) -> dict[str, Any]:
    """Say why: for machines, and as a paragraph under `text`.

    Parameters
    ----------
    verdict : Verdict
        The answer.
    evidence : sequence of Evidence
        One row per K.
    ruled : mapping of str to int
        Rule -> number of its segments.
    n_votes : int
        Random samples that voted.
    by_user : bool
        The user gave K.
    held : str, optional
        Why the segments of the previous model were kept, if they were.
    alike : bool
        The visits beyond the rules do not differ at all.
    """
    n_ruled = sum(ruled.values())
    rows = {row.k_rest: row for row in evidence}
    k = n_ruled + verdict.k_rest
    runner = runner_up(verdict.k_strict, rows, n_ruled)
    change = what_would_change(verdict.k_strict, rows, n_votes)
    said = [
        _why(verdict, rows, ruled, k, n_votes, by_user=by_user, alike=alike),
        f"{_next(verdict, runner['k'] - n_ruled, runner['k'])}: {runner['why_not']}"
        if runner
        else "",
        *change,
        held or "",
    ]
    return {
        "rule": "set by the user" if by_user else "density valleys",
        "k": k,
        "k_distinct": n_ruled + verdict.k_strict,
        "grade": verdict.grade,
        "alike": alike,
        "rule_segments": dict(ruled),
        "stable_bands": list(verdict.stable),
        "votes": {row.k: row.votes for row in evidence if row.votes},
        "runner_up": runner,
        "would_change": change,
        "text": " ".join(part for part in said if part),
    }


def _next(verdict: Verdict, k_rest: int, k: int) -> str:
    if k_rest == verdict.k_rest > verdict.k_strict:  # as many kinds as there are bands
        return f"To call the {k_rest} bands kinds of their own was the next best answer"
    kinds = f"{k_rest} distinct kind{'s' if k_rest != 1 else ''}{_beyond(k > k_rest)}"
    return f"The next best answer is {kinds} (K = {k})"


def _why(
    verdict: Verdict,
    rows: Mapping[int, Evidence],
    ruled: Mapping[str, int],
    k: int,
    n_votes: int,
    *,
    by_user: bool,
    alike: bool,
) -> str:
    rules = " and ".join(ruled) or "no rule"
    head = f"K = {k}: {sum(ruled.values())} by rule ({rules})" if ruled else f"K = {k}"
    strict = verdict.k_strict
    own = rows.get(strict)
    if own is None:
        return f"{head}; every visit meets a rule."
    beyond = _beyond(bool(ruled))
    if alike:
        return f"{head}; the visits{beyond} do not differ, so there is nothing to cut."
    agree = f"{own.votes} of {n_votes} random samples of the visits answer the same"
    if strict > 1:
        found = f"{_parted(rows, strict, beyond)}; {agree}"
    else:
        found = (
            f"the visits{beyond} are one continuum: wherever one cuts them, visits are "
            f"no rarer at the cut than beside it; {agree}"
        )
    if by_user:
        row = rows[verdict.k_rest]
        return (
            f"{head}, as the user set it. The data themselves say K = "
            f"{sum(ruled.values()) + strict}: {found}. For the K that was set, prediction "
            f"strength is {row.prediction_strength:.2f}, the weakest segment's Jaccard "
            f"{row.jaccard:.2f}, the shallowest valley {row.valley:.0%} of its lower peak."
        )
    if verdict.k_rest > strict:
        row = rows[verdict.k_rest]
        return (
            f"{head}. {found[0].upper()}{found[1:]}. It is cut into {verdict.k_rest} bands, which "
            "come out alike again (prediction strength "
            f"{row.prediction_strength:.2f}, weakest Jaccard {row.jaccard:.2f}): useful, but not "
            "kinds of their own."
        )
    if strict == 1 and verdict.grade == "none":
        found += ", and no way of cutting it into bands is stable"
    return f"{head}; {found}."


def _beyond(ruled: bool) -> str:
    """Say of which visits something was found, where rules take some of them."""
    return " beyond the rules" if ruled else ""


def _parted(rows: Mapping[int, Evidence], strict: int, beyond: str) -> str:
    """Say what tells the kinds apart."""
    own = rows[strict]
    small = sum(rows[k].shoulder > 0 for k in range(2, strict + 1))
    valley = (
        f"visits are rare (a density valley): at the least clear border {own.valley:.0%} of what "
        f"they are at the lower peak beside it, where {DEEP:.0%} is the limit"
    )
    shoulder = (
        f"{'a small kind stands' if small == 1 else f'{small} small kinds stand'} on the flank of "
        "a larger one: there visits grow rarer, hold, and grow rarer again (a shoulder of the "
        f"density), by {own.shoulder:.1f} standard errors"
        f"{' at the least clear' if small > 1 else ''}, where "
        f"{SIGNIFICANT:.0f} are needed, and {SURELY:.0f} of a kind of {LARGE:.0%} or more"
    )
    if not small:
        return f"{strict} kinds{beyond}, and between any two of them {valley}"
    if small == strict - 1:
        return f"{strict} kinds{beyond}: {shoulder}"
    return (
        f"{strict} kinds{beyond}; between any two of {strict - small} of them {valley}; {shoulder}"
    )
