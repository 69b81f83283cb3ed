"""What the values of an event log's event column are: page views, purchases and so on."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence

from visitseg.config import EventSettings, did_you_mean
from visitseg.errors import ConfigError
from visitseg.visits.contract import Check
from visitseg.visits.counts import no_rows, rows_of
from visitseg.visits.events.mapping import MappedLog
from visitseg.warehouse import RAW, Input, Warehouse

Values = dict[str, tuple[str, ...]]  # page_view, product_view … -> values of the log
_SHOWN = 10


def event_values(
    settings: EventSettings, mapped: MappedLog, warehouse: Warehouse, opened: Input
) -> Values:
    """Return what each kind of event is called in the log.

    Without [events], values that bear our names are what they say.

    Raises
    ------
    ConfigError
        Nothing is a page view or a product view; the commonest values of the log are named.
    InputError
        There is nothing to find them in: the log has no rows.
    """
    values = {field.name: getattr(settings, field.name) for field in dataclasses.fields(settings)}
    nothing = not any(values.values())
    if not nothing and (values["page_view"] or values["product_view"]):
        return values
    event = f"CAST(({mapped.expressions['event']}) AS STRING)"
    found = warehouse.query(
        f"SELECT {event} AS event, COUNT(*) AS n FROM {RAW} "
        f"WHERE {event} IS NOT NULL GROUP BY 1 ORDER BY n DESC, event"
    ).to_pylist()
    if not found and not rows_of(warehouse, f"SELECT COUNT(*) AS n FROM {RAW}")[0]["n"]:
        raise no_rows(opened)
    if nothing:
        ours = {row["event"] for row in found}
        values = {kind: (kind,) if kind in ours else () for kind in values}
        if values["page_view"] or values["product_view"]:
            return values
    raise ConfigError(
        "no event is mapped" if nothing else "no event is mapped to a page view or product view",
        where="[events]",
        evidence=[
            f"commonest values of event: {_listed(found)}"
            if found
            else f"event is NULL in every row: {mapped.expressions['event']}"
        ],
        do="Say what they are in the configuration:\n[events]\n"
        'page_view = ["…"]\nproduct_view = ["…"]\nadd_to_cart = ["…"]\npurchase = ["…"]',
    )


def event_counts(warehouse: Warehouse, without: str = "") -> Counter[str]:
    """Count the events of `visit_rows` by value; those removed as `without` are left out."""
    kept = f"AND (removed IS NULL OR removed <> '{without}') " if without else ""
    found = warehouse.query(
        f"SELECT event, COUNT(*) AS n FROM visit_rows WHERE event IS NOT NULL {kept}GROUP BY event"
    ).to_pylist()
    return Counter({row["event"]: row["n"] for row in found})


def value_check(values: Values, counts: Mapping[str, int]) -> Check:
    """Return the check that every value of [events] occurs in the log, given its values' counts.

    Raises
    ------
    ConfigError
        None of them does.
    """
    seen = sorted(counts, key=lambda event: (-counts[event], event))
    found = [{"event": event, "n": counts[event]} for event in seen]
    told = [(kind, value) for kind, listed in values.items() for value in listed]
    absent = [
        f'{kind} "{value}"{did_you_mean(value, seen)}' for kind, value in told if value not in seen
    ]
    if seen and len(absent) == len(told):
        raise ConfigError(
            f"none of the {len(told)} values of [events] occurs in the log",
            where="[events]",
            evidence=[*absent[:5], f"commonest values of event: {_listed(found)}"],
            do="Give the values as the log writes them; upper and lower case differ.",
        )
    what = "1 value of [events] never occurs"
    if len(absent) != 1:
        what = f"{len(absent)} values of [events] never occur"
    return Check(
        name="events_occur",
        rows=len(absent),
        severity="warning",
        finds=f"{what}: {'; '.join(absent)}{'' if absent and absent[-1].endswith('?') else '.'}",
        do="A value that is spelled otherwise counts as any event: check [events].",
    )


def _listed(rows: Sequence[Mapping[str, object]]) -> str:
    listed = ", ".join(f"{row['event']} ({row['n']:,})" for row in rows[:_SHOWN])
    return listed + (f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else "")
