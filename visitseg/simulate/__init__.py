"""A raw export with known segments, for the demo, the tests and the benchmarks.

`simulate` writes day files as Google Analytics 4 or 360 exports them, with the quirks real exports
have, and beside them the truth: which visits there are and of which kind each one is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from types import ModuleType
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from visitseg.errors import ConfigError, OutputError
from visitseg.simulate import ga4, ga360
from visitseg.simulate.catalogue import KINDS, WEEKDAYS
from visitseg.simulate.hits import Ints
from visitseg.simulate.visits import (
    NORMAL,
    Draw,
    LocalDay,
    Rhythm,
    Stream,
    draw_day,
)

__all__ = ["Simulation", "simulate"]

_NULL_ID_EVERY, _NON_INTERACTION_EVERY, _DUPLICATE_EVERY = 250, 200, 300  # visits, visits, rows
_SHAPES: dict[str, ModuleType] = {"ga360": ga360, "ga4": ga4}
_TRUTH = pa.schema({"visit_id": pa.string(), "date_id": pa.date32(), "kind": pa.string()})


@dataclass(frozen=True)
class Simulation:
    """What `simulate` wrote.

    Attributes
    ----------
    files : tuple of pathlib.Path
        The day files `events_YYYYMMDD.parquet` or `ga_sessions_YYYYMMDD.parquet`, in date order.
    truth : pathlib.Path
        `truth.parquet`: visit_id, date_id, kind; one row per visit of a correct visit table.
    planted : dict of str to int
        How often each quirk was planted, hence what a correct ledger finds. In rows: `duplicate`
        (second copies), `null_id`, `non_interaction`; for GA4 in events: `no_consent`. The others
        in visits.
    """

    files: tuple[Path, ...]
    truth: Path
    planted: dict[str, int]


def simulate(
    out: Path,
    *,
    visits: int = 20_000,
    days: int = 14,
    first_day: date = date(2026, 1, 5),
    seed: int = 42,
    time_zone: str = "America/Los_Angeles",
    shape: Literal["ga360", "ga4"] = "ga4",
    on_progress: Callable[[str, int, int], None] | None = None,
) -> Simulation:
    """Write a raw export with known segments.

    The same arguments write the same values. One day is in memory at a time.

    Parameters
    ----------
    out : pathlib.Path
        Folder to write to; made if absent.
    visits : int, default 20_000
        Visits that begin within the simulated days. Rows that are no visits, second copies,
        second halves and visits that began before the first day come on top.
    days : int, default 14
        Days, one file each.
    first_day : datetime.date, default 2026-01-05
        A Monday.
    seed : int, default 42
        Seed of all randomness, not negative.
    time_zone : str, default "America/Los_Angeles"
        The property's time zone, an IANA name: days begin at its midnight.
    shape : {"ga360", "ga4"}
        Which export to write. The visits are the same; a Google Analytics 4 export has no rows
        without interaction, and no continuations: its events do not say where a visit began.
    on_progress : callable, optional
        Called as ``on_progress("simulate", days_done, days)`` after each day.

    Returns
    -------
    Simulation
        Paths and the counts of planted quirks.

    Raises
    ------
    ConfigError
        A number is out of range or the time zone is unknown.
    OutputError
        `out` holds day files that this simulation would not overwrite.

    Notes
    -----
    The export is a window on a longer stream. Visits of the day before that run over midnight
    appear on the first day with their second half only (`continuation`). Visits of the last day do
    not run over midnight: those that would, start earlier.
    """
    zone = _checked(visits, days, seed, time_zone)
    calendar = [first_day + timedelta(days=day) for day in range(-1, days)]
    form = _SHAPES[shape]
    files = tuple(out / f"{form.PREFIX}{day:%Y%m%d}.parquet" for day in calendar[1:])
    out.mkdir(parents=True, exist_ok=True)
    strangers = sorted(set(out.glob(f"{form.PREFIX}*.parquet")) - set(files))
    if strangers:
        raise OutputError(
            f"{len(strangers)} day files of another export are in the folder",
            where=str(out),
            evidence=[path.name for path in strangers[:5]],
            do="Simulate into an empty folder.",
        )

    volume_seed, *day_seeds = np.random.SeedSequence(seed).spawn(1 + len(calendar))
    counts = _daily_counts(np.random.default_rng(volume_seed), calendar, visits)
    stream, copies = Stream(), Rhythm(_DUPLICATE_EVERY, phase=11)
    planted: Counter[str] = Counter(duplicate=0)
    carried = form.SCHEMA.empty_table()  # rows that the day before leaves to this day's file
    truth = out / "truth.parquet"
    with pq.ParquetWriter(truth, _TRUTH) as writer:
        for number, day in enumerate(calendar):
            rng = np.random.Generator(np.random.PCG64(day_seeds[number]))
            inside, last = number > 0, number == days
            draw = draw_day(
                rng, LocalDay(day, zone), _triple(counts[number]), stream, may_cross=not last
            )
            if inside:
                own = form.rows(draw, late=False)
                whole = pa.concat_tables([carried, own])
                copied = np.flatnonzero(copies.mark(form.may_be_copied(whole)))
                doubled = pa.concat_tables([whole, whole.take(pa.array(copied))])
                pq.write_table(doubled, files[number - 1])
                planted["duplicate"] += len(copied)
                planted.update(form.quirks(draw))
                planted.update(form.table_quirks(whole))
                if on_progress is not None:
                    on_progress("simulate", number, days)
            carried = form.rows(draw, late=True)
            if not inside:
                planted.update(form.carried_quirks(draw, carried))
            keys = form.visit_id(draw)
            writer.write_table(_truth(draw, keys, day if inside else first_day, whole=inside))
    return Simulation(files, truth, dict(planted))


def _checked(visits: int, days: int, seed: int, time_zone: str) -> ZoneInfo:
    """Check the arguments and return the time zone."""
    for name, value, least in (("visits", visits, 1), ("days", days, 1), ("seed", seed, 0)):
        if value < least:
            raise ConfigError(f"{name} is {value}", do=f"Give at least {least}.")
    try:
        return ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConfigError(
            f"the time zone {time_zone!r} is unknown",
            do="Give an IANA name, such as Europe/Berlin.",
        ) from error


def _daily_counts(rng: np.random.Generator, calendar: list[date], visits: int) -> Ints:
    """Share out visits, rows without visitor and rows without interaction (columns) over days.

    The first day of the calendar lies before the export: it has visits on top of the given number.
    """
    weights = WEEKDAYS[[day.weekday() for day in calendar]]
    weights = weights * np.exp(0.04 * rng.standard_normal(len(calendar)))
    inside = rng.multinomial(visits, weights[1:] / weights[1:].sum())
    before = round(visits * weights[0] / weights[1:].sum())
    total = np.concatenate([[0], np.cumsum(inside)])
    extra = [np.diff(total // every) for every in (_NULL_ID_EVERY, _NON_INTERACTION_EVERY)]
    return np.stack([np.concatenate([[before], inside]), *(np.append(0, n) for n in extra)], 1)


def _triple(row: Ints) -> tuple[int, int, int]:
    return int(row[0]), int(row[1]), int(row[2])


def _truth(draw: Draw, keys: pa.StringArray, day: date, *, whole: bool) -> pa.Table:
    """List the visits that the export holds: all, or only what crossed into the next day."""
    kept = np.flatnonzero((draw.status == NORMAL) & (whole | draw.crosses))
    kinds = pa.array([kind.name for kind in KINDS]).take(pa.array(draw.kind[kept]))
    days = pa.repeat(pa.scalar(day, pa.date32()), len(kept))
    return pa.Table.from_arrays([keys.take(pa.array(kept)), days, kinds], schema=_TRUTH)
