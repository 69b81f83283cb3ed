"""The map of segments: as near as their centres are."""

from __future__ import annotations

import math
from typing import Any, Literal

import altair as alt
import numpy as np

from visitseg.report.charts import placing
from visitseg.report.charts.composed import Layered
from visitseg.report.charts.drawing import HALO, SAID, Rows, Size, inline, records
from visitseg.report.wording import words

_MOST_RADIUS = 34.0
_CROWD = 8  # more circles on a phone bear their names alone; the share is a tooltip


def landscape(rows: Rows, distances: list[list[float]], size: Size) -> Layered:
    """Draw segments as near as their centres are, by classical scaling (Torgerson 1952).

    Parameters
    ----------
    rows : list of dict or pyarrow.Table
        ``title``, ``colour``, ``hollow``, ``share``.
    distances : list of list of float
        Between the centres, in the rows' order.
    size
        Width and greatest height, px.

    Returns
    -------
    Layered
        Area is the share of visits; lines join neighbours; a distance without room is
        left out.
    """
    nodes = records(rows)
    radii = [max(5.0, _MOST_RADIUS * math.sqrt(node["share"])) for node in nodes]
    places, size = _scaled(np.array(distances), radii, size)
    width, height = size
    pairs = neighbours(distances)
    spots = placing.distances(places, radii, pairs)
    crowded = len(nodes) > _CROWD and width < height
    high = 16.0 if crowded else 30.0
    titles = [node["title"] for node in nodes]
    names = placing.names(titles, places, radii, pairs, spots, size, high)
    for node, (px, py), radius, (lx, ly, align) in zip(nodes, places, radii, names, strict=True):
        node |= {"x": px, "y": py, "area": math.pi * radius**2, "lx": lx, "ly": ly, "align": align}
        share = words.share(node["share"])
        node |= {"text": "" if crowded else share, "said": f"{node['title']}: {share} of visits"}
    lines = [
        {
            "x": places[i][0], "y": places[i][1], "x2": places[j][0], "y2": places[j][1],
            "mx": x, "my": y, "text": f"{distances[i][j]:.1f}", "free": free,
            "said": f"{nodes[i]['title']} to {nodes[j]['title']}: {distances[i][j]:.1f}",
        }
        for (i, j), (x, y), free in zip(pairs, spots, placing.free(spots, nodes, high), strict=True)
    ]  # fmt: skip
    x_scale = alt.Scale(domain=[0, width], nice=False)
    y_scale = alt.Scale(domain=[height, 0], nice=False, reverse=False)
    x, y = alt.X("x:Q", scale=x_scale, axis=None), alt.Y("y:Q", scale=y_scale, axis=None)
    layers = []
    if lines:
        way = alt.Chart(inline(lines))
        middle = way.transform_filter("datum.free").encode(
            x=alt.X("mx:Q", scale=x_scale, axis=None), y=alt.Y("my:Q", scale=y_scale, axis=None),
            text=alt.Text("text:N"),
        )  # fmt: skip
        layers += [
            way.mark_rule(color="var(--muted)", opacity=0.45, aria=True).encode(
                x=x, y=y, x2=alt.X2("x2:Q"), y2=alt.Y2("y2:Q"), **SAID
            ),
            middle.mark_text(**HALO | {"strokeWidth": 7}),
            middle.mark_text(color="var(--muted)"),
        ]
    points = alt.Chart(inline(nodes))
    dots = points.encode(x=x, y=y, size=alt.Size("area:Q", scale=None))
    colour = {"stroke": alt.Stroke("colour:N", scale=None)}
    layers += [
        dots.transform_filter("!datum.hollow").mark_circle(opacity=1, aria=True).encode(
            color=alt.Color("colour:N", scale=None), **SAID
        ),
        dots.transform_filter("datum.hollow").mark_point(
            filled=True, fill="var(--sheet)", strokeWidth=3, opacity=1, aria=True
        ).encode(**colour, **SAID),
    ]  # fmt: skip
    sides: tuple[Literal["left", "center", "right"], ...] = ("left", "center", "right")
    for align in sides:
        own = points.transform_filter(alt.datum.align == align).encode(
            x=alt.X("lx:Q", scale=x_scale, axis=None), y=alt.Y("ly:Q", scale=y_scale, axis=None)
        )
        name = own.encode(text=alt.Text("title:N"))
        layers += [
            name.mark_text(align=align, fontWeight="bold", **HALO),
            own.encode(text=alt.Text("text:N")).mark_text(align=align, dy=14, **HALO),
            name.mark_text(align=align, fontWeight="bold"),
            own.encode(text=alt.Text("text:N")).mark_text(align=align, dy=14, color="var(--muted)"),
        ]
    return Layered(layers, width, height)


def neighbours(distances: list[list[float]]) -> list[tuple[int, int]]:
    """Return the pairs that no third segment lies between (Toussaint 1980).

    It lies between two where it is nearer to both than they are to each other. These lines join
    all segments, and each with its nearest.

    Parameters
    ----------
    distances : list of list of float
        Between the segments.

    Returns
    -------
    list of (int, int)
        In order.
    """
    n = len(distances)
    return [
        (i, j)
        for i in range(n)
        for j in range(i + 1, n)
        if all(max(distances[i][k], distances[j][k]) >= distances[i][j] for k in range(n))
    ]


def _scaled(apart: Any, radii: list[float], size: Size) -> tuple[list[tuple[float, float]], Size]:
    """Place points so that distances are kept as well as two dimensions can, one scale for both.

    The drawing is as high as that needs.
    """
    n = len(apart)
    middle = np.eye(n) - 1 / n
    values, vectors = np.linalg.eigh(-0.5 * middle @ apart**2 @ middle)
    axes = vectors[:, ::-1][:, :2] * np.sqrt(np.maximum(values[::-1][:2], 0))
    if axes.shape[1] < 2:
        axes = np.column_stack([axes, np.zeros(n)])
    if size[1] > size[0]:
        axes = axes[:, ::-1]  # the longer way upright
    axes *= np.where(axes[np.abs(axes).argmax(axis=0), range(2)] < 0, -1, 1)  # signs are arbitrary
    span = np.ptp(axes, axis=0)
    edge_x, edge_y = 76.0 if size[0] > size[1] else 52.0, max(radii) + 34
    scale = min(
        (size[0] - 2 * edge_x) / (span[0] or 1e-9), (size[1] - 2 * edge_y) / (span[1] or 1e-9)
    )
    scale = min(scale, 240.0)
    centred = (axes - (axes.max(axis=0) + axes.min(axis=0)) / 2) * scale
    height = min(size[1], math.ceil(span[1] * scale + 2 * edge_y))
    places = [(float(size[0] / 2 + x), float(height / 2 - y)) for x, y in centred]
    return places, (size[0], height)
