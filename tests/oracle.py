"""Run GoogleSQL text on Arrow tables with Google's own reference evaluator.

The evaluator is ZetaSQL, the open-source analyzer and reference engine of GoogleSQL, compiled
to WebAssembly by the ``zetasql`` package. It answers offline what no other engine can: what does
this text mean to BigQuery? It knows nothing of pruning, quotas or cost, and it is for tests only.
"""

import ctypes
import datetime as dt
import fcntl
import hashlib
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any
from unittest import mock

import pyarrow as pa
import wasmtime
from google.protobuf.empty_pb2 import Empty
from zetasql.core import wasm_client
from zetasql.core.exceptions import ServerError
from zetasql.wasi import get_wasm_path
from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2 as service
from zetasql.wasi._pb2.zetasql.proto.options_pb2 import LanguageOptionsProto
from zetasql.wasi._pb2.zetasql.public import options_pb2 as modes
from zetasql.wasi._pb2.zetasql.public import type_pb2 as types
from zetasql.wasi._pb2.zetasql.public.value_pb2 import ValueProto

EPOCH = dt.date(1970, 1, 1)
TABLE_SUFFIX = "_TABLE_SUFFIX"


class OracleError(Exception):
    """GoogleSQL refused the text, or failed on the data; the message is Google's own."""


_SCALARS = {  # by GoogleSQL type: the Arrow type, the field of the message that holds a value
    types.TYPE_STRING: (pa.string(), "string_value"),
    types.TYPE_INT64: (pa.int64(), "int64_value"),
    types.TYPE_DOUBLE: (pa.float64(), "double_value"),
    types.TYPE_BOOL: (pa.bool_(), "bool_value"),
    types.TYPE_DATE: (pa.date32(), "date_value"),
    types.TYPE_TIMESTAMP: (pa.timestamp("us", tz="UTC"), "timestamp_value"),
}
_KINDS = {arrow: kind for kind, (arrow, _) in _SCALARS.items()} | {pa.null(): types.TYPE_STRING}


def _to_google(arrow: pa.DataType) -> types.TypeProto:
    """Name the GoogleSQL type of an Arrow type."""
    if pa.types.is_struct(arrow):
        struct = types.StructTypeProto()
        for field in arrow:
            struct.field.add(field_name=field.name, field_type=_to_google(field.type))
        return types.TypeProto(type_kind=types.TYPE_STRUCT, struct_type=struct)
    if pa.types.is_list(arrow):
        array = types.ArrayTypeProto(element_type=_to_google(arrow.value_type))
        return types.TypeProto(type_kind=types.TYPE_ARRAY, array_type=array)
    if pa.types.is_timestamp(arrow) and arrow.tz:
        arrow = pa.timestamp(arrow.unit, tz="UTC")  # the same moment, whatever zone shows it
    if arrow not in _KINDS:
        raise OracleError(f"The oracle takes no column or parameter of the Arrow type {arrow}.")
    return types.TypeProto(type_kind=_KINDS[arrow])


def _to_arrow(google: types.TypeProto) -> pa.DataType:
    """Name the Arrow type of a GoogleSQL type."""
    if google.type_kind == types.TYPE_STRUCT:
        fields = google.struct_type.field
        return pa.struct([(field.field_name, _to_arrow(field.field_type)) for field in fields])
    if google.type_kind == types.TYPE_ARRAY:
        return pa.list_(_to_arrow(google.array_type.element_type))
    if google.type_kind not in _SCALARS:
        name = types.TypeKind.Name(google.type_kind).removeprefix("TYPE_")
        raise OracleError(f"The oracle returns no {name}. CAST it in the query.")
    return _SCALARS[google.type_kind][0]


def _encode(value: Any, google: types.TypeProto) -> ValueProto:
    """Write one value as Arrow's `to_pylist` gives it."""
    if value is None:
        return ValueProto()
    if google.type_kind == types.TYPE_STRUCT:
        fields = google.struct_type.field
        items = [_encode(value[field.field_name], field.field_type) for field in fields]
        return ValueProto(struct_value=ValueProto.Struct(field=items))
    if google.type_kind == types.TYPE_ARRAY:
        items = [_encode(item, google.array_type.element_type) for item in value]
        return ValueProto(array_value=ValueProto.Array(element=items))
    if google.type_kind == types.TYPE_DATE:
        value = (value - EPOCH).days
    return ValueProto(**{_SCALARS[google.type_kind][1]: value})


def _decode(value: ValueProto, google: types.TypeProto) -> Any:
    """Read one value as `pa.array` takes it; a struct is a tuple, for its names may repeat."""
    if value.WhichOneof("value") is None:
        return None
    if google.type_kind == types.TYPE_STRUCT:
        pairs = zip(value.struct_value.field, google.struct_type.field, strict=True)
        return tuple(_decode(item, field.field_type) for item, field in pairs)
    if google.type_kind == types.TYPE_ARRAY:
        return [_decode(item, google.array_type.element_type) for item in value.array_value.element]
    if google.type_kind == types.TYPE_TIMESTAMP:
        return value.timestamp_value.ToMicroseconds()
    return getattr(value, _SCALARS[google.type_kind][1])


class _CachedModule(wasmtime.Module):
    """Machine code kept on disk: one process compiles for half a minute, the others wait."""

    @classmethod
    def from_file(cls, engine: wasmtime.Engine, path: Any) -> wasmtime.Module:
        release = f"zetasql-{version('zetasql')}"
        folder = Path(os.environ.get("VISITSEG_ORACLE_CACHE") or f"{sys.prefix}/.cache/{release}")
        folder.mkdir(parents=True, exist_ok=True)
        stored = folder / f"{release}-wasmtime-{version('wasmtime')}.cwasm"
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            content = stored.read_bytes() if stored.exists() else b""  # code, then its SHA-256
            if hashlib.sha256(content[:-32]).digest() == content[-32:]:
                with suppress(wasmtime.WasmtimeError):  # raised for another machine's code
                    return cls.deserialize_file(engine, str(stored))
            module = super().from_file(engine, path)
            code = module.serialize()
            fresh = stored.with_suffix(".part")
            fresh.write_bytes(code + hashlib.sha256(code).digest())
            fresh.replace(stored)
            return module


class _Client(wasm_client.WasmClient):  # type: ignore[misc]
    """The package's client, which copies byte by byte; this one copies blocks."""

    def write_bytes(self, ptr: int, data: bytes) -> None:
        ctypes.memmove(ctypes.addressof(self.memory.data_ptr().contents) + ptr, data, len(data))

    def read_bytes(self, ptr: int, size: int) -> bytes:
        return ctypes.string_at(ctypes.addressof(self.memory.data_ptr().contents) + ptr, size)


class Oracle:
    """Google's analyzer and evaluator. Build one for each process; it is not thread-safe.

    Types are STRING, INT64, FLOAT64, BOOL, DATE, TIMESTAMP, and STRUCT and ARRAY of them, in UTC.
    All features of the language are on: what passes here may still be unknown to BigQuery.
    """

    def __init__(self) -> None:
        self._start()
        wanted = service.LanguageOptionsRequest(maximum_features=True)
        self._language = self._call("GetLanguageOptions", wanted, LanguageOptionsProto)
        self._language.product_mode = modes.PRODUCT_EXTERNAL
        self._language.ClearField("supported_statement_kinds")  # which allows all of them

    def query(
        self,
        sql: str,
        tables: Mapping[str, pa.Table],
        params: Mapping[str, object] | None = None,
        table_suffix: Mapping[str, str] | None = None,
    ) -> pa.Table:
        """Execute a query.

        Parameters
        ----------
        sql : str
            One SELECT.
        tables : mapping of str to pyarrow.Table
            Keyed by all that stands between the back-ticks, dots and wildcard included. A column
            called `_TABLE_SUFFIX` is a pseudo-column: readable, but not part of `SELECT *`.
        params : mapping of str to object, optional
            Values of the named parameters: str, int, float, bool, date, datetime with a zone, a
            list of one of these, None (a NULL STRING) or a `pyarrow.Scalar` (a NULL of any type).
        table_suffix : mapping of str to str, optional
            By table, the `_TABLE_SUFFIX` of all its rows.

        Returns
        -------
        pyarrow.Table
            Rows in the evaluator's order. A column without an alias is called "".
        """
        for name, suffix in (table_suffix or {}).items():
            column = pa.repeat(suffix, tables[name].num_rows)
            tables = {**tables, name: tables[name].append_column(TABLE_SUFFIX, column)}
        request = service.EvaluateQueryRequest(sql=sql)
        self._declare(request, tables, params or {})
        for table in request.simple_catalog.table:
            content = request.table_content[table.name].table_data
            content.SetInParent()  # a table without rows still has content
            columns = [column.to_pylist() for column in tables[table.name].columns]
            for row in zip(*columns, strict=True):
                pairs = zip(row, table.column, strict=True)
                content.row.add(cell=[_encode(value, column.type) for value, column in pairs])
        for declared in request.options.query_parameters:
            value = pa.scalar((params or {})[declared.name]).as_py()
            request.params.add(name=declared.name, value=_encode(value, declared.type))
        reply = self._call("EvaluateQuery", request, service.EvaluateQueryResponse)
        rows, columns = reply.content.table_data.row, reply.prepared.columns
        schema = pa.schema([(column.name, _to_arrow(column.type)) for column in columns])
        arrays = [
            pa.array([_decode(row.cell[place], column.type) for row in rows], schema.types[place])
            for place, column in enumerate(columns)
        ]
        return pa.table(arrays, schema=schema)

    def analyze(
        self,
        sql: str,
        tables: Mapping[str, pa.Schema | pa.Table],
        params: Mapping[str, object] | None = None,
    ) -> None:
        """Resolve the names and types of any one statement, CREATE TABLE AS included.

        The arguments are those of `query`; a table may be a schema, a parameter an Arrow type.
        """
        request = service.AnalyzeRequest(sql_statement=sql)
        self._declare(request, tables, params or {})
        self._call("Analyze", request, Empty)  # the tree it sends can be too deep to read

    def _declare(self, request: Any, tables: Mapping[str, Any], params: Mapping[str, Any]) -> None:
        """Tell a request the language, and all that its text may refer to."""
        request.options.language_options.CopyFrom(self._language)
        request.options.default_timezone = "UTC"
        request.options.error_message_mode = modes.ERROR_MESSAGE_ONE_LINE
        request.simple_catalog.builtin_function_options.language_options.CopyFrom(self._language)
        for name, value in params.items():
            arrow = value if isinstance(value, pa.DataType) else pa.scalar(value).type
            request.options.query_parameters.add(name=name, type=_to_google(arrow))
        for name, table in tables.items():
            added = request.simple_catalog.table.add(name=name)
            for field in table if isinstance(table, pa.Schema) else table.schema:
                column = added.column.add(name=field.name, type=_to_google(field.type))
                column.is_pseudo_column = field.name == TABLE_SUFFIX

    def _start(self) -> None:
        with mock.patch.object(wasm_client, "Module", _CachedModule):
            self._client = _Client(str(get_wasm_path()))

    def _call(self, procedure: str, request: Any, reply: Any) -> Any:
        try:
            return self._client.call_grpc_func(f"ZetaSqlLocalService_{procedure}", request, reply)
        except ServerError as error:
            raise OracleError(error.raw_error.partition("Message: ")[2]) from error
        except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
            self._start()  # what a crash leaves behind cannot be trusted
            raise OracleError(f"The evaluator crashed: {str(error).splitlines()[-1]}") from error
