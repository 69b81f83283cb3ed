"""`model.json`: written, read, compared, refused; and `Model`, which never learns again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from benchmarks.quality import families
from visitseg import InputError, Model, SegmentError, VisitSegmenter


@pytest.fixture(scope="module")
def table() -> pa.Table:
    rng = np.random.default_rng(4)
    visits = families.join(
        [
            families.bounces(rng, 800),
            families.visits_of(rng, families.NAMED["browsers"], 900),
            families.visits_of(rng, families.NAMED["bots"], 500),
        ],
        rng,
    )
    days = np.arange(len(visits.columns["pageviews"])) % 9 + 20_000
    return pa.table(visits.columns).append_column(
        "date_id", pa.array(days, pa.int32()).cast("date32")
    )


@pytest.fixture(scope="module")
def plain() -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(5)
    return np.concatenate([rng.normal(size=(300, 2)), rng.normal(size=(200, 2)) + 9])


FITS: dict[str, tuple[VisitSegmenter, str]] = {
    "auto": (VisitSegmenter(unassigned=True), "table"),
    "baseline": (VisitSegmenter("baseline", k=4, k_min=4, k_max=4), "table"),
    "plain": (VisitSegmenter(), "plain"),
    "plain baseline": (VisitSegmenter("baseline", k=3, k_min=3, k_max=3), "plain"),
}


@pytest.fixture(scope="module", params=FITS)
def fitted(request: pytest.FixtureRequest) -> tuple[VisitSegmenter, Any]:
    segmenter, given = FITS[request.param]
    X = request.getfixturevalue(given)
    if not hasattr(segmenter, "model_"):
        segmenter.fit(X)
    return segmenter, X


@pytest.fixture(scope="module")
def model(table: pa.Table) -> Model:
    """Return the model of the first fit."""
    segmenter, _ = FITS["auto"]
    if not hasattr(segmenter, "model_"):
        segmenter.fit(table)
    return segmenter.model_


def test_a_saved_model_is_the_model(fitted: tuple[VisitSegmenter, Any], tmp_path: Path) -> None:
    segmenter, X = fitted
    model = segmenter.model_
    model.save(tmp_path / "model.json")
    again = Model.load(tmp_path / "model.json")
    found, before = again.assign(X), model.assign(X)
    assert (found.labels == segmenter.labels_).all()
    assert (found.distance == before.distance).all()
    assert (found.margin == before.margin).all()
    assert again.fingerprint == model.fingerprint
    again.save(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "model.json").read_bytes()


def test_a_model_needs_only_the_columns_that_decide(table: pa.Table, model: Model) -> None:
    assert set(model.needs) < set(model.features)
    assert (model.predict(table.select(model.needs)) == model.predict(table)).all()
    with pytest.raises(SegmentError, match="1 columns are missing"):
        model.predict(table.drop_columns("unique_pages"))
    with pytest.raises(SegmentError, match="named columns"):
        model.predict(np.zeros((3, len(model.features))))


def test_what_it_was_learnt_on(table: pa.Table, model: Model) -> None:
    training = model.training
    assert training["n_visits"] == len(table)
    assert (training["first_day"], training["last_day"]) == ("2024-10-04", "2024-10-12")
    assert sum(day["n"] for day in training["days"]) == len(table)
    counts = np.sum([day["clusters"] for day in training["days"]], axis=0)
    assert counts.tolist() == [segment.n for segment in model.segments]
    time = training["features"]["time_on_site_sec"]
    assert time["unknown"] == pytest.approx(np.isnan(table["time_on_site_sec"].to_numpy()).mean())
    assert time["quantiles"] == sorted(time["quantiles"])


@pytest.fixture
def content(model: Model, tmp_path: Path) -> dict[str, Any]:
    model.save(tmp_path / "model.json")
    told: dict[str, Any] = json.loads((tmp_path / "model.json").read_text())
    return told


def test_another_schema_version_is_refused_with_both_named(
    content: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "new.json").write_text(json.dumps(content | {"schema_version": 2}))
    with pytest.raises(InputError) as caught:
        Model.load(tmp_path / "new.json")
    assert "schema version 2; this visitseg reads version 1" in str(caught.value)
    assert "Upgrade visitseg" in str(caught.value)


BREAKS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "schema_version is None": lambda told: told.pop("schema_version"),
    "segments.0.share": lambda told: told["segments"][0].update(share=2),
    "Extra inputs": lambda told: told.update(pickle="gASVAA=="),
    "grade: Field required": lambda told: told.pop("grade"),
    "two segments share an id": lambda told: told["segments"][0].update(segment_id="s2"),
    "was given already": lambda told: told.update(next_segment_id=2),
    "do not name each": lambda told: told["rules"].clear(),
    "one number per axis": lambda told: told["centres"][0]["mean"].pop(),
    "covariance, share or atoms": lambda told: told["centres"][0]["covariance"].pop(),
    "symmetric and positive definite": lambda told: told["centres"][0]["covariance"][0].__setitem__(
        0, -5
    ),
    "is no feature": lambda told: told["transforms"][0].update(column="pages"),
    "'exec' is not known": lambda told: told["transforms"][0].update(transform="exec"),
}


@pytest.mark.parametrize("told", BREAKS)
def test_a_broken_file_is_refused(told: str, content: dict[str, Any], tmp_path: Path) -> None:
    BREAKS[told](content)
    (tmp_path / "broken.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match="not a model") as caught:
        Model.load(tmp_path / "broken.json")
    assert told in str(caught.value)


def test_a_model_is_found_in_a_run_folder_and_in_a_store(model: Model, tmp_path: Path) -> None:
    version = tmp_path / "models" / "versions" / "0001"
    version.mkdir(parents=True)
    model.save(version / "model.json")
    (tmp_path / "models" / "current").write_text("0001\n")
    assert Model.load(version).version == "0001"
    assert Model.load(tmp_path / "models").version == "0001"
    (tmp_path / "models" / "current").write_text("0002\n")
    with pytest.raises(InputError, match="0002"):
        Model.load(tmp_path / "models")
    with pytest.raises(InputError, match="there is no model"):
        Model.load(tmp_path / "elsewhere")


@pytest.mark.parametrize("preset", ["auto", "baseline"])
@pytest.mark.parametrize("version", [1])
def test_a_model_of_every_published_version_stays_loadable(version: int, preset: str) -> None:
    """The files were written by the version that introduced the schema, and never change."""
    golden = Path(__file__).parent / "golden"
    model = Model.load(golden / f"model-{version}-{preset}.json")
    visits = json.loads((golden / f"visits-{version}-{preset}.json").read_text())
    expected = visits.pop("cluster")
    assert model.predict(pa.table(visits)).tolist() == expected
    assert set(range(model.k)) <= set(expected)


def test_the_reference_page_names_every_key() -> None:
    from pydantic import BaseModel

    from visitseg.model import schema

    page = (Path(__file__).parents[1] / "docs" / "reference" / "model.md").read_text()
    schemas = [
        one for one in vars(schema).values() if isinstance(one, type) and issubclass(one, BaseModel)
    ]
    keys = {name for one in schemas for name in one.model_fields}
    assert len(keys) > 40
    assert {name for name in keys if f"`{name}`" not in page} == set()
