"""Render the models of a dbt project as dbt does, for tests that run without dbt."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import jinja2


class CompilerError(Exception):
    """What dbt says where a macro refuses a value."""


def _refuse(message: str) -> None:
    raise CompilerError(message)


def render(files: Mapping[str, str], path: str, dialect: str, **values: Any) -> str:
    """Return a file's SQL; models are called by their own names, with made_ before them where a
    name of one part would be that of the subquery that reads it; the export is `raw`."""
    given = {f"visitseg_{name}": value for name, value in values.items()}
    environment = jinja2.Environment(
        extensions=["jinja2.ext.do"], undefined=jinja2.StrictUndefined, autoescape=False
    )
    environment.globals.update(
        ref=lambda name: f"made_{name}" if dialect == "bigquery" else f"main.{name}",
        source=lambda *_: "raw",
        config=lambda **_: "",
        var=lambda name, default=None: given.get(name, default),
        target=SimpleNamespace(type=dialect),
        modules=SimpleNamespace(re=re, datetime=dt),
        exceptions=SimpleNamespace(raise_compiler_error=_refuse),
    )
    return environment.from_string(files["macros/visitseg.sql"] + files[path]).render()
