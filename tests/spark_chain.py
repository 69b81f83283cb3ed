"""Run a source's chain of SQL texts on Spark, to be compared with another engine's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
from chain import Reads
from pyspark.sql import SparkSession

from visitseg.visits.text import load
from visitseg.warehouse.spark import SparkWarehouse


def plain(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values as a run has them; the evaluator wants typed ones."""
    return {k: v.as_py() if isinstance(v, pa.Scalar) else v for k, v in params.items()}


def spark_chain(
    spark: SparkSession,
    reads: Reads,
    raw: pa.Table,
    params: Mapping[str, Any],
    base: str = "raw_export",
) -> dict[str, pa.Table]:
    """Run all Spark texts, each on the results of those before it."""
    warehouse = SparkWarehouse(spark=spark)
    made = {}
    try:
        spark.createDataFrame(raw).createOrReplaceTempView(base)
        for name in reads:
            table = name.rpartition("/")[2]
            warehouse.create_table(table, load(name, "spark").sql, plain(params))
            made[name] = warehouse.query(f"SELECT * FROM {table}")
    finally:
        warehouse.close()
        spark.catalog.dropTempView(base)
    return made
