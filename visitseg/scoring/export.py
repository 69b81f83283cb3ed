"""Labels for other systems: the visits whose segment changed, and no segment that is too small."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pc_csv
import pyarrow.parquet as pq

from visitseg.by_day.labels import FILE, day_file
from visitseg.config import Settings
from visitseg.errors import ConfigError, InputError, OutputError

SCHEMA = pa.schema(
    [
        ("visit_id", pa.string()),
        ("date_id", pa.date32()),
        ("segment_id", pa.string()),
        ("segment", pa.string()),
        ("previous_segment_id", pa.string()),
        ("change", pa.string()),
        ("model_version", pa.string()),
    ]
)
SUFFIXES = (".csv", ".parquet")


def check_export(file: Path, since: Path | None) -> None:
    """Check that an export can be written, before anything is computed.

    Raises
    ------
    ConfigError, OutputError, InputError
        The file is of no known kind, its folder does not exist, or there are no labels to
        compare with.
    """
    if file.suffix not in SUFFIXES:
        raise ConfigError(
            f"{file.name} is neither a .csv nor a .parquet file",
            where="--export",
            do="Name the file so that its ending says what it is: --export changed.csv",
        )
    if not file.absolute().parent.is_dir():
        raise OutputError(
            "the folder of the export does not exist",
            where=str(file),
            do="Make the folder, or name another: --export.",
        )
    if since is not None and not since.is_dir():
        raise InputError(
            "there are no labels to compare with",
            where=str(since),
            do="Name a folder that `visitseg score` wrote: --since; leave it out the first time.",
        )


def export(settings: Settings, report: dict[str, Any], staged: Path) -> Path | None:
    """Write the export into the staging folder, and what it holds into the report."""
    if settings.export is None:
        return None
    target = staged / settings.export.name
    sizes = {row["segment_id"]: row["n"] for row in report["segments"] if row["segment_id"]}
    days = [day["date_id"] for day in report["days"]]
    told = write_changes(target, staged, days, settings.since, sizes, settings.min_segment)
    report["export"] = {"file": str(settings.export), **told}
    return target


def write_changes(
    target: Path,
    staged: Path,
    days: Sequence[str],
    since: Path | None,
    sizes: Mapping[str, int],
    least: int,
) -> dict[str, Any]:
    """Write the visits whose segment is another than before.

    Parameters
    ----------
    target : Path
        The file to write.
    staged : Path
        Holds a folder a day with the new labels.
    days : sequence of str
        Days that are labelled anew.
    since : Path, optional
        Labels to compare with; without them every visit is new.
    sizes : mapping of str to int
        Segment id -> its visits in these days.
    least : int
        Segments with fewer visits are left out: nobody is told who is in them.

    Returns
    -------
    dict
        Rows by kind of change, and the segments that are too small.
    """
    small = sorted(id_ for id_, n in sizes.items() if n < least)
    counts: Counter[str] = Counter(new=0, changed=0, removed=0)
    parts = []
    for day in days:
        now = pq.ParquetFile(staged / day / FILE).read()
        then = day_file(since, day) if since else None
        before = pq.ParquetFile(then).read() if then and then.is_file() else now.slice(0, 0)
        part = _changed(now, before, small)
        counts.update(part["change"].to_pylist())
        parts.append(part)
    found = pa.concat_tables(parts) if parts else SCHEMA.empty_table()
    if target.name.endswith(".csv"):
        pc_csv.write_csv(found, target)
    else:
        pq.write_table(found, target, compression="zstd")
    return {"rows": len(found), **counts, "min_segment": least, "too_small": small}


def _changed(now: pa.Table, before: pa.Table, small: Sequence[str]) -> pa.Table:
    """Compare one day. A visit without a segment, or of one too small, has none to tell of."""
    told = pc.if_else(
        pc.is_in(now["segment_id"], pa.array(small, pa.string())), None, now["segment_id"]
    )
    own = now.select(["visit_id", "date_id", "segment", "model_version"]).append_column(
        "segment_id", told
    )
    former = pa.table(
        {
            "visit_id": before["visit_id"],
            "former_day": before["date_id"],
            "previous_segment_id": before["segment_id"],
        }
    )
    both = own.join(former, "visit_id", join_type="full outer", use_threads=False)
    new_id, old_id = both["segment_id"], both["previous_segment_id"]
    here, there = pc.is_valid(new_id), pc.is_valid(old_id)
    same = pc.fill_null(pc.equal(new_id, old_id), False)
    change = pc.if_else(here, pc.if_else(there, "changed", "new"), "removed")
    both = (
        both.append_column("change", change)
        .set_column(
            both.column_names.index("date_id"),
            "date_id",
            pc.coalesce(both["date_id"], both["former_day"]),
        )
        .set_column(
            both.column_names.index("segment"),
            "segment",
            pc.if_else(here, both["segment"], None),
        )
    )
    kept = both.filter(pc.and_(pc.or_(here, there), pc.invert(same)))
    return kept.select(SCHEMA.names).cast(SCHEMA).sort_by("visit_id")
