"""The fitted numbers of a model, as plain lists and back, to the last bit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from visitseg.segments.assignment.assign import Assigner
from visitseg.segments.assignment.fitted import Buyers, Fitted
from visitseg.segments.assignment.nearest import Nearest
from visitseg.segments.places.axes import BUILT_IN, Axis, Transform
from visitseg.segments.places.space import ArraySpace, Space, VisitSpace
from visitseg.segments.places.transform import Matrix

if TYPE_CHECKING:
    from visitseg.model.schema import CentreEntry, Document, TransformEntry

STANDARDISE = "standardise"
ROBUST = "robust"
BUILT_IN_KINDS = tuple(axis.kind for axis in BUILT_IN)


class ContradictionError(Exception):
    """The parts of a document do not fit together."""


def numbers_of(applied: Fitted | Nearest) -> dict[str, Any]:
    """Return rules, transforms, centres and buyers as the document holds them."""
    if isinstance(applied, Nearest):
        return {
            "rules": [],
            "transforms": [_standardise(applied, j) for j in range(len(applied.features))],
            "centres": [{"cluster": c, "mean": _list(m)} for c, m in enumerate(applied.centers)],
            "buyers": [],
        }
    far = (applied.reach, applied.usual)
    return {
        "rules": [{"rule": name, "clusters": list(parts)} for name, parts in applied.ruled.items()],
        "transforms": _transforms(applied.space) if applied.space else [],
        "centres": _centres(applied.assigner, applied.clusters, far) if applied.assigner else [],
        "buyers": _centres(applied.buyers.assigner, range(applied.buyers.assigner.k), ((), ()))
        if applied.buyers
        else [],
    }


def applied_of(document: Document) -> Fitted | Nearest:
    """Make the numbers that find the segment of a visit."""
    if document.preset == "baseline":
        return _nearest(document)
    space = _space(document) if document.transforms else None
    atoms = [tuple(row[0] for row in entry.atoms) for entry in document.transforms]
    reach, usual = (
        tuple(np.inf if far is None else far for far in column)
        for column in (
            [centre.reach for centre in document.centres],
            [centre.usual for centre in document.centres],
        )
    )
    return Fitted(
        space,
        _assigner(document.centres, atoms) if document.centres else None,
        tuple(centre.cluster for centre in document.centres),
        {entry.rule: tuple(entry.clusters) for entry in document.rules},
        Buyers(_assigner(document.buyers, [()])) if document.buyers else None,
        reach,
        usual,
    )


def _standardise(nearest: Nearest, j: int) -> dict[str, Any]:
    numbers = {
        "lower": _finite(nearest.lower[j]),
        "upper": _finite(nearest.upper[j]),
        "mean": float(nearest.mean[j]),
        "deviation": float(nearest.deviation[j]),
    }
    name = nearest.features[j]
    return {"axis": name, "column": name, "transform": STANDARDISE, "numbers": numbers}


def _nearest(document: Document) -> Nearest:
    entries = document.transforms
    centres = sorted(document.centres, key=lambda centre: centre.cluster)
    return Nearest(
        tuple(entry.column for entry in entries),
        _numbers(entries, "lower", -np.inf),
        _numbers(entries, "upper", np.inf),
        _numbers(entries, "mean"),
        _numbers(entries, "deviation"),
        np.array([centre.mean for centre in centres]),
    )


def _transforms(space: Space) -> list[dict[str, Any]]:
    if isinstance(space, ArraySpace):
        return [
            {
                "axis": name,
                "column": name,
                "transform": ROBUST,
                "numbers": {"centre": float(space.centre[j]), "scale": float(space.scale[j])},
            }
            for j, name in enumerate(space.columns)
        ]
    if not isinstance(space, VisitSpace):
        raise TypeError(f"a model cannot hold a {type(space).__name__}")
    return [
        {
            "axis": axis.name,
            "column": axis.column,
            "transform": axis.kind,
            "numbers": {"step": axis.step, "unit": axis.unit},
            "atoms": [[value, share] for value, share in space.atoms.get(j, {}).items()],
        }
        for j, axis in enumerate(space.axes)
    ]


def _space(document: Document) -> Space:
    entries = document.transforms
    plain = document.table == "plain"
    for entry in entries:
        if entry.transform not in ((ROBUST,) if plain else get_args(Transform) + BUILT_IN_KINDS):
            raise ContradictionError(f"the transform {entry.transform!r} is not known")
    if plain:
        return ArraySpace(
            tuple(entry.column for entry in entries),
            _numbers(entries, "centre"),
            _numbers(entries, "scale"),
        )
    steps, units = _numbers(entries, "step"), _numbers(entries, "unit")
    found = [
        Axis(entry.axis, entry.column, entry.transform, float(step), float(unit))  # type: ignore[arg-type]
        for entry, step, unit in zip(entries, steps, units, strict=True)
    ]
    atoms = {j: dict(entry.atoms) for j, entry in enumerate(entries) if entry.atoms}
    return VisitSpace(tuple(found), atoms)


def _numbers(entries: Sequence[TransformEntry], key: str, unknown: float | None = None) -> Matrix:
    """Return one number of every transform; where it is NULL, `unknown`."""
    found = [entry.numbers.get(key) for entry in entries]
    if unknown is None and None in found:
        raise ContradictionError(f"a transform lacks its number {key}")
    return np.array([unknown if value is None else value for value in found], dtype=float)


def _centres(
    assigner: Assigner, clusters: Sequence[int], far: tuple[Sequence[float], Sequence[float]]
) -> list[dict[str, Any]]:
    reach, usual = (column or [np.inf] * assigner.k for column in far)
    return [
        {
            "cluster": c,
            "mean": _list(assigner.means[i]),
            "covariance": [_list(row) for row in assigner.covariances[i]],
            "log_share": float(assigner.log_shares[i]),
            "log_atoms": [_list(table[i]) for table in assigner.log_atoms],
            "reach": _finite(reach[i]),
            "usual": _finite(usual[i]),
        }
        for i, c in enumerate(clusters)
    ]


def _assigner(centres: Sequence[CentreEntry], atoms: Sequence[tuple[float, ...]]) -> Assigner:
    return Assigner(
        np.array([centre.mean for centre in centres]),
        np.array([centre.covariance for centre in centres], dtype=float),
        np.array([centre.log_share for centre in centres], dtype=float),
        tuple(atoms),
        tuple(
            np.array([(centre.log_atoms or [])[j] for centre in centres]) for j in range(len(atoms))
        ),
    )


def _list(values: Matrix) -> list[float]:
    return [float(value) for value in values]


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
