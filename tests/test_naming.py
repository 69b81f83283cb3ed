"""Names of segments claim no more than their visits show, and stay when they were given."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.quality import families
from visitseg.segments.auto import segment
from visitseg.segments.interpretation import explore, naming, profiles

BUSY = {"pageviews": 6.0, "seconds_a_page": 30.0, "hits_a_page": 4.0, "distinct_share": 0.9}
NOTHING = {"converted": 0.0, "bounced": 0.0}


@pytest.mark.parametrize(
    ("row", "name"),
    [
        (BUSY | {"filled": 0.9}, "cart builders"),
        (BUSY | {"filled": 0.02}, "clickers"),
        (BUSY, "clickers"),
        (BUSY | {"seconds_a_page": 1.0, "pageviews": 60.0}, "suspected bots"),
        (BUSY | {"seconds_a_page": 1.0, "pageviews": 2.0}, "skimmers"),
        (BUSY | {"hits_a_page": 1.5}, "browsers"),
    ],
)
def test_a_name_needs_its_evidence(row: dict[str, float], name: str) -> None:
    assert naming.name_segments([row | NOTHING])[0].text == name


def test_visits_that_hold_no_page_are_named_for_that_and_not_for_a_share_of_no_pages() -> None:
    columns = {name: np.zeros(5) for name in ("pageviews", "unique_pages", "transactions")}
    columns |= {"hits": np.full(5, 2.0), "time_on_site_sec": np.full(5, 30.0)}
    rows = naming.typical(columns, np.zeros(5, dtype=np.int32), 1)
    assert naming.name_segments(rows)[0].text == "visits without pages"


def test_kept_names_are_the_same_everywhere_and_new_ones_are_told_apart_from_one_another() -> None:
    rng = np.random.default_rng(1)
    visits = families.join(
        [
            families.bounces(rng, 900),
            families.visits_of(rng, families.NAMED["browsers"], 900),
            families.visits_of(rng, families.NAMED["bots"], 400),
        ],
        rng,
    )
    found = segment(visits.columns)
    assert found.k_final == 3
    later = replace(found, identity=replace(found.identity, ids=("s7", "s2", "s9")))
    kept = {"s9": "browsers, quick"}
    told = profiles.describe(visits.columns, later, visits=True, names=kept)
    names = [name.text for name in told.names]
    assert names[2] == "browsers, quick"
    assert not any("of 3" in name for name in names)
    content = explore.explorer(visits.columns, later, names, {})
    chosen = next(row for row in content["candidates"] if row["k"] == 3)
    shown = {row["segment_id"]: row["name"] for row in chosen["segments"]}
    assert shown == {later.ids[c]: names[c] for c in later.fitted.clusters}


def test_what_is_unknown_parts_nobody() -> None:
    rng = np.random.default_rng(2)
    visits = families.join(
        [families.bounces(rng, 900), families.visits_of(rng, families.NAMED["browsers"], 900)], rng
    )
    bounced = visits.columns["pageviews"] == 1
    visits.columns["time_on_site_sec"][bounced] = np.nan
    found = segment(visits.columns)
    told = explore.landscape(visits.columns, found)
    assert told is not None
    pace = told["axes"].index("log1p seconds a page")
    (rule,) = found.fitted.ruled["bounced"]
    assert told["contributions"]["segments"][found.ids[rule]][pace] < 1e-3
