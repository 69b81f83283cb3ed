"""The columns of the visit table, in their order: keys, and what the shipped contract describes."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal

import yaml

Role = Literal["key", "feature", "dimension"]
Kind = Literal["text", "date", "timestamp", "count", "number"]

SHIPPED_FILE = files("visitseg.visits").joinpath("visits.yaml")
_KINDS: dict[str, Kind] = {"int": "count", "float": "number"}


@dataclass(frozen=True)
class Column:
    """One column of the visit table.

    Attributes
    ----------
    name : str
        Its name, everywhere.
    kind : str
        text, date, timestamp, count (whole numbers) or number.
    role : str
        key (which visit, when), feature (may segment) or dimension (describes, never segments).
    unit : str
        Unit of the values, empty where there is none.
    meaning : str
        One line.
    """

    name: str
    kind: Kind
    role: Role
    unit: str
    meaning: str


def _columns() -> tuple[Column, ...]:
    said: dict[str, Any] = yaml.safe_load(SHIPPED_FILE.read_text(encoding="utf-8"))
    return (
        Column("visit_id", "text", "key", "", "visitor and visit, delimited; unique, never NULL"),
        Column("date_id", "date", "key", "day", "the day the visit began"),
        Column("visit_start", "timestamp", "key", "UTC", "first hit"),
        *(
            Column(name, _KINDS[told["type"]], "feature", told["unit"], told["description"])
            for name, told in said["features"].items()
        ),
        *(
            Column(name, "text", "dimension", "", told["description"])
            for name, told in said["dimensions"].items()
        ),
    )


COLUMNS = _columns()
BY_NAME = {column.name: column for column in COLUMNS}
FEATURES = tuple(column.name for column in COLUMNS if column.role == "feature")
DIMENSIONS = tuple(column.name for column in COLUMNS if column.role == "dimension")
