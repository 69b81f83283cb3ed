"""The order of the steps. The one place that knows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from visitseg import partitions, scoring, segmenting, summary, visit_files
from visitseg.config import Settings, load_settings
from visitseg.errors import ConfigError
from visitseg.labels import UNDATED, LabelFolder
from visitseg.model import Model
from visitseg.plan import SIMULATED_SOURCE, resolve_input
from visitseg.progress import Progress, Silent
from visitseg.scoring import Scored
from visitseg.segments import baseline
from visitseg.segments.select_k import SILHOUETTE_SAMPLE
from visitseg.store import MANIFEST, RunFolder, read_manifest, write_json, write_manifest
from visitseg.visits.build import VisitTable, build
from visitseg.visits.features import Contract, read_contract
from visitseg.visits.kept import kept
from visitseg.visits.text import load
from visitseg.warehouse import Spark, Warehouse, at_work, keep
from visitseg.window import Window


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
        Everything at once; or the options as keywords.
    progress : Progress, optional
        Told what is being done.
    spark : SparkSession, optional
        Spark that runs the SQL, whatever the settings say; it is left running.
    **options
        Settings by name: ``run(source="ga360", input=["day.parquet"], out="artifacts")``.

    Raises
    ------
    VisitsegError
        Whatever a user can cause; nothing is published.
    """
    settings = resolve_input(settings or load_settings(options), spark)
    listener = progress or Silent()
    with RunFolder(settings.out) as folder:
        settings = _simulated(settings, folder.path, listener)
        warnings, report, segments = _run_into(folder.path, settings, listener, spark)
        listener.step("publishing")
        return Run(folder.out, folder.publish(), report, segments, warnings)


def build_visits(
    settings: Settings | None = None,
    /,
    *,
    progress: Progress | None = None,
    spark: Spark | None = None,
    **options: Any,
) -> Run:
    """Raw export → visit table, ledger and checks, nothing else. Parameters as for `run`."""
    settings = resolve_input(settings or load_settings(options), spark)
    listener = progress or Silent()
    with RunFolder(settings.out) as folder:
        settings = _simulated(settings, folder.path, listener)
        contract = read_contract(settings.features)
        by_days = partitions.wanted(settings)
        former = partitions.read(folder.out, settings)
        window = Window.of(settings)
        if by_days and former.days:
            settings = window.widened(settings)
        with at_work(settings, folder.path, listener.done, spark) as warehouse:
            table = build(warehouse, settings, contract, listener.step)
            listener.step("writing the visit table")
            if by_days and table.days:
                table = partitions.write(folder.path, warehouse, table, window, former)
            else:
                visit_files.write_visits(folder.path, warehouse)
            _tell_visits(folder.path, warehouse, table, settings, contract, listener)
        warnings = summary.tell(table.checks, listener)
        return Run(folder.out, folder.publish(), table.ledger.to_dict(), None, warnings)


def score(
    model: Model | Path | str | None = None,
    settings: Settings | None = None,
    /,
    *,
    progress: Progress | None = None,
    spark: Spark | None = None,
    **options: Any,
) -> Scored:
    """Raw export → labels with a frozen model, a file a day, each replaced whole.

    Parameters
    ----------
    model : Model, Path or str, optional
        The model, or where it is; default: the setting `model`.
    settings : Settings, optional
        Everything at once; or the options as keywords.
    progress : Progress, optional
        Told what is being done.
    spark : SparkSession, optional
        As for `run`.
    **options
        Settings by name: ``score("artifacts", source="ga4", input=[…], out="scores")``.

    Raises
    ------
    VisitsegError
        Whatever a user can cause; no day is half-written.
    """
    settings = resolve_input(settings or load_settings(options), spark)
    if not isinstance(model, Model):
        settings = replace(settings, model=Path(model) if model else settings.model)
        model = scoring.load_model(settings.model)
    listener = progress or Silent()
    window = Window.of(settings)
    scoring.check_settings(settings)
    with LabelFolder(scoring.folder_of(settings)) as folder:
        settings = window.widened(_simulated(settings, folder.path, listener))
        contract = kept(model.contract)
        with at_work(settings, folder.path, listener.done, spark) as warehouse:
            table = build(warehouse, settings, contract, listener.step)
            scoring.check_fit(model, table, str(settings.model or "the model"))
            listener.step("labelling")
            text = scoring.labels_sql(model, warehouse.dialect, scoring.derived(model, table))
            labels = folder.path / "labels.parquet"
            warehouse.write_parquet(text, labels)
            found = folder.split(labels)
            held = {str(day.day) for day in table.ledger.days if day.rows_in}
            days = window.choose(found, held, folder.labelled())
            dated = [date.fromisoformat(day) for day in days.days if day != UNDATED]
            keep(warehouse, "visit_labels", text, dated, listener.done)
        report = scoring.score_report(model, settings, table, found, days)
        exported = scoring.export(settings, report, folder.path)
        warnings = [*summary.tell(table.checks, listener), *days.warnings]
        for text in days.warnings:
            listener.warn(text)
        files = {"score_report.json": report, "ledger.json": table.ledger.to_dict()}
        written = folder.publish(days.days, days.gone, files)
        written += [exported.replace(settings.export)] if exported and settings.export else []
        listener.done(f"{report['n_visits']:,} visits of {len(days.days)} days labelled")
        return Scored(folder.out, written, report, warnings)


def demo(out: Path, visits: int, progress: Progress | None = None) -> Run:
    """Simulate an export of about `visits` visits and run everything on it."""
    settings = load_settings({"out": out, "smoke_mode": True}, environment={})
    listener = progress or Silent()
    with RunFolder(settings.out) as folder:
        settings = _simulated(settings, folder.path, listener, visits)
        warnings, report, segments = _run_into(folder.path, settings, listener)
        return Run(folder.out, folder.publish(), report, segments, warnings)


def render_again(folder: Path) -> list[Path]:
    """Draw the report of a run folder anew; returns the files that were written."""
    from visitseg.report import render

    read_manifest(folder)
    written = render(folder)
    write_manifest(folder)
    return [*written, folder / MANIFEST]


def _simulated(
    settings: Settings, folder: Path, progress: Progress, visits: int = 20_000
) -> Settings:
    """Write a raw export when there is no input; the rest of the path is everybody's."""
    if settings.input or not settings.smoke_mode:
        return settings
    from visitseg.simulate import simulate

    progress.step("simulating an export")
    export = folder / "export"
    simulate(export, visits=visits, seed=settings.seed, on_progress=progress.count)
    pattern = str(export / "events_*.parquet")
    return replace(settings, source=SIMULATED_SOURCE, input=(pattern,))


def _tell_visits(
    folder: Path,
    warehouse: Warehouse,
    table: VisitTable,
    settings: Settings,
    contract: Contract,
    progress: Progress,
) -> None:
    visit_files.write_about(folder, table, contract)
    if settings.quarantine:
        visit_files.write_quarantine(folder, warehouse)
    ledger = table.ledger
    period = f", {table.days[0]} to {table.days[1]}" if table.days else ""
    progress.done(f"{ledger.visits:,} visits from {ledger.rows_in:,} {ledger.unit}{period}")
    days = [day.day for day in ledger.days if day.day and day.visits]
    keep(warehouse, "visits", "SELECT * FROM visits\n", days, progress.done)


def _run_into(
    folder: Path, settings: Settings, progress: Progress, spark: Spark | None = None
) -> tuple[list[str], dict[str, Any], pa.Table]:
    from visitseg.report import render

    contract = read_contract(settings.features)
    previous = Model.load(settings.previous) if settings.previous else None
    with at_work(settings, folder, progress.done, spark) as warehouse:
        table = build(warehouse, settings, contract, progress.step)
        progress.step("writing the visit table")
        visit_files.write_visits(folder, warehouse)
        _tell_visits(folder, warehouse, table, settings, contract, progress)
        sample = None
        if settings.preset == "baseline" and table.ledger.visits > SILHOUETTE_SAMPLE:
            text = load("sample", warehouse.dialect).sql
            rows = warehouse.query(text, {"size": SILHOUETTE_SAMPLE})
            sample = rows["place"].to_numpy()
    if settings.preset == "baseline":
        features = _features(table, contract.to_segment_on(baseline.FEATURES), contract)
        found = segmenting.by_baseline(folder, settings, features, sample, progress, previous)
    else:
        there = _features(table, contract.to_segment_on(table.features), contract)
        about = (contract.transforms, contract.families, table.dimensions)
        found = segmenting.by_auto(folder, settings, there, *about, progress, previous)
    checks = [
        *table.checks,
        summary.size_check(found.sizes, settings.min_share, found.model.segment_ids),
    ]
    write_json(folder / "checks.json", [check.to_dict() for check in checks])
    report = summary.model_report(settings, table, found, checks, folder)
    write_json(folder / "model_report.json", report)
    if settings.no_visits:
        (folder / "visits.parquet").unlink()
    warnings = summary.tell(checks, progress)
    progress.step("drawing the report")
    render(folder)
    return warnings, report, found.centers


def _features(table: VisitTable, features: Sequence[str], contract: Contract) -> tuple[str, ...]:
    """Return the features to segment on, or say which of them the input does not give."""
    missing = [name for name in features if name not in table.features]
    if not missing:
        return tuple(features)
    raise ConfigError(
        f"{len(missing)} of {len(features)} features are not in the visit table",
        where="--features" if contract.chosen else "preset baseline",
        evidence=[f"missing: {', '.join(missing)}", f"there are: {', '.join(table.features)}"],
        do="Map them under [columns], or name fewer in a contract file: --features visits.yaml.",
    )
