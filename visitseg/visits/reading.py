"""One entry of a contract file after the other; what is wrong is collected, not raised."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from visitseg.config import did_you_mean
from visitseg.visits.columns import BY_NAME
from visitseg.visits.entries import (
    COUNTS,
    DIALECTS,
    FLAGS,
    HIT_COLUMNS,
    OVER_HITS,
    Dimension,
    Feature,
    Flag,
    PerDialect,
    Rule,
    Said,
)
from visitseg.visits.expression import Expression, ExpressionError, Kind, parse
from visitseg.visits.reserved import RESERVED

_TYPES = {"int": "int", "int64": "int", "bool": "int", "float": "float", "float64": "float"}
_ALLOWED: dict[str, tuple[str, ...]] = {
    "null": ("zero", "unknown", "not_applicable", "never"),
    "transform": ("log", "log1p", "share", "flag", "none"),
    "severity": ("error", "warning"),
}
_TEXTS = ("unit", "family", "description", "do")
_BOUNDS = ("min", "max")
_EXPRESSIONS = (*OVER_HITS, "visit")
_FEATURE = (*_EXPRESSIONS, "where", "type", "unit", "null", "min", "max", "transform", "family")
# What our own texts call things.
_TAKEN = frozenset({"nth", "v", "h"})
_NAME = re.compile(r"[a-z][a-z0-9_]*")
KINDS: dict[str, Kind] = {
    "text": "text", "date": "time", "timestamp": "time", "count": "number", "number": "number",
}  # fmt: skip


class Problems(list[str]):
    """What is wrong with a file, one line each."""


class Reader:
    """Reads entries.

    Parameters
    ----------
    problems : Problems
        Where to put what is wrong.
    own : bool
        Whether the file is the user's: what it computes is the user's own, and it may hold texts
        for single engines.
    """

    def __init__(self, problems: Problems, *, own: bool) -> None:
        self.problems, self.own = problems, own
        self.columns: dict[str, Kind] = {c.name: KINDS[c.kind] for c in BY_NAME.values()}

    def mapping(self, content: Mapping[str, Any], key: str) -> dict[str, Any]:
        """Return one of the file's mappings, its names as texts."""
        said = content.get(key)
        if said is None:
            return {}
        if not isinstance(said, dict):
            self.problems.append(f"{key}: {said!r} is no mapping; write a name: a line below it")
            return {}
        return {str(name): told for name, told in said.items()}

    @staticmethod
    def computes(said: Any) -> str:
        """Return the key of an entry's expression; empty where it has none."""
        keys = [key for key in _EXPRESSIONS if isinstance(said, dict) and key in said]
        return keys[0] if keys else ""

    def may_read_input(self, names: Sequence[str]) -> None:
        """Let expressions over visits read columns that the input brings."""
        found: dict[str, Kind] = {n: "number" for n in names if _NAME.fullmatch(n)}
        self.columns = found | self.columns

    def may_read_made(self, made: Mapping[str, Feature | Dimension]) -> None:
        """Let expressions over visits read what was made before."""
        self.columns |= {
            name: "number" if isinstance(one, Feature) else "text"
            for name, one in made.items()
            if name not in BY_NAME
        }

    def feature(self, name: str, said: Any, shipped: Feature | None) -> Feature:
        """Read a feature; one that is there already is changed where the entry says something."""
        told = self._told(name, said, (*_FEATURE, "description"))
        how, what, where = self._how(name, told)
        kind = what.kind if what and how != "distinct_of" else "number"
        if kind in ("text", "time"):
            self.problems.append(f"{name}: is a {kind}, and a feature is a number")
        if "type" in told:
            told["type"] = _TYPES[told["type"]]
        if not how or not self.own:
            if how:
                told |= {"how": how, "what": what}
            return replace(shipped or Feature(name), **told)
        flag = how not in COUNTS and kind == "condition"
        whole = how in COUNTS or flag
        found = Feature(name, how, what, where, own=True, type="int" if whole else "float")
        if how in COUNTS or how == "sum_of":
            found = replace(found, null="zero")
        found = replace(found, **told)
        if how in COUNTS and found.min is None:
            found = replace(found, min=0)
        if flag and found.max is None:
            found = replace(found, min=0, max=1)
        return found

    def dimension(self, name: str, said: Any, shipped: Dimension | None) -> Dimension:
        """Read a dimension."""
        told = self._told(name, said, ("first_of", "visit", "where", "description"))
        how, what, where = self._how(name, told)
        if not how and shipped is None and self.own:
            self.problems.append(f"{name}: a dimension of yours has first_of: … or visit: …")
        if what and what.kind in ("number", "time"):
            self.problems.append(f"{name}: is a {what.kind}, and a dimension is a text; use CASE")
        found = shipped or Dimension(name)
        if how:
            found = Dimension(name, how, what, where, own=True)
        return replace(found, **told)

    def rule(self, name: str, said: Any, shipped: Rule | None) -> Rule:
        """Read a check."""
        told = self._told(name, said, ("holds", "severity", "description", "do"))
        given = told.pop("holds", None)
        holds = self._condition(f"{name}.holds", given) if given is not None else None
        if holds is None and shipped is None:
            if given is None:
                self.problems.append(f"{name}: a check says what holds: holds: pageviews <= 500")
            return Rule(name, Expression("NULL"))
        if shipped is None:
            self._check_name(name)
            told.setdefault("description", f"Visits for which {given} does not hold.")
            told.setdefault("do", "Check the expression, and the rows of the input.")
        found = shipped or Rule(name, Expression("NULL"))
        return replace(found, holds=holds or found.holds, **told)

    def flag(self, name: str, said: Any, shipped: Flag | None) -> Flag:
        """Read a flag."""
        if name not in FLAGS:
            self.problems.append(f"flags.{name}: there are {', '.join(FLAGS)}")
            return Flag(name)
        told = self._told(name, said, ("visit", "keep", "description"))
        given = told.pop("visit", None)
        if given is not None and name in ("debug", "internal"):
            self.problems.append(f"flags.{name}: the source marks these events; it has keep: alone")
        elif given is not None:
            told["rule"] = self._condition(f"flags.{name}.visit", given)
        return replace(shipped or Flag(name), **told)

    def max_share(self, said: Any, usual: float) -> float:
        """Read the share that may be put aside."""
        if said is None:
            return usual
        share = said.get("max_share") if isinstance(said, dict) and len(said) == 1 else None
        if isinstance(share, int | float) and not isinstance(share, bool) and 0 <= share <= 1:
            return float(share)
        self.problems.append(f"quarantine: {said!r}; write quarantine: {{max_share: 0.01}}")
        return usual

    def chosen(
        self, content: Mapping[str, Any], listed: Mapping[str, Any], there: Mapping[str, Feature]
    ) -> tuple[str, ...]:
        """Return the features to segment on; empty: all there are.

        A file that names features without computing them is a list of what to segment on; one
        that only computes features adds to what there is. `segment_on` says either outright.
        """
        said = content.get("segment_on", "listed" if self.own else "all")
        if said == "all":
            return ()
        if said == "listed":
            names_some = any(not self.computes(told) for told in listed.values())
            return tuple(listed) if names_some or "segment_on" in content else ()
        if not isinstance(said, list) or not said:
            self.problems.append(f"segment_on: {said!r}; there are all, listed, or a list of names")
            return ()
        names = [str(name) for name in said]
        self.problems += [
            f"segment_on: there is no feature {name}{did_you_mean(name, there)}"
            for name in names
            if name not in there
        ]
        return tuple(dict.fromkeys(names))

    def _told(self, name: str, said: Any, keys: Sequence[str]) -> dict[str, Any]:
        """Return what an entry says, checked; expressions as they are written."""
        if said is None:
            return {}
        if not isinstance(said, dict):
            self.problems.append(f"{name}: {said!r}; write {name}: {{}} or its keys below it")
            return {}
        told: dict[str, Any] = {}
        for written, value in said.items():
            key = "null" if written is None else str(written)  # YAML reads the bare word as nothing
            if key not in keys:
                hint = did_you_mean(key, keys)
                self.problems.append(
                    f"{name}.{key}: no such key; there are {', '.join(keys)}{hint}"
                )
            elif problem := _problem(key, value):
                self.problems.append(f"{name}.{key}: {problem}")
            else:
                told[key] = value.lower() if key == "type" else value
        return told

    def _how(self, name: str, told: dict[str, Any]) -> tuple[str, Said | None, Said | None]:
        """Take an entry's expression out of what it says, and read it."""
        keys = [key for key in _EXPRESSIONS if key in told]
        given = told.pop(keys[0]) if keys else None
        where = told.pop("where", None)
        if len(keys) > 1:
            self.problems.append(f"{name}: has {' and '.join(keys)}; one of them is the feature")
            for key in keys[1:]:
                told.pop(key)
        how = keys[0] if keys else ""
        if where is not None and how not in OVER_HITS:
            self.problems.append(f"{name}.where: chooses hits; it goes with {', '.join(OVER_HITS)}")
            where = None
        if not how:
            return "", None, None
        if self.own:
            self._check_name(name)
        known = self.columns if how == "visit" else HIT_COLUMNS
        kind: Kind | None = {"count_if": "condition", "sum_of": "number"}.get(how)  # type: ignore[assignment]
        what = self._said(f"{name}.{how}", given, known, kind)
        chosen = self._said(f"{name}.where", where, known, "condition") if where else None
        return (how, what, chosen) if what else ("", None, None)

    def _check_name(self, name: str) -> None:
        if name in BY_NAME:
            self.problems.append(
                f"{name}: is a column of every visit table; give yours another name"
            )
        elif not _NAME.fullmatch(name):
            self.problems.append(f"{name}: a name of yours is lower-case letters, digits and _")
        elif name in RESERVED or name in _TAKEN:
            self.problems.append(f"{name}: is a word of SQL; give yours another name")

    def _condition(self, place: str, text: Any) -> Said | None:
        return self._said(place, text, self.columns, "condition")

    def _said(
        self, place: str, text: Any, columns: Mapping[str, Kind], kind: Kind | None
    ) -> Said | None:
        if isinstance(text, dict):
            unknown = sorted(str(key) for key in text if key not in DIALECTS)
            if not text or unknown or not self.own:
                self.problems.append(f"{place}: texts are for {', '.join(DIALECTS)}")
                return None
            return PerDialect({key: str(value) for key, value in text.items()}, kind or "nothing")
        written = "" if text is None else str(text)
        if isinstance(text, bool):  # YAML reads the bare words
            written = "1 = 1" if text else "1 = 0"
        try:
            found = parse(written, columns)
        except ExpressionError as error:
            self.problems.append(f'{place} = "{written}": {error}')
            return None
        if kind and found.kind not in (kind, "nothing"):
            self.problems.append(f'{place} = "{written}": is a {found.kind}, a {kind} is needed')
        return found


def _problem(key: str, value: Any) -> str | None:
    if key == "type":
        known = isinstance(value, str) and value.lower() in _TYPES
        return None if known else f"{value!r} is not one of int, float"
    if key in _ALLOWED:
        allowed = _ALLOWED[key]
        return None if value in allowed else f"{value!r} is not one of {', '.join(allowed)}"
    if key in _TEXTS:
        return None if isinstance(value, str) else f"{value!r} is not a text"
    if key == "keep":
        return None if isinstance(value, bool) else f"{value!r} is not true or false"
    if key in _BOUNDS:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        fine = value is None or (number and abs(value) < float("inf"))
        return None if fine else f"{value!r} is not a number"
    return None
