"""A layout is what the SQL of a source reads; an input may have more columns, or lack some."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import pyarrow as pa

from visitseg.config import did_you_mean
from visitseg.errors import InputError

# Arrow type -> DuckDB type.
SCALARS = {
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    pa.string(): "VARCHAR",
    pa.bool_(): "BOOLEAN",
    pa.date32(): "DATE",
}


def sql_type(kind: pa.DataType) -> str:
    """Return the DuckDB type of an Arrow type."""
    if pa.types.is_struct(kind):
        fields = ", ".join(f'"{field.name}" {sql_type(field.type)}' for field in kind)
        return f"STRUCT({fields})"
    if pa.types.is_list(kind):
        return f"{sql_type(kind.value_type)}[]"
    return SCALARS[kind]


def layout_select(layout: pa.Schema, columns: pa.Schema, *, typed: bool, where: str) -> str:
    """Return the select list that gives an input the layout.

    Parameters
    ----------
    layout : pa.Schema
        The columns and nested fields that are needed; a field that is not nullable must be there.
    columns : pa.Schema
        The columns that the input has.
    typed : bool
        Whether the input has types of its own; NDJSON is read with the layout's types.
    where : str
        The input, for the error.

    Raises
    ------
    InputError
        Columns that must be there are missing, or have a type that cannot hold the values.
    """
    check_layout(layout, columns, where)
    selected = []
    for field in layout:
        has = field_of(columns, field.name)
        if not typed or (has is not None and covers(has.type, field.type)):
            selected.append(f'"{field.name}"')
        elif has is None:
            selected.append(f'NULL::{sql_type(field.type)} AS "{field.name}"')
        else:
            selected.append(f'"{field.name}"::{sql_type(field.type)} AS "{field.name}"')
    return ", ".join(selected)


def check_layout(layout: pa.Schema, columns: pa.Schema, where: str) -> None:
    """Raise `InputError` where columns are missing or cannot hold the layout's values."""
    problems: list[str] = []
    names = [field.name for field in columns]
    for field in layout:
        _compare(field, field_of(columns, field.name), field.name, names, problems)
    if problems:
        what = "1 column is" if len(problems) == 1 else f"{len(problems)} columns are"
        raise InputError(
            f"{what} missing or of the wrong type",
            where=where,
            evidence=problems[:8],
            do="Check --source; an export keeps its columns' names and types in Parquet or NDJSON.",
        )


def check_files(layout: pa.Schema, files: Mapping[str, Collection[str]]) -> None:
    """Raise `InputError` where one of several files lacks a column that must be there.

    Parameters
    ----------
    layout : pa.Schema
        As for `layout_select`.
    files : mapping of str to collection of str
        File -> the names in it, of columns and of what is nested in them.
    """
    needed = [field.name for field in layout if not field.nullable]
    lacking = {
        file: missing
        for file, names in files.items()
        if (missing := [name for name in needed if name not in names])
    }
    if lacking:
        some = "file is" if len(lacking) == 1 else "files are"
        raise InputError(
            f"{len(lacking):,} {some} no part of the export, of {len(files):,}",
            where=next(iter(lacking)),
            evidence=[
                f"{Path(file).name}: no {', '.join(names)}" for file, names in lacking.items()
            ][:5],
            do="Leave it out: name the files of the days, as in 'events_*.parquet'.",
        )


def field_of(schema: pa.Schema | pa.StructType, name: str) -> pa.Field | None:
    """Return the field of that name, or None."""
    names = [field.name for field in schema]
    return schema.field(names.index(name)) if name in names else None


def _item(kind: pa.DataType) -> pa.DataType:
    is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    return kind.value_type if is_list else kind


def _compare(
    need: pa.Field, has: pa.Field | None, path: str, siblings: list[str], problems: list[str]
) -> None:
    if has is None:
        if not need.nullable:
            problems.append(f"{path}: missing{did_you_mean(need.name, siblings)}")
        return
    wanted, given = _item(need.type), _item(has.type)
    if pa.types.is_null(given):
        return
    if pa.types.is_struct(wanted):
        same_depth = pa.types.is_list(need.type) == (given is not has.type)
        if not pa.types.is_struct(given) or not same_depth:
            nested = "a list of records" if pa.types.is_list(need.type) else "a record"
            problems.append(f"{path}: {has.type}, needed: {nested}")
            return
        names = [field.name for field in given]
        for field in wanted:
            _compare(field, field_of(given, field.name), f"{path}.{field.name}", names, problems)
    elif not _castable(given, wanted, numbers=bool(need.metadata)):
        problems.append(f"{path}: {given}, needed: {wanted}")


def _castable(given: pa.DataType, wanted: pa.DataType, *, numbers: bool) -> bool:
    is_text = pa.types.is_string(given) or pa.types.is_large_string(given)
    if pa.types.is_string(wanted):
        # A number has lost its leading zeros, unless the layout says that there are none.
        return bool(is_text or (numbers and pa.types.is_integer(given)))
    number = pa.types.is_integer(given) or pa.types.is_floating(given)
    return is_text or (number and not pa.types.is_boolean(wanted)) or bool(given == wanted)


def covers(given: pa.DataType, wanted: pa.DataType) -> bool:
    """Whether the SQL can read the wanted fields from the given type as it stands."""
    if pa.types.is_list(wanted):
        return pa.types.is_list(given) and covers(given.value_type, wanted.value_type)
    if pa.types.is_struct(wanted):
        return bool(pa.types.is_struct(given)) and all(
            (has := field_of(given, field.name)) is not None and covers(has.type, field.type)
            for field in wanted
        )
    return bool(given == wanted)
