"""The content of ``profiles.json``: what every segment is, in words and numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from visitseg.segments.assignment.rules import CONVERTED
from visitseg.segments.interpretation import interpret
from visitseg.segments.interpretation.naming import Name, check_given, name_segments, typical
from visitseg.segments.interpretation.surrogate import WITHHELD_BELOW, Cards, rule_cards
from visitseg.segments.places.axes import Columns
from visitseg.segments.segmentation import Segmentation


@dataclass(frozen=True)
class Description:
    """Segments in words.

    Attributes
    ----------
    names : list of Name
        One per cluster.
    cards : Cards
        How to tell each by hand.
    """

    names: list[Name]
    cards: Cards


@dataclass(frozen=True)
class Described:
    """What is known of visits besides the features.

    Attributes
    ----------
    days : ndarray of shape (n_visits,) or None
        Day number of each visit, NaN where unknown.
    dimensions : mapping of str to (values, codes)
        See `visitseg.segments.interpretation.interpret.breakdown`.
    ids : callable
        Rows -> their visit ids.
    """

    days: npt.NDArray[np.float64] | None
    dimensions: Mapping[str, tuple[Sequence[str], npt.NDArray[np.int64]]]
    ids: Callable[[npt.NDArray[np.intp]], list[str]]


def describe(
    columns: Columns, found: Segmentation, *, visits: bool, names: Mapping[str, str] | None = None
) -> Description:
    """Name the segments, and write their rule cards.

    Parameters
    ----------
    columns : mapping of str to ndarray of shape (n_visits,)
        What the segments were found on.
    found : Segmentation
        The segments.
    visits : bool
        A visit table, whose features have a meaning.
    names : mapping of str to str, optional
        Names by segment id: those of the previous model, and those that the user gives.
    """
    k, labels = found.k_final, found.found.labels
    given = names or {}
    check_given(found.ids, given)
    if visits:
        rows = typical(columns, labels, k)
        called = name_segments(rows)
        fresh = [c for c, id_ in enumerate(found.ids) if id_ not in given]
        # Told apart from one another only: a name that is kept says nothing of today's others.
        for c, name in zip(fresh, name_segments([rows[c] for c in fresh]), strict=True):
            called[c] = name
    else:
        called = [Name(f"segment {c + 1}", "the columns have no known meaning") for c in range(k)]
    taken = {given[id_] for id_ in found.ids if id_ in given}
    for c, id_ in enumerate(found.ids):
        text = called[c].text
        text = given.get(id_, f"{text} ({id_})" if text in taken else text)
        called[c] = Name(text, called[c].because)
    return Description(called, rule_cards(columns, labels, k, found.fitted.ruled))


def in_short(found: Segmentation, told: Description) -> list[dict[str, Any]]:
    """Return name, evidence, kind, grade and rule of every segment; nothing of single visits."""
    return [
        {
            "segment_id": id_,
            "segment": name.text,
            "because": name.because,
            "kind": kind,
            "grade": grade,
            "jaccard": float(jaccard),
            "rule": {
                "alternatives": list(card.rules),
                "precision": card.precision,
                "recall": card.recall,
                "withheld": card.withheld,
            },
        }
        for id_, name, kind, grade, jaccard, card in zip(
            found.ids,
            told.names,
            found.kinds,
            found.grades,
            found.jaccards,
            told.cards.cards,
            strict=True,
        )
    ]


def profiles(
    columns: Columns, found: Segmentation, told: Description, described: Described
) -> dict[str, Any]:
    """Return the content of ``profiles.json``.

    Parameters
    ----------
    columns : mapping of str to ndarray of shape (n_visits,)
        Features in their own units.
    found : Segmentation
        The segments.
    told : Description
        Their names and rule cards.
    described : Described
        Days, dimensions and ids of the visits.
    """
    labels, visits = found.found.labels, found.found
    ruled = CONVERTED in found.fitted.ruled
    features = interpret.feature_profiles(columns, labels, found.k_final)
    rows = []
    for c, short in enumerate(in_short(found, told)):
        typical_rows, border = interpret.examples(labels, visits.distance, visits.margin, c)
        rows.append(
            {
                "cluster": c,
                **short,
                "n": int(found.sizes[c]),
                "share": float(found.sizes[c] / found.sizes.sum()),
                "features": features[c],
                **interpret.outcome(columns, labels, c, described.days, ruled=ruled),
                "dimensions": interpret.breakdown(described.dimensions, labels, c, described.days),
                "typical_visits": described.ids(typical_rows),
                "boundary_visits": described.ids(border),
            }
        )
    return {
        "schema_version": 1,
        "grade": found.grade,
        "rule_cards": {"fidelity": told.cards.fidelity, "withheld_below_recall": WITHHELD_BELOW},
        "contributions": found.contributions,
        "atoms": found.atoms,
        "segments": rows,
    }
