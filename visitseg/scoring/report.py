"""What a scoring tells: ``score_report.json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from visitseg import __version__
from visitseg.by_day.window import Chosen
from visitseg.config import Settings
from visitseg.model import Model
from visitseg.visits.build import VisitTable
from visitseg.visits.contract import Check


@dataclass(frozen=True)
class Scored:
    """Labels by a frozen model.

    Attributes
    ----------
    folder : Path
        Where they are.
    files : list of Path
        Every file that was written.
    report : dict
        The content of ``score_report.json``.
    warnings : list of str
        Sentences.
    """

    folder: Path
    files: list[Path]
    report: dict[str, Any]
    warnings: list[str]

    def __repr__(self) -> str:
        model, days = self.report.get("model", {}), self.report.get("days", ())
        return (
            f"Scored(folder={str(self.folder)!r}, visits={self.report.get('n_visits')}, "
            f"days={len(days)}, segments={len(self.report.get('segments', ()))}, "
            f"model={model.get('version')!r})"
        )


def score_report(
    model: Model,
    settings: Settings,
    table: VisitTable,
    days: Mapping[str, Mapping[int, int]],
    chosen: Chosen,
) -> dict[str, Any]:
    """Return the content of ``score_report.json``; shares are between 0 and 1."""
    days = {day: days[day] for day in chosen.days}
    total = sum(sum(day.values()) for day in days.values())

    def entry(cluster: int, id_: str | None, name: str | None) -> dict[str, Any]:
        n = sum(day.get(cluster, 0) for day in days.values())
        trained = model.segments[cluster].share if cluster >= 0 else None
        return {
            "cluster": cluster,
            "segment_id": id_,
            "segment": name,
            "n": n,
            "share": n / max(total, 1),
            "share_in_training": trained,
        }

    segments = [
        entry(c, id_, name)
        for c, (id_, name) in enumerate(zip(model.segment_ids, model.names, strict=True))
    ]
    if model.unassigned:
        segments.append(entry(-1, None, None))
    return {
        "schema_version": 1,
        "run_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "visitseg": __version__,
        "model": {
            "path": str(settings.model) if settings.model else None,
            "version": model.version,
            "fingerprint": model.fingerprint,
            "trained_on": {
                key: model.training.get(key) for key in ("n_visits", "first_day", "last_day")
            },
        },
        "source": settings.source,
        "input": list(settings.input),
        "n_visits": total,
        "segments": segments,
        "days": [
            {"date_id": day, "n": sum(counts.values()), "clusters": _counts(model, counts)}
            for day, counts in days.items()
        ],
        "days_removed": chosen.gone,
        "checks": _told(table.checks),
        "ledger": {
            "rows_in": table.ledger.rows_in,
            "rows_used": table.ledger.rows_used,
            "visits": table.ledger.visits,
        },
    }


def _counts(model: Model, counts: Mapping[int, int]) -> list[int]:
    return [counts.get(c, 0) for c in range(model.k)]


def _told(checks: Sequence[Check]) -> dict[str, str]:
    return {check.name: check.sentence for check in checks if check.rows}
