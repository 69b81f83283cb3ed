"""Rule cards: segments in words of raw features, from a small tree that imitates them.

A rule segment needs no imitation: its card is its rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.tree import DecisionTreeClassifier

from visitseg.segments.assignment import rules
from visitseg.segments.assignment.fit import Labels
from visitseg.segments.places.axes import Columns

_SAMPLE = 50_000
_LEAF = 10
# Leaves per segment: more only where fewer do not tell the segments apart.
_LEAVES = (2, 3, 4)
_FAITHFUL = 0.99
_FOUND = 0.9
WITHHELD_BELOW = 0.8
# A card shows the paths that lead to so much of the segment.
_COVER = 0.95


@dataclass(frozen=True)
class Card:
    """How to tell a segment by hand.

    Attributes
    ----------
    rules : tuple of str
        Alternatives; each a list of conditions in words. Empty where withheld.
    precision, recall : float
        Of all the tree's rules for the segment, over the visits.
    """

    rules: tuple[str, ...]
    precision: float
    recall: float

    @property
    def withheld(self) -> bool:
        """Whether the rules miss too much of the segment to be shown."""
        return self.recall < WITHHELD_BELOW


@dataclass(frozen=True)
class Cards:
    """Rule cards of a segmentation.

    Attributes
    ----------
    fidelity : float
        Share of visits that the tree puts into their segment.
    cards : tuple of Card
        One per cluster.
    """

    fidelity: float
    cards: tuple[Card, ...]


@dataclass(frozen=True)
class _Column:
    """A column as the tree sees it: `unknown` stands for NaN, below every known value."""

    name: str
    values: npt.NDArray[np.float64]
    unknown: float
    least: float
    gaps: bool
    whole: bool

    @classmethod
    def of(cls, name: str, values: npt.NDArray[np.float64]) -> _Column:
        known = values[np.isfinite(values)]
        unknown = min(float(known.min()), 0.0) - 1 if len(known) else -1.0
        filled = np.nan_to_num(values, nan=unknown)
        return cls(
            name,
            filled,
            unknown,
            float(known.min()) if len(known) else np.inf,
            len(known) < len(values),
            bool((known == np.rint(known)).all()),
        )

    def says(self, low: float, high: float) -> str:
        """Say low < value ≤ high; infinite where there is no bound."""
        name, above, bounded = self.name, low > self.unknown, low >= self.least
        if high < self.least:
            return f"{name} unknown"
        if self.whole:
            low, high = np.floor(low) + 1, np.floor(high)
            if above and low == high:
                return f"{name} = {high:.0f}"
        sign, digits = ("≥", ".0f") if self.whole else (">", ".4g")
        if bounded and high < np.inf:
            left = f"{low:{digits}} {'≤' if self.whole else '<'}"
            return f"{left} {name} ≤ {high:{digits}}"
        if high < np.inf:
            unknown = " or unknown" if self.gaps and not above else ""
            return f"{name} ≤ {high:{digits}}{unknown}"
        return f"{name} {sign} {low:{digits}}" if bounded else f"{name} known"


def rule_cards(
    columns: Columns, labels: Labels, k: int, ruled: Mapping[str, tuple[int, ...]] | None = None
) -> Cards:
    """Imitate segments by a best-first tree on raw features.

    Parameters
    ----------
    columns : mapping of str to ndarray of shape (n_visits,)
        Features in their own units, NaN where unknown.
    labels : ndarray of shape (n_visits,)
        Clusters 0 … k - 1; -1 is left out.
    k : int
        Number of clusters.
    ruled : mapping of str to tuple of int, optional
        Rule -> its clusters.

    Returns
    -------
    Cards
        Fidelity, precision and recall are over all visits; the tree is grown on at most 50,000.
    """
    known = {parts[0]: name for name, parts in (ruled or {}).items() if len(parts) == 1}
    assigned = labels >= 0
    beyond = np.flatnonzero(assigned & ~np.isin(labels, list(known)))
    table = np.diag(np.bincount(labels[assigned], minlength=k).astype(float))
    paths: dict[int, list[tuple[float, str]]] = {}
    if len(beyond):
        seen = [_Column.of(name, values[beyond]) for name, values in columns.items()]
        own, paths = _imitate(seen, labels[beyond], k)
        others = np.setdiff1d(np.arange(k), list(known))
        table[np.ix_(others, others)] = own[np.ix_(others, others)]
    text = rules.words(columns) if known else {}
    paths |= {c: [(1.0, text[name])] for c, name in known.items()}
    cards = []
    for c in range(k):
        precision = float(table[c, c] / max(table[:, c].sum(), 1))
        recall = float(table[c, c] / max(table[c].sum(), 1))
        shown = _main(paths.get(c, [])) if recall >= WITHHELD_BELOW else ()
        cards.append(Card(shown, precision, recall))
    return Cards(float(np.trace(table) / max(table.sum(), 1)), tuple(cards))


def _imitate(
    columns: list[_Column], y: Labels, k: int
) -> tuple[npt.NDArray[np.float64], dict[int, list[tuple[float, str]]]]:
    """Grow the tree: what it says of every visit, and its leaves in words."""
    X = np.column_stack([column.values for column in columns])
    grown = np.random.default_rng(0).permutation(len(y))[:_SAMPLE]
    present = len(np.unique(y))
    for leaves in _LEAVES:
        tree = DecisionTreeClassifier(
            max_leaf_nodes=max(leaves * present, 2), min_samples_leaf=_LEAF, random_state=0
        ).fit(X[grown], y[grown])
        table = _table(y, tree.predict(X), k)
        sizes = table.sum(axis=1)
        recalls = np.diag(table)[sizes > 0] / sizes[sizes > 0]
        if np.trace(table) >= _FAITHFUL * table.sum() and recalls.min() >= _FOUND:
            break
    return table, _paths(tree, columns)


def _table(y: Labels, said: Labels, k: int) -> npt.NDArray[np.float64]:
    table = np.zeros((k, k))
    np.add.at(table, (y, said), 1)
    return table


def _paths(
    classifier: DecisionTreeClassifier, columns: list[_Column]
) -> dict[int, list[tuple[float, str]]]:
    """Return, per cluster, the conditions and the weight of each leaf that says so."""
    tree = classifier.tree_
    found: dict[int, list[tuple[float, str]]] = {}

    def walk(node: int, low: dict[int, float], high: dict[int, float]) -> None:
        if tree.children_left[node] < 0:
            c = int(classifier.classes_[tree.value[node][0].argmax()])
            said = [
                columns[j].says(low.get(j, -np.inf), high.get(j, np.inf))
                for j in sorted(low.keys() | high.keys())
            ]
            weight = float(tree.n_node_samples[node])
            found.setdefault(c, []).append((weight, " and ".join(said) or "every other visit"))
            return
        j, limit = int(tree.feature[node]), float(tree.threshold[node])
        walk(int(tree.children_left[node]), low, high | {j: min(limit, high.get(j, np.inf))})
        walk(int(tree.children_right[node]), low | {j: max(limit, low.get(j, -np.inf))}, high)

    walk(0, {}, {})
    return found


def _main(paths: list[tuple[float, str]]) -> tuple[str, ...]:
    paths = sorted(paths, reverse=True)
    total, shown, covered = sum(weight for weight, _ in paths), [], 0.0
    for weight, text in paths:
        if covered >= _COVER * total:
            break
        shown.append(text)
        covered += weight
    return tuple(shown)
