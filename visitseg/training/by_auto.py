"""Preset `auto` applied to a visit table: the files of the run folder, and what is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from visitseg.config import Settings
from visitseg.identity.alignment import check_previous
from visitseg.identity.changes import write_changes
from visitseg.identity.sample import common_rows
from visitseg.model import Model
from visitseg.model.learnt import from_auto
from visitseg.model.places import FILE
from visitseg.model.training import fingerprint
from visitseg.progress import Progress
from visitseg.run_folder import artifacts
from visitseg.run_folder.files import write_json
from visitseg.segments import auto, frames
from visitseg.segments.interpretation import explore, profiles, tables
from visitseg.segments.interpretation.mix import dispersion, total_variation
from visitseg.training.segmented import Segmented
from visitseg.visits.kept import keep


def by_auto(
    folder: Path,
    settings: Settings,
    there: Sequence[str],
    transforms: Mapping[str, str],
    families: Mapping[str, str],
    dimensions: Sequence[str],
    progress: Progress,
    previous: Model | None = None,
) -> Segmented:
    """Segment by preset `auto`.

    Parameters
    ----------
    folder : Path
        Holds ``visits.parquet``; the files of the preset are written into it.
    settings : Settings
        K, seed, bands, names.
    there : sequence of str
        Features to use, of the visit table's; page views are always among them.
    transforms : mapping of str to str
        Features of the contract file -> transform, or empty: axes beyond the visit table's four.
    families : mapping of str to str
        Feature -> what its contribution is added up under.
    dimensions : sequence of str
        Columns that describe visits.
    progress : Progress
        Told what is being done.
    previous : Model, optional
        The model before, whose segments keep their ids and names.
    """
    visits = folder / "visits.parquet"
    there = ("pageviews", *there)
    features = tuple(dict.fromkeys((*(n for n in frames.NUMBERS if n in there), *there)))
    X = artifacts.read_features(visits, features)
    known = [j for j, n in enumerate(features) if n == "pageviews" or np.isfinite(X[:, j]).any()]
    features = tuple(features[j] for j in known)
    X = X[:, known]
    identity = fingerprint(X, features)
    columns = frames.check_visits(
        {name: np.ascontiguousarray(X[:, j]) for j, name in enumerate(features)}
    )
    described = artifacts.read_described(visits, dimensions)
    before = None
    if previous:
        rows = common_rows(visits)
        before = check_previous(previous, columns, visits=True, rows=rows)
    found = auto.segment(
        columns,
        transforms=transforms,
        k=None if settings.k_final == "auto" else settings.k_final,
        k_min=settings.k_min,
        k_max=settings.k_max,
        seed=settings.seed,
        bands=settings.bands,
        days=described.days,
        previous=before,
        on_step=progress.step,
    )
    plural = "s" if found.k_final > 1 else ""
    progress.done(f"{found.k_final} segment{plural}, grade {found.grade}")
    progress.step("describing the segments")
    given = {**(before.names if before else {}), **settings.names}
    told = profiles.describe(columns, found, visits=True, names=given)
    names = [name.text for name in told.names]
    model = from_auto(
        columns,
        found,
        told,
        visits=True,
        unassigned=settings.unassigned,
        days=described.days,
        sha256=identity["sha256"],
        source=settings.source,
        contract=keep(settings.features),
    )
    model.save(folder / FILE)
    changed = write_changes(folder, found.identity.match, previous, model, str(settings.previous))
    labels = model.marked(found.found).labels
    labelled = artifacts.Labelled(
        labels, found.found.distance, found.found.margin, found.ids, found.kinds
    )
    mix = artifacts.write_session_clusters(
        folder / "session_clusters.parquet", visits, labelled, names
    )
    centers = tables.centers_table(columns, found, names)
    pq.write_table(centers, folder / "cluster_centers.parquet")
    pq.write_table(tables.evidence_table(found.evidence), folder / "k_diagnostics.parquet")
    content = profiles.profiles(columns, found, told, described)
    write_json(folder / "profiles.json", content)
    aside = explore.explorer(columns, found, names, described.dimensions)
    write_json(folder / "explorer.json", aside)
    temporal = _write_mix(folder, mix, found.ids) if mix else None
    looked, beyond = found.looked_at
    details = {
        **changed,
        "segments": profiles.in_short(found, told),
        "rule_cards": {"fidelity": told.cards.fidelity},
        "contributions": found.contributions,
        "contributions_by_family": found.by_family(families),
        "atoms": found.atoms,
        "silhouette_sample": {"n": looked, "of": beyond, "exact": looked == beyond},
        "temporal": temporal,
        "unassigned": int((labels < 0).sum()),
    }
    sizes = np.bincount(labels[labels >= 0], minlength=found.k_final).astype(np.int64)
    rest = features, centers, found.decision, details, identity, model
    return Segmented(found.k_final, found.grade, sizes, *rest)


def _write_mix(
    folder: Path, mix: dict[date, npt.NDArray[np.int64]], ids: Sequence[str]
) -> dict[str, Any]:
    """Write the mix with intervals as wide as the days really vary; say how much they do."""
    counts = np.array([mix[day] for day in sorted(mix)])
    wider = dispersion(counts)
    pq.write_table(artifacts.mix_table(mix, ids, wider), folder / "segment_mix.parquet")
    told: dict[str, Any] = {"days": len(counts), "over_dispersion": wider.tolist()}
    if len(counts) > 1:
        observed, by_chance = total_variation(counts)
        told |= {"mean_total_variation": observed, "by_chance": by_chance}
    return told
