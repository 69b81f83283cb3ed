"""The verbs: parse, call the pipeline, print. No logic; nothing heavy is imported for --help."""

from __future__ import annotations

import errno
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from visitseg import __version__
from visitseg.cli import models
from visitseg.cli.options import with_settings
from visitseg.cli.printing import print_dbt, print_files, print_json, print_plan, print_run
from visitseg.config import Settings, template
from visitseg.errors import UsageError, VisitsegError, shown

app = typer.Typer(
    name="visitseg",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

# What nobody's code is to blame for: a name too long, no room, no right, a broken disk.
_REFUSALS = {
    getattr(errno, name)
    for name in ("ENAMETOOLONG", "ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM", "EIO", "EMFILE")
    if hasattr(errno, name)
}

app.add_typer(models.app, name="models")


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"visitseg {__version__}")
        raise typer.Exit


@app.callback()
def visitseg(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Named, evidenced segments of e-commerce visits, from a raw analytics export."""


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="The run folder.")] = Path("artifacts"),
    visits: Annotated[int, typer.Option(min=200, help="Visits to simulate.")] = 20_000,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress on stderr.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Simulate an export, run everything on it, print the report's path."""
    from visitseg import pipeline
    from visitseg.cli.console import listen

    with listen(quiet) as progress:
        found = pipeline.demo(out, visits, progress)
    print_run(found, as_json=json)


@app.command()
def init(
    file: Annotated[Path, typer.Argument(help="Where to write it.")] = Path("visitseg.toml"),
) -> None:
    """Write a commented visitseg.toml."""
    from visitseg.run_folder.files import write_new

    write_new(file, template())
    typer.echo(file)


@app.command()
@with_settings("visits")
def visits(settings: Settings) -> None:
    """Raw export → visit table, ledger and checks, nothing else."""
    from visitseg import pipeline
    from visitseg.cli.console import ledger_table, listen

    if settings.dry_run:
        print_plan(settings)
        return
    with listen(settings.quiet) as progress:
        found = pipeline.build_visits(settings, progress=progress)
    if settings.json:
        print_json({"out": str(found.folder), "ledger": found.report, "files": found.files})
    else:
        ledger_table(found.report)
        print_files(found)


@app.command()
@with_settings("run")
def run(settings: Settings) -> None:
    """Raw export → segments, labels, evidence and a report."""
    from visitseg import pipeline
    from visitseg.cli.console import listen

    if settings.dry_run:
        print_plan(settings)
        return
    with listen(settings.quiet) as progress:
        found = pipeline.run(settings, progress=progress)
    print_run(found, as_json=settings.json)


@app.command()
@with_settings("score")
def score(settings: Settings) -> None:
    """Raw export → labels with a frozen model, by day."""
    from visitseg import pipeline
    from visitseg.cli.console import listen, score_table

    if settings.dry_run:
        print_plan(settings, scores=True)
        return
    with listen(settings.quiet) as progress:
        found = pipeline.score(None, settings, progress=progress)
    if settings.json:
        print_json({"out": str(found.folder), **found.report, "warnings": found.warnings,
                     "files": found.files})  # fmt: skip
        return
    score_table(found)
    print_files(found)


@app.command()
def report(
    run_dir: Annotated[Path, typer.Argument(help="A run folder.")],
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress on stderr.")] = False,
) -> None:
    """Render the report of any old run again."""
    from visitseg import pipeline
    from visitseg.cli.console import listen

    with listen(quiet) as progress:
        progress.step("drawing the report")
        written = pipeline.render_again(run_dir)
    for path in written:
        typer.echo(path)
    if show:
        import webbrowser

        webbrowser.open((run_dir / "report.html").resolve().as_uri())


@app.command()
def sql(
    what: Annotated[Literal["visits", "score"], typer.Argument(help="Which SQL.")],
    source: Annotated[
        Literal["ga360", "ga4", "events"], typer.Option(help="visits: what the raw export is.")
    ] = "ga360",
    dialect: Annotated[
        Literal["bigquery", "duckdb", "spark"], typer.Option(help="Whose SQL to print.")
    ] = "bigquery",
    features: Annotated[Path | None, typer.Option(help="visits: a contract file.")] = None,
    model: Annotated[
        Path | None, typer.Option(help="score: a model.json, a run folder or a store.")
    ] = None,
    style: Annotated[
        Literal["select", "view", "insert", "dbt"],
        typer.Option(
            help="A SELECT; score: a view, or a label table whose days are replaced; "
            "dbt: the files of a dbt project, for bigquery or duckdb."
        ),
    ] = "select",
    table: Annotated[str, typer.Option(help="score: the visit table.")] = "visits",
    target: Annotated[str, typer.Option(help="score: the view or label table.")] = "visit_labels",
    out: Annotated[
        Path | None, typer.Option(help="dbt: the project to write into.  [default: print]")
    ] = None,
) -> None:
    """Print the SQL of the visit table, or of a model's labels."""
    from visitseg.plan import dbt_files, score_script, sql_script

    if style == "dbt":
        print_dbt(dbt_files(what, source, dialect, features, model, (table, target)), out)
    elif out is not None:
        raise UsageError("--out is for --style dbt", where="--out", do="Add --style dbt, or use >.")
    elif what == "visits":
        typer.echo(sql_script(source, dialect, features), nl=False)
    else:
        typer.echo(score_script(model, dialect, style, table, target), nl=False)


def main() -> None:
    """Run the command line; turn errors into exit codes."""
    try:
        app(streams_named(sys.argv[1:]))
    except VisitsegError as error:
        _end_with(error)
    except OSError as error:
        if error.errno not in _REFUSALS:
            raise
        what = "the operating system refused a file"
        _end_with(
            VisitsegError(
                what,
                where=shown(error.filename or "no name known"),
                evidence=[error.strerror or str(error)],
                do="Name another place, or make room and set rights there.",
            )
        )


def _end_with(error: VisitsegError) -> None:
    typer.echo(str(error), err=True)
    sys.exit(error.exit_code)


def streams_named(words: Sequence[str]) -> list[str]:
    """Read ``--stream NAME`` as ``--platform NAME``: GA4 calls its web and app data streams.

    Without a name ``--stream`` stands for itself: one day file at a time.
    """
    return [
        "--platform" if word == "--stream" and not after.startswith("-") else word
        for word, after in zip(words, [*words[1:], "-"], strict=False)
    ]
