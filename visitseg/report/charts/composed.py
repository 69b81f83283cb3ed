"""Charts laid over one another or side by side, as Vega-Lite.

What ``altair.LayerChart`` and ``altair.ConcatChart`` do; but those copy every chart in them several
times over, which took two fifths of the time of a report.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import altair as alt

Specification: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Layered:
    """Charts over one another, on the same axes.

    Attributes
    ----------
    layers : sequence of altair.Chart
        From the lowest to the highest.
    width, height : float or altair.Step
        Px, or px a category.
    title : str or altair.TitleParams, optional
        Above the chart.
    """

    layers: Sequence[alt.Chart]
    width: float | alt.Step
    height: float | alt.Step
    title: str | alt.TitleParams | None = None

    def specification(self) -> Specification:
        """Return a whole Vega-Lite specification."""
        specs = [layer.to_dict(validate=False) for layer in self.layers]
        return _whole("layer", specs, self.title) | {
            "width": _plain(self.width),
            "height": _plain(self.height),
        }


@dataclass(frozen=True)
class Panels:
    """Charts side by side, each with its own axes.

    Attributes
    ----------
    charts : sequence of Layered
        In reading order.
    columns : int
        Charts in a row.
    spacing : int
        Px between them.
    title : str or altair.TitleParams, optional
        Above all of them.
    """

    charts: Sequence[Layered]
    columns: int
    spacing: int
    title: str | alt.TitleParams | None = None

    def specification(self) -> Specification:
        """Return a whole Vega-Lite specification."""
        specs = [chart.specification() for chart in self.charts]
        return _whole("concat", specs, self.title) | {
            "columns": self.columns,
            "spacing": self.spacing,
        }


Chart: TypeAlias = Layered | Panels


def _whole(
    key: str, specs: list[Specification], title: str | alt.TitleParams | None
) -> Specification:
    """Put specifications into one; what belongs to the whole moves up: schema, data by name."""
    whole: Specification = {"$schema": specs[0]["$schema"], "datasets": {}, key: specs}
    if title is not None:
        whole["title"] = _plain(title)
    for spec in specs:
        del spec["$schema"]
        spec.pop("config", None)
        whole["datasets"] |= spec.pop("datasets", {})
    return whole


def _plain(value: Any) -> Any:
    return value.to_dict() if hasattr(value, "to_dict") else value
