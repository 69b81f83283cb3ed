"""What a run says of itself: ``model_report.json`` and the size check."""

from __future__ import annotations

import dataclasses
import platform
from collections.abc import Sequence
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc
import pyarrow.parquet as pq

from visitseg import __version__
from visitseg.config import Settings, option_fields
from visitseg.segments.interpretation.mix import wilson_interval
from visitseg.training.segmented import Segmented
from visitseg.visits.build import VisitTable
from visitseg.visits.contract import Check

# What the numbers depend on.
_PACKAGES = ("duckdb", "numpy", "pyarrow", "scikit-learn", "scipy")


def size_check(sizes: npt.NDArray[np.int64], min_share: float, ids: Sequence[str]) -> Check:
    """Return the check that no segment is too small to work with."""
    shares = sizes / max(int(sizes.sum()), 1)
    small = np.flatnonzero(shares < min_share)
    listed = ", ".join(f"{ids[c]} ({shares[c]:.2%})" for c in small.tolist())
    noun = "segment is" if len(small) == 1 else "segments are"
    return Check(
        name="segment_share",
        rows=len(small),
        severity="warning",
        finds=f"{len(small)} {noun} under {min_share:.1%} of visits: {listed}.",
        do="Few visits make unsteady segments; min_share in the configuration says what to expect.",
    )


def model_report(
    settings: Settings,
    table: VisitTable,
    found: Segmented,
    checks: Sequence[Check],
    folder: Path,
) -> dict[str, Any]:
    """Return the content of ``model_report.json``; shares are between 0 and 1."""
    ledger = table.ledger
    return {
        "schema_version": 1,
        "run_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "smoke_mode": settings.smoke_mode,
        "preset": settings.preset,
        "config": _config(settings, folder),
        "versions": {
            "visitseg": __version__,
            "python": platform.python_version(),
            **{name: version(name) for name in _PACKAGES},
        },
        "n_rows": ledger.visits,
        "n_visits": ledger.visits,
        "n_sessions": ledger.visits,
        "min_date": table.days[0].isoformat() if table.days else None,
        "max_date": table.days[1].isoformat() if table.days else None,
        "k_final": found.k,
        "grade": found.grade,
        "cluster_sizes": [
            {"cluster": c, "n_sessions": int(n), "pct_sessions": float(n / ledger.visits)}
            for c, n in enumerate(found.sizes)
        ],
        "decision": found.decision,
        "features": list(found.features),
        "features_left_out": [n for n in table.features if n not in found.features],
        **found.details,
        "totals": _totals(folder / "visits.parquet"),
        "checks": {
            "passed": sum(check.rows == 0 for check in checks),
            "failed": 0,
            "warnings": [check.name for check in checks if check.rows],
            "sentences": {check.name: check.sentence for check in checks if check.rows},
        },
        "ledger": {
            "rows_in": ledger.rows_in,
            "removed": dict(sorted(ledger.removed.items())),
            "rows_used": ledger.rows_used,
            "visit_keys": ledger.visit_keys,
            "visits": ledger.visits,
        },
        "fingerprint": found.fingerprint,
    }


def _config(settings: Settings, folder: Path) -> dict[str, Any]:
    """Return every option as JSON; an input inside the run folder is named from there."""
    config = {}
    for field in option_fields():
        value = getattr(settings, field.name)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            value = dataclasses.asdict(value)
        config[field.name] = _plain(value, folder)
    return config


def _plain(value: Any, folder: Path) -> Any:
    if isinstance(value, Path | date):
        return str(value)
    if isinstance(value, dict):
        return {key: _plain(item, folder) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item, folder) for item in value]
    if isinstance(value, str):
        return value.removeprefix(f"{folder}/")
    return value


def _totals(visits: Path) -> dict[str, Any]:
    columns = ["transactions", "transaction_revenue", "time_on_site_sec"]
    table = pq.read_table(visits, columns=columns)

    def total(name: str) -> float | int | None:
        value: float | int | None = pc.sum(table[name]).as_py()
        return value

    buyers = pc.sum(pc.greater(table["transactions"], 0)).as_py()
    interval = None if buyers is None else wilson_interval(buyers, len(table))
    return {
        "conversion_interval": interval and [float(bound) for bound in interval],
        "transactions": total("transactions"),
        "transaction_revenue": total("transaction_revenue"),
        "visits_with_transactions": buyers,
        "visits_with_known_time": len(table) - table["time_on_site_sec"].null_count,
    }
