"""A preset applied to a visit table: the files of the run folder, and what the report says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from visitseg import artifacts
from visitseg.alignment import check_previous
from visitseg.changes import changes, to_markdown
from visitseg.config import Settings
from visitseg.model import Model
from visitseg.model.learnt import from_auto, from_baseline
from visitseg.model.places import FILE
from visitseg.model.training import fingerprint
from visitseg.progress import Progress
from visitseg.segments import auto, baseline, explore, frames, profiles, tables
from visitseg.segments.identity import Match
from visitseg.segments.mix import dispersion, total_variation
from visitseg.store import write_json
from visitseg.visits.kept import keep


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
    before = check_previous(previous, columns, visits=True) if previous else None
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
    progress.done(f"{found.k_final} segments, grade {found.grade}")
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
        contract=keep(settings.features),
    )
    model.save(folder / FILE)
    changed = _write_changes(folder, settings, found.identity.match, previous, model)
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
    aside = explore.explorer(columns, found, described.dimensions)
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


def by_baseline(
    folder: Path,
    settings: Settings,
    features: tuple[str, ...],
    sample: npt.NDArray[np.int64] | None,
    progress: Progress,
    previous: Model | None = None,
) -> Segmented:
    """Segment by preset `baseline`; parameters as for `by_auto`, `sample` as for the silhouette."""
    visits = folder / "visits.parquet"
    X = artifacts.read_features(visits, features)
    identity = fingerprint(X, features)
    k_final = baseline.K_FINAL if settings.k_final == "auto" else settings.k_final
    found = baseline.segment(
        X,
        features,
        k_min=settings.k_min,
        k_max=settings.k_max,
        k_final=k_final,
        clip=settings.clip,
        z_clip=settings.z_clip,
        clip_quantiles=settings.clip_quantiles,
        seed=settings.seed,
        sample=sample,
        on_k=lambda done, total: progress.count("trying K", done, total),
    )
    progress.done(f"{k_final} segments")
    columns = dict(zip(features, artifacts.read_features(visits, features).T, strict=True))
    before = check_previous(previous, columns, visits=True) if previous else None
    found = found.carrying_on(before, columns)
    given = {**(before.names if before else {}), **settings.names}
    progress.step("writing labels")
    names = artifacts.segment_names(found.ids, given)
    mix = artifacts.write_session_clusters(
        folder / "session_clusters.parquet",
        visits,
        artifacts.Labelled(found.found.labels, found.found.distance, found.found.margin, found.ids),
        names,
    )
    centers = artifacts.centers_table(found, names)
    pq.write_table(centers, folder / "cluster_centers.parquet")
    pq.write_table(tables.evidence_table(found.diagnostics), folder / "k_diagnostics.parquet")
    if mix:
        pq.write_table(artifacts.mix_table(mix, found.ids), folder / "segment_mix.parquet")
    n = len(X)
    looked = n if sample is None else len(sample)
    details = {
        "silhouette_sample": {"n": looked, "of": n, "exact": looked == n},
        "clipping": {
            "method": found.clipping.method,
            "threshold": _threshold(settings),
            "counts": dict(zip(features, found.clipping.counts.tolist(), strict=True)),
        },
    }
    decision = _baseline_decision(settings, found)
    model = from_baseline(
        columns,
        found,
        names,
        visits=True,
        decision=decision,
        days=artifacts.read_described(visits, ()).days,
        sha256=identity["sha256"],
        contract=keep(settings.features),
    )
    model.save(folder / FILE)
    details |= _write_changes(folder, settings, found.identity.match, previous, model)
    return Segmented(
        k_final, None, found.sizes, features, centers, decision, details, identity, model
    )


def _write_changes(
    folder: Path,
    settings: Settings,
    match: Match | None,
    previous: Model | None,
    model: Model,
) -> dict[str, Any]:
    """Write what became of the previous segments; return what the run's report says of it."""
    if match is None or previous is None:
        return {}
    old, new = (dict(zip(one.segment_ids, one.names, strict=True)) for one in (previous, model))
    content = changes(match, previous, new, str(settings.previous))
    write_json(folder / "changes.json", content)
    (folder / "changes.md").write_text(to_markdown(content, old, new), encoding="utf-8")
    return {"changes": {"previous": content["previous"], "changelog": content["changelog"]}}


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


def _baseline_decision(settings: Settings, found: baseline.Segmentation) -> dict[str, Any]:
    by_user = settings.k_final != "auto"
    best = max(found.diagnostics, key=lambda row: row.silhouette)
    who = "the user" if by_user else "the preset"
    return {
        "rule": f"set by {who}",
        "k": found.k_final,
        "text": f"K = {found.k_final} was set by {who}. Preset baseline gives no verdict on "
        f"whether these groups are real. Among K = {found.diagnostics[0].k} to "
        f"{found.diagnostics[-1].k} the silhouette is highest at K = {best.k} "
        f"({best.silhouette:.3f}).",
    }


def _threshold(settings: Settings) -> float | list[float] | None:
    if settings.clip == "zscore":
        return settings.z_clip
    return list(settings.clip_quantiles) if settings.clip == "quantile" else None
