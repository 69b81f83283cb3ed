"""Where settings come from, and what is wrong with them.

Precedence: flag > environment > TOML > default. pydantic does the typing; it is imported when
settings are loaded, not when ``--help`` is shown.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields, is_dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, get_args, get_type_hints

from visitseg.config.consistency import contradictions, did_you_mean
from visitseg.config.settings import Settings, option_fields
from visitseg.errors import ConfigError, InputError, shown

DEFAULT_FILE = Path("visitseg.toml")


def load_settings(
    flags: Mapping[str, Any] | None = None,
    *,
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Merge flags, environment, TOML and defaults into checked `Settings`.

    Parameters
    ----------
    flags : mapping, optional
        Settings given on the command line or as keywords; None means not given.
    file : Path, optional
        The TOML file. Without it ``visitseg.toml`` in the working folder is read where it exists.
    environment : mapping, optional
        The environment; default ``os.environ``.

    Raises
    ------
    ConfigError
        All problems at once, each with the place its value came from.
    InputError
        The TOML file does not exist.
    """
    problems: list[str] = []
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    known = {f.name: f for f in option_fields()}
    layers = (
        _from_toml(file),
        _from_environment(os.environ if environment is None else environment),
        [(k, v, f"--{k.replace('_', '-')}") for k, v in (flags or {}).items() if v is not None],
    )
    for name, value, origin in (entry for layer in layers for entry in layer):
        if name not in known:
            problems.append(f"{name} ({origin}): unknown key{did_you_mean(name, known)}")
            continue
        values[name], origins[name] = value, origin
    return _checked(values, origins, problems)


def checked(settings: Settings) -> Settings:
    """Type and check settings that were made by hand, as those that are loaded.

    What differs from its default was given: its place is ``Settings``, if it has none.

    Raises
    ------
    ConfigError
        All problems at once.
    """
    values = {f.name: getattr(settings, f.name) for f in option_fields()}
    origins = dict.fromkeys(values, "Settings") | dict(settings.origins)
    found, plain = _checked(values, origins, []), Settings()
    given = {
        name: origin
        for name, origin in found.origins.items()
        if settings.given(name) or getattr(found, name) != getattr(plain, name)
    }
    return replace(found, origins=given)


def _checked(values: dict[str, Any], origins: dict[str, str], problems: list[str]) -> Settings:
    """Type and check values; `problems` are those that were found before."""
    for name, kind in get_type_hints(Settings).items():
        made = isinstance(kind, type) and is_dataclass(kind) and isinstance(values.get(name), kind)
        if made:  # a section, by hand
            values[name] = asdict(values[name])
    if isinstance(values.get("stream"), str | list):  # GA4's data streams, not day by day
        values["platform"], origins["platform"] = values.pop("stream"), origins.pop("stream")
    if isinstance(values.get("platform"), str):
        values["platform"] = (values["platform"],)
    if "input" in values:
        values["input"] = _as_text(values["input"])
    for name in ("date_from", "date_to"):
        if name in values:
            values[name] = _parse_date(name, values[name], origins[name], problems)
    for name, key, value in list(_booleans(Settings, values)):
        told = str(value).lower()
        problems.append(f"{key} = {told} ({origins[name]}): must be a number, not true or false")
        values.pop(name, None)  # said once
    settings = _typed({**values, "origins": origins}, problems)
    if settings is not None:
        problems += contradictions(settings)
    if problems or settings is None:
        what = "1 setting is wrong" if len(problems) == 1 else f"{len(problems)} settings are wrong"
        raise ConfigError(
            what,
            evidence=problems,
            do="`visitseg init` writes a file with every key; flags win over the environment, "
            "the environment over the file.",
        )
    return settings


def _from_toml(file: Path | None) -> list[tuple[str, Any, str]]:
    path = file or DEFAULT_FILE
    if not path.is_file():
        if file is None:
            return []
        raise InputError(
            "the configuration file does not exist",
            where=str(file),
            do="Check the path, or write one with `visitseg init`.",
        )
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        twice = "overwrite" in str(error) or "declare" in str(error)
        raise ConfigError(
            "the configuration file is not valid TOML",
            where=str(path),
            evidence=[str(error)],
            do="Give every key and every table once."
            if twice
            else "Text values need quotes: source = 'ga360'.",
        ) from error
    return [(key, value, str(path)) for key, value in content.items()]


def _from_environment(environment: Mapping[str, str]) -> list[tuple[str, Any, str]]:
    return [
        (f.name, environment[env].strip(), env)
        for f in option_fields()
        if (env := f.metadata.get("env")) and environment.get(env, "").strip()
    ]


def _as_text(given: object) -> object:
    """Return the paths of an input as texts."""
    if isinstance(given, str | os.PathLike):
        return (os.fspath(given),)
    if isinstance(given, list | tuple | Iterator):
        return tuple(os.fspath(one) if isinstance(one, os.PathLike) else one for one in given)
    return given


def _parse_date(name: str, value: object, origin: str, problems: list[str]) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if value is None or isinstance(value, date):
        return value
    for pattern in ("%Y%m%d", "%Y-%m-%d"):
        try:
            return datetime.strptime(str(value), pattern).date()
        except ValueError:
            continue
    problems.append(f"{name} = {shown(value)} ({origin}): not a day of the form YYYYMMDD")
    return None


def _booleans(of: type, values: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """Find true and false where a number is meant; pydantic takes them for 1 and 0."""
    hints = get_type_hints(of)
    for name, value in values.items():
        hint = hints.get(name)
        if isinstance(hint, type) and is_dataclass(hint) and isinstance(value, Mapping):
            yield from ((name, f"{name}.{key}", v) for _, key, v in _booleans(hint, value))
            continue
        kinds = get_args(hint) or (hint,)
        if bool in kinds or not {int, float} & set(kinds):
            continue
        members = value if isinstance(value, list | tuple) else [value]
        yield from ((name, name, member) for member in members if isinstance(member, bool))


def _typed(values: Mapping[str, Any], problems: list[str]) -> Settings | None:
    from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config

    adapter = TypeAdapter(with_config(ConfigDict(extra="forbid"))(Settings))
    try:
        return adapter.validate_python(dict(values))
    except ValidationError as error:
        for found in error.errors(include_url=False):
            name = str(found["loc"][0]) if found["loc"] else ""
            key = ".".join(str(part) for part in found["loc"] if isinstance(part, str))
            if name == "k_final":
                found["msg"], key = "must be a whole number or auto", name
            place = values["origins"].get(name, "")
            line = f"{key} = {shown(found['input'])} ({place}): {_must(found)}"
            if line not in problems:
                problems.append(line)
        return None


def _must(found: Mapping[str, Any]) -> str:
    """Say in our words what pydantic found."""
    if found["type"] == "unexpected_keyword_argument":
        section, key = found["loc"][0], found["loc"][-1]
        hint = get_type_hints(Settings).get(str(section))
        known = [f.name for f in fields(hint)] if isinstance(hint, type) else []
        return f"unknown key{did_you_mean(str(key), known)}"
    if found["type"] == "path_type":
        return "must be a path"
    return str(found["msg"]).replace("Input should be", "must be").partition(", unable to")[0]
