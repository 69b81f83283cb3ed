"""What an input looks like, by its columns."""

from __future__ import annotations

from collections.abc import Sequence

_SIGNS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("ga360", ("fullVisitorId", "visitId", "hits")),
    ("ga4", ("event_timestamp", "event_name", "user_pseudo_id")),
    ("visits", ("pageviews",)),
)
# What event logs call our columns, without case and underscores, likeliest first.
_LIKELY: dict[str, tuple[str, ...]] = {
    "visitor": (
        *("visitor", "visitorid", "userid", "userpseudoid", "domainuserid", "anonymousid"),
        *("clientid", "customerid", "cookieid", "deviceid", "uid", "user", "customer"),
    ),
    "timestamp": (
        *("timestamp", "eventtime", "eventtimestamp", "derivedtstamp", "collectortstamp"),
        *("ts", "time", "datetime", "occurredat", "createdat", "eventdatetime", "eventdate"),
    ),
    "event": ("event", "eventtype", "eventname", "eventaction", "action", "type", "behaviortype"),
    "visit": (*("visit", "visitid", "sessionid", "usersession", "domainsessionid", "session"),),
    "page": ("page", "pageurlpath", "pagepath", "pageurl", "pagelocation", "path", "url"),
    "order_id": ("orderid", "transactionid", "trorderid", "order"),
    "revenue": ("revenue", "price", "amount", "value", "total", "trtotal"),
    "product_id": ("productid", "itemid", "sku", "product", "item"),
    "currency": ("currency", "currencycode"),
}
# Words in the columns of an event log: one row is one event, with a time and a type.
_TIME_WORDS = {"time", "timestamp", "ts"}
_EVENT_WORDS = {"event", "action", "type"}


def looks_like(columns: Sequence[str]) -> tuple[str | None, str]:
    """Return the likely source, or None, and the reason in words."""
    for source, signs in _SIGNS:
        if set(signs) <= set(columns):
            return source, f"it has {', '.join(signs)}"
    likely = suggest_columns(columns)
    words = {column: set(column.lower().split("_")) for column in columns}
    time = likely.get("timestamp") or next((c for c in columns if words[c] & _TIME_WORDS), None)
    event = likely.get("event") or next(
        (c for c in columns if c != time and words[c] & _EVENT_WORDS), None
    )
    if time and event:
        return "events", f"it has {time} and {event}"
    return None, f"its columns are {', '.join(columns[:12])}{', …' if len(columns) > 12 else ''}"


def suggest_columns(columns: Sequence[str]) -> dict[str, str]:
    """Return the columns of an event log that are likely to be ours: our name -> its column."""
    plain = {column.lower().replace("_", "").replace(" ", ""): column for column in columns}
    found = {
        name: next((plain[word] for word in words if word in plain), None)
        for name, words in _LIKELY.items()
    }
    return {name: column for name, column in found.items() if column}


def advice(source: str, columns: Sequence[str]) -> str:
    """Return what to do with an input that looks like a source."""
    likely = suggest_columns(columns) if source == "events" else {}
    lines = [f'{name} = "{column}"' for name, column in likely.items() if name != column]
    if not lines:
        return f"Add --source {source}."
    return "\n".join([f"Add --source {source}, and to the configuration:", "[columns]", *lines])
