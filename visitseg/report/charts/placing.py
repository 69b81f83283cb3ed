"""Where the texts of the map stand, so that none covers another."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

from visitseg.report.charts.drawing import Size
from visitseg.report.wording import words

Point: TypeAlias = tuple[float, float]
Label: TypeAlias = tuple[float, float, str]
Box: TypeAlias = tuple[float, float, float, float]

LETTER = 6.6
"""Px, an average letter of a label."""

_ROUNDS = 5
_FARTHER = 8.0  # px² that a place may save before a later one is taken
_A_TOUCH = 12.0  # px², as much as may be shared and still be read


def _along(one: Point, two: Point, t: float) -> Point:
    return one[0] + t * (two[0] - one[0]), one[1] + t * (two[1] - one[1])


def distances(places: list[Point], radii: list[float], pairs: list[tuple[int, int]]) -> list[Point]:
    """Put each distance where its line is freest of circles and of other distances.

    Parameters
    ----------
    places, radii
        Of the circles, px.
    pairs : list of (int, int)
        Circles that a line joins.

    Returns
    -------
    list of (float, float)
        The middle of each text, px.
    """
    found: list[Point] = []
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


def names(
    titles: list[str],
    places: list[Point],
    radii: list[float],
    pairs: list[tuple[int, int]],
    spots: list[Point],
    size: Size,
    high: float,
) -> list[Label]:
    """Put each name where it covers least: beside, above or below its circle, or a line farther.

    Parameters
    ----------
    titles : list of str
        The names.
    places, radii, pairs, spots
        Circles, lines and the distances on them.
    size
        Of the drawing, px.
    high : float
        Of a name, with what stands below it, px.

    Returns
    -------
    list of (float, float, str)
        Place and alignment of each.
    """
    fixed: list[Box] = 2 * [
        (x - r - 2, y - r - 2, x + r + 2, y + r + 2)
        for (x, y), r in zip(places, radii, strict=True)
    ]
    for i, j in pairs:  # a line, as small boxes along it
        for t in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9):
            x, y = _along(places[i], places[j], t)
            fixed.append((x - 3, y - 3, x + 3, y + 3))
    fixed += [_around(spot) for spot in spots]
    wide = [words.width(title) * LETTER * 1.08 for title in titles]
    near = [sorted(math.dist(one, other) for other in places)[1:3] for one in places]
    found: dict[int, Label] = {}
    for _ in range(_ROUNDS):  # the most crowded choose first; then each again, knowing the others
        for i in sorted(range(len(places)), key=lambda i: near[i]):
            others = [_box(found[n], wide[n], high) for n in found if n != i]
            taken = fixed + 3 * others  # text on text is worst
            sides = _sides(places[i], radii[i], high)
            weighed = [
                _covered(_box(side, wide[i], high), taken, size) + _FARTHER * n
                for n, side in enumerate(sides)
            ]
            found[i] = sides[weighed.index(min(weighed))]
    return [found[i] for i in range(len(places))]


def _sides(place: Point, r: float, high: float) -> list[Label]:
    """Return where the name of a circle may stand, the best first."""
    x, y = place
    sides: list[Label] = [
        (x, y + r + 12, "center"), (x, y - r + 8 - high, "center"),
        (x + r + 6, y - 3, "left"), (x - r - 6, y - 3, "right"),
    ]  # fmt: skip
    for away in (4, 14, 28):
        sides += [
            (x + side * (r + 3), level, align)
            for side, align in ((1, "left"), (-1, "right"))
            for level in (y - r - away + 16 - high, y + r + away - 7)
        ]
    return sides


def free(spots: list[Point], nodes: list[dict[str, Any]], high: float) -> list[bool]:
    """Tell which distances no name, circle or other distance covers.

    Parameters
    ----------
    spots : list of (float, float)
        From `distances`.
    nodes : list of dict
        ``title``, ``lx``, ``ly``, ``align`` of the names; ``x``, ``y``, ``area`` of the circles.
    high : float
        As in `names`.

    Returns
    -------
    list of bool
        In the order of the spots.
    """
    taken = [
        _box((n["lx"], n["ly"], n["align"]), words.width(n["title"]) * LETTER, high) for n in nodes
    ]
    for node in nodes:
        r = math.sqrt(node["area"] / math.pi)
        taken.append((node["x"] - r, node["y"] - r, node["x"] + r, node["y"] + r))
    told = []
    for spot in spots:
        told.append(_shared(_around(spot), taken) <= _A_TOUCH)
        if told[-1]:
            taken.append(_around(spot))
    return told


def _around(spot: Point) -> Box:
    return spot[0] - 13, spot[1] - 8, spot[0] + 13, spot[1] + 8


def _box(side: Label, width: float, high: float) -> Box:
    x, y, align = side
    left = {"left": x, "center": x - width / 2, "right": x - width}[align]
    return left, y - 8, left + width, y - 8 + high


def _covered(box: Box, taken: list[Box], size: Size) -> float:
    """Area that a box shares with others, and much more for what lies outside the drawing."""
    outside = (
        max(0, -box[0]) + max(0, box[2] - size[0]) + max(0, -box[1]) + max(0, box[3] - size[1])
    )
    return _shared(box, taken) + 1000 * outside


def _shared(box: Box, taken: list[Box]) -> float:
    """Area that a box shares with others."""
    return sum(
        max(0.0, min(box[2], other[2]) - max(box[0], other[0]))
        * max(0.0, min(box[3], other[3]) - max(box[1], other[1]))
        for other in taken
    )
