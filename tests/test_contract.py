"""Every check finds the row it is for, and no other."""

from __future__ import annotations

from typing import Any

import pytest

from visitseg.config import Settings
from visitseg.errors import ContractError
from visitseg.visits.columns import COLUMNS, FEATURES
from visitseg.visits.contract import Check, check_texts, enforce, run_checks
from visitseg.warehouse import connect

TYPES = {
    "text": "VARCHAR", "date": "DATE", "timestamp": "TIMESTAMPTZ", "count": "BIGINT",
    "number": "DOUBLE",
}  # fmt: skip
GOOD: dict[str, Any] = {
    "visit_id": "good", "date_id": "2026-01-02", "visit_start": "2026-01-02 12:00:00+00",
    "pageviews": 3, "hits": 4, "unique_pages": 2, "time_on_site_sec": 60.0, "transactions": 1,
    "transaction_revenue": 9.5, "refund_revenue": 0.0, "product_views": 1, "add_to_carts": 0,
    "checkouts": 0, "time_on_site_sec_per_pageview": 20.0, "hits_per_pageview": 4 / 3,
}  # fmt: skip
PARAMS: dict[str, object] = {
    "date_from": "2026-01-01", "date_to": "2026-02-01", "timezone": "Asia/Tokyo"
}  # fmt: skip


def outcomes(*rows: dict[str, Any], source: str = "visits") -> dict[str, Check]:
    warehouse = connect(Settings())
    values = ", ".join(
        "(" + ", ".join(f"${name}_{i}::{TYPES[kind]}" for name, kind in KINDS) + ")"
        for i in range(len(rows))
    )
    params = {f"{name}_{i}": row.get(name) for i, row in enumerate(rows) for name, _ in KINDS}
    names = ", ".join(name for name, _ in KINDS)
    warehouse.create_table("visits", f"SELECT * FROM (VALUES {values}) AS t({names})", params)
    warehouse.create_table(
        "visit_keys", "SELECT *, NULL AS removed, 60 AS ga_time_on_site_sec FROM visits"
    )
    texts = check_texts(source, "duckdb", with_timezone=True)
    return {check.name: check for check in run_checks(warehouse, texts, PARAMS)}


KINDS = [(column.name, column.kind) for column in COLUMNS]

BAD: dict[str, dict[str, Any]] = {
    "visit_id_known": {"visit_id": None},
    "date_id_known": {"date_id": None},
    "date_in_range": {"date_id": "2026-02-01", "visit_start": "2026-02-01 12:00:00+00"},
    "pageviews_known": {"pageviews": None},
    **{f"{name}_in_range": {name: -1} for name in FEATURES},
    "engaged_in_range": {"engaged": 2},
    "refund_revenue_in_range": {"refund_revenue": float("nan")},
    "time_on_site_sec_per_pageview_in_range": {"time_on_site_sec_per_pageview": float("inf")},
    "revenue_needs_transactions": {"transactions": 0},
    "unique_pages_within_pageviews": {"unique_pages": 4},
    "pageviews_within_hits": {"pageviews": 5},
    "date_agrees_with_timezone": {"visit_start": "2026-01-02 20:00:00+00"},
}


# A wrong number can break a relation to another number, too.
ALSO = {
    "hits_in_range": {"pageviews_within_hits"},
    "pageviews_in_range": {"unique_pages_within_pageviews"},
}


@pytest.mark.parametrize("name", BAD)
def test_a_check_finds_its_row_and_no_other_check_does(name: str) -> None:
    bad = GOOD | {"visit_id": "bad"} | BAD[name]
    found = {n: check for n, check in outcomes(GOOD, bad).items() if check.rows}
    assert set(found) == {name} | ALSO.get(name, set())
    assert found[name].rows == 1
    assert found[name].examples == ("NULL" if name == "visit_id_known" else "bad",)


def test_repeated_ids_are_found_with_every_row_of_them() -> None:
    found = outcomes(GOOD, GOOD, GOOD | {"visit_id": "other"})
    assert found["visit_id_unique"].rows == 2


def test_time_is_compared_with_ga_for_its_export_only() -> None:
    late = GOOD | {"visit_id": "late", "time_on_site_sec": 61.5}
    assert outcomes(GOOD, late, source="ga360")["time_differs_from_ga"].examples == ("late",)
    assert "time_differs_from_ga" not in outcomes(GOOD, late)


def test_a_table_without_any_day_is_no_error() -> None:
    dateless = GOOD | {"date_id": None, "visit_start": None}
    assert not any(check.rows for check in outcomes(dateless).values())


def test_every_check_file_has_a_test() -> None:
    assert set(outcomes(GOOD, source="ga360")) == {*BAD, "visit_id_unique", "time_differs_from_ga"}


def test_every_check_says_what_it_finds_and_what_to_do() -> None:
    for check in outcomes(GOOD, source="ga360").values():
        assert check.severity in {"error", "warning"}
        assert check.finds.endswith(".")
        assert check.do.endswith(".")


def test_all_failures_are_in_one_error_and_warnings_in_none() -> None:
    checks = [
        Check("a", 38, "error", "sql/checks/a.sql", ("71|1483", "71|1490", "x"), "Mend a."),
        Check("bb", 1, "error", "sql/checks/bb.sql", ("90|1488",), "Mend bb."),
        Check("c", 5, "warning", "sql/checks/c.sql", ("1|1",), "Look at c."),
        Check("d", 0, "error", "sql/checks/d.sql"),
    ]
    with pytest.raises(ContractError) as caught:
        enforce(checks, 1_204_881, "2026-01-01 to 2026-01-31")
    assert str(caught.value).splitlines() == [
        "ContractError: 2 of 4 checks failed on 1,204,881 visits, 2026-01-01 to 2026-01-31",
        "  a   38 rows   e.g. 71|1483, 71|1490   checks/a.sql",
        "  bb    1 row   e.g. 90|1488            checks/bb.sql",
        "Mend a.",
        "Mend bb.",
        "--dry-run prints the SQL of the checks.",
        "Nothing was published.",
    ]
    enforce(checks[2:], 10, "no dates")
