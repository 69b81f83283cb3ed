"""The warehouse protocol in Spark SQL."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from visitseg.config import CsvSettings, SparkSettings
from visitseg.errors import InputError, VisitsegError
from visitseg.warehouse import RAW, Input
from visitseg.warehouse.layout import check_layout
from visitseg.warehouse.spark.input import (
    BAD_LINE,
    Part,
    bad_lines_error,
    find,
    parts,
)
from visitseg.warehouse.spark.layout import layout_items, merged, quoted
from visitseg.warehouse.spark.start import start

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

T = TypeVar("T")
# What the texts count on; Spark that is not ours gets its own values back.
_CONF = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "false",
}
_ROWS = "visitseg_rows"
_BATCH = 500_000
NOT_ONE = "not one expression over the input's columns"
# What opens a query inside an expression, and functions that call into the JVM.
_NO_EXPRESSION = re.compile(
    r"\bSELECT\b|\(\s*(?:FROM|TABLE|VALUES|WITH|MAP|REDUCE)\s+\w|"
    r"\b(?:java_method|reflect|try_reflect)\s*\(",
    re.IGNORECASE,
)
_LITERALS = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`[^`]*`")


class SparkWarehouse:
    """A Spark session, ours or the caller's, that reads files and tables.

    Tables are temporary views over blocks that its executors keep; they are gone
    when the warehouse is closed.

    Parameters
    ----------
    settings : SparkSettings
        The master or Spark Connect server, and what it is told.
    work : Path, optional
        A folder for what Spark on this machine writes.
    spark : SparkSession, optional
        Spark that the caller has; it is left running.
    """

    dialect = "spark"

    def __init__(
        self,
        settings: SparkSettings | None = None,
        work: Path | None = None,
        spark: SparkSession | None = None,
    ) -> None:
        ours = False
        if spark is None:
            spark, ours = start(settings or SparkSettings(), work)
        self._spark: Any = spark
        self._ours = ours
        self._where = ""
        self._made = {RAW}
        self._before = {key: self._spark.conf.get(key, None) for key in _CONF}
        for key, value in _CONF.items():
            self._spark.conf.set(key, value)

    def inspect(self, inputs: Sequence[str], csv: CsvSettings) -> Input:
        """See `Warehouse.inspect`."""
        found = self._run(lambda: find(self._spark, inputs))
        self._where = found.description
        read = self._run(lambda: parts(self._spark, found, None, csv))
        return Input(found.description, _columns(read), found.bytes)

    def open_input(
        self, inputs: Sequence[str], layout: pa.Schema | None, csv: CsvSettings
    ) -> Input:
        """See `Warehouse.open_input`."""
        found = self._run(lambda: find(self._spark, inputs))
        self._where = found.description
        read = self._run(lambda: parts(self._spark, found, layout, csv))
        columns = _columns(read)
        if layout is not None:
            check_layout(layout, columns, found.description)
        frames = [_with_layout(part, layout, columns, len(read)) for part in read]
        raw = frames[0]
        for frame in frames[1:]:
            raw = raw.unionByName(frame, allowMissingColumns=True)
        bad = 0
        if BAD_LINE in raw.columns:  # Spark tells bad lines only where all columns are read
            raw = self._run(raw.localCheckpoint)
            bad = self._run(raw.where(f"{quoted(BAD_LINE)} IS NOT NULL").count)
            if bad and csv.bad_lines == "fail":
                raise bad_lines_error(raw, found.description)
            raw = raw.where(f"{quoted(BAD_LINE)} IS NULL").drop(BAD_LINE)
        raw.createOrReplaceTempView(RAW)
        return Input(found.description, columns, found.bytes, bad)

    def open_part(self, part: str | None) -> None:
        """See `Warehouse.open_part`; the input is one, and Spark divides it by itself."""

    def expression_problem(self, expression: str, over: str = RAW) -> str | None:
        """See `Warehouse.expression_problem`."""
        from pyspark.errors import PySparkException
        from pyspark.sql.functions import expr

        if _NO_EXPRESSION.search(_LITERALS.sub("''", expression)):
            return NOT_ONE
        try:
            _ = self._spark.table(over).select(expr(f"({expression}\n)")).columns
        except PySparkException as error:
            return _told(error)[0]
        return None

    def estimate(self, sql: str, params: Mapping[str, object] | None = None) -> int | None:
        """See `Warehouse.estimate`."""
        return None

    def query(self, sql: str, params: Mapping[str, object] | None = None) -> pa.Table:
        """See `Warehouse.query`."""
        return self._run(lambda: _plain(self._sql(sql, params).toArrow()))

    def create_table(
        self, name: str, select_sql: str, params: Mapping[str, object] | None = None
    ) -> None:
        """See `Warehouse.create_table`."""

        def create() -> None:
            # Computed now, so what is wrong is told here; and cut off from how it was made, for
            # Spark would plan all of it again in every query that reads it.
            self._sql(select_sql, params).localCheckpoint().createOrReplaceTempView(name)
            self._made.add(name)

        self._run(create)

    def write_parquet(
        self, select_sql: str, path: Path, params: Mapping[str, object] | None = None
    ) -> None:
        """See `Warehouse.write_parquet`.

        The rows come some partitions at a time: those of a sorted result are ranges, in order.
        """
        self.create_table(_ROWS, select_sql, params)
        count = (
            f"SELECT SPARK_PARTITION_ID() AS p, COUNT(*) AS n FROM {_ROWS} GROUP BY p ORDER BY p"
        )
        schema = self.query(f"SELECT * FROM {_ROWS} LIMIT 0").schema
        with pq.ParquetWriter(path, schema, compression="zstd") as writer:
            for first, last in _ranges(self.query(count).to_pylist()):
                rows = f"SPARK_PARTITION_ID() BETWEEN {first} AND {last}"
                writer.write_table(self.query(f"SELECT * FROM {_ROWS} WHERE {rows}"))
        self.drop_table(_ROWS)

    def drop_table(self, name: str) -> None:
        """See `Warehouse.drop_table`."""
        self._made.discard(name)
        self._spark.catalog.dropTempView(name)

    def close(self) -> None:
        """See `Warehouse.close`."""
        if self._ours:
            self._spark.stop()
            return
        for name in sorted(self._made):
            self.drop_table(name)
        for key, value in self._before.items():
            self._spark.conf.unset(key) if value is None else self._spark.conf.set(key, value)

    def _sql(self, sql: str, params: Mapping[str, object] | None) -> DataFrame:
        used = {k: v for k, v in (params or {}).items() if re.search(rf":{k}\b", sql)}
        return self._spark.sql(sql, args=used)

    def _run(self, action: Callable[[], T]) -> T:
        """Turn the engine's errors into ours, with the engine's own words as evidence."""
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException

        try:
            return action()
        except (PySparkException, Py4JError) as error:
            raise _explain(error, self._where) from error


def _ranges(counts: Sequence[Mapping[str, int]]) -> list[tuple[int, int]]:
    """Return the first and last partition of every batch of rows."""
    found, rows = list[tuple[int, int]](), 0
    for count in counts:
        if not found or rows >= _BATCH:
            found.append((count["p"], count["p"]))
            rows = 0
        found[-1] = found[-1][0], count["p"]
        rows += count["n"]
    return found


def _columns(read: Sequence[Part]) -> pa.Schema:
    schema = merged([part.columns for part in read])
    return pa.schema([field for field in schema if field.name != BAD_LINE])


def _with_layout(
    part: Part, layout: pa.Schema | None, columns: pa.Schema, n_parts: int
) -> DataFrame:
    if layout is None:
        if n_parts == 1:
            return part.frame
        both = [field for field in columns if field.name in part.columns.names]
        items = layout_items(pa.schema(both), part.columns, exactly=True)
        kept = [quoted(BAD_LINE)] if BAD_LINE in part.columns.names else []
        return part.frame.selectExpr(*items, *kept)
    items = layout_items(layout, part.columns, exactly=n_parts > 1)
    return part.frame.selectExpr(*items, f"{part.is_intraday} AS is_intraday")


def _plain(table: pa.Table) -> pa.Table:
    """Return a table whose columns may all be NULL, as those of other engines."""
    return table.cast(pa.schema([pa.field(f.name, f.type) for f in table.schema]))


def _told(error: Exception) -> list[str]:
    """Return the engine's own words, without its stack."""
    text = str(error).partition("JVM stacktrace:")[0].partition("\n== SQL")[0]
    lines = [line.strip() for line in text.splitlines()]
    lines = [re.sub(r" SQLSTATE: \w+(; line \d+ pos \d+)?", "", line) for line in lines]
    return [line for line in lines if line and not line.startswith(("at ", "'", "+-", ":-"))][:4]


def _explain(error: Exception, where: str) -> VisitsegError:
    get = getattr(error, "getCondition", None)
    condition, evidence = (get() if get else None) or "", _told(error)
    if "OutOfMemory" in str(error):
        return VisitsegError(
            "the warehouse ran out of memory",
            where=where,
            evidence=evidence[:2],
            do="Read fewer days at a time, or give Spark more: [spark] conf, "
            '"spark.driver.memory", "spark.executor.memory".',
        )
    if condition.startswith(("CAST_", "FAILED_CAST", "CANNOT_PARSE")):
        return InputError(
            "a value of the input is not of the type that is needed",
            where=where,
            evidence=evidence,
            do="Check --source, and the values of that column.",
        )
    if condition.startswith(("PATH_NOT_FOUND", "TABLE_OR_VIEW_NOT_FOUND")):
        return InputError(
            "the input does not exist",
            where=where,
            evidence=evidence,
            do="Check --input; Spark must see the path from all its machines.",
        )
    return InputError(
        "the input cannot be read",
        where=where,
        evidence=evidence,
        do="Check that it is whole, and --source.",
    )
