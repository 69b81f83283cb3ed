"""What [columns] gives: SQL expressions over the input's columns, read and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from visitseg.errors import ConfigError, InputError
from visitseg.warehouse import RAW, Warehouse

# What engines put around a name.
MARKS = {"duckdb": '"', "bigquery": "`", "spark": "`"}


def read_expressions(
    columns: Mapping[str, str], own: Sequence[str], warehouse: Warehouse
) -> tuple[dict[str, str], list[str]]:
    """Read [columns]: the expressions, and what is wrong with them, one line for each that is.

    An expression that is the name of a column stands for it, also where the name is a word of SQL
    (order, group) or holds a space: then it is quoted.

    Parameters
    ----------
    columns : mapping of str to str
        Column of ours -> SQL expression.
    own : sequence of str
        Columns of the input.
    warehouse : Warehouse
        Has opened the input.
    """
    expressions, problems = dict(columns), list[str]()
    for name, text in columns.items():
        problem = _problem(name, text, warehouse)
        if problem and text in own:
            expressions[name] = name_of(text, warehouse.dialect)
            problem = _problem(name, expressions[name], warehouse)
        if not problem and "(" in expressions[name]:
            problem = _of_many(expressions[name], own, warehouse)
        if problem:
            problems.append(f'columns.{name} = "{text}": {problem}')
    return expressions, problems


def _problem(name: str, text: str, warehouse: Warehouse) -> str | None:
    if not name.isidentifier() or name != name.lower():
        return "our names are lower-case words"
    return warehouse.expression_problem(text)


def _of_many(text: str, own: Sequence[str], warehouse: Warehouse) -> str | None:
    """Refuse an aggregate: beside a column it cannot be computed, where a row's value can."""
    mark = MARKS[warehouse.dialect]
    beside = next((name for name in own if mark not in name and "\\" not in name), None)
    if beside is None:
        return None
    column = name_of(beside, warehouse.dialect)
    try:
        warehouse.query(f"SELECT ({text}\n) AS told, {column} AS beside FROM {RAW} LIMIT 0")
    except InputError:
        return "it is made of many rows, and each row needs a value of its own"
    return None


def name_of(name: str, dialect: str) -> str:
    """Return a column's name in quotes.

    Raises
    ------
    ConfigError
        It holds a quote itself.
    """
    mark = MARKS[dialect]
    if mark in name or "\\" in name:
        raise ConfigError(
            "a column's name holds a quote", where="the input", evidence=[name], do="Rename it."
        )
    return f"{mark}{name}{mark}"
