"""Raw export → labels with a frozen model."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from visitseg.by_day.labels import UNDATED, LabelFolder
from visitseg.by_day.window import Window
from visitseg.config import Settings
from visitseg.model import Model
from visitseg.pipeline.calls import model_of, settings_of
from visitseg.pipeline.steps import simulated, tell, tell_idle
from visitseg.plan import resolve_input
from visitseg.progress import Progress, Silent
from visitseg.report.wording import words
from visitseg.scoring import frozen
from visitseg.scoring.export import export
from visitseg.scoring.report import Scored, score_report
from visitseg.visits.build import build
from visitseg.visits.kept import kept
from visitseg.warehouse import Spark, at_work, keep


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
        The model, or where it is; also by name. Default: the setting `model`.
    settings : Settings, optional
        Everything at once, instead of options.
    progress : Progress, optional
        Told what is being done.
    spark : SparkSession, optional
        As for `run`.
    **options
        Settings by name: ``score("artifacts", source="ga4", input=[…], out="scores")``; and
        `config`, the TOML file they stand in.

    Raises
    ------
    UsageError
        As for `run`; or there is no model.
    VisitsegError
        Whatever a user can cause; no day is half-written.
    """
    given = model_of(model, options)
    settings = settings_of("score", settings, options)
    if isinstance(given, Model):
        model = given
    else:
        settings = replace(settings, model=given or settings.model)
        model = frozen.load_model(settings.model)
    settings = resolve_input(frozen.as_learnt(model, settings), spark)
    listener = progress or Silent()
    window = Window.of(settings)
    frozen.check_settings(settings)
    with LabelFolder(frozen.folder_of(settings)) as folder:
        settings = window.widened(simulated(settings, folder.path, listener))
        idle = tell_idle(settings, listener)
        contract = kept(model.contract)
        with at_work(settings, folder.path, listener.done, spark) as warehouse:
            table = build(warehouse, settings, contract, listener.step, window.first)
            frozen.check_fit(model, table, str(settings.model or "the model"))
            listener.step("labelling")
            text = frozen.labels_sql(model, warehouse.dialect, frozen.derived(model, table))
            labels = folder.path / "labels.parquet"
            warehouse.write_parquet(text, labels)
            found = folder.split(labels)
            held = {str(day.day) for day in table.ledger.days if day.rows_in}
            days = window.choose(found, held, folder.labelled())
            dated = [date.fromisoformat(day) for day in days.days if day != UNDATED]
            keep(warehouse, "visit_labels", text, dated, listener.done)
        report = score_report(model, settings, table, found, days)
        exported = export(settings, report, folder.path)
        asked = [*frozen.other_source(model, settings), *days.warnings]
        warnings = [*idle, *tell(table.checks, listener), *asked]
        for text in asked:
            listener.warn(text)
        files = {"score_report.json": report, "ledger.json": table.ledger.to_dict()}
        written = folder.publish(days.days, days.gone, files)
        written += [exported.replace(settings.export)] if exported and settings.export else []
        labelled = words.counted(report["n_visits"], "visit")
        listener.done(f"{labelled} of {words.counted(len(days.days), 'day')} labelled")
        return Scored(folder.out, written, report, warnings)
