"""The contract file (``--features``): the shipped one, and a user's that adds to it and wins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from visitseg.config import did_you_mean
from visitseg.errors import ConfigError, InputError
from visitseg.visits.columns import SHIPPED_FILE
from visitseg.visits.entries import Contract, Dimension, Feature
from visitseg.visits.reading import Problems, Reader

__all__ = ["NO_CONTRACT", "SCHEMA_VERSION", "Contract", "Feature", "read_contract"]

SCHEMA_VERSION = 1
_KEYS = ("features", "dimensions", "checks", "flags", "quarantine", "segment_on")
_EXAMPLE = """Write: schema_version: 1, then features: with your own below it, as in
  basket_share: {visit: add_to_carts / hits, null: zero, max: 1}
  searches: {count_if: path LIKE '/search%'}"""


def read_contract(path: Path | None) -> Contract:
    """Read a contract file on top of the shipped contract; every problem is told at once.

    Raises
    ------
    InputError
        The file does not exist.
    ConfigError
        It is not YAML, of another schema version, or says what is not known here.
    """
    if path is None:
        return NO_CONTRACT
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(
            "the contract file cannot be read",
            where=str(path),
            evidence=[error.strerror or str(error)],
            do="Check --features.",
        ) from error
    except UnicodeDecodeError as error:
        raise _invalid(path, "is not valid YAML", [str(error)]) from error
    content = _content(path, text)
    problems = Problems()
    found = _merged(NO_CONTRACT, content, Reader(problems, own=True))
    if problems:
        n = len(problems)
        count = "1 thing that is" if n == 1 else f"{n} things that are"
        raise _invalid(path, f"says {count} not known here", problems)
    return found


def _content(path: Path, text: str) -> dict[str, Any]:
    try:
        content: Any = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise _invalid(path, "is not valid YAML", str(error).splitlines()) from error
    if not isinstance(content, dict):
        raise _invalid(path, "is empty or not a mapping", [])
    version = content.pop("schema_version", SCHEMA_VERSION)
    if version != SCHEMA_VERSION:
        raise _invalid(path, f"has schema_version {version}, this is {SCHEMA_VERSION}", [])
    unknown = [f"{key}{did_you_mean(str(key), _KEYS)}" for key in content if key not in _KEYS]
    if unknown:
        what = "an unknown key" if len(unknown) == 1 else f"{len(unknown)} unknown keys"
        raise _invalid(path, f"has {what}", sorted(unknown))
    if isinstance(content.get("features"), list):
        names = [str(name) for name in content["features"]]
        if len(set(names)) < len(names):
            raise _invalid(path, "lists a feature twice", [])
        content["features"] = dict.fromkeys(names)
    empty = [key for key in ("features",) if key in content and not content[key]]
    if empty or not content:
        raise _invalid(path, "lists no features" if empty else "says nothing", [])
    return content


def _merged(base: Contract, content: Mapping[str, Any], reader: Reader) -> Contract:
    """Put what a file says on top of a contract."""
    features = {feature.name: feature for feature in base.features}
    dimensions = {dimension.name: dimension for dimension in base.dimensions}
    listed = reader.mapping(content, "features")
    described = reader.mapping(content, "dimensions")
    reader.may_read_input([n for n, said in listed.items() if not reader.computes(said)])
    hit_made: dict[str, Feature | Dimension] = {}
    for name, said in listed.items():  # over hits first: the others may read them
        if reader.computes(said) != "visit":
            features[name] = reader.feature(name, said, features.get(name))
            hit_made |= {name: features[name]} if features[name].how else {}
    for name, said in described.items():
        if reader.computes(said) != "visit":
            dimensions[name] = reader.dimension(name, said, dimensions.get(name))
            hit_made |= {name: dimensions[name]} if dimensions[name].how else {}
    reader.may_read_made(hit_made)
    for name, said in listed.items():
        if reader.computes(said) == "visit":
            features[name] = reader.feature(name, said, features.get(name))
    for name, said in described.items():
        if reader.computes(said) == "visit":
            dimensions[name] = reader.dimension(name, said, dimensions.get(name))
    twice = [name for name in features if name in dimensions]
    reader.problems += [f"{name}: is a feature and a dimension" for name in twice]
    order = [*(feature.name for feature in base.features), *listed]
    features = {name: features[name] for name in dict.fromkeys(order) if name in features}
    reader.may_read_made({**features, **dimensions})
    rules = {rule.name: rule for rule in base.rules}
    for name, said in reader.mapping(content, "checks").items():
        rules[name] = reader.rule(name, said, rules.get(name))
    flags = dict(base.flags)
    for name, said in reader.mapping(content, "flags").items():
        flags[name] = reader.flag(name, said, flags.get(name))
    contract = replace(
        base,
        features=tuple(features.values()),
        dimensions=tuple(dimensions.values()),
        rules=tuple(rules.values()),
        flags=flags,
        max_share=reader.max_share(content.get("quarantine"), base.max_share),
    )
    return replace(contract, chosen=reader.chosen(content, listed, features))


def _invalid(path: Path, what: str, evidence: list[str]) -> ConfigError:
    more = [f"and {len(evidence) - 8} more"] if len(evidence) > 8 else []
    return ConfigError(
        f"the contract file {what}",
        where=str(path),
        evidence=[*evidence[:8], *more],
        do=_EXAMPLE,
    )


def _shipped() -> Contract:
    problems = Problems()
    said = yaml.safe_load(SHIPPED_FILE.read_text(encoding="utf-8"))
    found = _merged(Contract(), said, Reader(problems, own=False))
    if problems:
        raise AssertionError(f"the shipped contract: {problems}")
    return found


NO_CONTRACT = _shipped()
"""The shipped contract alone: what holds where the user names no file."""
