"""Statements in stages.

Every stage is a subquery that reads the one before and adds columns. Engines compute a column of a
subquery once; the same text without stages repeats each logarithm for every segment.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Stage:
    """A subquery.

    Attributes
    ----------
    name : str
        What the next stage reads.
    comment : str
        What its columns are.
    columns : tuple of (str, str)
        Name and expression of every column that it adds.
    """

    name: str
    comment: str
    columns: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, name: str, comment: str, *columns: Iterable[tuple[str, str]]) -> Stage:
        """Make a stage of several lists of columns."""
        return cls(name, comment, tuple(column for some in columns for column in some))


def select(
    table: str, first: Stage, stages: Sequence[Stage], final: Sequence[tuple[str, str]]
) -> str:
    """Write the statement.

    Parameters
    ----------
    table : str
        What the first stage reads, quoted.
    first : Stage
        All columns that are taken from the table.
    stages : sequence of Stage
        What is computed, in order.
    final : sequence of (str, str)
        Columns of the result.
    """
    source = first.name
    parts = [_subquery(first, table)]
    for stage in stages:
        if stage.columns:
            parts.append(_subquery(stage, source, ("*",)))
            source = stage.name
    written = ",\n".join(f"  {_item(*column)}" for column in final)
    return f"WITH {', '.join(parts)}\nSELECT\n{written}\nFROM {source}"


def _subquery(stage: Stage, source: str, before: Sequence[str] = ()) -> str:
    items = [*before, *(_item(*column) for column in stage.columns)]
    written = ",\n".join(f"    {item}" for item in items)
    return f"{stage.name} AS (  -- {stage.comment}\n  SELECT\n{written}\n  FROM {source}\n)"


def _item(name: str, expression: str) -> str:
    return name if name == expression else f"{expression} AS {name}"
