"""The verbs of the store: visitseg models list, show, diff, promote, rollback."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from visitseg.cli.options import ConfigOption
from visitseg.cli.printing import print_json
from visitseg.config import load_settings

if TYPE_CHECKING:
    from visitseg.store.promotion import Promotion

app = typer.Typer(
    help="The store of versions: which model scores, and which did before.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

StoreOption = Annotated[
    Path | None,
    typer.Option("--store", help="The store.  [default: models]", show_default=False),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]


@app.command("list")
def list_(store: StoreOption = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """List the versions, the current one marked."""
    from visitseg.cli.console import version_table
    from visitseg.store.versions import Store

    found = Store(_store(store, config))
    versions, current = found.versions(), found.current
    if json:
        print_json(
            {
                "store": str(found.folder),
                "current": current,
                "versions": [dict(one.record) for one in versions],
            }
        )
    elif versions:
        version_table(versions, current)
    else:
        typer.echo(f"{found.folder} holds no version. `visitseg models promote RUN_DIR` adds one.")


@app.command()
def show(
    version: Annotated[
        str | None, typer.Argument(help="Its number.  [default: the current one]")
    ] = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Show a version: its segments, and what the gate found."""
    from visitseg.cli.console import version_page
    from visitseg.model import Model
    from visitseg.store.versions import Store

    found = Store(_store(store, config))
    one = found.version(version)
    model = Model.load(one.folder)
    if json:
        segments = [
            {"segment_id": s.id, "segment": s.name, "kind": s.kind, "n": s.n, "share": s.share}
            for s in model.segments
        ]
        current = found.current == one.number
        print_json({**one.record, "current": current, "grade": model.grade, "segments": segments})
    else:
        version_page(one, model, current=found.current == one.number)


@app.command()
def diff(
    old: Annotated[str, typer.Argument(help="The number of the version before.")],
    new: Annotated[
        str | None, typer.Argument(help="The one after.  [default: the current one]")
    ] = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Say what differs between two versions."""
    from visitseg.cli.console import difference_table
    from visitseg.identity.differences import differences
    from visitseg.model import Model
    from visitseg.store.versions import Store

    found = Store(_store(store, config))
    models = [Model.load(found.version(number).folder) for number in (old, new)]
    content = differences(*models)
    if json:
        print_json(content)
    else:
        difference_table(content)


@app.command()
def promote(
    run_dir: Annotated[Path, typer.Argument(help="A run folder.")],
    store: StoreOption = None,
    config: ConfigOption = None,
    force: Annotated[
        str | None,
        typer.Option(help="Promote against the gate: who wants it, what and why. It is recorded."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Add a run's model to the store; it scores if the gate lets it."""
    from visitseg.errors import UsageError
    from visitseg.store.promotion import promote as promote_run

    if force is not None and not force.strip():
        raise UsageError(
            "--force needs a text",
            where="--force",
            do='Say who wants it, what and why: --force "Ana: new checkout, agreed with sales".',
        )
    settings = load_settings({"store": store}, file=config)
    found = promote_run(run_dir, settings.store, settings.gate, force=force)
    if json:
        print_json(dict(found.version.record))
    else:
        _print_promotion(found, settings.store)


@app.command()
def rollback(
    version: Annotated[
        str | None, typer.Argument(help="Its number.  [default: the one before the current]")
    ] = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Let an earlier version score again."""
    from visitseg.store.promotion import roll_back

    folder = _store(store, config)
    found = roll_back(folder, version)
    if json:
        print_json({"store": str(folder), "current": found.number})
    else:
        typer.echo(f"Version {found.number} scores again: {found.folder}")


def _store(store: Path | None, config: Path | None) -> Path:
    return load_settings({"store": store}, file=config).store


def _print_promotion(found: Promotion, store: Path) -> None:
    for one in found.conditions:
        typer.echo(f"{'met' if one.passed else 'NOT met':<8} {one.name}: {one.found}")
    if found.forced:
        typer.echo(f"forced   {found.forced}")
    before = f" after {found.previous}" if found.previous else ""
    typer.echo(f"\nVersion {found.version.number} scores{before}: {found.version.folder}")
    typer.echo(f"Score with it: visitseg score --model {store}")
