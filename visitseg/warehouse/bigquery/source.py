"""The tables behind ``--input``: do they exist, where, with which columns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pyarrow as pa

from visitseg.config import Settings
from visitseg.errors import InputError
from visitseg.warehouse.bigquery.client import Jobs
from visitseg.warehouse.bigquery.export import arrow_schema
from visitseg.warehouse.bigquery.names import DAY, TablePattern, read_location

_FIRST_DAY, _LAST_DAY = "00000000", "99999999"


@dataclass(frozen=True)
class Source:
    """What an input turned out to be.

    Attributes
    ----------
    given : str
        As ``--input`` had it.
    pattern : TablePattern
        The same, validated.
    columns : pa.Schema
        Columns of the table; of a pattern, those of its newest table, as BigQuery reads it.
    bytes : int
        Logical bytes of a table; 0 for a pattern.
    """

    given: str
    pattern: TablePattern
    columns: pa.Schema
    bytes: int


def suffix_params(settings: Settings) -> dict[str, object]:
    """Return the days that are read, as table suffixes: one more on each side than is asked."""
    one = timedelta(days=1)
    first, end = settings.date_from, settings.date_to
    return {
        "suffix_from": f"{first - one:%Y%m%d}" if first else _FIRST_DAY,
        "suffix_to": f"{end + one:%Y%m%d}" if end else _LAST_DAY,
    }


def find_source(jobs: Jobs, given: str, pattern: TablePattern, settings: Settings) -> Source:
    """Look an input up, and make its dataset's region the region of all jobs.

    Raises
    ------
    InputError
        There is no such dataset or table; a view or no day of the range matches the pattern.
    ConfigError
        ``--location`` is another region than the dataset's.
    """
    if settings.location:
        read_location(settings.location)
    jobs.locate(pattern.dataset, settings.location)
    if not pattern.is_wildcard:
        table = jobs.table_of(pattern.path)
        return Source(given, pattern, arrow_schema(table.schema), table.num_bytes or 0)
    matching = [t for t in jobs.tables(pattern.dataset) if t.table_id.startswith(pattern.prefix)]
    views = [table.table_id for table in matching if table.table_type != "TABLE"]
    if views:
        raise InputError(
            f"{len(views)} of the {len(matching)} tables that match the pattern are views",
            where=pattern.path,
            evidence=views[:5],
            do="BigQuery reads no views by a pattern. Choose a pattern that they do not match.",
        )
    if not matching:
        known = sorted({_family(t.table_id) for t in jobs.tables(pattern.dataset)})
        raise InputError(
            "no table matches the pattern",
            where=pattern.path,
            evidence=[f"the dataset holds {', '.join(known[:8])}"] if known else ["it is empty"],
            do="Check --input, or DATASET and TABLE_PATTERN.",
        )
    if settings.source in ("ga360", "ga4"):
        _check_days(matching, pattern, settings)
    newest = max(matching, key=lambda table: (table.created, table.table_id))
    schema = jobs.table_of(f"{pattern.dataset.path}.{newest.table_id}").schema
    return Source(given, pattern, arrow_schema(schema), 0)


def _check_days(matching: list[Any], pattern: TablePattern, settings: Settings) -> None:
    suffixes = [table.table_id.removeprefix(pattern.prefix) for table in matching]
    days = sorted(day for day in suffixes if DAY.fullmatch(day))
    bounds = suffix_params(settings)
    if not days:
        raise InputError(
            "no table that matches the pattern is named by a day",
            where=pattern.path,
            evidence=[table.table_id for table in matching[:5]],
            do="End the pattern where the day begins: ga_sessions_*, events_*. "
            "--date-from and --date-to choose the days.",
        )
    if not any(str(bounds["suffix_from"]) <= day < str(bounds["suffix_to"]) for day in days):
        raise InputError(
            "no table is of the days that are asked for",
            where=pattern.path,
            evidence=[f"{len(days):,} days from {days[0]} to {days[-1]}"],
            do="Choose other days: --date-from, --date-to.",
        )


def _family(table: str) -> str:
    day = table[-8:]
    return f"{table[:-8]}*" if DAY.fullmatch(day) else table
