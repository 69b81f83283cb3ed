"""Arrow tables as BigQuery's REST writes them, and query parameters as it reads them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa

_NAMES = {
    pa.string(): "STRING",
    pa.int64(): "INTEGER",
    pa.float64(): "FLOAT",
    pa.bool_(): "BOOLEAN",
    pa.date32(): "DATE",
    pa.timestamp("us", tz="UTC"): "TIMESTAMP",
}
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_READERS: dict[str, Any] = {
    "STRING": str,
    "INT64": int,
    "FLOAT64": float,
    "BOOL": lambda text: str(text).lower() == "true",
    "DATE": dt.date.fromisoformat,
}
_NULLS = {
    "STRING": pa.string(),
    "INT64": pa.int64(),
    "FLOAT64": pa.float64(),
    "BOOL": pa.bool_(),
    "DATE": pa.date32(),
}


def rest_fields(schema: pa.Schema | pa.StructType) -> list[dict[str, Any]]:
    return [_field(field) for field in schema]


def rest_rows(table: pa.Table) -> list[dict[str, Any]]:
    kinds = table.schema.types
    columns = [column.to_pylist() for column in table.columns]
    return [
        {"f": [{"v": _cell(v, k)} for v, k in zip(row, kinds, strict=True)]}
        for row in zip(*columns, strict=True)
    ]


def read_params(parameters: list[dict[str, Any]]) -> dict[str, Any]:
    return {p["name"]: _param(p["parameterType"], p.get("parameterValue", {})) for p in parameters}


def _field(field: pa.Field) -> dict[str, Any]:
    kind, mode = field.type, "NULLABLE"
    if pa.types.is_list(kind):
        kind, mode = kind.value_type, "REPEATED"
    if pa.types.is_struct(kind):
        return {"name": field.name, "type": "RECORD", "mode": mode, "fields": rest_fields(kind)}
    return {"name": field.name, "type": _NAMES[kind], "mode": mode}


def _cell(value: Any, kind: pa.DataType) -> Any:
    if pa.types.is_list(kind):
        return [{"v": _cell(item, kind.value_type)} for item in value or []]
    if value is None:
        return None
    if pa.types.is_struct(kind):
        return {"f": [{"v": _cell(value[field.name], field.type)} for field in kind]}
    if pa.types.is_boolean(kind):
        return str(value).lower()
    if pa.types.is_timestamp(kind):
        return str((value - _EPOCH) // _MICROSECOND)
    return repr(value) if isinstance(value, float) else str(value)


def _param(kind: dict[str, Any], value: dict[str, Any]) -> Any:
    if kind["type"] == "ARRAY":
        inner = kind["arrayType"]["type"]
        items = [_READERS[inner](item["value"]) for item in value.get("arrayValues", [])]
        return pa.scalar(items, pa.list_(_NULLS[inner]))
    given = value.get("value")
    return pa.scalar(None, _NULLS[kind["type"]]) if given is None else _READERS[kind["type"]](given)
