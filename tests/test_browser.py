"""Reports in a real browser: drawn, fitting, silent, asking for nothing, open to everybody."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import report_runs
from chromium import Browser, chromium

from visitseg import run
from visitseg.pipeline import demo

pytestmark = pytest.mark.slow

AXE = Path(__file__).parent / "browser" / "node_modules" / "axe-core" / "axe.min.js"
KINDS = ["demo", "one day", "400 days", "twelve", "one", "names", "hostile", "ga360", "shoppers"]
DESKTOP, PHONE = 1440, 390

LOOK = """
(() => {
  const seen = (e) => e.getClientRects().length > 0;
  const wide = [...document.querySelectorAll('body *')].filter((e) => {
    const box = e.getBoundingClientRect();
    return box.width > 0 && box.right > innerWidth + 1
      && !e.closest('.scroll, svg, nav, .skip, .vh, pre')
      && getComputedStyle(e).position !== 'absolute';
  });
  const drawings = [...document.querySelectorAll('.chart svg')].filter(seen);
  const clipped = drawings.flatMap((svg) => {
    const frame = svg.getBoundingClientRect();
    return [...svg.querySelectorAll('text')].filter((text) => {
      const box = text.getBoundingClientRect();
      return box.width > 0 && (box.right > frame.right + 2 || box.left < frame.left - 2);
    }).map((text) => text.textContent);
  });
  const marks = (svg) => svg.querySelectorAll(
    '.role-mark > path, .role-mark > rect, .role-mark > line, .role-mark > text').length;
  return JSON.stringify({
    wide: document.documentElement.scrollWidth - innerWidth,
    overflowing: wide.map((e) => e.tagName + '.' + e.className),
    clipped,
    drawings: drawings.length,
    least: Math.min(...drawings.map(marks)),
    headings: document.querySelectorAll('h1').length,
    small: Math.min(...[...document.querySelectorAll('p, td, th, dt, dd, li, b, small')]
      .filter((e) => seen(e) && e.textContent.trim())
      .map((e) => parseFloat(getComputedStyle(e).fontSize))),
  });
})()
"""
AUDIT = """
axe.run(document, {resultTypes: ['violations']}).then((found) => JSON.stringify(
  found.violations.filter((v) => ['serious', 'critical'].includes(v.impact))
    .map((v) => [v.id, v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160))])))
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo(tmp_path_factory.mktemp("demo") / "run", visits=3000).folder


@pytest.fixture(scope="module")
def report(
    made: Path, tmp_path_factory: pytest.TempPathFactory, real: Callable[[str], str]
) -> Callable[[str], Path]:
    """The report of a kind of run, made when it is first asked for."""
    base = tmp_path_factory.mktemp("reports")
    folders: dict[str, Path] = {"demo": made}

    def of(kind: str) -> Path:
        folder = base / kind.replace(" ", "_")
        match kind:
            case _ if kind in folders:
                pass
            case "one day":
                folders[kind] = report_runs.with_days(made, folder, 1)
            case "400 days":
                folders[kind] = report_runs.with_days(made, folder, 400)
            case "twelve":
                folders[kind] = report_runs.of_twelve(made, folder)
            case "one":
                folders[kind] = report_runs.of_one(folder)
            case "names":
                names = [report_runs.JAPANESE, report_runs.ARABIC]
                folders[kind] = report_runs.with_names(made, folder, names)
            case "hostile":
                folders[kind] = report_runs.with_paths(made, folder, report_runs.HOSTILE)
            case "ga360":
                day = real("ga360/ga_sessions_20170801.parquet")
                folders[kind] = run(source="ga360", input=[day], out=folder).folder
            case "shoppers":
                folders[kind] = shoppers(real, folder)
        return folders[kind] / "report.html"

    return of


def shoppers(real: Callable[[str], str], folder: Path) -> Path:
    given = {
        "pageviews": "Administrative + Informational + ProductRelated",
        "time_on_site_sec": "NULLIF(Administrative_Duration + Informational_Duration"
        " + ProductRelated_Duration, 0)",
        "product_views": "ProductRelated",
        "transactions": "CASE WHEN Revenue THEN 1 ELSE 0 END",
    }
    file = real("online_shoppers/online_shoppers_intention.csv")
    return run(source="visits", input=[file], columns=given, out=folder).folder


def look(browser: Browser) -> dict[str, Any]:
    return dict(json.loads(browser.evaluate(LOOK)))


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_drawn_and_fits_and_asks_for_nothing(
    kind: str, report: Callable[[str], Path], browser: Browser
) -> None:
    file = report(kind)
    assert file.stat().st_size < 2_000_000
    for width in (DESKTOP, PHONE, 320):
        for dark in (False, True) if width == DESKTOP else (width == PHONE,):
            browser.open(file, width, dark=dark)
            found = look(browser)
            assert found["wide"] <= 0, (width, dark)
            assert found["overflowing"] == [], (width, dark)
            assert found["clipped"] == [], (width, dark)
            assert found["drawings"] >= 8, "measures and spreads at least"
            assert found["least"] >= 1, "no drawing is empty"
            assert found["headings"] == 1
            assert found["small"] >= 12, "nothing under 12 px"
            assert browser.console == []
            assert browser.requests == [file.resolve().as_uri()]


@pytest.mark.parametrize("kind", ["demo", "twelve", "one", "names", "ga360"])
def test_no_barrier_for_keyboards_and_screen_readers(
    kind: str, report: Callable[[str], Path], browser: Browser
) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: npm ci --prefix tests/browser")
    for width, dark in ((DESKTOP, False), (DESKTOP, True), (PHONE, True), (PHONE, False)):
        browser.open(report(kind), width, dark=dark)
        browser.evaluate(AXE.read_text(encoding="utf-8"))
        assert json.loads(browser.evaluate(AUDIT)) == [], (width, dark)


def test_axe_would_find_a_barrier(browser: Browser, tmp_path: Path) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: npm ci --prefix tests/browser")
    page = tmp_path / "bad.html"
    page.write_text('<html lang="en"><title>x</title><p style="color:#bbb">pale</p><img src="a">')
    browser.open(page)
    browser.evaluate(AXE.read_text(encoding="utf-8"))
    found = {rule for rule, _ in json.loads(browser.evaluate(AUDIT))}
    assert {"color-contrast", "image-alt"} <= found


def test_another_k_can_be_flipped_to(report: Callable[[str], Path], browser: Browser) -> None:
    browser.open(report("demo"))
    radios = json.loads(
        browser.evaluate(
            "JSON.stringify([...document.querySelectorAll('.kf input')].map((i) => i.id))"
        )
    )
    assert len(radios) >= 4
    shown = """JSON.stringify([...document.querySelectorAll('.kp')]
      .filter((e) => e.getClientRects().length).map((e) => e.className))"""
    fills = """JSON.stringify([...document.querySelectorAll('.wide .shade_marks path')]
      .map((e) => !/^(none|transparent|rgba[(]0, 0, 0, 0[)])$/.test(getComputedStyle(e).fill)))"""
    for place, id_ in enumerate(radios):
        browser.evaluate(f"document.getElementById('{id_}').click()")
        [panel] = json.loads(browser.evaluate(shown))
        assert id_ in panel.split()
        rows = browser.evaluate(f"document.querySelectorAll('.{id_} tbody tr').length")
        assert rows == int(id_[1:])
        shaded = json.loads(browser.evaluate(fills))
        assert [i for i, on in enumerate(shaded) if on] == [place]


def test_arrow_keys_flip_too(report: Callable[[str], Path], browser: Browser) -> None:
    browser.open(report("demo"))
    first = browser.evaluate("(() => { const r = document.querySelector('.kf input:checked');"
                             " r.focus(); return r.value })()")  # fmt: skip
    for kind in ("keyDown", "keyUp"):
        browser.call(
            "Input.dispatchKeyEvent", type=kind, key="ArrowRight", code="ArrowRight",
            windowsVirtualKeyCode=39,
        )  # fmt: skip
    assert browser.evaluate("document.querySelector('.kf input:checked').value") != first


@pytest.mark.parametrize("dark", [False, True])
def test_the_theme_can_be_switched(
    report: Callable[[str], Path], browser: Browser, dark: bool
) -> None:
    browser.open(report("demo"), dark=dark)
    colour = "getComputedStyle(document.body).backgroundColor"
    before = browser.evaluate(colour)
    browser.evaluate("document.getElementById('theme').click()")
    assert {before, browser.evaluate(colour)} == {"rgb(246, 245, 241)", "rgb(18, 21, 26)"}


def test_it_prints(report: Callable[[str], Path], browser: Browser, tmp_path: Path) -> None:
    browser.open(report("ga360"), dark=True)
    browser.pdf(tmp_path / "report.pdf")
    content = (tmp_path / "report.pdf").read_bytes()
    assert 5 <= content.count(b"/Type /Page\n") <= 16


A4 = 695  # px between the margins


def test_nothing_is_cut_off_on_paper(report: Callable[[str], Path], browser: Browser) -> None:
    browser.open(report("twelve"), A4)
    browser.call("Emulation.setEmulatedMedia", media="print")
    try:
        assert look(browser)["wide"] <= 0
        cut = """[...document.querySelectorAll('table')]
          .filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
          .map((e) => e.className)"""
        assert json.loads(browser.evaluate(f"JSON.stringify({cut})")) == []
    finally:
        browser.call("Emulation.setEmulatedMedia", media="")


def test_marks_say_their_numbers(report: Callable[[str], Path], browser: Browser) -> None:
    browser.open(report("demo"))
    said = json.loads(
        browser.evaluate(
            "JSON.stringify([...document.querySelectorAll('.chart svg')]"
            ".filter((s) => s.getClientRects().length)"
            ".map((s) => s.querySelectorAll('path > title').length))"
        )
    )
    assert min(said) >= 1
    top = """(() => {
      const mark = [...document.querySelectorAll('.fig-segment_map .wide path')]
        .find((e) => /of visits/.test(e.textContent));
      mark.scrollIntoView({block: 'center'});
      const box = mark.getBoundingClientRect();
      const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
      return [mark.textContent, hit.textContent];
    })()"""
    mark, hit = browser.evaluate(top)
    assert mark == hit, "no text lies between a mark and the pointer"
