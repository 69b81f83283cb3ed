"""A run folder in, pictures and a page out: what is there, what is not, and what must never be."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from report_folder import FEATURES, SECRET_ID, SVG, build, html, marks, page_of

from visitseg.errors import InputError
from visitseg.report import render
from visitseg.report.wording import features

MEASURES = ["elbow", "silhouette", "davies_bouldin", "calinski_harabasz"]
HOSTILE = '<script>alert("1")</script>'


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """31 days, six segments: the folder, rendered by `written`."""
    return build(tmp_path_factory.mktemp("month"))


@pytest.fixture(scope="module", autouse=True)
def written(month: Path) -> list[Path]:
    return render(month)


def test_everything_written_is_returned(month: Path, written: list[Path]) -> None:
    names = [*MEASURES, "segment_mix", "centre_heat_map", "ledger_flow"]
    expected = {month / "plots" / f"{n}.{kind}" for n in names for kind in ("svg", "png")}
    assert set(written) == expected | {month / "report.html"}
    assert all(path.is_file() for path in written)
    assert set((month / "plots").iterdir()) == expected


def test_same_files_give_the_same_bytes(month: Path, tmp_path: Path) -> None:
    again = build(tmp_path)
    for path in render(again):
        assert path.read_bytes() == (month / path.relative_to(again)).read_bytes(), path.name


def test_sections_follow_the_reader(month: Path) -> None:
    page = page_of(month)
    assert page.sections() == ["answer", "segments", "explore", "evidence"]
    anchors = [a["href"] for a in page.all("a") if (a["href"] or "").startswith("#")][1:]
    assert anchors == [f"#{section}" for section in page.sections()]


def test_headings_descend_without_a_gap(month: Path) -> None:
    levels = [int(tag[1]) for tag, _ in page_of(month).tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_the_answer_is_in_words_and_claims_nothing(month: Path) -> None:
    text = page_of(month).text
    assert "Six segments of 12,400 visits" in text
    assert "K was set to 6 by the preset." in text
    assert "no verdict on whether the groups are real" in text
    assert "1 to 31 August 2017" in text
    assert "12,400 from 12,415 visit rows" in text
    assert "1.5 % to 1.9 %" in text, "the likely range of 211 of 12,400"


def test_a_k_of_the_user_is_said_to_be_theirs(tmp_path: Path) -> None:
    decision = {"rule": "set by the user", "text": "You asked for K = 3."}
    render(build(tmp_path, segments=3, days=0, decision=decision, diagnostics=False))
    text = page_of(tmp_path).text
    assert "K was set to 3 by the user." in text
    assert "You asked for K = 3." in text


def test_evidence_states_sample_interval_and_clipping(month: Path) -> None:
    text = page_of(month).text
    assert "a sample of 10,000 of 12,400 visits; its shade is the 95 % interval" in text
    assert "5 standard deviations" in text
    counts = json.loads((month / "model_report.json").read_text())["clipping"]["counts"]
    rows = re.findall(r"<tr><th scope=\"row\">([^<]+)</th><td>(\d+)</td>", html(month))
    assert {(features.label(name), str(n)) for name, n in counts.items()} <= set(rows)


def test_an_exact_silhouette_has_no_interval(tmp_path: Path) -> None:
    render(build(tmp_path, segments=1, days=0, exact=True))
    assert "computed on all 400 visits, without an interval" in page_of(tmp_path).text
    assert not marks(tmp_path / "plots" / "silhouette.svg", "area")


def test_the_ledger_adds_up_on_the_page(month: Path) -> None:
    text = page_of(month).text
    assert "adds up" in text
    assert "12,415 rows in = 12,400 used + 15 removed" in text
    assert "without a visitor or visit id" in text


def test_a_ledger_that_does_not_add_up_is_said_so(tmp_path: Path) -> None:
    folder = build(tmp_path, visits_only=True)
    ledger = json.loads((folder / "ledger.json").read_text())
    (folder / "ledger.json").write_text(json.dumps(ledger | {"rows_used": 1}))
    render(folder)
    assert "does not add up" in page_of(folder).text


def test_no_id_reaches_the_page(month: Path) -> None:
    assert SECRET_ID in (month / "ledger.json").read_text()
    for path in [*month.glob("plots/*.svg"), month / "report.html"]:
        assert SECRET_ID not in path.read_text()
        assert SECRET_ID.split("|")[0] not in path.read_text()


def test_failed_checks_are_in_words_and_first(month: Path) -> None:
    page = page_of(month)
    careful = page.text[page.text.index("Be careful") : page.text.index("The centre of each")]
    assert "Orders without basket step. 90 visits. Orders <b>without</b> a basket." in careful
    assert "Time differs" not in careful, "two visits in 12,400 are not the reader's first worry"
    checks = page.text[page.text.rindex("Checks") :]
    assert "Time differs" in checks
    assert checks.index("Orders without basket step") < checks.index("Visit id unique")


@pytest.mark.parametrize(
    ("options", "absent", "pictures"),
    [
        ({"days": 0}, {"explore"}, [*MEASURES, "centre_heat_map", "ledger_flow"]),
        (
            {"diagnostics": False, "clipping": None},
            {"changes"},
            ["segment_mix", "centre_heat_map", "ledger_flow"],
        ),
        ({"visits_only": True}, {"segments", "explore", "changes"}, ["ledger_flow"]),
    ],
)
def test_what_the_folder_lacks_is_left_out(
    tmp_path: Path, options: dict[str, object], absent: set[str], pictures: list[str]
) -> None:
    written = render(build(tmp_path, segments=2, **{"days": 3} | options))  # type: ignore[arg-type]

    page = page_of(tmp_path)
    assert not absent & set(page.sections())
    assert not absent & {(a["href"] or "")[1:] for a in page.all("a")}
    assert {path.stem for path in written if path.suffix == ".svg"} == set(pictures)


def test_visits_alone_are_counted(tmp_path: Path) -> None:
    render(build(tmp_path, visits_only=True, days=2))
    text = page_of(tmp_path).text
    assert "800 visits, not yet in segments" in text
    assert "1 to 2 August 2017" in text
    assert "How sure are we?" not in text


def test_without_dates_the_page_says_so(tmp_path: Path) -> None:
    render(build(tmp_path, days=0, diagnostics=False))
    assert "No dates." in page_of(tmp_path).text


def test_one_day_is_points_not_a_line(tmp_path: Path) -> None:
    render(build(tmp_path, segments=4, days=1, diagnostics=False))
    text = page_of(tmp_path).text
    assert "one day shows no change over time" in text
    assert "One day only." in text
    mix = tmp_path / "plots" / "segment_mix.svg"
    assert len(marks(mix, "symbol")) == 4
    assert not marks(mix, "line")


def test_a_week_is_points_with_intervals(tmp_path: Path) -> None:
    render(build(tmp_path, segments=2, days=7, diagnostics=False))
    mix = tmp_path / "plots" / "segment_mix.svg"
    assert len(marks(mix, "symbol")) == 2 * 7
    assert len(marks(mix, "rule", "line")) == 2 * 7
    assert not marks(mix, "line")


def test_a_long_time_is_drawn_by_week(tmp_path: Path) -> None:
    render(build(tmp_path, segments=1, days=140, diagnostics=False))
    [line] = marks(tmp_path / "plots" / "segment_mix.svg", "line")
    assert line.get("d", "").count("L") == 20, "140 days from a Tuesday touch 21 weeks"
    assert "Weekly mean" in page_of(tmp_path).text


def test_every_picture_holds_its_data(month: Path) -> None:
    plots = month / "plots"
    for name in MEASURES:
        assert len(marks(plots / f"{name}.svg", "symbol")) == 11, name
        assert len(marks(plots / f"{name}.svg", "line")) == 1, name
    assert len(marks(plots / "silhouette.svg", "area")) == 1
    assert len(marks(plots / "segment_mix.svg", "line")) == 6
    assert len(marks(plots / "segment_mix.svg", "area")) == 6
    assert len(marks(plots / "centre_heat_map.svg", "rect")) == (6 + 1) * len(FEATURES)
    assert len(marks(plots / "centre_heat_map.svg", "text", "text")) == (6 + 1) * len(FEATURES)
    for picture in plots.glob("*.png"):
        assert picture.read_bytes().startswith(b"\x89PNG")


def test_pictures_stand_alone(month: Path) -> None:
    for picture in (month / "plots").glob("*.svg"):
        root = ET.parse(picture).getroot()
        assert "var(--" not in picture.read_text(), "colours are plain outside the page"
        assert re.search(r"\d", root.findtext(f"{SVG}title") or ""), "the finding, with numbers"


def test_a_png_is_twice_its_drawing(month: Path) -> None:
    picture = month / "plots" / "elbow.png"
    root = ET.parse(picture.with_suffix(".svg")).getroot()
    width = int.from_bytes(picture.read_bytes()[16:20], "big")
    assert width == 2 * float(root.get("width", "0"))


def test_the_page_needs_nothing_beside_itself(month: Path) -> None:
    page, source = page_of(month), html(month)
    assert not page.all("script")
    for _, attrs in page.tags:
        for name in ("src", "href", "xlink:href", "srcset", "action"):
            assert (attrs.get(name) or "#").startswith(("#", "data:")), attrs
    without_namespaces = re.sub(r'xmlns(:\w+)?="[^"]*"', "", source)
    assert "http" not in without_namespaces.replace("http-equiv", "")
    assert "url(" not in source
    assert "@import" not in source
    policy = next(m["content"] for m in page.all("meta") if m.get("http-equiv"))
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def test_each_drawing_has_its_finding_in_words(month: Path) -> None:
    page = page_of(month)
    drawings = [attrs for _, attrs in page.tags if attrs.get("role") == "img"]
    assert len(drawings) == len(page.all("svg")) == 4 + 6 + 1
    assert all(re.search(r"\d", drawing["aria-label"] or "") for drawing in drawings)
    assert all(svg["aria-hidden"] == "true" for svg in page.all("svg"))
    assert any("95 % interval 0.30 to 0.33" in (d["aria-label"] or "") for d in drawings)


def test_a_hostile_name_is_only_text(tmp_path: Path) -> None:
    render(build(tmp_path, segments=2, days=1, names=[HOSTILE, "a & b"]))
    source = html(tmp_path)
    assert "<script" not in source
    assert "&lt;script&gt;" in source
    assert HOSTILE in page_of(tmp_path).text
    for picture in (tmp_path / "plots").glob("*.svg"):
        assert not list(ET.parse(picture).iter(f"{SVG}script"))


def test_few_visits_show_no_centre(tmp_path: Path) -> None:
    folder = build(tmp_path, segments=3, days=0, diagnostics=False)
    centres = pq.read_table(folder / "cluster_centers.parquet")
    few = centres.set_column(centres.column_names.index("n"), "n", pa.array([4, 196, 200]))
    revenue = pa.array([98_765.4, 1.0, 0.0])
    few = few.set_column(
        centres.column_names.index("transaction_revenue"), "transaction_revenue", revenue
    )
    pq.write_table(few, folder / "cluster_centers.parquet")

    render(folder)

    assert "under 10" in page_of(folder).text
    for path in [folder / "report.html", folder / "plots" / "centre_heat_map.svg"]:
        assert "98,765" not in path.read_text()


@pytest.mark.parametrize("content", [None, "not a folder", "ledger alone"])
def test_a_wrong_folder_is_named(tmp_path: Path, content: str | None) -> None:
    folder = tmp_path / "elsewhere"
    if content == "ledger alone":
        build(folder, visits_only=True)
        (folder / "manifest.json").unlink()
    elif content:
        folder.write_text(content)
    with pytest.raises(
        InputError, match=r"neither model_report\.json nor manifest\.json"
    ) as caught:
        render(folder)
    assert str(folder) in caught.value.where
    assert "visitseg report" in caught.value.do


@pytest.mark.parametrize(
    ("name", "content"),
    [("ledger.json", "{"), ("checks.json", "{}"), ("k_diagnostics.parquet", "text")],
)
def test_a_damaged_file_is_named(tmp_path: Path, name: str, content: str) -> None:
    folder = build(tmp_path)
    (folder / name).write_text(content)
    with pytest.raises(InputError, match=f"{name} cannot be read"):
        render(folder)
    assert not (folder / "report.html").exists(), "all or nothing"


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    folder = build(tmp_path)
    table = pq.read_table(folder / "cluster_centers.parquet").drop_columns(["segment_id"])
    pq.write_table(table, folder / "cluster_centers.parquet")
    with pytest.raises(InputError) as caught:
        render(folder)
    assert caught.value.evidence == ("missing columns: segment_id",)
