"""The promotion gate: what must hold before a new model scores in place of the current one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from visitseg.config import GateSettings
from visitseg.model import Model
from visitseg.segments.identity import Match

_GRADES = (None, "none", "graded", "distinct")


@dataclass(frozen=True)
class Condition:
    """One condition of the gate.

    Attributes
    ----------
    name : str
        contract, grade, stability, sizes, identity or alignment.
    passed : bool
        Whether it holds.
    found : str
        What was found, with numbers.
    asked : str
        What is asked for, and by which key of the configuration.
    """

    name: str
    passed: bool
    found: str
    asked: str

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return asdict(self)


def judge(
    new: Model,
    report: Mapping[str, Any],
    gate: GateSettings,
    old: Model | None = None,
    match: Match | None = None,
) -> list[Condition]:
    """Hold a new model against the conditions of the gate.

    Parameters
    ----------
    new : Model
        The model that would be promoted.
    report : mapping
        ``model_report.json`` of its run.
    gate : GateSettings
        The thresholds.
    old : Model, optional
        The current version; None where there is none: only the conditions on the model itself
        are then held.
    match : Match, optional
        What becomes of the segments of `old`; None where no visits were kept to tell.

    Returns
    -------
    list of Condition
        Every condition, met or not.
    """
    found = list(_by_itself(new, report, gate))
    if old is not None:
        found += _against(old, new, gate)
        found += [_identity(old, new, match), _alignment(old, gate, match)]
    return found


def _by_itself(new: Model, report: Mapping[str, Any], gate: GateSettings) -> Iterator[Condition]:
    yield _stability(report, gate)
    sizes = {f"{s.id} {s.name}": s.share for s in new.segments}
    small, large = min(sizes, key=sizes.__getitem__), max(sizes, key=sizes.__getitem__)
    yield Condition(
        "sizes",
        sizes[small] >= gate.min_share and sizes[large] <= gate.max_share,
        f"the smallest segment, {small}, has {sizes[small]:.2%} of the visits; the largest, "
        f"{large}, {sizes[large]:.1%}",
        f"from {gate.min_share:.2%} (gate.min_share) to {gate.max_share:.0%} (gate.max_share)",
    )


def _stability(report: Mapping[str, Any], gate: GateSettings) -> Condition:
    asked = (
        f"at least {gate.min_stable:.0%} (gate.min_stable) in segments that resamples find again "
        f"with a Jaccard index of {gate.min_jaccard:.2f} (gate.min_jaccard)"
    )
    rows = [row for row in report.get("segments", ()) if row.get("jaccard") is not None]
    if not rows:
        return Condition("stability", True, "not measured under this preset", asked)
    share = {row["cluster"]: row["pct_sessions"] for row in report["cluster_sizes"]}
    shaky = {c: row for c, row in enumerate(rows) if row["jaccard"] < gate.min_jaccard}
    stable = 1 - sum(share[c] for c in shaky)
    named = ", ".join(
        f"{row['segment_id']} {row['segment']} ({row['jaccard']:.2f})" for row in shaky.values()
    )
    return Condition(
        "stability",
        stable >= gate.min_stable,
        f"{stable:.0%} of the visits are in stable segments" + (f"; not: {named}" if named else ""),
        asked,
    )


def _against(old: Model, new: Model, gate: GateSettings) -> Iterator[Condition]:
    missing = [name for name in new.needs if name not in old.needs]
    changed = [
        name
        for name in old.contract.get("features", {})
        if name in new.contract.get("features", {})
        and old.contract["features"][name] != new.contract["features"][name]
    ]
    other = old.table != new.table
    what = [f"new: {', '.join(missing)}"] if missing else []
    what += [f"defined otherwise: {', '.join(changed)}"] if changed else []
    what += [f"a model of {new.table}, not of {old.table}"] if other else []
    if gate.contract == "unchanged":
        gone = [name for name in old.needs if name not in new.needs]
        what += [f"no longer used: {', '.join(gone)}"] if gone else []
    asked = {
        "unchanged": "the features of the current model, all of them",
        "compatible": "no feature that the current model does not have",
        "any": "nothing",
    }[gate.contract]
    yield Condition(
        "contract",
        gate.contract == "any" or not what,
        "; ".join(what) or f"the same {len(new.needs)} features decide",
        f"{asked} (gate.contract = {gate.contract!r})",
    )
    was, now = old.grade or "without a verdict", new.grade or "without a verdict"
    worse = _GRADES.index(new.grade) < _GRADES.index(old.grade)
    yield Condition(
        "grade",
        not worse or gate.grade_may_fall,
        f"{now}, was {was}",
        f"no worse than before (gate.grade_may_fall = {str(gate.grade_may_fall).lower()})",
    )


def _identity(old: Model, new: Model, match: Match | None) -> Condition:
    """Check that no id means another segment than before."""
    asked = "an id means the same segment for ever; retrain with run --previous STORE"
    if match is None:
        return Condition(
            "identity",
            False,
            "the run kept no visits to compare the models on",
            "an id means the same segment for ever, which visits show",
        )
    wrong = [
        f"{id_} is the former {was}" if was else f"{id_} is new, and was given before"
        for id_, was in match.mapping.items()
        if (was or id_) != id_ or (was is None and id_ in old.segment_ids)
    ]
    again = [id_ for id_ in new.segment_ids if id_ not in old.segment_ids]
    wrong += [
        f"{id_} was given before"
        for id_ in again
        if match.mapping[id_] is None and int(id_[1:]) < old.next_id
    ]
    return Condition(
        "identity", not wrong, "; ".join(wrong) or "every id means what it meant", asked
    )


def _alignment(old: Model, gate: GateSettings, match: Match | None) -> Condition:
    asked = f"at least {gate.min_carried:.0%} of either (gate.min_carried)"
    if match is None:
        return Condition("alignment", False, "unknown, see identity", asked)
    total = max(int(match.counts.sum()), 1)
    share = dict(zip(match.old, (match.counts.sum(axis=1) / total).tolist(), strict=True))
    carried = list(match.similarity)
    visits = sum(share[id_] for id_ in carried)
    names = dict(zip(old.segment_ids, old.names, strict=True))
    ended = ", ".join(
        f"{id_} {names[id_]} ({share[id_]:.1%} of the visits)"
        for id_ in match.old
        if id_ not in carried
    )
    return Condition(
        "alignment",
        min(visits, len(carried) / len(match.old)) >= gate.min_carried,
        f"{len(carried)} of {len(match.old)} segments go on, with {visits:.0%} of the visits"
        + (f"; not: {ended}" if ended else ""),
        asked,
    )
