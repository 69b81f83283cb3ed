"""Where the report's drawings put things: lines between neighbours, names that do not collide."""

from __future__ import annotations

import math

import numpy as np
import pytest

from visitseg.report.charts import maps, placing


def apart(points: list[tuple[float, float]]) -> list[list[float]]:
    return [[math.dist(one, other) for other in points] for one in points]


def test_no_line_passes_a_segment_that_lies_between() -> None:
    row = apart([(0, 0), (1, 0), (3, 0)])
    assert maps.neighbours(row) == [(0, 1), (1, 2)]


@pytest.mark.parametrize("seed", range(20))
def test_lines_join_all_segments_and_each_with_its_nearest(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 13))
    distances = apart([tuple(point) for point in rng.normal(size=(n, 2))])
    pairs = maps.neighbours(distances)
    for i in range(n):
        nearest = min((j for j in range(n) if j != i), key=lambda j: distances[i][j])
        assert (min(i, nearest), max(i, nearest)) in pairs
    reached = {0}
    for _ in range(n):
        reached |= {j for pair in pairs if reached & set(pair) for j in pair}
    assert reached == set(range(n))


@pytest.mark.parametrize("seed", range(10))
def test_names_find_room_where_there_is_some(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size, radii = (900, 500), [8.0] * 7
    while True:  # circles that leave room between them
        places = [(float(x), float(y)) for x, y in rng.uniform((120, 60), (780, 440), (7, 2))]
        if min(min(d for d in row if d) for row in apart(places)) > 90:
            break
    names = placing.names([f"segment {i}" for i in range(7)], places, radii, [], [], size, 30.0)
    width = 9 * placing.LETTER
    boxes = []
    for x, y, align in names:
        left = {"left": x, "center": x - width / 2, "right": x - width}[align]
        boxes.append((left, y - 8, left + width, y + 22))
    for i, one in enumerate(boxes):
        assert one[0] >= 0
        assert one[2] <= size[0]
        assert one[1] >= 0
        assert one[3] <= size[1]
        for other in boxes[:i]:
            assert (
                one[2] <= other[0]
                or other[2] <= one[0]
                or one[3] <= other[1]
                or (other[3] <= one[1])
            )


def test_a_distance_that_a_name_covers_is_left_out() -> None:
    node = {"title": "segment", "lx": 100.0, "ly": 100.0, "align": "left", "x": 80.0, "y": 100.0}
    told = placing.free([(120.0, 100.0), (300.0, 200.0)], [node | {"area": 100.0}], 30.0)
    assert told == [False, True]
