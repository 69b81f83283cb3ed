"""The sections of ``visitseg.toml``: what has no flag of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class CsvSettings:
    """How delimited text is read."""

    delimiter: str | None = None
    encoding: str = "utf-8"
    bad_lines: Literal["fail", "skip"] = "fail"


@dataclass(frozen=True)
class EventSettings:
    """Which values of an event log's event column are what."""

    page_view: tuple[str, ...] = ()
    product_view: tuple[str, ...] = ()
    add_to_cart: tuple[str, ...] = ()
    checkout: tuple[str, ...] = ()
    purchase: tuple[str, ...] = ()
    refund: tuple[str, ...] = ()


@dataclass(frozen=True)
class VisitLimits:
    """Where a visit of an event log ends."""

    gap_minutes: float = 30
    max_hours: float = 24
    resessionize: bool = False


@dataclass(frozen=True)
class BigQuerySettings:
    """How BigQuery is used, besides what has a flag."""

    destination: str | None = None
    labels: dict[str, str] = field(default_factory=dict)
    expire_hours: float = 24
    storage_api: bool = False
    retry_sec: float = 600


@dataclass(frozen=True)
class SparkSettings:
    """Which Spark is used: a master, or a Spark Connect server; and what it is told."""

    master: str | None = None
    remote: str | None = None
    conf: dict[str, str | int | float | bool] = field(default_factory=dict)


@dataclass(frozen=True)
class GateSettings:
    """What must hold before a new model scores in place of the current one."""

    contract: Literal["compatible", "unchanged", "any"] = "compatible"
    grade_may_fall: bool = False
    min_jaccard: float = 0.6
    min_stable: float = 0.8
    min_share: float = 0.002
    max_share: float = 0.98
    min_carried: float = 0.6
