"""``model.json``: the way from and to `Model`.

The file holds numbers and texts only, and is checked against its schema before anything is made
of it. A file of another version of the schema is refused, with both versions named.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from visitseg.errors import InputError
from visitseg.model.model import Model
from visitseg.model.numbers import ContradictionError, applied_of, numbers_of
from visitseg.model.schema import SCHEMA_VERSION, Document
from visitseg.model.segment import Segment
from visitseg.model.written import written


def write(model: Model, path: Path) -> None:
    """Write a model."""
    path.write_text(written(to_dict(model)) + "\n", encoding="utf-8")


def to_dict(model: Model) -> dict[str, Any]:
    """Return the content of the file."""
    return {
        "schema_version": SCHEMA_VERSION,
        "preset": model.preset,
        "table": model.table,
        "features": list(model.features),
        "segments": [
            {
                "segment_id": segment.id,
                "segment": segment.name,
                "kind": segment.kind,
                "grade": segment.grade,
                "because": segment.because,
                "n": segment.n,
                "share": segment.share,
                "center": dict(segment.center),
            }
            for segment in model.segments
        ],
        "next_segment_id": model.next_id,
        "grade": model.grade,
        "unassigned": model.unassigned,
        **numbers_of(model.applied),
        "contract": dict(model.contract),
        "decision": dict(model.decision),
        "training": dict(model.training),
        "versions": dict(model.versions),
    }


def deciding(model: Model) -> dict[str, Any]:
    """Return what decides the label and the id of a visit, and nothing else."""
    return {
        "schema_version": SCHEMA_VERSION,
        "table": model.table,
        "ids": model.segment_ids,
        "unassigned": model.unassigned,
        "contract": dict(model.contract),
        **numbers_of(model.applied),
    }


def read(path: Path, stored_as: str | None = None) -> Model:
    """Read a model, and check it against the schema.

    Raises
    ------
    InputError
        The file cannot be read, is no model, or is one of another schema version.
    """
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            "the model cannot be read",
            where=str(path),
            evidence=[error.strerror or str(error)],
            do="Check its path and its permissions.",
        ) from error
    except ValueError as error:
        raise _no_model(path, [f"not JSON: {error}"]) from error
    _check_version(path, content)
    try:
        document = Document.model_validate_json(json.dumps(content))
        return from_document(document, stored_as)
    except ValidationError as error:
        found = error.errors(include_url=False)
        lines = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in found[:5]]
        raise _no_model(path, lines) from error
    except ContradictionError as error:
        raise _no_model(path, [str(error)]) from error


def from_document(document: Document, stored_as: str | None = None) -> Model:
    """Make a model of a checked document."""
    _check_whole(document)
    return Model(
        preset=document.preset,
        table=document.table,
        features=tuple(document.features),
        segments=tuple(
            Segment(
                id=entry.segment_id,
                name=entry.segment,
                kind=entry.kind,
                grade=entry.grade,
                because=entry.because,
                n=entry.n,
                share=entry.share,
                center=entry.center,
            )
            for entry in document.segments
        ),
        next_id=document.next_segment_id,
        grade=document.grade,
        applied=applied_of(document),
        unassigned=document.unassigned,
        contract=document.contract,
        decision=document.decision,
        training=document.training.model_dump(),
        versions=document.versions,
        stored_as=stored_as,
    )


def _check_whole(document: Document) -> None:
    """Check what types cannot: that the parts speak of the same segments and axes."""
    k, d = len(document.segments), len(document.transforms)
    ids = [entry.segment_id for entry in document.segments]
    clusters = [c for rule in document.rules for c in rule.clusters]
    clusters += [centre.cluster for centre in document.centres]
    known = {transform.column for transform in document.transforms}
    axes = range(d)
    atoms = [len(transform.atoms) + 2 for transform in document.transforms]
    shaped = document.preset == "auto"
    problems = {
        "two segments share an id": len(set(ids)) < k,
        "next_segment_id was given already": any(
            int(id_.removeprefix("s")) >= document.next_segment_id for id_ in ids
        ),
        f"rules and centres do not name each of the {k} clusters once": sorted(clusters)
        != list(range(k)),
        "a transform is of a column that is no feature": not known <= set(document.features),
        "a centre has not one number per axis": any(len(c.mean) != d for c in document.centres),
        "a centre lacks its covariance, share or atoms": shaped
        and any(
            c.log_share is None
            or [len(row) for row in c.covariance or ()] != [d for _ in axes]
            or [len(row) for row in c.log_atoms or ()] != atoms
            for c in document.centres
        ),
        "the parts of buyers do not fit the rule converted": len(document.buyers)
        != max((len(r.clusters) for r in document.rules if len(r.clusters) > 1), default=0),
    }
    for text, wrong in problems.items():
        if wrong:
            raise ContradictionError(text)
    for centre in (*document.centres, *document.buyers):
        if centre.covariance and not _is_covariance(centre.covariance):
            raise ContradictionError("a covariance is not symmetric and positive definite")


def _is_covariance(rows: list[list[float]]) -> bool:
    if any(len(row) != len(rows) for row in rows):
        return False
    matrix = np.array(rows)
    return bool(np.allclose(matrix, matrix.T) and np.linalg.eigvalsh(matrix).min() > 0)


def _check_version(path: Path, content: Any) -> None:
    version = content.get("schema_version") if isinstance(content, dict) else None
    if version == SCHEMA_VERSION and not isinstance(version, bool):
        return
    if not isinstance(version, int) or isinstance(version, bool):
        raise _no_model(path, [f"schema_version is {version!r}"])
    newer = version > SCHEMA_VERSION
    raise InputError(
        f"the model has schema version {version}; this visitseg reads version {SCHEMA_VERSION}",
        where=str(path),
        evidence=[f"written by visitseg {content.get('versions', {}).get('visitseg', 'unknown')}"]
        if isinstance(content.get("versions"), dict)
        else [],
        do="Upgrade visitseg, or use a model of this version." if newer else "Fit the model again.",
    )


def _no_model(path: Path, evidence: list[str]) -> InputError:
    return InputError(
        "the file is not a model",
        where=str(path),
        evidence=evidence,
        do="Name a model.json that `visitseg run` wrote.",
    )
