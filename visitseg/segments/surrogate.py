"""Rule cards: segments in words of raw features, from a small tree that imitates them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.tree import DecisionTreeClassifier

from visitseg.segments.axes import Columns
from visitseg.segments.fit import Labels

# Stands for unknown in the tree: every known value is at least 0.
_UNKNOWN = -1.0
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


def rule_cards(columns: Columns, labels: Labels, k: int) -> Cards:
    """Imitate segments by a best-first tree on raw features.

    Parameters
    ----------
    columns : mapping of str to ndarray of shape (n_visits,)
        Features in their own units, NaN where unknown.
    labels : ndarray of shape (n_visits,)
        Clusters 0 … k - 1; -1 is left out.
    k : int
        Number of clusters.

    Returns
    -------
    Cards
        Fidelity, precision and recall are over all visits; the tree is grown on at most 50,000.
    """
    rows = np.flatnonzero(labels >= 0)
    names = list(columns)
    X = np.column_stack([np.nan_to_num(columns[name][rows], nan=_UNKNOWN) for name in names])
    y = labels[rows]
    grown = np.random.default_rng(0).permutation(len(rows))[:_SAMPLE]
    for leaves in _LEAVES:
        tree = DecisionTreeClassifier(
            max_leaf_nodes=max(leaves * k, 2), min_samples_leaf=_LEAF, random_state=0
        ).fit(X[grown], y[grown])
        table = _table(y, tree.predict(X), k)
        fidelity = float(np.trace(table) / table.sum())
        recalls = np.diag(table) / np.maximum(table.sum(axis=1), 1)
        if fidelity >= _FAITHFUL and recalls.min() >= _FOUND:
            break
    gaps = {j for j in range(len(names)) if (X[:, j] == _UNKNOWN).any()}
    paths = _paths(tree, names, gaps)
    cards = []
    for c in range(k):
        precision = float(table[c, c] / max(table[:, c].sum(), 1))
        recall = float(table[c, c] / max(table[c].sum(), 1))
        shown = _main(paths.get(c, [])) if recall >= WITHHELD_BELOW else ()
        cards.append(Card(shown, precision, recall))
    return Cards(fidelity, tuple(cards))


def _table(y: Labels, said: Labels, k: int) -> npt.NDArray[np.float64]:
    table = np.zeros((k, k))
    np.add.at(table, (y, said), 1)
    return table


def _paths(
    classifier: DecisionTreeClassifier, names: list[str], gaps: set[int]
) -> dict[int, list[tuple[float, str]]]:
    """Return, per cluster, the conditions and the weight of each leaf that says so."""
    tree = classifier.tree_
    found: dict[int, list[tuple[float, str]]] = {}

    def walk(node: int, low: dict[int, float], high: dict[int, float]) -> None:
        if tree.children_left[node] < 0:
            c = int(classifier.classes_[tree.value[node][0].argmax()])
            found.setdefault(c, []).append((float(tree.n_node_samples[node]), _words(low, high)))
            return
        j, limit = int(tree.feature[node]), float(tree.threshold[node])
        walk(int(tree.children_left[node]), low, high | {j: min(limit, high.get(j, np.inf))})
        walk(int(tree.children_right[node]), low | {j: max(limit, low.get(j, -np.inf))}, high)

    def _words(low: dict[int, float], high: dict[int, float]) -> str:
        said = []
        for j in sorted(low.keys() | high.keys()):
            bottom, top = low.get(j, -np.inf), high.get(j, np.inf)
            if top <= _UNKNOWN / 2:
                said.append(f"{names[j]} unknown")
            elif bottom > 0 and top < np.inf:
                said.append(f"{bottom:.4g} < {names[j]} ≤ {top:.4g}")
            elif top < np.inf:
                unknown = " or unknown" if j in gaps and bottom < _UNKNOWN else ""
                said.append(f"{names[j]} ≤ {top:.4g}{unknown}")
            else:
                said.append(f"{names[j]} known" if bottom < 0 else f"{names[j]} > {bottom:.4g}")
        return " and ".join(said) or "every visit"

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
