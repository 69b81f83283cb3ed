"""A model's SQL gives the labels of `Model.predict`, row for row, on every engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import duckdb
import made_models
import numpy as np
import pyarrow as pa
import pytest
from oracle import Oracle

from benchmarks.quality import families
from visitseg import Model, SegmentError, UsageError, VisitSegmenter
from visitseg.segments.assignment.assign import Assigner
from visitseg.segments.assignment.fitted import Fitted
from visitseg.segments.places.axes import Axis
from visitseg.segments.places.space import VisitSpace

Run = Callable[[str, pa.Table], pa.Table]


def by_duckdb(sql: str, table: pa.Table) -> pa.Table:
    engine = duckdb.connect()
    engine.register("visits", table)
    return engine.sql(sql).to_arrow_table()


def assert_same(model: Model, table: pa.Table, found: pa.Table) -> None:
    """Compare the labels exactly, distance and margin to what rounding leaves of them."""
    expected = model.assign(table)
    where = {id_: i for i, id_ in enumerate(table["visit_id"].to_pylist())}
    rows = [where[id_] for id_ in found["visit_id"].to_pylist()]
    assert sorted(rows) == list(range(len(table)))
    labels = expected.labels[rows]
    assert found["cluster"].to_numpy().tolist() == labels.tolist()
    for name, values in (("segment_id", model.segment_ids), ("segment", model.names)):
        assert found[name].to_pylist() == [values[c] if c >= 0 else None for c in labels]
    np.testing.assert_allclose(found["distance"], expected.distance[rows], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(found["margin"], expected.margin[rows], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    "axes", [made_models.VISIT_AXES, made_models.OWN_AXES], ids=["visit", "own"]
)
def test_drawn_models_on_duckdb(axes: tuple[Axis, ...]) -> None:
    table = made_models.visits(6_000, seed=1)
    for seed in range(2):
        model = made_models.model(seed, axes)
        assert len(np.unique(model.predict(table))) == model.k + 1
        assert_same(model, table, by_duckdb(model.to_sql("duckdb"), table))


@pytest.fixture(scope="module")
def planted() -> pa.Table:
    rng = np.random.default_rng(9)
    kinds = [families.NAMED[name] for name in ("browsers", "bots", "readers")]
    parts = [families.visits_of(rng, kind, 1_000) for kind in kinds]
    visits = families.join([families.bounces(rng, 1_000), *parts], rng)
    columns = {name: pa.array(v, from_pandas=True) for name, v in visits.columns.items()}
    n = len(visits.kinds)
    days = pa.array(20_000 + np.arange(n) % 30, pa.int32()).cast(pa.date32())
    return pa.table({"visit_id": [f"v{i}" for i in range(n)], "date_id": days, **columns})


@pytest.mark.parametrize(
    "segmenter",
    [
        VisitSegmenter(unassigned=True),
        pytest.param(VisitSegmenter(k=8), marks=pytest.mark.slow),
        VisitSegmenter("baseline", k=5, k_min=5, k_max=5),
    ],
    ids=["auto", "bands", "baseline"],
)
def test_learnt_models_on_duckdb(segmenter: VisitSegmenter, planted: pa.Table) -> None:
    model = segmenter.fit(planted).model_
    assert_same(model, planted, by_duckdb(model.to_sql("duckdb"), planted))
    assert (model.predict(planted) == segmenter.labels_).all()


@pytest.mark.slow
def test_the_reference_evaluator_of_bigquery_agrees(planted: pa.Table) -> None:
    oracle = Oracle()
    few = planted.slice(0, 100)
    segmenter = VisitSegmenter("baseline", k=3, k_min=3, k_max=3).fit(planted.slice(0, 900))
    models = [
        (made_models.model(3), made_models.visits(150, seed=2)),
        (made_models.model(3, made_models.OWN_AXES, k=2), made_models.visits(150, seed=3)),
        (segmenter.model_, few),
    ]
    for model, table in models:
        assert_same(model, table, oracle.query(model.to_sql("bigquery"), {"visits": table}))
    names = {"visits": models[0][1].schema}
    oracle.analyze(
        models[0][0].to_sql("bigquery", style="view", target="p.d.labels").rstrip(";\n"), names
    )


def test_among_ties_the_first_segment_wins_everywhere() -> None:
    """Visits half-way between two centres: exact arithmetic gives ties, rounding does not."""
    axes = (made_models.VISIT_AXES[0], Axis("none", "own_none", "none", step=0.0, unit=3.7))
    means = np.array([[0.3, -0.1], [0.3, 0.1], [0.3, 0.7]])
    covariances = np.array([[[0.37, 0], [0, 0.11]]] * 3)
    zeros = tuple(np.zeros((3, 2)) for _ in axes)
    assigner = Assigner(means, covariances, np.zeros(3), ((), ()), zeros)
    fitted = Fitted(VisitSpace(axes), assigner, (0, 1, 2), {})
    model = made_models.as_model(fitted, ("pageviews", "own_none"))
    pages = np.arange(1.0, 400.0)
    n = len(pages)
    table = pa.table(
        {
            "visit_id": [str(i) for i in range(2 * n)],
            "date_id": pa.array([20_000] * (2 * n), pa.int32()).cast(pa.date32()),
            "pageviews": np.concatenate([pages, pages]),
            "own_none": [0.0] * n + [0.4 * 3.7] * n,
        }
    )
    assert model.predict(table).tolist() == [0] * n + [1] * n
    scores = assigner.scores(fitted.space.place({"pageviews": pages, "own_none": np.full(n, 1.48)}),
                             np.zeros((n, 2)))  # fmt: skip
    assert len(set(scores[:, 1] - scores[:, 2])) > 1  # rounding alone would decide
    assert_same(model, table, by_duckdb(model.to_sql("duckdb"), table))
    few = table.slice(n - 20, 40)
    assert_same(model, few, Oracle().query(model.to_sql("bigquery"), {"visits": few}))


def test_a_view_and_a_label_table(planted: pa.Table) -> None:
    model = made_models.model(5)
    table = made_models.visits(600, seed=4)
    engine = duckdb.connect()
    engine.execute("CREATE SCHEMA shop")
    engine.register("given", table)
    engine.execute("CREATE TABLE shop.visits AS SELECT * FROM given")
    names = {"table": "shop.visits", "target": "shop.labels"}
    engine.execute(model.to_sql("duckdb", style="view", table="shop.visits", target="shop.seen"))
    assert_same(model, table, engine.sql("FROM shop.seen").to_arrow_table())
    for _ in range(2):  # the days of the visit table are replaced, not repeated
        engine.execute(model.to_sql("duckdb", style="insert", **names))
        assert_same(model, table, engine.sql("FROM shop.labels").to_arrow_table())
    other = replace(model, segments=tuple(replace(s, name="new") for s in model.segments))
    engine.execute(
        "DELETE FROM shop.visits WHERE date_id <> (SELECT MIN(date_id) FROM shop.visits)"
    )
    engine.execute(other.to_sql("duckdb", style="insert", **names))
    again = engine.sql("FROM shop.labels").to_arrow_table()
    assert len(again) == 600
    assert again["segment"].to_pylist().count("new") > 0
    with pytest.raises(UsageError, match="not the name of a table"):
        model.to_sql("duckdb", table="visits; DROP TABLE visits")


@pytest.mark.parametrize(
    ("dialect", "style", "target"),
    [
        ("bigquery", "insert", "shop.visits"),
        ("duckdb", "insert", "shop.Visits"),
        ("spark", "insert", "shop.visits"),
        ("duckdb", "view", "shop.visits"),
    ],
)
def test_the_visit_table_is_no_target(dialect: Any, style: Any, target: str) -> None:
    model = made_models.model(5)
    with pytest.raises(UsageError, match="would replace the visit table"):
        model.to_sql(dialect, style=style, table="shop.visits", target=target)
    assert "DELETE" not in model.to_sql(dialect, table="shop.visits", target=target)


def test_too_many_axes_are_refused_by_name_of_the_limit() -> None:
    axes = tuple(Axis(f"a{i}", f"own_{i}", "none") for i in range(9))
    with pytest.raises(SegmentError, match="9 axes; SQL takes 8"):
        made_models.model(0, axes).to_sql("duckdb")
