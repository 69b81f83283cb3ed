"""A frozen model applied to a visit table in a warehouse: what fits, what is run, what is told."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import cast, get_args

from visitseg.config import Settings, Source
from visitseg.errors import ContractError, UsageError
from visitseg.model import Model
from visitseg.model.sql import Dialect, scoring_sql
from visitseg.scoring.export import check_export
from visitseg.segments.frames import RATIOS
from visitseg.visits.build import VisitTable
from visitseg.visits.salting import read_salt

_ORDER = "ORDER BY date_id, LENGTH(visit_id), visit_id"


# Where labels go when nobody says: not into the run folder, which the next run replaces.
DEFAULT_FOLDER = Path("scores")


def load_model(path: Path | None, verb: str = "score") -> Model:
    """Read the model that the settings name, for a verb.

    Raises
    ------
    UsageError
        They name none.
    """
    if path is None:
        raise UsageError(
            f"{verb} needs a model",
            where="--model",
            do=f"Name a model.json, a run folder or a store: visitseg {verb} --model artifacts …",
        )
    return Model.load(path)


def check_settings(settings: Settings) -> None:
    """Check what can be checked before anything is computed: see `check_export`, `read_salt`."""
    read_salt(settings)
    if settings.export:
        check_export(settings.export, settings.since)


def as_learnt(model: Model, settings: Settings) -> Settings:
    """Return settings whose source, where nobody names one for an input, is the model's."""
    learnt = model.training.get("source")
    if settings.source or not settings.input or learnt not in get_args(Source):
        return settings
    return replace(settings, source=learnt)


def other_source(model: Model, settings: Settings) -> list[str]:
    """Return a warning where the visits come from another source than those learnt on."""
    learnt = model.training.get("source")
    if learnt in (None, settings.source):
        return []
    return [
        f"the model was learnt on {learnt} and labels {settings.source}: their pages, hits and "
        "times are counted in other ways, so labels may not mean the same"
    ]


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
