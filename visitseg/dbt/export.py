"""The raw export as a dbt source, and the model that reads it."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa

from visitseg.visits.planning import HIT_LAYOUTS
from visitseg.visits.text import load
from visitseg.warehouse.layout import sql_type

TABLES = {"ga360": "ga_sessions", "ga4": "events"}
_SOURCE = "visitseg_export"
_OPTIONS = "union_by_name = true, filename = true"
_TABLE = re.compile(r"FROM `[^`]*`")
# What Google's public sample lacks, and its explanation.
_NOT_IN_THE_SAMPLE = re.compile(r"CAST\(NULL AS [^()]*\) AS (\w+)")
_OF_THE_SAMPLE = re.compile(r"-- Table:  .*(\n--   .*)*\n")


def source(export: str, dialect: str) -> dict[str, Any]:
    """Return the source that the raw export is."""
    name = TABLES[export]
    table: dict[str, Any] = {
        "name": name,
        "description": f"The raw {export} export, a table a day.",
    }
    found: dict[str, Any] = {"name": _SOURCE, "tables": [table]}
    if dialect == "bigquery":
        found["database"] = "{{ var('visitseg_project', target.project) }}"
        found["schema"] = "{{ var('visitseg_dataset') }}"
        table["identifier"] = f"{name}_*"
        return found
    pattern = f"{{{{ var('visitseg_files', '{name}_*.parquet') | replace(\"'\", \"''\") }}}}"
    location = f"read_parquet('{pattern}', {_OPTIONS})"
    table["config"] = {"meta": {"external_location": location}}
    return found


def read(export: str) -> str:
    """Return the Jinja that names the source in a FROM."""
    return f"{{{{ source('{_SOURCE}', '{TABLES[export]}') }}}}"


def raw_export(export: str, dialect: str) -> str:
    """Return the SELECT that reads the parameter `export`: the columns that other models need."""
    if dialect == "bigquery":
        sql = _OF_THE_SAMPLE.sub("", load(f"{export}/raw_export", dialect).sql)
        return _NOT_IN_THE_SAMPLE.sub(r"\1", _TABLE.sub("FROM @export", sql))
    layout = HIT_LAYOUTS[export]
    must = ", ".join(field.name for field in layout if not field.nullable)
    return f"""\
-- Grain:  one row per row of the export's day files.
SELECT {must}, * EXCLUDE ({must}), filename LIKE '%intraday_%' AS is_intraday
FROM $export
UNION ALL BY NAME  -- no row: the columns and fields that older exports lack
SELECT
  {_nulls(layout)}
WHERE FALSE
"""


def _nulls(layout: pa.Schema) -> str:
    return ",\n  ".join(f"CAST(NULL AS {sql_type(f.type)}) AS {f.name}" for f in layout)
