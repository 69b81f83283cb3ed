"""A label table on disk: one Parquet file a day, each replaced whole.

``DIR/labels/date_id=YYYY-MM-DD/labels.parquet`` is what Hive, Spark, DuckDB and BigQuery read as
one table partitioned by `date_id`. The column `date_id` is in the files too.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from datetime import date
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from visitseg.errors import InputError, OutputError
from visitseg.run_folder.artifacts import CLUSTERS
from visitseg.run_folder.files import MANIFEST, unwritable, write_json

LABELS = "labels"
FILE = "labels.parquet"
UNDATED = "__HIVE_DEFAULT_PARTITION__"
SCHEMA = CLUSTERS.append(pa.field("model_version", pa.string()))


class LabelFolder:
    """A folder of labels, with a staging folder inside until it is published.

    Use as a context manager: whatever is not published is removed.

    Parameters
    ----------
    out : Path
        The folder that holds, or will hold, ``labels``. A run folder is refused: it is replaced
        whole by the next run.

    Attributes
    ----------
    path : Path
        The staging folder.
    """

    def __init__(self, out: Path) -> None:
        self.out = Path(os.path.abspath(out))  # noqa: PTH100  (resolve() would follow a link)
        self.path = self.out / f".staging-{os.getpid()}"

    def __enter__(self) -> Self:
        if (self.out / MANIFEST).exists() or (self.out.exists() and not self.out.is_dir()):
            is_run = self.out.is_dir()
            raise OutputError(
                "the output is a run folder" if is_run else "the output is a file",
                where=str(self.out),
                evidence=["the next run into it would remove the labels"] if is_run else [],
                do="Name another folder for the labels: --out scores.",
            )
        try:
            shutil.rmtree(self.path, ignore_errors=True)
            self.path.mkdir(parents=True)
        except OSError as error:
            raise unwritable("the label table", self.out, error) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        if self.out.is_dir() and not any(self.out.iterdir()):
            self.out.rmdir()
        if isinstance(error, OSError):
            raise unwritable("the label table", self.out, error) from error

    def labelled(self) -> set[str]:
        """Return the days that are labelled already."""
        files = (self.out / LABELS).glob(f"{partition('*')}/{FILE}")
        return {file.parent.name.removeprefix(partition("")) for file in files}

    def split(self, source: Path) -> dict[str, dict[int, int]]:
        """Cut labels that are ordered by day into a file a day.

        Returns
        -------
        dict
            Day, as its partition is called -> cluster -> visits.
        """
        counts: dict[str, dict[int, int]] = {}
        writer: pq.ParquetWriter | None = None
        try:
            file = pq.ParquetFile(source)
            for group in range(file.num_row_groups):  # batches over all of them keep memory
                table = file.read_row_group(group).cast(SCHEMA)
                for day, rows in _runs(table["date_id"]):
                    part = table.slice(rows.start, rows.stop - rows.start)
                    if day not in counts:
                        if writer:
                            writer.close()
                        counts[day] = {}
                        (self.path / day).mkdir()
                        writer = pq.ParquetWriter(
                            self.path / day / FILE, SCHEMA, compression="zstd"
                        )
                    if writer:
                        writer.write_table(part)
                    for one in pc.value_counts(part["cluster"]).to_pylist():
                        seen = counts[day].get(one["values"], 0)
                        counts[day][one["values"]] = seen + one["counts"]
        finally:
            if writer:
                writer.close()
        return counts

    def publish(
        self, days: Iterable[str], gone: Iterable[str], files: dict[str, Any]
    ) -> list[Path]:
        """Put every day's file in its place, remove the days that hold no visit any more.

        Parameters
        ----------
        days, gone : iterable of str
            Days that were cut, and days of the range without a visit, as partitions are called.
        files : dict
            Name -> content of the JSON files beside the labels.

        Returns
        -------
        list of Path
            Every file that was written.
        """
        written: list[Path] = []
        for day in days:
            target = self.out / LABELS / partition(day) / FILE
            target.parent.mkdir(parents=True, exist_ok=True)
            (self.path / day / FILE).replace(target)
            written.append(target)
        for day in gone:
            shutil.rmtree(self.out / LABELS / partition(day), ignore_errors=True)
        for name, content in files.items():
            write_json(self.path / name, content)
            (self.path / name).replace(self.out / name)
            written.append(self.out / name)
        return written


def day_file(folder: Path, day: str) -> Path:
    """Return the file of a day's labels."""
    root = folder / LABELS if (folder / LABELS).is_dir() else folder
    return root / partition(day) / FILE


def partition(day: str) -> str:
    """Return the name of a day's folder."""
    return f"date_id={day}"


def read_labels(folder: Path) -> pa.Table:
    """Read a whole label table, ordered by day and then as every day is.

    Parameters
    ----------
    folder : Path
        What `score` wrote into, or its folder ``labels``.

    Raises
    ------
    InputError
        There are no labels.
    """
    root = folder / LABELS if (folder / LABELS).is_dir() else folder
    files = sorted(root.glob(f"date_id=*/{FILE}"))
    if not files:
        raise InputError(
            "there are no labels",
            where=str(folder),
            do="Name a folder that `visitseg score` wrote.",
        )
    # One file at a time: the folder's name says the day once more, and must not be read.
    return pa.concat_tables([pq.ParquetFile(file).read().cast(SCHEMA) for file in files])


def _runs(days: pa.ChunkedArray) -> Iterable[tuple[str, range]]:
    """Yield every stretch of rows of one day."""
    numbers = days.cast(pa.int32()).fill_null(-(2**31)).to_numpy()
    starts = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(numbers)]
    for start, stop in pairwise(starts):
        if stop > start:
            day: date | None = days[start].as_py()
            yield (day.isoformat() if day else UNDATED), range(start, stop)
