"""JSON that people can read and compare: a short array or object stays on one line."""

from __future__ import annotations

import json
from typing import Any

_WIDTH = 100


def written(value: Any, depth: int = 0) -> str:
    """Write a value; arrays of numbers always stay on one line."""
    flat = json.dumps(value, ensure_ascii=False, allow_nan=False)
    scalars = isinstance(value, list) and not any(isinstance(v, list | dict) for v in value)
    if scalars or not value or not isinstance(value, list | dict):
        return flat
    if len(flat) + 2 * depth <= _WIDTH and depth > 1:
        return flat
    inner, outer = "  " * (depth + 1), "  " * depth
    if isinstance(value, dict):
        items = [
            f"{json.dumps(k, ensure_ascii=False)}: {written(v, depth + 1)}"
            for k, v in value.items()
        ]
        return "{\n" + ",\n".join(inner + item for item in items) + f"\n{outer}}}"
    return "[\n" + ",\n".join(inner + written(v, depth + 1) for v in value) + f"\n{outer}]"
