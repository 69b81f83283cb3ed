"""The SELECT that reads an export, composed from the columns that its tables really have.

BigQuery refuses a text that names a column or a field that is not there, and exports have gained
columns over the years: what a table lacks is written as a NULL of the type that the layout wants.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from visitseg.warehouse.bigquery.names import TablePattern, quote
from visitseg.warehouse.layout import check_layout, covers, field_of

# Arrow type -> GoogleSQL type.
_SCALARS = {
    pa.int64(): "INT64",
    pa.float64(): "FLOAT64",
    pa.string(): "STRING",
    pa.bool_(): "BOOL",
    pa.date32(): "DATE",
}
# The type of a column, as the API names it -> Arrow type; others are told, and cannot be read.
_COLUMNS = {
    "STRING": pa.string(),
    "INTEGER": pa.int64(),
    "INT64": pa.int64(),
    "FLOAT": pa.float64(),
    "FLOAT64": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "BOOL": pa.bool_(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us", tz="UTC"),
    "DATETIME": pa.timestamp("us"),
    "TIME": pa.time64("us"),
    "NUMERIC": pa.decimal128(38, 9),
    "BIGNUMERIC": pa.decimal256(76, 38),
}
# Both bounds are constants of the query, so BigQuery opens no other table; the pattern leaves out
# intraday and fresh tables, which the same wildcard matches.
DAYS = r"""WHERE REGEXP_CONTAINS(_TABLE_SUFFIX, r'^\d{8}$')
  AND _TABLE_SUFFIX >= @suffix_from
  AND _TABLE_SUFFIX < @suffix_to"""


def arrow_schema(fields: Iterable[Any]) -> pa.Schema:
    """Return the Arrow schema of the API's schema fields."""
    return pa.schema([_field(field) for field in fields])


def export_sql(table: TablePattern, layout: pa.Schema | None, columns: pa.Schema) -> str:
    """Return the SELECT that gives a table, or day tables, the layout.

    Parameters
    ----------
    table : TablePattern
        Validated; a pattern stands for day tables where there is a layout.
    layout : pa.Schema or None
        The columns and nested fields that are needed; None takes the table as it is.
    columns : pa.Schema
        The columns that the table has; of a pattern, those of its newest table, as BigQuery reads.

    Raises
    ------
    InputError
        Columns that must be there are missing, or cannot hold the layout's values.
    """
    if layout is None:
        return f"-- Grain:  one row per row of the table.\nSELECT * FROM {table.quoted}\n"
    check_layout(layout, columns, table.path)
    items = [_item(f"t.{quote(f.name)}", field_of(columns, f.name), f, 0) for f in layout]
    selected = "".join(
        f"  {sql} AS {quote(field.name)},\n" for sql, field in zip(items, layout, strict=True)
    )
    is_intraday = any(word in table.table for word in ("intraday_", "fresh_"))
    where = f"\n{DAYS}" if table.is_wildcard else ""
    grain = "the export's day tables" if table.is_wildcard else "the table"
    return (
        f"-- Grain:  one row per row of {grain}.\n"
        + ("-- Values: @suffix_from, @suffix_to: the days that are read.\n" if where else "")
        + f"SELECT\n{selected}  {str(is_intraday).upper()} AS is_intraday\n"
        + f"FROM {table.quoted} AS t{where}\n"
    )


def google_type(kind: pa.DataType) -> str:
    """Return the GoogleSQL type of an Arrow type."""
    if pa.types.is_struct(kind):
        fields = ", ".join(f"{quote(field.name)} {google_type(field.type)}" for field in kind)
        return f"STRUCT<{fields}>"
    if pa.types.is_list(kind):
        return f"ARRAY<{google_type(kind.value_type)}>"
    return _SCALARS[kind]


def _item(path: str, has: pa.Field | None, need: pa.Field, depth: int) -> str:
    """Return the expression that gives one column or nested field its layout."""
    if has is None:
        return f"CAST(NULL AS {google_type(need.type)})"
    if covers(has.type, need.type):
        return path
    if pa.types.is_struct(need.type):
        return f"STRUCT({_fields(path, has.type, need.type, depth)})"
    if pa.types.is_list(need.type):
        row = f"e{depth}"
        fields = _fields(row, has.type.value_type, need.type.value_type, depth + 1)
        return (
            f"ARRAY(SELECT AS STRUCT {fields} FROM UNNEST({path}) AS {row} "
            f"WITH OFFSET AS o{depth} ORDER BY o{depth})"
        )
    return f"CAST({path} AS {google_type(need.type)})"


def _fields(path: str, has: pa.StructType, need: pa.StructType, depth: int) -> str:
    return ", ".join(
        f"{_item(f'{path}.{quote(field.name)}', field_of(has, field.name), field, depth)}"
        f" AS {quote(field.name)}"
        for field in need
    )


def _field(field: Any) -> pa.Field:
    if field.field_type in ("RECORD", "STRUCT"):
        kind: pa.DataType = pa.struct([_field(inner) for inner in field.fields])
    else:
        kind = _COLUMNS.get(field.field_type, pa.binary())
    return pa.field(field.name, pa.list_(kind) if field.mode == "REPEATED" else kind)
