"""The portable subset: only functions and constructs whose meaning the evaluator has shown.

A canonical text is parsed; every function that it calls must have a row in `FUNCTIONS`, with a
value that Google's evaluator finds, and every kind of node must be in `CONSTRUCTS`. What is not
here is refused until it has a row; that the engines' texts are equal is shown on random exports.
"""

from __future__ import annotations

import itertools
from importlib.resources import files
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from visitseg.visits.events import example
from visitseg.visits.features import NO_CONTRACT, read_contract
from visitseg.visits.finishing import Model, finish, flag_notes
from visitseg.visits.text import load

sqlglot = pytest.importorskip("sqlglot", reason="sqlglot is not installed")
from sqlglot import exp  # noqa: E402
from sqlglot.tokens import TokenType  # noqa: E402

ROOT = Path(str(files("visitseg.visits")))
TEXTS = sorted(path for path in ROOT.rglob("*.sql") if not {"duckdb", "spark"} & set(path.parts))
# Function, as it is written -> an expression over the row below, and its value.
FUNCTIONS: dict[str, tuple[str, Any]] = {
    "ABS": ("ABS(-n)", 7),
    "ARRAY": ("ARRAY_LENGTH(ARRAY(SELECT DISTINCT x FROM UNNEST([1, 1, 2]) AS x))", 2),
    "ARRAY_CONCAT_AGG": (
        "(SELECT ARRAY_LENGTH(ARRAY_CONCAT_AGG(a)) FROM UNNEST([STRUCT([1, 2] AS a), "
        "STRUCT(CAST(NULL AS ARRAY<INT64>)), STRUCT([3])]))",
        3,
    ),
    "ARRAY_LENGTH": ("ARRAY_LENGTH([1, 2])", 2),
    "CAST": ("CAST(n AS STRING)", "7"),
    "COALESCE": ("COALESCE(none, n)", 7),
    "CONCAT": ("CONCAT(word, CAST(NULL AS STRING))", None),
    "COUNT": ("(SELECT COUNT(CASE WHEN x > 1 THEN 1 END) FROM UNNEST([1, 2, 3]) AS x)", 2),
    "DATE": ("CAST(DATE(moment, 'Asia/Tokyo') AS STRING)", "2021-02-02"),
    "DENSE_RANK": (
        "(SELECT MAX(r) FROM (SELECT DENSE_RANK() OVER (ORDER BY x) AS r FROM UNNEST([1, "
        "1, 3]) AS x))",
        2,
    ),
    "DIV": ("DIV(-n, 2)", -3),
    "FIRST_VALUE": (
        "(SELECT MIN(f) FROM (SELECT FIRST_VALUE(x) OVER (ORDER BY x DESC) AS f FROM "
        "UNNEST([1, 3]) AS x))",
        3,
    ),
    "FLOOR": ("FLOOR(-0.5)", -1.0),
    "FORMAT_DATE": ("FORMAT_DATE('%Y%m%d', day)", "20210201"),
    "IS_NAN": ("IS_NAN(CAST('nan' AS FLOAT64))", True),
    "LENGTH": ("LENGTH('日本')", 2),
    "LOWER": ("LOWER('ÄB')", "äb"),
    "MAX": ("(SELECT MAX(x) FROM UNNEST([1, NULL, 3]) AS x)", 3),
    "MD5": ("TO_HEX(MD5('a'))", "0cc175b9c0f1b6a831c399e269772661"),
    "MIN": ("(SELECT MIN(x) FROM UNNEST([1, NULL, 3]) AS x)", 1),
    "MOD": ("MOD(-n, 2)", -1),
    "NULLIF": ("NULLIF(n, 7)", None),
    "PARSE_DATE": ("CAST(SAFE.PARSE_DATE('%Y%m%d', '20210230') AS STRING)", None),
    "REGEXP_CONTAINS": (r"REGEXP_CONTAINS('a1', r'^\d{8}$')", False),
    "REGEXP_EXTRACT": (r"REGEXP_EXTRACT('abc', r'^s(\d+)')", None),
    "REGEXP_REPLACE": ("REGEXP_REPLACE('https://a/b', r'^[a-z]*://[^/]*', '')", "/b"),
    "REPLACE": ("REPLACE('a|b', '|', '^|')", "a^|b"),
    "ROUND": ("ROUND(-2.5)", -3.0),
    "ROW_NUMBER": (
        "(SELECT MAX(r) FROM (SELECT ROW_NUMBER() OVER (ORDER BY x) AS r FROM UNNEST([1, "
        "1]) AS x))",
        2,
    ),
    "RPAD": ("RPAD('5', 3, '0')", "500"),
    "SAFE_CAST": ("SAFE_CAST('5.5' AS INT64)", None),
    "SHA256": ("SUBSTR(TO_HEX(SHA256('a')), 1, 8)", "ca978112"),
    "STRING_AGG": ("(SELECT STRING_AGG(x, ',' ORDER BY x) FROM UNNEST(['b', 'a']) AS x)", "a,b"),
    "STRUCT": ("ARRAY_LENGTH(ARRAY(SELECT AS STRUCT x AS y FROM UNNEST([1, 2]) AS x))", 2),
    "SUBSTR": ("SUBSTR('abc', 2, 1)", "b"),
    "SUM": ("(SELECT SUM(x) FROM UNNEST([1, NULL, 3]) AS x)", 4),
    "TIMESTAMP_MICROS": ("UNIX_MICROS(TIMESTAMP_MICROS(5))", 5),
    "TO_HEX": ("TO_HEX(b'a')", "61"),
    "TRIM": ("TRIM('  a ', ' ')", "a"),
    "UNIX_DATE": ("UNIX_DATE(day)", 18_659),
    "UNIX_MICROS": ("UNIX_MICROS(moment)", 1_612_195_200_000_000),
    "UNNEST": ("(SELECT COUNT(*) FROM UNNEST(CAST(NULL AS ARRAY<INT64>)) AS x)", 0),
    "UPPER": ("UPPER('ß')", "SS"),
}  # fmt: skip
# Of the whole row, so that copies are known again: proven where it is used, by events_rows.
ONE_ENGINE = {"FARM_FINGERPRINT", "TO_JSON_STRING"}
CONSTRUCTS = frozenset(
    """
    Add Alias And Anonymous Array Between Boolean Bracket Case Cast Coalesce Column ColumnDef Concat
    Count CTE DataType Distinct Div Dot DPipe EQ Exists From GT GTE Group Having Identifier If In
    IntDiv Is Join LT LTE Like Limit Literal Max Min Mod Mul NEQ Neg Not Null Nullif Or Order
    Ordered Parameter Paren RawString Select Star Sub Subquery Sum Table TableAlias Tuple Union
    Unnest Var Where Window WindowSpec With
    """.split()  # noqa: SIM905
)


def contract_texts(folder: Path) -> dict[str, str]:
    """Return what is written at run time: of hits, of visits, and what is left out."""
    path = folder / "c.yaml"
    path.write_text(
        """features:
  a: {count_if: title LIKE '%x%', where: "path IN ('/a', '/b')"}
  b: {sum_of: value / 2, where: value BETWEEN 1 AND 5}
  c: {distinct_of: "SUBSTR(LOWER(path), 1, 3)"}
  d: {first_of: "ROUND(ABS(value), 1)"}
  e: {visit: "LN(hits) + EXP(a) - COALESCE(b, 1)", type: int}
dimensions: {f: {first_of: event}, g: {visit: d IS NOT NULL}}
flags: {bot: {visit: NOT hits < 5, keep: false}}
"""
    )
    contract = read_contract(path)
    visits = load("visits", "bigquery").sql
    models = finish(
        [Model("visits", visits)], contract, source="ga4", columns=["hits"], dialect="bigquery"
    )
    return {model.name: model.sql for model in models} | {
        "flag_notes": flag_notes(NO_CONTRACT, "bigquery"),
        "mapped_events": example().sql("bigquery"),
    }


def called(sql: str) -> set[str]:
    """Return the functions that a text calls, as it writes them."""
    tokens = sqlglot.tokenize(sql, read="bigquery")
    words = {
        token.text.upper()
        for token, after in itertools.pairwise(tokens)
        if after.token_type is TokenType.L_PAREN and token.text.isidentifier()
    }
    return words - {
        *("IN", "AS", "OVER", "FROM", "JOIN", "AND", "OR", "NOT", "WHEN", "THEN", "ELSE", "ON"),
        *("WHERE", "BY", "SELECT", "EXCEPT", "USING", "BETWEEN", "DISTINCT", "INNER", "LIKE"),
        *("HAVING", "ALL", "CASE"),
    }


def problems(sql: str) -> list[str]:
    """Return what a text does that has not been shown to mean the same everywhere."""
    found = [f"function {name}" for name in sorted(called(sql) - FUNCTIONS.keys() - ONE_ENGINE)]
    for tree in sqlglot.parse(sql, read="bigquery"):
        for node in tree.walk():
            name = type(node).__name__
            if not isinstance(node, exp.Func) and name not in CONSTRUCTS:
                found.append(f"construct {name}: {node.sql('bigquery')[:40]}")
            if not isinstance(node, exp.Unnest):
                continue
            if not node.args.get("alias") and not isinstance(node.parent, exp.In):
                found.append(f"UNNEST without an alias: {node.sql('bigquery')[:40]}")
            if node.args.get("offset"):
                found.append("WITH OFFSET")
    return found


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_canonical_text_keeps_to_the_portable_subset(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert problems(text) == []
    assert problems(text.replace("--hits: ", "")) == []


def test_what_a_contract_makes_keeps_to_it_too(tmp_path: Path) -> None:
    language = {"LN", "EXP"}  # of the language of contract files: tests/test_features.py
    for name, sql in contract_texts(tmp_path).items():
        left = [told for told in problems(sql) if told.removeprefix("function ") not in language]
        assert left == [], name


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT APPROX_QUANTILES(x, 4) FROM t", "function APPROX_QUANTILES"),
        ("SELECT TIMESTAMP_DIFF(a, b, SECOND) FROM t", "function TIMESTAMP_DIFF"),
        ("SELECT GREATEST(a, NULL) FROM t", "function GREATEST"),
        ("SELECT EXTRACT(WEEK FROM a) FROM t", "function EXTRACT"),
        ("SELECT x FROM t, UNNEST(a) AS x WITH OFFSET AS o", "WITH OFFSET"),
        ("SELECT (SELECT key FROM UNNEST(event_params)) FROM t", "UNNEST without an alias"),
        ("SELECT x FROM t QUALIFY ROW_NUMBER() OVER (ORDER BY x) = 1", "construct Qualify"),
        ("SELECT ARRAY_AGG(x ORDER BY y LIMIT 1)[OFFSET(0)] FROM t", "function ARRAY_AGG"),
        ("SELECT * FROM t PIVOT(SUM(x) FOR y IN ('a'))", "construct Pivot"),
    ],
)
def test_what_engines_read_differently_is_refused(sql: str, told: str) -> None:
    assert any(problem.startswith(told) for problem in problems(sql))


def test_every_function_means_what_its_row_says() -> None:
    pytest.importorskip("zetasql", reason="the GoogleSQL evaluator is not installed")
    from oracle import Oracle

    row = (
        "SELECT 7 AS n, CAST(NULL AS INT64) AS none, 'word' AS word, DATE '2021-02-01' AS day, "
        "TIMESTAMP '2021-02-01 16:00:00+00' AS moment"
    )
    values = ", ".join(f"{text} AS f_{name}" for name, (text, _) in FUNCTIONS.items())
    found = Oracle().query(f"SELECT {values} FROM ({row}) AS r", {"t": pa.table({"x": [1]})})
    assert {name: found[f"f_{name}"][0].as_py() for name in FUNCTIONS} == {
        name: value for name, (_, value) in FUNCTIONS.items()
    }
