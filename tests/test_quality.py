"""The quality benchmark: its figures are right, and in its quick form the procedure holds."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.quality import families, held_out
from benchmarks.quality.__main__ import KINDS, NOTHING, OTHERS, SEPARABLE, main, rng
from benchmarks.quality.measure import at_least, worst_f1
from benchmarks.quality.rivals import supervised


def test_the_figures_of_a_perfect_and_of_a_blind_answer() -> None:
    kinds = np.array([0, 0, 1, 1, 2, 2])
    assert worst_f1(kinds, np.array([2, 2, 0, 0, 1, 1], dtype=np.int32)) == 1
    assert worst_f1(kinds, np.zeros(6, dtype=np.int32)) == pytest.approx(0.5)
    assert at_least(0, 9) == 0
    # Without an error in n sets, the bound is the n-th root of 5 %.
    assert at_least(600, 600) == pytest.approx(0.05 ** (1 / 600))


@pytest.mark.parametrize("name", [*KINDS, *OTHERS, *NOTHING])
def test_a_family_gives_a_sound_visit_table(name: str) -> None:
    family = (KINDS | OTHERS | NOTHING)[name]
    visits, again = (family(rng(name, 1, 3000), 3000) for _ in range(2))
    assert visits.k == 1 if name in NOTHING else visits.k >= 2
    for column, values in visits.columns.items():
        np.testing.assert_array_equal(values, again.columns[column])
        assert len(values) == len(visits.kinds)
        assert np.nanmin(values) >= 0


def test_the_ceiling_is_high_where_kinds_lie_apart() -> None:
    r = np.random.default_rng(1)
    names = ("browsers", "carts", "bots")
    visits = families.join([families.visits_of(r, families.NAMED[n], 700) for n in names], r)
    assert worst_f1(visits.kinds, supervised(visits)) > 0.95
    assert held_out.walks(r, 3000).k >= 3


@pytest.mark.slow
def test_the_procedure_beats_what_one_would_do_instead(capsys: pytest.CaptureFixture[str]) -> None:
    rows = main(["--quick"])
    auto = [row for row in rows if row.method == "auto" and row.ceiling >= SEPARABLE]
    assert np.median([row.of_ceiling for row in auto]) > 0.99
    assert np.mean([row.of_ceiling for row in auto]) > 0.97
    assert np.mean([row.fidelity for row in auto]) > 0.99
    # A guard against getting worse, not the goal: a small kind on the flank of a larger one is lost
    # among few visits, and costs the number of segments (see decision 16).
    assert np.mean([row.exact for row in auto if row.ceiling_f1 > 0.95]) > 0.74
    silhouette = [row for row in rows if row.method == "best silhouette"]
    assert np.mean([row.ari for row in silhouette]) < np.mean([row.ari for row in auto]) - 0.1
    said = capsys.readouterr().out
    line = next(line for line in said.splitlines() if line.startswith("| all |"))
    right, sets = (int(cell) for cell in line.split("|")[3:5])
    assert right >= sets - 1
