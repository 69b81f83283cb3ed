"""Numbers and names as the report writes them."""

from __future__ import annotations

from collections.abc import Sequence
from unicodedata import east_asian_width

NBSP = "\u00a0"
"""Stands between a number and its unit."""

DASH = "\u2013"
"""Stands for a value that is not shown."""

MINUS = "\u2212"

LONGEST = 60
"""Places of a name within a sentence or beside a bar; the card has the whole of it."""

FEW = 10
"""Segments of fewer visits show no counts and no centres: they would describe single visitors."""

_SMALL = [
    "Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten",
    "Eleven", "Twelve",
]  # fmt: skip
_TENS = {
    20: "twenty", 30: "thirty", 40: "forty", 50: "fifty", 60: "sixty", 70: "seventy",
    80: "eighty", 90: "ninety", 100: "a hundred",
}  # fmt: skip
_PARTS = {
    1 / 4: "a quarter", 1 / 3: "a third", 1 / 2: "half", 2 / 3: "two thirds",
    3 / 4: "three quarters",
}  # fmt: skip
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}


def in_words(number: int) -> str:
    """Write a number up to twelve as a word with a capital, a larger one in figures.

    Parameters
    ----------
    number : int
        At least 0.

    Returns
    -------
    str
        ``"Six"``, ``"13"``.
    """
    return _SMALL[number] if 0 <= number < len(_SMALL) else count(number)


def count(number: float) -> str:
    """Write a whole number with thousands commas.

    Parameters
    ----------
    number : float
        A count.

    Returns
    -------
    str
        ``"2,556"``.
    """
    return f"{number:,.0f}"


def counted(number: float, noun: str) -> str:
    """Count things: ``1 visit``, ``2,556 visits``; `noun` is one of them."""
    return f"{count(number)} {noun}{'' if number == 1 else 's'}"


def visits(number: int) -> str:
    """Count visits, and hide a count that would point at single visitors.

    Parameters
    ----------
    number : int
        Visits.

    Returns
    -------
    str
        ``"1,232"``, or ``"under 10"``.
    """
    return f"under {FEW}" if 0 < number < FEW else count(number)


def share(part: float) -> str:
    """Write a share: one decimal below 9.5 %, else none, never a false 0 or 100.

    Parameters
    ----------
    part : float
        Between 0 and 1.

    Returns
    -------
    str
        ``"0.1 %"``, ``"48 %"``, with a no-break space.
    """
    percent = round(100 * part, 9)  # a sum of parts may miss the whole by a last bit
    if percent <= 0 or percent >= 100:
        figure = f"{percent:.0f}"
    elif percent < 9.5:
        figure = f"{max(percent, 0.1):.1f}"
    else:
        figure = f"{percent:.0f}" if percent < 99.5 else f"{min(percent, 99.9):.1f}"
    return f"{figure}{NBSP}%"


def part(share_of: float) -> str:
    """Write a share as a fraction where one is near (within 2.5 points), else in percent.

    Parameters
    ----------
    share_of : float
        Between 0 and 1.

    Returns
    -------
    str
        ``"half"``, ``"two thirds"``, ``"41 %"``.
    """
    nearest = min(_PARTS, key=lambda fraction: abs(fraction - share_of))
    return _PARTS[nearest] if abs(nearest - share_of) <= 0.025 else share(share_of)


def one_in(share_of: float) -> str:
    """Write a small share as one in so many where a round number is within 5 %.

    Parameters
    ----------
    share_of : float
        Between 0 and 1.

    Returns
    -------
    str
        ``"one in sixty"``, ``"one in eight"``; else ``"1.4 %"``.
    """
    times = 1 / share_of if share_of > 0 else 0.0
    whole = round(times) if 4 < times <= 10 else 10 * round(times / 10)
    if not 4 < times < 105 or abs(whole / times - 1) > 0.05:
        return share(share_of)
    return f"one in {_TENS.get(whole) or in_words(whole).lower()}"


def capital(name: str) -> str:
    """Begin with a capital."""
    return name[:1].upper() + name[1:]


def width(text: str) -> int:
    """Count the places that a text takes: two for the wide letters of East Asia."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def cut(text: str, places: int) -> str:
    """Cut a text to so many places, and say so by an ellipsis."""
    if width(text) <= places:
        return text
    while text and width(text) >= places:
        text = text[:-1]
    return text.rstrip(" ,") + "…"


def brief(name: str, places: int) -> str:
    """Cut a name so that it stays one of its own: ``Browsers, quick to slow 2 of 3`` by its end.

    Parameters
    ----------
    name : str
        A segment's name.
    places : int
        At most so many, as `width` counts them.

    Returns
    -------
    str
        ``"Browsers 2 of 3"`` where the whole does not fit.
    """
    noun, comma, kind = name.partition(", ")
    *_, number, of, total = ("", "", "", *kind.split())
    if width(name) > places and comma and of == "of":
        end = f" {number} of {total}"
        return f"{cut(noun, places - width(end))}{end}"
    return cut(name, places)


def spoken(name: str) -> str:
    """Say a name within a sentence: ``browsers, quick`` → ``quick browsers``."""
    noun, comma, kind = name.partition(", ")
    return f"{kind} {noun}" if comma and kind.isalpha() else name


def listed(parts: Sequence[str]) -> str:
    """Join words: ``a, b and c``."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def plain(ratio: float) -> str:
    """Write a measure between 0 and 1 without its zero: ``.96``, ``1.00``."""
    return f"{ratio:.2f}".removeprefix("0")


def below(ratio: float, limit: float) -> str:
    """Write a measure that misses a limit with as many digits as show it: ``.749``."""
    for digits in (2, 3, 4):
        figure = f"{ratio:.{digits}f}"
        if float(figure) < limit:
            return figure.removeprefix("0")
    return f"just under {plain(limit)}"


def number(amount: float) -> str:
    """Write an average with two or three telling figures.

    Parameters
    ----------
    amount : float
        Any number.

    Returns
    -------
    str
        ``"1,363"``, ``"11.5"``, ``"0.0027"``.
    """
    size = abs(amount)
    if size < 1e-6:  # what rounding left of a zero
        return "0"
    if size < 0.001:
        return "under 0.001" if amount > 0 else "about 0"
    if size < 0.995:
        return f"{amount:.2g}"
    return f"{amount:.1f}".removesuffix(".0") if size < 99.95 else count(amount)


def duration(seconds: float) -> str:
    """Write seconds up to 90, then minutes, then hours.

    Parameters
    ----------
    seconds : float
        A length of time, in seconds.

    Returns
    -------
    str
        ``"29 s"``, ``"6.3 min"``, ``"17 min"``, ``"2.5 h"``.
    """
    size, unit = (1, "s") if seconds < 90 else (60, "min") if seconds < 5400 else (3600, "h")
    amount = seconds / size
    figure = "0" if amount < 0.05 else f"{amount:,.1f}" if amount < 9.95 else f"{amount:,.0f}"
    figure = figure.removesuffix(".0")
    return f"{figure}{NBSP}{unit}"


def money(amount: float, currency: str | None = None) -> str:
    """Write an amount of money.

    Parameters
    ----------
    amount : float
        In currency units.
    currency : str, optional
        Its three-letter code; without it the amount stands alone.

    Returns
    -------
    str
        ``"$8,890"``, ``"CHF 25.20"``, ``"25.20"``.
    """
    amount = 0.0 if abs(amount) < 0.005 else amount
    figure = f"{amount:,.2f}" if 0 < abs(amount) < 100 else f"{amount:,.0f}"
    if not currency:
        return figure
    return f"{_SYMBOLS[currency]}{figure}" if currency in _SYMBOLS else f"{currency}{NBSP}{figure}"


def sentence(name: str) -> str:
    """Turn an identifier into words with a capital: ``visit_id_unique`` → ``Visit id unique``.

    Parameters
    ----------
    name : str
        A name with underscores.

    Returns
    -------
    str
        The words.
    """
    spaced = name.replace("_", " ").strip()
    return capital(spaced)
