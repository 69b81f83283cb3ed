"""How firm the segments are, and why this K: badges, verdicts, the decision as a table."""

from __future__ import annotations

from visitseg.report.folder import Record, RunFolder, Segment
from visitseg.report.wording import words

GRADES = {"distinct": "ok", "usable": "ok", "doubtful": "warn", "reject": "bad"}
_STABLE = {"distinct": "Distinct", "usable": "Stable", "doubtful": "Doubtful", "reject": "Unstable"}

_FAILS = {
    "prediction_strength": "A second sample draws the borders elsewhere",
    "jaccard": "Falls apart when the data are drawn again",
    "time_split": "The first half of the days cuts otherwise than the second",
    "smallest_share": "The smallest part is too small to work with",
}


def badge(segment: Segment) -> tuple[str, str]:
    """Say in two words how firm a segment is.

    Parameters
    ----------
    segment : Segment
        With its profile.

    Returns
    -------
    tuple of (str, str)
        Class of the badge, and its text: ``("ok", "Stable .96")``.
    """
    if segment.kind == "rule":
        return "note", "By rule"
    if segment.kind == "rest":
        return "note", "Everyone else"
    grade = str(segment.profile.get("grade") or "")
    again = float(segment.profile.get("jaccard") or 0)
    return GRADES.get(grade, "note"), f"{_STABLE.get(grade, grade)} {words.plain(again)}"


def evidence_of(run: RunFolder, k: int) -> Record:
    """Return the row of ``k_diagnostics.parquet`` for a K; empty where there is none."""
    return next((row for row in run.diagnostics if row["k"] == k), {})


def verdict(run: RunFolder, candidate: Record) -> tuple[str, str, str]:
    """Say why a K was taken or not.

    Parameters
    ----------
    run : RunFolder
        The run.
    candidate : dict
        A row of ``candidates`` in ``explorer.json``.

    Returns
    -------
    tuple of (str, str, str)
        Class of the badge, its text, and a sentence.
    """
    k, k_rest = int(candidate["k"]), int(candidate["k_rest"])
    decision = run.report.get("decision") or {}
    chosen = k == run.report.get("k_final")
    row, grade = evidence_of(run, k), run.report.get("grade")
    strict = int(decision.get("k_distinct") or 0)
    if chosen and decision.get("rule") == "set by the user":
        return "note", "Set by you", _what_fails(run, row) or "Its bands come back every time."
    if chosen and decision.get("bound"):
        return (
            "note",
            "Within bounds",
            "There are gaps in it; the bounds of K leave no room for them.",
        )
    if decision.get("bound") and run.report["k_final"] < k <= int(decision.get("k_auto") or 0):
        return "note", "Out of bounds", f"Parted by gaps, too: {_gap_of(row)}."
    if chosen:
        return "ok", "Chosen", _why_chosen(run, row, k_rest)
    if k == strict and grade == "graded":
        return "note", "Strict answer", "What density alone vouches for: the rest is one continuum."
    if k_rest == 1:
        text = "The rules alone. Nothing is claimed about the rest."
        return "note", "Rules only" if run.rules else "No cut", text if run.rules else "One group."
    runner = (decision.get("runner_up") or {}).get("k") == k
    said = "Runner-up" if runner else "Not chosen"
    if grade == "distinct" and k < strict:
        above = evidence_of(run, k + 1)
        if above.get("shoulder"):
            return "note", said, "Joins a small kind to the larger one on whose flank it stands."
        text = f"Joins two kinds that a gap parts: the density falls to {_valley(above)}."
        return "note", said, text
    if grade == "distinct":
        return "note", said, f"Cuts where there is no gap: {_gap(run, row)}."
    return "note", said, _what_fails(run, row) or "Stable too, but coarser than the data allow."


def _why_chosen(run: RunFolder, row: Record, k_rest: int) -> str:
    grade = run.report.get("grade")
    if grade == "distinct":
        gaps = f"are parted by a gap: the density falls to {_valley(row)} or less."
        if not row.get("shoulder"):
            return f"Every two segments {gaps}"
        flank = (
            "A small kind stands on the flank of a larger one: there the density falls, holds, and "
            f"falls again, by {float(row['shoulder']):.1f} standard errors."
        )
        return f"{flank} All others {gaps}" if row.get("valley") else flank
    if grade == "graded" and k_rest > 1:
        return "The finest cut whose bands come back every time: all tests pass."
    if k_rest <= 1:
        return "No cut beyond this one came back in every test: a border there would be arbitrary."
    return ""


def _gap_of(row: Record) -> str:
    return (
        f"the density falls to {_valley(row)}" if row.get("valley") else "a small kind stands out"
    )


def _valley(row: Record) -> str:
    return f"{words.share(float(row.get('valley') or 0))} of the lower peak"


def _gap(run: RunFolder, row: Record) -> str:
    valley = row.get("valley")
    if valley is None:
        return "not measured"
    if float(valley) >= 1:
        return "the density does not dip"
    limit = float((run.explorer.get("thresholds") or {}).get("valley") or 1)
    return f"the density falls only to {_valley(row)}; a gap needs {words.share(limit)}"


def _what_fails(run: RunFolder, row: Record) -> str:
    """Name the tests of stability that a K fails, with the figure and what was needed."""
    limits, said = run.explorer.get("thresholds") or {}, []
    for name, text in _FAILS.items():
        value, limit = row.get(name), limits.get(name)
        if value is not None and limit is not None and float(value) < float(limit):
            said.append(
                f"{text}: {words.below(float(value), float(limit))}, needs {words.plain(limit)}."
            )
    return " ".join(said[:2])


def decision(run: RunFolder) -> list[Record]:
    """Lay out what was measured for each K, and what became of it.

    Parameters
    ----------
    run : RunFolder
        The run.

    Returns
    -------
    list of dict
        ``k``, ``smallest``, ``gap``, ``second``, ``redrawn``, ``halves``, ``verdict``, ``on``.
    """
    candidates = {int(row["k"]): row for row in run.explorer.get("candidates") or []}
    found = []
    for row in run.diagnostics:
        if row.get("prediction_strength") is None and row.get("valley") is None:
            continue
        several = int(row.get("k_rest") or 0) > 1
        found.append(
            {
                "k": row["k"],
                "smallest": words.share(float(row["smallest_share"])) if several else words.DASH,
                "gap": ("none" if float(row["valley"]) >= 1 else _figure(row, "valley"))
                if several
                else words.DASH,
                "votes": int(row.get("votes") or 0),
                "second": _figure(row, "prediction_strength"),
                "redrawn": _figure(row, "jaccard"),
                "halves": _figure(row, "time_split"),
                "verdict": verdict(run, candidates[row["k"]])[1].lower()
                if row["k"] in candidates
                else "",
                "on": row["k"] == run.report.get("k_final"),
            }
        )
    return found


def _figure(row: Record, name: str) -> str:
    value = row.get(name)
    if value is None or int(row.get("k_rest") or 0) < 2:
        return words.DASH
    return words.plain(float(value))
