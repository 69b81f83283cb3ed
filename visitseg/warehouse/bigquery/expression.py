"""Whether a text of the configuration is one GoogleSQL expression and nothing more.

BigQuery itself says, by a dry run, whether an expression can be computed. Before that the text is
read token by token, so that none can close the parenthesis it is put in and begin a statement, a
comment, a subquery or a parameter of its own.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""\s+
    | (?P<comment>--|\#|/\*)
    | (?P<text>[rR]?(?:'(?:[^'\\\r\n]|\\[^\r\n])*'|"(?:[^"\\\r\n]|\\[^\r\n])*"))
    | (?P<name>`[^`\\\r\n]+`)
    | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<number>[0-9][0-9A-Za-z_.]*)
    | (?P<sign>[-+*/%<>=!|&^~.,()\[\]:])""",
    re.VERBOSE,
)
_STATEMENTS = frozenset(
    {"SELECT", "WITH", "UNION", "FROM", "INTO", "TABLE", "UNNEST", "CALL", "EXECUTE", "CREATE"}
    | {"DROP", "INSERT", "UPDATE", "DELETE", "MERGE", "ALTER", "EXPORT", "LOAD", "LIMIT", "GRANT"}
)
_CLOSES = {")": "(", "]": "["}


def problem(text: str) -> str | None:
    """Say why a text is not one expression; None if it may be one."""
    opened: list[str] = []
    place, before = 0, ""
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            return f"{text[place]!r} cannot be part of an expression"
        kind, piece = found.lastgroup, found[0]
        if kind == "comment":
            return "a comment cannot be part of an expression"
        if kind == "text" and text[found.end() : found.end() + 1] in ("'", '"'):
            return "quotes of three cannot be part of an expression"
        if kind == "word" and (trouble := _word(piece.upper(), opened)):
            return trouble
        if piece in ("(", "["):
            opened.append(f"{before}{piece}")
        elif piece in _CLOSES and (not opened or opened.pop()[-1] != _CLOSES[piece]):
            return f"{piece} closes nothing"
        elif piece == "," and not opened:
            return "it is more than one expression"
        if kind:
            before = piece.upper() if kind == "word" else ""
        place = found.end()
    if opened:
        return "a parenthesis is not closed"
    return None if text.strip() else "it is empty"


def _word(word: str, opened: list[str]) -> str | None:
    """Refuse the words of statements; EXTRACT(day FROM column) is an expression."""
    if word == "FROM" and opened and opened[-1] == "EXTRACT(":
        return None
    return f"{word} cannot be part of an expression" if word in _STATEMENTS else None
