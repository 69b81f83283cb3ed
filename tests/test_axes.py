"""Columns of one's own become axes by their transform; unknown values and spikes do no harm."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from benchmarks.quality import families, held_out
from visitseg.segments.auto import segment
from visitseg.segments.frames import check_visits
from visitseg.segments.places.axes import Axis, clock_step, own_axes, place, told_by
from visitseg.segments.places.space import visit_space
from visitseg.segments.rest import look


def at(kind: str, values: list[float], step: float, unit: float = 1.0) -> np.ndarray:
    return place({"x": np.array(values)}, (Axis("x", "x", kind, step, unit),))[:, 0]  # type: ignore[arg-type]


def test_one_unit_is_a_factor_e_on_log_axes() -> None:
    one, two = at("log", [10.0, 10 * np.e], 0)
    assert two - one == pytest.approx(1)
    assert at("log1p", [np.e - 1, 0, 1 - np.e], 0) == pytest.approx([1, 0, -1])
    assert at("share", [0.25], 0) == pytest.approx([0.25])
    assert at("flag", [0.0, 1.0], 1) == pytest.approx([0, 1])
    assert at("none", [-8.0, 8.0], 0, unit=4) == pytest.approx([-2, 2])


def test_log_knows_no_place_below_zero() -> None:
    assert np.isnan(at("log", [-3.0, 0.0], 0)).all()
    assert np.isfinite(at("log", [0.0, 1.0], 1)).all()


def test_cells_of_neighbouring_counts_meet_and_do_not_overlap() -> None:
    counts = np.arange(0.0, 30.0)
    for kind in ("log", "log1p", "none", "flag"):
        axis = (Axis("x", "x", kind),)  # type: ignore[arg-type]
        ends = [place({"x": counts}, axis, {"x": np.full(30, part)})[:, 0] for part in (0.0, 1.0)]
        np.testing.assert_allclose(ends[0][2:], ends[1][1:-1])
        assert (ends[0] < ends[1]).all()


def test_values_tell_a_transform_where_none_is_given() -> None:
    assert told_by(np.array([0.0, 1, 1])) == "flag"
    assert told_by(np.array([0.0, 0.3])) == "share"
    assert told_by(np.array([0.0, 7])) == "log1p"
    assert told_by(np.array([-1.0, 7])) == "none"


def test_outcomes_and_what_is_an_axis_already_are_none_of_ones_own() -> None:
    columns = families.continuum(np.random.default_rng(0), 50).columns
    assert own_axes(columns, dict.fromkeys(columns, "log1p")) == ()


@pytest.fixture(scope="module")
def two_kinds() -> families.Planted:
    """Alike on the built-in axes; apart in a score of one's own, which may be negative."""
    rng = np.random.default_rng(7)
    visits = families.visits_of(rng, families.NAMED["browsers"], 2000)
    kinds = rng.integers(0, 2, 2000)
    score = np.where(kinds == 0, -30.0, 50.0) + 10 * rng.standard_normal(2000)
    return families.Planted(visits | {"score": score}, kinds)


def test_a_column_of_ones_own_separates_what_the_others_do_not(two_kinds: families.Planted) -> None:
    assert look(two_kinds.columns, np.arange(2000), 1, visits=True, votes=0).search.tree.k == 1
    found = segment(check_visits(dict(two_kinds.columns)), transforms={"score": ""})
    assert adjusted_rand_score(two_kinds.kinds, found.distinct_labels) > 0.98
    assert found.contributions["score"] > 0.3


def test_unknown_values_of_it_are_assigned_by_the_rest(two_kinds: families.Planted) -> None:
    score = two_kinds.columns["score"].copy()
    lost = np.random.default_rng(1).random(len(score)) < 0.3
    score[lost] = np.nan
    found = segment(two_kinds.columns | {"score": score}, transforms={"score": "none"})
    assert len(np.unique(found.distinct_labels)) == 2
    assert adjusted_rand_score(two_kinds.kinds[~lost], found.distinct_labels[~lost]) > 0.98


@pytest.mark.parametrize("how", ["flag", "money", "spike", "share", "counts"])
def test_values_that_spike_make_no_kind(how: str) -> None:
    rng = np.random.default_rng(3)
    n = 3000
    own = {
        "flag": (rng.random(n) < 0.2).astype(float),
        "money": np.where(rng.random(n) < 0.97, 0, np.exp(rng.normal(4, 1, n))),
        "spike": np.where(rng.random(n) < 0.3, 0, np.exp(rng.normal(4, 1, n))),
        "share": np.where(rng.random(n) < 0.4, 1, rng.beta(2, 3, n)),
        "counts": np.where(rng.random(n) < 0.7, 0, rng.geometric(0.3, n)).astype(float),
    }[how]
    visits = families.continuum(np.random.default_rng(11), n).columns | {"own": own}
    found = look(visits, np.arange(n), 1, visits=True, transforms={"own": ""}, votes=0)
    assert found.search.tree.k == 1


def test_an_axis_that_few_visits_have_a_place_on_is_left_out() -> None:
    rng = np.random.default_rng(3)
    visits = families.continuum(rng, 3000).columns
    money = np.where(rng.random(3000) < 0.9, 0, np.exp(rng.normal(4, 1, 3000)))
    assert "log1p own" not in visit_space(visits | {"own": money}, {"own": ""}).names


def test_a_flag_that_nearly_all_visits_bear_does_not_hide_kinds() -> None:
    rng = np.random.default_rng(5)
    parts = [families.visits_of(rng, families.NAMED[name], 1500) for name in ("bots", "readers")]
    visits = families.join(parts, rng).columns
    engaged = (rng.random(3000) < 0.99).astype(float)
    columns = visits | {"own": engaged}
    found = look(columns, np.arange(3000), 1, visits=True, transforms={"own": ""}, votes=0)
    assert found.space.flags == (4,)
    assert found.search.tree.k == 2


@pytest.mark.parametrize("seed", [1003, 1004, 1012, 1026])
def test_the_clock_s_floor_and_an_odd_clock_make_no_kinds(seed: int) -> None:
    visits = held_out.clipped(np.random.default_rng([seed, 3000, *b"clipped"]), 3000)
    assert look(visits.columns, np.arange(3000), 42, visits=True, votes=0).search.tree.k == 1


def test_the_step_of_an_odd_clock_is_read_off_the_times() -> None:
    time = np.rint(8.56 * np.random.default_rng(1).integers(1, 60, 5000))
    assert clock_step(time) == pytest.approx(8.56, abs=0.5)
    assert clock_step(np.rint(np.random.default_rng(1).exponential(90, 5000))) == 1
