"""What the explorer shows: spreads, distances, and what other K would have given."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.quality import families
from benchmarks.quality.families import Planted
from visitseg.segments.auto import segment
from visitseg.segments.interpretation import explore, interpret
from visitseg.segments.segmentation import Segmentation


@pytest.fixture(scope="module")
def found() -> tuple[Planted, Segmentation]:
    rng = np.random.default_rng(1)
    visits = families.join(
        [
            families.bounces(rng, 1500),
            families.buyers(rng, 80),
            families.visits_of(rng, families.NAMED["browsers"], 900),
            families.visits_of(rng, families.NAMED["bots"], 400),
        ],
        rng,
    )
    return visits, segment(visits.columns)


@pytest.fixture(scope="module")
def told(found: tuple[Planted, Segmentation]) -> dict[str, Any]:
    visits, answer = found
    device = (["desktop", "mobile"], np.arange(len(visits.kinds)) % 2)
    names = [f"called {c}" for c in range(answer.k_final)]
    return explore.explorer(visits.columns, answer, names, {"device": device})


def test_every_k_that_was_weighed_is_described(
    found: tuple[Planted, Segmentation], told: dict[str, Any]
) -> None:
    answer = found[1]
    assert [row["k"] for row in told["candidates"]] == [row.k for row in answer.evidence]
    for row in told["candidates"]:
        assert len(row["segments"]) == row["k_rest"]
        shares = sum(segment["share"] for segment in row["segments"])
        assert shares == pytest.approx(answer.sizes[list(answer.fitted.clusters)].sum() / 2880)
    names = {s["segment_id"] for row in told["candidates"] for s in row["segments"]}
    assert names == {None, *(f"s{c + 1}" for c in answer.fitted.clusters)}


def test_the_chosen_k_is_the_answer_itself(
    found: tuple[Planted, Segmentation], told: dict[str, Any]
) -> None:
    visits, answer = found
    chosen = next(row for row in told["candidates"] if row["k"] == answer.k_final)
    for row in chosen["segments"]:
        own = answer.found.labels == int(row["segment_id"][1:]) - 1
        assert row["share"] == pytest.approx(own.mean())
        assert row["medians"]["pageviews"] == np.median(visits.columns["pageviews"][own])


def test_links_lead_every_visit_on(told: dict[str, Any]) -> None:
    for before, row in zip(told["candidates"], told["candidates"][1:], strict=False):
        gone, come = np.zeros(before["k_rest"]), np.zeros(row["k_rest"])
        for a, b, share in row["links"]:
            gone[a] += share
            come[b] += share
        assert gone == pytest.approx([s["share"] for s in before["segments"]])
        assert come == pytest.approx([s["share"] for s in row["segments"]])


def test_rules_are_named_and_distances_are_symmetric(told: dict[str, Any]) -> None:
    assert set(told["rules"].values()) == {"bounced", "converted"}
    apart = np.array(told["landscape"]["distances"])
    assert (apart == apart.T).all()
    assert (np.diag(apart) == 0).all()
    parts = told["landscape"]["contributions"]
    for shares in [parts["all"], *parts["segments"].values()]:
        assert sum(shares) == pytest.approx(1, abs=1e-3)
    assert told["dimensions"] == {"device": {"desktop": 0.5, "mobile": 0.5}}


def test_a_spread_peaks_where_the_visits_are() -> None:
    rng = np.random.default_rng(0)
    columns = {
        "pageviews": np.concatenate([np.full(500, 3.0), np.full(500, 40.0)]),
        "time_on_site_sec": np.where(np.arange(1000) < 500, np.nan, rng.lognormal(5, 0.3, 1000)),
    }
    labels = np.repeat([0, 1], 500).astype(np.int32)
    told = explore.spreads(columns, labels, ["s1", "s2"])
    at, (low, high) = told["pageviews"]["at"], told["pageviews"]["segments"].values()
    assert at[int(np.argmax(low["density"]))] == pytest.approx(3, abs=0.5)
    assert at[int(np.argmax(high["density"]))] == pytest.approx(40, rel=0.1)
    time = told["time_on_site_sec"]
    assert time["segments"]["s1"] == {"known_share": 0.0}
    assert time["all"]["known_share"] == 0.5
    assert time["all"]["above_zero"] == 0.5
    peak = time["at"][int(np.argmax(time["segments"]["s2"]["density"]))]
    assert peak == pytest.approx(np.exp(5), rel=0.25)


def test_what_is_known_of_hardly_any_visit_is_not_told_as_the_segments() -> None:
    labels = np.repeat([0, 1, 2], [1000, 1000, 3]).astype(np.int32)
    pace = np.full(2003, np.nan)
    pace[:9], pace[1000:1060], pace[2000:] = 900.0, 30.0, 5.0
    columns = {"time_on_site_sec": pace}
    centers = interpret.centers_of(columns, labels, 3)[:, 0]
    np.testing.assert_array_equal(centers, [np.nan, 30.0, 5.0])
    told = explore.spreads(columns, labels, ["s1", "s2", "s3"])["time_on_site_sec"]["segments"]
    assert told["s1"] == {"known_share": 0.009}
    assert (told["s2"]["median"], told["s3"]["median"]) == (30.0, 5.0)
