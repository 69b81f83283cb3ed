"""What a contract says: features, dimensions, checks and flags of the visit table."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from visitseg.errors import ConfigError
from visitseg.visits.columns import BY_NAME
from visitseg.visits.expression import Expression, Kind

# The columns of a hit, by the same names for every source.
HIT_COLUMNS: Mapping[str, Kind] = {
    "type": "text", "path": "text", "title": "text", "event": "text", "category": "text",
    "action": "text", "value": "number", "product_id": "text", "order_id": "text",
    "revenue": "number", "time": "number",
}  # fmt: skip
OVER_HITS = ("count_if", "sum_of", "distinct_of", "first_of")
COUNTS = ("count_if", "distinct_of")
DIALECTS = ("bigquery", "duckdb", "spark")
# The reasons of the ledger that a contract decides about.
FLAGS = ("bot", "runaway", "debug", "internal")


@dataclass(frozen=True)
class PerDialect:
    """A text for each engine, in its own SQL, from a contract file that the user names."""

    texts: Mapping[str, str]
    kind: Kind = "nothing"


Said = Expression | PerDialect


def sql_of(said: Said, dialect: str) -> str:
    """Return the text of an expression for an engine.

    Raises
    ------
    ConfigError
        The contract file has texts for other engines only.
    """
    if isinstance(said, Expression):
        return said.sql
    if dialect not in said.texts:
        raise ConfigError(
            f"the contract file has no text for {dialect}",
            where="--features",
            evidence=[f"{name}: {text}" for name, text in said.texts.items()],
            do=f"Add a line {dialect}: …, or write it in the portable language.",
        )
    return f"(\n{said.texts[dialect]}\n)"  # a comment at its end must not reach what follows


@dataclass(frozen=True)
class Feature:
    """One feature of the contract.

    Attributes
    ----------
    name : str
        A column of the visit table.
    how : str
        count_if, sum_of, distinct_of or first_of (over hits), visit (over the visit table's
        columns); empty for a column that is there.
    what, where : Expression or PerDialect, optional
        The expression, and the condition of the hits that it looks at.
    type : str
        int or float.
    null : str
        What NULL means: zero (it is written as 0), unknown, not_applicable, or never (it fails).
    min, max : float or None
        The values that are possible; any other fails the contract.
    unit, family, description : str
        For people.
    transform : str
        How it is placed when visits are segmented; empty where its values tell it.
    own : bool
        Whether a contract file of the user's computes it.
    """

    name: str
    how: str = ""
    what: Said | None = None
    where: Said | None = None
    type: str = "float"
    null: str = "unknown"
    min: float | None = None
    max: float | None = None
    unit: str = ""
    transform: str = ""
    family: str = ""
    description: str = ""
    own: bool = False

    @property
    def holds(self) -> str:
        """The condition of a possible value, `{name}` for the column; empty where all are."""
        low, high = self.min, self.max
        if self.type == "float":  # not infinite, and no NaN, which is above or below all numbers
            largest = sys.float_info.max
            low, high = -largest if low is None else low, largest if high is None else high
        bounds = [(">=", low), ("<=", high)]
        return " AND ".join(
            f"{{name}} {sign} {bound!r}" for sign, bound in bounds if bound is not None
        )

    @property
    def range(self) -> str:
        """The possible values in words."""
        bounds = [("at least", self.min), ("at most", self.max)]
        told = [f"{word} {bound:g}" for word, bound in bounds if bound is not None]
        return " and ".join(told) or "finite"


@dataclass(frozen=True)
class Dimension:
    """A category that describes visits; attributes as for `Feature`."""

    name: str
    how: str = ""
    what: Said | None = None
    where: Said | None = None
    description: str = ""
    own: bool = False


Made = Feature | Dimension


@dataclass(frozen=True)
class Rule:
    """A condition that must hold for every visit."""

    name: str
    holds: Said
    severity: str = "error"
    description: str = ""
    do: str = ""


@dataclass(frozen=True)
class Flag:
    """Visits or events that are hardly a customer's.

    Attributes
    ----------
    name : str
        The reason in the ledger.
    rule : Expression or PerDialect, optional
        Which visits; None where the source itself marks its events.
    keep : bool
        Counted and kept, or left out.
    description : str
        What they are.
    """

    name: str
    rule: Said | None = None
    keep: bool = True
    description: str = ""


@dataclass(frozen=True)
class Contract:
    """The shipped contract and the user's, as one.

    Attributes
    ----------
    features, dimensions : tuple
        All of them: the visit table's, in its order, then those that the user adds.
    rules : tuple of Rule
        What must hold besides the bounds.
    flags : mapping of str to Flag
        By name.
    max_share : float
        Share of the visits that may be put aside.
    chosen : tuple of str
        The features to segment on; empty: all there are.
    """

    features: tuple[Feature, ...] = ()
    dimensions: tuple[Dimension, ...] = ()
    rules: tuple[Rule, ...] = ()
    flags: Mapping[str, Flag] = field(default_factory=dict)
    max_share: float = 0.01
    chosen: tuple[str, ...] = ()

    @property
    def transforms(self) -> dict[str, str]:
        """Features that the user chose or added -> transform, empty where the values tell it."""
        wanted = self.to_segment_on(())
        return {f.name: f.transform for f in self.features if f.name in wanted}

    @property
    def families(self) -> dict[str, str]:
        """Feature -> its family; its own name where none is said."""
        return {feature.name: feature.family or feature.name for feature in self.features}

    @property
    def own(self) -> tuple[Feature, ...]:
        """Features that the user's file computes."""
        return tuple(feature for feature in self.features if feature.own)

    @property
    def own_dimensions(self) -> tuple[Dimension, ...]:
        """Dimensions that the user's file computes."""
        return tuple(dimension for dimension in self.dimensions if dimension.own)

    @property
    def made(self) -> tuple[Made, ...]:
        """Features and dimensions that the user's file computes."""
        return (*self.own, *self.own_dimensions)

    @property
    def over_hits(self) -> tuple[Made, ...]:
        """What is made of hits; the source's hits are needed only where there is any."""
        return tuple(one for one in self.made if one.how in OVER_HITS)

    @property
    def over_visits(self) -> tuple[Made, ...]:
        """What is made of the visit table's other columns."""
        return tuple(one for one in self.made if one.how == "visit")

    @property
    def of_input(self) -> tuple[str, ...]:
        """Features that are neither the visit table's nor computed: columns of the input."""
        return tuple(f.name for f in self.features if not f.own and f.name not in BY_NAME)

    def to_segment_on(self, usual: Sequence[str]) -> tuple[str, ...]:
        """Return the chosen features; else the usual ones and those that the user adds."""
        added = [f.name for f in self.features if f.own or f.name in self.of_input]
        return self.chosen or tuple(dict.fromkeys((*usual, *added)))

    def keeps(self, flag: str) -> bool:
        """Whether what bears a flag stays in the visit table."""
        return flag not in self.flags or self.flags[flag].keep
