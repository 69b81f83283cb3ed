"""`run`, `build_visits` and `score` as Python calls them: what they take, and what they refuse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from visitseg import ConfigError, InputError, Model, Run, Settings, UsageError, run, score
from visitseg.config import CsvSettings, checked, load_settings
from visitseg.pipeline import build_visits

DAY = date(2018, 7, 2)
CONTRACT = "schema_version: 1\nfeatures:\n  pageviews: {}\n  hits: {}\n"


@pytest.fixture(scope="module")
def table() -> pa.Table:
    rng = np.random.default_rng(1)
    pages = rng.integers(1, 9, 600)
    return pa.table(
        {
            "visit_id": [f"v{i}" for i in range(600)],
            "date_id": [DAY] * 600,
            "pageviews": pages,
            "hits": pages + rng.integers(0, 20, 600),
        }
    )


@pytest.fixture(scope="module")
def file(table: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("table") / "visits.parquet"
    pq.write_table(table, path)
    return path


@pytest.fixture(scope="module")
def done(file: Path) -> Run:
    """Return a run whose settings stand in a file, but for the input, which is a path."""
    contract, config = file.parent / "f.yaml", file.parent / "c.toml"
    contract.write_text(CONTRACT)
    config.write_text(
        "source = 'visits'\npreset = 'baseline'\nk_max = 3\nk_final = 3\n"
        f"features = '{contract}'\nout = '{file.parent / 'artifacts'}'\n"
    )
    return run(config=str(config), input=[file])


@pytest.fixture(params=["run", "build_visits", "score"])
def call(request: pytest.FixtureRequest, done: Run) -> Callable[..., Any]:
    """Every function in turn, `score` with a model."""
    verbs = {
        "run": run,
        "build_visits": build_visits,
        "score": lambda *settings, **options: score(done.folder, *settings, **options),
    }
    return verbs[str(request.param)]


def test_a_plan_is_for_the_command_line(call: Callable[..., Any], file: Path) -> None:
    given: dict[str, Any] = {"source": "visits", "input": file, "out": "o"}
    Path("c.toml").write_text("dry_run = true\n")
    for more in ({"dry_run": True}, {"config": "c.toml"}):
        with pytest.raises(UsageError, match="does not print a plan") as caught:
            call(**given, **more)
        assert "--dry-run` prints it" in str(caught.value)
    with pytest.raises(UsageError, match="does not print a plan"):
        call(Settings(dry_run=True, **given))
    assert [path.name for path in Path().iterdir()] == ["c.toml"], "nothing is written"


def test_settings_and_options_exclude_each_other(call: Callable[..., Any], file: Path) -> None:
    settings = load_settings({"source": "visits", "input": file}, environment={})
    with pytest.raises(UsageError) as caught:
        call(settings, out="x", k_final=3)
    assert "in out, k_final" in str(caught.value)
    assert not any(Path().iterdir())


@pytest.mark.parametrize("given", [{"source": "visits"}, {}, "x"])
def test_what_is_no_settings_is_refused(call: Callable[..., Any], given: object) -> None:
    with pytest.raises(UsageError, match="takes Settings or options by name"):
        call(given)


def test_settings_made_by_hand_are_typed(call: Callable[..., Any], file: Path) -> None:
    made = Settings(
        source="visits",
        input=file,
        out="o",
        date_from="20180702",
        features=None if call is not run else file.parent / "f.yaml",
        preset="baseline",
        k_max=3,
        k_final=3,
    )
    assert call(made).folder == Path("o").resolve()
    assert any(Path("o").iterdir()), "score, too, writes where it is told"


def test_settings_made_by_hand_are_checked(call: Callable[..., Any]) -> None:
    made = Settings(
        source="visit",
        input="a.csv",
        k_min=True,
        csv=CsvSettings(delimiter=3),
    )
    with pytest.raises(ConfigError, match="3 settings are wrong") as caught:
        call(made)
    for word in ("source = 'visit' (Settings)", "k_min = true", "csv.delimiter = 3"):
        assert word in str(caught.value)
    with pytest.raises(ConfigError, match="1 setting is wrong") as caught:
        call(Settings(preset="baseline", k_min=1, k_max=1))
    assert "k_min = 1 must be at least 2" in str(caught.value)


def test_checked_settings_keep_their_origins() -> None:
    loaded = load_settings({"k_max": 5, "stream": True}, environment={"SEED": "42"})
    again = checked(loaded)
    assert (again, again.origins) == (loaded, loaded.origins)
    assert checked(replace(loaded, out=Path("o"))).origins == {**loaded.origins, "out": "Settings"}


@pytest.mark.parametrize(
    "given", [lambda file: str(file), lambda file: file, lambda file: file.parent.glob("*.parquet")]
)
def test_an_input_may_be_paths(given: Callable[[Path], object], file: Path) -> None:
    found = build_visits(source="visits", input=given(file), out="o")
    assert found.report["visits"] == 600


def test_the_options_may_stand_in_a_file(done: Run, call: Callable[..., Any]) -> None:
    assert done.report["config"]["k_final"] == 3
    with pytest.raises(InputError, match="the configuration file does not exist"):
        call(config="none.toml")
    with pytest.raises(UsageError, match="the path of a TOML file is meant"):
        call(config={"k_max": 3})


def test_a_frame_is_no_input(call: Callable[..., Any], table: pa.Table) -> None:
    made = Settings(input=table)
    for words, options in (((), {"input": table}), ((), {"input": [table]}), ((made,), {}),
                           ((table,), {})):  # fmt: skip
        with pytest.raises(UsageError) as caught:
            call(*words, **options)
        text = str(caught.value)
        assert "VisitSegmenter" in text
        assert "Parquet" in text
        assert len(text) < 400, "the table is not printed"


def test_a_model_may_be_given_by_name(done: Run, file: Path) -> None:
    model = Model.load(done.folder)
    for given in (model, done.folder, str(done.folder)):
        found = score(model=given, source="visits", input=file, out="o")
        assert found.report["model"]["fingerprint"] == model.fingerprint
    with pytest.raises(UsageError, match="two models"):
        score(done.folder, model=model, source="visits", input=file)
    with pytest.raises(
        UsageError, match="a model is a Model or the path of one, not Settings"
    ) as caught:
        score(load_settings({"source": "visits"}))
    assert "VisitSegmenter" not in str(caught.value)
    with pytest.raises(UsageError, match="takes Settings or options by name, not Model") as caught:
        run(model)
    assert "k=3" in str(caught.value), "no frame, though it has columns"


def test_a_model_is_no_path(done: Run, file: Path) -> None:
    with pytest.raises(UsageError, match="previous is a Model") as caught:
        run(source="visits", input=file, previous=Model.load(done.folder))
    assert "model.save(" in str(caught.value)


@pytest.mark.parametrize("name", ["previous", "timezone", "date_from", "source", "csv"])
def test_no_error_prints_a_long_value(name: str) -> None:
    for value in ("x" * 5000, ["y" * 100] * 50, {f"{i}": "\n" * 500 for i in range(50)}):
        if name == "previous" and isinstance(value, str):
            continue  # a path
        with pytest.raises(ConfigError) as caught:
            run(**{name: value})
        assert max(map(len, str(caught.value).splitlines())) < 250


def test_what_is_returned_is_shown_in_a_line(done: Run, file: Path) -> None:
    model = Model.load(done.folder)
    assert repr(done) == f"Run(folder='{done.folder}', visits=600, segments=3, grade=None)"
    assert repr(model) == (
        f"Model(version='{model.version}', k=3, grade=None, features=('pageviews', 'hits'))"
    )
    built = build_visits(source="visits", input=file, out="b")
    assert repr(built) == f"Run(folder='{built.folder}', visits=600)"
    scored = score(model, source="visits", input=file, out="o")
    assert repr(scored) == (
        f"Scored(folder='{scored.folder}', visits=600, days=1, segments=3, model='{model.version}')"
    )
    many = replace(model, features=tuple(f"a_feature_of_ones_own_{i}" for i in range(200)))
    assert len(repr(many)) < 300


def test_sql_is_written_for_what_is_known(done: Run) -> None:
    model = Model.load(done.folder)
    with pytest.raises(UsageError, match="snowflake") as caught:
        model.to_sql("snowflake")
    assert "bigquery, duckdb, spark" in str(caught.value)
    with pytest.raises(UsageError, match="veiw") as caught:
        model.to_sql("duckdb", style="veiw")
    assert "select, view, insert" in str(caught.value)


def test_the_day_that_was_asked_for_is_named(done: Run, file: Path, table: pa.Table) -> None:
    given: dict[str, Any] = {"source": "visits", "out": "o", "date_from": "20180801"}
    with pytest.raises(InputError) as caught:
        score(done.folder, **given, input=file)
    assert "no visit from 2018-08-01, nor in the late days from 2018-07-29, is" in str(caught.value)
    with pytest.raises(InputError, match="no visit from 2018-08-01 is left"):
        score(done.folder, **given, input=file, late_days=0)
    with pytest.raises(InputError, match="no visit from 2018-08-01 is left"):
        build_visits(**given, input=file)
    pq.write_table(table.drop_columns(["date_id"]), "undated.parquet")
    with pytest.raises(ConfigError) as refused:
        score(done.folder, **given, input="undated.parquet")
    assert "2018-07-29 (--date-from 2018-08-01, less 3 late days)" in str(refused.value)
