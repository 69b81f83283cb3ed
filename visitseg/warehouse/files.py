"""From the words after ``--input`` to files that can be read, or a clear reason why not."""

from __future__ import annotations

import glob
import gzip
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from visitseg.errors import InputError

FORMATS = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "ndjson",
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
}
PARQUET_MAGIC = b"PAR1"


@dataclass(frozen=True)
class InputFiles:
    """Files of one format, in name order."""

    format: str
    paths: tuple[str, ...]
    bytes: int

    @property
    def description(self) -> str:
        """The first file, and how many more there are."""
        more = f" and {len(self.paths) - 1} more" if len(self.paths) > 1 else ""
        return self.paths[0] + more


@dataclass(frozen=True)
class DatabaseTable:
    """A table of a DuckDB file."""

    path: str
    schema: str
    table: str

    @property
    def description(self) -> str:
        """The table as ``--input`` takes it."""
        return f"{self.path}::{self.schema}.{self.table}"


def find_input(inputs: Sequence[str]) -> InputFiles | DatabaseTable:
    """Resolve files, globs or one DuckDB table.

    Raises
    ------
    InputError
        Nothing matches, formats are mixed, or a file is empty or cut off.
    """
    tables = [text for text in inputs if "::" in text]
    if tables:
        if len(inputs) > 1:
            raise InputError(
                "a DuckDB table is read alone",
                where="--input",
                evidence=list(inputs[:5]),
                do="Give one FILE.duckdb::schema.table, or a view over several tables.",
            )
        return _database_table(tables[0])
    paths = sorted({path for text in inputs for path in _matches(text)})
    formats = {path: file_format(path) for path in paths}
    if len(set(formats.values())) > 1:
        raise InputError(
            f"{len(paths)} files of {len(set(formats.values()))} formats",
            where="--input",
            evidence=[f"{path}: {kind}" for path, kind in list(formats.items())[:5]],
            do="Give files of one format.",
        )
    for path in paths:
        _check_whole(path, formats[path])
    return InputFiles(formats[paths[0]], tuple(paths), sum(Path(p).stat().st_size for p in paths))


def file_format(path: str) -> str:
    """Return parquet, ndjson or csv by the file's name."""
    name = path.lower().removesuffix(".gz")
    kind = FORMATS.get(Path(name).suffix)
    if kind is None:
        raise InputError(
            "the file's name does not tell its format",
            where=path,
            do=f"Name it by its format: {', '.join(FORMATS)}; text may be gzipped (.gz).",
        )
    return kind


def first_line(path: str) -> bytes:
    """Return the first line of a text file, gzipped or not, up to a megabyte of it."""
    try:
        with gzip.open(path) if path.endswith(".gz") else Path(path).open("rb") as stream:
            return stream.readline(1 << 20)
    except (OSError, EOFError, zlib.error):  # who reads all of it says best what is wrong
        return b""


def _matches(text: str) -> list[str]:
    path = Path(text)
    if path.is_file():
        return [text]
    if path.is_dir():
        raise InputError(
            "the input is a folder",
            where=text,
            do=f"Name its files: --input '{text.rstrip('/')}/*.parquet'",
        )
    found = [m for m in glob.glob(text, recursive=True) if Path(m).is_file()]  # noqa: PTH207
    if found:
        return found
    folder = path.parent
    there = folder.iterdir() if folder.is_dir() else ()
    known = sorted(p.name for p in there if not p.name.startswith("."))[:5]
    raise InputError(
        "no file matches the pattern" if glob.has_magic(text) else "the input file does not exist",
        where=text,
        evidence=[f"{folder} holds {', '.join(known)}"] if known else [],
        do="Check --input; a glob needs quotes.",
    )


def _check_whole(path: str, kind: str) -> None:
    file = Path(path)
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            head = stream.read(4)
            stream.seek(max(size - 4, 0))
            tail = stream.read(4)
    except OSError as error:
        raise InputError(
            "the input file cannot be read",
            where=path,
            evidence=[error.strerror or str(error)],
            do="Check its permissions.",
        ) from error
    if size == 0:
        raise InputError("the input file is empty", where=path, do="Export it again.")
    if kind == "parquet" and head != PARQUET_MAGIC:
        raise InputError(
            "the file is not Parquet",
            where=path,
            evidence=[f"it begins with {head!r}, not {PARQUET_MAGIC!r}"],
            do="Name it by its real format: .csv, .ndjson (each also .gz).",
        )
    if kind == "parquet" and tail != PARQUET_MAGIC:
        raise InputError(
            "the Parquet file is cut off",
            where=path,
            evidence=[f"its {size:,} bytes end with {tail!r}, not with {PARQUET_MAGIC!r}"],
            do="Copy or export it again.",
        )


def _database_table(text: str) -> DatabaseTable:
    path, _, name = text.partition("::")
    schema, _, table = name.rpartition(".")
    if not Path(path).is_file():
        raise InputError("the DuckDB file does not exist", where=path, do="Check --input.")
    if not table:
        raise InputError(
            "the table's name is missing", where=text, do="Write FILE.duckdb::schema.table."
        )
    return DatabaseTable(path, schema or "main", table)
