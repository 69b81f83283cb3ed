"""Preset baseline reproduces the reference procedure, and says what it clipped."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import silhouette_samples

from visitseg import run
from visitseg.errors import SegmentError
from visitseg.segments import baseline
from visitseg.segments.choice.select_k import silhouettes
from visitseg.segments.interpretation.mix import wilson_interval
from visitseg.segments.places.transform import winsorise

FOLDER = "baseline/"


@pytest.fixture(scope="module", params=["straight", "shuffled"])
def reference_run(
    request: pytest.FixtureRequest,
    real: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """Run the preset on the reference visits, in the file's order and in another one."""
    visits = real(FOLDER + "sessions.parquet")
    tmp_path = tmp_path_factory.mktemp("reference")
    if request.param == "shuffled":
        table = pq.read_table(visits)
        order = np.random.default_rng(7).permutation(len(table))
        visits = str(tmp_path / "shuffled.parquet")
        pq.write_table(table.take(order), visits)
    return run(source="visits", input=[visits], preset="baseline", out=tmp_path / "out").folder


def test_labels_are_the_reference_labels(reference_run: Path, real: Callable[[str], str]) -> None:
    pairs = duckdb.sql(
        f"""SELECT DISTINCT r.cluster AS theirs, o.cluster AS ours
            FROM '{real(FOLDER + "session_clusters.parquet")}' AS r
            JOIN '{reference_run / "session_clusters.parquet"}' AS o USING (visit_id)"""
    ).fetchall()
    assert len(pairs) == 6, "one of ours for each of theirs"
    assert len({theirs for theirs, _ in pairs}) == len({ours for _, ours in pairs}) == 6


def test_diagnostics_are_the_reference_diagnostics(
    reference_run: Path, real: Callable[[str], str]
) -> None:
    ours = pq.read_table(reference_run / "k_diagnostics.parquet").to_pydict()
    theirs = pq.read_table(real(FOLDER + "k_diagnostics.parquet")).to_pydict()
    assert ours["k"] == theirs["k"] == list(range(2, 13))
    for name in ("inertia_ssd", "silhouette", "davies_bouldin", "calinski_harabasz"):
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-9, atol=0)


def test_centres_are_the_reference_centres_in_our_order(
    reference_run: Path, real: Callable[[str], str]
) -> None:
    ours = pq.read_table(reference_run / "cluster_centers.parquet").to_pylist()
    theirs = pq.read_table(real(FOLDER + "cluster_centers.parquet")).to_pylist()
    theirs.sort(key=lambda row: (-round(row["transactions"], 9), -row["transaction_revenue"]))
    for mine, reference in zip(ours, theirs, strict=True):
        for name in baseline.FEATURES:
            assert mine[name] == pytest.approx(reference[name], rel=1e-9, abs=1e-12)
    assert [row["cluster"] for row in ours] == list(range(6))
    assert [row["segment_id"] for row in ours] == ["s1", "s2", "s3", "s4", "s5", "s6"]
    assert sum(row["n"] for row in ours) == 2000


def test_distance_is_to_the_own_centre_and_margin_is_between_0_and_1(reference_run: Path) -> None:
    table = pq.read_table(reference_run / "session_clusters.parquet")
    assert min(table["distance"].to_pylist()) >= 0
    margin = table["margin"].to_numpy()
    assert margin.min() >= -1e-12
    assert margin.max() <= 1


def test_the_mix_adds_up_per_day(reference_run: Path) -> None:
    mix = pq.read_table(reference_run / "segment_mix.parquet").to_pylist()
    days = {row["date_id"] for row in mix}
    for day in days:
        rows = [row for row in mix if row["date_id"] == day]
        assert sum(row["n"] for row in rows) == rows[0]["n_total"]
        assert sum(row["pct"] for row in rows) == pytest.approx(1)
        assert all(row["pct_low"] <= row["pct"] <= row["pct_high"] for row in rows)


def test_the_report_counts_clipped_values(reference_run: Path) -> None:
    report = json.loads((reference_run / "model_report.json").read_text())
    visits = pq.read_table(reference_run / "visits.parquet")
    X = np.column_stack([visits[name].to_numpy() for name in baseline.FEATURES])
    beyond = (np.abs(X - X.mean(axis=0)) > 5 * X.std(axis=0)).sum(axis=0)
    assert report["clipping"]["method"] == "zscore"
    counts = dict(zip(baseline.FEATURES, beyond.tolist(), strict=True))
    assert report["clipping"]["counts"] == counts
    assert counts["transaction_revenue"] > 0


def _visits(n: int = 400, seed: int = 3) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.lognormal(1, 1, n), rng.poisson(4, n), rng.normal(0, 1, n)])


@given(
    hnp.arrays(
        float,
        st.tuples(st.integers(1, 60), st.integers(1, 4)),
        elements=st.floats(-1e9, 1e9, allow_nan=False),
    ),
    st.floats(0.5, 6),
)
@settings(max_examples=60, deadline=None)
def test_winsorising_keeps_the_bounds_and_what_lies_inside(
    X: np.ndarray[Any, Any], z_clip: float
) -> None:
    before = X.copy()
    clipping = winsorise(X, "zscore", z_clip=z_clip)
    assert (clipping.lower - 1e-9 <= X).all()
    assert (clipping.upper + 1e-9 >= X).all()
    moved = before != X
    assert (moved.sum(axis=0) == clipping.counts).all()
    inside = (before >= clipping.lower) & (before <= clipping.upper)
    assert (before[inside] == X[inside]).all()


def test_quantiles_cut_the_asked_share_and_none_cuts_nothing() -> None:
    X = np.arange(1000.0)[:, None]
    assert winsorise(X.copy(), "quantile", quantiles=(0.01, 0.99)).counts.tolist() == [20]
    assert winsorise(X.copy(), "none").counts.tolist() == [0]


def test_a_constant_feature_is_harmless() -> None:
    X = np.column_stack([_visits(), np.full(400, 7.0)])
    found = baseline.segment(X, ["a", "b", "c", "same"], k_max=4, k_final=3)
    assert set(found.found.labels) == {0, 1, 2}
    assert found.centers[:, 3] == pytest.approx([7.0, 7.0, 7.0])


def test_unknown_values_count_as_zero() -> None:
    X = _visits()
    X[::3, 0] = 0.0
    with_nan = X.copy()
    with_nan[::3, 0] = np.nan
    names = ["a", "b", "c"]
    zeros = baseline.segment(X, names, k_max=3, k_final=3)
    nans = baseline.segment(with_nan, names, k_max=3, k_final=3)
    assert (zeros.found.labels == nans.found.labels).all()


@pytest.mark.parametrize("n", [1, 2, 5])
def test_too_few_distinct_visits_are_an_error_that_says_how_many(n: int) -> None:
    X = np.repeat(np.arange(n, dtype=float)[:, None], 50, axis=0)
    with pytest.raises(SegmentError, match=f"{n} distinct rows") as caught:
        baseline.segment(X, ["a"], k_max=8, k_final=6)
    assert ("Lower both" in caught.value.do) == (n > 1)


def test_infinite_values_are_an_error_that_names_the_feature() -> None:
    X = _visits()
    X[3, 1] = np.inf
    with pytest.raises(SegmentError) as caught:
        baseline.segment(X, ["a", "b", "c"])
    assert caught.value.where == "b"


def test_beyond_the_sample_size_the_silhouette_has_an_interval() -> None:
    X = _visits(n=3000)
    sample = np.arange(0, 3000, 3)
    found = baseline.segment(X.copy(), ["a", "b", "c"], k_max=3, k_final=2, sample=sample)
    exact = baseline.segment(X.copy(), ["a", "b", "c"], k_max=3, k_final=2)
    for sampled, whole in zip(found.diagnostics, exact.diagnostics, strict=True):
        assert sampled.silhouette_low < sampled.silhouette < sampled.silhouette_high
        assert np.isnan(whole.silhouette_low)
        assert sampled.inertia_ssd == whole.inertia_ssd


@given(st.integers(2, 60), st.integers(2, 6), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_silhouettes_are_those_of_the_reference_library(n: int, k: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    Y = rng.normal(size=(n + k, 3)).round(1)
    labelings = [
        np.unique(rng.integers(0, j, n + k), return_inverse=True)[1].astype(np.int32)
        for j in range(1, k + 1)
    ]
    for labels, values in zip(labelings, silhouettes(Y, labelings), strict=True):
        theirs = silhouette_samples(Y, labels) if labels.any() else np.full(n + k, np.nan)
        np.testing.assert_allclose(values, theirs, atol=1e-9)


def test_one_cluster_has_no_index_of_separation() -> None:
    found = baseline.segment(_visits(n=300), ["a", "b", "c"], k_min=1, k_max=2, k_final=2)
    one, two = found.diagnostics
    assert (one.k, one.inertia_ssd > two.inertia_ssd) == (1, True)
    assert np.isnan([one.silhouette, one.davies_bouldin, one.calinski_harabasz]).all()
    assert np.isfinite([two.silhouette, two.davies_bouldin, two.calinski_harabasz]).all()


def test_wilson_interval_of_the_textbook() -> None:
    # Agresti & Coull 1998: 0 of 10 gives (0, .278); 5 of 10 gives (.237, .763).
    low, high = wilson_interval([0, 5], [10, 10])
    assert low == pytest.approx([0, 0.2366], abs=1e-4)
    assert high == pytest.approx([0.2775, 0.7634], abs=1e-4)


@pytest.mark.slow
def test_small_segments_are_warned_of_unless_expected(
    real: Callable[[str], str], tmp_path: Path
) -> None:
    day = real("ga360/ga_sessions_20170801.parquet")
    warned = run(source="ga360", input=[day], preset="baseline", out=tmp_path / "a")
    expected = run(source="ga360", input=[day], preset="baseline", out=tmp_path / "b", min_share=0)
    assert any("segment_share" in text for text in warned.warnings)
    assert not any("segment_share" in text for text in expected.warnings)
    checks = json.loads((warned.folder / "checks.json").read_text())
    (check,) = [c for c in checks if c["name"] == "segment_share"]
    assert check["rows"] > 0
    assert check["severity"] == "warning"


def test_labels_lie_in_the_order_of_the_visit_table(reference_run: Path) -> None:
    visits = pq.read_table(reference_run / "visits.parquet", columns=["visit_id", "date_id"])
    labels = pq.read_table(reference_run / "session_clusters.parquet")
    assert visits["visit_id"].equals(labels["visit_id"])
    assert visits["date_id"].equals(labels["date_id"])
    ids = visits["visit_id"].to_pylist()
    assert ids == sorted(ids, key=lambda text: (len(text), text.encode()))
    assert labels.schema.field("cluster").type == pa.int32()
