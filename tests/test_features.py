"""The contract file: features of one's own, by expressions that mean the same everywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visitseg.config import load_settings
from visitseg.errors import ConfigError, ContractError
from visitseg.pipeline import Run, build_visits, run
from visitseg.visits.expression import ExpressionError, Kind, parse

ROW: dict[str, Any] = {"a": 6, "b": 4, "zero": 0, "none": None, "word": "Côte d’Ivoire"}
KINDS: dict[str, Kind] = dict.fromkeys(ROW, "number") | {"word": "text"}
VALUES = [
    ("a + b * 2", 14), ("(a + b) * 2", 20), ("a - b - 1", 1), ("-a + 1", -5), ("a / b", 1.5),
    ("a / zero", None), ("a / none", None), ("a > b AND NOT b > a", True),
    ("a = 6 OR none = 1", True),
    ("a <> b", True), ("a != 6", False), ("none IS NULL", True), ("a IS NOT NULL", True),
    ("a IN (1, 6)", True), ("a NOT IN (1, 6)", False), ("a BETWEEN b AND 6", True),
    ("a NOT BETWEEN b AND 5", True), ("word LIKE 'C%Ivoire'", True), ("word NOT LIKE '%x%'", True),
    ("CASE WHEN a > 9 THEN 1 WHEN b = 4 THEN 2 ELSE 3 END", 2),
    ("case when a > 9 then 1 end", None),
    ("COALESCE(none, zero, a)", 0), ("NULLIF(a, 6)", None), ("LOWER(word) = 'côte d’ivoire'", True),
    ("SUBSTR(word, 1, 4)", "Côte"), ("ABS(b - a)", 2), ("ROUND(a / b)", 2.0), ("LN(zero)", None),
    ("LN(1)", 0.0), ("EXP(zero)", 1.0), ("'its'", "its"), ("1.5e1", 15.0),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), VALUES)
def test_an_expression_has_its_value(text: str, expected: Any) -> None:
    columns = ", ".join(f"${name} AS {name}" for name in ROW)
    found = parse(text, KINDS)
    with duckdb.connect() as engine:
        (value,) = engine.execute(f"SELECT {found.sql} FROM (SELECT {columns})", ROW).fetchone()  # type: ignore[misc]
    assert value == pytest.approx(expected)


@pytest.mark.parametrize("text", [text for text, _ in VALUES])
def test_google_reads_it_too(text: str) -> None:
    pytest.importorskip("zetasql", reason="the GoogleSQL evaluator is not installed")
    from oracle import Oracle

    global _oracle
    _oracle = _oracle or Oracle()
    schema = pa.schema([(n, pa.string() if n == "word" else pa.int64()) for n in ROW])
    table = pa.Table.from_pylist([ROW], schema=schema)
    found = _oracle.query(f"SELECT {parse(text, KINDS).sql} AS x FROM t", {"t": table})
    assert found["x"].to_pylist()[0] == pytest.approx(dict(VALUES)[text])


_oracle: Any = None


@pytest.mark.parametrize(
    "text",
    [
        *("", "a +", "(a", "a)", "a b", "a; DROP TABLE visits", "a -- x", "a /* x */", "SELECT a"),
        *(
            "(SELECT 1)",
            "a FROM visits",
            "unknown",
            "a.b",
            '"a"',
            "`a`",
            "'open",
            "'a\\'",
            "$a",
            "@a",
        ),
        *("read_csv('x')", "getenv('HOME')", "a::INT", "CAST(a AS INT)", "LN()", "NULLIF(a)"),
        *("SUBSTR(word, 0)", "SUBSTR(word, a)", "CASE END", "a LIKE b", "a IS b", "a NOT b"),
        *(
            "a IN ()",
            "a + word",
            "word > a",
            "NOT a",
            "a AND b",
            "LOWER(a)",
            "a IN (1, 'x')",
            "1e999",
            "(" * 60 + "a" + ")" * 60,
            "a || b",
            "a % b",
            "a <=> b",
        ),
        *("CASE WHEN a THEN 1 END", "COALESCE(a, word)", "CASE WHEN a = 1 THEN 1 ELSE 'x' END"),
        *("a LIKE 'x'", "-word", "ABS(word)", "ROUND(a > b)", "a = word", "a BETWEEN 1 AND 'x'"),
        *("a\u2028b", "a ﹣ b", "$$a$$", "{{ a }}", "?", ":a", "\\a", "a;", "a\x00", "'a\nb'"),
        *("a UNION SELECT 1", "EXISTS (SELECT 1)", "a IN (SELECT 1)", "pg_read_file('x')", "a[1]"),
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text, KINDS)


@given(st.text(max_size=40))
def test_no_text_breaks_the_parser(text: str) -> None:
    try:
        found = parse(text, KINDS)
    except ExpressionError:
        return
    assert found.names <= ROW.keys()
    assert parse(found.sql, KINDS).names == found.names


CONTRACT = """schema_version: 1
features:
  pageviews: {}
  cart_share:
    visit: add_to_carts / hits
    null: zero
    min: 0
    max: 1
    unit: share
    transform: share
    family: basket
    description: additions to the cart, of all hits
  quick: {visit: pageviews > 1 AND time_on_site_sec < 30, type: int, null: zero, max: 1}
"""


def with_contract(contract: str, **options: Any) -> Run:
    Path("visits.yaml").write_text(contract)
    table = {
        "visit_id": [f"v{i}" for i in range(40)],
        "pageviews": [1 + i % 4 for i in range(40)],
        "hits": [4 + i % 3 for i in range(40)],
        "add_to_carts": [i % 5 for i in range(40)],
        "time_on_site_sec": [None if i % 4 == 0 else float(i) for i in range(40)],
        "country": ["JP"] * 40,
    }
    pq.write_table(pa.table(table), "table.parquet")
    flags = {
        "source": "visits", "input": ["table.parquet"], "out": Path("o"),
        "features": Path("visits.yaml"), **options,
    }  # fmt: skip
    verb: Callable[..., Run] = run if "preset" in options else build_visits
    return verb(load_settings(flags, environment={}))


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_feature_of_ones_own_is_in_the_table_the_sql_and_the_checks() -> None:
    with_contract(CONTRACT)
    table = duckdb.sql("SELECT * FROM 'o/visits.parquet'").to_arrow_table()
    assert table["cart_share"].to_pylist() == [
        cart / hits
        for cart, hits in zip(
            table["add_to_carts"].to_pylist(), table["hits"].to_pylist(), strict=True
        )
    ]
    assert sum(table["quick"].to_pylist()) == 22
    text = Path("o/sql/visits.sql").read_text()
    assert "add_to_carts / NULLIF(hits, 0)" in text
    assert "additions to the cart, of all hits" in text
    page = Path("o/visit-table.md").read_text()
    assert "| `cart_share` | feature | float | share | from 0, to 1 | share | basket | addi" in page
    assert "| from 0, to 1 | flag | engagement | the source cannot say: NULL |" in page
    assert (
        "cart_share >= 0 AND cart_share <= 1"
        in Path("o/sql/checks/cart_share_in_range.sql").read_text()
    )


def test_a_feature_of_ones_own_is_in_the_centres_and_the_report() -> None:
    found = with_contract(CONTRACT, preset="baseline", k_max=3, k_final=2)
    assert found.segments is not None
    assert found.segments.column_names[5:] == ["pageviews", "cart_share", "quick"]
    assert "Cart share" in Path("o/report.html").read_text()


def test_values_out_of_bounds_fail_the_contract() -> None:
    with pytest.raises(ContractError) as caught:
        with_contract(CONTRACT.replace("    max: 1\n    unit", "    max: 0.5\n    unit"))
    assert "cart_share_in_range" in str(caught.value)
    assert not Path("o").exists()


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("x: {visit: hits +}", "a value is missing at the end"),
        ("x: {visit: nothing / hits}", "there is no column nothing"),
        ("hits: {visit: pageviews}", "is a column of every visit table"),
        ("X y: {visit: hits}", "lower-case letters"),
        ("x: {visit: hits, transform: cube}", "'cube' is not one of log"),
        ("order: {visit: hits}", "is a word of SQL"),
        ("nth: {count_if: type = 'PAGE'}", "is a word of SQL"),
        ("x: {count_if: hits > 1}", "there is no column hits"),
        ("x: {visit: event = 'x'}", "there is no column event"),
        ("x: {count_if: value}", "a condition is needed"),
        ("x: {sum_of: title}", "a number is needed"),
        ("x: {first_of: title}", "a feature is a number"),
        ("x: {visit: country}", "a feature is a number"),
        ("x: {visit: hits, count_if: type = 'PAGE'}", "one of them is the feature"),
        ("x: {visit: hits, where: type = 'PAGE'}", "chooses hits"),
        ("x: {visit: {oracle: hits}}", "texts are for bigquery, duckdb, spark"),
        ("x: {visit: hits, min: low}", "'low' is not a number"),
        ("x: {visit: hits, desciption: d}", "Did you mean description"),
        ("x: {count_if: event = 'play'}", "a visit table has no hits"),
        ("x: 5", "write x: {}"),
    ],
)
def test_what_is_wrong_with_a_contract_is_said(entry: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        with_contract(f"schema_version: 1\nfeatures:\n  {entry}\n")
    assert told in str(caught.value)


def test_kinds_that_do_not_fit_are_an_error_of_the_contract() -> None:
    with pytest.raises(ConfigError, match="takes a number, not the text country"):
        with_contract("schema_version: 1\nfeatures:\n  x: {visit: country * 2}\n")
