"""Values of a ready visit table that are not of their column's type: which, how many, and where."""

from __future__ import annotations

from visitseg.errors import InputError
from visitseg.visits.columns import Kind
from visitseg.visits.mapping import Mapped, forgiving, misread_sql
from visitseg.warehouse import Warehouse

_NOUNS: dict[Kind, str] = {
    "count": "no whole numbers",
    "number": "no numbers",
    "date": "no days",
    "timestamp": "no times",
}


def misread(mapped: Mapped, warehouse: Warehouse, where: str) -> InputError | None:
    """Return the error that names the values an engine could not read; None if it read them all.

    The engine's own words name the first value it met and a line of SQL.
    """
    try:
        found = warehouse.query(misread_sql(mapped, warehouse.dialect)).to_pylist()
    except InputError:  # the rows cannot be read at all: the engine's words say more
        return None
    if not found:
        return None
    many = "1 column holds" if len(found) == 1 else f"{len(found)} columns hold"
    first = found[0]["column_name"]
    line = forgiving(mapped, first, warehouse.dialect)
    do = f"Mend them, or take them as unknown, under [columns]: {line}."
    if found[0]["n_misread"] == found[0]["n_known"]:
        do = f'Say under [columns] how to read them, by an SQL expression: {first} = "…".'
    return InputError(
        f"{many} values of another type",
        where=where,
        evidence=[
            f"{row['column_name']}: {row['n_misread']:,} of {row['n_known']:,} values are "
            f"{_NOUNS[row['kind']]}, e.g. '{row['example']}'"
            for row in found[:5]
        ],
        do=do,
    )
