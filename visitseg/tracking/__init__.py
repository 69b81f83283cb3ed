"""A run folder → MLflow: parameters, evidence, files, and the model as a pyfunc without a pickle.

An optional extra: ``pip install 'visitseg[mlflow]'``. Nothing of single visits is logged.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.parquet as pq

from visitseg import __version__
from visitseg.errors import ConfigError
from visitseg.model import Model
from visitseg.run_folder.copies import copy_without_ids
from visitseg.run_folder.files import read_manifest

# Aggregates only: no visits, no labels.
_FILES = (
    *("model.json", "model_report.json", "ledger.json", "checks.json", "report.html"),
    *("cluster_centers.parquet", "k_diagnostics.parquet", "segment_mix.parquet"),
)
_SERVED = Path(__file__).with_name("served.py")


def log_run(
    folder: str | Path,
    *,
    tracking: str | Path | None = None,
    experiment: str = "visitseg",
    name: str | None = None,
) -> str:
    """Log a run folder to MLflow.

    Parameters
    ----------
    folder : str or Path
        A run folder.
    tracking : str or Path, optional
        MLflow's tracking URI, or a local folder; default: what MLflow is set to.
    experiment : str
        Name of the experiment.
    name : str, optional
        Name of the run.

    Returns
    -------
    str
        MLflow's id of the run; ``runs:/ID/model`` is the model.

    Raises
    ------
    InputError
        The folder is no run folder.
    ConfigError
        MLflow is not installed.

    Notes
    -----
    MLflow counts its users by default; importing it here switches that off, unless
    ``MLFLOW_DISABLE_TELEMETRY`` is set to something else.
    """
    folder = Path(folder)
    files = read_manifest(folder)
    report = json.loads((folder / "model_report.json").read_text(encoding="utf-8"))
    model = Model.load(folder)
    mlflow = _mlflow(tracking)
    if tracking is not None:
        mlflow.set_tracking_uri(_uri(tracking))
    mlflow.set_experiment(experiment)
    with mlflow.start_run(run_name=name) as run:
        mlflow.log_params(_parameters(report["config"]))
        mlflow.log_metrics(_sizes(model, report))
        for row in pq.read_table(folder / "k_diagnostics.parquet").to_pylist():
            k = row.pop("k")
            mlflow.log_metrics({n: float(v) for n, v in row.items() if v is not None}, step=k)
        mlflow.set_tags(
            {
                "visitseg.version": __version__,
                "visitseg.model": model.fingerprint,
                "visitseg.grade": model.grade or "no verdict",
                "visitseg.decision": report["decision"]["text"],
            }
        )
        with TemporaryDirectory() as copies:
            for file in (file for file in _FILES if file in files):
                copy_without_ids(folder / file, Path(copies) / file)
            mlflow.log_artifacts(copies)
        mlflow.pyfunc.log_model(
            name="model",
            python_model=str(_SERVED),
            artifacts={"model": str(folder / "model.json")},
            pip_requirements=[f"visitseg=={__version__}", "pandas"],
        )
        found: str = run.info.run_id
    return found


def _mlflow(tracking: str | Path | None) -> Any:
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    if tracking is not None and _uri(tracking).startswith("file:"):
        os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
    try:
        import mlflow
        import mlflow.pyfunc
    except ImportError as error:
        raise ConfigError(
            "MLflow is not installed",
            where="visitseg.tracking",
            evidence=[str(error)],
            do="pip install 'visitseg[mlflow]'",
        ) from error
    return mlflow


def _uri(tracking: str | Path) -> str:
    text = str(tracking)
    return text if "://" in text else Path(text).absolute().as_uri()


def _parameters(config: dict[str, Any]) -> dict[str, Any]:
    """Return what was set, without what is empty; MLflow takes 500 characters of a value."""
    return {
        key: str(value)[:500] for key, value in config.items() if value not in (None, "", [], {})
    }


def _sizes(model: Model, report: dict[str, Any]) -> dict[str, float]:
    sizes = {f"share_{segment.id}": segment.share for segment in model.segments}
    return {"k_final": float(model.k), "n_visits": float(report["n_visits"]), **sizes}
