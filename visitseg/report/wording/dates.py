"""Days and periods as the report writes them."""

from __future__ import annotations

from datetime import date


def day(when: date) -> str:
    """Write a day: ``1 August 2017``.

    Parameters
    ----------
    when : datetime.date
        The day.

    Returns
    -------
    str
        Day, month, year.
    """
    return f"{when.day} {when:%B %Y}"


def period(first: date, last: date) -> str:
    """Write a range of days without repeating month and year.

    Parameters
    ----------
    first, last : datetime.date
        Both included.

    Returns
    -------
    str
        ``"1 to 31 August 2017"``.
    """
    if first == last:
        return day(first)
    if first.year != last.year:
        return f"{day(first)} to {day(last)}"
    if first.month != last.month:
        return f"{first.day} {first:%B} to {day(last)}"
    return f"{first.day} to {day(last)}"
