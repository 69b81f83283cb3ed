"""The contract file (``--features``): which features to segment on, and features of one's own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from visitseg.config import did_you_mean
from visitseg.errors import ConfigError, InputError
from visitseg.visits.columns import BY_NAME
from visitseg.visits.expression import Expression, ExpressionError, parse

SCHEMA_VERSION = 1
_ALLOWED: dict[str, tuple[str, ...]] = {
    "type": ("int", "float"),
    "null": ("zero", "unknown", "not_applicable"),
    "transform": ("log", "log1p", "share", "flag", "none"),
}
_TEXTS = ("unit", "family", "description")
_BOUNDS = ("min", "max")
_OVER_HITS = ("count_if", "sum_of", "distinct_of", "first_of", "where")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Feature:
    """One feature of the contract.

    Attributes
    ----------
    name : str
        A column of the visit table.
    visit : Expression or None
        How it is computed from the visit table's columns; None for a column that is there.
    type : str
        int or float.
    null : str
        What NULL means: zero (it is written as 0), unknown or not_applicable.
    min, max : float or None
        The values that are possible; any other fails the contract.
    unit, transform, family, description : str
        For people and for what comes after; empty where nothing is said.
    """

    name: str
    visit: Expression | None = None
    type: str = "float"
    null: str = "unknown"
    min: float | None = None
    max: float | None = None
    unit: str = ""
    transform: str = ""
    family: str = ""
    description: str = ""

    @property
    def sql(self) -> str:
        """The select item; the column's own name where nothing is computed."""
        if self.visit is None:
            return self.name
        whole = self.type == "int"
        value = f"CAST({self.visit.sql} AS INT64)" if whole else f"1e0 * {self.visit.sql}"
        return f"COALESCE({value}, 0)" if self.null == "zero" else value

    @property
    def broken(self) -> str:
        """The condition of a value that is not possible; empty where all are."""
        bounds = [(self.min, "<"), (self.max, ">")]
        return " OR ".join(f"{self.name} {sign} {x!r}" for x, sign in bounds if x is not None)


@dataclass(frozen=True)
class Contract:
    """What the contract file says; empty without one."""

    features: tuple[Feature, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Features to segment on, in the file's order."""
        return tuple(feature.name for feature in self.features)

    @property
    def transforms(self) -> dict[str, str]:
        """Feature -> its transform, empty where the file says none."""
        return {feature.name: feature.transform for feature in self.features}

    @property
    def own(self) -> tuple[Feature, ...]:
        """Features that the file itself computes."""
        return tuple(feature for feature in self.features if feature.visit)


NO_CONTRACT = Contract()


def read_contract(path: Path | None) -> Contract:
    """Read a contract file; every problem is told at once.

    Raises
    ------
    InputError
        The file does not exist.
    ConfigError
        It is not YAML, of another schema version, or says what is not known here.
    """
    if path is None:
        return NO_CONTRACT
    content = _read(path)
    features = content.get("features")
    given: dict[Any, Any] = features if isinstance(features, dict) else {}
    if isinstance(features, list):
        given = dict.fromkeys(str(name) for name in features)
        if len(given) < len(features):
            raise _invalid(path, "lists a feature twice", [])
    if not given:
        raise _invalid(path, "lists no features", [])
    problems: list[str] = []
    found = [_feature(name, said, problems) for name, said in given.items()]
    if problems:
        count = "1 thing that is" if len(problems) == 1 else f"{len(problems)} things that are"
        raise _invalid(path, f"says {count} not known here", problems)
    return Contract(tuple(found))


def _read(path: Path) -> dict[str, Any]:
    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            "the contract file cannot be read",
            where=str(path),
            evidence=[error.strerror or str(error)],
            do="Check --features.",
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise _invalid(path, "is not valid YAML", str(error).splitlines()) from error
    if not isinstance(content, dict):
        raise _invalid(path, "is empty or not a mapping", [])
    version = content.get("schema_version", SCHEMA_VERSION)
    if version != SCHEMA_VERSION:
        raise _invalid(path, f"has schema_version {version}, this is {SCHEMA_VERSION}", [])
    unknown = sorted(map(str, set(content) - {"schema_version", "features"}))
    if unknown:
        raise _invalid(path, f"has {len(unknown)} unknown keys", unknown)
    return content


def _feature(name: Any, said: Any, problems: list[str]) -> Feature:
    """Read one entry; what is wrong with it goes to `problems`."""
    if not isinstance(name, str):
        problems.append(f"{name!r}: a name is a text")
        return Feature(str(name))
    if said is None:
        said = {}
    if not isinstance(said, dict):
        problems.append(f"{name}: {said!r}; write {name}: {{}} or its keys below it")
        return Feature(name)
    told: dict[str, Any] = {}
    for written, value in said.items():
        key = "null" if written is None else written  # YAML reads the bare word as nothing
        if key == "visit":
            told[key] = _expression(name, value, problems)
        elif problem := _problem(key, value):
            problems.append(f"{name}.{key}: {problem}")
        else:
            told[key] = value
    return Feature(name, **told)


def _expression(name: str, text: Any, problems: list[str]) -> Expression | None:
    if name in BY_NAME:
        problems.append(f"{name}: is a column of every visit table; give yours another name")
    elif not _NAME.fullmatch(name):
        problems.append(f"{name}: a name of yours is lower-case letters, digits and _")
    try:
        return parse(str(text), frozenset(BY_NAME))
    except ExpressionError as error:
        problems.append(f'{name}.visit = "{text}": {error}')
        return None


def _problem(key: Any, value: Any) -> str | None:
    if key in _ALLOWED:
        allowed = _ALLOWED[key]
        return None if value in allowed else f"{value!r} is not one of {', '.join(allowed)}"
    if key in _TEXTS:
        return None if isinstance(value, str) else f"{value!r} is not a text"
    if key in _BOUNDS:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return None if number and abs(value) < float("inf") else f"{value!r} is not a number"
    if key in _OVER_HITS:
        return "expressions over hits are not part of this version; there is visit: …"
    keys = ["visit", *_ALLOWED, *_TEXTS, *_BOUNDS]
    return f"no such key; there are {', '.join(keys)}{did_you_mean(str(key), keys)}"


def _invalid(path: Path, what: str, evidence: list[str]) -> ConfigError:
    return ConfigError(
        f"the contract file {what}",
        where=str(path),
        evidence=evidence[:5],
        do="Write: schema_version: 1, then features: with one name a line, as in pageviews: {}.\n"
        "A feature of your own: basket_share: {visit: add_to_carts / hits}.",
    )
