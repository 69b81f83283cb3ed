"""Charts of one feature or one segment: hills of a feature, firmness, the flow of the ledger."""

from __future__ import annotations

import math
from typing import Any

import altair as alt

from visitseg.report.charts.composed import Layered
from visitseg.report.charts.drawing import HALO, SAID, Rows, Size, inline, records
from visitseg.report.wording import features, words

_HILL = 34
_STEP = 44
_ZONES = (
    ("unstable", 0.5, 0.6),
    ("doubtful", 0.6, 0.75),
    ("stable", 0.75, 0.85),
    ("very stable", 0.85, 1.06),
)


def ridges(rows: Rows, feature: str, width: int, currency: str | None = None) -> Layered:
    """Draw how a feature is spread in each segment: a hill each, drawn to one height.

    Parameters
    ----------
    rows : list of dict or pyarrow.Table
        ``title``, ``colour``, ``at`` (values), ``density`` (highest 1; None where nothing is
        known), ``median``.
    feature : str
        The feature, for its units.
    width : int
        Px.
    currency : str, optional
        For features in money.

    Returns
    -------
    Layered
        The axis is logarithmic: log(1 + value).
    """
    segments = records(rows)
    at = next(row["at"] for row in segments)
    low, high = math.log1p(at[0]), math.log1p(at[-1])
    height = _STEP * len(segments) + 4
    points, medians, absent = [], [], []
    for i, row in enumerate(segments):
        base = (i + 1) * _STEP
        told = features.value(feature, row["median"], currency)
        look = {"colour": row["colour"], "segment": i, "said": f"{row['title']}: median {told}"}
        if not row["density"]:
            absent.append({"x": low, "y": base - 8, "text": "not known"})
            continue
        points += [
            look | {"x": math.log1p(value), "y": base - _HILL * dense, "base": base}
            for value, dense in zip(row["at"], row["density"], strict=True)
        ]
        middle = math.log1p(max(row["median"], 0))
        right = middle > low + 0.68 * (high - low)
        medians.append({"x": middle, "y": base, "top": base - _HILL, "text": told, "right": right})
    ticks = _ticks(feature, math.expm1(low), math.expm1(high))
    shown = "".join(
        f"abs(datum.value - {math.log1p(tick):.6f}) < 1e-4 ? '{_tick(feature, tick, currency)}' : "
        for tick in ticks
    )
    x = alt.X(
        "x:Q", scale=alt.Scale(domain=[low, high], nice=False, zero=False),
        axis=alt.Axis(
            values=[round(math.log1p(tick), 6) for tick in ticks], grid=True, title=None,
            labelExpr=f"{shown}''", labelOverlap=True, labelFlush=True,
        ),
    )  # fmt: skip
    y_scale = alt.Scale(domain=[height, 0], nice=False, zero=False)
    y = alt.Y("y:Q", scale=y_scale, axis=None)
    layers = [
        alt.Chart(inline(points))
        .mark_area(opacity=0.85, interpolate="monotone", aria=True)
        .encode(
            x=x,
            y=y,
            y2=alt.Y2("base:Q"),
            detail=alt.Detail("segment:N"),
            color=alt.Color("colour:N", scale=None),
        )
        .encode(**SAID)
    ]
    median = alt.Chart(inline(medians)).encode(x=x)
    layers.append(
        median.mark_rule(color="var(--ink)", strokeWidth=1.5).encode(y=y, y2=alt.Y2("top:Q"))
    )
    for right, align, dx in ((False, "left", 5), (True, "right", -5)):
        own = median.transform_filter(alt.datum.right == right).encode(y=y, text=alt.Text("text:N"))
        at_foot: dict[str, Any] = {"align": align, "dx": dx, "dy": -8, "fontWeight": "bold"}
        layers += [
            own.mark_text(**HALO, **at_foot),
            own.mark_text(**at_foot),
        ]
    if absent:
        gone = alt.Chart(inline(absent)).encode(x=x, y=y, text=alt.Text("text:N"))
        layers.append(gone.mark_text(align="left", color="var(--muted)", dx=4))
    return Layered(layers, width, height)


def _tick(feature: str, value: float, currency: str | None) -> str:
    if features.kind(feature) != "time":
        return features.value(feature, value, currency)
    size, unit = (1, "s") if value < 60 else (60, "min") if value < 3600 else (3600, "h")
    return f"{value / size:.0f}{words.NBSP}{unit}"


def _ticks(feature: str, low: float, high: float) -> list[float]:
    """Values people know, up to five: seconds and minutes for times, 1, 3, 10 … elsewhere."""
    known: list[float]
    if features.kind(feature) == "time":
        known = [1, 10, 60, 600, 3600, 36000]
    elif high <= 3:
        known = [0, 0.25, 0.5, 1, 2, 3]
    else:
        known = [0, 1, 3, 10, 30, 100, 300, 1000, 3000, 10000, 100000]
    inside = [float(tick) for tick in known if low <= tick <= high]
    return inside[-5:] if len(inside) > 5 else inside


def firmness(rows: Rows, size: Size) -> Layered:
    """Draw how much of each segment is the same when the data are drawn again.

    Parameters
    ----------
    rows : list of dict or pyarrow.Table
        ``title``, ``colour``, ``again`` (Jaccard), ``halves`` (between halves of the days; None
        where unknown).
    size
        Width and height, px.

    Returns
    -------
    Layered
        Filled dots: drawn again. Hollow ones: the other half of the days.
    """
    segments = records(rows)
    x_scale = alt.Scale(domain=[0.5, 1.06], nice=False, clamp=True)
    x_axis = alt.Axis(
        values=[0.6, 0.75, 0.85, 1.0], format=".2f", title="Overlap with itself (1 = identical)"
    )
    x, x_zone = (alt.X(f"{name}:Q", scale=x_scale, axis=x_axis) for name in ("again", "from"))
    y = alt.Y(
        "title:N", sort=None, scale=alt.Scale(paddingInner=0.2, paddingOuter=0.9),
        axis=alt.Axis(title=None, labelLimit=170, labelPadding=12, labelColor="var(--ink)"),
    )  # fmt: skip
    zones = [
        {"zone": name, "from": low, "to": high, "depth": 0.25 * i}
        for i, (name, low, high) in enumerate(_ZONES)
    ]
    zone = alt.Chart(inline(zones)).encode(x=x_zone)
    back = zone.mark_rect(fill="var(--band)").encode(
        x2=alt.X2("to:Q"), opacity=alt.Opacity("depth:Q", scale=None)
    )
    names = zone.mark_text(align="left", dx=4, color="var(--muted)").encode(
        y=alt.value(8), text=alt.Text("zone:N")
    )
    redrawn = [
        row | {"said": f"{row['title']}: {words.plain(row['again'])} when drawn again"}
        for row in segments
    ]
    points = alt.Chart(inline(redrawn)).encode(
        x=x, y=y, color=alt.Color("colour:N", scale=None), **SAID
    )
    layers = [back, names, points.mark_circle(size=110, opacity=1, aria=True)]
    known = [
        row
        | {
            "again": row["halves"],
            "said": f"{row['title']}: {words.plain(row['halves'])} in the other half of the days",
        }
        for row in segments
        if row.get("halves") is not None
    ]
    if known:
        other = alt.Chart(inline(known)).encode(
            x=x, y=y, stroke=alt.Stroke("colour:N", scale=None), **SAID
        )
        hollow = other.mark_point(size=80, strokeWidth=2, fill="var(--sheet)", opacity=1, aria=True)
        layers.insert(2, hollow)
    return Layered(layers, *size)


def flow(nodes: Rows, links: Rows, size: Size) -> Layered:
    """Draw what became of the rows: from the export to visits, rules and segments.

    Parameters
    ----------
    nodes : list of dict or pyarrow.Table
        ``x``, ``y``, ``y2``, ``colour``, ``title``, ``text``.
    links : list of dict or pyarrow.Table
        ``x``, ``x2``, ``top``, ``bottom``, ``top2``, ``bottom2``, ``colour``.
    size
        Width and height, px; the nodes' places are in px too.

    Returns
    -------
    Layered
        Heights are shares of what the column counts.
    """
    width, height = size
    x_scale = alt.Scale(domain=[0, width], nice=False)
    y_scale = alt.Scale(domain=[height, 0], nice=False, zero=False)
    x, y = alt.X("x:Q", scale=x_scale, axis=None), alt.Y("y:Q", scale=y_scale, axis=None)
    curve: list[dict[str, Any]] = []
    for number, link in enumerate(records(links)):
        for i in range(17):
            t = i / 16
            eased = t * t * (3 - 2 * t)
            curve.append(
                {
                    "link": number,
                    "colour": link["colour"],
                    "x": link["x"] + t * (link["x2"] - link["x"]),
                    "y": link["top"] + eased * (link["top2"] - link["top"]),
                    "y2": link["bottom"] + eased * (link["bottom2"] - link["bottom"]),
                }
            )
    stream = alt.Chart(inline(curve)).mark_area(opacity=0.28)
    stream = stream.encode(
        x=x,
        y=y,
        y2=alt.Y2("y2:Q"),
        detail=alt.Detail("link:N"),
        color=alt.Color("colour:N", scale=None),
    )
    boxes = alt.Chart(
        inline(
            [n | {"x2": n["x"] + 12, "said": f"{n['title']}, {n['text']}"} for n in records(nodes)]
        )
    )
    box = boxes.mark_rect(cornerRadius=2, aria=True).encode(
        x=x,
        y=y,
        x2=alt.X2("x2:Q"),
        y2=alt.Y2("y2:Q"),
        color=alt.Color("colour:N", scale=None),
        **SAID,
    )
    labels = boxes.transform_calculate(
        middle="max((datum.y + datum.y2) / 2, datum.y + 2)"
    ).encode(
        x=alt.X("x2:Q", scale=x_scale, axis=None), y=alt.Y("middle:Q", scale=y_scale, axis=None)
    )  # fmt: skip
    head = labels.mark_text(align="left", dx=8, dy=-7, fontWeight="bold", fontSize=13)
    foot = labels.mark_text(align="left", dx=8, dy=10, color="var(--muted)", fontSize=13)
    return Layered(
        [stream, box, head.encode(text=alt.Text("title:N")), foot.encode(text=alt.Text("text:N"))],
        width,
        height,
    )


def spread_finding(label: str, feature: str, rows: Rows, currency: str | None = None) -> str:
    """Say the medians that `ridges` draws."""
    said = [
        f"{row['title']} "
        + (features.value(feature, row["median"], currency) if row["density"] else "not known")
        for row in records(rows)
    ]
    return f"{label} by segment, medians: {', '.join(said)}{words.NBSP}."
