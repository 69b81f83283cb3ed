"""Nothing that a user writes reaches BigQuery as SQL, but expressions that are expressions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from visitseg.config import load_settings
from visitseg.errors import VisitsegError
from visitseg.visits.expression import ExpressionError
from visitseg.visits.expression import parse as parse_over
from visitseg.visits.features import read_contract
from visitseg.warehouse.bigquery import expression, names
from visitseg.warehouse.bigquery.export import export_sql

Reader = Callable[[str], object]


def pattern(text: str) -> object:
    return names.read_pattern(text, "shop-analytics")


def dataset(text: str) -> object:
    return names.read_dataset(text, "shop-analytics", "[bigquery] destination")


def project(text: str) -> object:
    return names.read_project(text, "GOOGLE_PROJECT_ID")


def label(text: str) -> object:
    return names.read_labels({"team": text})


def column(text: str) -> object:
    told = expression.problem(text)
    if told:
        raise ExpressionError(told)
    return text


def day(text: str) -> object:
    return load_settings({"date_from": text}, environment={})


def zone(text: str) -> object:
    return load_settings({"timezone": text}, environment={})


def parse(text: str) -> object:
    return parse_over(text, {"hits": "number", "device": "text"})


def feature_name(text: str) -> object:
    Path("c.yaml").write_text(f"features: {{{text!r}: {{visit: hits / pageviews}}}}")
    return read_contract(Path("c.yaml"))


ATTACKS: list[tuple[Reader, str]] = [
    (pattern, "shop-analytics.d.t`; DROP TABLE x; --"),
    (pattern, "shop-analytics.d.t` UNION ALL SELECT * FROM `secret.d.t"),
    (pattern, "shop-analytics.d.t*`"),
    (pattern, "shop-analytics.d.*t"),
    (pattern, "shop-analytics.d.t**"),
    (pattern, "shop-analytics.d.t WHERE 1=1"),
    (pattern, "shop-analytics.d.t\n; SELECT 1"),
    (pattern, "shop-analytics.d.t\\`"),
    (pattern, "shop-analytics.d.t'--"),
    (pattern, "shop-analytics.d.t/*"),
    (pattern, "shop-analytics.d.t@0"),
    (pattern, "shop-analytics.d.t$20200101"),
    (pattern, "shop-analytics.d.INFORMATION_SCHEMA.TABLES"),
    (pattern, "(SELECT * FROM secrets)"),
    (pattern, "shop-analytics.d."),
    (pattern, "t"),
    (pattern, "shop-analytics..t"),
    (pattern, "EXTERNAL_QUERY('c', 'SELECT 1')"),
    (pattern, "shop-analytics.d`.`t"),
    (pattern, "shop-analytics.d.t\x00"),
    (dataset, "shop-analytics.d`; DROP SCHEMA d; --"),
    (dataset, "shop-analytics.d-ash"),
    (dataset, "shop-analytics.d.e"),
    (dataset, "shop-analytics.d OPTIONS()"),
    (dataset, "shop-analytics.d/../e"),
    (dataset, ""),
    (dataset, "Shop`.d"),
    (project, "shop`analytics"),
    (project, "shop analytics"),
    (project, "shop-analytics; --"),
    (project, "Shop-Analytics"),
    (project, "../shop-analytics"),
    (project, "shop-analytics?alt=media"),
    (names.read_location, "US'; --"),
    (names.read_location, "US&x=1"),
    (names.read_location, "../US"),
    (names.read_key, "projects/p/locations/l/keyRings/r/cryptoKeys/k"),
    (names.read_key, "projects/shop-a/locations/us/keyRings/r/cryptoKeys/k'), x=('"),
    (names.read_key, "projects/shop-a/locations/us/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1"),
    (label, "a'b"),
    (label, "A b"),
    (label, "x" * 64),
    (day, "20200101' OR '1'='1"),
    (day, "@x"),
    (day, "DATE '2020-01-01'"),
    (zone, "UTC'; DROP TABLE x; --"),
    (zone, "../../etc/passwd"),
    (column, "1) FROM secrets; DROP TABLE x; --"),
    (column, "(SELECT MAX(salary) FROM hr.staff)"),
    (column, "hits, (SELECT 1)"),
    (column, "hits -- the rest"),
    (column, "hits # the rest"),
    (column, "hits /* the rest"),
    (column, "hits; SELECT 1"),
    (column, "hits) AS x, (hits"),
    (column, "@date_from"),
    (column, "@@project_id"),
    (column, "'open"),
    (column, "'''three''' || x"),
    (column, "ARRAY(SELECT x FROM UNNEST([1]) AS x)"),
    (column, "EXISTS(SELECT 1)"),
    (column, "hits UNION ALL SELECT 1"),
    (column, "`a`b`"),
    (column, "$1"),
    (column, "{{ config }}"),
    (column, "\\'"),
    (column, ""),
    (column, "(hits"),
    (column, "[hits)"),
    (column, "EXTRACT(YEAR FROM (SELECT 1))"),
    (parse, "hits) FROM secrets; --"),
    (parse, "(SELECT 1)"),
    (parse, "EXTERNAL_QUERY('c', 'q')"),
    (parse, "hits; DROP TABLE visits"),
    (parse, "`hits`"),
    (parse, "hits /* x"),
    (parse, "'it''s' = device"),
    (parse, "@timezone"),
    (feature_name, "x FROM visits; --"),
    (feature_name, "x`"),
    (feature_name, "1x"),
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: f"{a[0].__name__}: {a[1][:40]!r}")
def test_what_is_no_name_and_no_expression_is_refused(attack: tuple[Reader, str]) -> None:
    read, text = attack
    with pytest.raises((VisitsegError, ExpressionError)) as caught:
        read(text)
    assert str(caught.value)


def test_the_list_of_attacks_is_long() -> None:
    assert len({(read.__name__, text) for read, text in ATTACKS}) >= 80


@pytest.mark.parametrize(
    "text",
    [
        "hits",
        "COALESCE(`page views`, 0)",
        "CASE WHEN order_id IS NULL THEN 0 ELSE 1 END",
        "visit_ms / 1000",
        "'a;b -- c'",
        "r'\\d+'",
        '"select from"',
        "EXTRACT(HOUR FROM visit_start)",
        "payload.items[SAFE_OFFSET(0)].price",
        "REGEXP_EXTRACT(page, r'^[^?#]*')",
        "CAST(hits AS INT64)",
        "IF(a >= 1.5e3, 'x', b || c)",
        "TIMESTAMP_MICROS(event_timestamp)",
    ],
)
def test_expressions_pass(text: str) -> None:
    assert expression.problem(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "bigquery-public-data.google_analytics_sample.ga_sessions_*",
        "example.com:shop-data.analytics_1.events_*",
        "analytics_1.events_*",
        "shop-analytics.d.visits",
    ],
)
def test_tables_pass_and_stand_in_back_ticks(text: str) -> None:
    found = names.read_pattern(text, "shop-analytics")
    assert found.path.endswith(text)
    assert f"FROM `{found.path}`" in export_sql(found, None, None)
