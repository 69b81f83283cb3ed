"""The model as MLflow serves it: a file of code beside ``model.json``, no pickle.

MLflow copies this file into the logged model and runs it when the model is loaded.
"""

from __future__ import annotations

from typing import Any

from mlflow.models import set_model
from mlflow.pyfunc import PythonModel

from visitseg import Model


class ServedModel(PythonModel):  # type: ignore[misc]
    """Labels of visits: cluster, segment_id, segment, distance, margin, one row per visit."""

    def load_context(self, context: Any) -> None:
        """Read ``model.json``."""
        self.model = Model.load(context.artifacts["model"])

    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:  # noqa: ARG002
        """Label a pandas frame with the features that decide; NaN is unknown."""
        import pandas as pd

        found = self.model.assign(model_input)
        ids = [*self.model.segment_ids, None]  # the last is for -1, unassigned
        names = [*self.model.names, None]
        return pd.DataFrame(
            {
                "cluster": found.labels,
                "segment_id": [ids[c] for c in found.labels],
                "segment": [names[c] for c in found.labels],
                "distance": found.distance,
                "margin": found.margin,
            },
            index=getattr(model_input, "index", None),
        )


set_model(ServedModel())
