"""What the configuration of an event log says, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from events_log import MAP, build, event, settings_of, visits_of

from visitseg.errors import ConfigError, InputError


def test_required_columns_that_are_not_mapped_are_named_with_a_suggestion() -> None:
    Path("log.csv").write_text("user_id,event_time,kind\nu,2026-01-05 12:00,page\n")
    with pytest.raises(ConfigError, match="3 of 3 columns") as caught:
        visits_of(MAP, input=["log.csv"])
    text = str(caught.value)
    assert "not mapped: visitor, timestamp, event" in text
    assert "the input has: user_id, event_time, kind" in text
    assert 'visitor = "user_id"\ntimestamp = "event_time"\nevent = "…"' in text


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('pageviews = "1"', "a visit's pageviews is made of its events"),
        ('visitor = "nobody"', "nobody"),
        ('page = "(SELECT 1)"', "not one expression"),
        ('page = "count(*)"', "made of many rows"),
        ('timestamp = "[1, 2]"', "cannot be of the type"),
    ],
)
def test_columns_that_cannot_be_used_are_said(line: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        build(event("page"), toml=f"[columns]\n{line}\n{MAP}")
    assert problem in str(caught.value)
    assert not Path("o").exists()


def test_a_value_that_never_occurs_is_warned_of() -> None:
    toml = '[events]\npage_view = ["page"]\npurchase = ["bye", "buy"]\n'
    _, run = build(event("page"), event("buy", 1), toml=toml)
    assert [text for text in run.warnings if "events_occur" in text] == [
        'events_occur: 1 value of [events] never occurs: purchase "bye". Did you mean buy? '
        "A value that is spelled otherwise counts as any event: check [events]."
    ]
    _, run = build(event("page"), event("buy", 1))
    assert "4 values of [events] never occur" in "".join(run.warnings)


@pytest.mark.parametrize(
    ("toml", "what"),
    [
        ("", "no event is mapped"),
        ('[events]\npurchase = ["buy"]\n', "no event is mapped to a page view or product view"),
        ('[events]\npage_view = ["Page"]\n', "none of the 1 values"),
    ],
)
def test_a_log_whose_events_are_not_mapped_is_an_error_with_its_values(
    toml: str, what: str
) -> None:
    with pytest.raises(ConfigError, match=what) as caught:
        build(event("page"), event("page", 1), event("buy", 2), toml=toml)
    assert "page (2), buy (1)" in str(caught.value)
    assert caught.value.where == "[events]"


@pytest.mark.parametrize(
    "toml",
    ["gap_minutes = 0", "gap_minutes = 60\nmax_hours = 1", "gap_minutes = -1", "max_hours = 0"],
)
def test_limits_that_make_no_sense_are_refused(toml: str) -> None:
    with pytest.raises(ConfigError, match="1 setting is wrong") as caught:
        settings_of(f"[sessions]\n{toml}\n")
    assert "sessions.gap_minutes" in str(caught.value)


@pytest.mark.parametrize("toml", ["[sessions]\ngap = 3\n", '[events]\nviews = ["a"]\n'])
def test_unknown_keys_are_errors(toml: str) -> None:
    with pytest.raises(ConfigError, match="1 setting is wrong"):
        settings_of(toml)


@pytest.mark.parametrize("toml", ["", MAP])
def test_a_log_without_rows_is_said_to_have_none(toml: str) -> None:
    Path("log.csv").write_text("visitor,timestamp,event\n")
    with pytest.raises(InputError, match="the input has no rows") as caught:
        visits_of(toml, input=["log.csv"])
    assert caught.value.where == "log.csv"
