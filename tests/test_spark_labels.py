"""A model's SQL labels visits on Spark as `Model.predict` does, each one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import made_models
import numpy as np
import pyarrow as pa
import pytest
from test_scoring_sql import assert_same

from visitseg import Model, VisitSegmenter

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = [pytest.mark.slow, pytest.mark.spark]
VISITS = 4_000


def on_spark(spark: SparkSession, model: Model, table: pa.Table) -> pa.Table:
    spark.createDataFrame(table).createOrReplaceTempView("visits")
    try:
        return spark.sql(model.to_sql("spark").rstrip(";\n")).toArrow()
    finally:
        spark.catalog.dropTempView("visits")


def test_drawn_models(spark: SparkSession) -> None:
    table = made_models.visits(VISITS, seed=1)
    for seed, axes in enumerate((made_models.VISIT_AXES, made_models.OWN_AXES)):
        model = made_models.model(seed, axes)
        assert len(np.unique(model.predict(table))) == model.k + 1
        assert_same(model, table, on_spark(spark, model, table))


@pytest.mark.parametrize(
    "segmenter",
    [VisitSegmenter(unassigned=True), VisitSegmenter("baseline", k=5, k_min=5, k_max=5)],
    ids=["auto", "baseline"],
)
def test_learnt_models(spark: SparkSession, segmenter: VisitSegmenter) -> None:
    table = made_models.visits(VISITS, seed=2)
    model = segmenter.fit(table).model_
    assert len(np.unique(segmenter.labels_)) > 2
    assert_same(model, table, on_spark(spark, model, table))
