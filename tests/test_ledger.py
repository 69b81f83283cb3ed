"""The ledger adds up, or the run fails."""

from __future__ import annotations

import dataclasses
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visitseg.errors import LedgerError
from visitseg.visits.daily import EVENTS_A_DAY, consent_jumps, daily_checks
from visitseg.visits.ledger import Day, Ledger

counts = st.integers(0, 50)


@st.composite
def ledgers(draw: st.DrawFn) -> Ledger:
    days = []
    for number in range(draw(st.integers(1, 4))):
        removed = draw(st.dictionaries(st.sampled_from(["null_id", "duplicate"]), counts))
        used = draw(counts)
        visits = draw(st.integers(0, used))
        days.append(
            Day(date(2026, 1, number + 1), used + sum(removed.values()), removed, used, visits)
        )
    removed_rows: dict[str, int] = {}
    for day in days:
        for reason, rows in day.removed.items():
            removed_rows[reason] = removed_rows.get(reason, 0) + rows
    visits = sum(day.visits for day in days)
    out = draw(counts)
    hits_used, hits_removed = draw(counts), draw(counts)
    return Ledger(
        source="ga360", unit="visit rows", rows_in=sum(day.rows_in for day in days),
        removed=removed_rows, rows_used=sum(day.rows_used for day in days),
        hits_in=hits_used + hits_removed, hits_removed=hits_removed, hits_used=hits_used,
        visit_keys=visits + out, visits_removed={"out_of_range": out}, visits=visits, notes=(),
        days=tuple(days),
    )  # fmt: skip


@given(ledgers())
def test_a_ledger_that_adds_up_passes_and_keeps_the_laws_in_json(ledger: Ledger) -> None:
    ledger.check()
    content = ledger.to_dict()
    assert content["rows_in"] == content["rows_used"] + sum(r["rows"] for r in content["removed"])
    assert content["visit_keys"] == content["visits"] + sum(
        r["visits"] for r in content["visits_removed"]
    )
    for name in ("rows_in", "rows_used", "visits"):
        assert content[name] == sum(day[name] for day in content["per_day"])
    for loss in content["removed"]:
        per_day = sum(day["removed"].get(loss["reason"], 0) for day in content["per_day"])
        assert per_day == loss["rows"]


@pytest.mark.parametrize(
    "field",
    ["rows_in", "rows_used", "hits_in", "hits_used", "hits_removed", "visit_keys", "visits"],
)
@given(ledger=ledgers(), by=st.integers(1, 9))
def test_one_row_too_few_or_too_many_fails(field: str, ledger: Ledger, by: int) -> None:
    broken: Any = dataclasses.replace(ledger, **{field: getattr(ledger, field) + by})
    with pytest.raises(LedgerError, match="do not add up") as caught:
        broken.check()
    assert caught.value.evidence


@given(ledgers())
def test_a_loss_without_a_day_fails(ledger: Ledger) -> None:
    broken = dataclasses.replace(ledger, removed={**ledger.removed, "bot": 1})
    with pytest.raises(LedgerError):
        broken.check()


def day_of(number: int, rows: int, denied: int) -> Day:
    return Day(date(2026, 1, number), rows, {"no_consent": denied}, rows - denied)


def ledger_of(days: list[Day]) -> Ledger:
    return Ledger(
        source="ga4", unit="events", rows_in=sum(day.rows_in for day in days), removed={},
        rows_used=0, hits_in=0, hits_removed=0, hits_used=0, visit_keys=0, visits_removed={},
        visits=0, notes=(), days=tuple(days),
    )  # fmt: skip


def test_a_day_at_the_ceiling_of_the_export_is_warned_of() -> None:
    days = [day_of(1, EVENTS_A_DAY - 1, 0), day_of(2, EVENTS_A_DAY, 0)]
    ceiling, _ = daily_checks(ledger_of(days))
    assert (ceiling.rows, ceiling.severity) == (1, "warning")
    assert "2026-01-02" in ceiling.sentence
    assert "2026-01-01" not in ceiling.sentence


@pytest.mark.parametrize(
    ("denied", "jumped"),
    [(100, False), (140, False), (400, True), (0, True), (1000, True)],
)
def test_a_jump_of_the_share_without_consent_is_warned_of(denied: int, jumped: bool) -> None:
    days = [day_of(number, 1000, 95 + number) for number in range(1, 9)]
    days.append(day_of(9, 1000, denied))
    _, consent = daily_checks(ledger_of(days))
    assert consent.rows == int(jumped)
    assert ("2026-01-09" in consent.sentence) == jumped


def test_a_share_without_consent_needs_a_week_and_enough_events() -> None:
    week = [day_of(number, 1000, 100) for number in range(1, 8)]
    assert consent_jumps([*week, day_of(8, 20, 7)]) == []
    assert consent_jumps([*week[:5], day_of(8, 1000, 700)]) == []
    assert consent_jumps([*week, day_of(8, 1000, 700)]) == [day_of(8, 1000, 700)]
