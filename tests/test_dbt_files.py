"""The files for a dbt project: what is in them, and that their SQL is that of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from dbt_jinja import CompilerError, render
from ga4_rows import random_export

from visitseg import OutputError, UsageError
from visitseg.config import load_settings
from visitseg.dbt import write
from visitseg.dbt.templates import escaped, importing, with_values
from visitseg.pipeline import build_visits
from visitseg.plan import dbt_files
from visitseg.simulate import simulate
from visitseg.visits.contract import check_texts

NAMES = ("visits", "visit_labels")
FOLDER = "models/visitseg/visits"
OWN = """\
schema_version: 1
features:
  baskets: {count_if: "path LIKE '%basket%'", null: zero, max: 50, description: "a {{ brace }}"}
flags:
  bot: {keep: false}
checks:
  odd_name: {holds: "landing_page <> '{{ 7 * 7 }} $date_from @date_from {% raw %}'"}
"""


def files(source: str, dialect: str, features: Path | None = None) -> dict[str, str]:
    return dbt_files("visits", source, dialect, features, None, NAMES)


def models(found: dict[str, str]) -> list[str]:
    """Return the models in the order in which they read each other."""
    return [path for path in found if path.startswith(FOLDER) and path.endswith(".sql")]


@pytest.mark.parametrize("source", ["ga360", "ga4"])
@pytest.mark.parametrize("own", [False, True], ids=["shipped", "own"])
def test_the_models_make_the_visit_table_of_a_run(tmp_path: Path, source: Any, own: bool) -> None:
    simulation = simulate(tmp_path / "export", visits=800, days=4, seed=3, shape=source)
    names = [str(path) for path in simulation.files]
    contract = tmp_path / "own.yaml"
    contract.write_text(OWN)
    days = {"date_from": "2026-01-06", "date_to": "2026-01-08"}
    flags = {"source": source, "input": names, "out": tmp_path / "out", **days}
    flags |= {"features": contract} if own else {}
    run = build_visits(load_settings(flags, environment={}))
    found = files(source, "duckdb", contract if own else None)
    with duckdb.connect() as engine:
        engine.execute("SET TimeZone = 'UTC'")
        engine.execute(
            "CREATE VIEW raw AS SELECT * FROM "
            f"read_parquet({names}, union_by_name = true, filename = true)"
        )
        for path in models(found):
            sql = render(found, path, "duckdb", **days)
            engine.execute(f"CREATE TABLE {Path(path).stem} AS {sql}")
        theirs = f"SELECT * FROM '{run.folder / 'visits.parquet'}'"
        n, differing = engine.execute(
            f"SELECT (SELECT COUNT(*) FROM visits), (SELECT COUNT(*) FROM "
            f"((FROM visits EXCEPT ALL {theirs}) UNION ALL ({theirs} EXCEPT ALL FROM visits)))"
        ).fetchall()[0]
        assert n > 200
        assert differing == 0
        tests = [path for path in found if path.startswith("tests/")]
        assert len(tests) > 15
        broken = {
            p: engine.sql(render(found, p, "duckdb", timezone="UTC")).fetchall() for p in tests
        }
        assert {p for p, rows in broken.items() if rows} <= {
            "tests/visitseg/visitseg_date_agrees_with_timezone.sql",
            "tests/visitseg/visitseg_time_differs_from_ga.sql",
        }


@pytest.mark.slow
def test_google_finds_in_the_models_what_it_finds_in_the_texts() -> None:
    pytest.importorskip("zetasql", reason="the GoogleSQL evaluator is not installed")
    from chain import assert_same, google_chain
    from oracle import Oracle
    from test_ga4_oracle import READS, TWO_DAYS

    raw, oracle = random_export(3, 40), Oracle()
    expected = google_chain(oracle, READS, raw, {**TWO_DAYS, "currency": "USD"})
    days = {"date_from": TWO_DAYS["date_from"], "date_to": TWO_DAYS["date_to"]}
    found = files("ga4", "bigquery")
    made = {"made_visitseg_raw_export": raw}
    for path in models(found)[1:]:
        sql = render(found, path, "bigquery", currency="USD", **days)
        name = Path(path).stem
        made[f"made_{name}"] = oracle.query(sql, {k: t for k, t in made.items() if k in sql}, {})
        text = name.removeprefix("visitseg_")
        text = text if text == "visits" else f"ga4/{text}"
        assert_same(expected[text], made[f"made_{name}"], text, ("texts", "dbt"))
    assert made["made_visits"].num_rows > 0


@pytest.mark.parametrize("source", ["ga360", "ga4"])
def test_every_check_is_a_test_or_said_in_the_schema(source: str) -> None:
    found = files(source, "bigquery")
    schema = yaml.safe_load(found[f"{FOLDER}/schema.yml"])
    columns = {column["name"]: column for column in schema["models"][-1]["columns"]}
    assert columns["visit_id"]["data_tests"] == ["unique", "not_null"]
    assert all(column["description"] for column in columns.values())
    assert [model["name"] for model in schema["models"]] == [Path(p).stem for p in models(found)]
    assert all(model["description"] for model in schema["models"])
    names = {
        text.name.rpartition("/")[2] for text in check_texts(source, "bigquery", with_timezone=True)
    }
    written = {Path(p).stem.removeprefix("visitseg_") for p in found if p.startswith("tests/")}
    assert names - written == {"visit_id_unique", "pageviews_known", "date_in_range"}
    assert columns["pageviews"]["data_tests"] == ["not_null"]


@pytest.mark.parametrize("source", ["ga360", "ga4"])
def test_bigquery_models_read_the_source_and_replace_days(source: str) -> None:
    found = files(source, "bigquery")
    raw = found[f"{FOLDER}/visitseg_raw_export.sql"]
    assert "{{ source('visitseg_export', " in raw
    assert "bigquery-public-data" not in raw
    assert "CAST(NULL" not in raw
    assert "insert_overwrite" in found[f"{FOLDER}/visits.sql"]
    sql = render(found, f"{FOLDER}/visitseg_raw_export.sql", "bigquery", date_from="2026-03-01")
    assert "DATE '2026-02-28'" in sql
    assert "CAST(NULL AS DATE)" in sql
    for path in models(found):
        assert "@" not in "\n".join(
            line.partition("--")[0] for line in render(found, path, "bigquery").splitlines()
        )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("date_from", "2026-01-01' OR '1'='1"),
        ("date_from", "2026-1-1"),
        ("date_from", "2026-01-01\n"),
        ("date_to", "{{ 7 * 7 }}"),
        ("currency", "USD' --"),
        ("currency", "a b"),
        ("currency", "\\"),
        ("platform", ["WEB", "x'] OR TRUE OR ['"]),
        ("platform", "web'"),
        ("platform", "WEB\n"),
    ],
)
def test_a_variable_that_is_no_value_is_refused(name: str, value: Any) -> None:
    for dialect in ("bigquery", "duckdb"):
        with pytest.raises(CompilerError, match=f"visitseg_{name} must be"):
            render(
                files("ga4", dialect),
                f"{FOLDER}/visitseg_visit_{'keys' if name == 'date_to' else 'rows'}.sql",
                dialect,
                **{name: value},
            )


def test_platforms_are_written_as_the_export_does() -> None:
    found = files("ga4", "bigquery")
    path = f"{FOLDER}/visitseg_visit_rows.sql"
    assert "ARRAY<STRING>['ANDROID', 'IOS', '77']" in render(
        found, path, "bigquery", platform=["app", 77]
    )
    assert "ARRAY<STRING>['WEB']" in render(found, path, "bigquery", platform="web")
    assert "UNNEST(ARRAY<STRING>[])" in render(found, path, "bigquery", platform=["all"])


def test_values_stay_out_of_comments_and_texts() -> None:
    values = {"day": "{{ day }}"}
    said = "-- @day\nSELECT @day, '@day', r'\\'@day', \"@day\", `@day`, @days, '''a'@day'''"
    assert with_values(said, "bigquery", values) == said.replace("SELECT @day", "SELECT {{ day }}")
    said = "SELECT $day, 'it''s $day', \"$day\" /* $day */"
    assert with_values(said, "duckdb", values) == said.replace("SELECT $day", "SELECT {{ day }}")


@pytest.mark.parametrize("text", ["{{ 1 }}", "{% raw %}", "{# c #}", "{{{%", "{'a': 1}", "}} {{{{"])
def test_jinja_changes_nothing_of_an_escaped_text(text: str) -> None:
    found = {"macros/visitseg.sql": "", "x.sql": escaped(text)}
    assert render(found, "x.sql", "duckdb") == text


def test_inputs_come_first_whether_there_is_a_with_or_not() -> None:
    plain = importing("-- Grain\nSELECT 1 FROM a\n", ["a"], lambda name: f"m_{name}")
    assert plain == "-- Grain\nWITH a AS (\n  SELECT * FROM {{ ref('m_a') }}\n)\nSELECT 1 FROM a\n"
    chained = importing("WITH b AS (SELECT 1) SELECT 1 FROM b", ["a"], lambda name: name)
    assert chained.endswith("\n), b AS (SELECT 1) SELECT 1 FROM b")


def test_a_log_or_another_engine_is_refused_with_a_way_out() -> None:
    with pytest.raises(UsageError, match="no dbt models for --source events"):
        files("events", "bigquery")
    with pytest.raises(UsageError, match="no dbt models for --dialect spark"):
        files("ga4", "spark")


def test_files_of_others_are_never_replaced(tmp_path: Path) -> None:
    found = files("ga4", "duckdb")
    write(tmp_path, found)
    assert sorted(write(tmp_path, found)) == sorted(tmp_path / path for path in found)
    visits = tmp_path / FOLDER / "visits.sql"
    visits.write_text("SELECT 1")
    (tmp_path / "macros/visitseg.sql").unlink()
    with pytest.raises(OutputError, match="1 file is there that visitseg did not write"):
        write(tmp_path, found)
    assert visits.read_text() == "SELECT 1"
    assert not (tmp_path / "macros/visitseg.sql").exists()
