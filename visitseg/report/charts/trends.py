"""Charts of the mix: a panel a segment by day, or the shares of a single day."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import altair as alt

from visitseg.report.charts.composed import Layered, Panels
from visitseg.report.charts.drawing import (
    SAID,
    Rows,
    Size,
    inline,
    name_axis,
    records,
    three_ticks,
    utc_ms,
)
from visitseg.report.charts.indices import PICTURE
from visitseg.report.wording import dates, words

LINE_FROM_DAYS = 14
"""Fewer days are points with their intervals: a line would claim a course."""

_YEAR_MS = 300 * 86_400_000  # from about a year on, a label needs the year
_PERCENT = "format(datum.value * 100, '.3~g') + '\\u00a0%'"


def mix_panel(rows: Rows, colour: str, size: Size, *, dashed: bool = False) -> Layered:
    """Draw one segment's share by day, with its 95 % interval and the last value.

    Parameters
    ----------
    rows : list of dict or pyarrow.Table
        ``date_id``, ``pct``, ``pct_low``, ``pct_high`` (shares, 0 to 1), by day.
    colour, size
        Of the segment; width and height, px.
    dashed : bool
        For a colour that is used a second time.

    Returns
    -------
    Layered
        A line over a band; under 14 days, points with their intervals.
    """
    days = [
        {key: row[key] for key in ("pct", "pct_low", "pct_high")}
        | {"at": utc_ms(row["date_id"]), "text": words.share(row["pct"])}
        | {"said": f"{dates.day(row['date_id'])}: {_with_interval(row)}"}
        for row in records(rows)
    ]
    for i, day in enumerate(days):  # a strip a day: from half way to the one before
        day["from"] = (days[max(i - 1, 0)]["at"] + day["at"]) / 2
        day["to"] = (days[min(i + 1, len(days) - 1)]["at"] + day["at"]) / 2
    first, last = days[0]["at"], days[-1]["at"]
    low, high = min(r["pct_low"] for r in days), max(r["pct_high"] for r in days)
    ticks, domain = three_ticks(low, high)
    form = "%-d %b" if last - first < _YEAR_MS else "%b %Y"
    x_scale = alt.Scale(type="utc", domain=[first, last + (last - first) * 0.2], nice=False)
    axis = alt.Axis(
        values=sorted({first, days[len(days) // 2]["at"], last}),
        labelExpr=f"utcFormat(datum.value, '{form}')",
        labelOverlap=True,
        title=None,
    )
    x = alt.X("at:T", scale=x_scale, axis=axis)
    y = alt.Y(
        "pct:Q",
        scale=alt.Scale(domain=domain, zero=False, nice=False),
        axis=alt.Axis(values=ticks, grid=True, labelExpr=_PERCENT, title=None, minExtent=40),
    )
    chart = alt.Chart(inline(days)).encode(x=x, y=y)
    ends = {"y": alt.Y("pct_low:Q", title=None), "y2": alt.Y2("pct_high:Q")}
    if len(days) < LINE_FROM_DAYS:
        drawn = [
            chart.mark_rule(color=colour, opacity=0.45, strokeWidth=2).encode(**ends),
            chart.mark_point(color=colour, filled=not dashed, opacity=1, size=36),
        ]
    else:
        line: dict[str, Any] = {"strokeDash": [4, 2]} if dashed else {}
        drawn = [
            chart.mark_area(color=colour, opacity=0.16).encode(**ends),
            chart.mark_line(color=colour, strokeWidth=1.75, **line),
            chart.transform_filter(alt.datum.at == last).mark_point(
                color=colour, filled=True, opacity=1, size=40
            ),
        ]
    value = chart.transform_filter(alt.datum.at == last).mark_text(align="left", dx=8)
    strips = chart.mark_rect(fill="transparent", aria=True).encode(
        x=alt.X("from:T", scale=x_scale, axis=axis), x2=alt.X2("to:T"),
        y=alt.value(0), y2=alt.value("height"), **SAID,
    )  # fmt: skip
    return Layered([*drawn, value.encode(text=alt.Text("text:N")), strips], *size)


def one_day_mix(rows: Rows, size: Size = PICTURE) -> Layered:
    """Draw the shares of a single day as points with their 95 % intervals.

    Parameters
    ----------
    rows : list of dict or pyarrow.Table
        ``segment``, ``colour``, ``pct``, ``pct_low``, ``pct_high``; one row a segment.
    size
        Width and height, px.

    Returns
    -------
    Layered
        One row a segment, in the order given.
    """
    fields = ("segment", "colour", "pct", "pct_low", "pct_high")
    shares = [
        {key: row[key] for key in fields}
        | {"text": words.share(row["pct"]), "said": f"{row['segment']}: {_with_interval(row)}"}
        for row in records(rows)
    ]
    ticks, domain = three_ticks(0.0, max(row["pct_high"] for row in shares), from_zero=True)
    x = alt.X(
        "pct:Q",
        scale=alt.Scale(domain=[domain[0], domain[1] * 1.12], nice=False),
        axis=alt.Axis(values=ticks, grid=True, labelExpr=_PERCENT, title=None),
    )
    y = alt.Y("segment:N", sort=None, axis=name_axis(110))
    colour = alt.Color("colour:N", scale=None)
    chart = alt.Chart(inline(shares)).encode(x=x, y=y)
    ends = {"x": alt.X("pct_low:Q", title=None), "x2": alt.X2("pct_high:Q")}
    return Layered(
        [
            chart.mark_rule(strokeWidth=3, opacity=0.4).encode(color=colour, **ends),
            chart.mark_point(filled=True, size=60, opacity=1, aria=True).encode(
                color=colour, **SAID
            ),
            chart.mark_text(align="left", dx=10).encode(
                x=alt.X("pct_high:Q", title=None), text=alt.Text("text:N")
            ),
        ],
        *size,
    )


def _with_interval(row: dict[str, Any]) -> str:
    low, high = words.share(row["pct_low"]), words.share(row["pct_high"])
    return f"{words.share(row['pct'])} ({low} to {high})"


def segment_mix(rows: Rows, columns: int = 3) -> Panels | Layered:
    """Draw the mix over time, one panel a segment, each with its own scale.

    Parameters
    ----------
    rows : list of dict or pyarrow.Table
        ``date_id``, ``segment_id``, ``segment``, ``colour``, ``dashed``, ``pct``, ``pct_low``,
        ``pct_high``.
    columns : int
        Panels side by side.

    Returns
    -------
    Panels or Layered
        Panels of `mix_panel`; for a single day, `one_day_mix`.
    """
    shares = records(rows)
    if len({row["date_id"] for row in shares}) == 1:
        return one_day_mix(shares, (PICTURE[0], 60 + 34 * len(shares)))
    panels = []
    for segment_id in dict.fromkeys(row["segment_id"] for row in shares):
        own = [row for row in shares if row["segment_id"] == segment_id]
        panel = mix_panel(own, own[0]["colour"], (250, 140), dashed=own[0]["dashed"])
        panels.append(replace(panel, title=own[0]["segment"]))
    return Panels(panels, columns, spacing=28)
