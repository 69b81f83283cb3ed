"""`score`: raw export → labels by day with a frozen model, whatever the order of the days."""

from __future__ import annotations

import json
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from visitseg import ContractError, Model, OutputError, UsageError, VisitSegmenter, run, score
from visitseg.by_day.labels import SCHEMA, read_labels
from visitseg.by_day.window import Window
from visitseg.config import load_settings
from visitseg.pipeline import build_visits
from visitseg.plan import plan as read_plan
from visitseg.simulate import simulate

FIRST = date(2026, 1, 5)


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export")
    simulate(folder, visits=900, days=5, first_day=FIRST, shape="ga360")
    return folder


@pytest.fixture(scope="module")
def model(export: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model learnt on the export's visit table."""
    folder = tmp_path_factory.mktemp("model")
    build_visits(source="ga360", input=files(export), out=folder / "table")
    visits = pq.read_table(folder / "table" / "visits.parquet")
    VisitSegmenter(k=5).fit(visits).model_.save(folder / "model.json")
    return folder / "model.json"


def files(folder: Path) -> list[str]:
    return [str(folder / "*_*.parquet")]


def a_day(number: int) -> dict[str, str]:
    day = FIRST + timedelta(days=number)
    return {"date_from": f"{day:%Y%m%d}", "date_to": f"{day + timedelta(days=1):%Y%m%d}"}


def assert_same_labels(folder: Path, once: Path) -> None:
    found, expected = read_labels(folder), read_labels(once)
    assert found.equals(expected), f"{len(found)} rows, {len(expected)} expected"


@pytest.fixture(scope="module")
def once(export: Path, model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("once") / "scores"
    score(model, source="ga360", input=files(export), out=out)
    return out


def test_labels_are_those_of_the_model(
    export: Path, model: Path, once: Path, tmp_path: Path
) -> None:
    build_visits(source="ga360", input=files(export), out=tmp_path / "table")
    visits = pq.read_table(tmp_path / "table" / "visits.parquet")
    frozen = Model.load(model)
    expected = dict(zip(visits["visit_id"].to_pylist(), frozen.predict(visits), strict=True))
    found = read_labels(once)
    assert found.schema.equals(SCHEMA)
    assert (
        dict(zip(found["visit_id"].to_pylist(), found["cluster"].to_pylist(), strict=True))
        == expected
    )
    assert set(found["model_version"].to_pylist()) == {frozen.version}
    days = dict(zip(visits["visit_id"].to_pylist(), visits["date_id"].to_pylist(), strict=True))
    for file in (once / "labels").glob("date_id=*/labels.parquet"):
        own = pq.ParquetFile(file).read()
        assert {f"date_id={days[id_]}" for id_ in own["visit_id"].to_pylist()} == {file.parent.name}
    report = json.loads((once / "score_report.json").read_text())
    ledger = json.loads((once / "ledger.json").read_text())
    assert report["n_visits"] == ledger["visits"] == len(visits)
    assert sum(row["n"] for row in report["segments"]) == len(visits)
    assert not list(once.glob(".*"))


def scored_in_order(
    model: Path, export: Path, days: list[int], out: Path, source: str = "ga360"
) -> None:
    for number in days:
        score(model, source=source, input=files(export), out=out, late_days=0, **a_day(number))


def test_days_one_by_one_in_any_order_and_again(
    export: Path, model: Path, once: Path, tmp_path: Path
) -> None:
    scored_in_order(model, export, [3, 0, 4, 1, 2, 1], tmp_path / "scores")
    assert_same_labels(tmp_path / "scores", once)


def arriving(model: Path, export: Path, late: int, after: int, tmp_path: Path, source: str) -> Path:
    """Score every day when its file is there; one arrives `after` days late."""
    there, out = tmp_path / "there", tmp_path / "arrived"
    there.mkdir()
    day_files = sorted(export.glob("*_*.parquet"))
    for number in range(len(day_files)):
        arrived = [number] if number != late else []
        arrived += [late] if number == late + after else []
        for one in arrived:
            shutil.copy(day_files[one], there)
        if number != late:
            score(model, source=source, input=files(there), out=out, **a_day(number))
    return out


def test_a_day_that_comes_late(export: Path, model: Path, once: Path, tmp_path: Path) -> None:
    """Visits over midnight are whole only when the next day is there: late days are read again."""
    out = arriving(model, export, 2, 1, tmp_path, "ga360")
    assert_same_labels(out, once)


def test_which_days_are_replaced() -> None:
    days = [f"2026-01-{day:02d}" for day in range(1, 9)]
    window = Window(date(2026, 1, 6), date(2026, 1, 7), 3)
    everything = window.choose(days, set(days), set())
    assert everything.days == days[2:6]
    # The input begins on the 4th; what is labelled of the 3rd is its visits' first half.
    part = window.choose(days[3:], set(days[3:]), set(days[:5]))
    assert (part.days, part.cut) == (days[4:6], [])
    alone = window.choose(days[5:6], set(days[5:6]), set(days[:5]))
    assert (alone.days, alone.cut) == (days[5:6], days[5:6])
    assert "2026-01-06" in alone.warnings[0]
    empty = window.choose(days[:4], set(days), set(days))
    assert (empty.days, empty.gone) == (days[2:4], days[4:6])
    whole = Window(None, None, 3).choose(days, set(days), {"2025-01-01"})
    assert (whole.days, whole.gone) == (days, [])


def test_what_does_not_fit_is_refused(export: Path, model: Path, tmp_path: Path) -> None:
    table = pa.table({"pageviews": [1, 2], "time_on_site_sec": [1.0, 3.0], "date_id": [FIRST] * 2})
    pq.write_table(table, tmp_path / "table.parquet")
    with pytest.raises(ContractError) as caught:
        score(model, source="visits", input=["table.parquet"], out="scores")
    assert "features that the model needs are not in the visit table" in str(caught.value)
    assert "missing: hits" in str(caught.value)
    assert not Path("scores").exists()
    rng = np.random.default_rng(1)
    VisitSegmenter().fit(rng.normal(size=(300, 2))).model_.save("plain.json")
    with pytest.raises(ContractError, match="not learnt on a visit table"):
        score("plain.json", source="ga360", input=files(export), out="scores")
    with pytest.raises(UsageError, match="needs a model"):
        score(source="ga360", input=files(export))
    Path("run").mkdir()
    Path("run", "manifest.json").touch()
    with pytest.raises(OutputError, match="is a run folder"):
        score(model, source="ga360", input=files(export), out="run")


@pytest.mark.slow
def test_a_feature_of_ones_own_travels_with_the_model(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    n = 1_200
    pages = 1 + rng.poisson(5, n)
    table: dict[str, Any] = {
        "visit_id": [f"v{i}" for i in range(n)],
        "date_id": [FIRST] * n,
        "pageviews": pages,
        "hits": pages + rng.poisson(np.where(np.arange(n) % 2, 1, 60)),
        "add_to_carts": rng.poisson(1, n),
    }
    pq.write_table(pa.table(table), "table.parquet")
    Path("visits.yaml").write_text(
        "schema_version: 1\nfeatures:\n  pageviews: {}\n"
        "  busy: {visit: hits / pageviews, transform: log, null: unknown}\n"
    )
    run(source="visits", input=["table.parquet"], features="visits.yaml", out="artifacts")
    Path("visits.yaml").unlink()
    model = Model.load("artifacts")
    assert "busy" in model.needs
    score("artifacts", source="visits", input=["table.parquet"], out="scores")
    trained = pq.read_table("artifacts/session_clusters.parquet").sort_by("visit_id")
    found = read_labels(Path("scores")).sort_by("visit_id")
    assert found["cluster"].to_pylist() == trained["cluster"].to_pylist()


def test_a_table_with_the_ratio_alone_gets_the_same_labels(
    export: Path, model: Path, once: Path
) -> None:
    build_visits(source="ga360", input=files(export), out="table")
    visits = pq.read_table("table/visits.parquet").drop_columns(["hits", "engaged"])
    pq.write_table(visits, "ratio.parquet")
    score(model, source="visits", input=["ratio.parquet"], out="scores")
    found, expected = read_labels(Path("scores")), read_labels(once)
    assert found["cluster"].equals(expected["cluster"])


def test_visits_of_another_source_are_warned_of(export: Path, model: Path, tmp_path: Path) -> None:
    learnt = json.loads(model.read_text())
    assert learnt["training"]["source"] is None, "who fits a frame does not say"
    for source, warned in (("ga4", True), ("ga360", False)):
        learnt["training"]["source"] = source
        (tmp_path / "model.json").write_text(json.dumps(learnt))
        out = tmp_path / source
        done = score(tmp_path / "model.json", source="ga360", input=files(export), out=out)
        assert any("learnt on ga4 and labels ga360" in text for text in done.warnings) == warned


def test_the_source_is_the_models_where_nobody_names_one(
    export: Path, model: Path, once: Path, tmp_path: Path
) -> None:
    learnt = json.loads(model.read_text())
    with pytest.raises(UsageError, match="--source is missing"):
        score(model, input=files(export), out=tmp_path / "scores")
    learnt["training"]["source"] = "ga360"
    (tmp_path / "model.json").write_text(json.dumps(learnt))
    done = score(tmp_path / "model.json", input=files(export), out=tmp_path / "scores")
    assert not any("learnt on" in text for text in done.warnings)
    found, expected = read_labels(tmp_path / "scores"), read_labels(once)
    assert found["cluster"].equals(expected["cluster"])
    plan = read_plan(
        load_settings({"model": tmp_path / "model.json", "input": files(export)}), scores=True
    )
    assert plan["source"] == "ga360"
    assert plan["steps"][-1] == "labels"


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["ga360", "ga4"])
def test_thirty_days_twice_in_random_order_and_one_day_late(shape: Any, tmp_path: Path) -> None:
    export = tmp_path / "export"
    simulate(export, visits=6_000, days=30, first_day=FIRST, shape=shape)
    build_visits(source=shape, input=files(export), out=tmp_path / "table")
    visits = pq.read_table(tmp_path / "table" / "visits.parquet")
    model = tmp_path / "model.json"
    VisitSegmenter().fit(visits).model_.save(model)
    once = tmp_path / "once"
    score(model, source=shape, input=files(export), out=once)
    order = np.random.default_rng(7).permutation(30).tolist()
    scored_in_order(model, export, [*range(30), *range(30)], tmp_path / "twice", shape)
    assert_same_labels(tmp_path / "twice", once)
    scored_in_order(model, export, order, tmp_path / "random", shape)
    assert_same_labels(tmp_path / "random", once)
    assert_same_labels(arriving(model, export, 11, 2, tmp_path, shape), once)
