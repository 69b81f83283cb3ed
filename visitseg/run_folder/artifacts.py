"""The tables of a run folder, from numbers to Parquet. Formats: docs/reference/files.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from visitseg.segments.interpretation.mix import count_mix, wilson_interval

if TYPE_CHECKING:  # labels are written without what learns them
    from visitseg.segments.interpretation.profiles import Described

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


@dataclass(frozen=True)
class Labelled:
    """Visits and their segments, whatever preset found them.

    Attributes
    ----------
    labels : ndarray of shape (n_visits,)
        Clusters 0 … k - 1; -1 is unassigned.
    distance, margin : ndarray of shape (n_visits,)
        How far from the centre, and how clear.
    ids : sequence of str
        Segment id of each cluster.
    kinds : sequence of str, optional
        Kind of each cluster.
    """

    labels: npt.NDArray[np.int32]
    distance: npt.NDArray[np.float64]
    margin: npt.NDArray[np.float64]
    ids: Sequence[str]
    kinds: Sequence[str] | None = None


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


def read_described(visits: Path, dimensions: Sequence[str]) -> Described:
    """Read what describes visits without being a feature: days, dimensions, ids."""
    from visitseg.segments.interpretation.profiles import Described

    there = [name for name in dimensions if name in pq.read_schema(visits).names]
    table = pq.read_table(visits, columns=["visit_id", "date_id", *there])
    found = {}
    for name in there:
        column = table[name]
        if column.null_count == len(column):
            continue
        coded = column.fill_null("not known").combine_chunks().dictionary_encode()
        codes = coded.indices.to_numpy().astype(np.int64)
        found[name] = coded.dictionary.to_pylist(), codes
    days = table["date_id"]
    numbers = None
    if days.null_count < len(days):
        numbers = days.cast(pa.int32()).cast(pa.float64()).to_numpy()
    return Described(numbers, found, lambda rows: table["visit_id"].take(rows).to_pylist())


def write_session_clusters(
    path: Path, visits: Path, found: Labelled, names: Sequence[str]
) -> dict[date, npt.NDArray[np.int64]]:
    """Write ``session_clusters.parquet`` in the order of ``visits.parquet``.

    Returns
    -------
    dict
        Day -> ndarray of shape (k,): visits per cluster. Visits without a day or without a segment
        are left out.
    """
    k = len(names)
    ids = pa.array(found.ids, pa.string())
    called = pa.array(names, pa.string())
    kinds = pa.array(found.kinds, pa.string()) if found.kinds else pa.nulls(k, pa.string())
    mix: dict[date, npt.NDArray[np.int64]] = {}
    start = 0
    with pq.ParquetWriter(path, CLUSTERS, compression="zstd") as writer:
        batches = pq.ParquetFile(visits).iter_batches(_BATCH, columns=["visit_id", "date_id"])
        for batch in batches:
            rows = slice(start, start + len(batch))
            start += len(batch)
            labels = found.labels[rows]
            cluster = pa.array(labels, pa.int32())
            place = pa.array(labels, pa.int32(), mask=labels < 0)
            days = batch.column("date_id")
            writer.write_batch(
                pa.record_batch(
                    [
                        batch.column("visit_id"),
                        days,
                        cluster,
                        ids.take(place),
                        called.take(place),
                        kinds.take(place),
                        pa.array(found.distance[rows]),
                        pa.array(found.margin[rows]),
                    ],
                    schema=CLUSTERS,
                )
            )
            known = days.is_valid().to_numpy(zero_copy_only=False) & (labels >= 0)
            numbers = days.filter(pa.array(known)).cast(pa.int32()).to_numpy()
            for number, counts in count_mix(numbers, labels[known], k).items():
                day = _EPOCH + timedelta(days=number)
                mix[day] = mix.get(day, 0) + counts
    return mix


def mix_table(
    mix: Mapping[date, npt.NDArray[np.int64]],
    ids: Sequence[str],
    dispersion: npt.NDArray[np.float64] | None = None,
) -> pa.Table:
    """Return ``segment_mix.parquet``: one row per day and cluster; shares between 0 and 1.

    Parameters
    ----------
    mix : mapping of date to ndarray of shape (k,)
        Visits per day and cluster.
    ids : sequence of str
        Segment id of each cluster.
    dispersion : ndarray of shape (k,), optional
        How much more the shares vary than chance makes them: intervals are wider by its root.
    """
    days = sorted(mix)
    counts = np.array([mix[day] for day in days])
    k = counts.shape[1]
    n = counts.ravel()
    n_total = np.repeat(counts.sum(axis=1), k)
    wider = 1.0 if dispersion is None else np.tile(dispersion, len(days))
    low, high = wilson_interval(n / wider, n_total / wider)
    return pa.table(
        {
            "date_id": pa.array([day for day in days for _ in range(k)], pa.date32()),
            "cluster": pa.array(np.tile(np.arange(k), len(days)), pa.int32()),
            "segment_id": pa.array(list(ids) * len(days)),
            "n": pa.array(n, pa.int64()),
            "n_total": pa.array(n_total, pa.int64()),
            "pct": pa.array(n / n_total),
            "pct_low": pa.array(low),
            "pct_high": pa.array(high),
        }
    )
