"""The result of a verb on stdout: a table and the paths, or JSON."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from visitseg.config import Settings

if TYPE_CHECKING:
    from visitseg.pipeline import Run
    from visitseg.scoring.report import Scored


def print_plan(settings: Settings, *, scores: bool = False) -> None:
    """Print what a verb would read and execute."""
    from visitseg.plan import plan as read_plan

    plan = read_plan(settings, scores=scores)
    if settings.json:
        print_json(plan)
        return
    typer.echo(f"input:  {plan['input']} ({plan['bytes']:,} bytes)")
    typer.echo(f"source: {plan['source']}")
    days = [f"{name} {day}" for name, day in plan["days"].items() if day]
    typer.echo(f"days:   {', '.join(days) or 'all'}")
    typer.echo(f"steps:  {' → '.join(plan['steps'])}")
    typer.echo(f"out:    {settings.out} (nothing is written now)")
    for name, text in plan["sql"].items():
        typer.echo(f"\n-- {name} ----------\n{text}")


def print_dbt(files: Mapping[str, str], out: Path | None) -> None:
    """Write the files of a dbt project, or print them."""
    from visitseg.dbt import write

    for path in write(out, files) if out else ():
        typer.echo(path)
    for name, text in {} if out else files.items():
        typer.echo(f"-- {name} ----------\n{text}")


def print_run(found: Run, *, as_json: bool) -> None:
    """Print the segments of a run, and its files."""
    from visitseg.cli.console import segment_table

    if as_json:
        content: Mapping[str, Any] = {
            "out": str(found.folder),
            "report": str(found.folder / "report.html"),
            "n_visits": found.report["n_visits"],
            "k_final": found.report["k_final"],
            "grade": found.report["grade"],
            "decision": found.report["decision"]["text"],
            "segments": found.segments.to_pylist() if found.segments else [],
            "changes": found.report.get("changes"),
            "warnings": found.warnings,
            "files": found.files,
        }
        print_json(content)
        return
    segment_table(found)
    print_files(found)
    typer.echo(f"\nReport: {found.folder / 'report.html'}")


def print_files(found: Run | Scored) -> None:
    """Print every path that was written."""
    from visitseg.cli.console import path_list

    typer.echo(f"\nWritten to {found.folder}:")
    path_list(
        [
            path.relative_to(found.folder) if path.is_relative_to(found.folder) else path
            for path in found.files
        ]
    )


def print_json(content: object) -> None:
    """Print one JSON object on stdout."""
    import json

    typer.echo(json.dumps(content, ensure_ascii=False, default=str, indent=2))
