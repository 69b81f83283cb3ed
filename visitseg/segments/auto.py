"""Preset `auto`: rules first, then distinct segments where density shows them, else bands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Literal

import numpy as np
import numpy.typing as npt
from sklearn import config_context
from threadpoolctl import threadpool_limits

from visitseg.errors import SegmentError
from visitseg.segments import retrain
from visitseg.segments.assignment import rules
from visitseg.segments.assignment.fit import Labels, canonical_order
from visitseg.segments.assignment.fitted import Assigned, Buyers, Fitted
from visitseg.segments.buyers import is_outcome, split_buyers
from visitseg.segments.candidates import candidates
from visitseg.segments.choice.decide import Bound, decide
from visitseg.segments.choice.evidence import evidence_of
from visitseg.segments.choice.record import record
from visitseg.segments.choice.stability import LOOKED_AT
from visitseg.segments.density import search
from visitseg.segments.places import sample
from visitseg.segments.places.axes import Columns
from visitseg.segments.previous import Previous, identity
from visitseg.segments.rest import Partition, Rest, look
from visitseg.segments.segmentation import Segmentation

# Of larger values not even the squares are known.
_LARGEST = 1e100
# NumPy throughout: whoever calls may have switched on other array libraries. Places are finite.
_PLAIN = {"array_api_dispatch": False, "assume_finite": True, "skip_parameter_validation": True}
# A segment reaches so much farther than nearly all of its visits.
_REACH = 1.5
_NEARLY_ALL = 0.999
_USUAL = 0.98
# Mean Jaccard index from which a segment is found again well, and well enough.
_WELL, _ENOUGH = 0.85, 0.75


def segment(
    columns: Columns,
    *,
    visits: bool = True,
    transforms: Mapping[str, str] | None = None,
    k: int | None = None,
    k_min: int = 2,
    k_max: int = 12,
    seed: int = 42,
    bands: Literal["auto", "never"] = "auto",
    days: npt.NDArray[np.float64] | None = None,
    previous: Previous | None = None,
    on_step: Callable[[str], None] = lambda _: None,
) -> Segmentation:
    """Find segments, with evidence for their number.

    Parameters
    ----------
    columns : mapping of str to ndarray of shape (n_visits,)
        Features in their own units, NaN where unknown; at least one visit.
    visits : bool
        A visit table: rules and log units apply. Else a plain array.
    transforms : mapping of str to str, optional
        Columns beyond the visit table's four that segments are sought on too -> log, log1p, share,
        flag or none; empty where the values tell it. Outcomes (orders, revenue) never are.
    k : int, optional
        Number of segments, rule segments included, if the user gives it.
    k_min, k_max : int
        Bounds of K for answers with structure, rule segments included.
    seed : int
        Seed of the samples that vote; the segments do not depend on it.
    bands : {"auto", "never"}
        Whether a continuum is cut into its stable bands.
    days : ndarray of shape (n_visits,), optional
        Day number of each visit, NaN where unknown.
    previous : Previous, optional
        The model before: its segments keep their ids, and their number has hysteresis.
    on_step : callable
        Told what is being done.

    Raises
    ------
    SegmentError
        `k` is larger than the visits allow, or no page views are known.
    """
    _check_size(columns)
    with threadpool_limits(limits=1), config_context(**_PLAIN):
        before = previous.rules if previous else ()
        ruled = rules.applicable(columns, k=k, before=before) if visits else ()
        no_room = set(rules.applicable(columns, before=before) if visits else ()) - set(ruled)
        on_step("looking for density valleys")
        votes = search.VOTES if previous is None else retrain.VOTES
        rest = _beyond(columns, ruled, seed, visits, transforms, votes)
        k_strict, bound = rest.search.tree.k if rest else 0, None
        if rest and k is None:
            k_strict, bound = _within(rest, len(ruled), k_min, k_max)
        strict = rest.distinct(k_strict) if rest else None
        held = retrain.hold(rest, previous) if rest and previous and k is None else None
        if rest and held and held.k <= max(k_max - len(ruled), 1):
            bound, k_strict, strict = None, held.k, rest.groups(held.labels, held.k)
        buyers = None
        if rest and strict and k is None and rules.CONVERTED in ruled:
            ruled, buyers = _outcome(columns, ruled, rest, strict, room=k_max - len(ruled))
        parts = {
            name: buyers.assigner.k if buyers and name == rules.CONVERTED else 1 for name in ruled
        }
        n_ruled = sum(parts.values())
        on_step("weighing the number of segments")
        weighed = {*range(1, max(k_max - n_ruled, 1) + 1), (k or 0) - n_ruled}
        cuts = rest.cuts(weighed, k_strict, days) if rest else []
        verdict = decide(
            cuts,
            k_strict,
            n_ruled,
            k=k,
            k_min=k_min,
            k_max=k_max,
            most=rest.most if rest else 0,
            cut_bands=bands == "auto",
            bounded=bound is not None,
            bands_before=previous.bands if previous else 0,
        )
        work = strict
        if rest and verdict.k_rest < k_strict:
            work = rest.distinct(verdict.k_rest)
        elif rest and verdict.k_rest > k_strict:
            work = rest.bands(next(cut for cut in cuts if cut.k == verdict.k_rest))
        fitted = _fitted(columns, rest, work, parts, buyers)
        found = fitted.assign(columns)
        if k is not None:
            _check_filled(found.labels, fitted.k)
        strictly = found.labels
        if work is not strict:
            strictly = _fitted(columns, rest, strict, parts, buyers).assign(columns).labels
        jaccards = np.ones(fitted.k)
        if work:
            jaccards[list(fitted.clusters)] = work.jaccards
        kind = work.kind if work else "rest"
        kinds = tuple(kind if c in fitted.clusters else "rule" for c in range(fitted.k))
        parted = bound.k_rest if bound else k_strict
        evidence = evidence_of(cuts, rest.search if rest else None, n_ruled)
        return Segmentation(
            fitted=_with_reach(fitted, found),
            found=found,
            distinct_labels=strictly,
            kinds=kinds,
            grades=tuple(_grade(*pair) for pair in zip(kinds, jaccards, strict=True)),
            jaccards=jaccards,
            grade=verdict.grade,
            sizes=np.bincount(found.labels, minlength=fitted.k).astype(np.int64),
            evidence=evidence,
            decision=record(
                verdict,
                evidence,
                parts,
                len(rest.search.votes) if rest else 0,
                by_user=k is not None,
                held=held.sentence if held else None,
                alike=rest is not None and rest.different == 1,
                bound=bound,
                no_room=sorted(no_room),
            ),
            contributions=rest.contributions() if rest else {},
            atoms=rest.atoms() if rest else {},
            looked_at=(min(len(rest.drawn.rows), LOOKED_AT), rest.n) if rest else (0, 0),
            candidates=partial(candidates, rest, cuts, fitted, parted, n_ruled) if rest else list,
            identity=identity(previous, columns, found.labels, fitted.k),
        )


def _check_filled(labels: Labels, k: int) -> None:
    """Refuse a K of the user's whose segments are not all somebody's: values differ too little."""
    filled = len(np.unique(labels[labels >= 0]))
    if filled < k:
        raise SegmentError(
            f"K = {k} is not possible: only {filled} of its segments would hold visits",
            where="--k-final",
            evidence=["the visits beyond the rules share too few values to be cut so often"],
            do="Lower it, or leave it to auto.",
        )


def _beyond(
    columns: Columns,
    ruled: tuple[str, ...],
    seed: int,
    visits: bool,
    transforms: Mapping[str, str] | None,
    votes: int,
) -> Rest | None:
    n = len(next(iter(columns.values())))
    met = rules.masks(columns, ruled).values()
    beyond = ~np.logical_or.reduce([np.zeros(n, dtype=bool), *met])
    rows = np.flatnonzero(beyond)
    if visits:
        _check_pages(columns["pageviews"], beyond)
    if not len(rows):
        return None
    return look(columns, rows, seed, visits=visits, transforms=transforms, votes=votes)


def _check_size(columns: Columns) -> None:
    """Refuse values whose squares are no numbers any more."""
    for name, values in columns.items():
        large = np.abs(values) > _LARGEST
        if large.any():
            raise SegmentError(
                f"{large.sum():,} of {len(values):,} values are larger than {_LARGEST:g}",
                where=name,
                evidence=[f"e.g. {values[large][0]:g}"],
                do="No visit has such a value: correct it, or give NULL.",
            )


def _check_pages(pages: npt.NDArray[np.float64], beyond: npt.NDArray[np.bool_]) -> None:
    """Check that some page views are known, of the visits that segments are sought among."""
    known = np.isfinite(pages)
    if known[beyond].any() or (known.any() and not beyond.any()):
        return
    rules_alone = bool(known.any())
    raise SegmentError(
        f"the page views of all {beyond.sum() if rules_alone else len(pages):,} visits are unknown",
        where="pageviews",
        evidence=["bounces and visits with orders left out"] if rules_alone else [],
        do="Segments are sought on them: give the page views of at least some of these visits.",
    )


def _within(rest: Rest, n_ruled: int, k_min: int, k_max: int) -> tuple[int, Bound | None]:
    """Keep the number of distinct segments within the bounds; return the one that it ran into."""
    k, room = rest.search.tree.k, max(k_max - n_ruled, 1)
    if k > room:
        return room, Bound("k_max", k_max, k, rest.search.supporters(k))
    if 1 < k < k_min - n_ruled:
        return 1, Bound("k_min", k_min, k, rest.search.supporters(k))
    return k, None


def _outcome(
    columns: Columns, ruled: tuple[str, ...], rest: Rest, strict: Partition, room: int
) -> tuple[tuple[str, ...], Buyers | None]:
    """Drop the rule of orders where a segment often ends in one; else cut buyers, if two kinds."""
    bought = sample.take(columns, np.flatnonzero(rules.converted(columns)))
    beyond = sample.take(columns, rest.rows)
    if is_outcome(rest.space, strict.assigner, beyond, bought):
        return tuple(name for name in ruled if name != rules.CONVERTED), None
    return ruled, split_buyers(bought) if strict.assigner.k < room else None


def _fitted(
    columns: Columns,
    rest: Rest | None,
    work: Partition | None,
    parts: Mapping[str, int],
    buyers: Buyers | None,
) -> Fitted:
    """Put rules and partition together, clusters in canonical order of their visits."""
    k_rest = work.assigner.k if work else 0
    ruled, start = {}, k_rest
    for name, n_parts in parts.items():
        ruled[name] = tuple(range(start, start + n_parts))
        start += n_parts
    fitted = Fitted(
        rest.space if rest else None,
        work.assigner if work else None,
        tuple(range(k_rest)),
        ruled,
        buyers,
    )
    labels = fitted.assign(columns).labels
    names = [name for name in ("transactions", "transaction_revenue") if name in columns]
    sizes = np.bincount(labels, minlength=fitted.k).astype(float)
    sums = [
        np.bincount(labels, np.nan_to_num(columns[name]), fitted.k) / np.maximum(sizes, 1)
        for name in names
    ]
    centers = np.column_stack(sums) if sums else np.zeros((fitted.k, 0))
    order = canonical_order(centers, names, sizes)
    return fitted.renumbered({old: new for new, old in enumerate(order)})


def _with_reach(fitted: Fitted, found: Assigned) -> Fitted:
    own = [found.distance[found.labels == c] for c in fitted.clusters]
    reach = [_REACH * float(np.quantile(far, _NEARLY_ALL)) if len(far) else np.inf for far in own]
    usual = [float(np.quantile(far, _USUAL)) if len(far) else np.inf for far in own]
    return replace(fitted, reach=tuple(reach), usual=tuple(usual))


def _grade(kind: str, jaccard: float) -> str:
    if kind == "rule":
        return "distinct"
    if kind == "distinct" and jaccard >= _WELL:
        return "distinct"
    return "usable" if jaccard >= _ENOUGH else "doubtful"
