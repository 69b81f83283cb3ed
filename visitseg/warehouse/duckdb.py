"""DuckDB, embedded: the default warehouse, which needs nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import duckdb
import pyarrow as pa

from visitseg.config import CsvSettings
from visitseg.errors import ConfigError, InputError, VisitsegError
from visitseg.warehouse import RAW, Input
from visitseg.warehouse.duckdb_input import FILE_COLUMN, LINES, DuckDBInput, text
from visitseg.warehouse.files import find_input
from visitseg.warehouse.layout import check_files

T = TypeVar("T")
NOT_ONE = "not one expression over the input's columns"


class DuckDBWarehouse:
    """A DuckDB connection that reads files and tables and never reaches for the network.

    Parameters
    ----------
    work : Path, optional
        Folder for the database and for what does not fit in memory; in memory without one.
    memory_limit : str, optional
        What the engine may hold in memory, such as 2GB; default four fifths of the machine's.
    threads : int, optional
        Default: one for each core.
    """

    dialect = "duckdb"

    def __init__(
        self, work: Path | None = None, memory_limit: str | None = None, threads: int | None = None
    ) -> None:
        self._connection = duckdb.connect()
        self._thread = ThreadPoolExecutor(max_workers=1)
        for setting in (
            "autoinstall_known_extensions = false",
            "autoload_known_extensions = false",
            "TimeZone = 'UTC'",
            "enable_progress_bar = false",
            "parquet_metadata_cache = true",
        ):
            self._connection.execute(f"SET {setting}")
        if threads is not None:
            self._connection.execute(f"SET threads = {threads}")
        if memory_limit is not None:
            self._limit(memory_limit)
        if work is not None:  # nothing of it is kept, so nothing of it is made durable
            self._connection.execute(f"SET temp_directory = {text(str(work / 'spilled'))}")
            self._connection.execute(
                f"ATTACH {text(str(work / 'work.duckdb'))} AS work (RECOVERY_MODE no_wal_writes)"
            )
            self._connection.execute("USE work")
        self._where = ""
        self._select: Callable[[str | None], str] = lambda _: ""

    def inspect(self, inputs: Sequence[str], csv: CsvSettings) -> Input:
        """See `Warehouse.inspect`."""
        found = DuckDBInput(find_input(inputs), csv)
        self._where = found.description
        return Input(found.description, self._columns(found), found.bytes)

    def open_input(
        self, inputs: Sequence[str], layout: pa.Schema | None, csv: CsvSettings
    ) -> Input:
        """See `Warehouse.open_input`."""
        found = DuckDBInput(find_input(inputs), csv)
        self._where = found.description
        columns = self._columns(found)
        if layout is not None and found.names_by_file:
            files = self.query(found.names_by_file).to_pylist()
            check_files(layout, {row["file_name"]: row["names"] for row in files})
        if found.is_csv:  # text is parsed once: what could not be read is known only afterwards
            self.create_table(LINES, found.reader())
        self._select = lambda part: found.select(layout, columns, part)
        self.open_part(None)
        rejected = self.query(found.rejected).to_pylist() if found.is_csv else []
        if rejected and csv.bad_lines == "fail":
            raise found.bad_lines_error(rejected, self.query(f"SELECT count(*) FROM {RAW}"))
        return Input(
            found.description,
            columns,
            found.bytes,
            len(rejected),
            parts=found.parts,
            columnar=found.json_keys is None,
        )

    def open_part(self, part: str | None) -> None:
        """See `Warehouse.open_part`."""
        self._execute(f"CREATE OR REPLACE VIEW {RAW} AS {self._select(part)}")

    def expression_problem(self, expression: str, over: str = RAW) -> str | None:
        """See `Warehouse.expression_problem`."""
        try:
            (tree,) = self._connection.execute(
                "SELECT json_serialize_sql(?)", [f"SELECT ({expression}\n)"]
            ).fetchone() or ("{}",)
            parsed = json.loads(tree)
            if parsed.get("error"):
                is_syntax = parsed["error_type"] == "parser"
                return str(parsed["error_message"]) if is_syntax else NOT_ONE
            node = parsed["statements"][0]["node"]
            if (
                len(parsed["statements"]) != 1
                or len(node.get("select_list", [])) != 1
                or node["select_list"][0].get("function_name") == "row"  # a, b in parentheses
                or node["from_table"]["type"] != "EMPTY"
                or '"SUBQUERY"' in tree
            ):
                return NOT_ONE
            self._connection.execute(f"EXPLAIN SELECT ({expression}\n) FROM {over}")
        except duckdb.Error as error:
            return str(error).splitlines()[0]
        return None

    def estimate(self, sql: str, params: Mapping[str, object] | None = None) -> int | None:
        """See `Warehouse.estimate`."""
        return None

    def query(self, sql: str, params: Mapping[str, object] | None = None) -> pa.Table:
        """See `Warehouse.query`."""
        return self._run(
            lambda: self._connection.sql(sql, params=_used(sql, params)).to_arrow_table()
        )

    def create_table(
        self, name: str, select_sql: str, params: Mapping[str, object] | None = None
    ) -> None:
        """See `Warehouse.create_table`."""
        self._execute(f"CREATE OR REPLACE TABLE {name} AS\n{select_sql}", params)

    def write_parquet(
        self, select_sql: str, path: Path, params: Mapping[str, object] | None = None
    ) -> None:
        """See `Warehouse.write_parquet`."""
        self._execute(
            f"COPY ({select_sql}) TO {text(str(path))} (FORMAT parquet, COMPRESSION zstd)", params
        )

    def drop_table(self, name: str) -> None:
        """See `Warehouse.drop_table`."""
        self._execute(f"DROP TABLE IF EXISTS {name}")

    def close(self) -> None:
        """See `Warehouse.close`."""
        self._thread.shutdown(cancel_futures=True)
        self._connection.close()

    def _limit(self, memory: str) -> None:
        try:
            self._connection.execute(f"SET memory_limit = {text(memory)}")
        except duckdb.Error as error:
            raise ConfigError(
                f"{memory!r} is no size of memory",
                where="--memory-limit",
                evidence=[str(error).splitlines()[0]],
                do="Write a number and a unit: --memory-limit 2GB.",
            ) from error

    def _columns(self, found: DuckDBInput) -> pa.Schema:
        if found.attach:
            self._execute(found.attach)
        if found.json_keys:
            keys = self.query(found.json_keys)["key"].to_pylist()
            return pa.schema([pa.field(key, pa.null()) for key in sorted(keys)])
        schema = self.query(f"SELECT * FROM ({found.reader()}) LIMIT 0").schema
        found.check_columns(schema.names)
        return pa.schema([field for field in schema if field.name != FILE_COLUMN])

    def _execute(self, sql: str, params: Mapping[str, object] | None = None) -> None:
        self._run(lambda: self._connection.execute(sql, _used(sql, params)))

    def _run(self, action: Callable[[], T]) -> T:
        """Run in a thread of its own, and turn the engine's errors into ours.

        In the main thread the engine would often not see Ctrl-C before the query's end.
        """
        try:
            return self._thread.submit(action).result()
        except KeyboardInterrupt:
            self._connection.interrupt()
            raise
        except duckdb.Error as error:
            raise _explain(error, self._where) from error


def _used(sql: str, params: Mapping[str, object] | None) -> dict[str, object]:
    """Keep the parameters that a text names: DuckDB refuses the others."""
    return {name: value for name, value in (params or {}).items() if f"${name}" in sql}


def _explain(error: duckdb.Error, where: str) -> VisitsegError:
    text = str(error)
    if text.startswith("{"):
        text = str(json.loads(text).get("exception_message", text))
    evidence = [line.strip() for line in text.splitlines() if line.strip()][:4]
    if isinstance(error, duckdb.OutOfMemoryException):
        return VisitsegError(
            "the warehouse ran out of memory",
            where=where,
            evidence=evidence,
            do="Read one day at a time (--stream), or allow more: --memory-limit.",
        )
    if isinstance(error, duckdb.ConversionException):
        return InputError(
            "a value of the input is not of the type that is needed",
            where=where,
            evidence=evidence,
            do="Check --source, and the values of that column.",
        )
    return InputError(
        "the input cannot be read",
        where=where,
        evidence=evidence,
        do="Check that the file is whole, and --source.",
    )
