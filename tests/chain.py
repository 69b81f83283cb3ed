"""Run a source's chain of SQL texts with DuckDB and with the evaluator, and compare the tables.

Rows are compared without their order, cell by cell, floats to the last bit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import duckdb
import pyarrow as pa
from oracle import Oracle

from visitseg.visits.planning import model_names
from visitseg.visits.text import load

Reads = Mapping[str, tuple[str, ...]]  # text -> the tables it reads


def ours(engine: duckdb.DuckDBPyConnection, sql: str, params: Mapping[str, Any]) -> pa.Table:
    """Run a DuckDB text; its sums of integers become int64, as the ledger reads them."""
    values = {
        key: value.as_py() if isinstance(value, pa.Scalar) else value
        for key, value in params.items()
        if f"${key}" in sql
    }
    found = engine.sql(sql, params=values).to_arrow_table()
    kinds = [pa.int64() if pa.types.is_decimal(kind) else kind for kind in found.schema.types]
    return found.cast(pa.schema(list(zip(found.column_names, kinds, strict=True))))


def our_chain(
    engine: duckdb.DuckDBPyConnection,
    reads: Reads,
    raw: pa.Table,
    params: Mapping[str, Any],
    base: str = "raw_export",
    *,
    hits: bool = False,
) -> dict[str, pa.Table]:
    """Run all texts, each on the results of those before it; `base` is what `raw` is called."""
    engine.register(base, raw)
    made = {}
    own = [f"ga4/{name}" for name in model_names("ga4", "duckdb")]
    for name in (*own, *reads) if "ga4/visit_rows" in reads else reads:
        made[name] = ours(engine, load(name, "duckdb", hits=hits).sql, params)
        engine.register(name.rpartition("/")[2], made[name])
    return made


def google_chain(
    oracle: Oracle,
    reads: Reads,
    raw: pa.Table,
    params: Mapping[str, Any],
    base: str = "raw_export",
    *,
    hits: bool = False,
) -> dict[str, pa.Table]:
    """Run all canonical texts, each on the results of those before it."""
    tables, made = {base: raw}, {}
    for name, read in reads.items():
        given = {table: tables[table] for table in read}
        made[name] = oracle.query(load(name, "bigquery", hits=hits).sql, given, params)
        tables[name.rpartition("/")[2]] = made[name]
    return made


def bag(table: pa.Table) -> Counter[tuple[str, ...]]:
    """Count the rows; the elements of an array have no order in our models."""
    columns = [
        [repr(sorted(cell) if isinstance(cell, list) else cell) for cell in column.to_pylist()]
        for column in table.columns
    ]
    return Counter(zip(*columns, strict=True))


def assert_same(
    google: pa.Table,
    own: pa.Table,
    where: str,
    engines: tuple[str, str] = ("GoogleSQL", "DuckDB"),
) -> None:
    """Compare names, types and rows, and show two rows of each side that differ."""
    assert own.column_names == google.column_names, where
    assert own.schema.types == google.schema.types, where
    only_google, only_own = bag(google) - bag(own), bag(own) - bag(google)
    if not only_google and not only_own:
        return
    told = [f"{where}: {only_google.total()} rows of {google.num_rows} differ"]
    for side, rows in zip(engines, (only_google, only_own), strict=True):
        told += [
            f"{side}: {dict(zip(google.column_names, cells, strict=True))}"
            for cells in sorted(rows)[:2]
        ]
    raise AssertionError("\n".join(told))
