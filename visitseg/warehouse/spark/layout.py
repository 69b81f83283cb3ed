"""How Spark SQL gives an input the layout: by name, deep into records and lists of records."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from visitseg.warehouse.layout import covers, field_of

# Arrow type -> Spark type.
SCALARS = {
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    pa.string(): "STRING",
    pa.bool_(): "BOOLEAN",
    pa.date32(): "DATE",
}


def spark_type(kind: pa.DataType, *, as_text: bool = False) -> str:
    """Return the Spark type of an Arrow type; `as_text` reads every scalar as a text."""
    if pa.types.is_struct(kind):
        fields = (f"{quoted(f.name)}: {spark_type(f.type, as_text=as_text)}" for f in kind)
        return f"STRUCT<{', '.join(fields)}>"
    if pa.types.is_list(kind):
        return f"ARRAY<{spark_type(kind.value_type, as_text=as_text)}>"
    return "STRING" if as_text else SCALARS[kind]


def layout_items(layout: pa.Schema, columns: pa.Schema, *, exactly: bool) -> list[str]:
    """Return the select items that give an input the layout.

    Parameters
    ----------
    layout : pa.Schema
        What is needed.
    columns : pa.Schema
        What the input has.
    exactly : bool
        Whether records must have the layout's fields alone, as a union of several inputs needs;
        otherwise a column whose records have more is taken as it stands.
    """
    items = []
    for field in layout:
        has, name = field_of(columns, field.name), quoted(field.name)
        kind = pa.null() if has is None else has.type
        as_it_stands = not exactly and covers(kind, field.type)
        items.append(f"{name if as_it_stands else _said(name, kind, field.type)} AS {name}")
    return items


def merged(schemas: Sequence[pa.Schema]) -> pa.Schema:
    """Return every field that any of the schemas has, records merged; a text where types differ."""
    found: dict[str, pa.DataType] = {}
    for schema in schemas:
        for field in schema:
            known = found.get(field.name)
            found[field.name] = field.type if known is None else _both(known, field.type)
    return pa.schema(list(found.items()))


def quoted(name: str) -> str:
    """Return a name as Spark takes it, whatever is in it."""
    return "`" + name.replace("`", "``") + "`"


def _both(a: pa.DataType, b: pa.DataType) -> pa.DataType:
    if a == b or pa.types.is_null(b):
        return a
    if pa.types.is_null(a):
        return b
    if pa.types.is_struct(a) and pa.types.is_struct(b):
        return pa.struct(list(merged([pa.schema(list(a)), pa.schema(list(b))])))
    if pa.types.is_list(a) and pa.types.is_list(b):
        return pa.list_(_both(a.value_type, b.value_type))
    numbers = [pa.types.is_integer(kind) or pa.types.is_floating(kind) for kind in (a, b)]
    if all(numbers):
        both_whole = pa.types.is_integer(a) and pa.types.is_integer(b)
        return pa.int64() if both_whole else pa.float64()
    return pa.string()


def _said(sql: str, given: pa.DataType, wanted: pa.DataType, depth: int = 0) -> str:
    """Return the SQL of a value of the type that is wanted."""
    if pa.types.is_null(given):
        return f"CAST({sql if depth else 'NULL'} AS {spark_type(wanted)})"
    if given == wanted:
        return sql
    if pa.types.is_struct(wanted) and pa.types.is_struct(given):
        parts = []
        for field in wanted:
            has = field_of(given, field.name)
            inner = (
                f"CAST(NULL AS {spark_type(field.type)})"
                if has is None
                else _said(f"{sql}.{quoted(field.name)}", has.type, field.type, depth + 1)
            )
            parts.append("'" + field.name.replace("'", "\\'") + f"', {inner}")
        return f"IF({sql} IS NULL, NULL, NAMED_STRUCT({', '.join(parts)}))"
    if pa.types.is_list(wanted) and pa.types.is_list(given):
        var = f"x{depth}"
        inner = _said(var, given.value_type, wanted.value_type, depth + 1)
        return f"TRANSFORM({sql}, {var} -> {inner})"
    return f"CAST({sql} AS {spark_type(wanted)})"
