"""Checks on the ledger's days: an export that stops at its ceiling, consent that changes."""

from __future__ import annotations

from statistics import median

from visitseg.visits.contract import Check
from visitseg.visits.ledger import Day, Ledger

# Google stops the daily export of a standard property here.
# https://support.google.com/analytics/answer/9358801
EVENTS_A_DAY = 1_000_000
# Fewer days have no usual share.
DAYS_FOR_A_LEVEL = 7
# A jump is this much, and this many times what is usual between days and in drawing.
_POINTS, _TIMES = 0.05, 5.0
_MAD_TO_SD = 1.4826


def daily_checks(ledger: Ledger) -> list[Check]:
    """Return the checks of an export of events, by day; each is a warning."""
    days = [day for day in ledger.days if day.day and day.rows_in]
    full = [day for day in days if day.rows_in >= EVENTS_A_DAY]
    return [
        Check(
            name="events_below_ceiling",
            rows=len(full),
            severity="warning",
            finds=f"{_count(full)} {EVENTS_A_DAY:,} events or more, where the daily export of a "
            f"standard property stops: {_list(full)}.",
            do="Visits of such a day may be cut. Filter events in the property, or stream the "
            "export.",
        ),
        _consent_check(days),
    ]


def _consent_check(days: list[Day]) -> Check:
    jumps = consent_jumps(days)
    usual = median([_denied(day) for day in days]) if days else 0.0
    return Check(
        name="consent_share_steady",
        rows=len(jumps),
        severity="warning",
        finds=f"{_count(jumps)} a share of events without consent far from the usual "
        f"{usual:.1%}: {_list(jumps)}.",
        do="The visits of these days stand for fewer visitors: look at the consent banner.",
    )


def consent_jumps(days: list[Day]) -> list[Day]:
    """Return the days whose share of events without consent is far above or below the median.

    Far is more than five points, five robust standard deviations (1.4826 MAD) of the days, and
    five standard errors of the day's own share.
    """
    if len(days) < DAYS_FOR_A_LEVEL:
        return []
    shares = [_denied(day) for day in days]
    usual = median(shares)
    spread = _MAD_TO_SD * median([abs(share - usual) for share in shares])
    return [
        day
        for day, share in zip(days, shares, strict=True)
        if abs(share - usual)
        > max(
            _POINTS,
            _TIMES * spread,
            _TIMES * (max(usual * (1 - usual), share * (1 - share)) / day.rows_in) ** 0.5,
        )
    ]


def _denied(day: Day) -> float:
    return day.removed.get("no_consent", 0) / day.rows_in


def _count(days: list[Day]) -> str:
    return "1 day has" if len(days) == 1 else f"{len(days)} days have"


def _list(days: list[Day]) -> str:
    return ", ".join(f"{day.day}" for day in days[:5]) + (" …" if len(days) > 5 else "")
