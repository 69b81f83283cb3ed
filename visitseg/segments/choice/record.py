"""The record of the decision: why this K, for machines and as a paragraph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from visitseg.segments.choice.decide import Bound, Verdict
from visitseg.segments.choice.evidence import Evidence
from visitseg.segments.choice.otherwise import runner_up, what_would_change
from visitseg.segments.density.shoulder import SIGNIFICANT
from visitseg.segments.density.valley import DEEP, LARGE, SURELY


def record(
    verdict: Verdict,
    evidence: Sequence[Evidence],
    ruled: Mapping[str, int],
    n_votes: int,
    *,
    by_user: bool,
    held: str | None = None,
    alike: bool = False,
    bound: Bound | None = None,
    no_room: Sequence[str] = (),
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
    bound : Bound, optional
        What the answer had to give way to.
    no_room : sequence of str
        Rules that the user's K leaves no room for.
    """
    n_ruled = sum(ruled.values())
    rows = {row.k_rest: row for row in evidence}
    k = n_ruled + verdict.k_rest
    runner = None if bound else runner_up(verdict.k_strict, rows, n_ruled)
    change = (
        [f"Without {bound.name} = {bound.value} it would be K = {n_ruled + bound.k_rest}."]
        if bound
        else what_would_change(verdict.k_strict, rows, n_votes)
    )
    said = [
        _why(verdict, rows, ruled, k, n_votes, by_user, alike, bound, no_room),
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
    by_user: bool,
    alike: bool,
    bound: Bound | None,
    no_room: Sequence[str],
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
    if bound:
        found = _bounded(bound, strict, beyond, n_votes, sum(ruled.values()))
    elif strict > 1:
        found = f"{_parted(rows, strict, beyond)}; {agree}"
    else:
        found = (
            f"the visits{beyond} are one continuum: wherever one cuts them, visits are "
            f"not clearly rarer at the cut than beside it; {agree}"
        )
    if by_user:
        row = rows[verdict.k_rest]
        whose = (
            f"It leaves no room for the rule {' and '.join(no_room)}; without that, the"
            if no_room
            else "The"
        )
        told = (
            f"{head}, as the user set it. {whose} data themselves say K = "
            f"{sum(ruled.values()) + strict}: {found}."
        )
        if verdict.k_rest < 2:
            return told
        return (
            f"{told} For the K that was set, k-means has a prediction strength of "
            f"{row.prediction_strength:.2f} and its weakest group a Jaccard index of "
            f"{row.jaccard:.2f}; the shallowest valley is {row.valley:.0%} of its lower peak."
        )
    if verdict.k_rest > strict:
        row = rows[verdict.k_rest]
        return (
            f"{head}. {found[0].upper()}{found[1:]}. It is cut into {verdict.k_rest} bands, which "
            "come out alike again (prediction strength "
            f"{row.prediction_strength:.2f}, weakest Jaccard {row.jaccard:.2f}): useful, but not "
            "kinds of their own."
        )
    if strict == 1 and verdict.grade == "none" and not bound and len(rows) > 1:
        found += ", and no number of bands within the bounds of K is stable"
    return f"{head}; {found}."


def _bounded(bound: Bound, strict: int, beyond: str, n_votes: int, n_ruled: int) -> str:
    """Say what the data say, and what it gave way to."""
    found = (
        f"the visits{beyond} fall into {bound.k_rest} kinds, so that the data themselves say K = "
        f"{n_ruled + bound.k_rest} ({bound.votes} of {n_votes} random samples answer the same), "
    )
    if bound.name == "k_min":
        return f"{found}fewer than k_min = {bound.value} asks for: they are left in one"
    left = f"{strict} of them, the deepest valleys apart" if strict > 1 else "one"
    return f"{found}but k_max = {bound.value} leaves room for {left}"


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
