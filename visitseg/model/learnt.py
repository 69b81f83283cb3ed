"""What a preset found → `Model`."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt

from visitseg import __version__
from visitseg.model.model import Model
from visitseg.model.segment import Segment
from visitseg.model.training import training_record
from visitseg.segments import baseline
from visitseg.segments.interpretation.interpret import centers_of
from visitseg.segments.interpretation.naming import check_given
from visitseg.segments.interpretation.profiles import Description
from visitseg.segments.places.axes import Columns
from visitseg.segments.segmentation import Segmentation

# What the numbers depend on.
_PACKAGES = ("numpy", "pyarrow", "scikit-learn", "scipy")


def versions() -> dict[str, str]:
    """Return the versions of the software that the numbers depend on."""
    return {
        "visitseg": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in _PACKAGES},
    }


def from_auto(
    columns: Columns,
    found: Segmentation,
    told: Description,
    *,
    visits: bool,
    unassigned: bool = False,
    days: npt.NDArray[np.float64] | None = None,
    sha256: str | None = None,
    source: str | None = None,
    contract: Mapping[str, Any] | None = None,
) -> Model:
    """Freeze what preset `auto` found.

    Parameters
    ----------
    columns : mapping of str to ndarray of shape (n_visits,)
        What it was found on.
    found : Segmentation
        The segments.
    told : Description
        Their names.
    visits : bool
        Whether the columns are those of a visit table.
    unassigned : bool
        Whether visits outside of what was seen get no segment.
    days : ndarray of shape (n_visits,), optional
        Day number of each visit, NaN where unknown.
    sha256 : str, optional
        Fingerprint of the data.
    source : str, optional
        Where the visits come from: ga360, ga4, events or visits.
    contract : mapping, optional
        What the features are, as the contract file says it.
    """
    k = found.k_final
    # Nothing can be learnt of a column without a value: it is as if it were not there.
    columns = {n: v for n, v in columns.items() if n == "pageviews" or np.isfinite(v).any()}
    assigned = found.fitted.marked(found.found) if unassigned else found.found
    return Model(
        preset="auto",
        table="visits" if visits else "plain",
        features=tuple(columns),
        segments=_segments(
            found.ids,
            columns,
            centers_of(columns, assigned.labels, k),
            np.bincount(assigned.labels[assigned.labels >= 0], minlength=k),
            [name.text for name in told.names],
            [name.because for name in told.names],
            found.kinds,
            found.grades,
        ),
        next_id=found.identity.next_id,
        grade=found.grade,
        applied=found.fitted,
        unassigned=unassigned,
        contract=contract or {},
        decision=found.decision,
        training=training_record(columns, assigned, k, days, sha256, source),
        versions=versions(),
    )


def segment_names(ids: Sequence[str], names: Mapping[str, str]) -> list[str]:
    """Return the names that are given, else the id in words."""
    check_given(ids, names)
    return [names.get(id_, f"segment {id_.removeprefix('s')}") for id_ in ids]


def from_baseline(
    columns: Columns,
    found: baseline.Segmentation,
    names: Sequence[str],
    *,
    visits: bool,
    decision: Mapping[str, Any],
    days: npt.NDArray[np.float64] | None = None,
    sha256: str | None = None,
    source: str | None = None,
    contract: Mapping[str, Any] | None = None,
) -> Model:
    """Freeze what preset `baseline` found; parameters as for `from_auto`.

    Parameters
    ----------
    names : sequence of str
        One per cluster.
    decision : mapping
        Why this K.
    """
    k = found.k_final
    return Model(
        preset="baseline",
        table="visits" if visits else "plain",
        features=found.features,
        segments=_segments(
            found.ids, columns, found.centers, found.sizes, names, [""] * k, [None] * k, [None] * k
        ),
        next_id=found.identity.next_id,
        grade=None,
        applied=found.nearest,
        contract=contract or {},
        decision=decision,
        training=training_record(columns, found.found, k, days, sha256, source),
        versions=versions(),
    )


def _segments(
    ids: Sequence[str],
    columns: Columns,
    centers: npt.NDArray[np.float64],
    sizes: npt.NDArray[np.int64],
    names: Sequence[str],
    because: Sequence[str],
    kinds: Sequence[str | None],
    grades: Sequence[str | None],
) -> tuple[Segment, ...]:
    total = max(int(sizes.sum()), 1)
    return tuple(
        Segment(
            id=id_,
            name=names[c],
            kind=kinds[c],
            grade=grades[c],
            because=because[c],
            n=int(sizes[c]),
            share=float(sizes[c] / total),
            center={
                feature: float(value) if np.isfinite(value) else None
                for feature, value in zip(columns, centers[c], strict=True)
            },
        )
        for c, id_ in enumerate(ids)
    )
