"""What an input looks like, by its columns."""

from __future__ import annotations

from collections.abc import Sequence

_SIGNS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("ga360", ("fullVisitorId", "visitId", "hits")),
    ("ga4", ("event_timestamp", "event_name", "user_pseudo_id")),
    ("visits", ("pageviews",)),
)
# Words in the columns of an event log: one row is one event, with a time and a type.
_TIME_WORDS = {"time", "timestamp", "ts"}
_EVENT_WORDS = {"event", "action", "type"}


def looks_like(columns: Sequence[str]) -> tuple[str | None, str]:
    """Return the likely source, or None, and the reason in words."""
    for source, signs in _SIGNS:
        if set(signs) <= set(columns):
            return source, f"it has {', '.join(signs)}"
    words = {column: set(column.lower().split("_")) for column in columns}
    time = next((c for c in columns if words[c] & _TIME_WORDS), None)
    event = next((c for c in columns if c != time and words[c] & _EVENT_WORDS), None)
    if time and event:
        return "events", f"it has {time} and {event}"
    return None, f"its columns are {', '.join(columns[:12])}{', …' if len(columns) > 12 else ''}"
