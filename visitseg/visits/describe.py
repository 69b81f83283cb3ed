"""The visit table in words: one line a column, those of the contract file among them."""

from __future__ import annotations

from collections.abc import Sequence

from visitseg.visits.columns import COLUMNS
from visitseg.visits.features import Contract, Feature


def describe(contract: Contract, features: Sequence[str]) -> str:
    """Return the page ``visit-table.md`` of a run folder.

    Parameters
    ----------
    contract : Contract
        What the user's contract file says.
    features : sequence of str
        Features that the source can say something about.
    """
    told = {feature.name: feature for feature in contract.features}
    lines = [
        "# The visit table of this run",
        "",
        "One row per visit. Features are numbers to segment by, dimensions describe.",
        "",
        "| column | role | unit | values | meaning |",
        "|---|---|---|---|---|",
    ]
    for column in COLUMNS:
        silent = column.role == "feature" and column.name not in features
        meaning = "the source cannot say: NULL" if silent else column.meaning
        values = _values(told.get(column.name))
        lines.append(f"| `{column.name}` | {column.role} | {column.unit} | {values} | {meaning} |")
    for feature in contract.own:
        meaning = " ".join([feature.description, f"= `{feature.sql}`"]).strip()
        lines.append(
            f"| `{feature.name}` | feature | {feature.unit} | {_values(feature)} "
            f"| {meaning.replace('|', chr(92) + '|')} |"
        )
    return "\n".join(lines) + "\n"


def _values(feature: Feature | None) -> str:
    if feature is None:
        return ""
    return ", ".join(
        f"{word} {bound:g}"
        for word, bound in (("from", feature.min), ("to", feature.max))
        if bound is not None
    )
