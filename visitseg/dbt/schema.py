"""What schema.yml says of models, their columns, dbt's own tests."""

from __future__ import annotations

from typing import Any

from visitseg.dbt.templates import escaped
from visitseg.visits.columns import COLUMNS
from visitseg.visits.entries import Contract

_LABELS = {
    "visit_id": "the visit",
    "date_id": "the day the visit began",
    "cluster": "number of its segment; -1: none",
    "segment_id": "the segment's id, the same in later models",
    "segment": "its name",
    "kind": "what kind of segment it is",
    "distance": "how far the visit is from its segment",
    "margin": "how much farther the next segment is",
    "model_version": "the model",
}


def chained(name: str, grain: str) -> dict[str, Any]:
    """Return a model of the chain, described by its grain."""
    return {"name": name, "description": escaped(grain)}


def visits(contract: Contract) -> dict[str, Any]:
    """Return the visit table, its columns described and tested as the contract says."""
    columns: list[dict[str, Any]] = [
        {"name": column.name, "description": column.meaning}
        for column in COLUMNS
        if column.role == "key"
    ]
    columns[0]["data_tests"] = ["unique", "not_null"]
    for feature in contract.features:
        column: dict[str, Any] = {
            "name": feature.name,
            "description": escaped(_said(feature.description, feature.unit)),
        }
        if feature.null == "never":
            column["data_tests"] = ["not_null"]
        columns.append(column)
    columns += [
        {"name": dimension.name, "description": escaped(dimension.description)}
        for dimension in contract.dimensions
    ]
    return {
        "name": "visits",
        "description": "One row per visit: the visit table.",
        "columns": columns,
    }


def labels(table: str, target: str, version: str) -> dict[str, Any]:
    """Return the label table of a model's version over a visit table."""
    columns: list[dict[str, Any]] = [
        {"name": name, "description": told} for name, told in _LABELS.items()
    ]
    for column in columns:
        if column["name"] in ("visit_id", "cluster", "model_version"):
            column["data_tests"] = ["not_null"]
    columns[0]["data_tests"] = ["unique", "not_null"]
    told = f"One row per visit of {table}, with its segment by model {version}."
    return {"name": target, "description": escaped(told), "columns": columns}


def _said(description: str, unit: str) -> str:
    return f"{description} ({unit})" if unit else description
