"""A synthetic run folder, as `visitseg run` and `visitseg visits` write it; its report, read."""

from __future__ import annotations

import json
import math
import xml.etree.ElementTree as ET
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

FEATURES = [
    "pageviews", "hits", "unique_pages", "time_on_site_sec", "time_on_site_sec_per_pageview",
    "hits_per_pageview", "transactions", "transaction_revenue",
]  # fmt: skip
SVG = "{http://www.w3.org/2000/svg}"
FIRST_DAY = date(2017, 8, 1)
SECRET_ID = "7112223334445556667|1483"
"""A visit id that stands in notes and examples, and must not reach the report."""


def build(
    folder: Path,
    *,
    segments: int = 6,
    days: int = 31,
    visits_a_day: int = 400,
    names: list[str] | None = None,
    visits_only: bool = False,
    diagnostics: bool = True,
    exact: bool = False,
    **report: Any,
) -> Path:
    """Write a run folder and return it; ``days=0`` means an input without dates."""
    folder.mkdir(parents=True, exist_ok=True)
    n_visits = visits_a_day * max(days, 1)
    _json(folder / "ledger.json", _ledger(n_visits, days))
    _json(folder / "checks.json", _checks())
    if visits_only:
        _json(folder / "manifest.json", {"files": {}})
        return folder
    shares = _shares(segments)
    sizes = [round(share * n_visits) for share in shares]
    sizes[0] += n_visits - sum(sizes)
    names = names or [f"segment {i + 1}" for i in range(segments)]
    _centres(folder, sizes, names, n_visits)
    if days:
        _mix(folder, shares, days, visits_a_day)
    if diagnostics:
        _diagnostics(folder, exact=exact)
    _json(folder / "model_report.json", _report(n_visits, days, sizes, exact=exact) | report)
    return folder


def _shares(segments: int) -> list[float]:
    weights = [1.0 + 0.8 * ((7 * i) % segments) for i in range(segments)]
    weights[0] *= 0.12
    return [weight / sum(weights) for weight in weights]


def _centres(folder: Path, sizes: list[int], names: list[str], n_visits: int) -> None:
    k = len(sizes)
    scale = [1.0 if k == 1 else 3.2 ** (1 - 2.4 * i / (k - 1)) for i in range(k)]
    columns: dict[str, Any] = {
        "cluster": pa.array(range(k), pa.int32()),
        "segment_id": [f"s{i + 1}" for i in range(k)],
        "segment": names,
        "n": sizes,
        "share": [n / n_visits for n in sizes],
        "pageviews": [5.2 * s for s in scale],
        "hits": [8.9 * s for s in scale],
        "unique_pages": [3.4 * s for s in scale],
        "time_on_site_sec": [171.0 * s * s for s in scale],
        "time_on_site_sec_per_pageview": [31.0 * s for s in scale],
        "hits_per_pageview": [1.3 + 0.4 * i for i in range(k)],
        "transactions": [1.02, 0.0271, *[0.0027 / i for i in range(1, k)]][:k],
        "transaction_revenue": [206.4, 2.51, *[0.31 / i for i in range(1, k - 1)], 0.0][:k],
    }
    pq.write_table(pa.table(columns), folder / "cluster_centers.parquet")


def _mix(folder: Path, shares: list[float], days: int, n: int) -> None:
    rows = []
    for day in range(days):
        moved = [share * (1 + 0.12 * math.sin(day * 0.9 + i)) for i, share in enumerate(shares)]
        for cluster, part in enumerate(moved):
            pct = part / sum(moved)
            half = 1.96 * math.sqrt(pct * (1 - pct) / n)
            rows.append(
                {
                    "date_id": FIRST_DAY + timedelta(days=day),
                    "cluster": cluster,
                    "segment_id": f"s{cluster + 1}",
                    "n": round(pct * n),
                    "n_total": n,
                    "pct": pct,
                    "pct_low": max(0.0, pct - half),
                    "pct_high": min(1.0, pct + half),
                }
            )
    pq.write_table(pa.Table.from_pylist(rows), folder / "segment_mix.parquet")


def _diagnostics(folder: Path, *, exact: bool) -> None:
    rows = []
    for k in range(2, 13):
        silhouette = 0.25 + 0.18 * math.exp(-((k - 3) ** 2) / 9)
        half = 0.0 if exact else 0.012
        rows.append(
            {
                "k": k,
                "inertia_ssd": 20_000 / k**0.72,
                "silhouette": silhouette,
                "silhouette_low": silhouette - half,
                "silhouette_high": silhouette + half,
                "davies_bouldin": 0.86 + 0.05 * abs(k - 3) ** 0.9,
                "calinski_harabasz": 1_400 - 60 * abs(k - 3),
            }
        )
    pq.write_table(pa.Table.from_pylist(rows), folder / "k_diagnostics.parquet")


def _ledger(n_visits: int, days: int) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "source": "ga360",
        "unit": "visit rows",
        "rows_in": n_visits + 15,
        "removed": [{"reason": "duplicate", "rows": 12}, {"reason": "null_id", "rows": 3}],
        "rows_used": n_visits,
        "hits_in": 5 * n_visits + 60,
        "hits_used": 5 * n_visits,
        "visit_keys": n_visits,
        "visits_removed": [{"reason": "bot", "visits": 0}],
        "visits": n_visits,
        "notes": [
            {
                "reason": "continuation",
                "visit_ids": [SECRET_ID],
                "count": 17,
                "text": f"17 visits began earlier, e.g. {SECRET_ID}",
            }
        ],
        "per_day": [
            {"day": str(FIRST_DAY + timedelta(days=day)), "rows_in": 1, "rows_used": 1, "visits": 1}
            for day in range(days)
        ],
    }


def _checks() -> list[dict[str, Any]]:
    warned = {"orders_without_basket_step": 90, "time_differs": 2}
    names = ["visit_id_unique", "pageviews_not_negative", "ledger_adds_up", *warned]
    return [
        {
            "name": name,
            "rows": warned.get(name, 0),
            "severity": "warning" if name in warned else "error",
            "sql": f"checks/{name}.sql",
            "examples": [SECRET_ID] if name in warned else [],
        }
        for name in names
    ]


def _report(n_visits: int, days: int, sizes: list[int], *, exact: bool) -> dict[str, Any]:
    k = len(sizes)
    sampled = n_visits if exact else min(n_visits, 10_000)
    last = FIRST_DAY + timedelta(days=days - 1)
    return {
        "schema_version": 1,
        "preset": "baseline",
        "run_utc": "2017-09-02T06:10:00Z",
        "smoke_mode": False,
        "config": {
            "source": "ga360", "input": ["export/ga_sessions_*.parquet"], "preset": "baseline",
            "k_min": 2, "k_max": 12, "k_final": k, "clip": "zscore", "z_clip": 5.0, "seed": 42,
            "timezone": "UTC", "currency": "USD", "date_from": None,
            "sessions": {"gap_minutes": 30},
        },
        "versions": {"visitseg": "0.1.0", "python": "3.11.7", "scikit-learn": "1.8.0"},
        "n_rows": n_visits + 15,
        "n_visits": n_visits,
        "n_sessions": n_visits,
        "min_date": str(FIRST_DAY) if days else None,
        "max_date": str(last) if days else None,
        "k_final": k,
        "grade": None,
        "cluster_sizes": [
            {"cluster": i, "n_sessions": n, "pct_sessions": n / n_visits}
            for i, n in enumerate(sizes)
        ],
        "decision": {"rule": "set by the preset", "text": f"The baseline preset sets K = {k}."},
        "silhouette_sample": {"n": sampled, "of": n_visits, "exact": exact},
        "clipping": {
            "method": "zscore",
            "threshold": 5.0,
            "counts": {name: (11 * i) % 47 for i, name in enumerate(FEATURES)},
        },
        "features_left_out": [],
        "totals": {
            "transactions": 214, "transaction_revenue": 44_169.5, "visits_with_transactions": 211,
            "conversion_interval": [0.0149, 0.0194],
            "visits_with_known_time": round(0.52 * n_visits),
        },
        "checks": {
            "passed": 3, "warnings": ["orders_without_basket_step"],
            "sentences": {
                "orders_without_basket_step": "90 visits. Orders <b>without</b> a basket."
            },
        },
        "ledger": {"rows_in": n_visits + 15, "rows_used": n_visits, "visits": n_visits},
        "fingerprint": {"sha256": "9f2c4a7be41b", "rows": n_visits},
    }  # fmt: skip


def _json(file: Path, content: Any) -> None:
    file.write_text(json.dumps(content, indent=1), encoding="utf-8")


class Page(HTMLParser):
    """The page as a reader meets it: its tags, headings, ids and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] != "style":
            self.text += data.replace("\u00a0", " ")

    def sections(self) -> list[str | None]:
        return [attrs.get("id") for tag, attrs in self.tags if tag == "section"]

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def page_of(folder: Path) -> Page:
    return Page(html(folder))


def html(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


def marks(picture: Path, kind: str, tag: str = "path") -> list[ET.Element]:
    """The marks of one kind in a drawing, e.g. all symbols, outside of axes."""
    found = []
    for group in ET.parse(picture).iter(f"{SVG}g"):
        classes = (group.get("class") or "").split()
        if f"mark-{kind}" in classes and "role-mark" in classes:
            found += group.findall(f"{SVG}{tag}")
    return found
