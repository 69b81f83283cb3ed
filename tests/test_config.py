"""Settings: precedence, types, contradictions, all problems at once."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from visitseg.cli import streams_named
from visitseg.config import load_settings
from visitseg.errors import ConfigError


@given(flag=st.booleans(), env=st.booleans(), toml=st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_flag_beats_environment_beats_file_beats_default(
    flag: bool, env: bool, toml: bool, tmp_path: Path
) -> None:
    file = tmp_path / "s.toml"
    file.write_text("k_max = 9\n" if toml else "")
    found = load_settings(
        {"k_max": 7} if flag else {},
        file=file,
        environment={"K_MAX": "8"} if env else {},
    )
    assert found.k_max == (7 if flag else 8 if env else 9 if toml else 12)
    assert found.given("k_max") == (flag or env or toml)


def test_the_file_of_the_working_folder_is_read() -> None:
    Path("visitseg.toml").write_text('seed = 5\ninput = "a.parquet"\ndate_from = 2017-08-01\n')
    found = load_settings(environment={})
    assert (found.seed, found.input, found.date_from) == (5, ("a.parquet",), date(2017, 8, 1))


@pytest.mark.parametrize("text", ["20170801", "2017-08-01", " 20170801 "])
def test_dates_of_either_form(text: str) -> None:
    assert load_settings(environment={"DATE_FROM": text}).date_from == date(2017, 8, 1)


def test_an_empty_environment_variable_is_no_value() -> None:
    assert load_settings(environment={"K_MAX": "", "SEED": "  "}).k_max == 12


def test_all_problems_come_in_one_error() -> None:
    Path("visitseg.toml").write_text("k_min = 'x'\nseeds = 1\n")
    with pytest.raises(ConfigError) as caught:
        load_settings({"k_final": "many"}, environment={"DATE_TO": "tomorrow"})
    text = str(caught.value)
    assert text.startswith("ConfigError: 4 settings are wrong")
    for word in ("k_min", "seeds", "Did you mean seed?", "k_final", "date_to", "DATE_TO"):
        assert word in text


@pytest.mark.parametrize(
    ("flags", "word"),
    [
        ({"k_min": 1}, "k_min = 1"),
        ({"k_final": 1}, "k_final = 1"),
        ({"z_clip": 0}, "z_clip"),
        ({"z_clip": float("nan")}, "z_clip"),
        ({"clip_quantiles": (0.9, 0.1)}, "clip_quantiles"),
        ({"min_share": 1.5}, "min_share"),
        ({"seed": -1}, "seed"),
        ({"min_segment": -1}, "min_segment = -1 must be at least 0"),
        ({"timezone": "Europe/Amstrdam"}, "Europe/Amsterdam"),
    ],
)
def test_what_types_cannot_say_is_checked(flags: dict[str, object], word: str) -> None:
    with pytest.raises(ConfigError, match="1 setting is wrong") as caught:
        load_settings(flags, environment={})
    assert word in str(caught.value)


@pytest.mark.parametrize(
    ("words", "read"),
    [
        (["visits", "--stream"], ["visits", "--stream"]),
        (["visits", "--stream", "--json"], ["visits", "--stream", "--json"]),
        (["visits", "--stream", "web", "--json"], ["visits", "--platform", "web", "--json"]),
        ([], []),
    ],
)
def test_a_stream_with_a_name_is_one_of_ga4(words: list[str], read: list[str]) -> None:
    assert streams_named(words) == read


def test_a_stream_may_be_named_in_the_file() -> None:
    Path("s.toml").write_text('stream = "web"\n')
    settings = load_settings({}, file=Path("s.toml"), environment={})
    assert (settings.platform, settings.stream) == (("web",), None)
    assert load_settings({"stream": True}, environment={}).stream is True


@pytest.mark.parametrize(
    ("names", "word"),
    [
        ({"s1": " "}, "is empty"),
        ({"foo": "bar"}, "foo is no id"),
        ({"S1": "bar"}, "S1 is no id"),
        ({"s2": "s1"}, "looks like an id"),
        ({"s1": "Buyers", "s3": "Buyers "}, "names.s1 is the same name"),
    ],
)
def test_names_that_tell_no_segments_apart_are_refused(names: dict[str, str], word: str) -> None:
    lines = "".join(f'{key} = "{name}"\n' for key, name in names.items())
    Path("visitseg.toml").write_text(f"[names]\n{lines}")
    with pytest.raises(ConfigError, match="1 setting is wrong") as caught:
        load_settings(environment={})
    assert word in str(caught.value)
    assert "(visitseg.toml)" in str(caught.value)


def test_an_id_that_a_run_may_not_have_can_be_named() -> None:
    Path("visitseg.toml").write_text('[names]\ns1 = "Big baskets"\ns99 = "Retired"\n')
    assert load_settings(environment={}).names == {"s1": "Big baskets", "s99": "Retired"}


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("threads = true", "threads = true"),
        ("k_final = true", "k_final = true"),
        ("z_clip = true", "z_clip = true"),
        ("clip_quantiles = [false, 0.9]", "clip_quantiles = false"),
        ("[sessions]\ngap_minutes = true", "sessions.gap_minutes = true"),
        ("[gate]\nmin_share = false", "gate.min_share = false"),
    ],
)
def test_true_is_no_number(line: str, key: str) -> None:
    Path("visitseg.toml").write_text(line + "\n")
    with pytest.raises(ConfigError, match="1 setting is wrong") as caught:
        load_settings(environment={})
    assert f"{key} (visitseg.toml): must be a number" in str(caught.value)


def test_true_is_taken_where_it_is_meant() -> None:
    text = (
        "stream = true\nunassigned = true\n[gate]\ngrade_may_fall = true\n[spark.conf]\na = true\n"
    )
    Path("visitseg.toml").write_text(text)
    found = load_settings(environment={})
    assert (found.stream, found.unassigned, found.gate.grade_may_fall) == (True, True, True)
    assert found.spark.conf == {"a": True}


def test_a_key_that_is_there_twice_is_said_to_be() -> None:
    Path("twice.toml").write_text("k_final = 3\nk_final = 4\n")
    with pytest.raises(ConfigError, match="not valid TOML") as found:
        load_settings({}, file=Path("twice.toml"), environment={})
    assert found.value.do == "Give every key and every table once."


def test_more_k_than_can_be_measured_are_refused() -> None:
    with pytest.raises(ConfigError, match="k_max = 101 must be at most 100"):
        load_settings({"k_max": 101}, environment={})
