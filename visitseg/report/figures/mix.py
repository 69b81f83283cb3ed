"""The mix over time: each segment's share by day, by week where the days are many."""

from __future__ import annotations

import math
from datetime import date, timedelta

from visitseg.report.charts import trends
from visitseg.report.charts.drawing import Figure
from visitseg.report.folder import Record, RunFolder, Segment
from visitseg.report.wording import dates, words

WEEKLY_FROM_DAYS = 121
"""So many days are drawn as weeks, to keep a line readable."""


def rows(run: RunFolder) -> list[Record]:
    """Give the mix by day, weekly beyond 120 days, with each segment's name and colour.

    Parameters
    ----------
    run : RunFolder
        The run.

    Returns
    -------
    list of dict
        The rows of ``segment_mix.parquet`` in the segments' order, then by day.
    """
    found = []
    dated = [row for row in run.mix if row["date_id"] is not None]
    weekly = len({row["date_id"] for row in dated}) >= WEEKLY_FROM_DAYS
    for segment in ordered(run):
        own = [row for row in dated if row["segment_id"] == segment.id]
        look = {"segment": segment.title, "colour": segment.colour, "dashed": segment.again}
        found += [row | look for row in (_weeks(own) if weekly else own)]
    return found


def ordered(run: RunFolder) -> list[Segment]:
    """Return the segments, the largest first; in preset baseline as the centres are."""
    return run.ranked if run.profiles else run.segments


def _weeks(days: list[Record]) -> list[Record]:
    """Average the days of each week; the interval narrows with the number of days."""
    weeks: dict[date, list[Record]] = {}
    for row in days:
        weeks.setdefault(row["date_id"] - timedelta(days=row["date_id"].weekday()), []).append(row)
    averaged = []
    for monday, rows in weeks.items():
        mean = {
            key: sum(row[key] for row in rows) / len(rows) for key in ("pct_low", "pct", "pct_high")
        }
        narrow = math.sqrt(len(rows))
        averaged.append(
            {
                "date_id": monday,
                "segment_id": rows[0]["segment_id"],
                "pct": mean["pct"],
                "pct_low": mean["pct"] - (mean["pct"] - mean["pct_low"]) / narrow,
                "pct_high": mean["pct"] + (mean["pct_high"] - mean["pct"]) / narrow,
            }
        )
    return averaged


def panels(run: RunFolder) -> list[Figure]:
    """Draw the mix for the page: a panel a segment, or one figure for a single day.

    Parameters
    ----------
    run : RunFolder
        The run.

    Returns
    -------
    list of Figure
        Empty where there are no dates.
    """
    daily = rows(run)
    days = sorted({row["date_id"] for row in daily})
    if not days:
        return []
    if len(days) == 1:
        return [_one_day(daily, days[0])]
    drawn = []
    for segment in ordered(run):
        own = [row for row in daily if row["segment_id"] == segment.id]
        if own:
            shares = [row["pct"] for row in own]
            first, last = own[0], own[-1]
            finding = (
                f"{segment.title}: {words.share(first['pct'])} of visits on "
                f"{dates.day(first['date_id'])}, {words.share(last['pct'])} on "
                f"{dates.day(last['date_id'])}; between {words.share(min(shares))} and "
                f"{words.share(max(shares))} over the period."
            )
            chart = trends.mix_panel(own, segment.colour, (290, 160), dashed=segment.again)
            drawn.append(
                Figure("", segment.title, "", finding, chart, segment.colour, segment.again)
            )
    return drawn


def caption(run: RunFolder) -> str:
    """Say how to read the mix.

    Parameters
    ----------
    run : RunFolder
        The run.

    Returns
    -------
    str
        One or two sentences; empty where there are no dates.
    """
    days = sorted({row["date_id"] for row in run.mix if row["date_id"] is not None})
    if not days:
        return ""
    if len(days) == 1:
        return f"All visits began on {dates.day(days[0])}: one day shows no change over time."
    weekly = len(days) >= WEEKLY_FROM_DAYS
    what = "Weekly mean of the share of visits" if weekly else "Share of the day's visits"
    scale = " Each panel has its own scale." if len(run.segments) > 1 else ""
    return f"{what}, with its 95 % interval.{scale}"


def _one_day(rows: list[Record], day: date) -> Figure:
    shares = "; ".join(
        f"{row['segment']} {words.share(row['pct'])} "
        f"({words.share(row['pct_low'])} to {words.share(row['pct_high'])})"
        for row in rows
    )
    return Figure(
        name="segment_mix",
        heading=f"Shares on {dates.day(day)}",
        caption="Point: share of the day's visits. Bar: its 95 % interval.",
        finding=f"Shares of visits on {dates.day(day)}, with 95 % intervals: {shares}.",
        chart=trends.one_day_mix(rows, (370, 50 + 30 * len(rows))),
    )
