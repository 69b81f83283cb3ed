"""Preset auto: rules, distinct kinds, honest refusals, and the record of the decision."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from benchmarks.quality import families
from benchmarks.quality.__main__ import NOTHING
from benchmarks.quality.__main__ import rng as draws
from benchmarks.quality.families import Planted
from benchmarks.quality.measure import kinds_found
from visitseg.errors import SegmentError
from visitseg.segments.assignment import rules
from visitseg.segments.auto import segment
from visitseg.segments.density.valley import DEEP
from visitseg.segments.places import chance
from visitseg.segments.rest import look
from visitseg.segments.segmentation import Segmentation


def planted(*parts: dict[str, np.ndarray]) -> Planted:
    return families.join(list(parts), np.random.default_rng(0))


def mixed(n: int = 6000) -> Planted:
    rng = np.random.default_rng(1)
    return planted(
        families.bounces(rng, n // 2),
        families.buyers(rng, n // 40),
        families.visits_of(rng, families.NAMED["browsers"], n // 4),
        families.visits_of(rng, families.NAMED["bots"], n // 8),
    )


@pytest.fixture(scope="module")
def found() -> tuple[Planted, Segmentation]:
    visits = mixed()
    return visits, segment(visits.columns)


def test_the_planted_kinds_are_found(found: tuple[Planted, Segmentation]) -> None:
    visits, answer = found
    assert answer.k_final == visits.k == 4
    assert answer.grade == "distinct"
    assert adjusted_rand_score(visits.kinds, answer.found.labels) > 0.98
    assert sorted(answer.kinds) == ["distinct", "distinct", "rule", "rule"]
    assert (answer.distinct_labels == answer.found.labels).all()


def test_clusters_come_by_transactions_and_sizes_add_up(
    found: tuple[Planted, Segmentation],
) -> None:
    visits, answer = found
    assert answer.sizes.sum() == len(visits.kinds)
    buyers = visits.columns["transactions"] > 0
    assert set(answer.found.labels[buyers]) == {0}


def test_the_record_says_why_and_what_came_next(found: tuple[Planted, Segmentation]) -> None:
    decision = found[1].decision
    assert decision["k"] == decision["k_distinct"] == 4
    assert decision["rule_segments"] == {"bounced": 1, "converted": 1}
    assert decision["runner_up"]["k"] in (3, 5)
    assert decision["would_change"]
    assert "2 by rule (bounced and converted)" in decision["text"]


def test_every_k_has_its_evidence(found: tuple[Planted, Segmentation]) -> None:
    rows = found[1].evidence
    assert [row.k for row in rows] == list(range(3, 13))
    own = next(row for row in rows if row.k == 4)
    assert own.valley < DEEP < next(row for row in rows if row.k == 5).valley
    assert own.votes == 7
    assert 0 < own.silhouette <= 1
    assert np.isnan(rows[0].silhouette)


@pytest.mark.parametrize("seed", [1, 99])
def test_segments_do_not_depend_on_the_seed(found: tuple[Planted, Segmentation], seed: int) -> None:
    visits, answer = found
    again = segment(visits.columns, seed=seed)
    assert (again.found.labels == answer.found.labels).all()
    assert again.decision["k"] == answer.decision["k"]


def test_a_seed_draws_the_samples_that_vote() -> None:
    visits = families.NOTHING["continuum"](np.random.default_rng(3), 1000)
    one, other = (
        look(visits.columns, np.arange(1000), seed, visits=True).search for seed in (1, 99)
    )
    assert (one.tree.pieces == other.tree.pieces).all()
    assert (one.votes[0].rows != other.votes[0].rows).any()


@pytest.mark.slow
def test_bands_and_their_grade_do_not_depend_on_the_seed() -> None:
    visits = families.NOTHING["continuum"](np.random.default_rng(3), 3000)
    first, again = (segment(visits.columns, seed=seed) for seed in (1, 99))
    assert first.grade == again.grade == "graded"
    assert (first.found.labels == again.found.labels).all()


def test_other_draws_would_have_found_the_same_kinds(found: tuple[Planted, Segmentation]) -> None:
    visits, answer = found
    with mock.patch.object(chance, "STREAM", 7):
        again = segment(visits.columns)
    assert adjusted_rand_score(again.found.labels, answer.found.labels) > 0.995


def test_labels_do_not_depend_on_the_order_of_rows(found: tuple[Planted, Segmentation]) -> None:
    visits, answer = found
    mixed_up = np.random.default_rng(9).permutation(len(visits.kinds))
    again = segment({name: values[mixed_up] for name, values in visits.columns.items()})
    assert (again.found.labels == answer.found.labels[mixed_up]).all()


@pytest.mark.parametrize("family", list(families.NOTHING))
@pytest.mark.parametrize("n", [1000, pytest.param(3000, marks=pytest.mark.slow)])
def test_no_structure_is_answered_one(family: str, n: int) -> None:
    visits = families.NOTHING[family](np.random.default_rng(1), n)
    answer = segment(visits.columns)
    assert len(np.unique(answer.distinct_labels)) == 1
    assert answer.grade in ("graded", "none")
    assert (answer.k_final == 1) == (answer.grade == "none")


@pytest.mark.parametrize(("family", "number"), [("scale", 70_000), ("shopping", 70_010)])
def test_a_large_dip_or_shoulder_must_stand_out_clearly(family: str, number: int) -> None:
    # By 3.3 standard errors a dip, and a shoulder, of more than a twentieth of the visits.
    visits = NOTHING[family](draws(family, number, 1000), 1000)
    assert kinds_found(visits) == 1


def continuum() -> Planted:
    rng = np.random.default_rng(5)
    along = rng.uniform(0, 5, 5000)
    pages = np.maximum(np.rint(np.exp(0.5 + along * 0.6 + 0.1 * rng.standard_normal(5000))), 2)
    time = pages * np.exp(1 + along * 0.7 + 0.2 * rng.standard_normal(5000))
    nothing = np.zeros(5000)
    return families.one(families.table(pages, pages + 1, pages - 1, time, nothing, rng))


def test_a_long_continuum_is_graded_into_flagged_bands() -> None:
    visits = continuum()
    answer = segment(visits.columns)
    assert answer.grade == "graded"
    assert set(answer.kinds) == {"band"}
    assert answer.k_final in answer.decision["stable_bands"]
    assert len(np.unique(answer.distinct_labels)) == 1
    assert "not kinds of their own" in answer.decision["text"]
    never = segment(visits.columns, bands="never")
    assert (never.grade, never.k_final, never.kinds) == ("graded", 1, ("rest",))


@pytest.mark.parametrize(
    "k", [1, 2, 4, 8, *(pytest.param(k, marks=pytest.mark.slow) for k in (3, 5))]
)
def test_a_given_k_is_obeyed_with_its_evidence(found: tuple[Planted, Segmentation], k: int) -> None:
    visits, strict = found
    answer = segment(visits.columns, k=k)
    assert answer.k_final == k == len(np.unique(answer.found.labels))
    assert answer.decision["rule"] == "set by the user"
    assert f"K = {k}" in answer.decision["text"]
    if k >= 4:
        assert (answer.distinct_labels == strict.distinct_labels).all()
    if k > 4:
        assert "band" in answer.kinds


def test_a_large_k_is_weighed_without_all_below_it(found: tuple[Planted, Segmentation]) -> None:
    answer = segment(found[0].columns, k=60)
    assert answer.k_final == 60
    assert [row.k for row in answer.evidence] == [*range(3, 13), 60]


def test_more_groups_than_are_measured_are_refused_with_the_limit() -> None:
    X = np.random.default_rng(0).normal(size=(1200, 2))
    with pytest.raises(SegmentError, match="allow 1,000 segments at most") as found:
        segment({"a": X[:, 0], "b": X[:, 1]}, visits=False, k=1001)
    assert found.value.do.startswith("Lower it to 1000")


def test_one_page_count_for_all_is_no_spike(found: tuple[Planted, Segmentation]) -> None:
    columns = found[0].columns | {"pageviews": np.full(len(found[0].kinds), 2.0)}
    rest = look(columns, np.arange(len(found[0].kinds)), 42, visits=True, votes=0)
    known = np.isfinite(columns["time_on_site_sec"])
    assert known[rest.rows[rest.drawn.rows]].all()
    assert len(rest.drawn.rows) == known.sum()


@pytest.mark.parametrize("size", [1e9, 1e15, 1e80])
def test_a_single_absurd_value_parts_nothing(
    found: tuple[Planted, Segmentation], size: float
) -> None:
    columns = {name: values.copy() for name, values in found[0].columns.items()}
    one = np.flatnonzero(columns["pageviews"] > 1)[0]
    columns["pageviews"][one] = columns["hits"][one] = size
    answer = segment(columns, bands="never")
    assert answer.k_final == found[1].k_final
    assert adjusted_rand_score(answer.found.labels, found[1].found.labels) > 0.995


def test_values_without_a_square_are_refused(found: tuple[Planted, Segmentation]) -> None:
    columns = found[0].columns | {"hits": found[0].columns["hits"] * 1e300}
    with pytest.raises(SegmentError, match=r"of 5,\d+ values are larger than 1e\+100") as error:
        segment(columns)
    assert error.value.where == "hits"


def test_bands_of_a_few_visits_are_no_bands() -> None:
    rng = np.random.default_rng(1)
    pages = np.maximum(np.exp(np.linspace(0.7, 4, 12)).round(), 2)
    visits = families.table(pages, pages, pages, 30 * pages, np.zeros(12), rng)
    assert segment(visits).grade == "none"


def test_rules_that_leave_no_room_are_dropped_smallest_first() -> None:
    visits = mixed()
    assert rules.applicable(visits.columns) == ("bounced", "converted")
    assert rules.applicable(visits.columns, k=2) == ("bounced",)
    assert rules.applicable(visits.columns, k=1) == ()


def test_bounces_need_one_page_no_order_and_no_engagement() -> None:
    columns = {
        "pageviews": np.array([1.0, 1, 2, 1, 1, 0]),
        "time_on_site_sec": np.array([np.nan, 30, np.nan, np.nan, 0, np.nan]),
        "transactions": np.array([0.0, 0, 0, 1, 0, 0]),
    }
    assert rules.bounced(columns).tolist() == [True, False, False, False, True, True]
    engaged = columns | {"engaged": np.array([1, 0, 0, 0, np.nan, 0.0])}
    assert rules.bounced(engaged).tolist() == [False, True, False, False, True, True]


def test_an_order_that_a_segment_often_ends_in_is_its_outcome() -> None:
    rng = np.random.default_rng(3)
    shoppers = families.Kind(12, 40, hits=4, buys=0.5)
    visits = planted(
        families.visits_of(rng, families.NAMED["browsers"], 2000),
        families.visits_of(rng, shoppers, 500),
    )
    answer = segment(visits.columns)
    assert "rule" not in answer.kinds
    assert adjusted_rand_score(visits.kinds, answer.found.labels) > 0.95


def test_buyers_part_where_their_revenue_really_does() -> None:
    rng = np.random.default_rng(4)
    visits = planted(
        families.visits_of(rng, families.NAMED["browsers"], 2000),
        families.buyers(rng, 400, pages=30),
        families.buyers(rng, 250, pages=30),
    )
    spent = visits.columns["transaction_revenue"]
    spent[visits.kinds == 2] *= 60
    answer = segment(visits.columns)
    assert answer.decision["rule_segments"] == {"converted": 2}
    assert adjusted_rand_score(visits.kinds, answer.found.labels) > 0.95


def test_a_bound_that_the_answer_gives_way_to_is_said(found: tuple[Planted, Segmentation]) -> None:
    columns = found[0].columns
    capped, least = segment(columns, k_max=3), segment(columns, k_min=6)
    assert (capped.k_final, least.k_final) == (3, 3)
    for answer, bound in ((capped, "but k_max = 3 leaves room for one"), (least, "k_min = 6 asks")):
        text = answer.decision["text"]
        assert "fall into 2 kinds, so that the data themselves say K = 4 (7 of 7" in text
        assert bound in text
        assert text.endswith("it would be K = 4.")
        assert (answer.grade, answer.decision["k_auto"]) == ("distinct", 4)
        assert answer.decision["bound"]["name"] in bound
        assert "continuum" not in text
        assert answer.decision["runner_up"] is None


@pytest.mark.slow
def test_what_the_data_say_does_not_depend_on_the_k_that_is_given(
    found: tuple[Planted, Segmentation],
) -> None:
    for k in (2, 3, 5):
        answer = segment(found[0].columns, k=k)
        assert answer.k_final == k
        assert answer.grade == "distinct"
        assert "themselves say K = 4: 2 kinds" in answer.decision["text"] or k == 2
    without = segment(found[0].columns, k=2).decision["text"]
    assert "It leaves no room for the rule converted; without that, the data" in without


@pytest.mark.parametrize("n", [1, 2, 3, 10])
def test_few_visits_get_a_sound_answer(n: int) -> None:
    visits = families.continuum(np.random.default_rng(1), n)
    answer = segment(visits.columns)
    assert answer.k_final == 1
    assert answer.grade == "none"
    assert answer.found.labels.tolist() == [0] * n


def test_identical_visits_and_constant_columns_are_one_segment() -> None:
    visits = families.continuum(np.random.default_rng(1), 2000)
    same = {name: np.full(500, values[0]) for name, values in visits.columns.items()}
    assert segment(same).k_final == 1
    flat = visits.columns | {"hits": np.full(2000, 7.0), "unique_pages": np.ones(2000)}
    assert len(np.unique(segment(flat).distinct_labels)) == 1


def test_only_bounces_are_one_rule_segment() -> None:
    answer = segment(families.bounces(np.random.default_rng(1), 300))
    assert (answer.k_final, answer.kinds, answer.grade) == (1, ("rule",), "none")
    assert "every visit meets a rule" in answer.decision["text"]


def test_more_segments_than_distinct_visits_are_refused() -> None:
    visits = families.continuum(np.random.default_rng(1), 2)
    with pytest.raises(SegmentError, match="K = 5 is not possible"):
        segment(visits.columns, k=5)


def test_contributions_add_up_by_family(found: tuple[Planted, Segmentation]) -> None:
    answer = found[1]
    told = answer.by_family({"pageviews": "volume", "hits": "volume"})
    assert set(told) == {"volume", "time_on_site_sec", "unique_pages"}
    assert sum(told.values()) == pytest.approx(1)
    parts = answer.contributions
    assert told["volume"] == pytest.approx(parts["log pageviews"] + parts["log hits a page"])


def test_a_k_whose_segments_would_be_empty_is_refused() -> None:
    pages = 1.0 + np.random.default_rng(0).poisson(3, 1500)
    with pytest.raises(SegmentError, match="K = 8 is not possible: only 7 of its segments"):
        segment({"pageviews": pages}, k=8)
    assert segment({"pageviews": pages}, k=5).sizes.min() > 0
