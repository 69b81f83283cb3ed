"""Jobs of the official client: parameters, limits, labels, waiting, and what they cost."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from visitseg.config import Settings
from visitseg.errors import ConfigError, InputError, WarehouseError
from visitseg.warehouse.bigquery.names import (
    Dataset,
    read_key,
    read_labels,
    read_project,
)

try:
    from google.api_core.exceptions import NotFound
    from google.cloud import bigquery

    from visitseg.warehouse.bigquery.errors import explained
except ModuleNotFoundError as error:
    raise ConfigError(
        "the BigQuery client is not installed",
        where="--warehouse bigquery",
        evidence=[str(error)],
        do="pip install 'visitseg[bigquery]'",
    ) from error

# A request without an answer for so long is asked again.
_REQUEST_SEC = 150.0
_TABLES_A_PAGE = 1000
# A page is text that is parsed into objects: it decides what our own process needs of memory.
_ROWS_A_PAGE = 10_000


@dataclass
class Spent:
    """What the jobs of a run cost."""

    jobs: int = 0
    bytes_billed: int = 0
    slot_ms: int = 0

    def sentence(self) -> str:
        """Bytes and slot time, in words."""
        return (
            f"BigQuery: {self.jobs} jobs billed {size(self.bytes_billed)} "
            f"and took {self.slot_ms / 1000:,.1f} slot seconds"
        )


class Jobs:
    """The client of one project.

    Parameters
    ----------
    settings : Settings
        Project, limit, key, labels, retries.
    """

    def __init__(self, settings: Settings) -> None:
        given = settings.google_project_id
        if given:
            read_project(given, "GOOGLE_PROJECT_ID")
        self._key = read_key(settings.kms_key) if settings.kms_key else None
        self._labels = read_labels(settings.bigquery.labels)
        self._limit = settings.max_bytes_billed
        self._storage_api = settings.bigquery.storage_api
        self._retry = bigquery.DEFAULT_RETRY.with_timeout(settings.bigquery.retry_sec)
        self._job_retry = bigquery.retry.DEFAULT_JOB_RETRY.with_timeout(
            4 * settings.bigquery.retry_sec
        )
        self._asked = {"retry": self._retry, "timeout": _REQUEST_SEC}
        self.location: str | None = None
        self.spent = Spent()
        try:
            with explained("the credentials"):
                self._client = bigquery.Client(project=given)
        except OSError as error:
            raise ConfigError(
                "no project is named for BigQuery's jobs",
                evidence=[str(error)[:200]],
                do="Set GOOGLE_PROJECT_ID to the project that runs and pays for the jobs.",
            ) from error
        self.project: str = read_project(self._client.project, "the project of the credentials")

    def locate(self, dataset: Dataset, wanted: str | None) -> None:
        """Take the region of a dataset for all jobs."""
        with explained(dataset.path):
            found = self._client.get_dataset(dataset.path, **self._asked).location
        if wanted and wanted.lower() != found.lower():
            raise ConfigError(
                f"the data are in {found}, and --location is {wanted}",
                where=dataset.path,
                do=f"Jobs run where the data are: leave --location out, or say {found}.",
            )
        self.location = found

    def ensure_dataset(self, dataset: Dataset, *, create: bool) -> None:
        """See that a dataset for results exists where the data are."""
        with explained(dataset.path):
            try:
                found = self._client.get_dataset(dataset.path, **self._asked)
            except NotFound:
                if not create:
                    raise
                wanted = bigquery.Dataset(dataset.path)
                wanted.location = self.location
                found = self._client.create_dataset(wanted, exists_ok=True, **self._asked)
        if found.location.lower() != (self.location or "").lower():
            raise ConfigError(
                f"the destination is in {found.location}, the data are in {self.location}",
                where=dataset.path,
                do=f"BigQuery writes where it reads. Name a dataset in {self.location}:\n"
                '[bigquery]\ndestination = "project.dataset"',
            )

    def table_of(self, path: str) -> Any:
        """Return a table's description."""
        with explained(path):
            return self._client.get_table(path, **self._asked)

    def tables(self, dataset: Dataset) -> list[Any]:
        """Return all tables of a dataset."""
        with explained(dataset.path):
            return list(
                self._client.list_tables(dataset.path, page_size=_TABLES_A_PAGE, **self._asked)
            )

    def dry_run(self, sql: str, params: Mapping[str, object]) -> Any:
        """Have a text checked and estimated; nothing is read or billed."""
        with explained("a dry run"):
            return self._client.query(
                sql,
                job_config=self._config(sql, params, dry_run=True),
                location=self.location,
                job_retry=None,
                **self._asked,
            )

    def check_limit(self, estimate: int) -> None:
        """Raise where a query would read more than the limit."""
        if estimate > self._limit:
            raise WarehouseError(
                f"the query would read {size(estimate)}, the limit is {size(self._limit)}",
                where="--max-bytes-billed",
                do="Choose fewer days (--date-from, --date-to), or raise --max-bytes-billed. "
                "Nothing was read, nothing was billed.",
            )

    def run(self, sql: str, params: Mapping[str, object]) -> None:
        """Run a statement to its end."""
        self._rows(sql, params)

    def table(self, sql: str, params: Mapping[str, object]) -> pa.Table:
        """Run a SELECT and return its rows."""
        rows = self._rows(sql, params)
        with explained("the result of a query"):
            return rows.to_arrow(create_bqstorage_client=self._storage_api)

    def batches(self, sql: str, params: Mapping[str, object]) -> Iterator[pa.RecordBatch]:
        """Run a SELECT and give its rows batch by batch, one page in memory."""
        rows = self._rows(sql, params)
        reader = None
        if self._storage_api:
            with explained("the Storage Read API"):
                reader = self._client._ensure_bqstorage_client()
        with explained("the result of a query"):
            empty = True
            for batch in rows.to_arrow_iterable(bqstorage_client=reader):
                empty = False
                yield batch
            if empty:
                table = rows.to_arrow(create_bqstorage_client=False)
                yield pa.RecordBatch.from_pylist([], schema=table.schema)

    def table_options(self, expire_hours: float | None = None) -> str:
        """Return the OPTIONS of a table that expires, or of one that stays."""
        minutes = max(1, round((expire_hours or 0) * 60))
        options = [
            f"expiration_timestamp = TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL {minutes} MINUTE)"
            if expire_hours
            else "require_partition_filter = TRUE"
        ]
        if self._key:
            options.append(f"kms_key_name = '{self._key}'")
        return f"OPTIONS({', '.join(options)})\n"

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _rows(self, sql: str, params: Mapping[str, object]) -> Any:
        where = f"a job in {self.location}" if self.location else "a job"
        with explained(where):
            job, rows = self._job_retry(self._attempt)(sql, params)
        self.spent.jobs += 1
        self.spent.bytes_billed += job.total_bytes_billed or 0
        self.spent.slot_ms += job.slot_millis or 0
        return rows

    def _attempt(self, sql: str, params: Mapping[str, object]) -> tuple[Any, Any]:
        """Run one job; the client would repeat a failed one by itself, but for 40 minutes."""
        job = self._client.query(
            sql,
            job_config=self._config(sql, params),
            location=self.location,
            job_id_prefix="visitseg-",
            job_retry=None,
            **self._asked,
        )
        try:
            return job, job.result(page_size=_ROWS_A_PAGE, retry=self._retry, job_retry=None)
        except KeyboardInterrupt:
            job.cancel(retry=None, timeout=10)
            raise

    def _config(self, sql: str, params: Mapping[str, object], *, dry_run: bool = False) -> Any:
        values = [
            parameter(name, value)
            for name, value in params.items()
            if re.search(rf"@{name}\b", sql)
        ]
        config = bigquery.QueryJobConfig(
            query_parameters=values, labels=self._labels, dry_run=dry_run
        )
        if not dry_run:
            config.maximum_bytes_billed = self._limit
        if self._key:
            config.destination_encryption_configuration = bigquery.EncryptionConfiguration(
                kms_key_name=self._key
            )
        return config


def parameter(name: str, value: object) -> Any:
    """Return a query parameter; a NULL is a day where its name ends so, else a text.

    Raises
    ------
    InputError
        The value is of no type that a parameter can have.
    """
    if isinstance(value, list | tuple):
        kind = "DATE" if value and isinstance(value[0], date) else "STRING"
        return bigquery.ArrayQueryParameter(name, kind, list(value))
    if value is None:
        kind = "DATE" if name.endswith(("_from", "_to")) else "STRING"
        return bigquery.ScalarQueryParameter(name, kind, None)
    kinds = {bool: "BOOL", int: "INT64", float: "FLOAT64", str: "STRING", date: "DATE"}
    if type(value) not in kinds:
        raise InputError(f"@{name} is {type(value).__name__}: no type of a query parameter")
    return bigquery.ScalarQueryParameter(name, kinds[type(value)], value)


def size(n: int) -> str:
    """Return bytes in words."""
    amount = float(n)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{n} bytes" if unit == "bytes" else f"{amount:,.1f} {unit}"
        amount /= 1024
    return f"{amount:,.1f} TiB"
