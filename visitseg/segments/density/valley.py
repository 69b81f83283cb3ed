"""Is there a density valley between two sets of visits? The test that makes a segment distinct.

Stability cannot tell kinds from a continuum: k-means cuts a continuum in a perfectly repeatable
way. A valley can: between two kinds there are fewer visits than within either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d

from visitseg.segments.places.transform import Matrix

Numbers = npt.NDArray[np.float64]

# A dip below this share of the lower peak counts.
DEEP = 0.65
# ... if it stands out of the sampling noise by so many standard errors.
SIGNIFICANT = 2.5
# ... or so many, where either side holds a twentieth of the visits and so has enough to show it.
LARGE = 0.05
SURELY = 4.0
# Bandwidths below this would show the grid of the counts, not the density.
_NARROWEST = 0.04
# The bottom of a valley is measured with a narrower kernel than the peaks beside it.
_FINER = 0.5
_BINS = 1024
# A peak is searched between these quantiles of its own side.
_CORE = (0.2, 0.8)
_ENDS = (0.02, 0.98)
# ∫K² of the normal kernel.
_ROUGHNESS = 0.28209479177387814
# Beyond this ratio of sizes the larger side is also looked at near the smaller one only.
_UNEQUAL = 3.0
# Below this ratio nobody needs to look closer.
_CLEAR = 0.5
# Radius of the tube around the axis, in standard deviations of the smaller side.
_TUBE = 1.5
FEW = 25
# Sides of at least so many visits, so many standard deviations apart, with so few (against the
# smaller one) in the middle third of the way, need no closer look.
_ENOUGH = 10
_APART = 7.0
_EMPTY = 0.1
TINY = 1e-12
_RIDGE = 1e-3


@dataclass(frozen=True)
class Valley:
    """The deepest significant dip between two sets of visits.

    Attributes
    ----------
    ratio : float
        Density in the valley over density at the lower peak; 1 without a significant valley.
    z : float
        How many standard errors the dip stands out; 0 without one.
    """

    ratio: float = 1.0
    z: float = 0.0


@dataclass(frozen=True)
class Side:
    """A set of visits with its moments.

    Attributes
    ----------
    X : ndarray of shape (n_visits, n_axes)
        Dequantised places.
    raw : ndarray of shape (n_visits, n_columns)
        The values that may be atoms, in their own units.
    mean : ndarray of shape (n_axes,)
        Of X.
    cov : ndarray of shape (n_axes, n_axes)
        Of X, divided by n.
    """

    X: Matrix
    raw: Matrix
    mean: Numbers
    cov: Matrix

    @classmethod
    def of(cls, X: Matrix, raw: Matrix) -> Side:
        """Take the moments of some visits."""
        mean = np.ones(len(X)) @ X / len(X)
        apart = X - mean
        return cls(X, raw, mean, apart.T @ apart / len(X))

    @property
    def n(self) -> int:
        """Number of visits."""
        return len(self.X)

    def joined(self, other: Side) -> Side:
        """Return both sets as one."""
        n = self.n + other.n
        gap = other.mean - self.mean
        cov = (self.n * self.cov + other.n * other.cov) / n
        return Side(
            np.concatenate([self.X, other.X]),
            np.concatenate([self.raw, other.raw]),
            self.mean + gap * (other.n / n),
            cov + np.outer(gap, gap) * (self.n * other.n / n**2),
        )

    def kept(self, rows: npt.NDArray[np.bool_]) -> Side:
        """Return some of the visits."""
        at = np.flatnonzero(rows)
        return Side.of(self.X[at], self.raw[at])

    def along(self, axes: Sequence[int]) -> Side:
        """Return the visits as some of the axes see them."""
        at = list(axes)
        return Side(self.X[:, at], self.raw, self.mean[at], self.cov[np.ix_(at, at)])

    def shape(self) -> Matrix:
        """Return the covariance, shrunk towards its diagonal as visits are few."""
        d = len(self.mean)
        shrink = d / (d + self.n)
        diagonal = np.diag(shrink * np.diag(self.cov) + _RIDGE)
        shrunk: Matrix = (1 - shrink) * self.cov + diagonal
        return shrunk


def between(
    a: Side, b: Side, within: Matrix | None = None, significant: float = SIGNIFICANT
) -> Valley:
    """Find the deepest significant density valley between two sets of visits.

    Parameters
    ----------
    a, b : Side
        Either side.
    within : ndarray of shape (n_axes, n_axes), optional
        A pooled covariance within pieces: a second, steadier axis.
    significant : float
        Standard errors by which a dip must stand out.

    Returns
    -------
    Valley
        Over the discriminant axes, the axis between the centres, and, where one side is much
        larger, its part near the smaller one.
    """
    small, large = (a, b) if a.n <= b.n else (b, a)
    if small.n < 2:
        return Valley()
    axes = _axes(small, large, within)
    if _far_apart(small, large, axes[0]):
        return Valley(0.0, np.inf)
    found = [_dip(small.X @ axis, large.X @ axis, significant) for axis in axes]
    if large.n > _UNEQUAL * small.n and min(valley.ratio for valley in found) > _CLEAR:
        found += _near(small, large, significant)
        # Alone a tube proves nothing: it is straight, and leaves the arm of a bent cloud.
        if min(valley.ratio for valley in found) < 1:
            found += [_tube(small, large, axis, significant) for axis in axes[:2]]
    return min(found, key=lambda valley: valley.ratio)


def _axes(small: Side, large: Side, within: Matrix | None) -> list[Numbers]:
    gap = small.mean - large.mean
    shapes = [(small.shape() + large.shape()) / 2, np.eye(len(gap))]
    if within is not None:
        shapes.append(within)
    axes = np.linalg.solve(np.array(shapes), gap[:, None])[:, :, 0]
    return list(axes / np.maximum(np.linalg.norm(axes, axis=1, keepdims=True), TINY))


def _far_apart(small: Side, large: Side, axis: Numbers) -> bool:
    spread = (np.sqrt(axis @ small.cov @ axis) + np.sqrt(axis @ large.cov @ axis)) / 2
    ends = sorted([float(axis @ small.mean), float(axis @ large.mean)])
    apart = ends[1] - ends[0]
    if small.n < _ENOUGH or apart <= _APART * max(float(spread), _NARROWEST):
        return False
    third = apart / 3
    between = sum(
        int(np.count_nonzero(np.abs(side.X @ axis - (ends[0] + ends[1]) / 2) < third / 2))
        for side in (small, large)
    )
    return between < _EMPTY * small.n


def _near(small: Side, large: Side, significant: float) -> list[Valley]:
    """Look only at the visits of the larger side that lie nearest to the smaller one."""
    apart = (large.X - small.mean) @ np.linalg.inv(np.linalg.cholesky(small.shape())).T
    distance = np.einsum("ij,ij->i", apart, apart)
    m = int(min(_UNEQUAL * small.n, large.n - 1))
    rows = np.argpartition(distance, m)[:m]
    local = Side.of(large.X[rows], large.raw[rows])
    return [_dip(small.X @ axis, local.X @ axis, significant) for axis in _axes(small, local, None)]


def _tube(small: Side, large: Side, axis: Numbers, significant: float) -> Valley:
    """Look only at visits near the line through the smaller side's centre along the axis."""
    d = len(axis)
    across = np.eye(d) - np.outer(axis, axis)
    shape = across @ small.shape() @ across + np.outer(axis, axis)
    metric = across @ np.linalg.inv(np.linalg.cholesky(shape + _RIDGE * np.eye(d))).T
    radius = _TUBE**2 * max(1, d - 1)

    def inside(side: Side) -> Numbers:
        off = (side.X - small.mean) @ metric
        kept: Numbers = (side.X @ axis)[np.einsum("ij,ij->i", off, off) < radius]
        return kept

    few, many = inside(small), inside(large)
    return _dip(few, many, significant) if min(len(few), len(many)) >= FEW else Valley()


def _dip(a: Numbers, b: Numbers, significant: float) -> Valley:
    """Measure the dip of the density of two sets of numbers between their cores."""
    spread = min(float(a.std()), float(b.std()))
    bandwidth = max(1.06 * spread * min(len(a), len(b)) ** -0.2, _NARROWEST)
    narrow = max(_FINER * bandwidth, _NARROWEST)
    cores = sorted([_quantiles(a), _quantiles(b)], key=lambda core: core[1] + core[2])
    low = min(core[0] for core in cores) - 3 * bandwidth
    high = max(core[-1] for core in cores) + 3 * bandwidth
    bins = int(np.clip((high - low) / narrow * 6, 64, _BINS))
    width = (high - low) / bins
    cells = (np.concatenate([a, b]) - low) / width
    counts = np.bincount(cells[(cells >= 0) & (cells < bins)].astype(np.intp), minlength=bins)
    density = gaussian_filter1d(counts.astype(float), bandwidth / width, mode="constant")

    def peak(core: Numbers) -> int:
        start, stop = ((core[1:3] - low) / width).astype(int)
        start, stop = max(start, 0), min(max(stop, start) + 1, bins)
        return int(start + np.argmax(density[start:stop]))

    left, right = peak(cores[0]), peak(cores[1])
    if right - left < 2:
        return Valley()
    # A narrow valley beside a steep slope is filled up by a wide kernel.
    closer = gaussian_filter1d(counts.astype(float), narrow / width, mode="constant")
    bottom = float(closer[left : right + 1].min())
    top = float(min(view[at] for view in (density, closer) for at in (left, right)))
    if top <= 0:
        return Valley()
    noise = np.sqrt((top / bandwidth + bottom / narrow) * _ROUGHNESS * width)
    z = (top - bottom) / max(noise, TINY)
    return Valley(bottom / top, float(z)) if z >= significant else Valley()


def _quantiles(side: Numbers) -> Numbers:
    """Return the ends and the core of a side, ascending: order statistics, not interpolated."""
    at = (np.array([_ENDS[0], *_CORE, _ENDS[1]]) * (len(side) - 1)).round().astype(np.intp)
    result: Numbers = np.sort(side)[at]  # vectorised, which a partition is not
    return result
