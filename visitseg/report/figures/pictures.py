"""What a run's charts show and say: their data, their finding in one sentence, their drawing."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from visitseg.report.charts import indices, trends
from visitseg.report.charts.composed import Chart
from visitseg.report.charts.drawing import Figure, titled
from visitseg.report.figures import explorer, mix
from visitseg.report.folder import Record, RunFolder, Segment
from visitseg.report.wording import features, words


@dataclass(frozen=True)
class _Measure:
    """One column of ``k_diagnostics.parquet`` and how to read it."""

    name: str
    field: str
    heading: str
    caption: str
    best: str
    show: Callable[[float], str]
    threshold: str = ""


_MEASURES = [
    _Measure("elbow", "inertia_ssd", "Inertia", "Lower is tighter; always falls", "", words.number),
    _Measure("silhouette", "silhouette", "Silhouette", "Higher is better", "max", "{:.2f}".format),
    _Measure(
        "davies_bouldin", "davies_bouldin", "Davies-Bouldin", "Lower is better", "min",
        "{:.2f}".format,
    ),
    _Measure(
        "calinski_harabasz", "calinski_harabasz", "Calinski-Harabasz", "Higher is better", "max",
        words.number,
    ),
    _Measure(
        "prediction_strength", "prediction_strength", "Does a second sample agree?",
        "Prediction strength of k-means; higher is better", "max", words.plain,
        "prediction_strength",
    ),
    _Measure(
        "bootstrap_jaccard", "jaccard", "Do redrawn data agree?",
        "Jaccard of k-means' weakest group; higher is better", "max", words.plain,
        "jaccard",
    ),
    _Measure(
        "density_valley", "valley", "Is there a gap between segments?",
        "Density in the shallowest valley; 1 = no dip", "min", words.plain, "valley",
    ),
]  # fmt: skip
_OURS = 4


def measures(run: RunFolder, *, picture: bool = False) -> Iterator[Figure]:
    """Draw the measures of K that the run holds.

    Parameters
    ----------
    run : RunFolder
        The run.
    picture : bool
        At the size of a picture of its own instead of a column of the page.

    Yields
    ------
    Figure
        One a measure.
    """
    chosen = run.report.get("k_final")
    thresholds = run.explorer.get("thresholds") or {}
    for place, measure in enumerate(_MEASURES):
        known = [row for row in run.diagnostics if row.get(measure.field) is not None]
        if place >= _OURS:  # one segment beyond the rules passes every test by definition
            known = [row for row in known if (row.get("k_rest") or 2) > 1]
        if known:
            draw = indices.MEASURES[measure.name]
            limit = thresholds.get(measure.threshold)
            column = (370, 190) if run.profiles else (280, 180)
            size = indices.PICTURE if picture else column
            yield Figure(
                name=measure.name,
                heading=measure.heading,
                caption=measure.caption,
                finding=_finding(measure, known, chosen),
                chart=draw(known, chosen, size)
                if limit is None
                else draw(known, chosen, size, limit),
            )


def _finding(measure: _Measure, rows: list[Record], chosen: int | None) -> str:
    """Say what a measure shows, in numbers."""
    field, show = measure.field, measure.show
    said: list[str] = []
    if own := next((row for row in rows if row["k"] == chosen), None):
        low, high = own.get(f"{field}_low") or 0.0, own.get(f"{field}_high") or 0.0
        interval = f" (95 % interval {show(low)} to {show(high)})" if low < high else ""
        said.append(f"is {show(own[field])}{interval} at the chosen K = {chosen}")
    if measure.best:
        best = (max if measure.best == "max" else min)(rows, key=lambda row: row[field])
        word = "highest" if measure.best == "max" else "lowest"
        said.append(f"is {word} at K = {best['k']} with {show(best[field])}")
    else:
        first, last = rows[0], rows[-1]
        said.append(
            f"goes from {show(first[field])} at K = {first['k']}"
            f" to {show(last[field])} at K = {last['k']}"
        )
    return f"{measure.heading} {', and '.join(said)}."


def lift(run: RunFolder, segment: Segment, feature: str) -> float | None:
    """Compare a centre with the mean of all visits.

    Parameters
    ----------
    run : RunFolder
        The run.
    segment : Segment
        One of its segments.
    feature : str
        One of its features.

    Returns
    -------
    float or None
        Logarithm to base 10 of their ratio, cut to ±1; None where there is none.
    """
    centre, mean = segment.centre[feature], run.overall[feature]
    if segment.few or centre is None or mean is None or mean < 1e-9:
        return None
    return -1.0 if centre < 1e-9 else max(-1.0, min(1.0, math.log10(centre / mean)))


def centre_text(run: RunFolder, segment: Segment, feature: str) -> str:
    """Write a centre in its unit; a dash where too few visits stand behind it.

    Parameters
    ----------
    run : RunFolder
        The run.
    segment : Segment
        One of its segments.
    feature : str
        One of its features.

    Returns
    -------
    str
        ``"6.3 min"``.
    """
    if segment.few:
        return words.DASH
    return features.value(feature, segment.centre[feature], run.currency)


def pictures(run: RunFolder) -> Iterator[Figure]:
    """Draw the pictures of ``plots/``.

    Parameters
    ----------
    run : RunFolder
        The run.

    Yields
    ------
    Figure
        Those for which the run holds data.
    """
    yield from map(_standing_alone, measures(run, picture=True))
    drawn = [
        explorer.clustergram(run, 820), explorer.landscape(run, 680), explorer.firmness(run, 620),
        *explorer.spreads(run, 460), explorer.flow(run),
    ]  # fmt: skip
    yield from (_standing_alone(figure) for figure in drawn if figure)
    if rows := mix.rows(run):
        findings = " ".join(panel.finding for panel in mix.panels(run))
        chart = trends.segment_mix(rows)
        yield _standing_alone(
            Figure("segment_mix", "Mix over time", mix.caption(run), findings, chart)
        )
    if run.segments and run.features:
        caption = "Mean of a visit. Orange above, blue below the mean of all visits."
        yield _standing_alone(
            Figure("centre_heat_map", "Centres", caption, _heat_finding(run), _heat_map(run))
        )


def _standing_alone(figure: Figure) -> Figure:
    return replace(figure, chart=titled(figure.chart, figure.heading, figure.caption))


def _heat_map(run: RunFolder) -> Chart:
    cells: list[dict[str, Any]] = []
    heads = [textwrap.wrap(features.label(name).replace("|", "/"), 13) for name in run.features]
    lines = max(len(head) for head in heads)
    for feature, words_of_it in zip(run.features, heads, strict=True):
        head = "|".join([""] * (lines - len(words_of_it)) + words_of_it)  # all end at the cells
        column = [
            (s.name, centre_text(run, s, feature), lift(run, s, feature)) for s in run.segments
        ]
        column.append(
            ("All visits", features.value(feature, run.overall[feature], run.currency), None)
        )
        cells += [
            {"segment": name, "feature": head, "text": text, "lift": depth}
            for name, text, depth in column
        ]
    return indices.centre_heat_map(cells)


def _heat_finding(run: RunFolder) -> str:
    """Name the centre that stands farthest above the mean of all visits."""
    found = [
        (depth, segment, feature)
        for segment in run.segments
        for feature in run.features
        if (depth := lift(run, segment, feature)) is not None
    ]
    if not found:
        return "The centre of each segment in each feature."
    _, segment, feature = max(found, key=lambda entry: entry[0])
    return (
        f"Centres against the mean of all visits. Farthest above it: {segment.name} in "
        f"{features.label(feature).lower()}, {centre_text(run, segment, feature)} against "
        f"{features.value(feature, run.overall[feature], run.currency)}."
    )
