"""What a call from Python gives: settings at once or options by name, and a model."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from visitseg.config import Settings, checked, load_settings
from visitseg.errors import UsageError, shown
from visitseg.model import Model
from visitseg.segments.arrow import is_frame

_EXAMPLE = "source='ga4', input=['export/events_*.parquet']"
_OF_FRAMES = (
    "Segment a frame with visitseg.VisitSegmenter().fit(frame), or write it as Parquet and name "
    "the file: source='visits', input='visits.parquet'."
)


def settings_of(verb: str, settings: object, options: Mapping[str, Any]) -> Settings:
    """Return the checked settings of a call.

    Parameters
    ----------
    verb : {"run", "build_visits", "score"}
        What is called.
    settings : Settings or None
        Loaded or made by hand; None: the options say everything.
    options : mapping
        Settings by name, and `config`, the TOML file; None means not given.

    Raises
    ------
    UsageError
        Both are given, or something else, or ``dry_run``: these functions do what they say.
    ConfigError
        A setting is wrong.
    """
    options = {name: value for name, value in options.items() if value is not None}
    if settings is None:
        _check_values(verb, options)
        settings = load_settings(
            {name: value for name, value in options.items() if name != "config"},
            file=Path(options["config"]) if "config" in options else None,
        )
    elif not isinstance(settings, Settings):
        frame = _is_table(settings)
        raise UsageError(
            f"{verb} takes Settings or options by name, not {type(settings).__name__}",
            where=verb,
            evidence=[] if frame else [shown(settings)],
            do=_OF_FRAMES if frame else f"Name the options: {_example(verb)}.",
        )
    elif options:
        raise UsageError(
            f"{verb} was given settings, and options that would be left out",
            where=", ".join(options),
            do="Give the options alone, or put them into the settings: "
            "dataclasses.replace(settings, NAME=…).",
        )
    else:
        _check_values(verb, vars(settings))
        settings = checked(settings)
    if settings.dry_run:
        raise UsageError(
            f"{verb} does not print a plan: dry_run is for the command line",
            where="dry_run",
            evidence=[f"dry_run = true ({settings.origins.get('dry_run', '')})"],
            do=f"`visitseg {'visits' if verb == 'build_visits' else verb} --dry-run` prints it. "
            "Nothing was done.",
        )
    return settings


def model_of(model: object, options: dict[str, Any]) -> Model | Path | None:
    """Return the model of a call, given by place or taken from its options; None: neither.

    Raises
    ------
    UsageError
        It is given twice, or is neither a model nor a path.
    """
    named = options.pop("model", None)
    if model is not None and named is not None:
        raise UsageError(
            "score was given two models",
            where="model",
            evidence=[shown(model), shown(named)],
            do="Give one of them.",
        )
    found = named if model is None else model
    if found is None or isinstance(found, Model):
        return found
    if isinstance(found, str | os.PathLike):
        return Path(found) if found else None
    raise UsageError(
        f"a model is a Model or the path of one, not {type(found).__name__}",
        where="model",
        evidence=[] if _is_table(found) else [shown(found)],
        do=f"Give the model first, then settings or options: {_example('score')}.",
    )


def _check_values(verb: str, values: Mapping[str, Any]) -> None:
    """Check for objects where their path is meant."""
    given = values.get("input")
    frames = [one for one in (given if isinstance(given, list | tuple) else [given])
              if _is_table(one)]  # fmt: skip
    if frames:
        raise UsageError(
            f"input is a {type(frames[0]).__name__} where a file or a table is meant",
            where="input",
            do=_OF_FRAMES,
        )
    for name in ("model", "previous"):
        if isinstance(values.get(name), Model):
            raise UsageError(
                f"{name} is a Model where the path of one is meant",
                where=name,
                evidence=[shown(values[name])],
                do=f"Save it and name the file: model.save('model.json'), {name}='model.json'.",
            )
    config = values.get("config", "")
    if not isinstance(config, str | os.PathLike):
        raise UsageError(
            f"config is a {type(config).__name__} where the path of a TOML file is meant",
            where="config",
            evidence=[] if _is_table(config) else [shown(config)],
            do=f"Name the file, or give its keys as options: {_example(verb)}.",
        )


def _is_table(value: object) -> bool:
    """Whether a value is a frame, an Arrow table or a table of an engine."""
    if isinstance(value, Settings | Model):
        return False
    return is_frame(value) or hasattr(value, "columns")


def _example(verb: str) -> str:
    return f"{verb}({'model, ' if verb == 'score' else ''}{_EXAMPLE})"
