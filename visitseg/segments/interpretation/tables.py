"""Tables of a segmentation, as Arrow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pyarrow as pa

from visitseg.segments import baseline
from visitseg.segments.choice.evidence import Evidence
from visitseg.segments.choice.select_k import KDiagnostics
from visitseg.segments.interpretation.interpret import centers_of
from visitseg.segments.interpretation.profiles import Description
from visitseg.segments.places.axes import Columns
from visitseg.segments.segmentation import Segmentation

_WHOLE = {"k", "k_rest", "votes"}


def evidence_table(rows: Sequence[Evidence] | Sequence[KDiagnostics]) -> pa.Table:
    """Return one row per K; NaN is NULL."""
    columns = {
        name: pa.array(
            [_known(asdict(row)[name]) for row in rows],
            pa.int64() if name in _WHOLE else pa.float64(),
        )
        for name in (asdict(rows[0]) if rows else {"k": 0})
    }
    return pa.table(columns)


def _known(value: Any) -> Any:
    return None if value != value else value


def segments_table(columns: Columns, found: Segmentation, told: Description) -> pa.Table:
    """Return one row per segment: id, name, kind, grade, share, medians, rule."""
    k, labels = found.k_final, found.found.labels
    table: dict[str, pa.Array] = {
        "cluster": pa.array(range(k), pa.int32()),
        "segment_id": pa.array(list(found.ids)),
        "segment": pa.array([name.text for name in told.names]),
        "because": pa.array([name.because for name in told.names]),
        "kind": pa.array(found.kinds),
        "grade": pa.array(found.grades),
        "jaccard": pa.array(found.jaccards),
        "n": pa.array(found.sizes),
        "share": pa.array(found.sizes / found.sizes.sum()),
    }
    for name, values in columns.items():
        own = [values[labels == c] for c in range(k)]
        known = [part[np.isfinite(part)] for part in own]
        medians = [float(np.median(part)) if len(part) else None for part in known]
        table[f"median_{name}"] = pa.array(medians, pa.float64())
    table["rule"] = pa.array(
        [" · or ".join(card.rules) or None for card in told.cards.cards], pa.string()
    )
    table["rule_precision"] = pa.array([card.precision for card in told.cards.cards])
    table["rule_recall"] = pa.array([card.recall for card in told.cards.cards])
    return pa.table(table)


def centers_table(columns: Columns, found: Segmentation, names: Sequence[str]) -> pa.Table:
    """Return ``cluster_centers.parquet``: the mean of the known values, in original units."""
    k = found.k_final
    centers = centers_of(columns, found.found.labels, k)
    table: dict[str, pa.Array] = {
        "cluster": pa.array(range(k), pa.int32()),
        "segment_id": pa.array(list(found.ids)),
        "segment": pa.array(names, pa.string()),
        "n": pa.array(found.sizes, pa.int64()),
        "share": pa.array(found.sizes / found.sizes.sum()),
    }
    for j, name in enumerate(columns):
        table[name] = pa.array(centers[:, j], from_pandas=True)
    return pa.table(table)


def baseline_table(found: baseline.Segmentation, names: Sequence[str]) -> pa.Table:
    """Return the centres of preset `baseline`: means of the clipped values."""
    table: dict[str, pa.Array] = {
        "cluster": pa.array(range(found.k_final), pa.int32()),
        "segment_id": pa.array(list(found.ids)),
        "segment": pa.array(names, pa.string()),
        "n": pa.array(found.sizes, pa.int64()),
        "share": pa.array(found.sizes / found.sizes.sum()),
    }
    for j, name in enumerate(found.features):
        table[name] = pa.array(found.centers[:, j])
    return pa.table(table)
