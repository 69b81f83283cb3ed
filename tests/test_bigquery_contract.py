"""Features of a contract file in BigQuery: expressions over hits and over visits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from test_bigquery import BIGQUERY, EXPORT, GA4, put_ga4, same

CONTRACT = """\
schema_version: 1
features:
  pageviews: {}
  scrolls: {count_if: "event = 'scroll'", type: int}
  views_per_hit: {visit: pageviews / hits, min: 0, max: 1}
"""


@pytest.mark.slow
def test_features_of_a_contract_are_those_of_duckdb(local: Any, cli: Any) -> None:
    put_ga4(local)
    Path("visits.yaml").write_text(CONTRACT)
    words = ("visits", *GA4, "--features", "visits.yaml")
    there = cli(*words, "--input", EXPORT, *BIGQUERY, "--out", "there")
    here = cli(*words, "--input", "files/*.parquet", "--out", "here")
    assert (there.code, here.code) == (0, 0), there.err + here.err
    same(Path("there"), Path("here"))
