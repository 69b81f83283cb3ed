"""One part of the input at a time; a visit that is open at its end is carried to where it ends.

Two passes. The first reads of each part only who is in it. It tells in which part each visit ends,
so the second keeps the rows of open visits, and nothing else, beside the rows of one part. The
models run unchanged on rows that are whole visits; what needs all visits runs on one row per visit,
after the last part.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from visitseg.config import Settings
from visitseg.visits.counts import RowCounts, bad_line_counts, count_rows
from visitseg.visits.events import event_counts
from visitseg.visits.finishing import Model
from visitseg.visits.one_pass import count_in_one_pass, make_in_one_pass
from visitseg.visits.planning import Plan
from visitseg.visits.text import chain
from visitseg.warehouse import Input, Warehouse

# From this size on disk an input of several files is read one at a time, unasked.
STREAM_BYTES = 256_000_000
# Tables with a row per row or event; a model that reads one is made visit by visit.
_ROWS = ("mapped_events", "visit_rows")
_WIDE = (*_ROWS, "visit_events", "hits")
_CARRIED = "carried"

Create = Callable[[Model], None]


@dataclass(frozen=True)
class Stages:
    """The models of a build, by what they need to see at once.

    Attributes
    ----------
    rows : tuple of Model
        One row of the export.
    by_visit : tuple of Model
        All rows of a visit.
    whole : tuple of Model
        All visits.
    """

    rows: tuple[Model, ...]
    by_visit: tuple[Model, ...]
    whole: tuple[Model, ...]


def stages(models: Sequence[Model]) -> Stages:
    """Tell the models apart by the tables that they read."""
    rows = tuple(model for model in models if model.name in _ROWS)
    others = [model for model in models if model not in rows]
    by_visit = tuple(m for m in others if any(_reads(m, name) for name in _WIDE))
    return Stages(rows, by_visit, tuple(m for m in others if m not in by_visit))


def is_streamed(settings: Settings, opened: Input, plan: Plan) -> bool:
    """Whether the input is read one file at a time: as asked, else where it is large."""
    if not opened.parts or plan.source == "visits":
        return False
    return opened.bytes >= STREAM_BYTES if settings.stream is None else settings.stream


def make_tables(
    warehouse: Warehouse,
    opened: Input,
    plan: Plan,
    create: Create,
    on_step: Callable[[str], None],
    *,
    streamed: bool,
) -> RowCounts:
    """Make the tables of all models; the same ones, whether all at once or one part at a time.

    Parameters
    ----------
    warehouse : Warehouse
        Has opened the input.
    opened : Input
        Its parts; any order, the result is the same.
    plan : Plan
        The models.
    create : callable
        Makes a table of a model.
    on_step : callable
        Told what is being done.
    streamed : bool
        One part at a time.

    Returns
    -------
    RowCounts
        What the rows of the input are counted as.
    """
    found = stages(plan.models)
    if streamed:
        counts = _by_parts(warehouse, opened.parts, plan, create, on_step)
    elif plan.one_pass:
        on_step("summing events by visit")
        for name, sql in make_in_one_pass(plan.one_pass):
            create(Model(name, sql))
        counts = count_in_one_pass(warehouse, plan.one_pass, plan.losses, plan.params)
        warehouse.drop_table("repeated")
    else:
        for model in (*found.rows, *found.by_visit):
            on_step(f"building {model.name}")
            create(model)
        counts = _counts(warehouse, plan)
    for name in _WIDE:
        warehouse.drop_table(name)
    for model in found.whole:
        on_step(f"building {model.name}")
        create(model)
    return counts + bad_line_counts(opened.bad_lines)


def _by_parts(
    warehouse: Warehouse,
    parts: Sequence[str],
    plan: Plan,
    create: Create,
    on_step: Callable[[str], None],
) -> RowCounts:
    found = stages(plan.models)
    keyed, gap_us = _key(plan)
    seen = [f"seen_{number}" for number in range(len(parts))]
    for number, part in enumerate(parts):
        on_step(f"finding visits that go on in another file ({number + 1} of {len(parts)})")
        warehouse.open_part(part)
        create(Model(seen[number], _chain(found.rows, _seen(keyed, gap_us, number))))
    create(Model("open_keys", _open_keys(seen, gap_us)))
    for name in seen:
        warehouse.drop_table(name)
    counts = RowCounts()
    for number, part in enumerate(parts):
        on_step(f"building visits (file {number + 1} of {len(parts)})")
        warehouse.open_part(part)
        create(Model("visit_rows", _chain(found.rows, _rows_and_carried(keyed, number))))
        create(Model(f"carried_{number}", _still_open(number)))
        if number:
            warehouse.drop_table(f"carried_{number - 1}")
        for model in found.by_visit:
            name = model.name if model.name in _WIDE else f"{model.name}_{number}"
            create(Model(name, model.sql))
        own = {m.name: f"{m.name}_{number}" for m in found.by_visit if m.name not in _WIDE}
        counts += _counts(warehouse, plan, own, without=_CARRIED)
    warehouse.open_part(None)
    for name in ("open_keys", f"carried_{len(parts) - 1}"):
        warehouse.drop_table(name)
    for model in found.by_visit:
        if model.name not in _WIDE:
            made = [f"{model.name}_{number}" for number in range(len(parts))]
            create(Model(model.name, _all_of(made)))
            for name in made:
                warehouse.drop_table(name)
    return counts


def _counts(
    warehouse: Warehouse, plan: Plan, own: Mapping[str, str] | None = None, without: str = ""
) -> RowCounts:
    losses = plan.losses
    if own:  # a part's tables have names of their own
        losses = chain({name: f"SELECT * FROM {table}" for name, table in own.items()}, losses)
    counts = count_rows(warehouse, losses, without)
    if plan.values is None:
        return counts
    return counts + RowCounts(events=event_counts(warehouse, without))


def _reads(model: Model, table: str) -> bool:
    return re.search(rf"\b(?:FROM|JOIN)\s+{table}\b", model.sql) is not None


def _key(plan: Plan) -> tuple[str, object]:
    """Return what holds the rows of a visit together, and the pause that ends it; None: none does.

    Visits that are found by inactivity are their visitor's: where the log has ids of visits too,
    two of them may begin in one second, and are numbered together.
    """
    if plan.source != "events":
        return "visit_id", None
    if plan.params["trust_visits"]:
        return "visitor, visit", None
    return "visitor", plan.params["gap_us"]


def _chain(models: Sequence[Model], last: str) -> str:
    """Return one SELECT: the engine then computes only the columns that `last` takes."""
    steps = ",\n".join(f"{model.name} AS (\n{model.sql.rstrip()}\n)" for model in models)
    return f"WITH {steps}\n{last}"


def _all_of(tables: Sequence[str]) -> str:
    return "\nUNION ALL\n".join(f"SELECT * FROM {table}" for table in tables)


def _seen(keyed: str, gap_us: object, number: int) -> str:
    """Return the text of one row per key of a part. Keys are hashed; a collision carries more."""
    times = "0 AS first_us, 0 AS last_us"
    if gap_us is not None:
        times = "MIN(event_us) AS first_us, MAX(event_us) AS last_us"
    return f"""SELECT hash({keyed}) AS row_key, {number} AS part, {times}
FROM visit_rows
WHERE removed IS NULL
GROUP BY row_key
"""


def _open_keys(seen: Sequence[str], gap_us: object) -> str:
    """Return the text of one row per key and part where it goes on, with the part it ends in.

    Parts of a key belong together if nothing but pauses up to the gap is between them.
    """
    begins = "0"
    if gap_us is not None:
        begins = f"""CASE WHEN first_us - MAX(last_us) OVER (
        PARTITION BY row_key ORDER BY first_us, part
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
      ) > {gap_us} THEN 1 ELSE 0 END"""
    return f"""WITH seen AS (
{_all_of(seen)}
), several AS (
  SELECT * FROM seen WHERE row_key IN (
    SELECT row_key FROM seen GROUP BY row_key HAVING COUNT(*) > 1
  )
), begun AS (
  SELECT *, {begins} AS begins FROM several
), joined AS (
  SELECT *, SUM(begins) OVER (PARTITION BY row_key ORDER BY first_us, part) AS span FROM begun
), ended AS (
  SELECT row_key, part, MAX(part) OVER (PARTITION BY row_key, span) AS until FROM joined
)
SELECT row_key, part, until FROM ended WHERE until > part
"""


def _rows_and_carried(keyed: str, number: int) -> str:
    """Return the text of a part's rows, and those carried to it; what is open says `carried`."""
    carried = ""
    if number:
        carried = f"\nUNION ALL\nSELECT * FROM carried_{number - 1} WHERE until = {number}"
    return f"""SELECT
  r.* REPLACE (CASE WHEN o.until IS NOT NULL THEN '{_CARRIED}' ELSE r.removed END AS removed),
  o.until
FROM visit_rows AS r
LEFT JOIN (SELECT row_key, until FROM open_keys WHERE part = {number}) AS o
  ON o.row_key = CASE WHEN r.removed IS NULL THEN hash({keyed}) END{carried}
"""


def _still_open(number: int) -> str:
    former = ""
    if number:
        former = f"\nUNION ALL\nSELECT * FROM carried_{number - 1} WHERE until > {number}"
    return f"""SELECT * REPLACE (CAST(NULL AS VARCHAR) AS removed)
FROM visit_rows
WHERE removed = '{_CARRIED}'{former}
"""
