"""What BigQuery would bill for reading an export, by its documented sizes of values.

    python -m benchmarks.bigquery_bytes ga4 'export/events_*.parquet'

BigQuery bills the columns and nested fields that a query names. STRING: 2 bytes and its UTF-8
bytes; INT64, FLOAT64, TIMESTAMP, DATE: 8; BOOL: 1; a NULL: 0; a STRUCT or an ARRAY: its content.
https://cloud.google.com/bigquery/docs/best-practices-costs and "Data type sizes" of the data types.
"""

from __future__ import annotations

import glob
import sys

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from visitseg.pipeline import build_visits
from visitseg.visits.planning import LAYOUTS
from visitseg.warehouse.layout import field_of


def size(column: pa.Array, wanted: pa.DataType) -> int:
    """Return the bytes of the wanted fields of a column."""
    if pa.types.is_list(wanted):
        return size(column.flatten(), wanted.value_type)
    if pa.types.is_struct(wanted):
        return sum(
            size(pc.struct_field(column, field.name), field.type)
            for field in wanted
            if field_of(column.type, field.name) is not None
        )
    known = len(column) - column.null_count
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return 2 * known + int(pc.sum(pc.binary_length(column)).as_py() or 0)
    return known * (1 if pa.types.is_boolean(column.type) else 8)


def main(source: str, pattern: str) -> None:
    """Print bytes per visit of an export: all of it, and what is read."""
    layout, read, everything = LAYOUTS[source], 0, 0
    for path in sorted(glob.glob(pattern)):  # noqa: PTH207
        table = pq.read_table(path)
        for field in table.schema:
            column = table[field.name].combine_chunks()
            everything += size(column, field.type)
            wanted = field_of(layout, field.name)
            read += size(column, wanted.type) if wanted is not None else 0
    found = build_visits(source=source, input=[pattern], out="bytes-of-the-run")
    visits = found.report["visits"]
    rows = found.report["rows_in"]
    for per, n in (("visit", visits), (found.report["unit"].removesuffix("s"), rows)):
        print(f"{source}: {n:,} {per}s, {everything / n:,.0f} bytes each, {read / n:,.0f} are read")


if __name__ == "__main__":
    main(*sys.argv[1:])
