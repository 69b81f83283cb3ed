"""Rule cards say how to tell a segment by hand: in the features' own units, and how well."""

from __future__ import annotations

import re

import numpy as np

from visitseg.segments.interpretation.surrogate import Card, rule_cards

RNG = np.random.default_rng(0)


def test_a_rule_segment_is_told_by_its_rule() -> None:
    columns = {
        "pageviews": np.array([1.0] * 50 + [3.0] * 50 + [9.0] * 50),
        "time_on_site_sec": np.array([np.nan] * 50 + [40.0] * 100),
        "transactions": np.array([0.0] * 100 + [1.0] * 50),
    }
    labels = np.repeat([2, 1, 0], 50).astype(np.int32)
    found = rule_cards(columns, labels, 3, {"bounced": (2,), "converted": (0,)})
    assert found.cards[0].rules == ("transactions ≥ 1",)
    assert found.cards[2].rules == ("pageviews ≤ 1 and time unknown or 0 and no order",)
    assert found.cards[1].rules == ("every other visit",)
    assert found.fidelity == 1


def test_engaged_stands_for_time_where_the_source_knows_it() -> None:
    columns = {"pageviews": np.ones(40), "engaged": np.zeros(40)}
    found = rule_cards(columns, np.zeros(40, dtype=np.int32), 1, {"bounced": (0,)})
    assert found.cards[0].rules == ("pageviews ≤ 1 and engaged = 0 and no order",)


def test_counts_are_said_in_whole_numbers_and_what_is_unknown_by_name() -> None:
    pages = RNG.integers(1, 20, 900).astype(float)
    score = np.where(pages > 12, np.nan, -50.0 - pages)
    labels = np.where(pages > 12, 2, np.where(pages > 6, 1, 0)).astype(np.int32)
    told = rule_cards({"pageviews": pages}, labels, 3)
    assert [card.rules for card in told.cards] == [
        ("pageviews ≤ 6",), ("7 ≤ pageviews ≤ 12",), ("pageviews ≥ 13",),
    ]  # fmt: skip
    unknown = rule_cards({"score": score}, labels, 3)
    assert unknown.cards[2].rules == ("score unknown",)
    assert unknown.fidelity == 1
    # The cut lies between what is unknown and the least that is known: nothing is "under 0".
    above = rule_cards({"score": np.where(pages > 12, np.nan, pages)}, (pages > 12).astype("i4"), 2)
    assert [card.rules for card in above.cards] == [("score known",), ("score unknown",)]


def test_what_is_unknown_for_want_of_a_page_is_told_by_the_page() -> None:
    pages = np.repeat([0.0, 1.0, 5.0], 100)
    pace = np.where(pages > 0, 30.0 + pages, np.nan)
    for columns in ({"pace": pace, "pageviews": pages}, {"pageviews": pages, "pace": pace}):
        told = rule_cards(columns, np.repeat([1, 0, 0], 100).astype("i4"), 2)
        assert [card.rules for card in told.cards] == [("pageviews ≥ 1",), ("pageviews = 0",)]
    three = np.where(pages > 1, 2, np.where(pages > 0, 1, 0)).astype("i4")
    columns = {"pace": pace, "pageviews": np.minimum(pages, 1)}
    told = rule_cards(columns, three, 3)
    assert [card.rules for card in told.cards] == [
        ("pageviews = 0",),
        ("pace ≤ 33 and pageviews ≥ 1",),
        ("pace ≥ 34 and pageviews ≥ 1",),
    ], "nothing is 'or unknown' where a page is seen"
    often = np.where(np.arange(300) % 7 == 0, np.nan, pace)
    told = rule_cards({"pace": often}, np.isnan(often).astype("i4"), 2)
    assert told.cards[1].rules == ("pace unknown",), "not for want of a page alone"


def test_rules_that_miss_much_of_a_segment_are_withheld() -> None:
    labels = (RNG.random(2000) < 0.1).astype(np.int32)
    found = rule_cards({"pageviews": RNG.integers(1, 30, 2000).astype(float)}, labels, 2)
    assert found.cards[1].withheld
    assert found.cards[1].rules == ()
    assert not found.cards[0].withheld


def met(condition: str, columns: dict[str, np.ndarray]) -> np.ndarray:
    """Which visits meet a condition, read as a person would."""
    text = condition.strip("()")
    if text == "every other visit":
        return np.ones(len(next(iter(columns.values()))), dtype=bool)
    if found := re.fullmatch(r"(\S+) (known|unknown)", text):
        return np.isnan(columns[found[1]]) == (found[2] == "unknown")
    if found := re.fullmatch(r"(\d+) ≤ (\S+) ≤ (\d+)", text):
        return (columns[found[2]] >= int(found[1])) & (columns[found[2]] <= int(found[3]))
    found = re.fullmatch(r"(\S+) ([≤≥=]) (\d+)( or unknown)?", text)
    assert found, text
    values, limit = columns[found[1]], int(found[3])
    holds = {"≤": values <= limit, "≥": values >= limit, "=": values == limit}[found[2]]
    return holds | np.isnan(values) if found[4] else holds


def test_what_a_card_shows_is_as_right_as_it_says() -> None:
    n = 6000
    pages = 1.0 + RNG.poisson(6, n)
    seconds = np.where(RNG.random(n) < 0.3, np.nan, np.rint(RNG.gamma(2, 60, n)))
    columns = {"pageviews": pages, "seconds": seconds, "transactions": np.zeros(n)}
    columns["transactions"][:300] = 1
    hidden = pages + np.nan_to_num(seconds, nan=20) / 20 + RNG.normal(0, 0.6, n)
    labels = np.where(hidden > 16, 2, np.where(hidden > 9, 1, 0)).astype(np.int32)
    labels[:300] = 3
    found = rule_cards(columns, labels, 4, {"converted": (3,)})
    beyond = np.arange(n) >= 300
    several = 0
    for c, card in enumerate(found.cards[:3]):
        assert not card.withheld
        ways = [
            np.logical_and.reduce([met(part, columns) for part in way.split(" and ")])
            for way in card.rules
        ]
        several += len(ways) > 1
        named = np.logical_or.reduce(ways) & beyond
        assert card.precision == np.mean(labels[named] == c)
        assert card.recall == np.mean(named[labels == c])
    assert several, "the ways of a card are alternatives"
    assert found.cards[3] == Card(("transactions ≥ 1",), 1.0, 1.0)
