"""The SQL with which DuckDB reads an input: Parquet, NDJSON, delimited text or a database table."""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from visitseg.config import CsvSettings
from visitseg.errors import ConfigError, InputError
from visitseg.warehouse.files import DatabaseTable, InputFiles, first_line
from visitseg.warehouse.layout import layout_select, sql_type

# The column in which a reader puts the file's name.
FILE_COLUMN = "visitseg_file"
# The table of the lines of delimited text.
LINES = "input_lines"
# DuckDB buffers whole JSON objects; a long visit with many products is a few megabytes.
LONGEST_JSON_LINE = 64 * 1024 * 1024
# Lines of NDJSON that are looked at for its keys: keys that are NULL are left out of a line.
JSON_LINES_FOR_KEYS = 1000
# Lines from which the columns' types are told.
CSV_LINES_FOR_TYPES = 200_000
ENCODINGS = ("utf-8", "latin-1", "utf-16")


@dataclass(frozen=True)
class DuckDBInput:
    """An input and how DuckDB reads it.

    Parameters
    ----------
    found : InputFiles or DatabaseTable
        What ``--input`` names.
    csv : CsvSettings
        How delimited text is read.

    Raises
    ------
    ConfigError
        It is in an encoding that DuckDB does not know.
    InputError
        The names of its columns are not in the encoding.
    """

    found: InputFiles | DatabaseTable
    csv: CsvSettings

    def __post_init__(self) -> None:
        if self.is_csv and self.csv.encoding.lower() not in ENCODINGS:
            raise ConfigError(
                f"{self.csv.encoding!r} is no encoding that DuckDB reads",
                where="[csv] encoding",
                evidence=[f"there are {', '.join(ENCODINGS)}"],
                do='Set one of them, under [csv]: encoding = "latin-1". Or convert it to UTF-8.',
            )
        if self.is_csv and self.csv.encoding.lower() == "utf-8":
            for path in self.found.paths if isinstance(self.found, InputFiles) else ():
                _check_names(path)

    @property
    def description(self) -> str:
        """How messages call the input."""
        return self.found.description

    @property
    def bytes(self) -> int:
        """Size on disk in bytes."""
        if isinstance(self.found, InputFiles):
            return self.found.bytes
        return Path(self.found.path).stat().st_size

    @property
    def parts(self) -> tuple[str, ...]:
        """The files, where there are several."""
        several = isinstance(self.found, InputFiles) and len(self.found.paths) > 1
        return self.found.paths if several and isinstance(self.found, InputFiles) else ()

    @property
    def is_csv(self) -> bool:
        """Whether it is delimited text."""
        return isinstance(self.found, InputFiles) and self.found.format == "csv"

    @property
    def attach(self) -> str | None:
        """The statement that opens a database file; None for files."""
        if isinstance(self.found, InputFiles):
            return None
        return f"ATTACH IF NOT EXISTS {text(self.found.path)} AS input_file (READ_ONLY)"

    @property
    def json_keys(self) -> str | None:
        """The query that finds the top-level keys of NDJSON; None for other formats."""
        if not isinstance(self.found, InputFiles) or self.found.format != "ndjson":
            return None
        return (
            "SELECT DISTINCT unnest(json_keys(json)) AS key FROM (SELECT json FROM "
            f"read_ndjson_objects({_texts(self.found.paths)}, "
            f"maximum_object_size = {LONGEST_JSON_LINE}) LIMIT {JSON_LINES_FOR_KEYS})"
        )

    @property
    def names_by_file(self) -> str | None:
        """The query that finds the columns of each of several Parquet files; else None."""
        if not self.parts or not isinstance(self.found, InputFiles):
            return None
        if self.found.format != "parquet":
            return None
        return (
            "SELECT file_name, list(name) AS names FROM "
            f"parquet_schema({_texts(self.found.paths)}) GROUP BY file_name ORDER BY file_name"
        )

    rejected = (
        "SELECT s.file_path AS file, e.line, any_value(e.error_message) AS error "
        "FROM reject_errors AS e JOIN reject_scans AS s USING (scan_id, file_id) "
        "GROUP BY s.file_path, e.line ORDER BY file, e.line"
    )

    def reader(self, layout: pa.Schema | None = None) -> str:
        """Return the SELECT that reads everything, the file's name besides."""
        if isinstance(self.found, DatabaseTable):
            table = f"input_file.{_name(self.found.schema)}.{_name(self.found.table)}"
            return f"SELECT *, {text(self.found.table)} AS {FILE_COLUMN} FROM {table}"
        files = _texts(self.found.paths)
        common = f"filename = {text(FILE_COLUMN)}, union_by_name = true"
        if self.found.format == "parquet":
            return f"SELECT * FROM read_parquet({files}, {common})"
        if self.found.format == "ndjson":
            columns = ""
            if layout is not None:
                pairs = ", ".join(f"{_name(f.name)}: {text(sql_type(f.type))}" for f in layout)
                columns = f", columns = {{{pairs}}}"
            return (
                f"SELECT * FROM read_ndjson({files}, {common}, "
                f"maximum_object_size = {LONGEST_JSON_LINE}{columns})"
            )
        # DuckDB does not combine union_by_name with a list of rejected lines.
        return " UNION ALL BY NAME ".join(self._csv(path) for path in self.found.paths)

    def select(self, layout: pa.Schema | None, columns: pa.Schema, part: str | None = None) -> str:
        """Return the SELECT that gives the input, or a part, the layout, if there is one."""
        only = f" WHERE {FILE_COLUMN} = {text(part)}" if part else ""
        lines = f"SELECT * FROM {LINES}" if self.is_csv else None
        if layout is None:
            return f"SELECT * EXCLUDE ({FILE_COLUMN}) FROM ({lines or self.reader()}){only}"
        untyped = self.json_keys is not None
        selected = layout_select(layout, columns, typed=not untyped, where=self.description)
        intraday = f"regexp_matches(parse_filename({FILE_COLUMN}), '(intraday|fresh)_')"
        reader = lines or self.reader(layout if untyped else None)
        return f"SELECT {selected}, {intraday} AS is_intraday FROM ({reader}){only}"

    def bad_lines_error(self, rejected: Sequence[Mapping[str, Any]], read: pa.Table) -> InputError:
        """Say which lines of delimited text could not be read."""
        lines = "1 line" if len(rejected) == 1 else f"{len(rejected):,} lines"
        whole = int(read.column(0)[0].as_py())
        do = (
            'Mend the lines, or skip and count them in the ledger: under [csv], bad_lines = "skip".'
        )
        if any("not utf-8 encoded" in str(r["error"]) for r in rejected):
            do = f'Say how the file is written, under [csv]: encoding = "latin-1".\n{do}'
        return InputError(
            f"{lines} of {whole + len(rejected):,} cannot be read",
            where=self.description,
            evidence=[f"{r['file']}, line {r['line']:,}: {r['error']}" for r in rejected[:5]],
            do=do,
        )

    def check_columns(self, names: Sequence[str]) -> None:
        """Refuse text with two columns of one name: DuckDB renames the second and does not say so.

        Raises
        ------
        InputError
            There are such.
        """
        for path in self.found.paths if self.is_csv and isinstance(self.found, InputFiles) else ():
            header = first_line(path).decode(self.csv.encoding, "ignore")
            twice = [name for name in names if f"{name}_1" in names and f"{name}_1" not in header]
            if twice:
                raise InputError(
                    f"two columns are called {twice[0]}",
                    where=f"{path}, line 1",
                    evidence=[header.strip()],
                    do="Give every column a name of its own.",
                )

    def _csv(self, path: str) -> str:
        options = [
            f"filename = {text(FILE_COLUMN)}",
            "header = true",
            "store_rejects = true",
            f"sample_size = {CSV_LINES_FOR_TYPES}",
            f"encoding = {text(self.csv.encoding)}",
        ]
        if self.csv.delimiter is not None:
            options.append(f"delim = {text(self.csv.delimiter)}")
        return f"SELECT * FROM read_csv({text(path)}, {', '.join(options)})"


def _check_names(path: str) -> None:
    """Refuse names of columns that are not UTF-8: DuckDB would drop the line and not say so."""
    line = first_line(path)
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as error:
        likely = "utf-16" if line[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "latin-1"
        raise InputError(
            "the names of the columns are not UTF-8",
            where=f"{path}, line 1",
            evidence=[f"as {likely}: {line.decode(likely, 'ignore').strip()}"],
            do=f'Say how the file is written, under [csv]: encoding = "{likely}".',
        ) from error


def text(value: str) -> str:
    """Return a literal."""
    return "'" + value.replace("'", "''") + "'"


def _texts(values: Sequence[str]) -> str:
    return "[" + ", ".join(text(value) for value in values) + "]"


def _name(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'
