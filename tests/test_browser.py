"""The report in a real browser: it is drawn, it fits, it asks for nothing."""

from __future__ import annotations

import html
import json
import re
import subprocess
from pathlib import Path

import pytest

from visitseg.pipeline import demo

pytestmark = pytest.mark.slow

# The page forbids scripts; this copy of it lets one measure what the reader would see.
MEASURE = """
<script>
const overflowing = [...document.querySelectorAll('body *')].filter((element) => {
  const box = element.getBoundingClientRect();
  return box.right > innerWidth + 1 && !element.closest('.scroll, svg, nav');
});
document.documentElement.dataset.found = JSON.stringify({
  wide: document.documentElement.scrollWidth - innerWidth,
  overflowing: overflowing.map((element) => element.tagName + '.' + element.className),
  drawings: [...document.querySelectorAll('svg')].filter((s) => s.getBBox().width > 0).length,
  headings: document.querySelectorAll('h1').length,
  resources: performance.getEntriesByType('resource').map((entry) => entry.name),
});
</script>
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo(tmp_path_factory.mktemp("demo") / "run", visits=2000).folder / "report.html"


def chromium(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", *words],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip


@pytest.mark.parametrize("width", [1440, 500])
def test_it_is_drawn_and_fits_and_asks_for_nothing(
    report: Path, tmp_path: Path, width: int
) -> None:
    text = report.read_text()
    assert "default-src 'none'" in text
    measured = tmp_path / "measured.html"
    measured.write_text(
        re.sub(r"<meta http-equiv[^>]*>", "", text).replace("</body>", MEASURE + "</body>")
    )
    done = chromium(f"--window-size={width},2000", "--dump-dom", measured.as_uri())
    said = re.search(r'data-found="([^"]*)"', done.stdout)
    assert said is not None, "the page did not load"
    found = json.loads(html.unescape(said[1]))
    assert found["wide"] <= 0
    assert found["overflowing"] == []
    assert found["drawings"] >= 10, "six panels of the mix, four of the evidence"
    assert found["headings"] == 1
    assert found["resources"] == []


def test_the_console_stays_silent(report: Path, tmp_path: Path) -> None:
    shot = tmp_path / "shot.png"
    done = chromium(
        "--enable-logging=stderr",
        "--window-size=1440,2000",
        f"--screenshot={shot}",
        report.as_uri(),
    )
    assert "CONSOLE" not in done.stderr
    assert shot.stat().st_size > 50_000
