"""The tables of a run folder, from numbers to Parquet. Formats: docs/reference/files.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from visitseg.segments.baseline import Segmentation
from visitseg.segments.mix import count_mix, wilson_interval
from visitseg.segments.select_k import KDiagnostics

_BATCH = 131_072
_EPOCH = date(1970, 1, 1)

CLUSTERS = pa.schema(
    [
        ("visit_id", pa.string()),
        ("date_id", pa.date32()),
        ("cluster", pa.int32()),
        ("segment_id", pa.string()),
        ("segment", pa.string()),
        ("kind", pa.string()),
        ("distance", pa.float64()),
        ("margin", pa.float64()),
    ]
)


def segment_ids(k: int) -> list[str]:
    """Return the ids of the first K segments ever: s1, s2 and so on."""
    return [f"s{cluster + 1}" for cluster in range(k)]


def segment_names(ids: Sequence[str], names: Mapping[str, str]) -> list[str]:
    """Return the user's names, else the id in words."""
    return [names.get(id_, f"segment {id_.removeprefix('s')}") for id_ in ids]


def read_features(visits: Path, features: Sequence[str]) -> npt.NDArray[np.float64]:
    """Read features of the visit table as numbers; NULL is NaN.

    Returns
    -------
    ndarray of shape (n_visits, n_features)
    """
    file = pq.ParquetFile(visits)
    X = np.empty((file.metadata.num_rows, len(features)), dtype=np.float64)
    start = 0
    for batch in file.iter_batches(_BATCH, columns=list(features)):
        for j, name in enumerate(features):
            values = batch.column(name).cast(pa.float64())
            X[start : start + len(batch), j] = values.to_numpy(zero_copy_only=False)
        start += len(batch)
    return X


def write_session_clusters(
    path: Path, visits: Path, found: Segmentation, names: Sequence[str]
) -> dict[date, npt.NDArray[np.int64]]:
    """Write ``session_clusters.parquet`` in the order of ``visits.parquet``.

    Returns
    -------
    dict
        Day -> ndarray of shape (k_final,): visits per cluster. Visits without a day are left out.
    """
    ids = pa.array(segment_ids(found.k_final))
    called = pa.array(names, pa.string())
    mix: dict[date, npt.NDArray[np.int64]] = {}
    start = 0
    with pq.ParquetWriter(path, CLUSTERS, compression="zstd") as writer:
        batches = pq.ParquetFile(visits).iter_batches(_BATCH, columns=["visit_id", "date_id"])
        for batch in batches:
            rows = slice(start, start + len(batch))
            start += len(batch)
            labels = found.labels[rows]
            cluster = pa.array(labels, pa.int32())
            days = batch.column("date_id")
            writer.write_batch(
                pa.record_batch(
                    [
                        batch.column("visit_id"),
                        days,
                        cluster,
                        ids.take(cluster),
                        called.take(cluster),
                        pa.nulls(len(batch), pa.string()),
                        pa.array(found.distance[rows]),
                        pa.array(found.margin[rows]),
                    ],
                    schema=CLUSTERS,
                )
            )
            known = days.is_valid().to_numpy(zero_copy_only=False)
            numbers = days.drop_null().cast(pa.int32()).to_numpy()
            for number, counts in count_mix(numbers, labels[known], found.k_final).items():
                day = _EPOCH + timedelta(days=number)
                mix[day] = mix.get(day, 0) + counts
    return mix


def centers_table(found: Segmentation, names: Sequence[str]) -> pa.Table:
    """Return ``cluster_centers.parquet``: one row per cluster, features in their own units."""
    columns: dict[str, pa.Array] = {
        "cluster": pa.array(range(found.k_final), pa.int32()),
        "segment_id": pa.array(segment_ids(found.k_final)),
        "segment": pa.array(names, pa.string()),
        "n": pa.array(found.sizes, pa.int64()),
        "share": pa.array(found.sizes / found.sizes.sum()),
    }
    for j, name in enumerate(found.features):
        columns[name] = pa.array(found.centers[:, j])
    return pa.table(columns)


def diagnostics_table(diagnostics: Sequence[KDiagnostics]) -> pa.Table:
    """Return ``k_diagnostics.parquet``: one row per K; NaN is NULL."""
    rows = [
        {name: None if value != value else value for name, value in asdict(row).items()}
        for row in diagnostics
    ]
    kinds = {"k": pa.int64()}
    names = list(asdict(diagnostics[0]))
    schema = pa.schema([(name, kinds.get(name, pa.float64())) for name in names])
    return pa.Table.from_pylist(rows, schema=schema)


def mix_table(mix: Mapping[date, npt.NDArray[np.int64]]) -> pa.Table:
    """Return ``segment_mix.parquet``: one row per day and cluster; shares between 0 and 1."""
    days = sorted(mix)
    counts = np.array([mix[day] for day in days])
    k = counts.shape[1]
    n = counts.ravel()
    n_total = np.repeat(counts.sum(axis=1), k)
    low, high = wilson_interval(n, n_total)
    return pa.table(
        {
            "date_id": pa.array([day for day in days for _ in range(k)], pa.date32()),
            "cluster": pa.array(np.tile(np.arange(k), len(days)), pa.int32()),
            "segment_id": pa.array(segment_ids(k) * len(days)),
            "n": pa.array(n, pa.int64()),
            "n_total": pa.array(n_total, pa.int64()),
            "pct": pa.array(n / n_total),
            "pct_low": pa.array(low),
            "pct_high": pa.array(high),
        }
    )
