"""The colours of the report: one role, one name, a light and a dark value.

Charts carry ``var(--accent)`` and its like as their colours, so the page recolours them by itself;
pictures that leave the page get the light values (`in_light`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

LIGHT: dict[str, str] = {
    "bg": "#f6f5f1",
    "card": "#ffffff",
    "sheet": "#ffffff",
    "ink": "#1b1f24",
    "muted": "#5a6370",
    "line": "#d9d8d2",
    "grid": "#e9e8e3",
    "band": "#eeece5",
    "accent": "#235eba",
    "link": "#1f5fa8",
    "c1": "#47525e",
    "c2": "#235eba",
    "c3": "#1f9b94",
    "c4": "#ee5a14",
    "c5": "#9a77ed",
    "c6": "#7b5600",
    "c7": "#a44780",
    "c8": "#906d53",
    "hi": "#e08a2e",
    "lo": "#4d86cf",
    "ok-ink": "#0b6b4f",
    "ok-bg": "#e3f3ec",
    "warn-ink": "#7a5200",
    "warn-bg": "#fbf0d9",
    "bad-ink": "#a3262a",
    "bad-bg": "#fbe6e4",
    "note-ink": "#3d4752",
    "note-bg": "#eceae3",
}

DARK: dict[str, str] = {
    "bg": "#12151a",
    "card": "#1a1e25",
    "sheet": "#1a1e25",
    "ink": "#e9ecf0",
    "muted": "#a7b0bc",
    "line": "#3a414c",
    "grid": "#2a303a",
    "band": "#262c36",
    "accent": "#7fb0f5",
    "link": "#8fbcf5",
    "c1": "#98a1ac",
    "c2": "#4b80e4",
    "c3": "#5edccf",
    "c4": "#f0703c",
    "c5": "#c2affe",
    "c6": "#dcb14a",
    "c7": "#b9658a",
    "c8": "#e7c9a3",
    "hi": "#c9782a",
    "lo": "#3f78c4",
    "ok-ink": "#8fdcbd",
    "ok-bg": "#12312a",
    "warn-ink": "#f0cd84",
    "warn-bg": "#372b10",
    "bad-ink": "#ffaaa3",
    "bad-bg": "#3d1d1d",
    "note-ink": "#c3cad3",
    "note-bg": "#2a303a",
}

CHART_FONT = "Liberation Sans, Helvetica Neue, Arial, sans-serif"

BEYOND = (2, 3, 5, 6, 7, 8)
"""Colours of the segments that no rule makes."""

_SLOTS = 8
_REPEATED = (2, 3, 5, 7)  # the most distinct colours are handed out a second time, hatched


DISTINCT = len(BEYOND) + len(_REPEATED)
"""So many looks there are before one is given a third time."""


def css_values(tokens: dict[str, str]) -> str:
    """Write tokens as CSS custom properties.

    Parameters
    ----------
    tokens : dict of str to str
        `LIGHT` or `DARK`.

    Returns
    -------
    str
        ``--bg:#f6f5f1;--card:#ffffff;…``
    """
    return "".join(f"--{name}:{value};" for name, value in tokens.items())


def in_light(svg: str) -> str:
    """Replace each ``var(--token)`` by its light value.

    Parameters
    ----------
    svg : str
        A drawing whose colours are tokens.

    Returns
    -------
    str
        The same drawing, to be read outside the page.
    """
    return re.sub(r"var\(--([\w-]+)\)", lambda found: LIGHT.get(found[1], found[0]), svg)


def segment_colour(
    segment_id: str, position: int, rules: Mapping[str, str] | None = None
) -> tuple[str, bool]:
    """Give a segment its colour, which follows its id and not its rank.

    Parameters
    ----------
    segment_id : str
        ``"s1"``, ``"s2"``, …
    position : int
        Where the segment stands in the run, from 0; counts only for an id without a number.
    rules : mapping of str to str, optional
        Segment id -> bounced or converted. Bouncers are always slate and buyers orange; the others
        take the colours between in the order of their birth.

    Returns
    -------
    colour : str
        ``"var(--c1)"`` to ``"var(--c8)"``.
    again : bool
        Whether the colour is handed out a second time, so the mark must be hatched or dashed.
    """
    birth = _number(segment_id) or position + 1
    if not rules:
        return coloured(birth - 1, range(1, _SLOTS + 1))
    kin = sorted((id_ for id_ in rules if rules[id_] == rules.get(segment_id)), key=_number)
    match rules.get(segment_id):
        case "bounced":
            return "var(--c1)", False
        case "converted":
            return "var(--c4)", kin.index(segment_id) > 0
    older = sum(_number(id_) < birth for id_ in rules)
    return coloured(birth - older - 1)


def coloured(place: int, slots: Sequence[int] = BEYOND) -> tuple[str, bool]:
    """Hand out the colours in order; when all are given, the most distinct a second time.

    Parameters
    ----------
    place : int
        From 0.
    slots : sequence of int
        Numbers of the colours that are handed out.

    Returns
    -------
    tuple of (str, bool)
        As `segment_colour`.
    """
    if place < len(slots):
        return f"var(--c{slots[place]})", False
    return f"var(--c{_REPEATED[(place - len(slots)) % len(_REPEATED)]})", True


def _number(segment_id: str) -> int:
    return int(re.sub(r"\D", "", segment_id) or 0)
