"""The expression language of the contract file: one text that means the same on every engine.

Operators, CASE, COALESCE, NULLIF, LOWER, SUBSTR, LIKE, ABS, ROUND, LN and EXP over column names,
numbers and texts. An expression is parsed, its kinds are checked, and it is written anew, so
nothing else can pass; a division by 0 and the logarithm of what is not above 0 are written so that
they are NULL everywhere. A text holds no quote and no backslash: engines differ in them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "text", "condition", "time", "nothing"]

_TOKEN = re.compile(
    r"\s+|(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<text>'[^'\\\r\n]*'(?!'))"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign><=|>=|<>|!=|[-+*/=<>(),])"
)
_WORDS = frozenset(
    {"AND", "BETWEEN", "CASE", "ELSE", "END", "IN", "IS", "LIKE", "NOT", "NULL", "OR", "THEN"}
    | {"WHEN"}
)
_COMPARISONS = frozenset({"=", "<>", "!=", "<", "<=", ">", ">="})
# Function -> fewest and most arguments.
_FUNCTIONS = {
    "ABS": (1, 1), "COALESCE": (2, 99), "EXP": (1, 1), "LN": (1, 1), "LOWER": (1, 1),
    "NULLIF": (2, 2), "ROUND": (1, 2), "SUBSTR": (2, 3),
}  # fmt: skip
_PLACE = re.compile(r"[1-9]\d*")
# Whole numbers up to here are exact on every engine.
_LONGEST_WHOLE = 15


class ExpressionError(ValueError):
    """The text is not of the language; the message says where."""


@dataclass(frozen=True)
class Expression:
    """A parsed expression.

    Attributes
    ----------
    sql : str
        The text for every engine.
    names : frozenset of str
        The columns it reads.
    kind : str
        number, text, condition, time, or nothing (NULL).
    """

    sql: str
    names: frozenset[str] = frozenset()
    kind: Kind = "number"


@dataclass(frozen=True)
class _Part:
    sql: str
    kind: Kind


def parse(text: str, columns: Mapping[str, Kind]) -> Expression:
    """Read an expression.

    Parameters
    ----------
    text : str
        As the contract file has it.
    columns : mapping of str to str
        The columns there are, and the kind of each; any other name is refused.

    Raises
    ------
    ExpressionError
        It is no expression of the language, reads a column that is not there, or mixes kinds.
    """
    parser = _Parser(text, columns)
    found = parser.either()
    if parser.here:
        raise ExpressionError(f"{parser.here[1]!r} is not expected {parser.place()}")
    return Expression(found.sql, frozenset(parser.names), found.kind)


class _Parser:
    """Recursive descent; every method returns the SQL and the kind of what it read."""

    def __init__(self, text: str, columns: Mapping[str, Kind]) -> None:
        self.columns, self.names = columns, set[str]()
        self.tokens: list[tuple[str, str, int]] = []
        place = 0
        while place < len(text):
            found = _TOKEN.match(text, place)
            if found is None:
                raise ExpressionError(f"{text[place : place + 10]!r} cannot be read")
            if found.lastgroup:
                kind, word = found.lastgroup, found[0]
                if kind == "word" and word.upper() in _WORDS:
                    kind, word = "key", word.upper()
                self.tokens.append((kind, word, place))
            place = found.end()
        self.next = 0
        self.depth = 0

    @property
    def here(self) -> tuple[str, str, int] | None:
        return self.tokens[self.next] if self.next < len(self.tokens) else None

    def place(self) -> str:
        return f"at character {self.here[2] + 1}" if self.here else "at the end"

    def take(self, *words: str) -> str | None:
        """Step over one of these words or signs, if it is next."""
        here = self.here
        if here and here[0] in ("key", "sign") and here[1] in words:
            self.next += 1
            return here[1]
        return None

    def need(self, word: str) -> None:
        if not self.take(word):
            raise ExpressionError(f"{word} is missing {self.place()}")

    def one_kind(self, what: str, *parts: _Part) -> Kind:
        """Return the kind that parts have in common; NULL is of every kind."""
        kinds = {part.kind for part in parts} - {"nothing"}
        if len(kinds) > 1:
            raise ExpressionError(f"{what} takes a {' and a '.join(sorted(kinds))} {self.place()}")
        return kinds.pop() if kinds else "nothing"

    def must_be(self, kind: Kind, what: str, *parts: _Part) -> None:
        for part in parts:
            if part.kind not in (kind, "nothing"):
                raise ExpressionError(f"{what} takes a {kind}, not the {part.kind} {part.sql}")

    def either(self) -> _Part:
        self.depth += 1
        if self.depth > 50:
            raise ExpressionError("it is nested too deep")
        found = self.conditions(lambda: self.conditions(self.negated, "AND"), "OR")
        self.depth -= 1
        return found

    def conditions(self, part: Callable[[], _Part], word: str) -> _Part:
        left = part()
        while self.take(word):
            right = part()
            self.must_be("condition", word, left, right)
            left = _Part(f"({left.sql} {word} {right.sql})", "condition")
        return left

    def negated(self) -> _Part:
        if not self.take("NOT"):
            return self.compared()
        self.must_be("condition", "NOT", found := self.negated())
        return _Part(f"(NOT {found.sql})", "condition")

    def compared(self) -> _Part:
        left = self.sum()
        if sign := self.take(*_COMPARISONS):
            right = self.sum()
            self.one_kind(sign, left, right)
            sign = "<>" if sign == "!=" else sign
            return _Part(f"({left.sql} {sign} {right.sql})", "condition")
        if self.take("IS"):
            no = "NOT " if self.take("NOT") else ""
            self.need("NULL")
            return _Part(f"({left.sql} IS {no}NULL)", "condition")
        no = "NOT " if self.take("NOT") else ""
        if self.take("IN"):
            listed = self.arguments()
            self.one_kind("IN", left, *listed)
            inside = ", ".join(part.sql for part in listed)
            return _Part(f"({left.sql} {no}IN ({inside}))", "condition")
        if self.take("BETWEEN"):
            low = self.sum()
            self.need("AND")
            high = self.sum()
            self.one_kind("BETWEEN", left, low, high)
            return _Part(f"({left.sql} {no}BETWEEN {low.sql} AND {high.sql})", "condition")
        if self.take("LIKE"):
            self.must_be("text", "LIKE", left)
            return _Part(f"({left.sql} {no}LIKE {self.pattern()})", "condition")
        if no:
            raise ExpressionError(f"IN, BETWEEN or LIKE is missing {self.place()}")
        return left

    def sum(self) -> _Part:
        return self.chain(lambda: self.chain(self.signed, "*", "/"), "+", "-")

    def chain(self, part: Callable[[], _Part], *signs: str) -> _Part:
        left = part()
        while sign := self.take(*signs):
            right = part()
            self.must_be("number", sign, left, right)
            sql = f"({left.sql} {sign} {right.sql})"
            if sign == "/":
                sql = f"(1e0 * {left.sql} / NULLIF({right.sql}, 0))"
            left = _Part(sql, "number")
        return left

    def signed(self) -> _Part:
        if not self.take("-"):
            return self.atom()
        self.must_be("number", "-", found := self.signed())
        return _Part(f"(-{found.sql})", "number")

    def pattern(self) -> str:
        here = self.here
        if not here or here[0] != "text":
            raise ExpressionError(f"a text in quotes is missing {self.place()}")
        self.next += 1
        return here[1]

    def arguments(self) -> list[_Part]:
        self.need("(")
        found = [self.either()]
        while self.take(","):
            found.append(self.either())
        self.need(")")
        return found

    def atom(self) -> _Part:
        if self.take("("):
            found = self.either()
            self.need(")")
            return _Part(f"({found.sql})", found.kind)
        if self.take("NULL"):
            return _Part("NULL", "nothing")
        if self.take("CASE"):
            return self.case()
        here = self.here
        if not here or here[0] in ("key", "sign"):
            raise ExpressionError(f"a value is missing {self.place()}")
        kind, word, _ = here
        self.next += 1
        if kind == "text":
            return _Part(word, "text")
        if kind == "number":
            return _Part(_number(word), "number")
        after = self.here
        return self.call(word) if after and after[1] == "(" else self.column(word)

    def case(self) -> _Part:
        sql, values = "CASE", list[_Part]()
        while self.take("WHEN"):
            condition = self.either()
            self.must_be("condition", "WHEN", condition)
            self.need("THEN")
            values.append(self.either())
            sql += f" WHEN {condition.sql} THEN {values[-1].sql}"
        if not values:
            raise ExpressionError(f"WHEN is missing {self.place()}")
        if self.take("ELSE"):
            values.append(self.either())
            sql += f" ELSE {values[-1].sql}"
        self.need("END")
        return _Part(f"{sql} END", self.one_kind("CASE", *values))

    def call(self, word: str) -> _Part:
        name = word.upper()
        if name not in _FUNCTIONS:
            raise ExpressionError(f"{word} is no function here; there are {', '.join(_FUNCTIONS)}")
        given = self.arguments()
        fewest, most = _FUNCTIONS[name]
        if not fewest <= len(given) <= most:
            raise ExpressionError(f"{name} does not take {len(given)} arguments")
        inside = [part.sql for part in given]
        sql = f"{name}({', '.join(inside)})"
        if name in ("COALESCE", "NULLIF"):
            return _Part(sql, self.one_kind(name, *given))
        if name in ("LOWER", "SUBSTR"):
            self.must_be("text", name, given[0])
            if not all(_PLACE.fullmatch(part) for part in inside[1:]):
                raise ExpressionError("SUBSTR takes whole numbers from 1 on for place and length")
            return _Part(sql, "text")
        self.must_be("number", name, *given)
        if name == "LN":
            sql = f"LN(CASE WHEN {inside[0]} > 0 THEN {inside[0]} END)"
        return _Part(sql, "number")

    def column(self, word: str) -> _Part:
        if word not in self.columns:
            raise ExpressionError(f"there is no column {word}; a text stands in quotes: 'x'")
        self.names.add(word)
        return _Part(word, self.columns[word])


def _number(word: str) -> str:
    """Write a number so that no engine takes it for a decimal, whose sums are others."""
    if not math.isfinite(float(word)):
        raise ExpressionError(f"{word} is too large")
    if word.isdigit() and len(word) <= _LONGEST_WHOLE:
        return word
    return word if "e" in word.lower() else f"{word}e0"
