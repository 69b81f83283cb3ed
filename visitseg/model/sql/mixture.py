"""Segments as distributions → SQL.

The density of a visit is a product of conditionals, axis by axis: where does it lie, given the
axes before on which it has a place? So an axis without a place drops out exactly, and every
conditional is one line: a standardised residual. An axis has as many conditionals as there are
sets of known axes before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from visitseg.model.sql.expressions import cases, linear, number
from visitseg.segments.assignment.assign import LOG_TWO_PI, TIE, Assigner


@dataclass(frozen=True)
class Conditional:
    """One axis of one segment, given a set of axes before it.

    Attributes
    ----------
    given : tuple of int
        The axes before it that are known.
    constant, factors
        The residual in standard deviations is constant + Σ factor · place, the axis' own last.
    log_deviation : float
        Of the conditional distribution.
    """

    given: tuple[int, ...]
    constant: float
    factors: tuple[float, ...]
    log_deviation: float


def conditional(assigner: Assigner, c: int, j: int, given: tuple[int, ...]) -> Conditional:
    """Return how axis `j` of segment `c` is distributed, given others."""
    mean, cov = assigner.means[c], assigner.covariances[c]
    known = list(given)
    slopes = np.linalg.solve(cov[np.ix_(known, known)], cov[known, j]) if known else np.empty(0)
    deviation = float(np.sqrt(cov[j, j] - cov[j, known] @ slopes))
    constant = -(mean[j] - slopes @ mean[known]) / deviation
    factors = (*(-slopes / deviation), 1 / deviation)
    return Conditional(given, float(constant), tuple(map(float, factors)), float(np.log(deviation)))


@dataclass(frozen=True)
class Mixture:
    """The columns of the SQL of one `Assigner`.

    Attributes
    ----------
    assigner : Assigner
        The segments.
    prefix : str
        Of all its columns.
    """

    assigner: Assigner
    prefix: str = ""

    @property
    def d(self) -> int:
        """Number of axes."""
        return len(self.assigner.atoms)

    @property
    def score_columns(self) -> list[str]:
        """The columns of the scores."""
        return [self.name("score", c) for c in range(self.assigner.k)]

    def name(self, kind: str, *places: int) -> str:
        """Name a column, as in x1, known1, z0_1, base0, score0, best."""
        return f"{self.prefix}{kind}{'_'.join(map(str, places))}"

    def axis(self, j: int) -> str:
        """Name the column of an axis."""
        return self.name("x", j + 1)

    def patterns(self) -> Iterator[tuple[str, str]]:
        """Yield on which axes a visit has a place, as bits: of the first, of two, so on."""
        bits = [f"CASE WHEN {self.axis(j)} IS NULL THEN 0 ELSE {1 << j} END" for j in range(self.d)]
        for j in range(1, self.d + 1):
            yield self.name("known", j), " + ".join(bits[:j])

    def residuals(self) -> Iterator[tuple[str, str]]:
        """Yield the residual of every segment and axis; 0 where the axis has no place."""
        for c in range(self.assigner.k):
            for j in range(self.d):
                written = {}
                for bits in sets(j):
                    found = conditional(self.assigner, c, j, _members(bits, j))
                    names = [self.axis(i) for i in (*found.given, j)]
                    terms = zip(found.factors, names, strict=True)
                    written[bits] = linear(found.constant, terms)
                residual = cases(self.name("known", j), written)
                yield (
                    self.name("z", c, j + 1),
                    f"CASE WHEN {self.axis(j)} IS NULL THEN 0e0 ELSE {residual} END",
                )

    def bases(self) -> Iterator[tuple[str, str]]:
        """Yield what does not depend on where the places are: shares and volumes."""
        for c in range(self.assigner.k):
            volumes = {bits: number(self._volume(c, bits)) for bits in sets(self.d)}
            parts = [
                number(self.assigner.log_shares[c]),
                cases(self.name("known", self.d), volumes),
            ]
            for j, table in enumerate(self.assigner.log_atoms):
                *atoms, placed = map(number, table[c])
                missing = cases(f"{self.axis(j)}_code", dict(enumerate(atoms)))
                if missing == placed:
                    parts.append(placed)
                else:
                    has = f"{self.axis(j)} IS NULL"
                    parts.append(f"CASE WHEN {has} THEN {missing} ELSE {placed} END")
            yield self.name("base", c), " + ".join(f"({part})" for part in parts)

    def squares(self) -> Iterator[tuple[str, str]]:
        """Yield the squared distance from every centre."""
        for c in range(self.assigner.k):
            columns = [self.name("z", c, j + 1) for j in range(self.d)]
            yield self.name("square", c), " + ".join(f"{z} * {z}" for z in columns)

    def scores(self) -> Iterator[tuple[str, str]]:
        """Yield the log density of every segment."""
        for c, score in enumerate(self.score_columns):
            yield score, f"{self.name('base', c)} - 0.5e0 * {self.name('square', c)}"

    def _volume(self, c: int, bits: int) -> float:
        """Return what the conditionals' deviations, and the normal constant, add to a score."""
        members = _members(bits, self.d)
        logs = [
            conditional(self.assigner, c, j, members[:i]).log_deviation
            for i, j in enumerate(members)
        ]
        return -sum(logs) - len(members) * LOG_TWO_PI / 2


def first_best(scores: list[str], best: str) -> str:
    """Write the index of the highest score; among ties the first."""
    if len(scores) == 1:
        return "0"
    limit = f"{best} - {number(TIE)} * (1e0 + ABS({best}))"
    whens = " ".join(f"WHEN {score} >= {limit} THEN {c}" for c, score in enumerate(scores[:-1]))
    return f"CASE {whens} ELSE {len(scores) - 1} END"


def greatest(columns: list[str]) -> str:
    """Write the largest of some known numbers."""
    return columns[0] if len(columns) == 1 else f"GREATEST({', '.join(columns)})"


def sets(j: int) -> list[int]:
    """Return the sets of axes before `j`, as bits: all known first."""
    return sorted(range(1 << j), key=lambda bits: (-bits.bit_count(), bits))


def _members(bits: int, j: int) -> tuple[int, ...]:
    return tuple(i for i in range(j) if bits >> i & 1)
