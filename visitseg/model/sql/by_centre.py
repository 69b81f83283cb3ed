"""Preset `baseline` as stages: the nearest of some centres."""

from __future__ import annotations

from visitseg.model.sql.expressions import cases, number, standardised
from visitseg.model.sql.mixture import first_best, greatest
from visitseg.model.sql.stages import Stage
from visitseg.segments.assignment.nearest import Nearest


def stages(nearest: Nearest) -> list[Stage]:
    """Return the stages that end with cluster, distance and margin."""
    k, d = nearest.centers.shape
    axes = range(d)
    scores = [f"score{c}" for c in range(k)]
    roots = {c: f"SQRT(-{score})" for c, score in enumerate(scores)}
    others = {
        c: f"SQRT(-{greatest([score for score in scores if score != own])})"
        for c, own in enumerate(scores)
    }
    return [
        Stage.of(
            "placed",
            "features cut and standardised; unknown values count as 0",
            ((f"x{j + 1}", standardised(nearest, j)) for j in axes),
        ),
        Stage.of(
            "residuals",
            "how far a visit is from every centre, by feature",
            (
                (f"z{c}_{j + 1}", f"x{j + 1} - ({number(nearest.centers[c, j])})")
                for c in range(k)
                for j in axes
            ),
        ),
        Stage.of(
            "scores",
            "minus the squared distance from every centre",
            (
                (score, f"-({' + '.join(f'z{c}_{j + 1} * z{c}_{j + 1}' for j in axes)})")
                for c, score in enumerate(scores)
            ),
        ),
        Stage.of("bests", "the highest", [("best", greatest(scores))]),
        Stage.of(
            "chosen",
            "the first of the highest: within 1e-9 of it, relative, is a tie",
            [("cluster", first_best(scores, "best"))],
        ),
        Stage.of(
            "distances",
            "from the own and the nearest other centre",
            [("distance", cases("cluster", roots)), ("other", cases("cluster", others))],
        ),
        Stage.of(
            "labelled",
            "0 on a border, 1 at the centre",
            [("margin", "CASE WHEN distance < other THEN 1e0 - distance / other ELSE 0e0 END")],
        ),
    ]
