"""Preset `baseline` applied to a visit table: the files of the run folder, and what is told."""

from __future__ import annotations

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
from visitseg.model.learnt import from_baseline, segment_names
from visitseg.model.places import FILE
from visitseg.model.training import fingerprint
from visitseg.progress import Progress
from visitseg.run_folder import artifacts
from visitseg.segments import baseline
from visitseg.segments.interpretation import tables
from visitseg.training.segmented import Segmented
from visitseg.visits.kept import keep


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
    progress.done(f"{k_final} segment{'' if k_final == 1 else 's'}")
    columns = dict(zip(features, artifacts.read_features(visits, features).T, strict=True))
    before = None
    if previous:
        rows = common_rows(visits)
        before = check_previous(previous, columns, visits=True, rows=rows)
    found = found.carrying_on(before, columns)
    given = {**(before.names if before else {}), **settings.names}
    progress.step("writing labels")
    names = segment_names(found.ids, given)
    mix = artifacts.write_session_clusters(
        folder / "session_clusters.parquet",
        visits,
        artifacts.Labelled(found.found.labels, found.found.distance, found.found.margin, found.ids),
        names,
    )
    centers = tables.baseline_table(found, names)
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
        source=settings.source,
        contract=keep(settings.features),
    )
    model.save(folder / FILE)
    details |= write_changes(folder, found.identity.match, previous, model, str(settings.previous))
    return Segmented(
        k_final, None, found.sizes, features, centers, decision, details, identity, model
    )


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
