"""Segments keep their identity: the matching of labels, and its laws."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visitseg.identity import alignment as aligning
from visitseg.segments.identity import KEPT, REDEFINED, Match, match


def ids(k: int) -> list[str]:
    return [f"s{c + 1}" for c in range(k)]


def matched(table: list[list[int]], **more: object) -> Match:
    """Match two labellings that have this table of counts, old by new."""
    old, new = [], []
    for i, row in enumerate(table):
        for j, count in enumerate(row):
            old += [i] * count
            new += [j] * count
    k_old, k_new = len(table), len(table[0])
    labels = np.array(old, dtype=np.int32), np.array(new, dtype=np.int32)
    return match(*labels, ids(k_old), k_new, next_id=k_old + 1, **more)  # type: ignore[arg-type]


def test_the_same_segments_in_another_order_keep_their_ids() -> None:
    found = matched([[0, 0, 90], [95, 5, 0], [0, 80, 3]])
    assert found.new == ("s2", "s3", "s1")
    assert found.same
    assert found.kept == ["s1", "s2", "s3"]
    assert (found.redefined, found.born, found.died) == ([], [], [])
    assert (found.split, found.merged) == ({}, {})
    assert found.mapping == {"s2": "s2", "s3": "s3", "s1": "s1"}
    assert found.next_id == 4


def test_a_small_new_segment_is_born_and_the_segmentation_is_not_the_same() -> None:
    found = matched([[500, 0, 30], [0, 470, 0]])
    assert found.new == ("s1", "s2", "s3")
    assert (found.born, found.split, found.same) == (["s3"], {}, False)
    assert found.next_id == 4


@pytest.mark.parametrize(("parts", "ids_of_parts"), [([70, 30], ["s1", "s3"]), ([45, 55], None)])
def test_a_split_names_its_parts_and_the_largest_carries_the_id_on(
    parts: list[int], ids_of_parts: list[str] | None
) -> None:
    found = matched([[*parts, 0], [0, 0, 100]])
    assert found.split == {"s1": ids_of_parts or ["s3", "s1"]}
    assert found.born == []
    assert found.died == []


def test_a_split_in_three_retires_the_id() -> None:
    found = matched([[33, 33, 34, 0], [0, 0, 0, 100]])
    assert found.split == {"s1": ["s3", "s4", "s5"]}
    assert (found.kept, found.died, found.born) == (["s2"], [], [])


def test_a_union_names_what_it_unites_and_the_larger_carries_its_id_on() -> None:
    found = matched([[60, 0], [40, 0], [0, 100]])
    assert found.merged == {"s1": ["s1", "s2"]}
    assert (found.kept, found.died, found.same) == (["s1", "s3"], [], False)


def test_what_is_no_longer_there_has_died_and_what_is_there_was_united() -> None:
    """Three visits strayed into the place of a segment that held a tenth of them all."""
    table = [[900, 0], [3, 0], [0, 97]]
    assert matched(table).died == ["s2"]
    assert matched(table, shares=np.array([0.8, 0.1, 0.1])).died == ["s2"]
    assert matched(table, shares=np.array([0.897, 0.003, 0.1])).merged == {"s1": ["s1", "s2"]}


def test_strangers_in_a_segment_make_a_birth_not_a_split() -> None:
    """The old model had them for want of a better segment: they are unlike its own visits."""
    old = np.repeat([0, 1], [100, 100]).astype(np.int32)
    new = np.repeat([0, 2, 1], [60, 40, 100]).astype(np.int32)
    plain = match(old, new, ids(2), 3, next_id=3)
    assert plain.split == {"s1": ["s1", "s3"]}
    assert plain.born == []
    aware = match(old, new, ids(2), 3, next_id=3, strange=new == 2)
    assert aware.split == {}
    assert aware.born == ["s3"]
    assert aware.similarity["s1"] == 1.0


def test_a_union_may_lie_where_neither_segment_was() -> None:
    """Two kinds became one between them: its visits are unlike either, and came from both."""
    old = np.repeat([0, 1, 2], [50, 50, 100]).astype(np.int32)
    new = np.repeat([0, 1], [100, 100]).astype(np.int32)
    found = match(old, new, ids(3), 2, next_id=4, strange=old < 2)
    assert found.merged == {"s4": ["s1", "s2"]}
    assert (found.born, found.died, found.kept) == ([], [], ["s3"])


def test_two_lineages_are_matched_by_what_they_hold() -> None:
    labels = np.repeat([0, 1, 2], 50).astype(np.int32)
    found = match(labels, 2 - labels, ["s4", "s7", "s9"], ["s1", "s2", "s3"], next_id=10)
    assert found.mapping == {"s1": "s9", "s2": "s7", "s3": "s4"}
    assert found.kept == ["s4", "s7", "s9"]
    assert found.same


def test_unassigned_visits_belong_to_no_segment() -> None:
    old = np.array([0, 0, -1, 1], dtype=np.int32)
    new = np.array([0, -1, 0, 1], dtype=np.int32)
    assert match(old, new, ids(2), 2, next_id=3).counts.tolist() == [[1, 0], [0, 1]]


TABLES = st.integers(1, 6).flatmap(
    lambda k_new: st.lists(
        st.lists(st.integers(0, 40), min_size=k_new, max_size=k_new), min_size=1, max_size=6
    )
)


@settings(max_examples=150, deadline=None)
@given(TABLES)
def test_laws_of_a_match(table: list[list[int]]) -> None:
    found = matched(table)
    # Ids: as many as clusters, all different, and a new one was never given before.
    assert len(set(found.new)) == len(found.new) == len(table[0])
    fresh = [id_ for id_ in found.new if id_ not in found.old]
    assert [int(id_[1:]) for id_ in fresh] == list(range(len(table) + 1, found.next_id))
    # Every old segment goes on or ends in one way; no id is carried on twice.
    on = {*found.kept, *found.redefined}
    ends = {*found.split, *(id_ for sources in found.merged.values() for id_ in sources)}
    assert on | ends | set(found.died) == set(found.old)
    assert not set(found.died) & (on | ends)
    assert not set(found.kept) & set(found.redefined)
    # Every new segment carries one on, is a part or a union, or is born.
    parts = {id_ for ids_ in found.split.values() for id_ in ids_} | set(found.merged)
    carried = {id_ for id_, old in found.mapping.items() if old}
    assert carried | parts | set(found.born) == set(found.new)
    assert not set(found.born) & (carried | parts)
    for id_, similarity in found.similarity.items():
        assert similarity >= REDEFINED
        assert (similarity >= KEPT) == (id_ in found.kept)
    assert found.same == (len(table) == len(table[0]) == len(found.kept))
    assert found.counts.tolist() == table


@settings(max_examples=60, deadline=None)
@given(TABLES, st.randoms(use_true_random=False))
def test_the_match_does_not_depend_on_the_order_of_visits(
    table: list[list[int]], random: object
) -> None:
    old = np.array([i for i, row in enumerate(table) for _ in range(sum(row))], dtype=np.int32)
    new = np.array(
        [j for row in table for j, n in enumerate(row) for _ in range(n)], dtype=np.int32
    )
    order = list(range(len(old)))
    random.shuffle(order)  # type: ignore[attr-defined]
    again = match(old[order], new[order], ids(len(table)), len(table[0]), next_id=len(table) + 1)
    first = match(old, new, ids(len(table)), len(table[0]), next_id=len(table) + 1)
    assert (again.new, again.split, again.merged) == (first.new, first.split, first.merged)


def test_the_example_of_align_is_true() -> None:
    assert doctest.testmod(aligning) == (0, 8)
