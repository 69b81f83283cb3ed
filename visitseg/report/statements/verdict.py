"""How sure we are: the grade, and what it means."""

from __future__ import annotations

from visitseg.report.folder import Record, RunFolder, Segment
from visitseg.report.statements.evidence import evidence_of
from visitseg.report.wording import features, words

_SURE, _USABLE = 0.85, 0.75
"""From which share of its visits on a segment comes back well, and well enough to be used."""

_NAMED = 3


def how_sure(run: RunFolder) -> tuple[str, str] | None:
    """Say how sure we are: a short head, and what it means.

    Parameters
    ----------
    run : RunFolder
        The run.

    Returns
    -------
    tuple of (str, str) or None
        None without segments.
    """
    k, grade = run.report.get("k_final"), run.report.get("grade")
    if not k:
        return None
    if grade is None:
        rule = _decision(run).get("rule") or "set by the preset"
        return (
            f"K was set to {k} {rule.removeprefix('set ')}.",
            "The baseline preset gives no verdict on whether the groups are real. It always cuts "
            "the visits into K parts, with or without gaps between them: read them as parts, "
            "not as kinds of visits.",
        )
    auto = _decision(run).get("k_auto", _decision(run).get("k_distinct"))
    said = f" Left to themselves, the data answer {auto}." if auto not in (None, k) else ""
    if set_by_user(run):
        return f"K was set to {k} by the user.", f"Whether it fits is under Evidence.{said}"
    if limit := bound(run):
        return "There are more groups than these.", f"{limit} keeps them together.{said}"
    weakest = min(run.beyond, key=_again, default=None)
    same = f"{words.share(_again(weakest) if weakest else 1.0)} the same"
    if grade == "distinct":
        unsure = [s for s in run.beyond if _again(s) < _USABLE]
        head = "Groups with gaps, not all of them sure." if unsure else "Real groups."
        return head, f"{_gaps(run)}{_redrawn(run, weakest, same, unsure)}"
    if grade == "graded":
        border = (
            f"But {_bands(run)} shade into each other: "
            f"their border{'s are' if len(run.beyond) > 2 else ' is'} a convention."
            if len(run.beyond) > 1
            else "The rest is one continuum; its bands were not asked for."
        )
        return (
            "Useful bands, not separate species.",
            f"Draw the data again and the same segments come back, {same}. {border}",
        )
    if run.rules and not run.beyond:
        return "Every visit meets a rule.", "None is left to look for groups in: use the rules."
    if alike(run):
        which = "other visits" if run.rules else "visits"
        return "There is nothing to cut.", f"The {which} do not differ in what was looked at."
    use = "Use the rules, or compare" if run.rules else "Compare"
    return (
        "We found no groups beyond the rules." if run.rules else "We found no groups.",
        f"Any {'further ' if run.rules else ''}cut would be arbitrary: there is no gap to cut at, "
        f"and no cut came back in every test. {use} visits along {_widest(run)}.",
    )


def _again(segment: Segment) -> float:
    return float(segment.profile.get("jaccard") or 0)


def _gaps(run: RunFolder) -> str:
    """Say what parts the segments."""
    gap = "Between every two segments there is a gap with few visits"
    if evidence_of(run, int(run.report["k_final"])).get("shoulder"):
        gap += ", or the smaller one stands out on the flank of the larger"
    return gap


def _redrawn(run: RunFolder, weakest: Segment | None, same: str, unsure: list[Segment]) -> str:
    """Go on with what comes back when the data are drawn again, and what not to build on."""
    if weakest is None or _again(weakest) >= _SURE:
        return f", and drawing the data again gives the same groups, {same} or more."
    if not unsure:
        name = words.cut(words.spoken(weakest.name), words.LONGEST)
        return (
            ". Draw the data again and the same groups come back; "
            f"least sure are {name}, {same}, which is enough to use them."
        )
    named = [
        f"{words.cut(words.spoken(s.name), words.LONGEST)} ({words.share(_again(s))} the same)"
        for s in sorted(unsure, key=_again)
    ]
    if len(named) > _NAMED:
        named = [*named[: _NAMED - 1], f"{len(named) - _NAMED + 1} more"]
    if len(unsure) == len(run.segments):
        return (
            f". But draw the data again and they do not come back: {words.listed(named)}. "
            "Do not build on them."
        )
    most = "most" if 2 * len(unsure) < len(run.segments) else "the other"
    it = "this group" if len(unsure) == 1 else "these groups"
    return (
        f". Draw the data again and {most} groups come back, but not {words.listed(named)}: "
        f"do not build on {it}."
    )


def _bands(run: RunFolder) -> str:
    """Name the bands of a continuum, briefly where they share their noun."""
    nouns = {s.name.partition(", ")[0] for s in run.beyond}
    if len(run.beyond) > 2 and len(nouns) == 1:
        return f"the {words.in_words(len(run.beyond)).lower()} bands of {nouns.pop()}"
    return words.listed([words.cut(words.spoken(s.name), words.LONGEST) for s in run.beyond])


def _widest(run: RunFolder) -> str:
    """Name the behaviour in which visits differ most."""
    shares = run.profiles.get("contributions") or {}
    if not shares:
        return "pages and time"
    return features.axis(max(shares, key=lambda axis: shares[axis])).lower()


def alike(run: RunFolder) -> bool:
    """Tell whether the visits beyond the rules do not differ, so that no cut could be tried."""
    return bool(_decision(run).get("alike"))


def grade(run: RunFolder) -> str | None:
    """Return the grade where it judges the segments shown: not where K was given or bounded."""
    return None if set_by_user(run) or bound(run) else run.report.get("grade")


def bound(run: RunFolder) -> str:
    """Name the bound of K that the answer gave way to, as ``"k_max = 3"``; empty without one."""
    found = _decision(run).get("bound")
    return f"{found['name']} = {found['value']}" if found else ""


def set_by_user(run: RunFolder) -> bool:
    """Tell whether a user gave K, so that nothing was found about it."""
    return bool(_decision(run).get("rule") == "set by the user")


def _decision(run: RunFolder) -> Record:
    return run.report.get("decision") or {}
