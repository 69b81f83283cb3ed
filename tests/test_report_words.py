"""The report's small parts: charts from tables, colours, numbers in words."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import altair as alt
import pyarrow as pa
import pytest

from visitseg.report.charts import drawing, indices, shapes, theme
from visitseg.report.charts.composed import Layered, Panels
from visitseg.report.wording import features, words


def test_charts_are_put_together_as_altair_does_it() -> None:
    def svg(chart: alt.LayerChart | alt.ConcatChart) -> str:
        drawn: Any = SimpleNamespace(specification=chart.to_dict)
        return drawing.to_svg(drawn)

    data, other = drawing.inline([{"a": 1, "b": 2}, {"a": 2, "b": 5}]), [{"a": 3, "b": 1}]
    chart = alt.Chart(data).encode(x=alt.X("a:Q", title="along"), y="b:N")
    rule = alt.Chart(drawing.inline(other)).mark_rule().encode(x="a:Q")
    layers = [chart.mark_line(), chart.mark_point(), rule]
    ours = Layered(layers, 200, alt.Step(30), "above")
    theirs = alt.LayerChart(layer=layers, width=200, height=alt.Step(30), title="above")
    assert drawing.to_svg(ours) == svg(theirs)
    both = drawing.to_svg(Panels([ours, replace(ours, title="below")], 1, 10))
    assert both == svg(alt.concat(theirs, theirs.properties(title="below"), columns=1, spacing=10))
    assert both.index("above") < both.index("below")


def test_charts_take_an_arrow_table() -> None:
    table = pa.table({"k": [2, 3, 4], "inertia_ssd": [9.0, 5.0, 4.0]})
    by_table, by_records = indices.elbow(table, 3), indices.elbow(table.to_pylist(), 3)
    assert drawing.to_svg(by_table) == drawing.to_svg(by_records)


def test_a_colour_belongs_to_the_id() -> None:
    assert theme.segment_colour("s4", 0) == ("var(--c4)", False)
    assert theme.segment_colour("s9", 0) == ("var(--c2)", True)
    assert theme.LIGHT.keys() == theme.DARK.keys()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (words.share(0.0), "0 %"),
        (words.share(0.00001), "0.1 %"),
        (words.share(0.0168), "1.7 %"),
        (words.share(0.4822), "48 %"),
        (words.share(0.9999), "99.9 %"),
        (words.share(1 - 2**-53), "100 %"),
        (words.share(1.0), "100 %"),
        (words.duration(89.6), "90 s"),
        (words.duration(90), "1.5 min"),
        (words.duration(1020), "17 min"),
        (words.duration(9000), "2.5 h"),
        (words.money(8890, "USD"), "$8,890"),
        (words.money(25.207, "CHF"), "CHF 25.21"),
        (words.money(-1e-12), "0"),
        (words.number(-9e-17), "0"),
        (words.number(0.0026954), "0.0027"),
        (words.number(11.4555), "11.5"),
        (words.number(1362.7), "1,363"),
        (words.in_words(6), "Six"),
        (words.in_words(13), "13"),
        (words.counted(1, "visit row"), "1 visit row"),
        (words.counted(2556, "visit"), "2,556 visits"),
        (words.counted(0, "day"), "0 days"),
        (words.below(0.61, 0.9), ".61"),
        (words.below(0.7491, 0.75), ".749"),
        (words.below(0.74999, 0.75), "just under .75"),
        (features.value("time_on_site_sec", None), "not known"),
        (features.label("my_own_flag"), "My own flag"),
    ],
)
def test_numbers_in_words(said: str, expected: str) -> None:
    assert said.replace(words.NBSP, " ") == expected


@pytest.mark.parametrize(
    ("name", "places", "expected"),
    [
        ("Buyers", 15, "Buyers"),
        ("Browsers, quick to slow 2 of 3", 34, "Browsers, quick to slow 2 of 3"),
        ("Browsers, quick to slow 2 of 3", 15, "Browsers 2 of 3"),
        ("Cart builders, quick to slow 2 of 3", 16, "Cart bui… 2 of 3"),
        ("Readers who came for the guide", 15, "Readers who ca…"),
    ],
)
def test_a_cut_name_stays_one_of_its_own(name: str, places: int, expected: str) -> None:
    assert words.brief(name, places) == expected
    assert words.width(expected) <= places


def test_a_mark_says_its_number() -> None:
    table = [{"k": 2, "jaccard": 0.96}, {"k": 3, "jaccard": 0.5}]
    chart = indices.stability(table, "jaccard", 2, (300, 200), 0.75)
    for tokens in (False, True):
        svg = drawing.to_svg(chart, tokens=tokens)
        assert "<title>K = 2: .96</title></path>" in svg
        assert svg.count("<title>") == 2
        assert "aria-label" not in svg


def test_the_text_of_a_tooltip_is_escaped() -> None:
    row = {"title": "<script>x</script>", "colour": "var(--c2)", "again": 0.9, "halves": None}
    svg = drawing.to_svg(shapes.firmness([row], (400, 120)))
    assert "<title>&lt;script&gt;x&lt;/script&gt;: .90 when drawn again</title>" in svg
    assert "<script" not in svg


def test_importing_the_report_is_cheap() -> None:
    code = "import sys, visitseg.report; print(*{'altair', 'jinja2', 'pyarrow'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
