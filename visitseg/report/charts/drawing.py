"""What all charts share: how they are typeset, how an axis is cut, how a drawing is written."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from html import escape
from typing import Any, TypeAlias

import altair as alt
import pyarrow as pa
import vl_convert

from visitseg.report.charts import theme
from visitseg.report.charts.composed import Chart

Rows: TypeAlias = Sequence[dict[str, Any]] | pa.Table
Size: TypeAlias = tuple[int, int]


@dataclass(frozen=True)
class Figure:
    """A chart with its words."""

    name: str
    heading: str
    caption: str
    finding: str
    chart: Chart
    colour: str = ""
    again: bool = False


_CONFIG = {
    "aria": False,  # the page says the finding in words, and hides the marks from readers
    "background": "var(--sheet)",
    "font": theme.CHART_FONT,
    "view": {"stroke": None},
    "title": {"color": "var(--ink)", "fontSize": 13, "anchor": "start", "limit": 260, "offset": 8},
    "axis": {
        "domain": False,
        "ticks": False,
        "grid": False,
        "gridColor": "var(--grid)",
        "labelColor": "var(--muted)",
        "labelFontSize": 12,
        "labelPadding": 6,
        "titleColor": "var(--muted)",
        "titleFontSize": 12,
        "titleFontWeight": "normal",
    },
    "text": {"color": "var(--ink)", "fontSize": 12},
}

HALO: dict[str, Any] = {"stroke": "var(--sheet)", "strokeWidth": 4, "strokeJoin": "round"}
"""Of a text that lies on other marks."""

SAID: dict[str, Any] = {
    "description": alt.Description("said:N"),
    "tooltip": alt.Tooltip("said:N"),
}
"""Channels of a mark that says its number: a tooltip, in SVG a title; the mark needs ``aria``."""

_MARK = re.compile(
    r'<(\w+) aria-label="([^"]*)" role="graphics-symbol" aria-roledescription="[^"]*"([^>]*)/>'
)
_NEEDLESS = re.compile(
    r' (?:opacity="1"|aria-hidden="true"|role="[^"]*"|aria-roledescription="[^"]*"'
    r'|pointer-events="none"|class="mark-group[^"]*")'
    r'|<path class="(?:back|fore)ground"(?![^>]*(?:fill|stroke)=)[^>]*/>'
)
_PLACED = re.compile(r'( (?:d|transform|[xy][12]?|width|height)=")([^"]*)')
_DECIMALS = re.compile(r"(-?\d+\.\d)\d+")
_IN_STYLE = f' font-family="{theme.CHART_FONT}"', ' font-size="12px"'


def to_svg(chart: Chart, title: str = "", *, tokens: bool = False) -> str:
    """Draw a chart as SVG text; the same chart gives the same text.

    Parameters
    ----------
    chart : Layered or Panels
        From a function of this room.
    title : str
        A sentence with the finding, kept in the drawing for readers that cannot see it.
    tokens : bool
        Keep the colours as ``var(--token)``, for a page that defines them.

    Returns
    -------
    str
        A whole SVG document.
    """
    specification = chart.specification() | {"padding": 4 if tokens else 14}
    if isinstance(specification.get("width"), int | float):
        specification["autosize"] = {"type": "fit", "contains": "padding"}
    svg = str(vl_convert.vegalite_to_svg(specification, config=_CONFIG, allowed_base_urls=[]))
    svg = _MARK.sub(r"<\1\3><title>\2</title></\1>", svg)
    svg = _PLACED.sub(lambda found: found[1] + _DECIMALS.sub(_tenths, found[2]), svg)
    svg = _NEEDLESS.sub("", svg)
    if tokens:  # the page's style sheet says it once
        for said in _IN_STYLE:
            svg = svg.replace(said, "")
    if title:
        head, _, rest = svg.partition(">")
        svg = f"{head}><title>{escape(title)}</title>{rest}"
    return svg if tokens else theme.in_light(svg)


def _tenths(number: re.Match[str]) -> str:
    """Round to a tenth of a pixel; what rounds to nothing has no sign."""
    return f"{round(float(number[0]), 1) + 0.0:g}"


def to_png(svg: str) -> bytes:
    """Turn an SVG of `to_svg` into a PNG at twice its size.

    Parameters
    ----------
    svg : str
        With plain colours, not tokens.

    Returns
    -------
    bytes
        The PNG file.
    """
    return bytes(vl_convert.svg_to_png(svg, scale=2))


def titled(chart: Chart, heading: str, caption: str) -> Chart:
    """Write heading and caption above a picture that will stand alone."""
    title = alt.TitleParams(
        heading, subtitle=caption, subtitleColor="var(--muted)", subtitleFontSize=12,
        fontSize=16, subtitlePadding=4, offset=16, limit=900, frame="bounds",
    )  # fmt: skip
    return replace(chart, title=title)


def three_ticks(
    low: float, high: float, *, from_zero: bool = False
) -> tuple[list[float], list[float]]:
    """At most three round values on an axis, and the axis' ends, with air around the data."""
    low = min(low, 0.0) if from_zero else low
    air = 0.2 * ((high - low) or abs(high) or 1.0)
    start, end = (low if low == 0 else low - air), high + air
    rough = (end - start) / 3
    power = 10.0 ** math.floor(math.log10(rough))
    for step in (power * times for times in (1.0, 2.0, 2.5, 5.0, 10.0, 20.0)):
        first, last = math.ceil(start / step - 1e-9), math.floor(end / step + 1e-9)
        if last - first < 3:
            break
    return [float(f"{n * step:.10g}") for n in range(first, last + 1)], [start, end]


def decimals(tick: float) -> int:
    """Count the decimals that a tick needs."""
    return len(f"{tick:.6f}".rstrip("0").partition(".")[2])


def inline(rows: Sequence[dict[str, Any]]) -> alt.InlineData:
    """Put rows into a chart, as JSON: Altair copies a chart often, and a text costs nothing."""
    return alt.InlineData(values=json.dumps(list(rows)), format=alt.JsonDataFormat(type="json"))


def records(rows: Rows) -> list[dict[str, Any]]:
    """Rows as a list of records, whichever form they came in."""
    return list(rows.to_pylist()) if isinstance(rows, pa.Table) else list(rows)


def name_axis(limit: int) -> alt.Axis:
    """Write names beside marks, cut at a width in px."""
    return alt.Axis(title=None, labelLimit=limit, labelPadding=12, labelColor="var(--ink)")


def utc_ms(day: date) -> int:
    """Milliseconds since 1970 at the day's beginning, UTC: a date no time zone can move."""
    return (day.toordinal() - 719_163) * 86_400_000
