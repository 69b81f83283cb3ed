"""The same answer everywhere: Spark against DuckDB, which is proven against Google's evaluator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import duckdb
import events_rows
import ga4_rows
import ga360_rows
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from visitseg.pipeline import run, score
from visitseg.simulate import simulate
from visitseg.visits.text import load

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = [pytest.mark.slow, pytest.mark.spark]
DUCKDB_ALONE = {"sql/visit_sums.sql"}  # of GA4: docs/decisions/0017-events-in-one-pass.md
SEEDS = range(10)  # at least two for each set of values
EVENTS = 60


@pytest.fixture
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'; SET threads = 1")
        yield connection


def values(told: ModuleType, seed: int) -> tuple[str, dict[str, Any]]:
    """Return one of the sets of values that the evaluator's tests have, another for each seed."""
    sets: dict[str, dict[str, Any]] = getattr(told, "VALUES", None) or told.PERIODS
    name = list(sets)[seed % len(sets)]
    return name, sets[name]


def compare(
    spark: SparkSession,
    engine: duckdb.DuckDBPyConnection,
    told: ModuleType,
    raw: pa.Table,
    seed: int,
) -> None:
    from chain import assert_same, our_chain
    from spark_chain import spark_chain

    base = getattr(told, "BASE", "raw_export")
    name, params = values(told, seed)
    theirs = spark_chain(spark, told.READS, raw, params, base)
    ours = our_chain(engine, told.READS, raw, params, base)
    for text in told.READS:
        sides = [made[text] for made in (theirs, ours)]
        if text == "ga4/visit_rows":  # what tells copies apart is each engine's own
            sides = [side.drop_columns("params") for side in sides]
        assert_same(*sides, f"{text}, seed {seed}, {name}", ("Spark", "DuckDB"))
    keys = next(text for text in told.READS if text.endswith("visit_keys"))
    assert ours[keys].num_rows > 3


@pytest.mark.parametrize("seed", SEEDS)
def test_random_ga4_exports(
    spark: SparkSession, engine: duckdb.DuckDBPyConnection, seed: int
) -> None:
    told = pytest.importorskip("test_ga4_oracle")
    compare(spark, engine, told, ga4_rows.random_export(seed, EVENTS), seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_random_ga360_exports(
    spark: SparkSession, engine: duckdb.DuckDBPyConnection, seed: int
) -> None:
    told = pytest.importorskip("test_ga360_oracle")
    compare(spark, engine, told, ga360_rows.random_export(seed, EVENTS), seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_random_event_logs(
    spark: SparkSession, engine: duckdb.DuckDBPyConnection, seed: int
) -> None:
    told = pytest.importorskip("test_events_oracle")
    _, params = values(told, seed)
    raw = events_rows.random_log(seed, EVENTS, visits=params["given_visits"])
    compare(spark, engine, told, raw, seed)


def assert_same_runs(spark: SparkSession, **options: Any) -> None:
    """Run and score with both engines, and compare all that holds numbers."""
    for folder, given in (("duckdb", {}), ("spark", {"spark": spark})):
        run(out=folder, **given, **options)
        score("duckdb", out=f"{folder}-scores", **given, **options)
    assert_same_folder(Path("duckdb"), Path("spark"))
    assert_same_folder(Path("duckdb-scores"), Path("spark-scores"))
    assert {"visits.parquet", "cluster_centers.parquet", "model.json", "checks.json"} <= {
        path.name for path in Path("spark").iterdir()
    }


def assert_same_folder(ours: Path, theirs: Path) -> None:
    """Compare tables by their cells, the rest by its text; the report is drawn from them."""
    names = {str(p.relative_to(ours)) for p in ours.rglob("*") if p.is_file()} - DUCKDB_ALONE
    assert names == {str(p.relative_to(theirs)) for p in theirs.rglob("*") if p.is_file()}
    tables = sorted(name for name in names if name.endswith(".parquet"))
    for name in tables:
        mine, other = pq.read_table(ours / name), pq.read_table(theirs / name)
        assert mine.column_names == other.column_names, name
        assert mine.schema.types == other.schema.types, name
        assert mine.num_rows > 0, name
        differ = [c for c in mine.column_names if not mine[c].equals(other[c])]
        if name.startswith("labels/"):  # a logarithm's last bit is each engine's own
            for column in ("distance", "margin"):
                a, b = (t[column].to_numpy(zero_copy_only=False) for t in (mine, other))
                np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12, err_msg=column)
            differ = [c for c in differ if c not in ("distance", "margin")]
        assert differ == [], name
    texts = sorted({"ledger.json", "checks.json", "model.json", "profiles.json"} & names)
    for name in texts:
        assert (ours / name).read_text() == (theirs / name).read_text(), name
    assert tables
    assert texts


def test_a_simulated_ga4_export_gives_the_same_model(spark: SparkSession) -> None:
    simulate(Path("export"), visits=1500, seed=5)
    assert_same_runs(spark, source="ga4", input=["export/events_*.parquet"])


def test_the_real_ga360_day_gives_the_same_model(
    spark: SparkSession, real: Callable[[str], str]
) -> None:
    day = real("ga360/ga_sessions_20170801.parquet")
    assert_same_runs(spark, source="ga360", input=[day])


def test_the_sample_is_the_same_visits(
    spark: SparkSession, engine: duckdb.DuckDBPyConnection
) -> None:
    from visitseg.warehouse.spark import SparkWarehouse

    ids = [f"{'é' * (n % 3)}{n * 7919 % 4001}|{n}" for n in range(4001)]
    visits = pa.table({"visit_id": ids})
    engine.register("visits", visits)
    ours = engine.sql(load("sample", "duckdb").sql, params={"size": 500}).to_arrow_table()
    spark.createDataFrame(visits).createOrReplaceTempView("visits")
    theirs = SparkWarehouse(spark=spark).query(load("sample", "spark").sql, {"size": 500})
    spark.catalog.dropTempView("visits")
    assert theirs["place"].to_pylist() == ours["place"].to_pylist()
    assert len(set(theirs["place"].to_pylist())) == 500
