"""Rule cards: segments in words of raw features, from a small tree that imitates them.

A rule segment needs no imitation: its card is its rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

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
# A tree adds values up in single precision.
_LARGEST = 1e30
_FAITHFUL = 0.99
_FOUND = 0.9
WITHHELD_BELOW = 0.8
# A card shows the ways that lead to so much of what the tree calls the segment.
_COVER = 0.98


@dataclass(frozen=True)
class Card:
    """How to tell a segment by hand.

    Attributes
    ----------
    rules : tuple of str
        Alternatives; each a list of conditions in words. Empty where withheld.
    precision, recall : float
        Of the rules that are shown, among the visits that meet no rule; a rule segment's are 1.
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
class _Way:
    """A way through the tree: its conditions, how many visits took it, and where it ends."""

    text: str
    weight: float
    leaves: tuple[int, ...]


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
            none = high == self.least == 0 and not self.gaps
            if none or (above and low == high):
                return f"{name} = {high:.0f}"
        sign, digits = ("≥", ".0f") if self.whole else (">", ".4g")
        if bounded and high < np.inf:
            left = f"{low:{digits}} {'≤' if self.whole else '<'}"
            return f"{left} {name} ≤ {high:{digits}}"
        if high < np.inf:
            least = f"{name} ≤ {high:{digits}}"
            return f"({least} or unknown)" if self.gaps and not above else least
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
        Fidelity is over all visits; the tree is grown on at most 50,000.
    """
    known = {parts[0]: name for name, parts in (ruled or {}).items() if len(parts) == 1}
    assigned = labels >= 0
    beyond = np.flatnonzero(assigned & ~np.isin(labels, list(known)))
    text = rules.words(columns) if known else {}
    cards = {c: Card((text[name],), 1.0, 1.0) for c, name in known.items()}
    right = int(assigned.sum()) - len(beyond)
    if len(beyond):
        seen = [_Column.of(name, values[beyond]) for name, values in columns.items()]
        own = labels[beyond]
        said, leaves, ways = _imitate(seen, own, k)
        right += int((said == own).sum())
        for c in set(range(k)) - set(known):
            cards[c] = _card(_main(ways.get(c, [])), own == c, leaves)
    return Cards(right / max(int(assigned.sum()), 1), tuple(cards[c] for c in range(k)))


def _card(ways: Sequence[_Way], own: npt.NDArray[np.bool_], leaves: npt.NDArray[np.intp]) -> Card:
    """Judge the ways that a card shows."""
    named = np.isin(leaves, [leaf for way in ways for leaf in way.leaves])
    both, shown = int((named & own).sum()), tuple(way.text for way in ways)
    found = Card(shown, both / max(int(named.sum()), 1), both / max(int(own.sum()), 1))
    return replace(found, rules=()) if found.withheld else found


def _imitate(
    columns: list[_Column], y: Labels, k: int
) -> tuple[Labels, npt.NDArray[np.intp], dict[int, list[_Way]]]:
    """Grow the tree: what it says of every visit, in which leaf, and its ways in words."""
    X = np.column_stack([column.values for column in columns]).clip(-_LARGEST, _LARGEST)
    grown = np.random.default_rng(0).permutation(len(y))[:_SAMPLE]
    present = len(np.unique(y))
    for leaves in _LEAVES:
        tree = DecisionTreeClassifier(
            max_leaf_nodes=max(leaves * present, 2), min_samples_leaf=_LEAF, random_state=0
        ).fit(X[grown], y[grown])
        said = tree.predict(X)
        table = _table(y, said, k)
        sizes = table.sum(axis=1)
        recalls = np.diag(table)[sizes > 0] / sizes[sizes > 0]
        if np.trace(table) >= _FAITHFUL * table.sum() and recalls.min() >= _FOUND:
            break
    return said, tree.apply(X), _ways(tree, columns)


def _table(y: Labels, said: Labels, k: int) -> npt.NDArray[np.float64]:
    table = np.zeros((k, k))
    np.add.at(table, (y, said), 1)
    return table


def _ways(classifier: DecisionTreeClassifier, columns: list[_Column]) -> dict[int, list[_Way]]:
    """Return the ways to each cluster; branches that say the same are one."""
    tree = classifier.tree_
    none_of = _none_of(columns)
    found: dict[int, list[_Way]] = {}

    def leaves(node: int) -> list[int]:
        if tree.children_left[node] < 0:
            return [node]
        return leaves(int(tree.children_left[node])) + leaves(int(tree.children_right[node]))

    def said_by(low: dict[int, float], high: dict[int, float]) -> list[str]:
        low, high = dict(low), dict(high)
        for j, count in none_of.items():
            if j in high and low.get(count, -np.inf) >= 0:  # so it is known
                low.setdefault(j, columns[j].least - 0.5)
            if high.get(j, np.inf) < columns[j].least:  # unknown
                high[count] = min(0.5, high.get(count, np.inf))
            elif j in low and low[j] < columns[j].least and j not in high:  # known
                low[count] = max(0.5, low.get(count, -np.inf))
            else:
                continue
            low.pop(j, None)
            high.pop(j, None)
        return [
            columns[j].says(low.get(j, -np.inf), high.get(j, np.inf))
            for j in sorted(low.keys() | high.keys())
        ]

    def walk(node: int, low: dict[int, float], high: dict[int, float]) -> None:
        below = leaves(node)
        answers = {int(classifier.classes_[tree.value[leaf][0].argmax()]) for leaf in below}
        if len(answers) == 1:
            said = said_by(low, high)
            text = " and ".join(said) or "every other visit"
            way = _Way(text, float(tree.n_node_samples[node]), tuple(below))
            found.setdefault(answers.pop(), []).append(way)
            return
        j, limit = int(tree.feature[node]), float(tree.threshold[node])
        walk(int(tree.children_left[node]), low, high | {j: min(limit, high.get(j, np.inf))})
        walk(int(tree.children_right[node]), low | {j: max(limit, low.get(j, -np.inf))}, high)

    walk(0, {}, {})
    return found


def _none_of(columns: Sequence[_Column]) -> dict[int, int]:
    """Return, by column, the count that is 0 just where the column is unknown.

    To be told that a visit saw no page says more than that its time a page is unknown.
    """
    counts = [j for j, column in enumerate(columns) if column.whole and column.least == 0]
    return {
        j: count
        for j, column in enumerate(columns)
        for count in reversed(counts)
        if column.gaps
        and not columns[count].gaps
        and np.array_equal(column.values == column.unknown, columns[count].values == 0)
    }


def _main(ways: Sequence[_Way]) -> list[_Way]:
    ordered = sorted(ways, key=lambda way: (-way.weight, way.text))
    total, shown, covered = sum(way.weight for way in ways), list[_Way](), 0.0
    for way in ordered:
        if covered >= _COVER * total:
            break
        shown.append(way)
        covered += way.weight
    return shown
