"""What a preset found, in the form that the rest of a run reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from visitseg.model import Model


@dataclass(frozen=True)
class Segmented:
    """What a preset found.

    Attributes
    ----------
    k : int
        Number of segments.
    grade : str or None
        distinct, graded or none; None for a preset without a verdict.
    sizes : ndarray of shape (k,)
        Visits of each cluster.
    features : tuple of str
        Features that were used.
    centers : pa.Table
        The content of ``cluster_centers.parquet``.
    decision : dict
        Why this K.
    details : dict
        What else ``model_report.json`` holds of this preset.
    fingerprint : dict
        What identifies the data.
    model : Model
        The content of ``model.json``.
    """

    k: int
    grade: str | None
    sizes: npt.NDArray[np.int64]
    features: tuple[str, ...]
    centers: pa.Table
    decision: dict[str, Any]
    details: dict[str, Any]
    fingerprint: dict[str, Any]
    model: Model
