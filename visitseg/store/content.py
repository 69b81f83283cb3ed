"""What a version takes from a run folder, whether it is still that, and when two are the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from visitseg.errors import InputError
from visitseg.run_folder.copies import copy_without_ids
from visitseg.run_folder.files import check_unchanged, read_manifest

MODEL = "model.json"
RECORD = "promotion.json"
_REPORT = "model_report.json"
# Not: visits, labels, profiles, which name visits.
TAKEN = (
    *(MODEL, _REPORT, "cluster_centers.parquet", "k_diagnostics.parquet"),
    *("segment_mix.parquet", "ledger.json", "checks.json", "changes.json", "changes.md"),
)


def take(run: Path, folder: Path) -> None:
    """Copy what a version holds from a run folder; no visit id comes along."""
    there = read_manifest(run)
    for name in (name for name in TAKEN if name in there):
        copy_without_ids(run / name, folder / name)


def check_run(run: Path) -> None:
    """Raise `InputError` if a file that a version takes is not what the run wrote."""
    check_unchanged(
        run,
        "the run folder is not what the run wrote",
        "Restore the files, or run again: what was edited is not promoted.",
        TAKEN.__contains__,
    )


def is_same(one: Path, other: Path) -> bool:
    """Tell whether two versions hold the same: a run that is repeated makes no new one.

    Every file counts. Of the run's report all does but when it ran, and into which folder.
    """
    files, others = read_manifest(one), read_manifest(other)
    taken = [name for name in TAKEN if name in files or name in others]
    differing = [name for name in taken if files.get(name) != others.get(name)]
    return not differing or (differing == [_REPORT] and _told(one) == _told(other))


def check_whole(version: Path) -> None:
    """Raise `InputError` if a file of a version is not what was promoted."""
    check_unchanged(
        version,
        "the version is not what was promoted",
        "Restore the files from a backup, or choose another version.",
    )


def read_record(version: Path) -> dict[str, Any]:
    """Return the ``promotion.json`` of a version; `InputError` if it is lost or damaged."""
    content: Any = None
    problem: object = "it does not say whether the version has scored"
    try:
        content = json.loads((version / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        problem = error
    if isinstance(content, dict) and "live" in content:
        return content
    raise InputError(
        "a version of the store is damaged",
        where=str(version / RECORD),
        evidence=[str(problem)],
        do=f"Restore {RECORD} from a backup, or move the version's folder out of the store.",
    )


def _told(folder: Path) -> dict[str, Any] | None:
    path = folder / _REPORT
    if not path.is_file():
        return None
    report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    config = {key: value for key, value in report.get("config", {}).items() if key != "out"}
    return {**report, "run_utc": None, "config": config}
