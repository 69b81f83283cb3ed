"""A SQL text as a dbt model: what it reads as ref() and source(), its values as variables."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

# What is no place for a value: comments, and texts in quotes as each dialect writes them.
_APART = {
    "bigquery": (
        r"--[^\n]*|/\*.*?\*/|'''.*?'''|\"\"\".*?\"\"\""
        r"|'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|`[^`]*`"
    ),
    "duckdb": r"--[^\n]*|/\*.*?\*/|'(?:''|[^'])*'|\"(?:\"\"|[^\"])*\"",
}
_MARKS = {"bigquery": "@", "duckdb": r"\$"}
_OPENING = re.compile(r"(?:\s*--[^\n]*\n)*")
_BRACE = re.compile(r"\{(?=[{%#])")


def escaped(text: str) -> str:
    """Return a text of which Jinja changes nothing."""
    return _BRACE.sub("{{ '{' }}", text)


def with_values(sql: str, dialect: str, values: Mapping[str, str]) -> str:
    """Replace the query parameters of a text, outside of its comments and quotes.

    Parameters
    ----------
    sql : str
        A text with the dialect's parameter markers.
    dialect : {"bigquery", "duckdb"}
        Whose SQL it is.
    values : mapping of str to str
        Parameter -> the Jinja that writes its literal.
    """
    names = "|".join(values)
    found = re.compile(
        rf"(?P<apart>{_APART[dialect]})|{_MARKS[dialect]}(?P<name>{names})\b", re.DOTALL
    )
    pieces, end = [], 0
    for match in found.finditer(sql):
        if match["name"] is None:
            continue
        pieces += [escaped(sql[end : match.start()]), values[match["name"]]]
        end = match.end()
    return "".join([*pieces, escaped(sql[end:])])


def reads(sql: str, models: Sequence[str]) -> list[str]:
    """Return those of the models that a text names after FROM or JOIN, in their order."""
    return [
        name
        for name in models
        if re.search(rf"\b(?:FROM|JOIN)\s+[`\"]?{name}\b", sql, re.IGNORECASE)
    ]


def importing(template: str, inputs: Sequence[str], ref: Callable[[str], str]) -> str:
    """Put the models that a text reads at its beginning, as dbt's style guide asks.

    Parameters
    ----------
    template : str
        A SELECT, with or without a WITH, that reads its inputs by their names.
    inputs : sequence of str
        Those names.
    ref : callable
        Name -> name of the dbt model.
    """
    if not inputs:
        return template
    opening = _OPENING.match(template)
    head = opening[0] if opening else ""
    body = template[len(head) :]
    imports = ",\n".join(
        f"{name} AS (\n  SELECT * FROM {{{{ ref('{ref(name)}') }}}}\n)" for name in inputs
    )
    own = re.match(r"WITH\s+", body)
    rest = f", {body[own.end() :]}" if own else f"\n{body}"
    return f"{head}WITH {imports}{rest}"
