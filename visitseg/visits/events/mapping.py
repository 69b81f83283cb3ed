"""The first model of an event log: its columns by our names, from the expressions of [columns]."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from visitseg.config import Settings
from visitseg.errors import ConfigError
from visitseg.visits.columns import BY_NAME
from visitseg.visits.given import read_expressions
from visitseg.visits.recognise import suggest_columns
from visitseg.visits.text import load
from visitseg.warehouse import RAW, Input, Warehouse

REQUIRED = ("visitor", "timestamp", "event")
TEXTS = (
    *("visitor", "visit", "event", "page", "order_id", "product_id", "currency"),
    *("device", "channel", "country", "visitor_type", "landing_page"),
)
COLUMNS = (*REQUIRED, *(name for name in TEXTS if name not in REQUIRED), "revenue")
# What only a contract file reads of an event.
HIT_TEXTS, HIT_NUMBER = ("title", "category", "action"), "value"
# The models that are the same for every log, after the one that is written here.
SHARED = ("visit_rows", "visit_events", "visit_totals", "visit_purchases", "visit_keys")
TIMES = ("time_at", "time_number", "time_text")
_MICROS_OF_MINUTE, _MICROS_OF_HOUR = 60_000_000, 3_600_000_000
# How an engine writes our types, and one number for all the values of a row.
_TYPES: Mapping[str, Mapping[str, str]] = {
    "bigquery": {"text": "STRING", "number": "FLOAT64", "time": "TIMESTAMP"},
    "duckdb": {"text": "VARCHAR", "number": "DOUBLE", "time": "TIMESTAMPTZ"},
    "spark": {"text": "STRING", "number": "DOUBLE", "time": "TIMESTAMP"},
}
_ROW_HASH = {
    "bigquery": f"FARM_FINGERPRINT(TO_JSON_STRING({RAW}))",
    "duckdb": f"CAST(hash({RAW}) >> 1 AS BIGINT)",
    "spark": "XXHASH64(TO_JSON(STRUCT(*)))",
}


@dataclass(frozen=True)
class MappedLog:
    """Where each column of an event comes from.

    Attributes
    ----------
    expressions : dict
        Column of ours -> SQL expression over the log; without the columns the log has not.
    time : str
        Which of `TIMES` the timestamp's type makes it.
    dimensions : tuple of str
        Dimensions that only this log has.
    """

    expressions: dict[str, str]
    time: str
    dimensions: tuple[str, ...] = ()

    def models(self, dialect: str) -> list[tuple[str, str]]:
        """Return the models of the log, name and text, in their order."""
        shared = [(name, load(f"events/{name}", dialect).sql) for name in SHARED]
        own = [("visit_dimensions", self.dimensions_sql())] if self.dimensions else []
        visits = self.visits_sql(load("visits", dialect).sql)
        return [("mapped_events", self.sql(dialect)), *shared, *own, ("visits", visits)]

    def sql(self, dialect: str) -> str:
        """Return the text of the model `mapped_events`: grain one row per row of the log."""
        types = _TYPES[dialect]
        given = {name: f"({text})" for name, text in self.expressions.items()}
        times = {self.time: given["timestamp"]}
        kinds = dict(zip(TIMES, ("time", "number", "text"), strict=True))
        selected = [
            *(f"{_text(given.get(name), types['text'])} AS {name}" for name in TEXTS),
            *(
                f"CAST({times.get(name, 'NULL')} AS {types[kinds[name]]}) AS {name}"
                for name in TIMES
            ),
            f"CAST({given.get('revenue', 'NULL')} AS {types['number']}) AS revenue",
            *(f"{_text(given.get(name), types['text'])} AS {name}" for name in HIT_TEXTS),
            f"CAST({given.get(HIT_NUMBER, 'NULL')} AS {types['number']}) AS {HIT_NUMBER}",
            *(f"{_text(given[name], types['text'])} AS own_{name}" for name in self.dimensions),
            f"{_ROW_HASH[dialect]} AS row_hash",
        ]
        columns = ",\n  ".join(selected)
        return f"""\
-- Grain:  one row per row of the log; its columns by our names, NULL where it has none.
-- Input:  {RAW}; the expressions are the configuration's [columns]. The time is in one of three
--         columns, by its type: a timestamp, a number (epoch) or a text. row_hash is made of the
--         whole row: copies are equal in it.
SELECT
  {columns}
FROM {RAW}
"""

    def dimensions_sql(self) -> str:
        """Return the text of the model `visit_dimensions`; every engine reads it as it stands."""
        firsts = "".join(
            f",\n    own_{name}, MIN(CASE WHEN own_{name} IS NOT NULL THEN nth END) "
            f"OVER (PARTITION BY visit_id) AS nth_{name}"
            for name in self.dimensions
        )
        values = "".join(
            f",\n  MAX(CASE WHEN nth = nth_{name} THEN own_{name} END) AS {name}"
            for name in self.dimensions
        )
        return f"""\
-- Grain:  one row per visit key; the first known value of the log's own dimensions.
-- Input:  visit_events.
SELECT
  visit_id{values}
FROM (
  SELECT
    visit_id,
    nth{firsts}
  FROM visit_events
) AS firsts
GROUP BY visit_id
"""

    def visits_sql(self, visits: str) -> str:
        """Return the text of the model `visits`, the log's own dimensions joined to the others."""
        if not self.dimensions:
            return visits
        own = ", ".join(f"d.{name}" for name in self.dimensions)
        return f"""-- Grain:  one row per visit: the visit table.
-- Input:  visit_keys, visit_dimensions.
SELECT v.*, {own}
FROM (
{visits}) AS v
INNER JOIN visit_dimensions AS d USING (visit_id)
"""

    def params(
        self, settings: Settings, values: Mapping[str, tuple[str, ...]]
    ) -> dict[str, object]:
        """Return the values that the models run with, besides the days."""
        given, wanted = self.expressions, settings.sessions
        breaks = settings.resessionize or wanted.resessionize
        products_are_pages = not values["page_view"] and "product_id" in given
        return {
            **{kind: list(listed) for kind, listed in values.items()},
            "given_visits": "visit" in given,
            "given_pages": "page" in given or products_are_pages,
            "given_revenue": "revenue" in given,
            "trust_visits": "visit" in given and not breaks,
            "gap_us": round(wanted.gap_minutes * _MICROS_OF_MINUTE),
            "max_us": round(wanted.max_hours * _MICROS_OF_HOUR),
        }

    def silent(self, values: Mapping[str, tuple[str, ...]]) -> set[str]:
        """Return the features that this log cannot say."""
        given = self.expressions
        needs = {
            "transactions": bool(values["purchase"]),
            "transaction_revenue": bool(values["purchase"]) and "revenue" in given,
            "refund_revenue": bool(values["refund"]) and "revenue" in given,
            "product_views": bool(values["product_view"]),
            "add_to_carts": bool(values["add_to_cart"]),
            "checkouts": bool(values["checkout"]),
            "unique_pages": "page" in given or (not values["page_view"] and "product_id" in given),
        }
        return {
            "engaged",
            "engagement_time_sec",
            *(name for name, said in needs.items() if not said),
        }


def example() -> MappedLog:
    """Return the mapping of a log whose columns bear our names; its time is a timestamp."""
    return MappedLog({name: name for name in COLUMNS}, TIMES[0])


def map_log(opened: Input, columns: Mapping[str, str], warehouse: Warehouse) -> MappedLog:
    """Decide where each column of an event comes from.

    Columns that already bear our names need no mapping.

    Raises
    ------
    ConfigError
        Visitor, timestamp or event are not mapped; or expressions that are no single expression,
        name columns the log has not, or are for what is counted and not told.
    """
    own = [field.name for field in opened.columns]
    given, unusable = read_expressions(columns, own, warehouse)
    has = f"the input has: {', '.join(own)}"
    counted = [
        f"columns.{name}: a visit's {name} is made of its events, not mapped"
        for name in columns
        if name in BY_NAME and name not in COLUMNS
    ]
    problems = [*counted, *unusable]
    if problems:
        raise ConfigError(
            f"{len(problems)} of {len(columns)} mapped columns cannot be used",
            where="[columns]",
            evidence=[*problems[:5], has],
            do=f"Events have {', '.join(COLUMNS)}, and dimensions of your own: each one SQL "
            "expression over the input's columns.",
        )
    ours = {*COLUMNS, *HIT_TEXTS}
    if HIT_NUMBER in own and _is_number(opened.columns.field(HIT_NUMBER).type):
        ours.add(HIT_NUMBER)
    expressions = {name: name for name in own if name in ours} | given
    missing = [name for name in REQUIRED if name not in expressions]
    if missing:
        likely = {**suggest_columns(own), **columns}
        lines = [f'{name} = "{likely.get(name, "…")}"' for name in REQUIRED if name in missing]
        raise ConfigError(
            f"{len(missing)} of {len(REQUIRED)} columns that an event must have are not mapped: "
            f"{', '.join(missing)}",
            where=opened.description,
            evidence=[has],
            do="\n".join(["Map them in the configuration:", "[columns]", *lines]),
        )
    dimensions = tuple(name for name in columns if name not in (*COLUMNS, HIT_NUMBER))
    return MappedLog(expressions, _time(expressions["timestamp"], warehouse), dimensions)


def _time(expression: str, warehouse: Warehouse) -> str:
    kind = (
        warehouse.query(f"SELECT ({expression}) AS moment FROM {RAW} LIMIT 0").schema.field(0).type
    )
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return "time_at"
    if _is_number(kind):
        return "time_number"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return "time_text"
    raise ConfigError(
        f"a timestamp cannot be of the type {kind}",
        where=f'columns.timestamp = "{expression}"',
        do="Give a timestamp, a date, a text, or a number: the epoch in s, ms, us or ns.",
    )


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )


def _text(expression: str | None, kind: str) -> str:
    """Return the SQL that makes a text of a value; nothing but spaces is no value."""
    if expression is None:
        return f"CAST(NULL AS {kind})"
    text = f"CAST({expression} AS {kind})"
    return f"CASE WHEN TRIM({text}, ' ') <> '' THEN {text} END"
