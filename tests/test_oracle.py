"""The oracle itself: GoogleSQL's answers, types and messages come through unchanged."""

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytest.importorskip("zetasql", reason="the GoogleSQL evaluator is not installed")
from oracle import Oracle, OracleError

WILDCARD = "p.d.ga_sessions_*"
GA360_DAY = Path(__file__).parents[2] / "shared/data/ga360/ga_sessions_20170801.parquet"

PRODUCT = pa.struct([("productSKU", pa.string()), ("productQuantity", pa.int64())])
HIT = pa.struct(
    [
        ("hitNumber", pa.int64()),
        ("type", pa.string()),
        ("page", pa.struct([("pagePath", pa.string())])),
        ("product", pa.list_(PRODUCT)),
    ]
)
VISITS = pa.Table.from_pylist(
    [
        {
            "visitId": 1,
            "totals": {"pageviews": 2},
            "hits": [
                {"hitNumber": 1, "type": "PAGE", "page": {"pagePath": "/a?x=1"}, "product": []},
                {
                    "hitNumber": 2,
                    "type": "PAGE",
                    "page": {"pagePath": "/a"},
                    "product": [
                        {"productSKU": "é", "productQuantity": 2},
                        {"productSKU": None, "productQuantity": 3},
                    ],
                },
                {"hitNumber": 3, "type": "EVENT", "page": None, "product": None},
            ],
        },
        {"visitId": 2, "totals": None, "hits": []},
        {"visitId": 3, "totals": {"pageviews": None}, "hits": None},
    ],
    schema=pa.schema(
        [
            ("visitId", pa.int64()),
            ("totals", pa.struct([("pageviews", pa.int64())])),
            ("hits", pa.list_(HIT)),
        ]
    ),
)
PAGES_AND_PATHS = """
    SELECT
      (SELECT COUNT(*) FROM UNNEST(v.hits) AS h WHERE h.type = 'PAGE') AS pages,
      (
        SELECT COUNT(DISTINCT REGEXP_EXTRACT(h.page.pagePath, r'^[^?]*'))
        FROM UNNEST(v.hits) AS h WHERE h.type = 'PAGE'
      ) AS paths
    FROM `p.d.ga_sessions_*` AS v
"""


@pytest.fixture(scope="module")
def oracle() -> Oracle:
    return Oracle()


def answer(oracle: Oracle, expression: str) -> object:
    """Give the value of an expression that needs no table."""
    return oracle.query(f"SELECT {expression} AS answer", {})["answer"][0].as_py()


def test_every_kind_of_parameter_arrives_with_its_type(oracle: Oracle) -> None:
    paris = dt.timezone(dt.timedelta(hours=2))
    params = {
        "text": "it's",
        "whole": -(2**63),
        "real": 0.1,
        "flag": True,
        "day": dt.date(1969, 12, 31),
        "moment": dt.datetime(2017, 8, 1, 1, 30, 0, 1, tzinfo=paris),
        "nothing": None,
        "no_number": pa.scalar(None, pa.int64()),
        "texts": ["b", "a"],
        "no_texts": [],
    }
    row = oracle.query(f"SELECT {', '.join(f'@{name} AS {name}' for name in params)}", {}, params)
    expected = {
        **params,
        "moment": dt.datetime(2017, 7, 31, 23, 30, 0, 1, tzinfo=dt.UTC),
        "no_number": None,
    }
    assert row.to_pylist() == [expected]
    assert row.schema.types == [
        pa.string(),
        pa.int64(),
        pa.float64(),
        pa.bool_(),
        pa.date32(),
        pa.timestamp("us", tz="UTC"),
        pa.string(),
        pa.int64(),
        pa.list_(pa.string()),
        pa.list_(pa.string()),
    ]


def test_a_list_parameter_filters(oracle: Oracle) -> None:
    sql = "SELECT visitId FROM visits WHERE visitId IN UNNEST(@ids) ORDER BY visitId DESC"
    assert oracle.query(sql, {"visits": VISITS}, {"ids": [1, 3]}).to_pydict() == {"visitId": [3, 1]}


def test_a_datetime_without_a_zone_is_refused(oracle: Oracle) -> None:
    with pytest.raises(OracleError, match=r"Arrow type timestamp\[us\]"):
        oracle.query("SELECT @at AS at", {}, {"at": dt.datetime(2017, 8, 1)})


def test_nested_rows_come_back_as_they_went(oracle: Oracle) -> None:
    result = oracle.query(f"SELECT * FROM `{WILDCARD}`", {WILDCARD: VISITS})
    assert result.equals(VISITS)


def test_days_and_moments_come_back_as_they_went(oracle: Oracle) -> None:
    moments = pa.table(
        {
            "day": pa.array([dt.date(1, 1, 1), None, dt.date(9999, 12, 31)], pa.date32()),
            "moment": pa.array([-1, None, 1_501_583_974_000_001], pa.timestamp("us", tz="UTC")),
        }
    )
    assert oracle.query("SELECT * FROM t", {"t": moments}).equals(moments)
    sql = "SELECT UNIX_MICROS(moment) AS micros, CAST(day AS STRING) AS day FROM t"
    assert oracle.query(sql, {"t": moments}).to_pydict() == {
        "micros": [-1, None, 1_501_583_974_000_001],
        "day": ["0001-01-01", None, "9999-12-31"],
    }


def test_correlated_unnest_counts_inside_each_row(oracle: Oracle) -> None:
    counts = oracle.query(PAGES_AND_PATHS, {WILDCARD: VISITS})
    assert counts.to_pydict() == {"pages": [2, 0, 0], "paths": [1, 0, 0]}


def test_flat_unnest_drops_rows_without_elements(oracle: Oracle) -> None:
    sql = f"""
        SELECT v.visitId, SUM(p.productQuantity) AS quantity, COUNT(p.productSKU) AS named
        FROM `{WILDCARD}` AS v, UNNEST(v.hits) AS h, UNNEST(h.product) AS p
        GROUP BY v.visitId
    """
    result = oracle.query(sql, {WILDCARD: VISITS})
    assert result.to_pylist() == [{"visitId": 1, "quantity": 5, "named": 1}]


def test_nulls_differ_from_empty_and_zero(oracle: Oracle) -> None:
    sql = """
        SELECT totals IS NULL AS bare, totals.pageviews AS pageviews, ARRAY_LENGTH(hits) AS hits
        FROM visits ORDER BY visitId
    """
    assert oracle.query(sql, {"visits": VISITS}).to_pydict() == {
        "bare": [False, True, False],
        "pageviews": [2, None, None],
        "hits": [3, 0, None],
    }


def test_a_table_may_be_empty(oracle: Oracle) -> None:
    sql = "SELECT COUNT(*) AS n, SUM(visitId) AS total FROM visits"
    result = oracle.query(sql, {"visits": VISITS.slice(0, 0)})
    assert result.to_pylist() == [{"n": 0, "total": None}]


def test_table_suffix_is_read_but_not_selected(oracle: Oracle) -> None:
    sql = f"SELECT v.* FROM `{WILDCARD}` AS v WHERE _TABLE_SUFFIX BETWEEN @first AND @last"
    params = {"first": "20170801", "last": "20170831"}
    inside = oracle.query(sql, {WILDCARD: VISITS}, params, {WILDCARD: "20170801"})
    outside = oracle.query(sql, {WILDCARD: VISITS}, params, {WILDCARD: "intraday_20170801"})
    assert inside.equals(VISITS)
    assert outside.num_rows == 0
    by_row = VISITS.append_column("_TABLE_SUFFIX", pa.array(["20170731", "20170801", "20170901"]))
    assert oracle.query(sql, {WILDCARD: by_row}, params)["visitId"].to_pylist() == [2]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("DIV(7, 2)", 3),
        ("DIV(-7, 2)", -3),
        ("DIV(10 - 4, 4)", 1),
        ("MOD(-7, 2)", -1),
        ("SAFE.PARSE_DATE('%Y%m%d', '20170801')", dt.date(2017, 8, 1)),
        ("SAFE.PARSE_DATE('%Y%m%d', '20170230')", None),
        ("SAFE.PARSE_DATE('%Y%m%d', '2017')", None),
        ("CAST(1.5 AS INT64)", 2),
        ("CAST(1.0 AS STRING)", "1"),
        ("GREATEST(1, NULL)", None),
        ("EXTRACT(DAYOFWEEK FROM DATE '2017-08-01')", 3),
        ("EXTRACT(HOUR FROM TIMESTAMP '2017-08-01 05:00:00')", 5),
        ("DATE(TIMESTAMP_SECONDS(1501570800), 'America/Los_Angeles')", dt.date(2017, 8, 1)),
        ("DATE(TIMESTAMP_SECONDS(1501570799), 'America/Los_Angeles')", dt.date(2017, 7, 31)),
    ],
)
def test_google_answers(oracle: Oracle, expression: str, expected: object) -> None:
    assert answer(oracle, expression) == expected


def test_names_are_kept_even_when_absent_or_repeated(oracle: Oracle) -> None:
    result = oracle.query("SELECT 1 AS a, 2 AS a, 3, STRUCT(4 AS b, 'x' AS b) AS s", {})
    assert result.column_names == ["a", "a", "", "s"]
    assert result.schema.field("s").type == pa.struct([("b", pa.int64()), ("b", pa.string())])


def test_a_wrong_field_gets_googles_own_message(oracle: Oracle) -> None:
    message = (
        "Field name pageview does not exist in STRUCT<pageviews INT64>; "
        "Did you mean pageviews? [at 1:17]"
    )
    with pytest.raises(OracleError) as caught:
        oracle.analyze("SELECT v.totals.pageview FROM visits AS v", {"visits": VISITS.schema})
    assert str(caught.value) == message
    with pytest.raises(OracleError) as caught:
        oracle.query("SELECT v.totals.pageview FROM visits AS v", {"visits": VISITS})
    assert str(caught.value) == message


def test_a_message_of_several_lines_is_whole(oracle: Oracle) -> None:
    with pytest.raises(OracleError, match=r"(?s)^No matching signature.*FLOAT64.*\[at 1:8\]$"):
        oracle.analyze("SELECT 1.5 + 'a'", {})


def test_an_error_in_the_data_is_reported(oracle: Oracle) -> None:
    with pytest.raises(OracleError, match=r"^division by zero: 1 / 0$"):
        oracle.query("SELECT 1 / 0", {})


def test_a_type_without_counterpart_is_named(oracle: Oracle) -> None:
    with pytest.raises(OracleError, match=r"returns no DATETIME\. CAST it"):
        oracle.query("SELECT DATETIME '2017-08-01 00:00:00'", {})


def test_analyze_takes_any_statement_and_types_of_parameters(oracle: Oracle) -> None:
    sql = "CREATE TABLE x PARTITION BY day AS SELECT @day AS day, visitId FROM visits"
    oracle.analyze(sql, {"visits": VISITS}, {"day": pa.date32()})
    oracle.analyze(sql, {"visits": VISITS.schema}, {"day": dt.date(2017, 8, 1)})
    with pytest.raises(OracleError, match="PARTITION BY expression"):
        oracle.analyze(sql, {"visits": VISITS}, {"day": pa.float64()})
    with pytest.raises(OracleError, match="Query parameter 'day' not found"):
        oracle.analyze(sql, {"visits": VISITS})


def test_a_crash_is_an_error_and_the_next_query_runs(oracle: Oracle) -> None:
    with pytest.raises(OracleError, match=r"evaluator crashed: .*call stack exhausted"):
        oracle.query("SELECT " + "(-" * 1000 + "1" + ")" * 1000, {})
    assert answer(oracle, "1 + 1") == 2


@pytest.mark.skipif(not GA360_DAY.exists(), reason="the public GA360 day is not beside the project")
def test_a_real_day_of_visits_gives_the_counted_sums(oracle: Oracle) -> None:
    hits = ["hits.list.element.type", "hits.list.element.page.pagePath"]
    day = pq.ParquetFile(GA360_DAY).read(columns=["fullVisitorId", "visitId", *hits])
    sql = f"SELECT SUM(pages) AS pages, SUM(paths) AS paths FROM ({PAGES_AND_PATHS})"
    assert oracle.query(sql, {WILDCARD: day}).to_pylist() == [{"pages": 10_939, "paths": 7_518}]
    sql = f"""
        SELECT
          v.fullVisitorId, v.visitId,
          COUNT(CASE WHEN h.type = 'PAGE' THEN 1 END) AS pages,
          COUNT(DISTINCT
            CASE WHEN h.type = 'PAGE' THEN REGEXP_EXTRACT(h.page.pagePath, r'^[^?]*') END
          ) AS paths
        FROM `{WILDCARD}` AS v, UNNEST(v.hits) AS h
        GROUP BY v.fullVisitorId, v.visitId
    """
    visits = oracle.query(sql, {WILDCARD: day})
    assert visits.num_rows == 2_556
    assert sum(visits["pages"].to_pylist()) == 10_939
    assert sum(visits["paths"].to_pylist()) == 7_518
