"""The flags of a verb: those of its settings, and the file they can stand in."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from visitseg.config import Settings, load_settings, option_fields

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="The TOML file.  [default: visitseg.toml if there]")
]


def with_settings(command: str) -> Callable[[Callable[[Settings], None]], Callable[..., None]]:
    """Give a command the flags of its settings, and call it with the merged `Settings`."""
    hints = get_type_hints(Settings)
    parameters = [
        inspect.Parameter(
            "config", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=ConfigOption
        )
    ]
    for field in option_fields():
        if command not in field.metadata.get("commands", ()):
            continue
        kind = field.metadata["flag_type"] or hints[field.name]
        default = field.metadata["shown"] or field.default
        shown = "" if default in (None, False, ()) else f"  [default: {default}]"
        env = f"  [env: {field.metadata['env']}]" if field.metadata["env"] else ""
        flag = typer.Option(
            f"--{field.name.replace('_', '-')}",
            metavar=field.metadata["metavar"],
            help=f"{field.metadata['help']}{env}{shown}",
            show_default=False,
        )
        parameters.append(
            inspect.Parameter(
                field.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=None,
                annotation=Annotated[kind | None, flag],
            )
        )

    def decorate(function: Callable[[Settings], None]) -> Callable[..., None]:
        def call(config: Path | None = None, **flags: Any) -> None:
            function(
                load_settings({k: v for k, v in flags.items() if v not in (None, [])}, file=config)
            )

        call.__name__ = function.__name__
        call.__doc__ = function.__doc__
        call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        return call

    return decorate
