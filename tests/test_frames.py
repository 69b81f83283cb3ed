"""Frames of any kind, as people bring them: to `fit`, to `predict`, and to a saved model."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from benchmarks.quality import families
from visitseg import Model, OutputError, SegmentError, VisitSegmenter, align

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")


@pytest.fixture(scope="module")
def table() -> pa.Table:
    rng = np.random.default_rng(1)
    visits = families.join(
        [
            families.bounces(rng, 500),
            families.visits_of(rng, families.NAMED["browsers"], 400),
            families.visits_of(rng, families.NAMED["bots"], 300),
        ],
        rng,
    )
    return pa.table(visits.columns)


@pytest.fixture(scope="module")
def fitted(table: pa.Table) -> VisitSegmenter:
    return VisitSegmenter().fit(table)


@pytest.fixture(scope="module")
def array() -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(5)
    X = np.concatenate([rng.normal(size=(200, 2)), rng.normal(size=(100, 2)) + 9])
    return X * [1, 100]


def refused(X: Any, match: str, **parameters: Any) -> SegmentError:
    with pytest.raises(SegmentError, match=match) as caught:
        VisitSegmenter(**parameters).fit(X)
    assert caught.value.do
    return caught.value


def test_names_of_the_visit_table_are_known_in_any_case(
    table: pa.Table, fitted: VisitSegmenter
) -> None:
    loud = table.to_pandas().rename(columns=str.upper)
    day = pa.array([20_000] * len(table), pa.int32()).cast("date32")
    dated = pa.table(loud).append_column("Date_ID", day)
    found = VisitSegmenter().fit(dated)
    assert (found.labels_ == fitted.labels_).all()
    assert found.model_.training["first_day"] == "2024-10-04"
    assert found.feature_names_in_.tolist() == fitted.feature_names_in_.tolist()
    assert (fitted.predict(loud) == fitted.labels_).all()
    assert (fitted.model_.predict(loud) == fitted.labels_).all()


def test_the_exact_name_comes_before_another_case(table: pa.Table, fitted: VisitSegmenter) -> None:
    wrong = pa.array(np.zeros(len(table)))
    both = table.add_column(0, "HITS", wrong).append_column("Hits", wrong)
    assert (fitted.predict(both) == fitted.labels_).all()
    error = refused(both.drop_columns("hits"), "more than once")
    assert (error.where, error.evidence) == ("hits", ("hits: HITS, Hits",))


def test_other_tables_tell_cases_apart(array: np.ndarray[Any, Any]) -> None:
    frame = pd.DataFrame(array, columns=["a", "A"])
    found = VisitSegmenter().fit(frame)
    assert found.model_.features == ("a", "A")
    with pytest.raises(SegmentError, match="1 columns are missing"):
        found.predict(frame[["A"]])


def test_columns_may_be_numbered(array: np.ndarray[Any, Any]) -> None:
    frame, expected = pd.DataFrame(array), VisitSegmenter().fit(array)
    found = VisitSegmenter().fit(frame)
    assert found.model_.features == ("0", "1")
    assert (found.labels_ == expected.labels_).all()
    assert not hasattr(found, "feature_names_in_")
    for one in (found, found.model_, expected, expected.model_):
        for X in (frame, array):
            assert (one.predict(X) == expected.labels_).all()
    assert (found.predict(frame[[1, 0]]) == expected.labels_).all()
    with pytest.raises(ValueError, match="3 features"):
        expected.predict(pd.DataFrame(np.column_stack([array, array[:, 0]])))
    with pytest.raises(SegmentError, match="shape"):
        expected.model_.predict(frame[[1]])
    with pytest.raises(SegmentError, match="missing"):
        found.predict(frame.rename(columns={0: "a"}))


def test_a_frame_after_a_frame_leaves_no_names_behind(array: np.ndarray[Any, Any]) -> None:
    found = VisitSegmenter().fit(pd.DataFrame(array, columns=["a", "b"]))
    found.fit(pd.DataFrame(array))
    assert len(found.predict(array)) == len(array)


@pytest.mark.parametrize("names", [["a", "a"], [0, "0"]])
def test_columns_of_one_name_are_refused(names: list[Any], array: np.ndarray[Any, Any]) -> None:
    error = refused(pd.DataFrame(array, columns=names), "1 columns are there more than once")
    assert error.where == str(names[0])
    arrow = pa.table([array[:, 0], array[:, 1]], names=[str(name) for name in names])
    assert refused(arrow, "more than once").where == str(names[0])


def test_a_column_that_is_not_read_may_be_there_twice(
    table: pa.Table, fitted: VisitSegmenter
) -> None:
    device = pa.array(["mobile"] * len(table))
    more = table.append_column("device", device).append_column("device", device)
    assert (fitted.predict(more) == fitted.labels_).all()


WAYS: dict[str, Callable[[pa.Table], Any]] = {
    "record batch": lambda table: table.combine_chunks().to_batches()[0],
    "reader of batches": lambda table: table.to_reader(max_chunksize=100),
    "duckdb relation": lambda table: duckdb.from_arrow(table),
    "polars": lambda table: pl.from_arrow(table),
    "pandas with Arrow inside": lambda table: table.to_pandas(types_mapper=pd.ArrowDtype),
    "pandas, indexed": lambda table: table.to_pandas().set_index("pageviews", drop=False),
    "pandas, sparse": lambda table: table.to_pandas().assign(
        transactions=pd.arrays.SparseArray(table["transactions"].to_numpy(), fill_value=0.0)
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_whatever_holds_a_table_is_read(way: str, table: pa.Table, fitted: VisitSegmenter) -> None:
    assert (VisitSegmenter().fit(WAYS[way](table)).labels_ == fitted.labels_).all()
    assert (fitted.predict(WAYS[way](table)) == fitted.labels_).all()
    assert (fitted.model_.predict(WAYS[way](table)) == fitted.labels_).all()
    assert align(fitted, fitted, WAYS[way](table)).same


NO_TABLES: dict[str, tuple[Callable[[pa.Table], Any], str]] = {
    "lazy": (lambda table: pl.from_arrow(table).lazy(), "not computed yet"),
    "polars series": (lambda table: pl.from_arrow(table["hits"]), "one column"),
    "pandas series": (lambda table: table["hits"].to_pandas(), "one column"),
    "Arrow column": (lambda table: table["hits"], "one column"),
    "stream of no table": (lambda table: Stream(table["hits"]), "cannot be read as a table"),
}


@dataclasses.dataclass
class Stream:
    column: pa.ChunkedArray

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self.column.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize("way", NO_TABLES)
def test_what_is_no_table_is_refused(way: str, table: pa.Table, fitted: VisitSegmenter) -> None:
    given, match = NO_TABLES[way]
    refused(given(table), match)
    for one in (fitted, fitted.model_):
        with pytest.raises(SegmentError, match=match):
            one.predict(given(table))


NO_NUMBERS: dict[str, Any] = {
    "complex": np.array([1 + 1j, 2]),
    "Python's complex": pd.Series([1 + 1j, 2], dtype=object),
    "too large": pd.Series([10**400, 1], dtype=object),
    "things": pd.Series([object(), 1], dtype=object),
    "digits": ["7", "8"],
    "categories": pd.Categorical(["7", "8"]),
    "times": pd.to_datetime(["2026-01-05", "2026-01-06"]),
    "intervals": pd.interval_range(0, 2),
}


@pytest.mark.parametrize("kind", NO_NUMBERS)
def test_what_is_no_number_is_named(kind: str) -> None:
    frame = pd.DataFrame({"pageviews": [1, 2], "hits": NO_NUMBERS[kind]})
    assert refused(frame, "should hold numbers|cannot be read").where == "hits"


@pytest.mark.parametrize("kind", [pl.String, pl.Categorical])
def test_digits_are_text_in_polars_too(kind: Any) -> None:
    frame = pl.DataFrame({"a": pl.Series(["7", "8"], dtype=kind)})
    assert refused(frame, "should hold numbers").where == "a"


def test_a_plain_model_refuses_arrays_that_it_cannot_place(array: np.ndarray[Any, Any]) -> None:
    model = VisitSegmenter().fit(array).model_
    for wrong, match in (
        (array + 1j, "does not hold numbers"),
        ([["many", "few"]], "does not hold numbers"),
        (array[:, :1], "shape"),
        (array[0], "shape"),
        (np.where(array > 9, np.inf, array), "infinite"),
        (np.where(array > 9, np.nan, array), "unknown"),
    ):
        with pytest.raises(SegmentError, match=match):
            model.predict(wrong)


def test_unknown_page_views_are_an_error(table: pa.Table, fitted: VisitSegmenter) -> None:
    frame = table.to_pandas()
    error = refused(frame.assign(pageviews=np.nan), "page views of all 1,200 visits are unknown")
    assert error.where == "pageviews"
    # Nor are those of bounces enough: segments are sought among the others.
    bounced = frame.assign(pageviews=frame["pageviews"].where(frame["pageviews"] <= 1))
    assert refused(bounced, "page views of all 700 visits").evidence
    refused(pd.DataFrame({"pageviews": [np.nan, np.nan]}), "are unknown")
    some = frame.assign(pageviews=frame["pageviews"].where(np.arange(len(frame)) % 9 > 0))
    assert VisitSegmenter().fit(some).n_distinct_ == 3


def test_the_model_before_may_be_a_fitted_segmenter(
    table: pa.Table, fitted: VisitSegmenter
) -> None:
    again = VisitSegmenter().fit(table, previous=fitted)
    assert again.model_.segment_ids == fitted.model_.segment_ids
    assert align(fitted, again.model_, table).same


@pytest.mark.parametrize("wrong", ["model.json", Path("models"), VisitSegmenter(), 0, {}])
def test_what_is_no_model_is_refused(wrong: Any, table: pa.Table, fitted: VisitSegmenter) -> None:
    with pytest.raises(SegmentError, match="no model") as caught:
        VisitSegmenter().fit(table, previous=wrong)
    assert caught.value.where == "previous"
    for pair in ((wrong, fitted), (fitted, wrong)):
        with pytest.raises(SegmentError, match="no model") as caught:
            align(*pair, table)
        assert caught.value.where == ("old" if pair[0] is wrong else "new")


def test_a_model_that_cannot_be_written_says_where(fitted: VisitSegmenter, tmp_path: Path) -> None:
    for place in (tmp_path / "nodir" / "model.json", tmp_path):
        with pytest.raises(OutputError, match="cannot be written") as caught:
            fitted.model_.save(place)
        assert caught.value.where == str(place)
        assert caught.value.do


def test_models_are_equal_where_their_files_are(fitted: VisitSegmenter, tmp_path: Path) -> None:
    model = fitted.model_
    model.save(tmp_path / "model.json")
    again = Model.load(tmp_path / "model.json")
    assert again == model
    assert len({again, model}) == 1
    assert dataclasses.replace(model, unassigned=True) != model
    assert model != "model"


@pytest.mark.parametrize("seed", [None, -1, 2**32, 1.0, "42", True])
def test_a_seed_is_a_whole_number(seed: Any, table: pa.Table) -> None:
    for preset in ("auto", "baseline"):
        error = refused(table, "1 parameter is not", seed=seed, preset=preset)
        assert error.evidence[0].startswith("seed must be a whole number from 0")


@pytest.mark.parametrize("seed", [0, 2**32 - 1, np.int64(7)])
def test_every_seed_there_is_works(seed: Any, array: np.ndarray[Any, Any]) -> None:
    for preset in ("auto", "baseline"):
        found = VisitSegmenter(preset, k=2, k_max=3, seed=seed).fit(array)
        assert found.n_clusters_ == 2


def test_errors_of_parameters_name_parameters(array: np.ndarray[Any, Any]) -> None:
    assert refused(array[:2], "not possible", k=9).where == "k"
    assert refused(array[:4], "too large", preset="baseline").where == "k_max, k"
