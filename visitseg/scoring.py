"""A frozen model applied to a visit table in a warehouse: what fits, what is run, what is told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from visitseg import __version__
from visitseg.config import Settings
from visitseg.errors import ContractError, UsageError
from visitseg.labels import UNDATED
from visitseg.model import Model
from visitseg.model.sql import Dialect, scoring_sql
from visitseg.segments.frames import RATIOS
from visitseg.visits.build import VisitTable
from visitseg.visits.contract import Check

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


@dataclass(frozen=True)
class Window:
    """Which days are labelled anew.

    A visit over midnight belongs to the day it began, so a day can be labelled only together with
    the day before it. And a day is whole only when the file of the day after it is there: so the
    days before the range are labelled once more, as far as the input still holds them.

    Attributes
    ----------
    first, end : date or None
        The days that were asked for, `end` exclusive; None: all that the input holds.
    late_days : int
        Days before them.
    over_midnight : bool
        Whether visits are made of rows of several days; those of a visit table are whole.
    """

    first: date | None
    end: date | None
    late_days: int
    over_midnight: bool = True

    @classmethod
    def of(cls, settings: Settings) -> Window:
        """Return the window that the settings ask for."""
        whole = settings.source == "visits"
        return cls(settings.date_from, settings.date_to, settings.late_days, not whole)

    def widened(self, settings: Settings) -> Settings:
        """Return the settings with the late days in their range."""
        if self.first is None:
            return settings
        return replace(settings, date_from=self.first - timedelta(days=self.late_days))

    def choose(self, found: Iterable[str], in_input: set[str], labelled: set[str]) -> Chosen:
        """Say which days are replaced.

        Parameters
        ----------
        found : iterable of str
            Days with visits.
        in_input : set of str
            Days of which the input holds rows.
        labelled : set of str
            Days that are labelled already.
        """
        with_visits = set(found)
        replaced, cut = [], []
        for day in sorted(with_visits | (in_input if self.first else set())):
            if day != UNDATED:
                own = date.fromisoformat(day)
                if self.end and own >= self.end:
                    continue
                late = self.first is not None and own < self.first
                if late and (self.first - own).days > self.late_days:  # type: ignore[operator]
                    continue
                before = (own - timedelta(days=1)).isoformat()
                if self.over_midnight and before in labelled and before not in in_input:
                    if late:
                        continue
                    cut.append(day)
            replaced.append(day)
        return Chosen(
            [day for day in replaced if day in with_visits],
            [day for day in replaced if day not in with_visits and day in labelled],
            cut,
        )


@dataclass(frozen=True)
class Chosen:
    """Days to replace.

    Attributes
    ----------
    days : list of str
        Days with visits.
    gone : list of str
        Days that were labelled and have no visit any more.
    cut : list of str
        Days whose visits over midnight seem to begin on them: the input lacks the day before.
    """

    days: list[str]
    gone: list[str]
    cut: list[str]

    @property
    def warnings(self) -> list[str]:
        """What the user must know, as sentences."""
        if not self.cut:
            return []
        return [
            f"midnight: the input lacks the day before {', '.join(self.cut[:5])}, which is "
            "labelled already: visits over midnight are counted on both days. Give --input that "
            "day's file too, and --date-from, --date-to."
        ]


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
