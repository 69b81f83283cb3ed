"""What values that many visits share may and may not do to the segments."""

from __future__ import annotations

import numpy as np
import pytest
from kinds import Columns, agreement, browsers, together, visits
from sklearn.metrics import adjusted_rand_score

from benchmarks.quality import harder, one_page
from benchmarks.quality.__main__ import rng as draws
from benchmarks.quality.measure import kinds_found
from visitseg.segments.auto import segment
from visitseg.segments.places.atoms import none_is_apart


@pytest.mark.parametrize("share", [0.03, pytest.param(0.4, marks=pytest.mark.slow)])
def test_visits_without_a_page_are_a_kind_where_many_have_none(share: float) -> None:
    """An app that sends events alone, beside a shop; as long and as busy as its visits."""
    rng = np.random.default_rng(1)
    n = int(6_000 * share / (1 - share))
    none = np.zeros(n)
    app = visits(none, np.exp(rng.normal(5.2, 0.5, n)), 1.0 + rng.poisson(9, n), none)
    k, ari = agreement(*together(browsers(rng, 6_000), app))
    assert k == 2
    assert ari > 0.98


def test_visits_without_a_page_are_no_kind_where_few_pages_are_usual() -> None:
    rng = np.random.default_rng(2)
    pages = rng.poisson(2.5 * np.exp(rng.normal(0, 0.5, 6_000))) * 1.0
    time = np.maximum(pages, 0.5) * np.exp(rng.normal(3.2, 0.5, 6_000))
    unique = np.minimum(pages, 1) + rng.binomial(np.maximum(pages - 1, 0).astype(int), 0.7)
    columns = visits(pages, time, 1.0 + rng.poisson(1 + pages), unique)
    assert np.mean(pages == 0) > 0.1
    assert agreement(columns, pages)[0] == 1


@pytest.mark.parametrize("seed", range(3))
def test_counts_at_any_rate_do_not_part_those_who_have_none(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for mean in (0.3, 0.8, 1.5, 3.0):
        rate = mean * np.exp(rng.normal(0, 0.7, 20_000))
        assert not none_is_apart(rng.poisson(rate) * 1.0)
        assert not none_is_apart(rng.binomial(2, 1 - np.exp(-mean / 2), 20_000) * 1.0)
        assert not none_is_apart(rng.geometric(1 / (1 + mean), 20_000) - 1.0)


def test_none_are_apart_where_the_others_have_one_and_hardly_any_two() -> None:
    def counts(none: int, one: int, two: int) -> np.ndarray:
        return np.repeat([0.0, 1.0, 2.0, 9.0, np.nan], [none, one, two, 500, 50])

    assert none_is_apart(counts(300, 600, 60))
    assert none_is_apart(counts(600, 300, 10))
    assert not none_is_apart(counts(300, 600, 300)), "two of three at most once"
    assert not none_is_apart(counts(60, 600, 0)), "the end of a count"
    assert not none_is_apart(counts(20, 30, 0)), "too few to tell"


def test_a_page_or_an_event_alone_says_nothing_of_pages() -> None:
    """Events drawn at random: most visits keep one, a page or another; few keep more."""
    rng = np.random.default_rng(9)
    hits = np.maximum(rng.poisson(0.3, 20_000), 1)
    pages = rng.binomial(hits, 0.35)
    assert none_is_apart(pages * 1.0)
    assert not none_is_apart(pages * 1.0, hits * 1.0)


def test_visits_without_a_page_are_a_kind_beside_visits_on_one() -> None:
    """Two apps, as slow, of which one reports its screen as a page, and three times the events."""
    rng = np.random.default_rng(5)
    one, none = np.ones(4_000), np.zeros(2_500)
    screen = visits(one, np.exp(rng.normal(4.8, 0.5, 4_000)), 0.0 + rng.poisson(24, 4_000), one)
    bare = visits(none, np.exp(rng.normal(4.6, 0.5, 2_500)), 1.0 + rng.poisson(7, 2_500), none)
    k, ari = agreement(*together(browsers(rng, 5_000), screen, bare))
    assert k == 3
    assert ari > 0.98


def test_forty_distinct_pages_of_forty_are_not_two_of_two() -> None:
    """All see their pages once, or all see two pages again and again; without any event."""
    rng = np.random.default_rng(3)
    seen = [np.exp(rng.normal(3.3, 0.3, n)).round() for n in (4_000, 1_000)]
    pace = [s * np.exp(rng.normal(1.8, 0.3, len(s))) for s in seen]
    once = visits(seen[0], pace[0], 0 * seen[0], seen[0])
    again = visits(seen[1], pace[1], 0 * seen[1], 0 * seen[1] + 2)
    k, ari = agreement(*together(once, again))
    assert k == 2
    assert ari > 0.98


def test_many_hits_on_one_page_are_not_few_on_many() -> None:
    """A page that is scrolled for long: nothing but hits a page tells it from browsing."""
    rng = np.random.default_rng(4)
    one = np.ones(1_500)
    read = visits(
        one, np.exp(rng.normal(3.2, 0.4, 1_500)), np.exp(rng.normal(2.6, 0.35, 1_500)).round(), one
    )
    k, ari = agreement(*together(browsers(rng, 4_000), read))
    assert k == 2
    assert ari > 0.98


@pytest.mark.parametrize("n", [300, 1_500])
def test_visits_on_one_page_are_a_kind_beside_visits_on_many(n: int) -> None:
    """As fast, and as many hits a page; but hardly anyone sees from two to five pages."""
    rng = np.random.default_rng(6)
    one = np.ones(n)
    events = 0.0 + rng.poisson(0.6 * np.exp(rng.normal(0, 0.3, n)))
    read = visits(one, np.exp(rng.normal(3.2, 0.4, n)), events, one)
    k, ari = agreement(*together(browsers(rng, 6_000, pages=14), read))
    assert k == 2
    assert ari > 0.98


@pytest.mark.parametrize("seed", range(2))
def test_visits_on_one_page_are_labelled_by_their_page(seed: int) -> None:
    """A kind of many pages is as slow, and has about as many hits a page."""
    rng = np.random.default_rng(seed)
    one, many = np.ones(4_000), np.exp(rng.normal(2.8, 0.3, 4_500)).round()
    read = visits(one, np.exp(rng.normal(4.6, 0.6, 4_000)), 3.0 + rng.poisson(6, 4_000), one)
    slow = visits(
        many, many * np.exp(rng.normal(4.6, 0.5, 4_500)), many * 3 + rng.poisson(many), many
    )
    k, ari = agreement(*together(browsers(rng, 3_000), read, slow))
    assert k == 3
    assert ari > 0.98


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_a_tool_on_one_page_is_a_kind_beside_visits_of_few_pages(seed: int) -> None:
    """Two pages are as usual as one; but each takes half the time, and thrice the events."""
    rng = np.random.default_rng(seed)
    one, few = np.ones(400), 2.0 + rng.poisson(2.5, 6_000)
    used = 3.0 + rng.negative_binomial(6, 0.4, 400)
    tool = visits(one, np.exp(rng.normal(4.9, 0.4, 400)), used, one)
    played = rng.poisson(few * 30 * rng.gamma(9, 1 / 9, 6_000)) * 1.0
    films = visits(few, few * np.exp(rng.normal(4.0, 0.35, 6_000)), played, few)
    k, ari = agreement(*together(tool, films))
    assert k == 2
    assert ari > 0.98


def test_visits_on_one_page_are_no_kind_where_page_counts_begin_at_one() -> None:
    """Of 400 such continua this one looks most as if one page were apart."""
    assert kinds_found(one_page.from_one(draws("from_one", 5206, 3_000), 3_000)) == 1


def clickers(rng: np.random.Generator, n: int, clicks: float) -> Columns:
    """Make visits of few pages, most often two."""
    pages = rng.choice([1.0, 2.0, 3.0, 4.0], n, p=[0.15, 0.62, 0.15, 0.08])
    hits = (pages * np.exp(rng.normal(np.log(clicks), 0.3, n))).round()
    unique = 1.0 + rng.binomial((pages - 1).astype(int), 0.8)
    return visits(pages, pages * np.exp(rng.normal(3.2, 0.4, n)), hits - pages, unique)


@pytest.mark.parametrize("seed", range(2))
def test_a_value_that_all_share_alike_hides_no_kind(seed: int) -> None:
    """Two of three see two pages, whether they click much or little."""
    rng = np.random.default_rng(seed)
    k, ari = agreement(*together(clickers(rng, 9_000, 4), clickers(rng, 500, 14)))
    assert k == 2
    assert ari > 0.8


@pytest.mark.parametrize("seed", [0, *(pytest.param(s, marks=pytest.mark.slow) for s in (1, 2))])
def test_kinds_that_share_a_value_are_found(seed: int) -> None:
    mixed = harder.one_value(draws("one_value", seed, 8_000), 8_000)
    found = segment(mixed.columns, bands="never")
    assert found.decision["k_distinct"] == mixed.k
    assert adjusted_rand_score(mixed.kinds, found.distinct_labels) > 0.97


@pytest.mark.parametrize("seed", [0, *(pytest.param(s, marks=pytest.mark.slow) for s in (3, 6))])
def test_a_script_that_sees_five_pages_leaves_no_hole_in_those_who_browse(seed: int) -> None:
    rng = np.random.default_rng(seed)
    five = np.full(2_700, 5.0)
    script = visits(five, five * np.exp(rng.normal(0.6, 0.3, 2_700)), 0 * five, five)
    pages = np.maximum(np.exp(rng.normal(1.5, 0.45, 6_000)).round(), 2)
    slow = visits(pages, pages * np.exp(rng.normal(3.4, 0.45, 6_000)), 0 * pages, pages)
    k, ari = agreement(*together(slow, script))
    assert k == 2
    assert ari > 0.98


@pytest.mark.parametrize("seed", [5, pytest.param(3, marks=pytest.mark.slow)])
def test_visits_on_one_page_are_no_kind_for_that(seed: int) -> None:
    """One continuum of time; 15 % of the visits see one page."""
    rng = np.random.default_rng(seed)
    n = 8_000
    pages = np.where(
        rng.random(n) < 0.15, 1, np.maximum(np.exp(rng.normal(1.7, 0.4, n)).round(), 2)
    )
    hits, time = pages + rng.poisson(0.15 * pages), np.ceil(pages * np.exp(rng.normal(3.2, 0.4, n)))
    unique = 1.0 + rng.binomial((pages - 1).astype(int), 0.8)
    columns = {"pageviews": pages, "hits": hits, "unique_pages": unique, "time_on_site_sec": time}
    assert agreement(columns, pages)[0] == 1
