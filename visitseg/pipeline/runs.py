"""Raw export → visit table, segments, report: one run folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from visitseg.by_day import visit_days
from visitseg.by_day.window import Window
from visitseg.config import Settings, load_settings
from visitseg.model import Model
from visitseg.pipeline.calls import settings_of
from visitseg.pipeline.steps import simulated, tell, tell_idle, tell_visits
from visitseg.plan import resolve_input
from visitseg.progress import Progress, Silent
from visitseg.run_folder import visit_files
from visitseg.run_folder.files import (
    MANIFEST,
    check_unchanged,
    read_manifest,
    write_json,
    write_manifest,
)
from visitseg.run_folder.publish import RunFolder
from visitseg.training.features import features_there
from visitseg.training.summary import model_report, size_check
from visitseg.visits.build import build
from visitseg.visits.features import read_contract
from visitseg.visits.text import load
from visitseg.warehouse import Spark, at_work


@dataclass(frozen=True)
class Run:
    """One execution and its folder.

    Attributes
    ----------
    folder : Path
        The published run folder.
    files : list of Path
        Every file in it.
    report : dict
        The content of ``model_report.json``; of ``ledger.json`` for a visit table alone.
    segments : pa.Table or None
        The content of ``cluster_centers.parquet``.
    warnings : list of str
        Sentences.
    """

    folder: Path
    files: list[Path]
    report: dict[str, Any]
    segments: pa.Table | None
    warnings: list[str]

    def __repr__(self) -> str:
        visits = self.report.get("n_visits", self.report.get("visits"))
        found = [f"folder={str(self.folder)!r}", f"visits={visits}"]
        if self.segments is not None:
            found += [f"segments={len(self.segments)}", f"grade={self.report.get('grade')!r}"]
        return f"Run({', '.join(found)})"

    def _repr_html_(self) -> str:
        """Show the report in a notebook, in a frame of its own."""
        from visitseg.report import in_frame

        return in_frame(self.folder)


def run(
    settings: Settings | None = None,
    /,
    *,
    progress: Progress | None = None,
    spark: Spark | None = None,
    **options: Any,
) -> Run:
    """Raw export → segments, labels, evidence and report, in one run folder.

    Parameters
    ----------
    settings : Settings, optional
        Everything at once, instead of options.
    progress : Progress, optional
        Told what is being done.
    spark : SparkSession, optional
        Spark that runs the SQL, whatever the settings say; it is left running.
    **options
        Settings by name: ``run(source="ga360", input=["day.parquet"], out="artifacts")``; and
        `config`, the TOML file they stand in.

    Raises
    ------
    UsageError
        Settings and options are both given, or ``dry_run``.
    VisitsegError
        Whatever a user can cause; nothing is published.
    """
    settings = resolve_input(settings_of("run", settings, options), spark)
    listener = progress or Silent()
    with RunFolder(settings.out, settings.input) as folder:
        settings = simulated(settings, folder.path, listener)
        idle = tell_idle(settings, listener)
        warnings, report, segments = _run_into(folder.path, settings, listener, spark)
        listener.step("publishing")
        return Run(folder.out, folder.publish(), report, segments, idle + warnings)


def build_visits(
    settings: Settings | None = None,
    /,
    *,
    progress: Progress | None = None,
    spark: Spark | None = None,
    **options: Any,
) -> Run:
    """Raw export → visit table, ledger and checks, nothing else. Parameters as for `run`."""
    settings = resolve_input(settings_of("build_visits", settings, options), spark)
    listener = progress or Silent()
    with RunFolder(settings.out, settings.input) as folder:
        settings = simulated(settings, folder.path, listener)
        idle = tell_idle(settings, listener)
        contract = read_contract(settings.features)
        by_days = visit_days.wanted(settings)
        former = visit_days.read(folder.out, settings)
        window = Window.of(settings)
        if by_days and former.days:
            settings = window.widened(settings)
        with at_work(settings, folder.path, listener.done, spark) as warehouse:
            table = build(warehouse, settings, contract, listener.step, window.first)
            listener.step("writing the visit table")
            if by_days and table.days:
                table = visit_days.write(folder.path, warehouse, table, window, former)
            else:
                visit_files.write_visits(folder.path, warehouse)
            tell_visits(folder.path, warehouse, table, settings, contract, listener)
        warnings = idle + tell(table.checks, listener)
        return Run(folder.out, folder.publish(), table.ledger.to_dict(), None, warnings)


def demo(out: Path, visits: int, progress: Progress | None = None) -> Run:
    """Simulate an export of about `visits` visits and run everything on it."""
    settings = load_settings({"out": out, "smoke_mode": True}, environment={})
    listener = progress or Silent()
    with RunFolder(settings.out) as folder:
        settings = simulated(settings, folder.path, listener, visits)
        warnings, report, segments = _run_into(folder.path, settings, listener)
        return Run(folder.out, folder.publish(), report, segments, warnings)


def render_again(folder: Path) -> list[Path]:
    """Draw the report of a run folder anew; returns the files that were written."""
    from visitseg.report import render

    names = set(read_manifest(folder))
    check_unchanged(
        folder,
        "the run folder is not what the run wrote",
        "Restore the files, or run again: a report tells of what a run found.",
        lambda name: not name.startswith(("report.html", "plots/")),
    )
    written = render(folder)
    write_manifest(folder, names | {path.relative_to(folder).as_posix() for path in written})
    return [*written, folder / MANIFEST]


def _run_into(
    folder: Path, settings: Settings, progress: Progress, spark: Spark | None = None
) -> tuple[list[str], dict[str, Any], pa.Table]:
    # `visits` and `score` do not wait a second for scikit-learn.
    from visitseg.report import render
    from visitseg.segments import baseline
    from visitseg.segments.choice.select_k import SILHOUETTE_SAMPLE
    from visitseg.training.by_auto import by_auto
    from visitseg.training.by_baseline import by_baseline

    contract = read_contract(settings.features)
    previous = Model.load(settings.previous) if settings.previous else None
    with at_work(settings, folder, progress.done, spark) as warehouse:
        table = build(warehouse, settings, contract, progress.step)
        progress.step("writing the visit table")
        visit_files.write_visits(folder, warehouse)
        tell_visits(folder, warehouse, table, settings, contract, progress)
        sample = None
        if settings.preset == "baseline" and table.ledger.visits > SILHOUETTE_SAMPLE:
            text = load("sample", warehouse.dialect).sql
            rows = warehouse.query(text, {"size": SILHOUETTE_SAMPLE})
            sample = rows["place"].to_numpy()
    if settings.preset == "baseline":
        features = features_there(table, contract.to_segment_on(baseline.FEATURES), contract)
        found = by_baseline(folder, settings, features, sample, progress, previous)
    else:
        there = features_there(table, contract.to_segment_on(table.features), contract)
        about = (contract.transforms, contract.families, table.dimensions)
        found = by_auto(folder, settings, there, *about, progress, previous)
    checks = [
        *table.checks,
        size_check(found.sizes, settings.min_share, found.model.segment_ids),
    ]
    write_json(folder / "checks.json", [check.to_dict() for check in checks])
    report = model_report(settings, table, found, checks, folder)
    write_json(folder / "model_report.json", report)
    if settings.no_visits:
        (folder / "visits.parquet").unlink()
    warnings = tell(checks, progress)
    progress.step("drawing the report")
    render(folder)
    return warnings, report, found.centers
