"""The charts of indices by K, and of centres: records or an Arrow table in, an Altair chart out.

Every colour is a token of `theme`, as ``var(--accent)``; every text stands beside its mark.
"""

from __future__ import annotations

from collections.abc import Callable

import altair as alt

from visitseg.report.charts.composed import Layered
from visitseg.report.charts.drawing import (
    Rows,
    Size,
    inline,
    name_axis,
    records,
)
from visitseg.report.charts.measure import by_k
from visitseg.report.wording import words

PICTURE: Size = (560, 320)
"""Width and height of a picture in ``plots/``, in pixels."""


def elbow(rows: Rows, chosen: int | None = None, size: Size = PICTURE) -> Layered:
    """Draw inertia by K: lower is tighter, and it always falls.

    Parameters
    ----------
    rows : list of dict or pyarrow.Table
        ``k``, ``inertia_ssd``.
    chosen, size
        The K to mark; width and height, px.

    Returns
    -------
    Layered
        One line, with the value written at the chosen K.
    """
    return by_k(rows, "inertia_ssd", chosen, size, words.number, from_zero=True)


def silhouette(rows: Rows, chosen: int | None = None, size: Size = PICTURE) -> Layered:
    """Draw silhouette by K with its 95 % interval: higher is better.

    Parameters
    ----------
    rows : list of dict or pyarrow.Table
        ``k``, ``silhouette``; ``silhouette_low`` and ``silhouette_high`` where known.
    chosen, size
        As in `elbow`.

    Returns
    -------
    Layered
        One line over a band, with the value written at the chosen K.
    """
    return by_k(rows, "silhouette", chosen, size, "{:.2f}".format)


def davies_bouldin(rows: Rows, chosen: int | None = None, size: Size = PICTURE) -> Layered:
    """Draw Davies-Bouldin by K: lower is better.

    Parameters
    ----------
    rows : list of dict or pyarrow.Table
        ``k``, ``davies_bouldin``.
    chosen, size
        As in `elbow`.

    Returns
    -------
    Layered
        One line, with the value written at the chosen K.
    """
    return by_k(rows, "davies_bouldin", chosen, size, "{:.2f}".format)


def calinski_harabasz(rows: Rows, chosen: int | None = None, size: Size = PICTURE) -> Layered:
    """Draw Calinski-Harabasz by K: higher is better.

    Parameters
    ----------
    rows : list of dict or pyarrow.Table
        ``k``, ``calinski_harabasz``.
    chosen, size
        As in `elbow`.

    Returns
    -------
    Layered
        One line, with the value written at the chosen K.
    """
    return by_k(rows, "calinski_harabasz", chosen, size, words.number)


def stability(
    rows: Rows, field: str, chosen: int | None, size: Size, threshold: float | None
) -> Layered:
    """Draw a measure between 0 and 1 by K, with what was needed as a dashed line.

    Parameters
    ----------
    rows : list of dict or pyarrow.Table
        ``k`` and the field: ``prediction_strength``, ``jaccard`` or ``valley``.
    field : str
        Which.
    chosen, size
        As in `elbow`.
    threshold : float, optional
        What was needed.

    Returns
    -------
    Layered
        One line, with the value written at the chosen K.
    """
    return by_k(rows, field, chosen, size, words.plain, threshold=threshold)


def _of(field: str) -> Callable[..., Layered]:
    def draw(
        rows: Rows, chosen: int | None = None, size: Size = PICTURE, threshold: float | None = None
    ) -> Layered:
        return stability(rows, field, chosen, size, threshold)

    return draw


MEASURES: dict[str, Callable[..., Layered]] = {
    "elbow": elbow,
    "silhouette": silhouette,
    "davies_bouldin": davies_bouldin,
    "calinski_harabasz": calinski_harabasz,
    "prediction_strength": _of("prediction_strength"),
    "bootstrap_jaccard": _of("jaccard"),
    "density_valley": _of("valley"),
}
"""A chart for each measure of K, by the name of its picture."""


def centre_heat_map(cells: Rows) -> Layered:
    """Draw the centres: a cell a segment and feature, its value written, its colour the lift.

    Parameters
    ----------
    cells : list of dict or pyarrow.Table
        ``segment``, ``feature`` (its lines parted by ``|``), ``text`` and ``lift``: the logarithm
        to base 10 of the ratio to the overall mean, cut to ±1, None where there is none.

    Returns
    -------
    Layered
        Rows and columns in the order given.
    """
    drawn = [
        row | {"depth": 0.72 * abs(row["lift"] or 0.0), "above": (row["lift"] or 0.0) > 0}
        for row in records(cells)
    ]
    lines = max(cell["feature"].count("|") + 1 for cell in drawn)
    chart = alt.Chart(inline(drawn)).encode(
        x=alt.X(
            "feature:N",
            sort=None,
            scale=alt.Scale(paddingInner=0.03),
            axis=alt.Axis(
                orient="top", title=None, labelAngle=0, labelLimit=96,
                labelPadding=8 + 14 * (lines - 1),
                labelExpr="split(datum.label, '|')", labelBaseline="bottom", labelLineHeight=14,
            ),
        ),
        y=alt.Y("segment:N", sort=None, scale=alt.Scale(paddingInner=0.06), axis=name_axis(180)),
    )  # fmt: skip
    hue = alt.when(alt.datum.above).then(alt.value("var(--hi)")).otherwise(alt.value("var(--lo)"))
    tint = chart.mark_rect(cornerRadius=4).encode(
        fill=hue, fillOpacity=alt.FillOpacity("depth:Q", scale=None)
    )
    return Layered(
        [tint, chart.mark_text().encode(text=alt.Text("text:N"))], alt.Step(98), alt.Step(38)
    )
