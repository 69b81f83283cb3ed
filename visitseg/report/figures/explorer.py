"""The explorer's figures: how segments split, lie, spread, and what parts them."""

from __future__ import annotations

from visitseg.report.charts import maps, shapes, splits
from visitseg.report.charts.drawing import Figure
from visitseg.report.figures import flows
from visitseg.report.folder import Record, RunFolder
from visitseg.report.statements import candidates, cards
from visitseg.report.wording import features, words

WIDE, NARROW = 560, 350
"""Widths of a drawing for half of a desktop's page, and for a phone's, px."""

_ALONE = 900  # px, a drawing with nothing beside it


def clustergram(run: RunFolder, width: int = WIDE) -> Figure | None:
    """Draw how the visits beyond the rules split from one K to the next.

    Parameters
    ----------
    run : RunFolder
        The run.
    width : int
        Px.

    Returns
    -------
    Figure or None
        None where there are no candidates.
    """
    rows = candidates.shown(run)
    if not rows:
        return None
    nodes, links, feature = candidates.nodes(rows)
    letters = 15 if width == NARROW else 34
    nodes = [node | {"title": words.brief(node["title"], letters)} for node in nodes]
    most = max(len(row["segments"]) for row in rows)
    chosen = run.report.get("k_final")
    parts = [
        f"at K = {row['k']}: "
        + ", ".join(f"{s['title']} {words.share(s['share'])}" for s in row["segments"])
        for row in rows
    ]
    return Figure(
        name="clustergram",
        heading="How the visits beyond the rules split" if run.rules else "How the visits split",
        caption="Line width is the share of visits that move on; height is the typical "
        + {"pageviews": "number of pages"}.get(feature, "time a page")
        + ".",
        finding=f"Clustergram. {words.capital('; '.join(parts))}.",
        chart=splits.clustergram(
            nodes, links, feature, chosen, (width, 340 + 18 * max(most - 5, 0))
        ),
    )


def landscape(run: RunFolder, width: int = WIDE) -> Figure | None:
    """Draw the map of the segments.

    Parameters
    ----------
    run : RunFolder
        The run.
    width : int
        Px.

    Returns
    -------
    Figure or None
        None for one segment, or where no distances are known.
    """
    told = run.explorer.get("landscape")
    if not told or len(run.segments) < 2:
        return None
    rows = [
        {
            "title": words.brief(s.title, 16 if width == NARROW else 24),
            "colour": s.colour,
            "hollow": s.again,
            "share": s.share,
        }
        for s in run.segments
    ]
    apart = told["distances"]
    more = max(len(rows) - 5, 0)
    beside = width == NARROW or not more
    size = (width, 320 + 50 * more) if beside else (_ALONE, 320 + 16 * more)
    pairs = maps.neighbours(apart)
    nearest = min(pairs, key=lambda pair: apart[pair[0]][pair[1]])
    said = ", ".join(
        f"{run.segments[i].title} to {run.segments[j].title} {apart[i][j]:.1f}" for i, j in pairs
    )
    first, second = (run.segments[i].title for i in nearest)
    return Figure(
        name="segment_map",
        heading="How far apart the segments are",
        caption="Circle area is the share of visits; the number on a line is the distance "
        "(1 = a factor of 2.7 in one behaviour). Lines join neighbours.",
        finding=f"Map of segments. Nearest: {first} and {second}. Distances: {said}.",
        chart=maps.landscape(rows, apart, size),
    )


def contributions(run: RunFolder) -> Record | None:
    """Say which behaviour tells the segments apart.

    Parameters
    ----------
    run : RunFolder
        The run.

    Returns
    -------
    dict or None
        ``heads`` (name, colour, again) and ``rows`` of a label and, per head, text and width.
    """
    told = run.explorer.get("landscape")
    if not told or len(run.segments) < 2:
        return None
    parts = told["contributions"]
    shown = [s for s in run.ranked if not s.few]
    heads = [("All", "var(--muted)", False), *((s.title, s.colour, s.again) for s in shown)]
    rows = []
    for i, axis in enumerate(told["axes"]):
        shares = [parts["all"][i], *(parts["segments"][s.id][i] for s in shown)]
        cells = [(words.share(share), f"{100 * share:.0f}") for share in shares]
        rows.append((features.axis(axis), cells))
    little = [
        features.axis(a).lower()
        for a, share in zip(told["axes"], parts["all"], strict=True)
        if round(share, 3) < 0.03
    ]
    note = ""
    if little and len(little) < len(told["axes"]):
        several = len(little) > 1
        note = (
            f"{words.capital(words.listed(little))} explain{'' if several else 's'} under "
            f"3{words.NBSP}% of the differences{' each' if several else ''}."
        )
    return {"heads": heads, "rows": rows, "note": note}


def spreads(run: RunFolder, width: int = 300) -> list[Figure]:
    """Draw how each feature is spread, by segment; features that few visits have are left out.

    Parameters
    ----------
    run : RunFolder
        The run.
    width : int
        Px.

    Returns
    -------
    list of Figure
        In the order of the cards' rows.
    """
    told = run.explorer.get("features") or {}
    usual = [n for n in told if not cards.rare(run, n) and run.typical(n).get("density")]
    order = [n for n in features.FIRST if n in usual] + [
        n for n in usual if n not in features.FIRST
    ]
    found = []
    for name in order:
        rows = [
            {
                "title": s.title,
                "colour": s.colour,
                "at": told[name]["at"],
                "density": None if s.few else run.typical(name, s).get("density"),
                "median": float(run.typical(name, s).get("median") or 0),
            }
            for s in run.ranked
        ]
        label = features.label(name)
        finding = shapes.spread_finding(label, name, rows, run.currency)
        chart = shapes.ridges(rows, name, width, run.currency)
        found.append(Figure(f"spread_{name}", label, "", finding, chart))
    return found


def done_at_all(run: RunFolder) -> list[Record]:
    """Say how many visits of each segment do what few visits do: baskets, checkouts, orders.

    Parameters
    ----------
    run : RunFolder
        The run.

    Returns
    -------
    list of dict
        ``label``, ``all`` and ``cells`` (segment, text, width, colour, again).
    """
    said_elsewhere = {"transaction_revenue", "unique_pages"}
    if run.of_rule("converted"):  # that buyers buy, and others do not, is a definition
        said_elsewhere.add("transactions")
    found = []
    for name in run.explorer.get("features") or {}:
        above = float(run.typical(name).get("above_zero", 0))
        if not cards.rare(run, name) or not above or name in said_elsewhere:
            continue
        shares = [float(run.typical(name, s).get("above_zero", 0)) for s in run.ranked]
        found.append(
            {
                "label": features.done(name),
                "all": words.share(above),
                "cells": [
                    (words.DASH if s.few else words.share(v), f"{0 if s.few else 100 * v:.0f}", s)
                    for s, v in zip(run.ranked, shares, strict=True)
                ],
            }
        )
    return found


def firmness(run: RunFolder, width: int = WIDE) -> Figure | None:
    """Draw how firmly each segment stands.

    Parameters
    ----------
    run : RunFolder
        The run.
    width : int
        Px.

    Returns
    -------
    Figure or None
        None where stability was not measured.
    """
    known = [s for s in run.ranked if s.profile.get("jaccard") is not None]
    if not known:
        return None
    rows: list[Record] = [
        {
            "title": words.brief(s.title, 24),
            "colour": s.colour,
            "again": float(s.profile["jaccard"]),
            "halves": s.profile.get("time_split"),
        }
        for s in known
    ]
    chosen = [r for r in run.diagnostics if r["k"] == run.report.get("k_final")]
    banded = any(s.profile.get("kind") == "band" for s in known)
    halves = chosen[0].get("time_split") if chosen and banded else None  # k-means made the bands
    said = ", ".join(f"{row['title']} {words.plain(float(row['again']))}" for row in rows)
    caption = "Filled: the data are drawn again. Segments by rule are the same by definition."
    if any(row["halves"] is not None for row in rows):
        caption += " Hollow: learned on one half of the days, checked on the other."
    elif halves is not None:
        caption += (
            " Learned on the first half of the days and checked on the second, the weakest band "
            f"overlaps by {words.plain(float(halves))}."
        )
    return Figure(
        name="stability",
        heading="How firmly each segment stands",
        caption=caption,
        finding=f"Overlap of each segment with itself when the data are drawn again: {said}.",
        chart=shapes.firmness(rows, (width, 70 + 34 * len(rows))),
    )


def flow(run: RunFolder) -> Figure | None:
    """Draw the ledger: every row, from the export to its segment.

    Parameters
    ----------
    run : RunFolder
        The run.

    Returns
    -------
    Figure or None
        None without a ledger.
    """
    if not run.ledger or not run.n_visits:
        return None
    nodes, links, size = flows.lay_out(run, (1120, 320))
    said = "; ".join(f"{node['title']} {node['text']}" for node in nodes)
    return Figure(
        name="ledger_flow",
        heading="From raw rows to segments" if run.segments else "From raw rows to visits",
        caption="Every row is accounted for, or nothing is published.",
        finding=f"Flow of the ledger: {said}.",
        chart=shapes.flow(nodes, links, size),
    )
