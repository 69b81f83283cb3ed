"""Charts of segments among each other: how they split, how far apart they lie."""

from __future__ import annotations

import math
from typing import Any, Literal

import altair as alt
import numpy as np

from visitseg.report import features, words
from visitseg.report.drawing import Rows, Size, inline, layered, records

_LETTER = 6.6  # px, an average letter of a label
_MOST_RADIUS = 34.0


def clustergram(
    nodes: Rows, links: Rows, feature: str, chosen: int | None, size: Size
) -> alt.LayerChart:
    """Draw how segments split from one K to the next (Schonlau 2002).

    Parameters
    ----------
    nodes, links : list of dict or pyarrow.Table
        From `visitseg.report.candidates.nodes`.
    feature : str
        What the height is: a feature's median.
    chosen : int, optional
        The K whose names are written.
    size
        Width and height, px.

    Returns
    -------
    altair.LayerChart
        Area is the share of visits, width of a line the share that moves on.
    """
    drawn, ways = records(nodes), records(links)
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
    shade = shade.encode(x=x, x2="end:Q")
    way = alt.Chart(inline(ways)).mark_rule(strokeCap="round", opacity=0.4)
    way = way.encode(
        x=x, y=y, x2="k2:Q", y2="value2:Q",
        color=alt.Color("colour:N", scale=None),
        strokeWidth=alt.StrokeWidth("width:Q", scale=None),
    ).transform_calculate(width="max(1, 34 * datum.share)")  # fmt: skip
    points = alt.Chart(inline(drawn)).encode(x=x, y=y)
    dots = points.mark_circle(opacity=1, stroke="var(--sheet)", strokeWidth=1.5).encode(
        color=alt.Color("colour:N", scale=None), size=alt.Size("area:Q", scale=None)
    ).transform_calculate(area="max(40, 900 * datum.share)")  # fmt: skip
    last = alt.Chart(
        inline(_apart([n for n in drawn if n["k"] == ks[-1]], low, high, size[1]))
    ).encode(x=x, y=alt.Y("label:Q", scale=y_scale), text="title:N")
    layers = [shade, way, dots, last.mark_text(align="left", dx=12)]
    here = [n for n in drawn if n["k"] == chosen and chosen != ks[-1]]
    if here:
        names = alt.Chart(inline(_apart(here, low, high, size[1])))
        names = names.encode(x=x, y=alt.Y("label:Q", scale=y_scale), text="title:N")
        halo = names.mark_text(dy=-18, fontWeight="bold", stroke="var(--sheet)", strokeWidth=4)
        layers += [halo, names.mark_text(dy=-18, fontWeight="bold")]
    return layered(layers, *size)


def _log_ticks(low: float, high: float, *, time: bool) -> list[float]:
    """At most four values of a logarithmic axis: 1, 3, 10, 30 and so on."""
    known = [m * 10.0**p for p in range(-1, 6) for m in (1, 3)]
    if time:
        known = [0.3, 1, 3, 10, 30, 60, 180, 600, 1800, 3600, 10800, 36000]
    every = [value for value in known if low <= value <= high]
    return every[:: max(1, math.ceil(len(every) / 4))] or [float(f"{math.sqrt(low * high):.1g}")]


def _apart(
    nodes: list[dict[str, Any]], low: float, high: float, height: float
) -> list[dict[str, Any]]:
    """Push labels of neighbours apart by a line's height, in order, around where they belong."""
    per_px = (math.log(high * 1.5) - math.log(low / 1.5)) / height
    ranked = sorted(nodes, key=lambda node: node["value"])
    at = [math.log(node["value"]) / per_px for node in ranked]
    for _ in range(60):
        for i in range(len(at) - 1):
            lack = 15 - (at[i + 1] - at[i])
            if lack > 0.01:
                at[i], at[i + 1] = at[i] - lack / 2, at[i + 1] + lack / 2
    return [
        node | {"label": math.exp(place * per_px)} for node, place in zip(ranked, at, strict=True)
    ]


def landscape(rows: Rows, distances: list[list[float]], size: Size) -> alt.LayerChart:
    """Draw segments as near as their centres are, by classical scaling (Torgerson 1952).

    Parameters
    ----------
    rows : list of dict or pyarrow.Table
        ``title``, ``colour``, ``hollow``, ``share``.
    distances : list of list of float
        Between the centres, in the rows' order.
    size
        Width and height, px.

    Returns
    -------
    altair.LayerChart
        Area is the share of visits; lines join each segment with the nearest ones.
    """
    nodes, width, height = records(rows), *size
    radii = [max(5.0, _MOST_RADIUS * math.sqrt(node["share"])) for node in nodes]
    places = _scaled(np.array(distances), radii, size)
    pairs = nearest_pairs(distances)
    spots = _spots(places, radii, pairs)
    boxes = _labels([node["title"] for node in nodes], places, radii, pairs, spots, size)
    for node, (px, py), radius, (lx, ly, align) in zip(nodes, places, radii, boxes, strict=True):
        node |= {"x": px, "y": py, "area": math.pi * radius**2, "lx": lx, "ly": ly, "align": align}
        node |= {"text": words.share(node["share"])}
    lines = [
        {
            "x": places[i][0], "y": places[i][1], "x2": places[j][0], "y2": places[j][1],
            "mx": x, "my": y, "text": f"{distances[i][j]:.1f}",
        }
        for (i, j), (x, y) in zip(pairs, spots, strict=True)
    ]  # fmt: skip
    x_scale = alt.Scale(domain=[0, width], nice=False)
    y_scale = alt.Scale(domain=[height, 0], nice=False, reverse=False)
    x, y = alt.X("x:Q", scale=x_scale, axis=None), alt.Y("y:Q", scale=y_scale, axis=None)
    layers = []
    if lines:
        way = alt.Chart(inline(lines))
        middle = way.encode(
            x=alt.X("mx:Q", scale=x_scale, axis=None), y=alt.Y("my:Q", scale=y_scale, axis=None),
            text="text:N",
        )  # fmt: skip
        layers += [
            way.mark_rule(color="var(--muted)", opacity=0.45).encode(
                x=x, y=y, x2="x2:Q", y2="y2:Q"
            ),
            middle.mark_text(stroke="var(--sheet)", strokeWidth=5),
            middle.mark_text(color="var(--muted)"),
        ]
    points = alt.Chart(inline(nodes))
    dots = points.encode(x=x, y=y, size=alt.Size("area:Q", scale=None))
    colour = {"stroke": alt.Stroke("colour:N", scale=None)}
    layers += [
        dots.transform_filter("!datum.hollow").mark_circle(opacity=1).encode(
            color=alt.Color("colour:N", scale=None)
        ),
        dots.transform_filter("datum.hollow").mark_point(
            filled=True, fill="var(--sheet)", strokeWidth=3, opacity=1
        ).encode(**colour),
    ]  # fmt: skip
    sides: tuple[Literal["left", "center", "right"], ...] = ("left", "center", "right")
    for align in sides:
        own = points.transform_filter(alt.datum.align == align).encode(
            x=alt.X("lx:Q", scale=x_scale, axis=None), y=alt.Y("ly:Q", scale=y_scale, axis=None)
        )
        name = own.encode(text="title:N")
        layers += [
            name.mark_text(align=align, fontWeight="bold", stroke="var(--sheet)", strokeWidth=4),
            name.mark_text(align=align, fontWeight="bold"),
            own.encode(text="text:N").mark_text(align=align, dy=14, color="var(--muted)"),
        ]
    return layered(layers, width, height)


def nearest_pairs(distances: list[list[float]]) -> list[tuple[int, int]]:
    """Return each segment's nearest neighbour; up to six segments, the two nearest."""
    n = len(distances)
    each = 2 if n <= 6 else 1
    found = set()
    for i in range(n):
        near = sorted((distances[i][j], j) for j in range(n) if j != i)[:each]
        found |= {(min(i, j), max(i, j)) for _, j in near}
    return sorted(found)


def _scaled(apart: Any, radii: list[float], size: Size) -> list[tuple[float, float]]:
    """Place points so that distances are kept as well as two dimensions can, one scale for both."""
    n = len(apart)
    middle = np.eye(n) - 1 / n
    values, vectors = np.linalg.eigh(-0.5 * middle @ apart**2 @ middle)
    axes = vectors[:, ::-1][:, :2] * np.sqrt(np.maximum(values[::-1][:2], 0))
    if axes.shape[1] < 2:
        axes = np.column_stack([axes, np.zeros(n)])
    axes *= np.where(axes[np.abs(axes).argmax(axis=0), range(2)] < 0, -1, 1)  # signs are arbitrary
    span = np.ptp(axes, axis=0)
    edge_x, edge_y = 76.0, max(radii) + 34
    scale = min(
        (size[0] - 2 * edge_x) / (span[0] or 1e-9), (size[1] - 2 * edge_y) / (span[1] or 1e-9)
    )
    scale = min(scale, 240.0)
    centred = (axes - (axes.max(axis=0) + axes.min(axis=0)) / 2) * scale
    return [(float(size[0] / 2 + x), float(size[1] / 2 - y)) for x, y in centred]


def _along(one: tuple[float, float], two: tuple[float, float], t: float) -> tuple[float, float]:
    return one[0] + t * (two[0] - one[0]), one[1] + t * (two[1] - one[1])


def _spots(
    places: list[tuple[float, float]], radii: list[float], pairs: list[tuple[int, int]]
) -> list[tuple[float, float]]:
    """Put each distance where its line is freest of circles and of other distances."""
    found: list[tuple[float, float]] = []
    for i, j in pairs:
        tried = [_along(places[i], places[j], t) for t in (0.5, 0.4, 0.6, 0.3, 0.7, 0.22, 0.78)]
        circles = [(*place, radius + 14) for place, radius in zip(places, radii, strict=True)]
        others = [*circles, *((x, y, 24.0) for x, y in found)]
        found.append(
            min(
                tried,
                key=lambda spot: sum(
                    max(0.0, room - math.hypot(spot[0] - x, spot[1] - y)) for x, y, room in others
                ),
            )
        )
    return found


def _labels(
    titles: list[str],
    places: list[tuple[float, float]],
    radii: list[float],
    pairs: list[tuple[int, int]],
    spots: list[tuple[float, float]],
    size: Size,
) -> list[tuple[float, float, str]]:
    """Put each name on the side of its circle where it covers least."""
    taken: list[tuple[float, float, float, float]] = [
        (x - r, y - r, x + r, y + r) for (x, y), r in zip(places, radii, strict=True)
    ]
    for i, j in pairs:  # a line, as a few small boxes along it
        for t in (0.15, 0.3, 0.45, 0.6, 0.75):
            x, y = _along(places[i], places[j], t)
            taken.append((x - 3, y - 3, x + 3, y + 3))
    taken += 3 * [(x - 14, y - 9, x + 14, y + 9) for x, y in spots]  # text on text is worst
    found = []
    for title, (x, y), r in zip(titles, places, radii, strict=True):
        width = words.width(title) * _LETTER * 1.08
        sides = [
            (x, y + r + 12, "center"), (x, y - r - 22, "center"),
            (x + r + 6, y - 3, "left"), (x - r - 6, y - 3, "right"),
        ]  # fmt: skip
        best = min(sides, key=lambda side: _covered(_box(side, width), taken, size))
        taken.append(_box(best, width))
        found.append(best)
    return found


def _box(side: tuple[float, float, str], width: float) -> tuple[float, float, float, float]:
    x, y, align = side
    left = {"left": x, "center": x - width / 2, "right": x - width}[align]
    return left, y - 8, left + width, y + 22


def _covered(
    box: tuple[float, float, float, float],
    taken: list[tuple[float, float, float, float]],
    size: Size,
) -> float:
    """Area that a box shares with others, and much more for what lies outside the drawing."""
    outside = (
        max(0, -box[0]) + max(0, box[2] - size[0]) + max(0, -box[1]) + max(0, box[3] - size[1])
    )
    shared = sum(
        max(0.0, min(box[2], other[2]) - max(box[0], other[0]))
        * max(0.0, min(box[3], other[3]) - max(box[1], other[1]))
        for other in taken
    )
    return shared + 1000 * outside
