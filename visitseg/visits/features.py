"""The contract file (``--features``): which features to segment on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from visitseg.errors import ConfigError, InputError

SCHEMA_VERSION = 1


def read_features(path: Path) -> tuple[str, ...]:
    """Return the names of the features that a contract file lists, in its order.

    Raises
    ------
    InputError
        The file does not exist.
    ConfigError
        It is not YAML, of another schema version, or lists no features.
    """
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
    unknown = sorted(set(content) - {"schema_version", "features"})
    if unknown:
        raise _invalid(path, f"has {len(unknown)} unknown keys", unknown)
    features = content.get("features")
    names = list(features) if isinstance(features, dict | list) else []
    wrong = [repr(name) for name in names if not isinstance(name, str)]
    settings = features.items() if isinstance(features, dict) else []
    wrong += [f"{name}: {value}" for name, value in settings if value not in (None, {})]
    if wrong:
        raise _invalid(path, f"says {len(wrong)} things that are not known here", wrong)
    if not names or len(set(names)) < len(names):
        raise _invalid(path, "lists no features" if not names else "lists a feature twice", [])
    return tuple(names)


def _invalid(path: Path, what: str, evidence: list[str]) -> ConfigError:
    return ConfigError(
        f"the contract file {what}",
        where=str(path),
        evidence=evidence[:5],
        do="Write: schema_version: 1, then features: with one name a line, as in pageviews: {}.",
    )
