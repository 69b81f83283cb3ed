"""A raw export with known segments, for the demo, the tests and the benchmarks.

`simulate` writes day files as Google Analytics 360 exports them, with the quirks real exports
have, and beside them the truth: which visits there are and of which kind each one is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from visitseg.errors import ConfigError, OutputError
from visitseg.simulate import ga360
from visitseg.simulate.catalogue import KINDS, WEEKDAYS
from visitseg.simulate.hits import RELOADED, SHARED_ID, Ints
from visitseg.simulate.visits import (
    NON_INTERACTION,
    NORMAL,
    NULL_ID,
    Draw,
    LocalDay,
    Rhythm,
    Stream,
    draw_day,
)

__all__ = ["Simulation", "simulate"]

_NULL_ID_EVERY, _NON_INTERACTION_EVERY, _DUPLICATE_EVERY = 250, 200, 300  # visits, visits, rows
_QUIRKS = (
    *("merged_over_midnight", "continuation", "non_interaction", "null_id", "duplicate"),
    *("duplicate_purchase_hits", "shared_order_id", "event_only"),
)
_TRUTH = pa.schema({"visit_id": pa.string(), "date_id": pa.date32(), "kind": pa.string()})


@dataclass(frozen=True)
class Simulation:
    """What `simulate` wrote.

    Attributes
    ----------
    files : tuple of pathlib.Path
        The day files `ga_sessions_YYYYMMDD.parquet`, in date order.
    truth : pathlib.Path
        `truth.parquet`: visit_id, date_id, kind; one row per visit of a correct visit table.
    planted : dict of str to int
        How often each quirk was planted, hence what a correct ledger finds. In export rows:
        `duplicate` (second copies), `null_id`, `non_interaction`. In visits:
        `merged_over_midnight`, `continuation`, `duplicate_purchase_hits`, `shared_order_id`,
        `event_only`.
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
    on_progress: Callable[[str, int, int], None] | None = None,
) -> Simulation:
    """Write a Google Analytics 360 export with known segments.

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
    files = tuple(out / f"ga_sessions_{day:%Y%m%d}.parquet" for day in calendar[1:])
    out.mkdir(parents=True, exist_ok=True)
    strangers = sorted(set(out.glob("ga_sessions_*.parquet")) - set(files))
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
    planted = dict.fromkeys(_QUIRKS, 0)
    carried = ga360.SCHEMA.empty_table()  # rows that the day before leaves to this day's file
    truth = out / "truth.parquet"
    with pq.ParquetWriter(truth, _TRUTH) as writer:
        for number, day in enumerate(calendar):
            rng = np.random.Generator(np.random.PCG64(day_seeds[number]))
            inside, last = number > 0, number == days
            draw = draw_day(
                rng, LocalDay(day, zone), _triple(counts[number]), stream, may_cross=not last
            )
            if inside:
                own = ga360.rows(draw, late=False)
                table, doubled = _with_copies(pa.concat_tables([carried, own]), copies)
                pq.write_table(table, files[number - 1])
                planted["duplicate"] += doubled
                _count(draw, planted)
                if on_progress is not None:
                    on_progress("simulate", number, days)
            else:
                planted["continuation"] = int(draw.crosses.sum())
            writer.write_table(_truth(draw, day if inside else first_day, whole=inside))
            carried = ga360.rows(draw, late=True)
            if not inside:  # half a visit may happen to be without a page
                planted["event_only"] = _null_count(carried, "pageviews")
    return Simulation(files, truth, planted)


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


def _with_copies(table: pa.Table, copies: Rhythm) -> tuple[pa.Table, int]:
    """Append a second copy of a few rows; return how many, too."""
    visit = pc.is_valid(pc.struct_field(table["totals"], "visits"))
    eligible = pc.and_(visit, pc.is_valid(table["fullVisitorId"])).to_numpy()
    chosen = np.flatnonzero(copies.mark(eligible))
    copied = pa.concat_tables([table, table.take(pa.array(chosen))])
    return copied, len(chosen)


def _null_count(table: pa.Table, total: str) -> int:
    return int(pc.struct_field(table["totals"], total).null_count)


def _count(draw: Draw, planted: dict[str, int]) -> None:
    """Add a day's quirks to the planted ones."""
    for name, found in (
        ("merged_over_midnight", draw.crosses),
        ("non_interaction", draw.status == NON_INTERACTION),
        ("null_id", draw.status == NULL_ID),
        ("duplicate_purchase_hits", draw.receipts == RELOADED),
        ("shared_order_id", draw.receipts == SHARED_ID),
        ("event_only", draw.event_only),
    ):
        planted[name] += int(found.sum())


def _truth(draw: Draw, day: date, *, whole: bool) -> pa.Table:
    """List the visits that the export holds: all, or only what crossed into the next day."""
    kept = np.flatnonzero((draw.status == NORMAL) & (whole | draw.crosses))
    keys = ga360.visit_id(draw).take(pa.array(kept))
    kinds = pa.array([kind.name for kind in KINDS]).take(pa.array(draw.kind[kept]))
    days = pa.repeat(pa.scalar(day, pa.date32()), len(kept))
    return pa.Table.from_arrays([keys, days, kinds], schema=_TRUTH)
