"""A run becomes the model that scores, if the gate lets it; and back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from visitseg.config import GateSettings
from visitseg.errors import InputError, PromotionError
from visitseg.identity.alignment import matched
from visitseg.identity.sample import read_common
from visitseg.model import Model
from visitseg.model.places import FILE
from visitseg.segments.identity import Match
from visitseg.store.content import check_run, check_whole
from visitseg.store.gate import Condition, judge
from visitseg.store.versions import Store, Version

_VISITS = "visits.parquet"


@dataclass(frozen=True)
class Promotion:
    """A version that scores from now on.

    Attributes
    ----------
    version : Version
        The version.
    previous : str or None
        The one that scored before.
    conditions : list of Condition
        What the gate found.
    forced : str or None
        Who promoted it against the gate, what and why.
    """

    version: Version
    previous: str | None
    conditions: list[Condition]
    forced: str | None


def promote(
    run: Path,
    store: Path,
    gate: GateSettings,
    *,
    force: str | None = None,
    at: Callable[[str], None] = lambda _: None,
) -> Promotion:
    """Add the model of a run to a store, and let it score if the gate is passed.

    Parameters
    ----------
    run : Path
        A run folder.
    store : Path
        The store; it need not exist yet.
    gate : GateSettings
        The thresholds.
    force : str, optional
        Who promotes it against the gate, what and why; it is recorded.
    at : callable, optional
        Called with the name of each step when it is done: `visitseg.store.versions.STEPS`.

    Raises
    ------
    PromotionError
        The gate refuses it. It is in the store with the reasons, and the current version stays.
    InputError
        The run folder holds no model, or its model is the current one already.
    """
    check_run(run)
    new = Model.load(run / FILE)
    report = json.loads((run / "model_report.json").read_text(encoding="utf-8"))
    versions = Store(store, at)
    with versions.changing():
        number = versions.current
        old = Model.load(versions.version().folder) if number else None
        if old and old.fingerprint == new.fingerprint and old.names == new.names:
            raise InputError(
                "this model scores already",
                where=str(run),
                evidence=[f"it is version {number} of {store}"],
                do="There is nothing to promote.",
            )
        match = _matched(run, old, new) if old else None
        conditions = judge(new, report, gate, old, match)
        refused = [one for one in conditions if not one.passed]
        live = not refused or force is not None
        forced = force if refused else None
        gate_record = [one.to_dict() for one in conditions]
        version = versions.add(run, {"live": live, "gate": gate_record, "forced": forced})
        if live:
            versions.switch(version.number)
        said = [one.name for one in refused]
        event = "forced" if refused and live else "promoted" if live else "refused"
        versions.log(event, version.number, before=number, unmet=said, why=forced)
    if not live:
        raise _refusal(run, store, version, number, conditions)
    return Promotion(version, number, conditions, forced)


def roll_back(
    store: Path, number: str | None = None, *, at: Callable[[str], None] = lambda _: None
) -> Version:
    """Let an earlier version score again.

    Parameters
    ----------
    store : Path
        The store.
    number : str, optional
        Which; default: the one that the current version replaced.
    at : callable, optional
        Called with the name of each step when it is done.

    Raises
    ------
    InputError
        There is no such version, none before the current one, it scores already, or its files
        are not what was promoted.
    """
    versions = Store(store, at)
    versions.version()
    with versions.changing():
        current = versions.version()
        wanted = number or current.record.get("previous")
        if wanted is None:
            raise InputError(
                "no version scored before the current one",
                where=str(store),
                evidence=[f"{current.number} is the first"],
                do="Name a version: visitseg models rollback VERSION.",
            )
        version = versions.version(wanted)
        if version.number == current.number:
            raise InputError(
                "this version scores already",
                where=str(version.folder),
                do="Name another: visitseg models list shows them.",
            )
        check_whole(version.folder)
        Model.load(version.folder)  # a newer visitseg may have written it
        versions.switch(version.number)
        versions.log("rolled back", version.number, before=current.number)
    return version


def _matched(run: Path, old: Model, new: Model) -> Match | None:
    """Label visits of the run by both models; None where the run did not keep them."""
    if not (run / _VISITS).is_file():
        return None
    there = set(pq.read_schema(run / _VISITS).names)
    wanted = sorted({*old.needs, *new.needs, "pageviews"} & there)
    if set(old.needs) - set(wanted):
        return None
    visits = read_common(run / _VISITS, wanted)
    return matched(old, new, old.columns(visits), new.columns(visits))


def _refusal(
    run: Path, store: Path, version: Version, current: str | None, conditions: list[Condition]
) -> PromotionError:
    unmet = [one for one in conditions if not one.passed]
    evidence: list[str] = []
    for one in unmet:
        evidence += [f"{one.name}: {one.found}", f"{'':<{len(one.name)}}  asked for: {one.asked}"]
    stays = f"{current} keeps scoring." if current else "No version scores yet."
    look = f"What changed: {run / 'changes.md'}. " if (run / "changes.md").is_file() else ""
    mixed = any(one.name == "identity" for one in unmet)
    how = f"with --previous {store}" if (run / _VISITS).is_file() else "without --no-visits"
    again = f"Run again {how}, and promote that run. " if mixed else ""
    return PromotionError(
        f"the gate refuses {run}: {len(unmet)} of {len(conditions)} conditions are not met",
        where=f"{store}, where it is kept as version {version.number}",
        evidence=evidence,
        do=f"{stays} {look}{again}If the change is wanted, ease the key under [gate] in "
        "visitseg.toml, or say who wants it and why:\n"
        f'  visitseg models promote {run} --store {store} --force "…"',
    )
