"""A run in MLflow's local file store: in an environment of its own, see the Makefile."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from visitseg import ConfigError, InputError, Model, run
from visitseg.tracking import log_run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # MLflow's own
]


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SMOKE_MODE", "1")
    return run(out="artifacts", k_max=6).folder


def test_without_mlflow_the_error_says_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(ConfigError, match="MLflow is not installed"):
        log_run(folder)
    with pytest.raises(InputError, match="not a run folder"):
        log_run(folder.parent)


def test_a_run_is_logged_and_its_model_labels_visits(folder: Path) -> None:
    mlflow = pytest.importorskip("mlflow")
    run_id = log_run(folder, tracking="mlruns", name="monday")
    client = mlflow.MlflowClient(Path("mlruns").absolute().as_uri())
    logged = client.get_run(run_id)
    model = Model.load(folder)
    assert logged.data.params["source"] == "ga4"
    assert logged.data.metrics["k_final"] == model.k
    assert logged.data.tags["visitseg.model"] == model.fingerprint
    diagnostics = pq.read_table(folder / "k_diagnostics.parquet")
    steps = {m.step: m.value for m in client.get_metric_history(run_id, "silhouette")}
    known = {
        k: value
        for k, value in zip(*(diagnostics[n].to_pylist() for n in ("k", "silhouette")), strict=True)
        if value is not None
    }
    assert steps == known
    assert {f.path for f in client.list_artifacts(run_id)} >= {"model.json", "report.html"}
    visits = pq.read_table(folder / "visits.parquet").to_pandas()
    served = mlflow.pyfunc.load_model(f"runs:/{run_id}/model")
    found = served.predict(visits)
    assert isinstance(found, pd.DataFrame)
    trained = pq.read_table(folder / "session_clusters.parquet").to_pandas()
    for column in ("cluster", "segment_id", "segment", "distance", "margin"):
        assert found[column].tolist() == trained[column].tolist()
    written = [path for path in Path("mlruns").rglob("*") if path.is_file()]
    assert not [path for path in written if "pickle" in path.name or path.suffix == ".pkl"]
    assert not {path.name for path in written} & {"visits.parquet", "session_clusters.parquet"}
    # Nor any of the ids that the run folder names as examples.
    named = {word for text in texts_of(folder) for word in text.split('"')} & set(
        visits["visit_id"]
    )
    assert len(named) > 10
    assert [id_ for id_ in named for text in texts_of(Path("mlruns")) if id_ in text] == []


def texts_of(folder: Path) -> list[str]:
    kinds = {".json", ".html", ".yaml", ".txt", ""}
    return [
        path.read_text() for path in folder.rglob("*") if path.is_file() and path.suffix in kinds
    ]


def test_importing_visitseg_imports_no_mlflow() -> None:
    code = "import sys, visitseg, visitseg.tracking; print('mlflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
