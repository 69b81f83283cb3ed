"""Source `visits`: a ready table, its columns mapped by expressions."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from visitseg import run
from visitseg.config import load_settings
from visitseg.errors import ConfigError, ContractError, InputError
from visitseg.pipeline import Run, build_visits

SHOPPERS = "online_shoppers/online_shoppers_intention.csv"
MAPPING = """
[columns]
pageviews = "Administrative + Informational + ProductRelated"
time_on_site_sec = \"\"\"NULLIF(Administrative_Duration + Informational_Duration
  + ProductRelated_Duration, 0)\"\"\"
product_views = "ProductRelated"
visitor_type = "CASE WHEN VisitorType = 'New_Visitor' THEN 'new' ELSE 'returning' END"
month = "Month"
informational = "Informational"
"""
FEATURES = "schema_version: 1\nfeatures:\n" + "".join(
    f"  {name}: {{}}\n"
    for name in ("pageviews", "time_on_site_sec", "product_views", "informational")
)


def visits_of(text: str, toml: str = "", **options: Any) -> Run:
    Path("in.csv").write_text(text)
    Path("s.toml").write_text(toml)
    flags = {"source": "visits", "input": ["in.csv"], "out": Path("o"), **options}
    return build_visits(load_settings(flags, file=Path("s.toml"), environment={}))


def rows(sql: str) -> list[Any]:
    return duckdb.sql(sql.replace("VISITS", "'o/visits.parquet'")).fetchall()


def test_online_shoppers_run_from_configuration_alone(real: Callable[[str], str]) -> None:
    Path("s.toml").write_text(MAPPING)
    Path("f.yaml").write_text(FEATURES)
    settings = load_settings(
        {"source": "visits", "input": [real(SHOPPERS)], "features": Path("f.yaml"), "k_max": 4,
         "k_final": 3, "out": Path("o")}, file=Path("s.toml"), environment={},
    )  # fmt: skip
    found = run(settings)
    assert found.report["n_visits"] == 12330
    assert found.report["features"] == [
        "pageviews", "time_on_site_sec", "product_views", "informational"
    ]  # fmt: skip
    assert (found.report["min_date"], found.report["max_date"]) == (None, None)
    assert not (found.folder / "segment_mix.parquet").exists(), "no dates, no mix over time"
    counted = rows(
        """SELECT count(*), count(DISTINCT visit_id), min(visit_id), max(visit_id), count(date_id),
           count(*) - count(time_on_site_sec), max(time_on_site_sec), sum(product_views)
           FROM VISITS"""
    )
    products = duckdb.sql(f"SELECT sum(ProductRelated) FROM '{real(SHOPPERS)}'").fetchall()
    longest = counted[0][6]
    assert counted == [(12330, 12330, "00001", "12330", 0, 720, longest, products[0][0])]
    assert round(longest) == 69922
    assert found.segments is not None
    assert found.segments.column_names[5:] == found.report["features"]


def test_columns_that_bear_our_names_need_no_mapping() -> None:
    visits_of(
        "visit_id,date_id,pageviews,hits,time_on_site_sec,hits_per_pageview,device\n"
        "a,2026-01-01,2,4,10,9.5,mobile\nb,2026-01-02,0,3,,,desktop\n"
    )
    assert rows(
        "SELECT visit_id, date_id::TEXT, pageviews, hits_per_pageview, device, "
        "time_on_site_sec_per_pageview FROM VISITS"
    ) == [("a", "2026-01-01", 2, 9.5, "mobile", 5.0), ("b", "2026-01-02", 0, None, "desktop", None)]


def test_a_column_may_be_named_by_a_word_of_sql_or_hold_a_space() -> None:
    text = "order,Page Views,group\n7,3,x\n8,4,y\n"
    visits_of(text, '[columns]\nvisit_id = "order"\npageviews = "Page Views"\nkind = "group"\n')
    assert rows("SELECT visit_id, pageviews, kind FROM VISITS ORDER BY 1") == [
        ("7", 3, "x"),
        ("8", 4, "y"),
    ]


def test_a_ratio_is_computed_only_where_its_column_is_absent() -> None:
    visits_of("visit_id,pageviews,hits\na,2,5\nb,0,5\n")
    assert rows("SELECT hits_per_pageview FROM VISITS") == [(2.5,), (None,)]


def test_the_day_is_the_local_day_of_the_start() -> None:
    text = "visit_id,pageviews,visit_start\na,1,2026-03-01T02:30:00Z\nb,1,2026-03-01T12:00:00Z\n"
    visits_of(text, timezone="America/New_York")
    assert rows("SELECT date_id::TEXT FROM VISITS") == [("2026-02-28",), ("2026-03-01",)]


def test_days_outside_the_range_are_in_the_ledger() -> None:
    text = "visit_id,date_id,pageviews,hits\n" + "".join(
        f"v{d},2026-01-{d:02d},1,{d}\n" for d in range(1, 11)
    )
    found = visits_of(text, date_from="20260103", date_to="20260106")
    ledger = found.report
    assert ledger["removed"] == [{"reason": "out_of_range", "rows": 7}]
    assert (ledger["rows_in"], ledger["visits"], ledger["hits_used"]) == (10, 3, 12)
    assert [day["visits"] for day in ledger["per_day"]] == [0, 0, 1, 1, 1, 0, 0, 0, 0, 0]


def test_rows_are_ordered_by_length_then_bytes_of_the_id() -> None:
    visits_of("visit_id,pageviews\nv10,1\nv2,1\nB,1\na,1\né,1\n")
    assert [r[0] for r in rows("SELECT visit_id FROM VISITS")] == ["B", "a", "é", "v2", "v10"]


def test_a_line_that_is_cut_is_named_and_can_be_skipped(real: Callable[[str], str]) -> None:
    log = real("rees46/2019-Oct.head17435.csv.gz")
    toml = '[columns]\npageviews = "1"\n'
    Path("s.toml").write_text(toml)
    options = {"source": "visits", "input": [log], "out": Path("o")}
    with pytest.raises(InputError, match="1 line of 17,435") as caught:
        build_visits(load_settings(options, file=Path("s.toml"), environment={}))
    assert "line 17,436" in str(caught.value)
    assert 'bad_lines = "skip"' in caught.value.do
    Path("s.toml").write_text(toml + '[csv]\nbad_lines = "skip"\n')
    ledger = build_visits(load_settings(options, file=Path("s.toml"), environment={})).report
    assert (ledger["rows_in"], ledger["visits"]) == (17435, 17434)
    assert ledger["removed"] == [{"reason": "bad_line", "rows": 1}]


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("Nope + 1", "Nope"),
        ("pages +", "syntax"),
        ("1) FROM secrets --", "syntax"),
        ("1), (2", "not one expression"),
        ("(SELECT 1)", "not one expression"),
        ("count(*)", "made of many rows"),
        ("1 + max(pages)", "made of many rows"),
        ("1); DROP TABLE raw_export; SELECT (1", "not one expression"),
    ],
)
def test_what_is_not_one_expression_is_refused(expression: str, problem: str) -> None:
    toml = f'[columns]\npageviews = "{expression}"\n'
    with pytest.raises(ConfigError, match="cannot be computed") as caught:
        visits_of("visit_id,pages\na,1\n", toml)
    assert problem in str(caught.value)
    assert not Path("o").exists()


def test_values_that_do_not_fit_are_named_by_column_and_can_be_taken_as_unknown() -> None:
    text = "visit_id,date_id,pageviews,Hits\na,2026-01-01,3,4\nb,2026-02-30,3,many\nc,,1,n/a\n"
    with pytest.raises(InputError, match="2 columns hold values of another type") as caught:
        visits_of(text)
    assert caught.value.evidence == (
        "date_id: 1 of 2 values are no days, e.g. '2026-02-30'",
        "hits: 2 of 3 values are no whole numbers, e.g. 'many'",
    )
    assert not Path("o").exists()
    text = text.replace("02-30", "02-28").replace("c,,", "c,2026-01-02,")
    with pytest.raises(InputError, match="1 column holds") as caught:
        visits_of(text)
    line = caught.value.do.partition("[columns]: ")[2].rstrip(".")
    visits_of(text, f"[columns]\n{line}\n")
    assert rows("SELECT visit_id, hits FROM VISITS") == [("a", 4), ("b", None), ("c", None)]


def test_values_of_which_none_can_be_read_need_an_expression() -> None:
    with pytest.raises(InputError, match="1 column holds") as caught:
        visits_of('visit_id,pageviews,transaction_revenue\na,1,"1.234,50"\nb,2,"3,40"\n')
    assert "2 of 2 values are no numbers, e.g. '1.234,50'" in str(caught.value)
    assert "how to read them" in caught.value.do
    assert "unknown" not in caught.value.do


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(InputError, match="two columns are called hits") as caught:
        visits_of("visit_id,pageviews,hits,hits\na,1,2,3\n")
    assert "visit_id,pageviews,hits,hits" in str(caught.value)
    visits_of("visit_id,pageviews,hits,hits_1\na,1,2,3\n")
    assert rows("SELECT hits FROM VISITS") == [(2,)]


def test_columns_bear_our_names_in_any_case() -> None:
    visits_of("Visit_ID,DATE_ID,PageViews,Device\na,2026-01-01,3,mobile\n")
    assert rows("SELECT visit_id, date_id::TEXT, pageviews, device FROM VISITS") == [
        ("a", "2026-01-01", 3, "mobile")
    ]


def test_features_that_are_not_there_are_named(real: Callable[[str], str]) -> None:
    Path("s.toml").write_text(MAPPING)
    options = {"source": "visits", "input": [real(SHOPPERS)], "out": Path("o"),
               "preset": "baseline"}  # fmt: skip
    with pytest.raises(ConfigError, match="of 8 features are not") as caught:
        run(load_settings(options, file=Path("s.toml"), environment={}))
    assert "transactions" in str(caught.value)
    assert "--features" in str(caught.value)
    assert not Path("o").exists()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("features: [", "not valid YAML"),
        ("", "empty or not a mapping"),
        ("schema_version: 9\nfeatures: {pageviews: {}}", "schema_version 9"),
        ("featurs: {pageviews: {}}", "unknown key"),
        ("features: {}", "lists no features"),
        ("features: {pageviews: {transfrom: log}}", "not known here"),
    ],
)
def test_contract_files_that_are_wrong(text: str, problem: str) -> None:
    Path("f.yaml").write_text(text)
    with pytest.raises(ConfigError, match=problem) as caught:
        visits_of("visit_id,pageviews\na,1\n", features="f.yaml")
    assert caught.value.where == "f.yaml"


def test_csv_of_another_dialect() -> None:
    Path("in.csv").write_bytes("visit_id;pageviews;país\na;2;España\n".encode("latin-1"))
    toml = '[csv]\ndelimiter = ";"\nencoding = "latin-1"\n[columns]\ncountry = "país"\n'
    Path("s.toml").write_text(toml)
    options = {"source": "visits", "input": ["in.csv"], "out": Path("o")}
    build_visits(load_settings(options, file=Path("s.toml"), environment={}))
    assert rows("SELECT pageviews, country FROM VISITS") == [(2, "España")]


@pytest.mark.slow
def test_the_config_of_the_run_is_in_its_report(real: Callable[[str], str]) -> None:
    found = run(
        source="visits", input=[real("baseline/sessions.parquet")], out=Path("o"), seed=7, k_max=3
    )
    report = json.loads((found.folder / "model_report.json").read_text())
    assert report["config"]["seed"] == 7
    assert report["config"]["timezone"] == "UTC"
    assert report == found.report


def test_a_count_with_a_fraction_is_no_count() -> None:
    text = "visit_id,pageviews,hits\na,0.5,1\nb,1.5,3.0\nc,2.0,2.0\n"
    with pytest.raises(ContractError, match="1 of") as caught:
        visits_of(text)
    assert "pageviews_whole  2 rows   e.g. a, b" in str(caught.value)
    assert 'pageviews = "round(…)"' in caught.value.do
    visits_of(text, '[columns]\npageviews = "round(pageviews)"\n')
    assert rows("SELECT hits FROM VISITS") == [(1,), (3,), (2,)]
    half = '[columns]\npageviews = "CAST(pageviews AS VARCHAR)"\n'
    with pytest.raises(ContractError, match="1 of"):
        visits_of(text, half)


def test_visits_with_a_fraction_can_be_put_aside() -> None:
    text = "visit_id,date_id,pageviews\n" + "".join(f"v{n},2026-01-01,{n}.0\n" for n in range(200))
    visits_of(f"{text}bad,2026-01-01,2.5\nlater,2026-02-01,2.5\n", quarantine=True,
              date_to="20260115")  # fmt: skip
    assert rows("SELECT count(*), sum(pageviews) FROM VISITS") == [(200, 19900)]
    aside = duckdb.sql("SELECT visit_id, reason FROM 'o/quarantine.parquet'").fetchall()
    assert aside == [("bad", "pageviews_whole")]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("visit_id,pageviews\na,1\n", "neither date_id nor visit_start"),
        ("visit_id,pageviews,date_id\na,1,\nb,2,\n", "NULL in each of 2 visits"),
    ],
)
def test_a_table_without_dates_has_no_days_to_choose_by(text: str, why: str) -> None:
    with pytest.raises(ConfigError, match="no dates to choose by") as caught:
        visits_of(text, date_to="20260106")
    assert "date_to = 2026-01-06 (--date-to)" in str(caught.value)
    assert why in str(caught.value)
    assert not Path("o").exists()
    visits_of(text)


@pytest.mark.parametrize(
    ("days", "expression"),
    [
        (("20260301", "20260302"), "date_id"),
        (("20260301.0", "20260302.0"), "date_id"),
        (("20260301", "20260302"), "CAST(date_id AS VARCHAR)"),
        (("2026-03-01", "2026-03-02"), "CAST(date_id AS VARCHAR)"),
        (("2026-3-1", "2026-3-2"), "CAST(date_id AS VARCHAR)"),
        (("2026-03-01 10:00:00", "2026-03-02 11:00:00"), "date_id"),
    ],
)
def test_a_day_may_read_yyyymmdd(days: tuple[str, str], expression: str) -> None:
    text = f"visit_id,pageviews,date_id\na,1,{days[0]}\nb,1,{days[1]}\n"
    visits_of(text, f'[columns]\ndate_id = "{expression}"\n')
    assert rows("SELECT date_id::TEXT FROM VISITS") == [("2026-03-01",), ("2026-03-02",)]


def test_days_that_are_missing_are_to_be_mapped() -> None:
    with pytest.raises(ContractError, match="1 of") as caught:
        visits_of("visit_id,pageviews,date_id\na,1,2026-03-01\nb,2,\n")
    assert "Map date_id or visit_start in [columns]" in caught.value.do
    assert "YYYYMMDD" not in caught.value.do


def test_text_that_is_not_utf_8_is_first_a_matter_of_its_encoding() -> None:
    Path("in.csv").write_bytes("visit_id,pageviews,country\na,2,España\nb,1,x\n".encode("latin-1"))
    options = {"source": "visits", "input": ["in.csv"], "out": Path("o")}
    with pytest.raises(InputError, match="1 line of 2") as caught:
        build_visits(load_settings(options, environment={}))
    first, second = caught.value.do.splitlines()
    assert 'under [csv]: encoding = "latin-1"' in first
    assert 'bad_lines = "skip"' in second


@pytest.mark.parametrize("name", ["in.csv", "in.csv.gz"])
def test_names_that_are_not_utf_8_are_not_taken_for_a_bad_line(name: str) -> None:
    content = "visit_id,pageviews,Städte\na,2,Rom\nb,1,Oslo\n".encode("latin-1")
    Path(name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    options = {"source": "visits", "input": [name], "out": Path("o")}
    with pytest.raises(InputError, match="names of the columns are not UTF-8") as caught:
        build_visits(load_settings(options, environment={}))
    assert caught.value.where == f"{name}, line 1"
    assert "as latin-1: visit_id,pageviews,Städte" in str(caught.value)
    Path("s.toml").write_text('[csv]\nencoding = "latin-1"\n')
    found = build_visits(load_settings(options, file=Path("s.toml"), environment={}))
    assert found.report["visits"] == 2


def test_an_encoding_that_is_not_known_is_said_with_its_key() -> None:
    with pytest.raises(ConfigError, match="'klingon' is no encoding") as caught:
        visits_of("visit_id,pageviews\na,1\n", '[csv]\nencoding = "klingon"\n')
    assert caught.value.where == "[csv] encoding"
    assert "utf-8, latin-1, utf-16" in str(caught.value)


def test_a_value_of_a_row_may_look_at_other_rows() -> None:
    toml = '[columns]\nvisit_id = "row_number() OVER (ORDER BY pages)"\npageviews = "pages"\n'
    visits_of("pages\n7\n3\n", toml)
    assert rows("SELECT visit_id, pageviews FROM VISITS") == [("1", 3), ("2", 7)]
