"""The report of few visits: what does not come back is said, single visits are not described."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from report_folder import Page

from visitseg.pipeline import demo
from visitseg.report.figures import explorer
from visitseg.report.folder import RunFolder, read
from visitseg.report.page import html
from visitseg.report.statements import answer, cards, evidence, facts, tables, verdict
from visitseg.report.wording import words

Change = Callable[..., RunFolder]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo(tmp_path_factory.mktemp("few") / "run", visits=400).folder


@pytest.fixture
def changed(made: Path, tmp_path: Path) -> Change:
    """A copy of the run with other values in one JSON file."""

    def change(name: str, **values: Any) -> RunFolder:
        folder = tmp_path / "changed"
        if not folder.exists():
            shutil.copytree(made, folder)
        file = folder / name
        content = json.loads(file.read_text())
        file.write_text(json.dumps(content | values))
        return read(folder)

    return change


def how_sure(run: RunFolder) -> tuple[str, str]:
    head, text = verdict.how_sure(run) or ("", "")
    return head, text.replace(words.NBSP, " ")


def with_overlaps(changed: Change, made: Path, first: float, others: float) -> RunFolder:
    """The run, its segments beyond the rules overlapping so much with themselves."""
    rows = json.loads((made / "profiles.json").read_text())["segments"]
    beyond = [row for row in rows if row["kind"] == "distinct"]
    for i, row in enumerate(beyond):
        row["jaccard"] = others if i else first
    return changed("profiles.json", segments=rows)


@pytest.mark.parametrize(
    ("again", "head", "said"),
    [
        (0.86, "Real groups.", "gives the same groups, 86 % the same or more."),
        (0.80, "Real groups.", "least sure are {}, 80 % the same, which is enough to use them."),
        (0.11, "Groups with gaps, not all of them sure.",
         "most groups come back, but not {} (11 % the same): do not build on this group."),
    ],
)  # fmt: skip
def test_a_group_that_does_not_come_back_is_not_said_to(
    made: Path, changed: Change, again: float, head: str, said: str
) -> None:
    run = with_overlaps(changed, made, again, 0.95)
    weakest = min(run.beyond, key=lambda s: s.profile["jaccard"])
    found = how_sure(run)
    assert found[0] == head
    assert said.format(weakest.name) in found[1]
    assert ("the same groups" in found[1]) == (again > 0.75)


def test_where_nothing_comes_back_there_is_nothing_to_build_on(made: Path, changed: Change) -> None:
    run = with_overlaps(changed, made, 0.3, 0.4)
    assert "the other groups come back, but not " in how_sure(run)[1]
    rows = [row | {"jaccard": 0.3} for row in run.profiles["segments"]]
    changed("profiles.json", segments=rows)
    text = how_sure(changed("explorer.json", rules={}))[1]
    assert "they do not come back" in text
    assert "Do not build on them." in text


def test_a_segment_of_one_visit_is_not_described(changed: Change) -> None:
    folder = changed("ledger.json").path
    file = folder / "cluster_centers.parquet"
    centres = pq.read_table(file)
    i = centres["segment"].to_pylist().index("searchers")
    n = [1 if j == i else size for j, size in enumerate(centres["n"].to_pylist())]
    pq.write_table(centres.set_column(centres.column_names.index("n"), "n", pa.array(n)), file)
    run = read(folder)
    card = next(c for c in cards.cards(run) if c["title"] == "Searchers")
    assert (card["n"], card["because"], card["rules"]) == ("under 10 visits", "", [])
    assert (card["rows"], card["money"]) == ([], [])
    assert "Searchers" not in [name for name, *_ in (explorer.contributions(run) or {})["heads"]]
    text = Page(html(run)).text
    assert "distinct" not in text.split("Searchers", 1)[1].split("Buyers", 1)[0]
    assert "At least 14 pages" not in text


def test_the_reason_of_a_larger_segment_is_told(made: Path) -> None:
    told = {c["title"]: c["because"] for c in cards.cards(read(made))}
    assert told["Browsers"].startswith("The median visit sees ")


def test_a_bar_of_what_visits_did_leaves_small_segments_out(made: Path) -> None:
    run = read(made)
    assert run.of_rule("converted")[0].few
    visits, *did = answer.bars(run)
    assert "Buyers" in [part["name"] for part in visits["parts"]]
    assert did
    assert all("Buyers" not in [part["name"] for part in bar["parts"]] for bar in did)


@pytest.mark.parametrize(
    ("buyers", "head", "revenue"),
    [(0, "No visit has an order.", False), (9, "Under 10 visits with an order.", False),
     (12, "12 visits with an order.", True)],
)  # fmt: skip
def test_orders_are_told_from_ten_buyers_on(
    changed: Change, buyers: int, head: str, revenue: bool
) -> None:
    totals = {
        "visits_with_transactions": buyers, "transactions": buyers,
        "transaction_revenue": 425.0 if buyers else 0.0,
    }  # fmt: skip
    changed("explorer.json", largest_revenue_share=0.72 if buyers else 0.0)
    run = changed("model_report.json", totals=totals)
    found = dict(facts.cautions(run))
    assert head in found
    assert ("Shares of so few are rough" in found[head]) == (buyers > 0)
    assert ("One visit brought 72" in found[head]) == revenue
    assert "306" not in found[head]
    lede = "".join(piece["text"] + piece.get("after", "") for piece in answer.lede(run))
    assert ("425 of revenue" in lede) == revenue


def test_a_figure_that_misses_its_limit_reads_below_it(made: Path) -> None:
    run = read(made)
    row = next(row for row in run.diagnostics if row["k_rest"] == 4)
    row |= {"prediction_strength": 1.0, "jaccard": 0.7496, "time_split": None}
    row["smallest_share"] = 0.3
    run.report["grade"] = "graded"
    candidate = next(c for c in run.explorer["candidates"] if c["k"] == row["k"])
    text = evidence.verdict(run, candidate)[2]
    assert text == "Falls apart when the data are drawn again: .7496, needs .75."


def test_hits_that_nobody_counted_are_left_out(changed: Change) -> None:
    assert "Hits used" in dict((tables.ledger(changed("ledger.json")) or {})["notes"])
    none = tables.ledger(changed("ledger.json", hits_in=0, hits_used=0))
    assert none is not None
    assert not [name for name, _ in none["notes"] if name.startswith("Hits")]
