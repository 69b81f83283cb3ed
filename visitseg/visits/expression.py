"""The expression language of the contract file: one text that means the same on every engine.

Operators, CASE, COALESCE, NULLIF, LOWER, SUBSTR, LIKE, ABS, ROUND, LN and EXP over column names,
numbers and texts. An expression is parsed and written anew, so nothing else can pass; a division
by 0 and the logarithm of what is not above 0 are written so that they are NULL everywhere. A text
holds no quote and no backslash: engines differ in how they write them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

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
    """

    sql: str
    names: frozenset[str]


def parse(text: str, known: frozenset[str] | None = None) -> Expression:
    """Read an expression.

    Parameters
    ----------
    text : str
        As the contract file has it.
    known : frozenset of str, optional
        The columns there are; any other name is refused.

    Raises
    ------
    ExpressionError
        It is no expression of the language, or reads a column that is not there.
    """
    parser = _Parser(text, known)
    sql = parser.either()
    if parser.here:
        raise ExpressionError(f"{parser.here[1]!r} is not expected {parser.place()}")
    return Expression(sql, frozenset(parser.names))


class _Parser:
    """Recursive descent; every method returns the SQL of what it read."""

    def __init__(self, text: str, known: frozenset[str] | None) -> None:
        self.known, self.names = known, set[str]()
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

    def either(self) -> str:
        self.depth += 1
        if self.depth > 50:
            raise ExpressionError("it is nested too deep")
        sql = self.chain(lambda: self.chain(self.negated, "AND"), "OR")
        self.depth -= 1
        return sql

    def chain(self, part: Callable[[], str], *signs: str) -> str:
        sql = part()
        while sign := self.take(*signs):
            sql = f"({sql} {sign} {part()})"
        return sql

    def negated(self) -> str:
        return f"(NOT {self.negated()})" if self.take("NOT") else self.compared()

    def compared(self) -> str:
        left = self.sum()
        if sign := self.take(*_COMPARISONS):
            return f"({left} {'<>' if sign == '!=' else sign} {self.sum()})"
        if self.take("IS"):
            no = "NOT " if self.take("NOT") else ""
            self.need("NULL")
            return f"({left} IS {no}NULL)"
        no = "NOT " if self.take("NOT") else ""
        if self.take("IN"):
            return f"({left} {no}IN ({', '.join(self.arguments())}))"
        if self.take("BETWEEN"):
            low = self.sum()
            self.need("AND")
            return f"({left} {no}BETWEEN {low} AND {self.sum()})"
        if self.take("LIKE"):
            return f"({left} {no}LIKE {self.text()})"
        if no:
            raise ExpressionError(f"IN, BETWEEN or LIKE is missing {self.place()}")
        return left

    def sum(self) -> str:
        return self.chain(self.product, "+", "-")

    def product(self) -> str:
        sql = self.signed()
        while sign := self.take("*", "/"):
            right = self.signed()
            sql = f"({sql} / NULLIF({right}, 0))" if sign == "/" else f"({sql} * {right})"
        return sql

    def signed(self) -> str:
        return f"(-{self.signed()})" if self.take("-") else self.atom()

    def text(self) -> str:
        here = self.here
        if not here or here[0] != "text":
            raise ExpressionError(f"a text in quotes is missing {self.place()}")
        self.next += 1
        return here[1]

    def arguments(self) -> list[str]:
        self.need("(")
        found = [self.either()]
        while self.take(","):
            found.append(self.either())
        self.need(")")
        return found

    def atom(self) -> str:
        if self.take("("):
            sql = self.either()
            self.need(")")
            return f"({sql})"
        if self.take("NULL"):
            return "NULL"
        if self.take("CASE"):
            return self.case()
        here = self.here
        if not here or here[0] in ("key", "sign"):
            raise ExpressionError(f"a value is missing {self.place()}")
        kind, word, _ = here
        self.next += 1
        if kind != "word":
            return word
        after = self.here
        return self.call(word) if after and after[1] == "(" else self.column(word)

    def case(self) -> str:
        sql = "CASE"
        while self.take("WHEN"):
            condition = self.either()
            self.need("THEN")
            sql += f" WHEN {condition} THEN {self.either()}"
        if sql == "CASE":
            raise ExpressionError(f"WHEN is missing {self.place()}")
        if self.take("ELSE"):
            sql += f" ELSE {self.either()}"
        self.need("END")
        return f"{sql} END"

    def call(self, word: str) -> str:
        name = word.upper()
        if name not in _FUNCTIONS:
            raise ExpressionError(f"{word} is no function here; there are {', '.join(_FUNCTIONS)}")
        given = self.arguments()
        fewest, most = _FUNCTIONS[name]
        if not fewest <= len(given) <= most:
            raise ExpressionError(f"{name} does not take {len(given)} arguments")
        if name == "LN":
            return f"LN(CASE WHEN {given[0]} > 0 THEN {given[0]} END)"
        if name == "SUBSTR" and not all(re.fullmatch(r"[1-9]\d*", part) for part in given[1:]):
            raise ExpressionError("SUBSTR takes whole numbers from 1 on for place and length")
        return f"{name}({', '.join(given)})"

    def column(self, word: str) -> str:
        if self.known is not None and word not in self.known:
            raise ExpressionError(f"there is no column {word}")
        self.names.add(word)
        return word
