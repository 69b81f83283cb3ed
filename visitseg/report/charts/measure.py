"""One measure of K as a line, with the chosen K marked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import altair as alt

from visitseg.report.charts.composed import Layered
from visitseg.report.charts.drawing import (
    SAID,
    Rows,
    Size,
    decimals,
    inline,
    records,
    three_ticks,
)
from visitseg.report.wording import words


def by_k(
    rows: Rows,
    field: str,
    chosen: int | None,
    size: Size,
    show: Callable[[float], str],
    *,
    from_zero: bool = False,
    threshold: float | None = None,
) -> Layered:
    """Draw one measure of K: a shade at the chosen K, the interval if known, a line, a value.

    Parameters
    ----------
    rows : list of dict or pyarrow.Table
        ``k``, the field and, where known, ``{field}_low`` and ``{field}_high``.
    field : str
        The measure.
    chosen : int, optional
        The K to mark.
    size : tuple of int
        Width and height, px.
    show : callable
        Writes the value at the chosen K.
    from_zero : bool
        Whether the axis begins at zero.
    threshold : float, optional
        A dashed line: what the measure must reach, or stay under.

    Returns
    -------
    Layered
        One line.
    """
    points = [
        {
            "k": row["k"],
            "value": row[field],
            "low": row.get(f"{field}_low"),
            "high": row.get(f"{field}_high"),
            "said": f"K = {row['k']}: {show(row[field])}",
        }
        for row in records(rows)
        if row[field] is not None
    ]
    interval = any(p["low"] is not None and p["low"] != p["high"] for p in points)
    known = [p[key] for p in points for key in ("value", "low", "high") if p[key] is not None]
    if threshold is not None:
        known.append(threshold)
    ticks, domain = three_ticks(min(known), max(known), from_zero=from_zero)
    form = f",.{max(decimals(tick) for tick in ticks)}f"
    ks = [point["k"] for point in points]
    x_scale = alt.Scale(domain=[min(ks) - 0.6, max(ks) + 0.6], nice=False, zero=False)
    x = alt.X("k:Q", title="K", scale=x_scale, axis=alt.Axis(values=ks, format="d"))
    y_scale = alt.Scale(domain=domain, nice=False, zero=False)
    y = alt.Y(
        "value:Q", title=None, scale=y_scale, axis=alt.Axis(values=ticks, grid=True, format=form)
    )
    chart = alt.Chart(inline(points)).encode(x=x, y=y)
    layers = [
        chart.mark_line(color="var(--accent)", strokeWidth=1.75),
        chart.mark_point(color="var(--accent)", filled=True, opacity=1, size=28, aria=True).encode(
            **SAID
        ),
    ]
    if interval:
        low = alt.Y("low:Q", title=None)
        band = chart.mark_area(color="var(--accent)", opacity=0.18).encode(
            y=low, y2=alt.Y2("high:Q")
        )
        layers.insert(0, band)
    if threshold is not None:
        limit = alt.Chart(inline([{"value": threshold, "k": max(ks) + 0.55}]))
        limit = limit.encode(y=y)
        layers += [
            limit.mark_rule(color="var(--muted)", strokeDash=[4, 3]),
            limit.mark_text(align="right", dy=-7, color="var(--muted)").encode(
                x=x, text=alt.value(f"limit {words.plain(threshold)}")
            ),
        ]
    if chosen in ks:
        at = ks.index(chosen)
        mark = {
            "k": chosen,
            "from": ks[at] - 0.35,
            "to": ks[at] + 0.35,
            "value": points[at]["value"],
            "text": show(points[at]["value"]),
        }
        marked = alt.Chart(inline([mark]))
        shade = marked.mark_rect(fill="var(--band)")
        text = marked.mark_text(fontWeight="bold", fontSize=13, **free_side(points, at))
        layers.insert(0, shade.encode(x=alt.X("from:Q", title="K"), x2=alt.X2("to:Q")))
        layers.append(text.encode(x=x, y=y, text=alt.Text("text:N")))
    return Layered(layers, *size)


def free_side(points: list[dict[str, Any]], at: int) -> dict[str, Any]:
    """Place a text on the side of a point that its line leaves free."""
    here = points[at]["value"]
    left = points[at - 1]["value"] if at else here
    right = points[at + 1]["value"] if at + 1 < len(points) else here
    if left < here and right < here:
        return {"dy": -14}
    if left > here and right > here:
        return {"dy": 16}
    return {
        "align": "left" if right <= here else "right",
        "dx": 8 if right <= here else -8,
        "dy": -11,
    }
