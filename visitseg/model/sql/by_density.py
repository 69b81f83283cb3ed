"""Preset `auto` as stages: rules first, then the distribution of the highest density."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from visitseg.errors import SegmentError
from visitseg.model.sql.expressions import cases, number, place, robust
from visitseg.model.sql.mixture import Mixture, first_best, greatest, sets
from visitseg.model.sql.stages import Stage
from visitseg.segments.assignment.fitted import Fitted
from visitseg.segments.places.space import ArraySpace, VisitSpace

# Conditionals double with every axis.
MOST_AXES = 8
_SPENT = "spent_"
Items = list[tuple[str, str]]


def stages(applied: Fitted) -> list[Stage]:
    """Return the stages that end with cluster, distance and margin.

    Parameters
    ----------
    applied : Fitted
        The segments; the rule that a visit meets is the column `met_rule`.

    Raises
    ------
    SegmentError
        There are more axes than fit in one statement.
    """
    rest = Mixture(applied.assigner) if applied.assigner and applied.space else None
    spent = Mixture(applied.buyers.assigner, _SPENT) if applied.buyers else None
    mixtures = [mixture for mixture in (rest, spent) if mixture]
    if rest and rest.d > MOST_AXES:
        raise SegmentError(
            f"the model has {rest.d} axes; SQL takes {MOST_AXES}",
            where="to_sql",
            do="Segment on fewer features, or label with `Model.predict`.",
        )
    revenue = "transaction_revenue"
    by_revenue = [(f"{_SPENT}x1", f"CASE WHEN {revenue} > 0 THEN LN({revenue}) END")]
    return [
        Stage.of(
            "placed",
            "where a visit lies on every axis; NULL: unknown, or a value that spikes",
            _axes(applied) if rest else [],
            by_revenue if spent else [],
        ),
        Stage.of(
            "patterns",
            "on which axes it has a place, as bits",
            *(mixture.patterns() for mixture in mixtures),
        ),
        Stage.of(
            "residuals",
            "how far it is from every segment, axis by axis given those before, in deviations",
            *(mixture.residuals() for mixture in mixtures),
            *(mixture.bases() for mixture in mixtures),
        ),
        Stage.of(
            "squares",
            "squared distance from every segment",
            *(mixture.squares() for mixture in mixtures),
        ),
        Stage.of(
            "scores",
            "log density of every segment",
            *(mixture.scores() for mixture in mixtures),
        ),
        Stage.of(
            "bests",
            "the highest",
            ((m.name("best"), greatest(m.score_columns)) for m in mixtures),
        ),
        Stage.of(
            "chosen",
            "the first of the highest: within 1e-9 of it, relative, is a tie",
            ((m.name("nearest"), first_best(m.score_columns, m.name("best"))) for m in mixtures),
        ),
        *(_leads(rest) if rest else ()),
        Stage.of("labelled", "the rule's cluster, or the nearest", _labelled(applied, rest)),
    ]


def _axes(applied: Fitted) -> Items:
    """Write the place on every axis, and which atom a value without a place is."""
    space, assigner = applied.space, applied.assigner
    items: Items = []
    for j, atoms in enumerate(assigner.atoms if assigner else ()):
        if isinstance(space, VisitSpace):
            axis = space.axes[j]
            column, where = axis.column, place(axis)
            needed = dict.fromkeys([column, "pageviews"] if axis.built_in else [column])
        elif isinstance(space, ArraySpace):
            column, needed = space.columns[j], dict.fromkeys([space.columns[j]])
            where = robust(column, float(space.centre[j]), float(space.scale[j]))
        else:
            raise TypeError(f"{type(space).__name__} cannot be written as SQL")
        conditions = [f"{name} IS NOT NULL" for name in needed]
        if atoms:
            conditions.append(f"{column} NOT IN ({', '.join(map(number, atoms))})")
            unknown = " OR ".join(f"{name} IS NULL" for name in needed)
            whens = " ".join(f"WHEN {column} = {number(a)} THEN {i}" for i, a in enumerate(atoms))
            code = f"CASE WHEN {unknown} THEN {len(atoms)} {whens} ELSE {len(atoms)} END"
            items.append((f"x{j + 1}_code", code))
        items.append((f"x{j + 1}", f"CASE WHEN {' AND '.join(conditions)} THEN {where} END"))
    return items


def _leads(rest: Mixture) -> Iterator[Stage]:
    """Write by how much the segment leads the next."""
    k = rest.assigner.k
    own = {c: f"chance{c}" for c in range(k)}
    if k == 1:
        return
    others = {c: greatest([own[other] for other in own if other != c]) for c in own}
    yield Stage.of(
        "chances",
        "how likely every segment is, against the best",
        ((own[c], f"EXP(score{c} - best)") for c in own),
    )
    lead = f"({cases('nearest', own)} - {cases('nearest', others)}) / ({' + '.join(own.values())})"
    yield Stage.of("leads", "by how much the segment leads the next", [("lead", lead)])


def _labelled(applied: Fitted, rest: Mixture | None) -> Items:
    cluster, distance, margin = "0", "0e0", "1e0"
    if rest:
        counts = {bits: number(bits.bit_count()) for bits in sets(rest.d)}
        known = rest.name("known", rest.d)
        square = cases("nearest", {c: f"square{c}" for c in range(rest.assigner.k)})
        cluster = cases("nearest", {i: str(c) for i, c in enumerate(applied.clusters)})
        mean = f"SQRT({square} / {cases(known, counts)})"
        distance = f"CASE WHEN {known} = 0 THEN 0e0 ELSE {mean} END"
        if rest.assigner.k > 1:
            margin = "CASE WHEN lead > 0 THEN lead ELSE 0e0 END"
    if not applied.ruled:
        return [("cluster", cluster), ("distance", distance), ("margin", margin)]
    met = " ".join(
        f"WHEN '{name}' THEN {_part(parts, split=applied.buyers is not None)}"
        for name, parts in applied.ruled.items()
    )
    return [
        ("cluster", f"CASE met_rule {met} ELSE {cluster} END"),
        ("distance", f"CASE WHEN met_rule IS NULL THEN {distance} ELSE 0e0 END"),
        ("margin", f"CASE WHEN met_rule IS NULL THEN {margin} ELSE 1e0 END"),
    ]


def _part(parts: Sequence[int], *, split: bool) -> str:
    if len(parts) == 1 or not split:
        return str(parts[0])
    return cases(f"{_SPENT}nearest", {i: str(c) for i, c in enumerate(parts)})
