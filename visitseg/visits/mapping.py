"""Source `visits`: a table that already has one row per visit, with columns mapped to ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from visitseg.config import did_you_mean
from visitseg.errors import ConfigError, InputError
from visitseg.visits.columns import BY_NAME, COLUMNS, Kind
from visitseg.visits.contract import FRACTION
from visitseg.visits.given import name_of, read_expressions
from visitseg.warehouse import RAW, Input, Warehouse


@dataclass(frozen=True)
class _Words:
    """What engines call differently."""

    types: Mapping[Kind, str]
    whole: str  # what LPAD takes as a length
    marker: str
    local_day: str  # of a moment in the time zone of the settings
    try_cast: str = "TRY_CAST"
    row_number: str = "row_number() OVER ()"


_WORDS = {
    "duckdb": _Words(
        types={
            "text": "VARCHAR",
            "date": "DATE",
            "timestamp": "TIMESTAMPTZ",
            "count": "BIGINT",
            "number": "DOUBLE",
        },
        whole="INTEGER",
        marker="$",
        local_day="CAST(CAST({start} AS TIMESTAMPTZ) AT TIME ZONE $timezone AS DATE)",
    ),
    "bigquery": _Words(
        types={
            "text": "STRING",
            "date": "DATE",
            "timestamp": "TIMESTAMP",
            "count": "INT64",
            "number": "FLOAT64",
        },
        whole="INT64",
        marker="@",
        local_day="DATE(CAST({start} AS TIMESTAMP), @timezone)",
        try_cast="SAFE_CAST",
    ),
    "spark": _Words(
        types={
            "text": "STRING",
            "date": "DATE",
            "timestamp": "TIMESTAMP",
            "count": "BIGINT",
            "number": "DOUBLE",
        },
        whole="INT",
        marker=":",
        local_day="CAST(FROM_UTC_TIMESTAMP(CAST({start} AS TIMESTAMP), :timezone) AS DATE)",
        row_number="row_number() OVER (ORDER BY monotonically_increasing_id())",
    ),
}
# Nothing is merged: a visit_id that comes twice is for the checks to find.
KEYS_SQL = """-- Grain:  one row per row of the input that is used.
-- Input:  visit_rows.
SELECT *, 1 AS n_rows FROM visit_rows WHERE removed IS NULL
"""
LOSSES_SQL = """-- Grain:  one row per day and reason, of rows that were read and not used.
-- Input:  visit_rows.
SELECT day, removed AS reason, count(*) AS n_rows, sum(coalesce(hits, 0)) AS hits
FROM visit_rows
WHERE removed IS NOT NULL
GROUP BY day, removed
"""
_TIME_RATIO, _HITS_RATIO = "time_on_site_sec_per_pageview", "hits_per_pageview"


@dataclass(frozen=True)
class Mapped:
    """Where each column of the visit table comes from.

    Attributes
    ----------
    expressions : dict
        Column of ours -> SQL expression over the input; without the columns the input has not.
    extra : dict
        Columns that only this input has -> "number" or "text".
    types : pa.Schema
        What the expressions are before they are cast to our types.
    """

    expressions: dict[str, str]
    extra: dict[str, Kind]
    types: pa.Schema

    @property
    def unsure(self) -> tuple[str, ...]:
        """Counts whose type does not say that they are whole numbers: 3.0 is one, 2.5 is none."""
        return tuple(
            column.name
            for column in COLUMNS
            if column.kind == "count"
            and column.name in self.expressions
            and _is_text_or_fraction(self.types.field(column.name).type)
        )

    @property
    def has_days(self) -> bool:
        """Whether the input says when a visit was."""
        return "date_id" in self.expressions or "visit_start" in self.expressions

    @property
    def kinds(self) -> dict[str, Kind]:
        """Columns of the visit table -> what they hold."""
        return {column.name: column.kind for column in COLUMNS} | self.extra

    def gives(self, name: str) -> bool:
        """Whether the input says anything about a feature; a ratio follows from its parts."""
        parts = {_TIME_RATIO: "time_on_site_sec", _HITS_RATIO: "hits"}
        return name in self.expressions or parts.get(name, "") in self.expressions


def map_columns(
    opened: Input, columns: Mapping[str, str], features: Sequence[str], warehouse: Warehouse
) -> Mapped:
    """Decide where each column of the visit table comes from.

    Columns that already bear our names, in whatever case, need no mapping; a ratio is computed
    only where the input does not bring it.

    Raises
    ------
    ConfigError
        Expressions that are no single expression, or that name columns the input has not.
    InputError
        Nothing gives the page views.
    """
    own = [field.name for field in opened.columns]
    given, problems = read_expressions(columns, own, warehouse)
    expressions = {
        name.lower(): name if name in BY_NAME else name_of(name, warehouse.dialect)
        for name in sorted(own)  # lower case last: engines that tell case apart have both
        if name.lower() in BY_NAME
    }
    expressions |= {name: f"({text})" for name, text in given.items()}
    if problems:
        raise ConfigError(
            f"{len(problems)} of {len(columns)} mapped columns cannot be computed",
            where="[columns]",
            evidence=[*problems[:5], f"the input has: {', '.join(own)}"],
            do='Write one SQL expression over the input\'s columns: pageviews = "pages".',
        )
    if "pageviews" not in expressions:
        raise InputError(
            "nothing gives the page views",
            where=opened.description,
            evidence=[
                f"the input has: {', '.join(own)}{did_you_mean('pageviews', own)}",
            ],
            do='Say what they are, under [columns]: pageviews = "…".',
        )
    extra: dict[str, Kind] = {
        name: "number" if name in features else "text" for name in columns if name not in BY_NAME
    }
    for name in features:
        if name in own and name not in expressions:
            expressions[name], extra[name] = name_of(name, warehouse.dialect), "number"
    return Mapped(expressions, extra, _types(expressions, warehouse))


def rows_sql(mapped: Mapped, dialect: str) -> str:
    """Return the text of the model `visit_rows`: grain one row per row of the input."""
    words = _WORDS[dialect]
    given = _given(mapped, words)
    kinds = mapped.kinds
    selected = [
        f"    CAST({given.get(name, 'NULL')} AS {words.types[kind]}) AS {name_of(name, dialect)}"
        for name, kind in kinds.items()
    ]
    for name in mapped.unsure:
        number = f"CAST({given[name]} AS {words.types['number']})"
        selected.append(f"    {number} <> ROUND({number}) AS {FRACTION}{name}")
    ratios = {
        _TIME_RATIO: "time_on_site_sec / nullif(pageviews, 0) AS ",
        _HITS_RATIO: "1e0 * hits / nullif(pageviews, 0) AS ",
    }
    told = [
        ("" if name in mapped.expressions else ratios.get(name, "")) + name_of(name, dialect)
        for name in kinds
    ] + [f"{FRACTION}{name}" for name in mapped.unsure]
    columns = ",\n".join(selected)
    return f"""-- Grain:  one row per row of the input, kept or removed (`removed` says why).
-- Input:  {RAW}; the expressions are the configuration's [columns].
SELECT
  {", ".join(told)},
  date_id AS day,
  CASE
    WHEN date_id < {words.marker}date_from OR date_id >= {words.marker}date_to THEN 'out_of_range'
  END AS removed
FROM (
  SELECT
{columns}
  FROM {RAW}
) AS given
"""


def misread_sql(mapped: Mapped, dialect: str) -> str:
    """Return the query that finds values that are not of their column's type.

    One row per column that has any: column_name, its kind, rows with such a value (n_misread) and
    with any (n_known), and one such value (example).
    """
    words = _WORDS[dialect]
    text, given = words.types["text"], _given(mapped, words)
    found = []
    for name, kind in mapped.kinds.items():
        if name in mapped.expressions and kind != "text":
            read = f"{words.try_cast}({given[name]} AS {words.types[kind]})"
            wrong = f"{given[name]} IS NOT NULL AND {read} IS NULL"
            value = f"CAST({mapped.expressions[name]} AS {text})"
            found.append(
                f"SELECT '{name}' AS column_name, '{kind}' AS kind, "
                f"COUNT({given[name]}) AS n_known, "
                f"SUM(CASE WHEN {wrong} THEN 1 ELSE 0 END) AS n_misread, "
                f"MIN(CASE WHEN {wrong} THEN {value} END) AS example FROM {RAW}"
            )
    every = "\nUNION ALL\n".join(found)
    return f"SELECT * FROM (\n{every}\n) AS found WHERE n_misread > 0"


def forgiving(mapped: Mapped, name: str, dialect: str) -> str:
    """Return the line of [columns] that makes unknown what is not of a column's type."""
    words = _WORDS[dialect]
    expression = (
        f"{words.try_cast}({mapped.expressions[name]} AS {words.types[mapped.kinds[name]]})"
    )
    return f"{name} = '{expression}'" if '"' in expression else f'{name} = "{expression}"'


def visits_sql(mapped: Mapped, dialect: str) -> str:
    """Return the text of the model `visits`."""
    columns = ", ".join(name_of(name, dialect) for name in (*BY_NAME, *mapped.extra))
    return f"""-- Grain:  one row per visit: the visit table.
-- Input:  visit_keys.
SELECT {columns} FROM visit_keys
"""


def _given(mapped: Mapped, words: _Words) -> dict[str, str]:
    """Return what is cast to each column's type; visits without a name are numbered."""
    given = dict(mapped.expressions)
    if "visit_id" not in given:
        number, total = words.row_number, "count(*) OVER ()"
        texts = [f"CAST({n} AS {words.types['text']})" for n in (number, total)]
        given["visit_id"] = f"LPAD({texts[0]}, CAST(LENGTH({texts[1]}) AS {words.whole}), '0')"
    if "date_id" in given:
        given["date_id"] = _day(given["date_id"], mapped.types.field("date_id").type, words)
    elif "visit_start" in given:
        given["date_id"] = words.local_day.format(start=given["visit_start"])
    return given


def _types(expressions: Mapping[str, str], warehouse: Warehouse) -> pa.Schema:
    """Return what the expressions are; no row is read."""
    listed = ", ".join(
        f"{text} AS {name_of(name, warehouse.dialect)}" for name, text in expressions.items()
    )
    return warehouse.query(f"SELECT {listed} FROM {RAW} LIMIT 0").schema


def _day(expression: str, kind: pa.DataType, words: _Words) -> str:
    """Return what is cast to a day: numbers and texts may read YYYYMMDD."""
    given, text = expression, words.types["text"]
    if _is_text_or_fraction(kind) or pa.types.is_integer(kind):
        if not _is_text(kind):
            given = f"CAST({given} AS {words.types['count']})"
        given = f"CAST({given} AS {text})"
        year, month, day = (f"SUBSTR({given}, {place})" for place in ("1, 4", "5, 2", "7, 2"))
        eight = f"LENGTH({given}) = 8 AND {words.try_cast}({given} AS {words.whole}) IS NOT NULL"
        given = f"CASE WHEN {eight} THEN CONCAT({year}, '-', {month}, '-', {day}) ELSE {given} END"
    return given


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_text_or_fraction(kind: pa.DataType) -> bool:
    return bool(_is_text(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))
