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
    """Say why: for machines, and in words, as `text` and its `paragraphs`.

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
        " ".join(_why(verdict, rows, ruled, k, n_votes, by_user, alike, bound, no_room)),
        f"{_next(verdict, runner['k'] - n_ruled, runner['k'])}: {runner['why_not']}"
        if runner
        else "",
        " ".join(change),
        held or "",
    ]
    paragraphs = [part for part in said if part]
    return {
        "rule": "set by the user" if by_user else "density valleys",
        "k": k,
        "k_distinct": n_ruled + verdict.k_strict,
        "k_auto": None if no_room else n_ruled + (bound.k_rest if bound else verdict.k_auto),
        "bound": {"name": bound.name, "value": bound.value} if bound else None,
        "grade": verdict.grade,
        "alike": alike,
        "rule_segments": dict(ruled),
        "stable_bands": list(verdict.stable),
        "votes": {row.k: row.votes for row in evidence if row.votes},
        "runner_up": runner,
        "would_change": change,
        "paragraphs": paragraphs,
        "text": " ".join(paragraphs),
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
) -> list[str]:
    """Return sentences."""
    rules = " and ".join(ruled)
    head = f"K = {k}: {sum(ruled.values())} by rule ({rules})" if ruled else f"K = {k}"
    strict = verdict.k_strict
    own = rows.get(strict)
    if own is None:
        return [f"{head}; every visit meets a rule."]
    beyond = _beyond(bool(ruled))
    if alike:
        return [f"{head}; the visits{beyond} do not differ, so there is nothing to cut."]
    agree = f"{own.votes} of {n_votes} random samples of the visits answer the same."
    if bound:
        found = [f"{_bounded(bound, strict, beyond, n_votes, sum(ruled.values()))}."]
    elif strict > 1:
        found = [f"{strict} kinds{beyond}.", *_parted(rows, strict), agree]
    else:
        unstable = verdict.grade == "none" and not by_user and len(rows) > 1
        found = [
            f"the visits{beyond} are one continuum: wherever one cuts them, visits are not clearly "
            "rarer at the cut than beside it"
            f"{', and no number of bands within the bounds of K is stable' if unstable else ''}.",
            agree,
        ]
    if by_user:
        found[0] = f"data themselves say K = {sum(ruled.values()) + verdict.k_auto}: {found[0]}"
        if verdict.k_auto > strict:
            found.append(f"They would be cut into {verdict.k_auto} bands, which come out alike.")
        return [f"{head}, as the user set it.", *_set(rows[verdict.k_rest], found, no_room)]
    if verdict.k_rest > strict:
        row = rows[verdict.k_rest]
        bands = (
            f"It is cut into {verdict.k_rest} bands, which come out alike again (prediction "
            f"strength {row.prediction_strength:.2f}, weakest Jaccard {row.jaccard:.2f}): useful, "
            "but not kinds of their own."
        )
        return [f"{head}.", f"{found[0][0].upper()}{found[0][1:]}", *found[1:], bands]
    return [f"{head}{';' if ruled else ':'} {found[0]}", *found[1:]]


def _set(row: Evidence, found: Sequence[str], no_room: Sequence[str]) -> list[str]:
    """Say what the data say, and how well the K that the user set does."""
    whose = (
        f"It leaves no room for the rule {' and '.join(no_room)}; without that, the"
        if no_room
        else "The"
    )
    told = [f"{whose} {found[0]}", *found[1:]]
    if row.k_rest < 2:
        return told
    return [
        *told,
        "For the K that was set, k-means has a prediction strength of "
        f"{row.prediction_strength:.2f} and its weakest group a Jaccard index of "
        f"{row.jaccard:.2f}; the shallowest valley is {row.valley:.0%} of its lower peak.",
    ]


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


def _parted(rows: Mapping[int, Evidence], strict: int) -> list[str]:
    """Say what tells the kinds apart."""
    own = rows[strict]
    small = sum(rows[k].shoulder > 0 for k in range(2, strict + 1))
    said = []
    if small < strict - 1:
        them = f"{strict - small} of them" if small else "them"
        said.append(
            f"Between any two of {them} visits are rare (a density valley): at the least clear "
            f"border {own.valley:.0%} of what they are at the lower peak beside it, where "
            f"{DEEP:.0%} is the limit."
        )
    if small:
        said.append(
            f"{'A small kind stands' if small == 1 else f'{small} small kinds stand'} on the flank "
            "of a larger one: there visits grow rarer, hold, and grow rarer again (a shoulder of "
            f"the density), by {own.shoulder:.1f} standard errors"
            f"{' at the least clear' if small > 1 else ''}, where {SIGNIFICANT:.0f} are needed "
            f"({SURELY:.0f} for a kind of {LARGE:.0%} or more)."
        )
    return said
