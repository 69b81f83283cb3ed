"""What a user adds in the contract file alone: in the SQL, the checks, the page, the report."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from visitseg.config import load_settings
from visitseg.errors import ConfigError, ContractError
from visitseg.pipeline import Run, build_visits, run
from visitseg.plan import sql_script
from visitseg.simulate import simulate
from visitseg.visits.features import NO_CONTRACT, read_contract

ADDED = """schema_version: 1
features:
  item_hits: {count_if: "event = 'view_item'", unit: hits, description: hits on a product}
  cart_share:
    {visit: add_to_carts / hits, null: zero, min: 0, max: 1, transform: share, family: basket,
     description: additions to the cart of all hits}
dimensions:
  first_path: {first_of: path, where: type = 'PAGE', description: the first path again}
  spender: {visit: transaction_revenue > 50, description: spent over 50}
"""


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("export")
    simulate(folder, visits=500, seed=5)
    return str(folder / "events_*.parquet")


def with_contract(verb: Callable[..., Run], contract: str, export: str, **options: Any) -> Run:
    Path("visits.yaml").write_text(contract, encoding="utf-8")
    flags = {
        "source": "ga4", "input": [export], "out": Path("o"), "features": Path("visits.yaml"),
        **options,
    }  # fmt: skip
    return verb(load_settings(flags, environment={}))


def query(sql: str) -> list[Any]:
    return duckdb.sql(sql).fetchall()


@pytest.mark.parametrize("preset", ["baseline", pytest.param("auto", marks=pytest.mark.slow)])
def test_what_is_added_is_everywhere(export: str, preset: str) -> None:
    found = with_contract(run, ADDED, export, preset=preset, k_max=4)
    assert query("SELECT sum(item_hits - product_views), min(cart_share) FROM 'o/visits.parquet'")[
        0
    ] == (0, 0.0)
    assert query("SELECT count(*) FROM 'o/visits.parquet' WHERE first_path <> landing_page") == [
        (0,)
    ]
    assert query("SELECT DISTINCT spender FROM 'o/visits.parquet' ORDER BY 1") == [
        ("no",),
        ("yes",),
    ]
    assert "view_item" in Path("o/sql/hit_features.sql").read_text()
    assert "AS cart_share" in Path("o/sql/visits.sql").read_text()
    checks = {
        check["name"]: check["rows"] for check in json.loads(Path("o/checks.json").read_text())
    }
    assert checks["cart_share_in_range"] == checks["item_hits_in_range"] == 0
    assert checks["item_hits_occurs"] == 0
    page = Path("o/visit-table.md").read_text()
    assert "| `item_hits` | feature | int | hits | from 0 |" in page
    assert "| `spender` | dimension | text |" in page
    assert found.segments is not None
    centres = found.segments.column_names
    assert {"item_hits", "cart_share", "pageviews"} <= set(centres)
    report = Path("o/report.html").read_text()
    assert "Cart share" in report
    assert "Item hits" in report
    if preset == "auto":
        profiles = json.loads(Path("o/profiles.json").read_text())["segments"]
        assert all({"item_hits", "cart_share"} <= set(s["features"]) for s in profiles)
        assert all({"first_path", "spender"} <= set(s["dimensions"]) for s in profiles)


@pytest.mark.slow
def test_a_file_that_names_features_chooses_them(export: str) -> None:
    chosen = ADDED + "segment_on: [cart_share, hits]\n"
    found = with_contract(run, chosen, export, preset="baseline", k_max=3, k_final=2)
    assert found.segments is not None
    assert found.segments.column_names[5:] == ["cart_share", "hits"]
    named = ADDED.replace("features:\n", "features:\n  hits: {}\n  pageviews: {}\n")
    found = with_contract(run, named, export, preset="baseline", k_max=3, k_final=2)
    assert found.segments is not None
    assert found.segments.column_names[5:] == ["hits", "pageviews", "item_hits", "cart_share"]


@pytest.mark.slow
def test_auto_always_looks_at_page_views(export: str) -> None:
    found = with_contract(run, ADDED + "segment_on: [cart_share, hits]\n", export, k_max=4)
    assert found.segments is not None
    assert found.segments.column_names[5:] == ["pageviews", "hits", "cart_share"]


def test_transforms_are_of_chosen_and_added_features() -> None:
    Path("c.yaml").write_text(ADDED)
    assert read_contract(Path("c.yaml")).transforms == {"item_hits": "", "cart_share": "share"}
    Path("c.yaml").write_text("features: {pageviews: {}, engaged: {}}")
    assert read_contract(Path("c.yaml")).transforms == {"pageviews": "log", "engaged": "flag"}
    Path("c.yaml").write_text("features: {pageviews: {max: 9}}\nsegment_on: all")
    changed = read_contract(Path("c.yaml"))
    assert changed.transforms == {}
    assert changed.features[0].max == 9
    assert NO_CONTRACT.features[0].max is None


def test_a_condition_that_no_hit_meets_is_warned_of(export: str) -> None:
    contract = "features: {x: {count_if: type = 'page_view'}}"
    found = with_contract(build_visits, contract, export)
    assert any("x_occurs" in text and "PAGE, APPVIEW or EVENT" in text for text in found.warnings)


def test_texts_for_one_engine_are_taken_from_a_file_that_is_named(export: str) -> None:
    contract = (
        "features: {x: {visit: {duckdb: 'greatest(hits, 5)', bigquery: 'GREATEST(hits, 5)'}}}"
    )
    with_contract(build_visits, contract, export)
    assert query("SELECT min(x) FROM 'o/visits.parquet'") == [(5.0,)]
    over_hits = "features: {x: {count_if: {duckdb: 'event ~ ''^view_''  -- a comment'}}}"
    with_contract(build_visits, over_hits, export)
    assert query("SELECT sum(x) > 0 FROM 'o/visits.parquet'") == [(True,)]


@pytest.mark.parametrize(
    "text",
    [
        *("hits) FROM visits; DROP TABLE visits; --", "(SELECT 1)", "hits, hits", "nothing"),
        *("(hits), (hits", "hits FROM read_csv('/etc/passwd')", "1; SELECT 1", ""),
    ],
)
def test_a_text_for_one_engine_is_one_expression(export: str, text: str) -> None:
    contract = json.dumps({"features": {"x": {"visit": {"duckdb": text}}}})
    with pytest.raises(ConfigError, match=r"x\.visit"):
        with_contract(build_visits, contract, export)
    assert not Path("o").exists()


def test_a_text_for_another_engine_alone_is_told(export: str) -> None:
    with pytest.raises(ConfigError, match="no text for duckdb"):
        with_contract(build_visits, "features: {x: {visit: {spark: hits}}}", export)


BROKEN = """visit_id,date_id,pageviews,hits,unique_pages,transactions,transaction_revenue
a,2026-01-05,-1,3,0,0,0
b,2026-01-05,2,2,1,0,9.5
,2026-01-05,2,2,1,0,0
c,2026-01-05,2,2,1,0,0
c,2026-01-05,3,3,1,0,0
""" + "".join(f"v{i},2026-01-0{1 + i % 4},3,4,2,1,5.0\n" for i in range(95))


def quarantined(contract: str, **options: Any) -> Run:
    Path("t.csv").write_text(BROKEN)
    Path("visits.yaml").write_text(contract)
    flags = {
        "source": "visits", "input": ["t.csv"], "out": Path("o"), "quarantine": True,
        "features": Path("visits.yaml"), **options,
    }  # fmt: skip
    return build_visits(load_settings(flags, environment={}))


def test_bad_rows_are_put_aside_with_a_reason() -> None:
    found = quarantined("quarantine: {max_share: 0.05}")
    aside = query("SELECT coalesce(visit_id, ''), pageviews, reason FROM 'o/quarantine.parquet'")
    assert sorted(aside) == [
        ("", 2, "visit_id_known"),
        ("a", -1, "pageviews_in_range"),
        ("b", 2, "revenue_needs_transactions"),
        ("c", 2, "visit_id_unique"),
        ("c", 3, "visit_id_unique"),
    ]
    assert query("SELECT count(*), min(pageviews) FROM 'o/visits.parquet'") == [(95, 3)]
    ledger = found.report
    assert ledger["visits_removed"] == [{"reason": "quarantined", "visits": 5}]
    assert (ledger["rows_in"], ledger["rows_used"], ledger["visits"]) == (100, 100, 95)
    assert any("5 of 100 visits are put aside" in text for text in found.warnings)
    files = json.loads(Path("o/manifest.json").read_text())
    assert "quarantine.parquet" in json.dumps(files)


def test_too_many_bad_rows_fail() -> None:
    with pytest.raises(ContractError) as caught:
        quarantined("quarantine: {max_share: 0.04}")
    told = str(caught.value)
    assert "5 of 100 visits break the contract, more than the 4 that may be put aside" in told
    assert "visit_id_unique" in told
    assert not Path("o").exists()


def test_the_quarantine_is_salted_like_the_visits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALT", "a long secret")
    quarantined("quarantine: {max_share: 0.05}", salt_env="SALT")
    ids = {row[0] for row in query("SELECT visit_id FROM 'o/quarantine.parquet'")}
    assert all(id_ is None or len(id_) == 64 for id_ in ids)


def test_bots_and_runaways_are_counted_and_kept_or_left_out() -> None:
    rows = ["b,2026-01-05,12,20,6", "r,2026-01-05,9,20,15000", "g,2026-01-05,12,20,300"]
    Path("t.csv").write_text("\n".join(["visit_id,date_id,pageviews,hits,time_on_site_sec", *rows]))
    flags: dict[str, Any] = {"source": "visits", "input": ["t.csv"], "out": Path("o")}
    kept = build_visits(load_settings(flags, environment={})).report
    assert {n["reason"]: n["visit_ids"] for n in kept["notes"]} == {"bot": ["b"], "runaway": ["r"]}
    assert (kept["visits"], kept["visits_removed"]) == (3, [])
    Path("c.yaml").write_text(
        "flags: {bot: {keep: false}, runaway: {keep: false, visit: hits > 99}}"
    )
    flags["features"] = Path("c.yaml")
    left = build_visits(load_settings(flags, environment={})).report
    assert left["notes"] == []
    assert (left["visit_keys"], left["visits"]) == (3, 2)
    assert left["visits_removed"] == [{"reason": "bot", "visits": 1}]


def test_the_real_exports_give_their_hits(real: Callable[[str], str]) -> None:
    contract = """features:
  events: {count_if: type = 'EVENT'}
  pages: {count_if: type = 'PAGE'}
  quick: {count_if: action = 'Quickview Click'}
flags: {debug: {keep: false}}
"""
    day = real("ga360/ga_sessions_20170801.parquet")
    with_contract(build_visits, contract, day, source="ga360")
    assert query("SELECT sum(events), sum(pages) FROM 'o/visits.parquet'") == [(2294, 10939)]
    said = query(
        "SELECT count(*) FROM (SELECT unnest(hits) AS h FROM "
        f"'{day}') WHERE h.eventInfo.eventAction = 'Quickview Click'"
    )
    assert query("SELECT sum(quick)::BIGINT FROM 'o/visits.parquet'") == said
    sample = real("ga4/events_sampled.parquet")
    contract = "flags: {debug: {keep: false}}"
    found = with_contract(build_visits, contract, sample).report
    assert found["removed"] == [{"reason": "debug", "rows": 20870}]
    assert found["visits"] == 3342


@pytest.mark.slow
def test_day_files_one_at_a_time_give_the_same_features(export: str) -> None:
    tables = []
    for stream in (False, True):
        with_contract(build_visits, ADDED, export, stream=stream)
        tables.append(duckdb.sql("FROM 'o/visits.parquet'").to_arrow_table())
    assert tables[0].equals(tables[1])
    assert query("SELECT sum(item_hits) > 0 FROM 'o/visits.parquet'") == [(True,)]


def test_a_check_of_ones_own_is_an_error_or_a_warning(export: str) -> None:
    contract = "checks: {few: {holds: pageviews <= 1, severity: warning, do: Look.}}"
    found = with_contract(build_visits, contract, export)
    assert any(
        "few: " in text and "pageviews <= 1 does not hold" in text for text in found.warnings
    )
    with pytest.raises(ContractError, match="few"):
        with_contract(build_visits, contract.replace("severity: warning, ", ""), export)


def test_the_script_has_what_is_added() -> None:
    Path("c.yaml").write_text(ADDED)
    text = sql_script("ga4", "bigquery", Path("c.yaml"))
    assert "item_hits" in text
    assert "hit_features AS (" in text
