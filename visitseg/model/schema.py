"""The schema of ``model.json``: every key, its type and its bounds."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA_VERSION = 1


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]


class SegmentEntry(_Strict):
    """A segment: its identity and what it is."""

    segment_id: Annotated[str, Field(pattern=r"^s[1-9][0-9]*$")]
    segment: str
    kind: Literal["rule", "distinct", "band", "rest"] | None
    grade: Literal["distinct", "usable", "doubtful"] | None
    because: str
    n: Count
    share: Share
    center: dict[str, float | None]


class RuleEntry(_Strict):
    """A rule that decides before any distance is taken."""

    rule: Literal["bounced", "converted"]
    clusters: Annotated[list[Count], Field(min_length=1)]


class TransformEntry(_Strict):
    """How a column becomes an axis."""

    axis: str
    column: str
    transform: str
    numbers: dict[str, float | None] = {}
    atoms: list[tuple[float, float]] = []


class CentreEntry(_Strict):
    """Where a segment lies on the axes, and how its visits spread."""

    cluster: Count
    mean: list[float]
    covariance: list[list[float]] | None = None
    log_share: float | None = None
    log_atoms: list[list[float]] | None = None
    reach: float | None = None
    usual: float | None = None


class SketchEntry(_Strict):
    """The distribution of a feature, its unknown values apart."""

    unknown: Share
    zero: Share | None
    mean: float | None
    deviation: float | None
    quantiles: list[float]


class DayEntry(_Strict):
    """The reference of one day; lists in the order of clusters, or of features."""

    date_id: str
    n: Count
    clusters: list[Count]
    unknown: list[Share]
    mean: list[float | None]
    distance: float
    margin: float


class TrainingEntry(_Strict):
    """What the model was learnt on."""

    source: str | None = None
    n_visits: Count
    first_day: str | None
    last_day: str | None
    sha256: str | None
    quantiles: list[Share]
    features: dict[str, SketchEntry]
    days: list[DayEntry]


class Document(_Strict):
    """The whole file."""

    schema_version: Literal[1]
    preset: Literal["auto", "baseline"]
    table: Literal["visits", "plain"]
    features: Annotated[list[str], Field(min_length=1)]
    segments: Annotated[list[SegmentEntry], Field(min_length=1)]
    next_segment_id: Annotated[int, Field(ge=1)]
    grade: Literal["distinct", "graded", "none"] | None
    unassigned: bool
    rules: list[RuleEntry]
    transforms: list[TransformEntry]
    centres: list[CentreEntry]
    buyers: list[CentreEntry]
    contract: dict[str, Any]
    decision: dict[str, Any]
    training: TrainingEntry
    versions: dict[str, str]
