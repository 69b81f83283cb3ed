"""The visits on which two models are compared: the same ones whoever asks, however many there are.

Those with the smallest MD5 of their id, as in ``visits/sample.sql``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from visitseg.segments import arrow

# A segment of .2 % of the visits has 200 of them: the standard error of its Jaccard index is at
# most .04.
SIZE = 100_000
_BATCH = 131_072

Rows = npt.NDArray[np.int64]


def common_rows(visits: Path) -> Rows | None:
    """Return the rows of the sample in a file of visits, ascending; None where it is all of them.

    Parameters
    ----------
    visits : Path
        A Parquet file with the column `visit_id`; it is read in batches.
    """
    file = pq.ParquetFile(visits)
    if file.metadata.num_rows <= SIZE:
        return None
    batches = file.iter_batches(_BATCH, columns=["visit_id"])
    return smallest((batch.column("visit_id").to_pylist() for batch in batches), SIZE)


def common_rows_of(X: Any) -> Rows | None:
    """Return the rows of the sample in an opened frame; None for all, or where X has no ids."""
    if not arrow.is_frame(X) or not arrow.has(X, "visit_id"):
        return None
    ids = arrow.read_columns(X, ["visit_id"], any_case=True)["visit_id"]
    if len(ids) <= SIZE:
        return None
    return smallest((chunk.to_pylist() for chunk in ids.chunks), SIZE)


def read_common(visits: Path, columns: Sequence[str]) -> pa.Table:
    """Read some columns of the sample in a file of visits, a batch at a time."""
    rows, start, found = common_rows(visits), 0, list[pa.RecordBatch]()
    if rows is None:
        return pq.read_table(visits, columns=list(columns))
    for batch in pq.ParquetFile(visits).iter_batches(_BATCH, columns=list(columns)):
        within = slice(*np.searchsorted(rows, [start, start + len(batch)]))
        found.append(batch.take(pa.array(rows[within] - start)))
        start += len(batch)
    return pa.Table.from_batches(found)


def smallest(batches: Iterable[Sequence[object]], size: int) -> Rows:
    """Return the rows of the ids with the smallest MD5, ascending; `size` and a batch are held.

    Parameters
    ----------
    batches : iterable of sequences
        The ids, a batch at a time.
    size : int
        How many rows.
    """
    keys, rows, start = np.empty(0, np.uint64), np.empty(0, np.int64), 0
    for ids in batches:
        # The first half of the hash orders as the whole does, but for one pair in 10^19.
        drawn = b"".join(_hashed(id_)[:8] for id_ in ids)
        keys = np.concatenate([keys, np.frombuffer(drawn, ">u8").astype(np.uint64)])
        rows = np.concatenate([rows, np.arange(start, start + len(ids))])
        start += len(ids)
        if len(keys) > size:
            least = np.sort(np.argsort(keys, kind="stable")[:size])
            keys, rows = keys[least], rows[least]
    return rows


def _hashed(id_: object) -> bytes:
    return hashlib.md5(str(id_).encode(), usedforsecurity=False).digest()
