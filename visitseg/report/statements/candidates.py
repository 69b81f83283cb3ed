"""The K candidates: their segments, their colours, and how one K splits into the next."""

from __future__ import annotations

import math

from visitseg.report.charts import theme
from visitseg.report.folder import Record, RunFolder
from visitseg.report.statements import cards, evidence
from visitseg.report.wording import features, words

SHOWN_BEYOND = 3
"""So many K beyond the chosen one, the strict and the stable ones are shown."""

_LEAST_FLOW = 0.005
_COLUMNS = ("pageviews", "time_on_site_sec", "time_on_site_sec_per_pageview", "add_to_carts")


def shown(run: RunFolder) -> list[Record]:
    """Return the candidates to flip through, with the colour and name of each segment.

    Parameters
    ----------
    run : RunFolder
        The run.

    Returns
    -------
    list of dict
        As in ``explorer.json``; each segment has ``colour``, ``again`` and ``title``. Those far
        beyond every K that matters are left out. Empty unless there are two at least.
    """
    every = list(run.explorer.get("candidates") or [])
    final = run.report.get("k_final") or 0
    decision = run.report.get("decision") or {}
    last = max(final, int(decision.get("k_distinct") or 0)) + SHOWN_BEYOND
    kept = [row for row in every if row["k"] <= last]
    if len(kept) < 2:
        return []
    return _coloured(run, kept, next((i for i, row in enumerate(kept) if row["k"] == final), 0))


def _coloured(run: RunFolder, rows: list[Record], chosen: int) -> list[Record]:
    """Colour the chosen K by its ids; a part keeps the colour of what it shares most with."""
    own = {s.id: s for s in run.segments}
    colours: dict[int, list[tuple[str, bool] | None]] = {}
    first: list[tuple[str, bool] | None] = []
    for segment in rows[chosen]["segments"]:
        known = own.get(segment["segment_id"])
        first.append((known.colour, known.again) if known else theme.coloured(len(first)))
    colours[chosen] = first
    used = list(first)
    for i in [*range(chosen + 1, len(rows)), *range(chosen - 1, -1, -1)]:
        later = i > chosen
        known_row, links = (i - 1, rows[i]["links"]) if later else (i + 1, rows[i + 1]["links"])
        mine: list[tuple[str, bool] | None] = [None] * len(rows[i]["segments"])
        for before, after, _ in sorted(links, key=lambda link: -link[2]):
            here, there = (after, before) if later else (before, after)
            colour = colours[known_row][there]
            if mine[here] is None and colour not in mine:
                mine[here] = colour
        for j, colour in enumerate(mine):
            if colour is None:
                mine[j] = _fresh(used, mine)
                used.append(mine[j])
        colours[i] = mine
    return [
        row
        | {
            "segments": [
                segment | _look(run, segment, colour)
                for segment, colour in zip(row["segments"], colours[i], strict=True)
            ]
        }
        for i, row in enumerate(rows)
    ]


def _fresh(
    used: list[tuple[str, bool] | None], beside: list[tuple[str, bool] | None]
) -> tuple[str, bool]:
    """Return a colour that no segment of any K has; else one that no segment beside it has."""
    every = [theme.coloured(place) for place in range(theme.DISTINCT)]
    free = [colour for colour in every if colour not in used]
    free += [colour for colour in every if colour not in beside]
    return (free or every)[0]


def _look(run: RunFolder, segment: Record, colour: tuple[str, bool] | None) -> Record:
    own = next((s for s in run.segments if s.id == segment["segment_id"]), None)
    tint, again = colour or ("var(--c2)", False)
    name = own.name if own else str(segment["name"])
    return {"title": words.capital(name), "colour": tint, "again": again}


def panels(run: RunFolder, rows: list[Record]) -> list[Record]:
    """Lay out a table for each K: rule segments first and last, the others by size.

    Parameters
    ----------
    run : RunFolder
        The run.
    rows : list of dict
        From `shown`.

    Returns
    -------
    list of dict
        ``k``, ``chosen``, ``badge`` (class, text), ``verdict``, ``measures``, ``rows``.
    """
    heads = columns(run)
    found = []
    for row in rows:
        kind, said, text = evidence.verdict(run, row)
        chosen = row["k"] == run.report.get("k_final")
        again = evidence.evidence_of(run, row["k"]).get("jaccard")
        if run.report.get("grade") == "distinct":
            again = None
        body = [_ruled(run, heads, "bounced")]
        for segment in sorted(row["segments"], key=lambda s: -s["share"]):
            own = next((s for s in run.segments if s.id == segment["segment_id"]), None)
            steady = own.profile.get("jaccard") if own else again
            body.append(
                [
                    {
                        "title": segment["title"],
                        "colour": segment["colour"],
                        "again": segment["again"],
                        "share": words.share(segment["share"]),
                        "cells": [_cell(run, name, segment) for name in heads],
                        "redrawn": words.DASH
                        if row["k_rest"] == 1 or steady is None
                        else words.plain(float(steady)),
                    }
                ]
            )
        body.append(_ruled(run, heads, "converted"))
        found.append(
            {
                "k": row["k"],
                "chosen": chosen,
                "badge": (kind, said),
                "verdict": text,
                "measures": _measures(run, row["k"]),
                "rows": [line for lines in body for line in lines],
            }
        )
    return found


def columns(run: RunFolder) -> list[str]:
    """Return the features that the tables of `panels` show."""
    there = run.explorer.get("features") or {}
    return [name for name in _COLUMNS if name in there]


def heading(run: RunFolder, name: str) -> str:
    """Name a column of the tables."""
    return features.done(name) if cards.rare(run, name) else features.label(name)


def _ruled(run: RunFolder, heads: list[str], rule: str) -> list[Record]:
    return [
        {
            "title": segment.title,
            "colour": segment.colour,
            "again": segment.again,
            "share": words.share(segment.share),
            "cells": [
                words.DASH if segment.few else _text(run, name, run.typical(name, segment))
                for name in heads
            ],
            "redrawn": "rule",
        }
        for segment in run.of_rule(rule)
    ]


def _cell(run: RunFolder, name: str, segment: Record) -> str:
    if float(segment["share"]) * run.n_visits < words.FEW:
        return words.DASH
    told = {"median": segment["medians"].get(name), "above_zero": segment["above_zero"].get(name)}
    return _text(run, name, told)


def _text(run: RunFolder, name: str, told: Record) -> str:
    value = told.get("above_zero" if cards.rare(run, name) else "median")
    if value is None:
        return words.DASH
    if cards.rare(run, name):
        return words.share(float(value))
    return features.value(name, float(value), run.currency)


def _measures(run: RunFolder, k: int) -> str:
    row = evidence.evidence_of(run, k)
    if run.report.get("grade") == "distinct":  # the rest was measured on k-means, not on these
        valley = row.get("valley")
        deep = (
            f"The shallowest gap: {words.share(float(valley))} of the lower peak. "
            if valley
            else ""
        )
        if row.get("shoulder"):
            deep += f"A shoulder of {float(row['shoulder']):.1f} standard errors. "
        return f"{deep}Random samples that answer this K: {int(row.get('votes') or 0)}."
    said = [
        f"{name} {words.plain(float(row[field]))}"
        for name, field in (
            ("silhouette", "silhouette"),
            ("second sample", "prediction_strength"),
            ("redrawn", "jaccard"),
            ("valley", "valley"),
        )
        if row.get(field) is not None
    ]
    return words.capital(" · ".join(said)) if int(row.get("k_rest") or 0) > 1 else ""


def nodes(rows: list[Record]) -> tuple[list[Record], list[Record], str]:
    """Place the candidates' segments for a clustergram.

    Parameters
    ----------
    rows : list of dict
        From `shown`.

    Returns
    -------
    nodes : list of dict
        ``k``, ``value`` (height), ``share``, ``title``, ``colour``.
    links : list of dict
        ``k``, ``value``, ``k2``, ``value2``, ``share``, ``colour``.
    feature : str
        What the height is.
    """
    for feature in ("time_on_site_sec_per_pageview", "pageviews"):
        heights = [[s["medians"].get(feature) for s in row["segments"]] for row in rows]
        if all(value is not None for row in heights for value in row):
            break
    found, flows = [], []
    for i, row in enumerate(rows):
        for j, segment in enumerate(row["segments"]):
            value = max(float(heights[i][j] or 0), math.exp(-1))
            node = {key: segment[key] for key in ("share", "title", "colour")}
            said = (
                f"{node['title']}: {words.share(node['share'])}, {features.value(feature, value)}"
            )
            node |= {"said": f"K = {row['k']}. {said}"}
            found.append(node | {"k": row["k"], "value": value, "place": (i, j)})
    at = {node["place"]: node for node in found}
    for i, row in enumerate(rows):
        for before, after, share in row["links"] if i else []:
            if share >= _LEAST_FLOW:
                one, two = at[i - 1, int(before)], at[i, int(after)]
                flows.append(
                    {
                        "said": f"{one['title']} to {two['title']}: {words.share(share)} of visits",
                        "k": one["k"], "value": one["value"], "k2": two["k"],
                        "value2": two["value"], "share": share, "colour": two["colour"],
                    }
                )  # fmt: skip
    return found, flows, feature
