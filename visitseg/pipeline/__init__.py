"""The order of the steps. The one place that knows it."""

from visitseg.pipeline.runs import Run, build_visits, demo, render_again, run
from visitseg.pipeline.scores import score

__all__ = ["Run", "build_visits", "demo", "render_again", "run", "score"]
