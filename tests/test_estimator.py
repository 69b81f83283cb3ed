"""`VisitSegmenter`: a scikit-learn clusterer that takes frames of any kind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn.base import clone

from benchmarks.quality import families
from visitseg import SegmentError, VisitSegmenter


@pytest.fixture(scope="module")
def table() -> pa.Table:
    rng = np.random.default_rng(1)
    visits = families.join(
        [
            families.bounces(rng, 1500),
            families.visits_of(rng, families.NAMED["browsers"], 1200),
            families.visits_of(rng, families.NAMED["bots"], 600),
        ],
        rng,
    )
    return pa.table(visits.columns)


@pytest.fixture(scope="module")
def fitted(table: pa.Table) -> VisitSegmenter:
    return VisitSegmenter().fit(table)


@pytest.mark.slow
def test_scikit_learn_finds_nothing_to_complain_of() -> None:
    code = """
import collections, json, warnings
warnings.simplefilter("ignore")
from sklearn.utils.estimator_checks import check_estimator
from visitseg import VisitSegmenter
checks = check_estimator(VisitSegmenter(), on_fail=None, on_skip=None)
print(json.dumps([[c["check_name"], c["status"]] for c in checks if c["status"] != "passed"]))
print(len(checks))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"SCIPY_ARRAY_API": "1"},
    )
    not_passed, count = done.stdout.strip().splitlines()[-2:]
    assert json.loads(not_passed) == []
    assert int(count) > 40


def test_predict_on_the_training_data_gives_the_labels(
    table: pa.Table, fitted: VisitSegmenter
) -> None:
    assert (fitted.predict(table) == fitted.labels_).all()
    assert (fitted.predict(table.slice(100, 50)) == fitted.labels_[100:150]).all()


def test_the_fitted_attributes_agree(table: pa.Table, fitted: VisitSegmenter) -> None:
    assert fitted.n_clusters_ == fitted.n_distinct_ == 3
    assert fitted.grade_ == "distinct"
    assert fitted.segments_["n"].to_pylist() == np.bincount(fitted.labels_).tolist()
    assert fitted.segments_["segment_id"].to_pylist() == ["s1", "s2", "s3"]
    assert set(fitted.segments_["segment"].to_pylist()) == {
        "bouncers", "browsers", "suspected bots",
    }  # fmt: skip
    assert min(fitted.segments_["rule_recall"].to_pylist()) > 0.95
    assert fitted.diagnostics_["k"].to_pylist() == list(range(2, 13))
    bots = fitted.segments_["segment"].to_pylist().index("suspected bots")
    own = table.filter(pa.array(fitted.labels_ == bots))
    center = fitted.cluster_centers_["time_on_site_sec"][bots].as_py()
    assert center == pytest.approx(np.mean(own["time_on_site_sec"].to_numpy()))
    bounces = fitted.segments_["segment"].to_pylist().index("bouncers")
    assert fitted.cluster_centers_["time_on_site_sec"][bounces].as_py() is None


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_of_every_kind_give_the_same(
    library: str, table: pa.Table, fitted: VisitSegmenter
) -> None:
    frames = pytest.importorskip(library)
    frame: Any = table.to_pandas() if library == "pandas" else frames.from_arrow(table)
    again = VisitSegmenter().fit(frame)
    assert (again.labels_ == fitted.labels_).all()
    assert (again.predict(frame) == fitted.labels_).all()


def test_null_is_nan(table: pa.Table, fitted: VisitSegmenter) -> None:
    place = table.column_names.index("time_on_site_sec")
    values = table["time_on_site_sec"].to_numpy()
    with_null = table.set_column(place, "time_on_site_sec", pa.array(values, from_pandas=True))
    assert with_null["time_on_site_sec"].null_count > 0
    assert (fitted.predict(with_null) == fitted.labels_).all()


def test_the_order_of_rows_and_columns_does_not_matter(
    table: pa.Table, fitted: VisitSegmenter
) -> None:
    mixed = np.random.default_rng(3).permutation(len(table))
    other = table.take(mixed).select(table.column_names[::-1])
    assert (VisitSegmenter().fit_predict(other) == fitted.labels_[mixed]).all()


def test_columns_that_describe_are_left_alone(table: pa.Table, fitted: VisitSegmenter) -> None:
    more = table.append_column("device", pa.array(["mobile"] * len(table)))
    assert (VisitSegmenter().fit_predict(more) == fitted.labels_).all()


def test_dates_give_a_time_split(table: pa.Table) -> None:
    day = pa.array(np.arange(len(table)) % 20, pa.int32()).cast(pa.date32())
    dated = VisitSegmenter().fit(table.append_column("date_id", day))
    split = dated.diagnostics_["time_split"].to_pylist()
    assert split[0] == 1
    assert all(0 <= value <= 1 for value in split if value is not None)
    assert VisitSegmenter().fit(table).diagnostics_["time_split"].null_count == 11


def test_visits_outside_the_model_are_unassigned_only_when_asked(
    table: pa.Table, fitted: VisitSegmenter
) -> None:
    odd = {name: np.array([values[0].as_py() or 0.0]) for name, values in zip(
        table.column_names, table.columns, strict=True)}  # fmt: skip
    odd |= {name: np.array([10_000.0]) for name in ("pageviews", "hits", "unique_pages")}
    odd["time_on_site_sec"] = np.array([1e9])
    assert fitted.predict(pa.table(odd))[0] >= 0
    strict = VisitSegmenter(unassigned=True).fit(table)
    assert strict.predict(pa.table(odd)).tolist() == [-1]
    assert np.mean(strict.labels_ == -1) < 0.002
    assert strict.n_clusters_ == 3


def test_baseline_is_a_preset_here_too(table: pa.Table) -> None:
    found = VisitSegmenter(preset="baseline", k=3, k_max=4).fit(table)
    assert found.n_clusters_ == 3
    assert found.grade_ is None
    assert (found.predict(table) == found.labels_).all()
    mixed = np.random.default_rng(3).permutation(len(table))
    assert (clone(found).fit(table.take(mixed)).labels_ == found.labels_[mixed]).all()


def test_a_plain_array_needs_no_names() -> None:
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(size=(400, 2)), rng.normal(size=(200, 2)) + 8])
    X = np.column_stack([X * [1, 1000], np.ones(600)])
    found = VisitSegmenter().fit(X)
    assert found.n_distinct_ == 2
    assert found.segments_["kind"].to_pylist() == ["distinct", "distinct"]
    one = VisitSegmenter().fit(rng.normal(size=(600, 3)))
    assert one.n_distinct_ == 1


def test_other_frames_are_plain_tables() -> None:
    rng = np.random.default_rng(0)
    frame = pa.table({"a": rng.normal(size=300), "b": rng.normal(size=300)})
    found = VisitSegmenter().fit(frame)
    assert found.feature_names_in_.tolist() == ["a", "b"]
    assert (found.predict(frame) == found.labels_).all()


def bad(table: pa.Table, name: str, values: Any) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, pa.array(values))


def test_text_in_a_number_column_is_named(table: pa.Table) -> None:
    text = bad(table, "hits", ["many"] * len(table))
    with pytest.raises(SegmentError, match="should hold numbers") as caught:
        VisitSegmenter().fit(text)
    assert caught.value.where == "hits"
    assert caught.value.evidence == ("e.g. many", "e.g. many")


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_text_among_numbers_of_other_frames_is_named(library: str, table: pa.Table) -> None:
    frames = pytest.importorskip(library)
    text = [*("7" for _ in range(len(table) - 1)), "many"]
    frame = frames.DataFrame({"pageviews": table["pageviews"].to_pylist(), "hits": text})
    with pytest.raises(SegmentError) as caught:
        VisitSegmenter().fit(frame)
    assert caught.value.where == "hits"


def test_infinite_and_negative_values_are_named(table: pa.Table) -> None:
    for value, match in ((np.inf, "infinite"), (-1.0, "negative")):
        values = table["hits"].to_numpy().copy()
        values[3] = value
        with pytest.raises(SegmentError, match=match) as caught:
            VisitSegmenter().fit(bad(table, "hits", values))
        assert caught.value.where == "hits"


def test_arrays_with_nan_or_infinity_are_refused() -> None:
    for value in (np.nan, np.inf):
        X = np.ones((20, 2))
        X[3, 1] = value
        with pytest.raises(ValueError, match=r"NaN|infinity"):
            VisitSegmenter().fit(X)


def test_a_missing_feature_is_named(table: pa.Table, fitted: VisitSegmenter) -> None:
    with pytest.raises(SegmentError, match="no column pageviews"):
        VisitSegmenter().fit(table.drop_columns(["pageviews"]))
    with pytest.raises(SegmentError) as caught:
        fitted.predict(table.drop_columns(["transactions"]))
    assert caught.value.where == "transactions"
    assert VisitSegmenter().fit(table.select(["pageviews"])).n_clusters_ >= 1


def test_no_visits_are_an_error(table: pa.Table) -> None:
    with pytest.raises(SegmentError, match="no visits"):
        VisitSegmenter().fit(table.slice(0, 0))


def test_all_wrong_parameters_are_named_at_once(table: pa.Table) -> None:
    with pytest.raises(SegmentError) as caught:
        VisitSegmenter(preset="best", k=0, bands="some").fit(table)
    assert len(caught.value.evidence) == 3


def test_more_segments_than_distinct_visits_are_refused(table: pa.Table) -> None:
    with pytest.raises(SegmentError, match="not possible"):
        VisitSegmenter(k=9).fit(table.slice(0, 2))


@pytest.mark.slow
def test_labels_do_not_depend_on_the_number_of_threads() -> None:
    code = """
import hashlib, numpy as np, pyarrow as pa
from benchmarks.quality import families
from visitseg import VisitSegmenter
visits = families.random_mix(np.random.default_rng(3), 6000)
found = VisitSegmenter().fit(pa.table(visits.columns))
print(hashlib.sha256(found.labels_.tobytes()).hexdigest(), found.n_clusters_)
"""
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads},
        ).stdout
        for threads in ("1", "2", "4")
    }
    assert len(said) == 1
