"""How good an answer is, on data whose truth is known."""

from __future__ import annotations

import time
from dataclasses import dataclass
from unittest import mock

import numpy as np
import numpy.typing as npt
from scipy.stats import beta
from sklearn.metrics import adjusted_rand_score

from benchmarks.quality.families import Planted
from benchmarks.quality.rivals import RIVALS, supervised
from visitseg.segments.auto import segment
from visitseg.segments.interpretation.profiles import describe
from visitseg.segments.places import chance
from visitseg.segments.rest import look
from visitseg.segments.segmentation import Segmentation

NAN = float("nan")


@dataclass(frozen=True)
class Measured:
    """One answer on one data set.

    Attributes
    ----------
    family, method : str
        Whose.
    k_true, k : int
        Planted kinds, and kinds that the method names.
    ceiling, ceiling_f1 : float
        Adjusted Rand index, and F1 of the worst kind, of a classifier that sees the truth.
    ari, worst_f1 : float
        The method's.
    seed_ari, stream_ari, fidelity, worst_recall, seconds : float
        Between two seeds; between two streams of the draws that decide; of the rule cards;
        processor time. NaN where not measured.
    """

    family: str
    method: str
    k_true: int
    k: int
    ceiling: float
    ceiling_f1: float
    ari: float
    worst_f1: float
    seed_ari: float = NAN
    stream_ari: float = NAN
    fidelity: float = NAN
    worst_recall: float = NAN
    seconds: float = NAN

    @property
    def exact(self) -> bool:
        """Whether K is right."""
        return self.k == self.k_true

    @property
    def of_ceiling(self) -> float:
        """ARI over the supervised classifier's."""
        return self.ari / self.ceiling


def worst_f1(kinds: npt.NDArray[np.int64], labels: npt.NDArray[np.int32]) -> float:
    """Return the F1 of the planted kind that is found worst, each with its best segment."""
    table = np.zeros((kinds.max() + 1, labels.max() + 1))
    np.add.at(table, (kinds, labels), 1)
    both = table.sum(axis=1, keepdims=True) + table.sum(axis=0)
    return float((2 * table / np.maximum(both, 1)).max(axis=1).min())


def measure(family: str, visits: Planted, *, rivals: bool) -> list[Measured]:
    """Measure `auto`, and what one would do instead."""
    kinds = np.unique(visits.kinds, return_inverse=True)[1]
    k_true = int(kinds.max()) + 1
    ideal = supervised(visits)
    ceiling = float(adjusted_rand_score(kinds, ideal)), worst_f1(kinds, ideal)
    begun = time.process_time()
    found = segment(visits.columns)
    seconds = time.process_time() - begun
    other = segment(visits.columns, seed=7, bands="never")
    with mock.patch.object(chance, "STREAM", 7):
        elsewhere = segment(visits.columns, bands="never")
    cards = describe(visits.columns, found, visits=True).cards
    labels = found.distinct_labels  # the strict answer: bands cut what is planted as one kind
    rows = [
        Measured(
            family,
            "auto",
            k_true,
            n_distinct(found),
            *ceiling,
            float(adjusted_rand_score(kinds, labels)),
            worst_f1(kinds, labels),
            float(adjusted_rand_score(labels, other.distinct_labels)),
            float(adjusted_rand_score(labels, elsewhere.distinct_labels)),
            cards.fidelity,
            min(card.recall for card in cards.cards),
            seconds,
        )
    ]
    for method, answer in RIVALS.items() if rivals else ():
        theirs = answer(visits)
        rows.append(
            Measured(
                family,
                method,
                k_true,
                len(np.unique(theirs)),
                *ceiling,
                float(adjusted_rand_score(kinds, theirs)),
                worst_f1(kinds, theirs),
            )
        )
    return rows


def n_distinct(found: Segmentation) -> int:
    """Return how many kinds there are, as `VisitSegmenter.n_distinct_`."""
    return len(np.unique(found.distinct_labels))


def kinds_found(visits: Planted) -> int:
    """Return how many kinds the search finds where no visit meets a rule, votes and bands apart."""
    rows = np.arange(len(visits.kinds))
    return look(visits.columns, rows, 42, visits=True, votes=0).search.tree.k


def at_least(right: int, n: int) -> float:
    """Return the one-sided 95 % lower bound of a share (Clopper & Pearson 1934)."""
    return float(beta.ppf(0.05, right, n - right + 1)) if right else 0.0
