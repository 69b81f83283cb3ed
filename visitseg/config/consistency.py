"""Settings against each other: what contradicts, and what has no effect."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from zoneinfo import available_timezones

from visitseg.config.settings import Settings
from visitseg.errors import shown

# Every K up to k_max is measured.
_K_MOST = 100
_SEGMENT_ID = re.compile(r"s[0-9]+")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a hint that names the closest known words, or nothing."""
    by_lower = {word.lower(): word for word in known}
    close = difflib.get_close_matches(name.lower(), list(by_lower), n=3, cutoff=0.6)
    return f". Did you mean {' or '.join(by_lower[word] for word in close)}?" if close else ""


def contradictions(s: Settings) -> list[str]:
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
            s.k_max > _K_MOST,
            ("k_max",),
            f"k_max = {s.k_max} must be at most {_K_MOST}: every K up to it is measured",
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
        found.append(f"timezone = {shown(s.timezone)} ({where('timezone')}): unknown{hint}")
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


def without_effect(s: Settings) -> list[str]:
    """Return a sentence for every flag that the other settings leave nothing to do.

    Only flags: a file or an environment may serve several verbs, presets and warehouses.
    """
    duckdb, bigquery = s.warehouse == "duckdb", s.warehouse == "bigquery"
    winsorises = s.preset == "baseline"
    needs = {
        "bands": (not winsorises, "preset auto"),
        "unassigned": (not winsorises, "preset auto"),
        "clip": (winsorises, "preset baseline"),
        "z_clip": (winsorises and s.clip == "zscore", "preset baseline and clip zscore"),
        "memory_limit": (duckdb, "warehouse duckdb"),
        "threads": (duckdb, "warehouse duckdb"),
        "max_bytes_billed": (bigquery, "warehouse bigquery"),
        "location": (bigquery, "warehouse bigquery"),
        "kms_key": (bigquery, "warehouse bigquery"),
        "resessionize": (s.source in (None, "events"), "source events"),
        "platform": (s.source in (None, "ga4"), "source ga4"),
    }
    return [
        f"{flag} has no effect: it is for {what}."
        for name, (met, what) in needs.items()
        if not met and (flag := s.origins.get(name, "")).startswith("--")
    ]
