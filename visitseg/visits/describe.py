"""The visit table in words: one line a column, from the contract."""

from __future__ import annotations

from collections.abc import Collection

from visitseg.visits.columns import COLUMNS
from visitseg.visits.entries import Contract, Dimension, Feature, PerDialect, Said
from visitseg.visits.made import meaning

_HEAD = [
    "| column | role | type | unit | values | transform | family | meaning |",
    "|---|---|---|---|---|---|---|---|",
]


def describe(contract: Contract, features: Collection[str], dimensions: Collection[str]) -> str:
    """Return the page ``visit-table.md`` of a run folder.

    Parameters
    ----------
    contract : Contract
        The shipped contract and the user's.
    features : collection of str
        Features that the source can say something about.
    dimensions : collection of str
        The columns that describe visits.
    """
    known = {dimension.name for dimension in contract.dimensions}
    more = [Dimension(name, description="of the input") for name in dimensions if name not in known]
    opening = [
        "# The visit table of this run",
        "",
        "One row per visit. Features are numbers to segment by, dimensions describe.",
        "",
    ]
    return "\n".join([*opening, *table(contract, features, more)]) + "\n"


def table(
    contract: Contract, features: Collection[str] | None = None, more: Collection[Dimension] = ()
) -> list[str]:
    """Return the lines of a table of columns: keys, features, dimensions."""
    lines = [*_HEAD]
    for column in COLUMNS:
        if column.role == "key":
            kind = {"text": "text", "date": "date"}.get(column.kind, "timestamp")
            lines.append(_line(column.name, "key", kind, column.unit, "", "", "", column.meaning))
    for feature in contract.features:
        silent = features is not None and feature.name not in features
        told = "the source cannot say: NULL" if silent else meaning(feature)
        lines.append(
            _line(
                feature.name,
                "feature",
                feature.type,
                feature.unit,
                _values(feature),
                feature.transform or "as its values tell",
                feature.family,
                told + _made(feature),
            )
        )
    for dimension in (*contract.dimensions, *more):
        told = dimension.description + _made(dimension)
        lines.append(_line(dimension.name, "dimension", "text", "", "", "", "", told))
    return lines


def _line(name: str, *cells: str) -> str:
    row = " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells)
    return f"| `{name}` | {row} |"


def _values(feature: Feature) -> str:
    bounds = (("from", feature.min), ("to", feature.max))
    return ", ".join(f"{word} {bound:g}" for word, bound in bounds if bound is not None)


def _made(one: Feature | Dimension) -> str:
    if one.what is None:
        return ""
    where = f", where `{_text(one.where)}`" if one.where else ""
    how = {"count_if": "hits with ", "sum_of": "sum of ", "distinct_of": "distinct "}.get(one.how)
    how = how or ("first " if one.how == "first_of" else "")
    return f"; {how}`{_text(one.what)}`{where}"


def _text(said: Said) -> str:
    if isinstance(said, PerDialect):
        return "; ".join(f"{dialect}: {text}" for dialect, text in said.texts.items())
    return said.sql
