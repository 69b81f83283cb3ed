"""BigQuery: the SQL runs where the data are; what comes back is Arrow."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from visitseg.config import CsvSettings, Settings
from visitseg.errors import InputError, VisitsegError
from visitseg.warehouse import RAW, Input
from visitseg.warehouse.bigquery.client import Jobs, size
from visitseg.warehouse.bigquery.export import arrow_schema, export_sql
from visitseg.warehouse.bigquery.expression import problem
from visitseg.warehouse.bigquery.names import Dataset, quote, read_dataset, read_pattern
from visitseg.warehouse.bigquery.source import Source, find_source, suffix_params

# Holds the intermediate tables of a run where the user names no dataset.
OWN_DATASET = "visitseg"
# Rows of a Parquet file that are written, and read, at once.
_ROW_GROUP = 131_072
# The comments and the WITH that a text may begin with.
_OPENING = re.compile(r"\A((?:\s*--[^\n]*\n)*)\s*(WITH\s)?", re.IGNORECASE)
# Sorting is for the one who reads; BigQuery refuses to cluster what is sorted.
_LAST_ORDER = re.compile(r"\nORDER BY [^\n]*\s*\Z")

_MERGE = """MERGE {table} AS kept
USING (
SELECT * FROM (
{select}) WHERE date_id IN UNNEST(@days)
) AS fresh
ON FALSE
WHEN NOT MATCHED BY SOURCE
  AND kept.date_id BETWEEN @first_day AND @last_day AND kept.date_id IN UNNEST(@days)
THEN DELETE
WHEN NOT MATCHED BY TARGET THEN INSERT ({columns}) VALUES ({columns})
"""


class BigQueryWarehouse:
    """A BigQuery project in which jobs run, and a dataset for what lies between them.

    Every table of a run is called by its own name with the run's number, and expires.

    Parameters
    ----------
    settings : Settings
        Project, dates, limit, location, key, and the table ``[bigquery]``.
    tell : callable
        Told what the first query will read, and in the end what was billed.

    Raises
    ------
    ConfigError
        The client library is not installed; there are no credentials or no project; a name is not
        one that BigQuery knows.
    """

    dialect = "bigquery"

    def __init__(self, settings: Settings, tell: Callable[[str], None]) -> None:
        self._settings = settings
        self._tell = tell
        self._jobs = Jobs(settings)
        self._run = f"visitseg_{secrets.token_hex(4)}"
        self._dataset: Dataset | None = None
        self._source: Source | None = None
        # Name in a text -> the SELECT that stands for it.
        self._texts: dict[str, str] = {}
        self._told = False

    def inspect(self, inputs: Sequence[str], csv: CsvSettings) -> Input:
        """See `Warehouse.inspect`; `csv` does not concern tables."""
        source = self._find(inputs)
        return Input(source.pattern.path, source.columns, source.bytes)

    def open_input(
        self, inputs: Sequence[str], layout: pa.Schema | None, csv: CsvSettings
    ) -> Input:
        """See `Warehouse.open_input`; the SELECT names what the tables have, and no more."""
        source = self._find(inputs)
        text = export_sql(source.pattern, layout, source.columns)
        self._texts = {RAW: text}
        return Input(source.pattern.path, source.columns, source.bytes, raw_sql=text)

    def open_part(self, part: str | None) -> None:
        """See `Warehouse.open_part`; the tables are one input, and are read where they are."""

    def expression_problem(self, expression: str, over: str = RAW) -> str | None:
        """See `Warehouse.expression_problem`."""
        if told := problem(expression):
            return told
        try:
            self.estimate(f"SELECT ({expression}\n) AS value FROM {over}")
        except InputError as error:
            return error.evidence[0] if error.evidence else error.what
        return None

    def estimate(self, sql: str, params: Mapping[str, object] | None = None) -> int | None:
        """See `Warehouse.estimate`: a dry run, which bills nothing."""
        return self._jobs.dry_run(self._with(sql), self._values(params)).total_bytes_processed or 0

    def query(self, sql: str, params: Mapping[str, object] | None = None) -> pa.Table:
        """See `Warehouse.query`; where no row is wanted nothing is read."""
        text, values = self._with(sql), self._values(params)
        if sql.rstrip().endswith("LIMIT 0"):
            return arrow_schema(self._jobs.dry_run(text, values).schema).empty_table()
        self._guard(sql, text, values)
        return self._jobs.table(text, values)

    def create_table(
        self, name: str, select_sql: str, params: Mapping[str, object] | None = None
    ) -> None:
        """See `Warehouse.create_table`; the table expires, and is dropped before that."""
        select = self._with(_LAST_ORDER.sub("\n", select_sql))
        values = self._values(params)
        self._guard(select_sql, select, values)
        table = quote(f"{self._own_dataset().path}.{self._run}_{name}")
        options = self._jobs.table_options(self._settings.bigquery.expire_hours)
        self._jobs.run(f"CREATE OR REPLACE TABLE {table}\n{options}AS\n{select}", values)
        self._texts[name] = f"SELECT * FROM {table}\n"

    def write_parquet(
        self, select_sql: str, path: Path, params: Mapping[str, object] | None = None
    ) -> None:
        """See `Warehouse.write_parquet`; rows are written as they come, some pages at a time."""
        writer: pq.ParquetWriter | None = None
        try:
            batches = self._jobs.batches(self._with(select_sql), self._values(params))
            for table in _gathered(batches):
                if writer is None:
                    writer = pq.ParquetWriter(path, table.schema, compression="zstd")
                writer.write_table(table)
        finally:
            if writer is not None:
                writer.close()

    def publish(self, name: str, select_sql: str, days: Sequence[date]) -> str | None:
        """See `KeepsTables.publish`: one MERGE, so a reader sees all of the new days or none.

        The table is partitioned by `date_id`, clustered by `visit_id`, and no query may read it
        without naming days.
        """
        if self._settings.bigquery.destination is None or not days:
            return None
        place = f"{self._own_dataset().path}.{name}"
        select = self._with(_LAST_ORDER.sub("\n", select_sql))
        columns = [quote(field.name) for field in self._jobs.dry_run(select, {}).schema]
        self._jobs.run(
            f"CREATE TABLE IF NOT EXISTS {quote(place)}\n"
            "PARTITION BY date_id\nCLUSTER BY visit_id\n"
            f"{self._jobs.table_options()}AS\nSELECT * FROM (\n{select}) WHERE FALSE\n",
            {},
        )
        values = {"days": list(days), "first_day": min(days), "last_day": max(days)}
        self._jobs.run(
            _MERGE.format(
                table=quote(place),
                select=select,
                columns=", ".join(columns),
            ),
            values,
        )
        return place

    def drop_table(self, name: str) -> None:
        """See `Warehouse.drop_table`."""
        if name in self._texts and name != RAW:
            table = self._texts.pop(name).removeprefix("SELECT * FROM ").strip()
            self._jobs.run(f"DROP TABLE IF EXISTS {table}", {})

    def close(self) -> None:
        """See `Warehouse.close`; tables that cannot be dropped now expire."""
        with suppress(VisitsegError):
            for name in [name for name in self._texts if name != RAW]:
                self.drop_table(name)
        if self._jobs.spent.jobs:
            self._tell(self._jobs.spent.sentence())
        self._jobs.close()

    def _find(self, inputs: Sequence[str]) -> Source:
        if len(inputs) != 1:
            raise InputError(
                f"BigQuery reads one table or pattern, not {len(inputs)}",
                where="--input",
                evidence=list(inputs[:5]),
                do="Give one project.dataset.table, or one pattern project.dataset.prefix_*.",
            )
        if self._source is None or self._source.given != inputs[0]:
            pattern = read_pattern(inputs[0], self._jobs.project)
            self._source = find_source(self._jobs, inputs[0], pattern, self._settings)
        return self._source

    def _own_dataset(self) -> Dataset:
        if self._dataset is None:
            given = self._settings.bigquery.destination
            wanted = given or f"{self._jobs.project}.{OWN_DATASET}"
            found = read_dataset(wanted, self._jobs.project, "[bigquery] destination")
            self._jobs.ensure_dataset(found, create=given is None)
            self._dataset = found
        return self._dataset

    def _with(self, sql: str) -> str:
        """Put the tables that a text names before it, as the first of its WITH."""
        used = [name for name in self._texts if re.search(rf"\b{name}\b", sql)]
        if not used:
            return sql
        tables = ",\n".join(f"{name} AS (\n{self._texts[name]})" for name in used)
        opening = _OPENING.match(sql)
        head, rest = (opening[1], sql[opening.end() :]) if opening else ("", sql)
        return f"{head}WITH {tables}{',' if opening and opening[2] else ''}\n{rest}"

    def _values(self, params: Mapping[str, object] | None) -> dict[str, object]:
        return {**(params or {}), **suffix_params(self._settings)}

    def _guard(self, sql: str, text: str, values: Mapping[str, object]) -> None:
        """Estimate what reads the export, tell it once, and stop above the limit."""
        if not re.search(rf"\b{RAW}\b", sql):
            return
        estimate = self._jobs.dry_run(text, values).total_bytes_processed or 0
        limit = self._settings.max_bytes_billed
        if not self._told:
            self._told = True
            self._tell(
                f"BigQuery: the first query reads {size(estimate)}, the limit is {size(limit)}"
            )
        self._jobs.check_limit(estimate)


def _gathered(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Put pages together: a row group each would make a footer that grows with the rows."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(len(page) for page in held) >= _ROW_GROUP:
            yield pa.Table.from_batches(held)
            held = []
    if held:
        yield pa.Table.from_batches(held)
