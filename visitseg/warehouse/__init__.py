"""Where SQL runs. An engine is one file that keeps to the `Warehouse` protocol."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

import pyarrow as pa

from visitseg.config import CsvSettings, Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Spark: TypeAlias = "SparkSession"

RAW = "raw_export"


@dataclass(frozen=True)
class Input:
    """What was opened.

    Attributes
    ----------
    description : str
        How messages call it.
    columns : pa.Schema
        The columns that were found, before the layout is applied.
    bytes : int
        Size on disk in bytes; 0 where it is not known.
    bad_lines : int
        Lines of delimited text that were skipped on request.
    raw_sql : str
        The SELECT that stands for `RAW`, where the warehouse writes one.
    parts : tuple of str
        What `Warehouse.open_part` takes; empty where the input is one.
    columnar : bool
        Whether reading a few of its columns costs little.
    """

    description: str
    columns: pa.Schema
    bytes: int = 0
    bad_lines: int = 0
    raw_sql: str = ""
    parts: tuple[str, ...] = ()
    columnar: bool = False


class Warehouse(Protocol):
    """As small as it can be: everything else is SQL.

    Values travel as query parameters; names of tables are ours and never come from a user.
    """

    dialect: str

    def inspect(self, inputs: Sequence[str], csv: CsvSettings) -> Input:
        """Look at the input without reading its rows; raise `InputError` if that cannot be done."""
        ...

    def open_input(
        self, inputs: Sequence[str], layout: pa.Schema | None, csv: CsvSettings
    ) -> Input:
        """Make the input readable as the table `RAW`.

        With a layout every column and nested field of it is there, typed, NULL where the input has
        none; without one the input's own columns are.
        """
        ...

    def open_part(self, part: str | None) -> None:
        """Make `RAW` one part of the input that is open; None: all of it again."""
        ...

    def expression_problem(self, expression: str, over: str = RAW) -> str | None:
        """Say why a text is not one expression over the columns of a table; None if it is one."""
        ...

    def estimate(self, sql: str, params: Mapping[str, object] | None = None) -> int | None:
        """Return the bytes that a SELECT would read; None where the engine does not bill them."""
        ...

    def query(self, sql: str, params: Mapping[str, object] | None = None) -> pa.Table:
        """Run a SELECT and return its rows."""
        ...

    def create_table(
        self, name: str, select_sql: str, params: Mapping[str, object] | None = None
    ) -> None:
        """Create or replace a table from a SELECT."""
        ...

    def write_parquet(
        self, select_sql: str, path: Path, params: Mapping[str, object] | None = None
    ) -> None:
        """Run a SELECT and write its rows to one Parquet file, in their order."""
        ...

    def drop_table(self, name: str) -> None:
        """Drop a table; it is no error if there is none."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


@runtime_checkable
class KeepsTables(Protocol):
    """A warehouse in which a run's result can stay, where the user has named a place for it."""

    def publish(self, name: str, select_sql: str, days: Sequence[date]) -> str | None:
        """Replace some days of a kept table by a SELECT's rows of these days, in one statement.

        Parameters
        ----------
        name : str
            What the table is called.
        select_sql : str
            Reads the run's tables; its rows have a `date_id`.
        days : sequence of date
            The days that are replaced whole.

        Returns
        -------
        str or None
            The table; None where no place is named.
        """
        ...


def connect(
    settings: Settings,
    work: Path | None = None,
    tell: Callable[[str], None] = lambda _: None,
    spark: Spark | None = None,
) -> Warehouse:
    """Open the warehouse that the settings name.

    Parameters
    ----------
    settings : Settings
        Which warehouse, and how it is reached.
    work : Path, optional
        A folder for the engine's own files; in memory without one.
    tell : callable
        Told what the work costs, where the engine bills it.
    spark : SparkSession, optional
        Spark that the caller has; it is left running.
    """
    if settings.warehouse == "duckdb":
        from visitseg.warehouse.duckdb import DuckDBWarehouse

        return DuckDBWarehouse(work, settings.memory_limit, settings.threads)
    if settings.warehouse == "bigquery":
        from visitseg.warehouse.bigquery.warehouse import BigQueryWarehouse

        return BigQueryWarehouse(settings, tell)
    from visitseg.warehouse.spark import SparkWarehouse

    return SparkWarehouse(settings.spark, work, spark)


@contextmanager
def at_work(
    settings: Settings,
    staging: Path,
    tell: Callable[[str], None] = lambda _: None,
    spark: Spark | None = None,
) -> Iterator[Warehouse]:
    """Open a warehouse with a folder of its own inside a staging folder, gone at the end."""
    work = staging / ".work"
    work.mkdir()
    warehouse = connect(settings, work, tell, spark)
    try:
        yield warehouse
    finally:
        warehouse.close()
        shutil.rmtree(work, ignore_errors=True)


def keep(
    warehouse: Warehouse,
    name: str,
    select_sql: str,
    days: Sequence[date],
    tell: Callable[[str], None],
) -> None:
    """Leave a table where the user has named a place for it; see `KeepsTables.publish`."""
    if isinstance(warehouse, KeepsTables) and (place := warehouse.publish(name, select_sql, days)):
        tell(f"{len(days):,} day{'' if len(days) == 1 else 's'} of {place} replaced")
