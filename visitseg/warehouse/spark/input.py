"""What ``--input`` names for Spark: files here or in a store, or tables, and how they are read."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from visitseg.config import CsvSettings, did_you_mean
from visitseg.errors import InputError
from visitseg.warehouse.files import FORMATS, InputFiles, file_format, find_input
from visitseg.warehouse.layout import check_files
from visitseg.warehouse.spark.layout import quoted, spark_type

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

BAD_LINE = "visitseg_bad_line"
# Lines of NDJSON that are looked at for its keys: keys that are NULL are left out of a line.
JSON_LINES_FOR_KEYS = 1000
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/")
_TABLE = re.compile(r"[\w$-]+(\.[\w$-]+)*(?<![.])\*?|[\w$-]+(\.[\w$-]+)*\.\*")
_FRESH = "(intraday|fresh)_"


@dataclass(frozen=True)
class Part:
    """What Spark reads at once: tables or files of one schema.

    Attributes
    ----------
    frame : DataFrame
        Its rows.
    columns : pa.Schema
        Its columns; of the type null where only their names are known.
    is_intraday : str
        SQL: whether a row is of an intraday or fresh table.
    """

    frame: DataFrame
    columns: pa.Schema
    is_intraday: str


@dataclass(frozen=True)
class Tables:
    """Tables of Spark's catalog, in name order."""

    names: tuple[str, ...]
    given: str
    bytes: int = 0

    @property
    def description(self) -> str:
        """The table as ``--input`` names it, and how many there are behind a pattern."""
        return f"{self.given} ({len(self.names)} tables)" if "*" in self.given else self.given


def find(spark: SparkSession, inputs: Sequence[str]) -> InputFiles | Tables:
    """Tell files from tables; files of this machine must be there and whole.

    Raises
    ------
    InputError
        Nothing is there, or tables, URLs and files of this machine are mixed.
    """
    kinds = {_kind(text) for text in inputs}
    if len(kinds) > 1:
        raise InputError(
            f"{len(inputs)} inputs of {len(kinds)} kinds",
            where="--input",
            evidence=[f"{text}: {_kind(text)}" for text in inputs[:5]],
            do="Give tables, files of one store, or files of this machine.",
        )
    if kinds == {"a table"}:
        names = dict.fromkeys(name for text in inputs for name in _tables(spark, text))
        return Tables(tuple(names), ", ".join(inputs))
    if kinds == {"a URL"}:
        formats = {_url_format(text) for text in inputs}
        if len(formats) > 1:
            raise InputError(
                f"files of {len(formats)} formats",
                where="--input",
                evidence=list(inputs[:5]),
                do="Give files of one format.",
            )
        return InputFiles(formats.pop(), tuple(inputs), 0)
    found = find_input(inputs)
    if not isinstance(found, InputFiles):
        raise InputError(
            "Spark does not read DuckDB's files",
            where=found.description,
            do="Leave --warehouse out, or export the table to Parquet.",
        )
    return found


def parts(
    spark: SparkSession, found: InputFiles | Tables, layout: pa.Schema | None, csv: CsvSettings
) -> list[Part]:
    """Return the parts of an input, each with a schema of its own.

    Raises
    ------
    InputError
        They cannot be read, or a Parquet file among several is no part of the layout's export.
    """
    if isinstance(found, Tables):
        return [_table(spark, name) for name in found.names]
    of_file = f"_metadata.file_name RLIKE '{_FRESH}'"
    if found.format == "ndjson":
        return [_ndjson(spark, found, layout, of_file)]
    read = {"parquet": _parquet, "csv": _csv}[found.format]
    groups = _groups(found)
    frames = [read(spark, group, csv) for group in groups]
    read_parts = [Part(frame, columns_of(frame), of_file) for frame in frames]
    if layout is not None and found.format == "parquet" and len(groups) > 1:
        pairs = zip(groups, read_parts, strict=True)
        names = {path: part.columns.names for group, part in pairs for path in group.paths}
        check_files(layout, names)
    return read_parts


def columns_of(frame: DataFrame) -> pa.Schema:
    """Return the columns of a frame; nothing is read."""
    return pa.schema([pa.field(f.name, f.type) for f in frame.limit(0).toArrow().schema])


def bad_lines_error(frame: DataFrame, where: str) -> InputError:
    """Say how many lines of delimited text could not be read."""
    name = quoted(BAD_LINE)
    bad = int(frame.where(f"{name} IS NOT NULL").count())
    first = frame.where(f"{name} IS NOT NULL").select(name).limit(3).toArrow()[BAD_LINE]
    return InputError(
        f"{bad:,} line{'s' if bad > 1 else ''} of {frame.count():,} cannot be read",
        where=where,
        evidence=[f"begins with {text[:60]!r}" for text in first.to_pylist()],
        do='Mend the lines, or skip and count them in the ledger: under [csv], bad_lines = "skip".',
    )


def _kind(text: str) -> str:
    if _URL.match(text):
        return "a URL"
    names_file = "." + text.rpartition(".")[2].lower() in {*FORMATS, ".gz", ".duckdb"}
    is_table = _TABLE.fullmatch(text) and not names_file and not Path(text).exists()
    return "a table" if is_table else "a file"


def _url_format(url: str) -> str:
    """Return the format of files behind a URL; a folder without an ending is Parquet."""
    name = PurePosixPath(url.rstrip("/")).name
    return file_format(name) if PurePosixPath(name.removesuffix(".gz")).suffix else "parquet"


def _tables(spark: SparkSession, text: str) -> list[str]:
    *path, last = text.split(".")
    space = ".".join(map(quoted, path))
    if "*" not in last:
        name = ".".join(map(quoted, (*path, last)))
        if spark.catalog.tableExists(name):
            return [name]
    listing = f"SHOW TABLES{f' IN {space}' if space else ''}"
    try:
        rows = spark.sql(listing).toArrow().to_pylist()
    except Exception:  # the engine's words for a schema that is not there say no more
        rows = []
    there = sorted(row["tableName"] for row in rows)
    pattern = re.compile(re.escape(last).replace(r"\*", ".*"))
    found = [name for name in there if "*" in last and pattern.fullmatch(name)]
    if found:
        return [".".join(map(quoted, (*path, name))) for name in found]
    where = ".".join(path) or "the current schema"
    raise InputError(
        "no table matches the pattern" if "*" in last else "the table does not exist",
        where=text,
        evidence=[
            f"{where} holds {', '.join(there[:5]) or 'no tables'}{did_you_mean(last, there)}"
        ],
        do="Check --input: catalog.schema.table, or a * at its end.",
    )


def _table(spark: SparkSession, name: str) -> Part:
    frame = spark.table(name)
    fresh = re.search(_FRESH, name.rpartition(".")[2]) is not None
    return Part(frame, columns_of(frame), str(fresh).upper())


def _groups(found: InputFiles) -> list[InputFiles]:
    """Divide files of this machine by their schema; Spark reads one schema at once."""
    if _URL.match(found.paths[0]):
        return [InputFiles(found.format, (path,), 0) for path in found.paths]
    groups: dict[str, list[str]] = {}
    for path in found.paths:
        key = path
        if found.format == "parquet":
            try:
                key = str(pq.read_schema(path).remove_metadata())
            except pa.ArrowInvalid as error:
                raise InputError(
                    "the Parquet file cannot be read",
                    where=path,
                    evidence=str(error).splitlines()[:2],
                    do="Copy or export it again.",
                ) from error
        groups.setdefault(key, []).append(path)
    return [InputFiles(found.format, tuple(paths), 0) for paths in groups.values()]


def _path(path: str) -> str:
    """Return a path as Spark takes it: a file of this machine may hold glob characters."""
    return (
        path if _URL.match(path) else re.sub(r"([\[\]{}*?\\])", r"\\\1", str(Path(path).resolve()))
    )


def _parquet(spark: SparkSession, files: InputFiles, _: CsvSettings) -> DataFrame:
    return spark.read.option("mergeSchema", "true").parquet(*map(_path, files.paths))


def _csv(spark: SparkSession, files: InputFiles, csv: CsvSettings) -> DataFrame:
    tabs = files.paths[0].removesuffix(".gz").endswith(".tsv")
    reader: Any = spark.read.options(
        header=True,
        sep=csv.delimiter or ("\t" if tabs else ","),
        encoding=csv.encoding,
        quote='"',
        escape='"',
        enforceSchema=False,
    )
    paths = list(map(_path, files.paths))
    typed = reader.option("inferSchema", "true").option("mode", "DROPMALFORMED").csv(paths).schema
    typed = typed.add(BAD_LINE, "string")
    reader = reader.schema(typed).option("mode", "PERMISSIVE")
    return reader.option("columnNameOfCorruptRecord", BAD_LINE).csv(paths)


def _ndjson(spark: SparkSession, files: InputFiles, layout: pa.Schema | None, of_file: str) -> Part:
    """Read NDJSON; with a layout as texts, for BigQuery writes its integers as texts."""
    paths = list(map(_path, files.paths))
    reader = spark.read.option("mode", "FAILFAST")
    if layout is None:
        frame = reader.json(paths)
        return Part(frame, columns_of(frame), of_file)
    lines = spark.read.text(paths).limit(JSON_LINES_FOR_KEYS).toArrow()["value"].to_pylist()
    keys: set[str] = set()
    for line in lines:
        try:
            keys.update(json.loads(line) if line.strip() else {})
        except ValueError as error:
            raise InputError(
                "a line is not JSON",
                where=files.description,
                evidence=[f"{line[:60]!r}: {error}"],
                do="Export it again as newline-delimited JSON, one row a line.",
            ) from error
    schema = ", ".join(f"{quoted(f.name)} {spark_type(f.type, as_text=True)}" for f in layout)
    there = [f for f in layout if f.name in keys]
    texts = pa.schema([pa.field(f.name, _texts(f.type)) for f in there])
    other = [pa.field(key, pa.null()) for key in sorted(keys - {f.name for f in there})]
    return Part(reader.schema(schema).json(paths), pa.schema([*texts, *other]), of_file)


def _texts(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_struct(kind):
        return pa.struct([(field.name, _texts(field.type)) for field in kind])
    if pa.types.is_list(kind):
        return pa.list_(_texts(kind.value_type))
    return pa.string()
