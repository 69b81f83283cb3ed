"""The report of a run with a verdict: its words, its cards, its explorer, its evidence."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from report_folder import Page, html, marks, page_of

from visitseg.pipeline import Run, demo
from visitseg.report.folder import RunFolder, read
from visitseg.report.page import html as written
from visitseg.report.statements import answer, candidates, cards, evidence, steps, verdict
from visitseg.report.wording import plain


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small simulated run, with every file of a run folder."""
    return demo(tmp_path_factory.mktemp("auto") / "run", visits=1500).folder


@pytest.fixture(scope="module")
def run(made: Path) -> RunFolder:
    return read(made)


@pytest.fixture(scope="module")
def page(made: Path) -> Page:
    return page_of(made)


@pytest.fixture
def changed(made: Path, tmp_path: Path) -> Callable[..., RunFolder]:
    """A copy of the run with other values in one JSON file."""

    def change(name: str, **values: Any) -> RunFolder:
        folder = tmp_path / "changed"
        if not folder.exists():
            shutil.copytree(made, folder)
        file = folder / name
        content = json.loads(file.read_text()) if file.exists() else {}
        file.write_text(json.dumps(content | values))
        return read(folder)

    return change


def test_the_answer_counts_kinds_and_says_how_sure(run: RunFolder, page: Page) -> None:
    assert run.report["grade"] == "distinct"
    k = run.report["k_final"]
    assert re.match(rf"{answer.words.in_words(k)} kinds of visits\.", answer.headline(run))
    assert "Real groups." in page.text
    assert "Without consent" in page.text
    assert "modelled visits" in page.text, "why totals differ from Google's interface"


def test_a_graded_answer_counts_groups_and_calls_borders_conventions(
    changed: Callable[..., RunFolder],
) -> None:
    run = changed("model_report.json", grade="graded")
    assert " groups of visits." in answer.headline(run)
    head, text = verdict.how_sure(run) or ("", "")
    assert head == "Useful bands, not separate species."
    assert "shade into each other" in text


def test_no_structure_is_one_kind_of_visit(changed: Callable[..., RunFolder]) -> None:
    run = changed("model_report.json", grade="none")
    assert answer.headline(run).startswith("One kind of visit, by behaviour. ")
    assert (verdict.how_sure(run) or ("",))[0] == "We found no groups beyond the rules."


def test_a_defining_feature_is_never_a_finding(run: RunFolder) -> None:
    told = "".join(piece["text"] + piece.get("after", "") for piece in answer.lede(run))
    assert "100" not in told
    assert [bar["title"] for bar in answer.bars(run)] == ["Visits", "Visits with a filled basket"]
    assert run.of_rule("converted"), "buyers are a rule: a bar of revenue would be all theirs"


def test_without_a_rule_for_buyers_revenue_has_a_bar(changed: Callable[..., RunFolder]) -> None:
    run = changed("explorer.json", rules={})
    assert answer.bars(run)[-1]["title"] == "Revenue"


def test_steps_need_more_than_chance(run: RunFolder, changed: Callable[..., RunFolder]) -> None:
    left = steps.unfinished(run)
    assert steps.steps(run)[0][0] == f"Win back {sum(left.values()):,.0f} full baskets."
    few = json.loads((run.path / "explorer.json").read_text())
    for told in few["features"]["add_to_carts"]["segments"].values():
        told["above_zero"] = 0.0
    again = changed("explorer.json", features=few["features"])
    assert not any("baskets" in head for head, _ in steps.steps(again))


def test_every_segment_has_a_card_and_cards_share_their_scale(run: RunFolder, page: Page) -> None:
    laid = cards.cards(run)
    assert [c["title"] for c in laid] == [
        s.title for s in sorted(run.segments, key=lambda s: -s.share)
    ]
    assert len([a for a in page.all("article") if a["class"] == "card"]) == len(run.segments)
    ticks = {tuple(row["tick"] for row in c["rows"]) for c in laid}
    assert len(ticks) == 1, "all visits stand at one place on every card"
    badges = {c["title"]: c["badge"][1] for c in laid}
    assert badges["Bouncers"] == badges["Buyers"] == "By rule"
    assert all(re.fullmatch(r"By rule|\w+ (\.\d\d|1\.00)", text) for text in badges.values())


def test_what_a_card_calls_common_is_so_beyond_chance(run: RunFolder) -> None:
    for segment in run.segments:
        for row in cards.telling(segment):
            rows = segment.profile["dimensions"][row["dimension"].replace(" ", "_")]
            told = next(r for r in rows if r["value"] == row["value"])
            assert told["share"] * segment.n >= cards.RELIABLE
            assert cards.wilson(told["share"], segment.n)[0] > told["share_of_all"]


def test_a_rare_dimension_is_not_told() -> None:
    low, high = cards.wilson(0.5, 100)
    assert (low, high) == pytest.approx((0.3751, 0.6249), abs=1e-3), "Wilson at 99 %"


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("time_on_site_sec ≤ 107.8 or unknown and time_on_site_sec_per_pageview ≤ 30.33",
         "Under 1.8 min on the site, or time not known, under 30 s a page."),
        ("(time_on_site_sec ≤ 107.8 or unknown) and pageviews ≥ 4",
         "Under 1.8 min on the site, or time not known, at least 4 pages."),
        ("time_on_site_sec_per_pageview ≤ -0.4995 or unknown", "Time a page not known."),
        ("time_on_site_sec ≤ -0.4995 or unknown", "Time not known."),
        ("time_on_site_sec_per_pageview known", "Time a page known."),
        ("2.5 < pageviews ≤ 9.5", "3 to 9 pages."),
        ("pageviews > 3.5 and transactions ≤ 0.5", "At least 4 pages, no order."),
        ("pageviews ≤ 1.5", "At most 1 page."),
        ("engaged > 0.5", "Engaged."),
        ("transaction_revenue > 1.495 and time_on_site_sec known", "Over $1.50 revenue."),
        ("5 ≤ pageviews ≤ 11 and unique_pages ≥ 7", "5 to 11 pages, at least 7 distinct pages."),
        ("pageviews = 5 and hits = 1", "5 pages, 1 hit."),
        ("30.66 < time_on_site_sec ≤ 128", "31 s to 2.1 min on the site."),
        ("every visit", "Every visit."),
        ("my_flag > 0.5", "Over 0.5 my flag."),
    ],
)  # fmt: skip
def test_rules_are_said_in_plain_words(rule: str, said: str) -> None:
    assert [r.replace("\u00a0", " ") for r in plain.rules([rule], None, "USD")] == [said]


def test_a_rule_that_misses_too_much_is_withheld(changed: Callable[..., RunFolder]) -> None:
    rows = json.loads((changed("ledger.json").path / "profiles.json").read_text())["segments"]
    beyond = next(row for row in rows if row["kind"] == "distinct")
    beyond["rule"] |= {"withheld": True, "recall": 0.5}
    run = changed("profiles.json", segments=rows)
    card = next(c for c in cards.cards(run) if c["id"] == beyond["segment_id"])
    assert card["rules"] == []
    assert "finds 50" in card["fine"]


def test_each_k_can_be_chosen_and_one_is(run: RunFolder, page: Page) -> None:
    rows = candidates.shown(run)
    radios = [a for a in page.all("input") if a.get("type") == "radio"]
    assert [int(a["value"] or 0) for a in radios] == [row["k"] for row in rows]
    assert [a["value"] for a in radios if "checked" in a] == [str(run.report["k_final"])]
    for panel in candidates.panels(run, rows):
        assert len(panel["rows"]) == panel["k"]
    assert [p["badge"][1] for p in candidates.panels(run, rows) if p["chosen"]] == ["Chosen"]


def test_a_part_keeps_the_colour_of_what_it_shares_most_with(run: RunFolder) -> None:
    rows = candidates.shown(run)
    chosen = next(i for i, row in enumerate(rows) if row["k"] == run.report["k_final"])
    own = {segment.id: segment.colour for segment in run.segments}
    for segment in rows[chosen]["segments"]:
        assert segment["colour"] == own[segment["segment_id"]]
    for row in rows:
        colours = [(s["colour"], s["again"]) for s in row["segments"]]
        assert len(set(colours)) == len(colours)
    later = rows[chosen + 1]
    before, after, _ = max(later["links"], key=lambda link: link[2])
    assert later["segments"][after]["colour"] == rows[chosen]["segments"][before]["colour"]


def test_colours_run_out_gracefully(changed: Callable[..., RunFolder]) -> None:
    """Fifteen parts at one K: more than there are looks."""
    rows = [
        {
            "k": k, "k_rest": k,
            "segments": [
                {"name": f"part {j}", "segment_id": None, "share": 1 / k, "medians": {},
                 "above_zero": {}}
                for j in range(k)
            ],
            "links": [[j % max(k - 1, 1), j, 1 / k] for j in range(k)] if k > 1 else [],
        }
        for k in range(1, 16)
    ]  # fmt: skip
    run = changed("explorer.json", candidates=rows)
    run.report["k_final"] = 12
    shown = candidates.shown(run)
    assert len(shown[-1]["segments"]) == 15
    looks = [(s["colour"], s["again"]) for s in shown[9]["segments"]]
    assert len(set(looks)) == 10


def test_a_k_that_fails_says_at_what(changed: Callable[..., RunFolder]) -> None:
    run = changed("model_report.json", grade="graded", k_final=3)
    k = next(row["k"] for row in run.diagnostics if (row["prediction_strength"] or 1) < 0.9)
    row = next(row for row in run.explorer["candidates"] if row["k"] == k)
    if k not in (run.report["decision"]["k_distinct"], 3):
        assert "needs .90" in evidence.verdict(run, row)[2]


def test_every_picture_of_the_explorer_holds_its_data(made: Path, run: RunFolder) -> None:
    plots, k = made / "plots", len(run.segments)
    rows = candidates.shown(run)
    symbols = marks(plots / "clustergram.svg", "symbol")
    assert len(symbols) == sum(row["k_rest"] for row in rows)
    assert len(marks(plots / "segment_map.svg", "symbol")) == k
    assert len(marks(plots / "stability.svg", "symbol")) == k
    assert len(marks(plots / "spread_pageviews.svg", "area")) == k
    assert len(marks(plots / "ledger_flow.svg", "rect")) >= k + 3
    tested = [row for row in run.diagnostics if row["k_rest"] > 1]
    for name in ("prediction_strength", "bootstrap_jaccard", "density_valley"):
        assert len(marks(plots / f"{name}.svg", "symbol")) == len(tested), name


def test_the_mix_is_drawn_for_every_segment(made: Path, run: RunFolder) -> None:
    days = len(set(pq.read_table(made / "segment_mix.parquet")["date_id"].to_pylist()))
    assert days == 14
    assert len(marks(made / "plots" / "segment_mix.svg", "line")) == len(run.segments)


def test_no_id_of_a_visit_reaches_the_page(made: Path) -> None:
    ids = pq.read_table(made / "visits.parquet")["visit_id"].to_pylist()
    source = html(made)
    assert not [id_ for id_ in ids if id_ in source]


def test_the_page_runs_no_script_and_asks_for_nothing(made: Path, page: Page) -> None:
    assert not page.all("script")
    policy = next(m["content"] for m in page.all("meta") if m.get("http-equiv"))
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert len(html(made)) < 2_000_000


def test_a_notebook_shows_the_report_in_a_frame(made: Path) -> None:
    shown = Run(made, [], {}, None, [])._repr_html_()
    assert shown.startswith('<iframe srcdoc="')
    assert "&lt;h1" in shown
    assert "<h1" not in shown


def test_changes_are_told_after_a_retrain_and_only_then(
    page: Page, changed: Callable[..., RunFolder]
) -> None:
    assert "changes" not in page.sections()
    run = changed(
        "changes.json",
        previous={"names": {"s1": "buyers", "s2": "old", "s3": "mixed", "s99": "lurkers <b>"}},
        same=False, kept=["s1", "s2"], redefined=["s3"], born=["s4"], died=[], split={},
        merged={"s3": ["s3", "s99"]}, mapping={"s1": "s1", "s2": "s2", "s3": "s3", "s4": None},
        migration={
            "old": ["s1", "s2", "s3", "s99"], "new": ["s1", "s2", "s3", "s4"],
            "visits": [[40, 0, 0, 0], [0, 70, 0, 0], [0, 0, 200, 0], [0, 0, 30, 0]],
        },
        changelog=[
            "3 of 4 segments go on.", "s3 mixed and s99 lurkers <b> were united in s3 mixed.",
            "s4 fresh is new.", "s1 buyers is kept.",
        ],
    )  # fmt: skip
    again = Page(written(run))
    assert again.sections()[-1] == "changes"
    assert "two kept, one redefined, one new and one retired" in again.text
    assert "Lurkers <b> (s99). s3 mixed and s99 lurkers <b> were united in s3 mixed." in again.text
    assert "(s1). s1 buyers is kept." in again.text
    cells = [a["title"] for a in again.all("td") if a.get("class") == "cell"]
    assert [title for title in cells if title != "0\u00a0%"] == ["100\u00a0%"] * 4


def test_an_answer_of_the_users_own_says_so(changed: Callable[..., RunFolder]) -> None:
    decision = {"rule": "set by the user", "text": "as set", "k_distinct": 3}
    run = changed("model_report.json", decision=decision)
    assert "as you set it." in answer.headline(run)
    assert "Left to themselves, the data answer 3." in (verdict.how_sure(run) or ("", ""))[1]


@pytest.mark.parametrize(("name", "value"), [("k_max", 3), ("k_min", 8)])
def test_groups_that_bounds_keep_together_are_not_denied(
    changed: Callable[..., RunFolder], name: str, value: int
) -> None:
    decision = {"bound": {"name": name, "value": value}, "k_distinct": 4, "k_auto": 5}
    run = changed("model_report.json", k_final=4, decision=decision)
    assert answer.headline(run).startswith(f"Four segments of visits, as {name} = {value} has it.")
    assert verdict.how_sure(run) == (
        "There are more groups than these.",
        f"{name} = {value} keeps them together. Left to themselves, the data answer 5.",
    )
    assert verdict.grade(run) is None
    said = [evidence.verdict(run, row)[1] for row in run.explorer["candidates"]]
    assert {"Within bounds", "Out of bounds"} <= set(said)
