"""The clustergram: how segments split from one K to the next."""

from __future__ import annotations

import math
from typing import Any

import altair as alt

from visitseg.report.charts.composed import Layered
from visitseg.report.charts.drawing import HALO, SAID, Rows, Size, inline, records
from visitseg.report.wording import features, words

_LETTER = 6.6  # px, an average letter of a label
_LINE = 15.0  # px, a line of text


def clustergram(nodes: Rows, links: Rows, feature: str, chosen: int | None, size: Size) -> Layered:
    """Draw how segments split from one K to the next (Schonlau 2002).

    Parameters
    ----------
    nodes, links : list of dict or pyarrow.Table
        From `visitseg.report.statements.candidates.nodes`.
    feature : str
        What the height is: a feature's median.
    chosen : int, optional
        The K whose names are written.
    size
        Width and height, px.

    Returns
    -------
    Layered
        Area is the share of visits, width of a line the share that moves on.
    """
    drawn = [node | {"area": max(40.0, 900 * node["share"])} for node in records(nodes)]
    ways = records(links)
    ks = sorted({node["k"] for node in drawn})
    values = [node["value"] for node in drawn]
    low, high = min(values), max(values)
    room = max(words.width(node["title"]) for node in drawn if node["k"] == ks[-1]) * _LETTER + 14
    step = (size[0] - 70 - room) / max(len(ks) - 1, 1)
    x_scale = alt.Scale(
        domain=[ks[0] - 0.35, ks[-1] + max(room / step, 0.35)], nice=False, zero=False
    )
    x_axis = alt.Axis(values=ks, format="d", title="Number of segments")
    x = alt.X("k:Q", scale=x_scale, axis=x_axis)
    y_scale = alt.Scale(type="log", domain=[low / 1.5, high * 1.5], nice=False)
    ticks = _log_ticks(low / 1.4, high * 1.4, time=features.kind(feature) == "time")
    shown = {tick: features.value(feature, tick) for tick in ticks}
    labels = "".join(f"datum.value == {tick} ? '{text}' : " for tick, text in shown.items())
    y = alt.Y(
        "value:Q", scale=y_scale,
        axis=alt.Axis(values=ticks, grid=True, title=None, labelExpr=f"{labels}''", minExtent=44),
    )  # fmt: skip
    shade = alt.Chart(inline([{"k": k - 0.2, "end": k + 0.2} for k in ks]), name="shade").mark_rect(
        fill="transparent"
    )
    shade = shade.encode(x=x, x2=alt.X2("end:Q"))
    way = alt.Chart(inline(ways)).mark_rule(strokeCap="round", opacity=0.4, aria=True)
    way = way.encode(
        **SAID,
        x=x, y=y, x2=alt.X2("k2:Q"), y2=alt.Y2("value2:Q"),
        color=alt.Color("colour:N", scale=None),
        strokeWidth=alt.StrokeWidth("width:Q", scale=None),
    ).transform_calculate(width="max(1, 34 * datum.share)")  # fmt: skip
    points = alt.Chart(inline(drawn)).encode(x=x, y=y)
    dots = points.mark_circle(opacity=1, stroke="var(--sheet)", strokeWidth=1.5, aria=True)
    dots = dots.encode(
        color=alt.Color("colour:N", scale=None), size=alt.Size("area:Q", scale=None), **SAID
    )
    last = alt.Chart(
        inline(_apart([n for n in drawn if n["k"] == ks[-1]], low, high, size[1]))
    ).encode(x=x, y=alt.Y("label:Q", scale=y_scale), text=alt.Text("title:N"))
    layers = [shade, way, dots, last.mark_text(align="left", dx=12)]
    here = [n for n in drawn if n["k"] == chosen and chosen != ks[-1]]
    if here:
        names = alt.Chart(inline(_apart(here, low, high, size[1], above=True)))
        names = names.encode(x=x, y=alt.Y("label:Q", scale=y_scale), text=alt.Text("title:N"))
        layers += [names.mark_text(fontWeight="bold", **HALO), names.mark_text(fontWeight="bold")]
    return Layered(layers, *size)


def _log_ticks(low: float, high: float, *, time: bool) -> list[float]:
    """At most four values of a logarithmic axis: 1, 3, 10, 30 and so on."""
    known = [m * 10.0**p for p in range(-1, 6) for m in (1, 3)]
    if time:
        known = [0.3, 1, 3, 10, 30, 60, 180, 600, 1800, 3600, 10800, 36000]
    every = [value for value in known if low <= value <= high]
    return every[:: max(1, math.ceil(len(every) / 4))] or [float(f"{math.sqrt(low * high):.1g}")]


def _apart(
    nodes: list[dict[str, Any]], low: float, high: float, height: float, *, above: bool = False
) -> list[dict[str, Any]]:
    """Push labels of neighbours apart by a line's height, in order, around where they belong.

    That is beside their dot, or above it.
    """
    per_px = (math.log(high * 1.5) - math.log(low / 1.5)) / height
    ranked = sorted(nodes, key=lambda node: node["value"])
    at = [math.log(node["value"]) / per_px for node in ranked]
    if above:
        at = [y + math.sqrt(n["area"] / math.pi) + 9 for y, n in zip(at, ranked, strict=True)]
    for _ in range(60):
        for i in range(len(at) - 1):
            lack = _LINE - (at[i + 1] - at[i])
            if lack > 0.01:
                at[i], at[i + 1] = at[i] - lack / 2, at[i + 1] + lack / 2
    return [
        node | {"label": math.exp(place * per_px)} for node, place in zip(ranked, at, strict=True)
    ]
