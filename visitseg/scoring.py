"""A frozen model applied to a visit table in a warehouse: what fits, what is run, what is told."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from visitseg import __version__
from visitseg.config import Settings
from visitseg.errors import ContractError, UsageError
from visitseg.exporting import check_export, write_changes
from visitseg.model import Model
from visitseg.model.sql import Dialect, scoring_sql
from visitseg.segments.frames import RATIOS
from visitseg.visits.build import VisitTable
from visitseg.visits.contract import Check
from visitseg.visits.salting import read_salt
from visitseg.window import Chosen

_ORDER = "ORDER BY date_id, LENGTH(visit_id), visit_id"


# Where labels go when nobody says: not into the run folder, which the next run replaces.
DEFAULT_FOLDER = Path("scores")


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


def load_model(path: Path | None) -> Model:
    """Read the model that the settings name.

    Raises
    ------
    UsageError
        They name none.
    """
    if path is None:
        raise UsageError(
            "score needs a model",
            where="--model",
            do="Name a model.json, a run folder or a store: visitseg score --model artifacts …",
        )
    return Model.load(path)


def check_settings(settings: Settings) -> None:
    """Check what can be checked before anything is computed: see `check_export`, `read_salt`."""
    read_salt(settings)
    if settings.export:
        check_export(settings.export, settings.since)


def export(settings: Settings, report: dict[str, Any], staged: Path) -> Path | None:
    """Write the export into the staging folder, and what it holds into the report."""
    if settings.export is None:
        return None
    target = staged / settings.export.name
    sizes = {row["segment_id"]: row["n"] for row in report["segments"] if row["segment_id"]}
    days = [day["date_id"] for day in report["days"]]
    told = write_changes(target, staged, days, settings.since, sizes, settings.min_segment)
    report["export"] = {"file": str(settings.export), **told}
    return target


def folder_of(settings: Settings) -> Path:
    """Return where the labels go."""
    return settings.out if settings.given("out") else DEFAULT_FOLDER


def check_fit(model: Model, table: VisitTable, where: str) -> None:
    """Check that a visit table says what the model needs to know.

    Raises
    ------
    ContractError
        It speaks of no visits, or a feature that decides is not in the table.
    """
    if model.table != "visits":
        raise ContractError(
            "the model was not learnt on a visit table",
            where=where,
            evidence=[f"its columns are {', '.join(model.features[:8])}"],
            do="Label a frame with these columns: Model.load(…).predict(X).",
        )
    there = {*table.features, *derived(model, table)}
    missing = [name for name in model.needs if name not in there]
    if missing:
        raise ContractError(
            f"{len(missing)} of the {len(model.needs)} features that the model needs "
            "are not in the visit table",
            where=f"{where}, applied to {table.opened.description}",
            evidence=[
                f"missing: {', '.join(missing)}",
                f"the model needs: {', '.join(model.needs)}",
                f"there are: {', '.join(table.features)}",
            ],
            do="Map them under [columns], score the source that the model was learnt on, or fit "
            "a model on these features: visitseg run. Nothing was labelled.",
        )


def derived(model: Model, table: VisitTable) -> list[str]:
    """Return the features that the model needs and of which the table has only the ratio."""
    known = table.features
    return [n for n in model.needs if n not in known and RATIOS.get(n) in known]


def labels_sql(model: Model, dialect: str, derived: Collection[str] = ()) -> str:
    """Return the SELECT that labels the table ``visits``, ordered by day."""
    written = scoring_sql(model, cast("Dialect", dialect), derived=derived)
    return f"{written}{_ORDER}"


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
