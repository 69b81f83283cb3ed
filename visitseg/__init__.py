"""Named, evidenced segments of e-commerce visits, from a raw analytics export."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from visitseg.config import Settings
from visitseg.errors import (
    ConfigError,
    ContractError,
    InputError,
    LedgerError,
    OutputError,
    PromotionError,
    SegmentError,
    UsageError,
    VisitsegError,
    WarehouseError,
)

if TYPE_CHECKING:
    from visitseg.estimator import VisitSegmenter
    from visitseg.identity.alignment import Alignment, align
    from visitseg.model import Model
    from visitseg.pipeline import Run, run, score
    from visitseg.scoring.report import Scored

__version__ = "0.1.0"

__all__ = [
    "Alignment",
    "ConfigError",
    "ContractError",
    "InputError",
    "LedgerError",
    "Model",
    "OutputError",
    "PromotionError",
    "Run",
    "Scored",
    "SegmentError",
    "Settings",
    "UsageError",
    "VisitSegmenter",
    "VisitsegError",
    "WarehouseError",
    "__version__",
    "align",
    "run",
    "score",
]


def __getattr__(name: str) -> Any:
    """Import what is heavy when it is asked for."""
    if name == "Scored":
        from visitseg.scoring.report import Scored

        return Scored
    if name in {"Run", "run", "score"}:
        from visitseg import pipeline

        return getattr(pipeline, name)
    if name == "VisitSegmenter":
        from visitseg.estimator import VisitSegmenter

        return VisitSegmenter
    if name == "Model":
        from visitseg.model import Model

        return Model
    if name in {"Alignment", "align"}:
        from visitseg.identity import alignment

        return getattr(alignment, name)
    raise AttributeError(f"module 'visitseg' has no attribute {name!r}")
