"""A contract that travels with a model, as what its file says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from visitseg.visits.features import Contract, read_contract


def keep(file: Path | None) -> dict[str, Any]:
    """Return what a contract file says; empty without one."""
    if file is None:
        return {}
    content: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return content


def kept(content: Mapping[str, Any]) -> Contract:
    """Return the contract that was kept.

    Raises
    ------
    ConfigError
        This version does not know what it says.
    """
    if not content:
        return read_contract(None)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "the contract of the model"
        file.write_text(json.dumps(dict(content)), encoding="utf-8")  # JSON is YAML
        return read_contract(file)
