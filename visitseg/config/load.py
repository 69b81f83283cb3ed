"""Where settings come from, and what is wrong with them.

Precedence: flag > environment > TOML > default. pydantic does the typing; it is imported when
settings are loaded, not when ``--help`` is shown.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, get_args, get_type_hints
from zoneinfo import available_timezones

from visitseg.config.settings import Settings, option_fields
from visitseg.errors import ConfigError, InputError

DEFAULT_FILE = Path("visitseg.toml")
_SEGMENT_ID = re.compile(r"s[0-9]+")


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
    if isinstance(values.get("stream"), str | list):  # GA4's data streams, not day by day
        values["platform"], origins["platform"] = values.pop("stream"), origins.pop("stream")
    if isinstance(values.get("platform"), str):
        values["platform"] = (values["platform"],)
    if isinstance(values.get("input"), str):
        values["input"] = (values["input"],)
    for name in ("date_from", "date_to"):
        if name in values:
            values[name] = _parse_date(name, values[name], origins[name], problems)
    for name, key, value in list(_booleans(Settings, values)):
        told = str(value).lower()
        problems.append(f"{key} = {told} ({origins[name]}): must be a number, not true or false")
        values.pop(name, None)  # said once
    settings = _typed({**values, "origins": origins}, problems)
    if settings is not None:
        problems += _contradictions(settings)
    if problems or settings is None:
        what = "1 setting is wrong" if len(problems) == 1 else f"{len(problems)} settings are wrong"
        raise ConfigError(
            what,
            evidence=problems,
            do="`visitseg init` writes a file with every key; flags win over the environment, "
            "the environment over the file.",
        )
    return settings


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a hint that names the closest known words, or nothing."""
    by_lower = {word.lower(): word for word in known}
    close = difflib.get_close_matches(name.lower(), list(by_lower), n=3, cutoff=0.6)
    return f". Did you mean {' or '.join(by_lower[word] for word in close)}?" if close else ""


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
        raise ConfigError(
            "the configuration file is not valid TOML",
            where=str(path),
            evidence=[str(error)],
            do="Text values need quotes: source = 'ga360'.",
        ) from error
    return [(key, value, str(path)) for key, value in content.items()]


def _from_environment(environment: Mapping[str, str]) -> list[tuple[str, Any, str]]:
    return [
        (f.name, environment[env].strip(), env)
        for f in option_fields()
        if (env := f.metadata.get("env")) and environment.get(env, "").strip()
    ]


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
    problems.append(f"{name} = {value!r} ({origin}): not a day of the form YYYYMMDD")
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
            line = f"{key} = {found['input']!r} ({values['origins'].get(name, '')}): {found['msg']}"
            if line not in problems:
                problems.append(line)
        return None


def _contradictions(s: Settings) -> list[str]:
    """Check what types cannot: ranges, and settings against each other."""

    def where(*names: str) -> str:
        found = dict.fromkeys(s.origins.get(name, "default") for name in names)
        return " and ".join(found)

    rules: Sequence[tuple[bool, tuple[str, ...], str]] = (
        (s.k_min < 2, ("k_min",), f"k_min = {s.k_min} must be at least 2"),
        (
            s.k_min > s.k_max,
            ("k_min", "k_max"),
            f"k_min = {s.k_min} is larger than k_max = {s.k_max}",
        ),
        (
            isinstance(s.k_final, int) and s.k_final < 2,
            ("k_final",),
            f"k_final = {s.k_final} must be at least 2",
        ),
        (
            bool(s.date_from and s.date_to and s.date_from >= s.date_to),
            ("date_from", "date_to"),
            f"date_from = {s.date_from} is not before date_to = {s.date_to}, which is exclusive",
        ),
        (
            s.threads is not None and s.threads < 1,
            ("threads",),
            f"threads = {s.threads} must be at least 1",
        ),
        (not s.z_clip > 0, ("z_clip",), f"z_clip = {s.z_clip} must be above 0"),
        (
            not 0 <= s.clip_quantiles[0] < s.clip_quantiles[1] <= 1,
            ("clip_quantiles",),
            f"clip_quantiles = {list(s.clip_quantiles)} must rise within 0 and 1",
        ),
        (not 0 <= s.min_share < 1, ("min_share",), f"min_share = {s.min_share} must be in [0, 1)"),
        (
            not 1 / 60 <= s.sessions.gap_minutes < s.sessions.max_hours * 60 - 1 / 60,
            ("sessions",),
            f"sessions.gap_minutes = {s.sessions.gap_minutes:g} must be from one second to less "
            f"than sessions.max_hours = {s.sessions.max_hours:g}",
        ),
        (
            s.max_bytes_billed < 1,
            ("max_bytes_billed",),
            f"max_bytes_billed = {s.max_bytes_billed} must be at least 1",
        ),
        (
            not 0 < s.bigquery.expire_hours <= 24 * 365 or not s.bigquery.retry_sec >= 0,
            ("bigquery",),
            "bigquery.expire_hours must be within a year, bigquery.retry_sec at least 0",
        ),
        (s.min_segment < 0, ("min_segment",), f"min_segment = {s.min_segment} must be at least 0"),
        (s.late_days < 0, ("late_days",), f"late_days = {s.late_days} must be at least 0"),
        (
            s.since is not None and s.export is None,
            ("since",),
            "since needs export: what should be written?",
        ),
        (
            bool(s.spark.master and s.spark.remote),
            ("spark",),
            "spark.master and spark.remote exclude each other",
        ),
        *(
            (
                not 0 <= getattr(s.gate, name) <= 1,
                ("gate",),
                f"gate.{name} = {getattr(s.gate, name):g} must be in [0, 1]",
            )
            for name in ("min_jaccard", "min_stable", "min_share", "max_share", "min_carried")
        ),
        (not 0 <= s.seed < 2**32, ("seed",), f"seed = {s.seed} must be in [0, 2^32)"),
    )
    found = [f"{text} ({where(*names)})" for wrong, names, text in rules if wrong]
    if s.timezone not in available_timezones():
        hint = did_you_mean(s.timezone, available_timezones())
        found.append(f"timezone = {s.timezone!r} ({where('timezone')}): unknown{hint}")
    return found + [f"{problem} ({where('names')})" for problem in _wrong_names(s.names)]


def _wrong_names(names: Mapping[str, str]) -> list[str]:
    """Check [names]; an id that the run does not have is allowed: its segment may come again."""
    found = []
    first: dict[str, str] = {}
    for id_, given in names.items():
        name, line = given.strip(), f'names.{id_} = "{given}"'
        if not _SEGMENT_ID.fullmatch(id_):
            found.append(f"{line}: {id_} is no id of a segment, such as s1")
        if not name:
            found.append(f"{line}: the name is empty; without the line the segment has its own")
        elif _SEGMENT_ID.fullmatch(name):
            found.append(f"{line}: the name looks like an id")
        elif name in first:
            found.append(f"{line}: names.{first[name]} is the same name")
        first.setdefault(name, id_)
    return found
