"""The mixture is scikit-learn's, faster: the same components, and the laws of EM."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.mixture import GaussianMixture

from visitseg.segments.density.mixture import Terms, fit_mixture, one_round
from visitseg.segments.places.transform import Matrix

RIDGE = 0.01


def blobs(seed: int, n: int, d: int) -> Matrix:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)) * rng.uniform(0.2, 2, d) + 3 * rng.integers(0, 3, size=(n, 1))


@pytest.mark.parametrize(("k", "d"), [(2, 1), (5, 2), (14, 4), (9, 6)])
@pytest.mark.parametrize("seed", [0, 1])
def test_every_visit_has_the_density_that_scikit_learn_gives_it(k: int, d: int, seed: int) -> None:
    P = blobs(seed, 3000, d)
    theirs = GaussianMixture(k, reg_covar=RIDGE, tol=1e-3, max_iter=100, random_state=seed).fit(P)
    joint = fit_mixture(P, k, seed, RIDGE)
    np.testing.assert_allclose(np.logaddexp.reduce(joint, axis=0), theirs.score_samples(P))
    assert (joint.argmax(axis=0) == theirs.predict(P)).all()


@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(2, 5))
@settings(max_examples=40, deadline=None)
def test_no_round_makes_the_visits_less_likely(seed: int, d: int, k: int) -> None:
    terms = Terms.of(blobs(seed, 400, d))
    weights = np.random.default_rng(seed).dirichlet(np.ones(k), size=400).T.copy()
    likely = [one_round(terms, weights, 1e-6) for _ in range(8)]
    assert (np.diff(likely) > -1e-6).all()
    np.testing.assert_allclose(weights.sum(axis=0), 1)


def test_far_from_the_origin_nothing_is_lost() -> None:
    P = blobs(3, 2000, 3)
    near, far = (fit_mixture(P + shift, 4, 0, RIDGE).argmax(axis=0) for shift in (0.0, 1e6))
    assert np.mean(near == far) > 0.999


def test_narrow_kinds_a_long_way_off_stay_kinds() -> None:
    rng = np.random.default_rng(4)
    P = rng.normal(0, 0.1, (3000, 2)) + 10.0 ** rng.integers(0, 10, 3000)[:, None]
    labels = fit_mixture(P, 6, 0, RIDGE).argmax(axis=0)
    parts = [P[labels == c].mean(axis=1) for c in range(6) if (labels == c).any()]
    assert max(np.ptp(part) for part in parts if part.min() > 1e8) < 1
