"""SQL labels are Python labels: on a million simulated visits, and on every real export."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import made_models
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from test_visits_source import FEATURES, MAPPING, SHOPPERS

from benchmarks.quality import families
from visitseg import Model, VisitSegmenter, run, score
from visitseg.by_day.labels import read_labels
from visitseg.config import load_settings
from visitseg.segments.places.axes import Axis

pytestmark = pytest.mark.slow
EXAMPLES = Path(__file__).parents[1] / "examples"
REAL: dict[str, tuple[str, str, str]] = {  # file, source, what a configuration adds
    "ga360": ("ga360/ga_sessions_20170801.parquet", "ga360", ""),
    "ga360 as JSON": ("ga360/ga_sessions_20170801.bigquery_json.ndjson.gz", "ga360", ""),
    "ga4": ("ga4/events_sampled.parquet", "ga4", ""),
    "shoppers": (SHOPPERS, "visits", MAPPING),
    "rees46": (
        "rees46/2019-Oct.head17435.csv.gz",
        "events",
        (EXAMPLES / "rees46.toml").read_text() + '\n[csv]\nbad_lines = "skip"\n',
    ),
    "baseline": ("baseline/sessions.parquet", "visits", ""),
}


@pytest.fixture(scope="module")
def million() -> pa.Table:
    rng = np.random.default_rng(11)
    kinds = [families.visits_of(rng, kind, 125_000) for kind in families.NAMED.values()]
    visits = families.join([families.bounces(rng, 250_000), *kinds], rng)
    columns = {name: pa.array(v, from_pandas=True) for name, v in visits.columns.items()}
    n = len(visits.kinds)
    assert n == 1_000_000
    days = pa.array(20_000 + np.arange(n) % 30, pa.int32()).cast(pa.date32())
    return pa.table({"visit_id": pa.array(np.arange(n)).cast("string"), "date_id": days, **columns})


def differences(model: Model, table: pa.Table) -> int:
    """Return how many visits DuckDB labels otherwise than `predict`."""
    with duckdb.connect() as engine:
        engine.register("visits", table)
        found = engine.sql(model.to_sql("duckdb")).to_arrow_table()
    order = np.argsort(found["visit_id"].cast("int64").to_numpy())
    expected = model.assign(table)
    np.testing.assert_allclose(found["distance"].to_numpy()[order], expected.distance, atol=1e-9)
    np.testing.assert_allclose(found["margin"].to_numpy()[order], expected.margin, atol=1e-9)
    return int((found["cluster"].to_numpy()[order] != expected.labels).sum())


@pytest.mark.parametrize(
    "segmenter",
    [
        VisitSegmenter(unassigned=True),
        VisitSegmenter(k=9),
        VisitSegmenter("baseline", k_min=6, k_max=6),
    ],
    ids=["auto", "bands", "baseline"],
)
def test_a_million_simulated_visits(segmenter: VisitSegmenter, million: pa.Table) -> None:
    model = segmenter.fit(million.slice(0, 50_000)).model_
    assert differences(model, million) == 0


@pytest.mark.parametrize(
    "axes", [made_models.VISIT_AXES, made_models.OWN_AXES], ids=["visit", "own"]
)
def test_a_million_drawn_visits_of_few_values(axes: tuple[Axis, ...]) -> None:
    """Few distinct values, every pattern of unknown ones: where ties would show."""
    table = made_models.visits(1_000_000, seed=12)
    number = pa.array(np.arange(1_000_000)).cast("string")
    assert (
        differences(made_models.model(8, axes, k=5), table.set_column(0, "visit_id", number)) == 0
    )


@pytest.mark.parametrize("preset", ["auto", "baseline"])
@pytest.mark.parametrize("name", REAL)
def test_every_real_export(name: str, preset: str, real: Callable[[str], str]) -> None:
    file, source, toml = REAL[name]
    Path("s.toml").write_text(toml)
    given: dict[str, Any] = {"source": source, "input": [real(file)], "preset": preset, "k_max": 6}
    if name == "shoppers":
        Path("f.yaml").write_text(FEATURES)
    features = {"features": Path("f.yaml")} if name == "shoppers" else {}
    if name == "rees46" and preset == "baseline":
        Path("f.yaml").write_text("features: [pageviews, hits, transactions, transaction_revenue]")
        features = {"features": Path("f.yaml")}
    settings = load_settings({**given, **features, "out": Path("artifacts")}, file=Path("s.toml"))
    run(settings)
    labels = load_settings({**given, "out": Path("scores")}, file=Path("s.toml"))
    score("artifacts", labels)
    trained = pq.read_table("artifacts/session_clusters.parquet").sort_by("visit_id")
    found = read_labels(Path("scores")).sort_by("visit_id")
    assert len(found) == len(trained) > 1_000
    for column in ("visit_id", "date_id", "cluster", "segment_id", "segment", "kind"):
        assert found[column].to_pylist() == trained[column].to_pylist(), column
    model = Model.load("artifacts")
    visits = pq.read_table("artifacts/visits.parquet").sort_by("visit_id")
    assert (model.predict(visits) == found["cluster"].to_numpy()).all()
    np.testing.assert_allclose(found["distance"], trained["distance"], atol=1e-9)
    np.testing.assert_allclose(found["margin"], trained["margin"], atol=1e-9)
