"""Copies of a run's files for other places: no visit id leaves the run folder with them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from visitseg.run_folder.files import write_json

# Files that name a few visits as examples, and the key under which they do.
_NAMED = {"checks.json": "examples", "ledger.json": "visit_ids"}


def copy_without_ids(source: Path, target: Path) -> None:
    """Copy a file of totals; lists of example visits are left out of it.

    Parameters
    ----------
    source : Path
        A file of a run folder that holds no visits.
    target : Path
        The copy, a file.
    """
    key = _NAMED.get(source.name)
    if key is None:
        shutil.copyfile(source, target)
    else:
        write_json(target, _without(json.loads(source.read_text(encoding="utf-8")), key))


def _without(value: Any, key: str) -> Any:
    if isinstance(value, dict):
        return {name: _without(item, key) for name, item in value.items() if name != key}
    return [_without(item, key) for item in value] if isinstance(value, list) else value
