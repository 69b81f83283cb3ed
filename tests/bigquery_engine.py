"""What stands behind the local BigQuery server: datasets, tables, and GoogleSQL statements.

A statement is analysed and executed by ZetaSQL, Google's own implementation of the language, so
what BigQuery would refuse (an unknown column, a wrong type) is refused in the same words. What the
evaluator knows nothing of is done here: wildcards, CREATE TABLE AS, DROP, MERGE, bytes, expiry.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import bigquery_duckdb
import duckdb
import pyarrow as pa
from oracle import TABLE_SUFFIX, Oracle, OracleError

_QUOTED = re.compile(r"`([^`]+)`")
_CREATE = re.compile(
    r"\s*CREATE (?P<kind>OR REPLACE TABLE|TABLE IF NOT EXISTS|TABLE) `(?P<table>[^`]+)`\s*"
    r"(?P<parts>.*?)\s*\bAS\s*\n(?P<select>.*)\Z",
    re.DOTALL,
)
_MERGE = re.compile(
    r"MERGE `(?P<table>[^`]+)` AS kept\nUSING \(\n(?P<select>.*)\n\) AS fresh\nON FALSE\n"
    r"WHEN NOT MATCHED BY SOURCE\n  AND kept.date_id BETWEEN .*",
    re.DOTALL,
)
_DROP = re.compile(r"\s*DROP TABLE IF EXISTS `([^`]+)`;?\s*\Z")
_EXPIRES = re.compile(
    r"expiration_timestamp = TIMESTAMP_ADD\(CURRENT_TIMESTAMP\(\), INTERVAL (\d+) MINUTE\)"
)
_CLOCK = itertools.count(1_700_000_000_000)


class RefusedError(Exception):
    """The API's answer to what it cannot do."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status, self.reason, self.message = status, reason, message


@dataclass
class Table:
    """A table of a dataset; its content, and what the API tells of it."""

    content: pa.Table
    created: int = field(default_factory=lambda: next(_CLOCK))
    kind: str = "TABLE"
    expires: int | None = None
    parts: str = ""  # PARTITION BY, CLUSTER BY and OPTIONS, as they were written


@dataclass
class Dataset:
    """Tables in a region."""

    location: str = "US"
    tables: dict[str, Table] = field(default_factory=dict)


@dataclass
class Outcome:
    """What a statement gave."""

    content: pa.Table
    bytes: int
    statement: str = "SELECT"


class Engine:
    """Datasets by ``project.dataset``, and the statements that read and write them.

    All statements are analysed by ZetaSQL. `executes` says who executes them: its evaluator
    ("google"), or DuckDB where it can, for exports that are too large for the evaluator ("duckdb").
    """

    def __init__(self) -> None:
        self.datasets: dict[str, Dataset] = {}
        self.oracle = Oracle()
        self.executes = "google"
        self.by = {"google": 0, "duckdb": 0}  # statements that each has executed

    def dataset(self, path: str) -> Dataset:
        if path not in self.datasets:
            raise RefusedError(404, "notFound", f"Not found: Dataset {path.replace('.', ':', 1)}")
        return self.datasets[path]

    def table(self, path: str) -> Table:
        dataset, _, name = path.rpartition(".")
        tables = self.dataset(dataset).tables
        if name not in tables:
            raise RefusedError(404, "notFound", f"Not found: Table {path.replace('.', ':', 1)}")
        return tables[name]

    def add(self, path: str, content: pa.Table, kind: str = "TABLE", location: str = "US") -> None:
        dataset, _, name = path.rpartition(".")
        self.datasets.setdefault(dataset, Dataset(location)).tables[name] = Table(
            content, kind=kind
        )

    def bytes(self, sql: str, params: Mapping[str, Any]) -> int:
        """Count the bytes of the tables that a statement reads; suffix bounds prune."""
        read = sql
        if created := _CREATE.fullmatch(sql):
            read = created["select"]
        return sum(
            table.content.nbytes
            for path in dict.fromkeys(_QUOTED.findall(read))
            if self._is_table(path)
            for _, table in self._members(path, params)
        )

    def schema(self, sql: str, params: Mapping[str, Any]) -> pa.Schema:
        """Analyse a statement; return the schema of its rows."""
        created = _CREATE.fullmatch(sql)
        tables = {path: self._read(path, params).slice(0, 0) for path in self._reads(sql)}
        try:
            self.oracle.analyze(sql, tables, params)
            return self.oracle.query(created["select"] if created else sql, tables, params).schema
        except OracleError as error:
            raise RefusedError(400, "invalidQuery", str(error)) from error

    def execute(self, sql: str, params: Mapping[str, Any], location: str) -> Outcome:
        """Run one statement in a region."""
        if dropped := _DROP.fullmatch(sql):
            dataset, _, name = dropped[1].rpartition(".")
            self.dataset(dataset).tables.pop(name, None)
            return Outcome(pa.table({}), 0, "DROP_TABLE")
        n_bytes = self.bytes(sql, params)
        if merged := _MERGE.fullmatch(sql):
            return self._merge(merged, params)
        created = _CREATE.fullmatch(sql)
        tables = {path: self._read(path, params) for path in self._reads(sql)}
        for path in tables:
            self._in_region(path, location)
        try:
            self.oracle.analyze(sql, tables, params)
            if created is None:
                return Outcome(self._rows(sql, tables, params), n_bytes)
            self._in_region(created["table"], location)
            content = self._rows(created["select"], tables, params)
        except OracleError as error:
            raise RefusedError(400, "invalidQuery", str(error)) from error
        self._create(created, content)
        return Outcome(pa.table({}), n_bytes, "CREATE_TABLE_AS_SELECT")

    def _rows(
        self, sql: str, tables: Mapping[str, pa.Table], params: Mapping[str, Any]
    ) -> pa.Table:
        if self.executes == "duckdb":
            with suppress(bigquery_duckdb.NotOursError, duckdb.Error):
                found = bigquery_duckdb.execute(sql, tables.__getitem__, params)
                self.by["duckdb"] += 1
                return found
        self.by["google"] += 1
        return self.oracle.query(sql, tables, params)

    def _create(self, created: re.Match[str], content: pa.Table) -> None:
        dataset, _, name = created["table"].rpartition(".")
        tables = self.dataset(dataset).tables
        if name in tables:
            if "IF NOT EXISTS" in created["kind"]:
                return
            if "OR REPLACE" not in created["kind"]:
                raise RefusedError(409, "duplicate", f"Already Exists: Table {created['table']}")
        if "CLUSTER BY" in created["parts"] and re.search(
            r"\nORDER BY [^()]*\Z", created["select"].rstrip()
        ):
            raise RefusedError(
                400, "invalidQuery", "Result of ORDER BY queries cannot be clustered."
            )
        lives = _EXPIRES.search(created["parts"])
        now = int(dt.datetime.now(dt.UTC).timestamp() * 1000)
        tables[name] = Table(
            content,
            expires=now + 60_000 * int(lives[1]) if lives else None,
            parts=created["parts"],
        )

    def _merge(self, merged: re.Match[str], params: Mapping[str, Any]) -> Outcome:
        """Do the one MERGE that the warehouse writes: days replaced whole."""
        target = self.table(merged["table"])
        schemas = {path: self._read(path, params) for path in self._reads(merged["select"])}
        try:
            self.oracle.analyze(
                merged[0], schemas | {merged["table"]: target.content.schema}, params
            )
        except OracleError as error:
            raise RefusedError(400, "invalidQuery", str(error)) from error
        fresh = self._rows(merged["select"], schemas, params)
        days = set(params["days"].as_py())
        dates = target.content["date_id"].to_pylist()
        stays = pa.array([day not in days for day in dates], pa.bool_())
        target.content = pa.concat_tables([target.content.filter(stays), fresh])
        return Outcome(pa.table({}), 0, "MERGE")

    def _in_region(self, path: str, location: str) -> None:
        dataset = path.rpartition(".")[0]
        if self.dataset(dataset).location.lower() != location.lower():
            raise RefusedError(
                404,
                "notFound",
                f"Not found: Dataset {dataset} was not found in location {location}",
            )

    def _is_table(self, path: str) -> bool:
        return path.rpartition(".")[0] in self.datasets

    def _reads(self, sql: str) -> list[str]:
        """Name the tables that a statement reads: what stands in back-ticks after FROM or JOIN."""
        found = re.findall(r"\b(?:FROM|JOIN|USING)\s+`([^`]+\.[^`]+)`", sql)
        return list(dict.fromkeys(found))

    def _members(self, path: str, params: Mapping[str, Any]) -> list[tuple[str, Table]]:
        """List the tables behind a name, each with its suffix."""
        if not path.endswith("*"):
            return [("", self.table(path))]
        dataset, _, pattern = path.rpartition(".")
        prefix = pattern.removesuffix("*")
        found = [
            (name.removeprefix(prefix), table)
            for name, table in sorted(self.dataset(dataset).tables.items())
            if name.startswith(prefix)
        ]
        if not found:
            raise RefusedError(404, "notFound", f"{path} does not match any table.")
        if any(table.kind == "VIEW" for _, table in found):
            raise RefusedError(400, "invalidQuery", "Views cannot be queried through prefix.")
        low, high = params.get("suffix_from", ""), params.get("suffix_to", "\U0010ffff")
        return [(suffix, table) for suffix, table in found if low <= suffix < high]

    def _read(self, path: str, params: Mapping[str, Any]) -> pa.Table:
        """Return a table's rows; of a wildcard, by the schema of the newest table."""
        if not path.endswith("*"):
            return self.table(path).content
        newest = max((t for _, t in self._members(path, {})), key=lambda table: table.created)
        schema = newest.content.schema
        parts = [
            _fitted(table.content, schema).append_column(
                TABLE_SUFFIX, pa.repeat(pa.scalar(suffix), table.content.num_rows)
            )
            for suffix, table in self._members(path, params)
        ]
        empty = schema.empty_table().append_column(TABLE_SUFFIX, pa.array([], pa.string()))
        return pa.concat_tables(parts or [empty])


def _fitted(content: pa.Table, schema: pa.Schema) -> pa.Table:
    """Give a table another's columns; what it lacks is NULL."""
    if content.schema.equals(schema):
        return content
    return pa.Table.from_pylist(content.to_pylist(), schema=schema)
