"""The card of a segment: how many, what they do, how to tell them, how firm it is."""

from __future__ import annotations

import math
from typing import Any

from visitseg.report.folder import Record, RunFolder, Segment
from visitseg.report.statements import evidence
from visitseg.report.wording import features, plain, words

RELIABLE = 25
"""Visits from which a share of them is worth telling."""

Z99 = 2.5758
"""Two-sided 99 % of the normal distribution."""

_MOST_ROWS, _MOST_DIMENSIONS = 8, 3
_TELLING_LIFT = 1.1
_LONGEST_VALUE = 90
_TIMES = "\u00d7"
_STEADY_POINTS = 0.15
_TREND_DAYS = 14


def cards(run: RunFolder) -> list[Record]:
    """Lay out a card a segment, the largest first.

    Parameters
    ----------
    run : RunFolder
        The run.

    Returns
    -------
    list of dict
        Empty where the run holds no profiles.
    """
    if not run.profiles:
        return []
    shown = _rows_of(run)
    scales = {name: _scale(run, name) for name in shown}
    return [_card(run, segment, scales) for segment in run.ranked]


def _card(run: RunFolder, segment: Segment, scales: dict[str, tuple[float, float]]) -> Record:
    profile, alone = segment.profile, len(run.segments) == 1
    own_rule = segment.rule if len(run.of_rule(segment.rule or "")) == 1 else None
    card = dict(profile.get("rule") or {})
    return {
        "id": segment.id,
        "title": segment.title,
        "colour": segment.colour,
        "again": segment.again,
        "badge": ("note", "Everyone") if alone else evidence.badge(segment),
        "because": words.capital(_because(segment)),
        "share": _exact(segment.share),
        "n": f"{words.visits(segment.n)} visits",
        "few": segment.n < 100,
        "trend": trend(run, segment),
        "rows": [_row(run, segment, name, at) for name, at in scales.items() if not segment.few],
        "money": [] if segment.few else _money(run, segment),
        "rules": _rules(run, segment, card, own_rule, alone=alone),
        "fine": "" if segment.kind == "rest" else _fine(segment, card, own_rule, _beyond(run)),
        "dimensions": telling(segment)[:_MOST_DIMENSIONS],
    }  # fmt: skip


def _rules(
    run: RunFolder, segment: Segment, card: Record, own_rule: str | None, *, alone: bool
) -> list[str]:
    if alone:
        return ["Every visit."]
    if (card.get("withheld") or segment.few) and not own_rule:
        return []
    said = plain.rules(list(card.get("alternatives") or []), own_rule, run.currency)
    if own_rule == "bounced" and run.typical("engaged"):
        return [plain.NOT_ENGAGED]
    return said


def _exact(share: float) -> str:
    if not 0.0005 <= share < 0.9995:
        return words.share(share)
    return f"{100 * share:.1f}{words.NBSP}%"


def _because(segment: Segment) -> str:
    if segment.rule == "bounced":
        return "one page, then gone"
    if segment.rule == "converted":
        return "place an order"
    return "" if segment.few else str(segment.profile.get("because") or "")


def _beyond(run: RunFolder) -> str:
    """Say which visits the rules of others speak of; nothing where no segment is made by a rule."""
    said = {"bounced": "that did not bounce", "converted": "that ordered nothing"}
    return " and ".join(text for rule, text in said.items() if len(run.of_rule(rule)) == 1)


def _fine(segment: Segment, card: Record, own_rule: str | None, rest: str) -> str:
    """Say how right the rule is, among the visits that meet no rule."""
    if own_rule:
        return "The rule makes the segment: it is right by definition."
    if segment.few:
        return "Under ten visits: no rule is told."
    if not card:
        return ""
    precision, recall = float(card["precision"]), float(card["recall"])
    if card.get("withheld"):
        return (
            f"No short rule tells this segment: the best one finds {words.share(recall)} of it. "
            "Use the labels."
        )
    told = f"right for {words.share(precision)} of those it names; finds {words.share(recall)} "
    others = f"Among visits {rest}: " if rest else ""
    return words.capital(f"{others}{told}of the segment.")


def _rows_of(run: RunFolder) -> list[str]:
    """Choose the features that cards show: the best known first, the user's own after them."""
    there = list(run.explorer.get("features") or {})
    first = [name for name in features.FIRST if name in there]
    own = [name for name in there if name not in features.KNOWN]
    return (first + own)[:_MOST_ROWS]


def _row(run: RunFolder, segment: Segment, name: str, scale: tuple[float, float]) -> Record:
    here, every = _typical(run, name, segment), _typical(run, name)
    return {
        "label": _row_label(run, name),
        "here": _show(run, name, here),
        "all": _show(run, name, every),
        "known": here is not None,
        "at": _place(here, scale),
        "tick": _place(every, scale),
    }


def rare(run: RunFolder, name: str) -> bool:
    """Tell whether a median says nothing: a yes or no, or what few visits do at all."""
    told = run.typical(name)
    above, known = float(told.get("above_zero", 0)), float(told.get("known_share", 1))
    flag = abs(float(told.get("mean") or 0) * known - above) < 1e-9 and above > 0  # only 0 and 1
    return flag or above < 0.5 * known


def _row_label(run: RunFolder, name: str) -> str:
    return features.done(name) if rare(run, name) else features.label(name)


def _typical(run: RunFolder, name: str, segment: Segment | None = None) -> float | None:
    told = run.typical(name, segment)
    value = told.get("above_zero" if rare(run, name) else "median")
    return None if value is None else float(value)


def _show(run: RunFolder, name: str, value: float | None) -> str:
    if value is None:
        return "not known"
    return words.share(value) if rare(run, name) else features.value(name, value, run.currency)


def _scale(run: RunFolder, name: str) -> tuple[float, float]:
    """Return the ends of the log scale that all cards share; a share of visits has 0 and 1."""
    if rare(run, name):
        return 0.0, 1.0
    known = [_typical(run, name), *(_typical(run, name, s) for s in run.segments if not s.few)]
    logs = [math.log1p(max(value, 0)) for value in known if value is not None]
    return (min(logs), max(logs)) if logs else (0.0, 1.0)


def _place(value: float | None, scale: tuple[float, float]) -> str:
    if value is None:
        return ""
    low, high = scale
    at = value if scale == (0.0, 1.0) else math.log1p(max(value, 0))
    return f"{100 * min(max((at - low) / ((high - low) or 1), 0), 1):.0f}"


def _money(run: RunFolder, segment: Segment) -> list[tuple[str, str]]:
    profile, said = segment.profile, []
    if profile.get("conversion") is not None:
        said.append((words.share(float(profile["conversion"])), "buy"))
    if profile.get("revenue_share") is not None:
        said.append((words.share(float(profile["revenue_share"])), "of revenue"))
    if baskets(run):
        share = baskets(run)[segment.id] / (sum(baskets(run).values()) or 1)
        said.append((words.share(share), "of filled baskets"))
    return said


def baskets(run: RunFolder) -> dict[str, float]:
    """Count the visits with something in the basket, by segment; empty where none is known."""
    found = {
        s.id: float(run.typical("add_to_carts", s).get("above_zero", 0)) * s.n for s in run.segments
    }
    return found if sum(found.values()) >= 1 else {}


def telling(segment: Segment) -> list[Record]:
    """List what is more common in a segment than elsewhere, the highest lift first.

    Parameters
    ----------
    segment : Segment
        With its profile.

    Returns
    -------
    list of dict
        ``dimension``, ``value``, ``lift``, ``here``, ``all``. At least 25 visits stand behind
        each, and the 99 % interval of its share lies above the share among all visits.
    """
    found: list[tuple[float, Record]] = []
    for dimension, rows in (segment.profile.get("dimensions") or {}).items():
        for row in rows:
            n, share, value = segment.n, float(row["share"]), str(row["value"])
            clear = wilson(share, n)[0] > float(row["share_of_all"])
            if share * n < RELIABLE or float(row["lift"]) < _TELLING_LIFT or not clear:
                continue
            told = {
                "dimension": words.sentence(dimension).lower(),
                "value": words.cut(value, _LONGEST_VALUE),
                "whole": value if words.width(value) > _LONGEST_VALUE else "",
                "lift": f"{float(row['lift']):.1f}{_TIMES}",
                "here": words.share(share),
                "all": words.share(float(row["share_of_all"])),
            }
            found.append((float(row["lift"]), told))
    return [told for _, told in sorted(found, key=lambda entry: -entry[0])]


def wilson(share: float, n: float, z: float = Z99) -> tuple[float, float]:
    """Return the interval of a share of `n` visits (Wilson 1927)."""
    if n <= 0:
        return 0.0, 1.0
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return middle - half, middle + half


def trend(run: RunFolder, segment: Segment) -> Record | None:
    """Draw a segment's share as a line of seven-day means, and say where it went.

    Parameters
    ----------
    run : RunFolder
        The run.
    segment : Segment
        One of its segments.

    Returns
    -------
    dict or None
        ``path``, ``x``, ``y``: an SVG path in 120 by 34 px and its end; ``text``. None under 14
        days.
    """
    days = [row for row in run.mix if row["date_id"] and row["segment_id"] == segment.id]
    if len(days) < _TREND_DAYS:
        return None
    shares = [float(row["pct"]) for row in days]
    week = [
        sum(part) / len(part)
        for i in range(len(shares))
        for part in [shares[max(0, i - 6) : i + 1]]
    ]
    week = week[6:]
    low, high = min(week), max(week)
    step: Any = 112 / (len(week) - 1)
    points = [
        (2 + i * step, 29 - 24 * (value - low) / ((high - low) or 1))
        for i, value in enumerate(week)
    ]
    moved = 100 * (week[-1] - week[0])
    text = (
        "steady"
        if abs(moved) < _STEADY_POINTS
        else f"{'up' if moved > 0 else 'down'} {abs(moved):.1f} points"
    )
    thinned = [*points[:: max(1, len(points) // 60)], points[-1]]
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in thinned)
    return {"path": path, "x": f"{points[-1][0]:.1f}", "y": f"{points[-1][1]:.1f}", "text": text}
