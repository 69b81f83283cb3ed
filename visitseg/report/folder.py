"""A run folder, read: its files as records, whatever of them is there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from visitseg.errors import InputError
from visitseg.report.charts import theme
from visitseg.report.wording import words

Record = dict[str, Any]

_SQL = ("visit_rows.sql", "visit_events.sql", "visit_keys.sql", "visits.sql")
_NOT_FEATURES = {"cluster", "segment_id", "segment", "kind", "n", "share"}


@dataclass(frozen=True)
class Segment:
    """One row of ``cluster_centers.parquet``, with its profile and the colour of its id."""

    id: str
    name: str
    n: int
    share: float
    centre: dict[str, float | None]
    colour: str
    again: bool
    rule: str | None
    profile: Record

    @property
    def few(self) -> bool:
        """Whether so few visits are in it that its centre would describe single visitors."""
        return self.n < words.FEW

    @property
    def title(self) -> str:
        """The name with a capital, for a heading."""
        return words.capital(self.name)

    @property
    def kind(self) -> str:
        """One of rule, distinct, band and rest; empty in preset baseline."""
        return str(self.profile.get("kind") or "")


@dataclass(frozen=True)
class RunFolder:
    """What the report knows: the files of one run, and nothing else."""

    path: Path
    report: Record
    ledger: Record
    checks: list[Record]
    centres: list[Record]
    diagnostics: list[Record]
    mix: list[Record]
    profiles: Record
    explorer: Record
    changes: Record
    sql: dict[str, str]

    @cached_property
    def segments(self) -> list[Segment]:
        """The segments in the order of the centres."""
        rules = self.rules
        profiles = {row["segment_id"]: row for row in self.profiles.get("segments") or []}
        return [
            Segment(
                id=(id_ := str(row["segment_id"])),
                name=_name(str(row["segment"])),
                n=int(row["n"]),
                share=float(row["share"]),
                centre={feature: row[feature] for feature in self.features},
                colour=colour,
                again=again,
                rule=rules.get(id_),
                profile=profiles.get(id_, {}),
            )
            for position, row in enumerate(self.centres)
            for colour, again in [theme.segment_colour(str(row["segment_id"]), position, rules)]
        ]

    @cached_property
    def ranked(self) -> list[Segment]:
        """The segments, the largest first."""
        return sorted(self.segments, key=lambda segment: -segment.share)

    @cached_property
    def rules(self) -> dict[str, str]:
        """Which segment follows which rule: bounced or converted."""
        return dict(self.explorer.get("rules") or {})

    def of_rule(self, rule: str) -> list[Segment]:
        """Return the segments that follow a rule."""
        return [segment for segment in self.segments if segment.rule == rule]

    @cached_property
    def beyond(self) -> list[Segment]:
        """The segments that no rule makes, the largest first."""
        return [segment for segment in self.ranked if segment.rule is None]

    @cached_property
    def told(self) -> list[Segment]:
        """The segments as the first screen tells them: bouncers, the others, buyers."""
        return [*self.of_rule("bounced"), *self.beyond, *self.of_rule("converted")]

    @property
    def few_buyers(self) -> bool:
        """Whether so few visits hold an order that a total of orders would describe single ones."""
        buyers = (self.report.get("totals") or {}).get("visits_with_transactions")
        return buyers is not None and 0 < int(buyers) < words.FEW

    def typical(self, feature: str, segment: Segment | None = None) -> Record:
        """Return how a feature is spread, in a segment or over all visits; empty if unknown."""
        told = (self.explorer.get("features") or {}).get(feature) or {}
        found = told.get("all") if segment is None else (told.get("segments") or {}).get(segment.id)
        return dict(found or {})

    @cached_property
    def features(self) -> list[str]:
        """The feature columns of the centres."""
        return [name for name in (self.centres or [{}])[0] if name not in _NOT_FEATURES]

    @cached_property
    def overall(self) -> dict[str, float | None]:
        """Each feature's mean over all visits: the centres, weighted by their visits."""
        means: dict[str, float | None] = {}
        for feature in self.features:
            known = [
                (centre, s.n) for s in self.segments if (centre := s.centre[feature]) is not None
            ]
            total = sum(n for _, n in known)
            means[feature] = sum(centre * n for centre, n in known) / total if total else None
        return means

    @property
    def n_visits(self) -> int:
        """Visits counted."""
        return int(self.report.get("n_visits") or self.ledger.get("visits") or 0)

    @property
    def currency(self) -> str | None:
        """The currency's code, where it is known."""
        code = (self.report.get("config") or {}).get("currency")
        return str(code) if code else None

    @cached_property
    def days(self) -> tuple[date, date] | None:
        """First and last day of the visits; None for an input without dates."""
        first, last = self.report.get("min_date"), self.report.get("max_date")
        if not self.report:
            seen = [row["day"] for row in self.ledger.get("per_day") or [] if row.get("day")]
            first, last = min(seen, default=None), max(seen, default=None)
        return (date.fromisoformat(first), date.fromisoformat(last)) if first and last else None


def read(path: Path) -> RunFolder:
    """Read a run folder.

    Parameters
    ----------
    path : Path
        A folder written by ``visitseg run`` or ``visitseg visits``.

    Returns
    -------
    RunFolder
        Its records; an absent file is an empty one.

    Raises
    ------
    InputError
        It holds neither ``model_report.json`` nor ``manifest.json``, or a file of it is damaged.
    """
    if not any((path / name).is_file() for name in ("model_report.json", "manifest.json")):
        found = sorted(child.name for child in path.iterdir())[:5] if path.is_dir() else []
        raise InputError(
            "not a run folder: it holds neither model_report.json nor manifest.json",
            where=str(path),
            evidence=[f"found: {', '.join(found)}" if found else "found: nothing"],
            do="Name the folder that `visitseg run` printed: visitseg report RUN_DIR",
        )
    return RunFolder(
        path=path,
        report=_json(path / "model_report.json", {}),
        ledger=_json(path / "ledger.json", {}),
        checks=_json(path / "checks.json", []),
        centres=_rows(path / "cluster_centers.parquet", "cluster segment_id segment n share"),
        diagnostics=_rows(path / "k_diagnostics.parquet", "k"),
        mix=_rows(path / "segment_mix.parquet", "date_id segment_id pct pct_low pct_high"),
        profiles=_json(path / "profiles.json", {}),
        explorer=_json(path / "explorer.json", {}),
        changes=_json(path / "changes.json", {}),
        sql={
            name: (path / "sql" / name).read_text(encoding="utf-8")
            for name in _SQL
            if (path / "sql" / name).is_file()
        },
    )


def _json(file: Path, absent: Any) -> Any:
    if not file.is_file():
        return absent
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _damaged(file, str(error)) from error
    if not isinstance(content, type(absent)):
        raise _damaged(file, f"expected {type(absent).__name__}, got {type(content).__name__}")
    return content


def _rows(file: Path, columns: str) -> list[Record]:
    """Read a table that must have these columns, in the order of the first two; NaN is None."""
    if not file.is_file():
        return []
    try:
        table = pq.read_table(file)
    except (OSError, pa.ArrowException) as error:
        raise _damaged(file, str(error)) from error
    required = columns.split()
    if missing := [name for name in required if name not in table.column_names]:
        raise _damaged(file, f"missing columns: {', '.join(missing)}")
    rows = table.sort_by([(name, "ascending") for name in required[:2]]).to_pylist()
    return [{key: None if entry != entry else entry for key, entry in row.items()} for row in rows]


def _damaged(file: Path, why: str) -> InputError:
    return InputError(
        f"{file.name} cannot be read",
        where=str(file),
        evidence=[why[:200]],
        do="Run it again: the folder is damaged or was written by hand.",
    )


def _name(name: str) -> str:
    return words.sentence(name) if name.startswith("segment ") else name
