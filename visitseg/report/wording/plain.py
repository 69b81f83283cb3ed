"""Rules in plain words: from conditions on columns to what a visit did."""

from __future__ import annotations

import math
import re

from visitseg.report.wording import features, words

_BY_DEFINITION = {
    "bounced": "Saw one page at most, for no measurable time, and ordered nothing.",
    "converted": "Placed an order.",
}
NOT_ENGAGED = "Saw one page at most, was not engaged, and ordered nothing."
"""What bounced means where the source says which visits were engaged."""

# What counts of a feature are called, one and many.
_COUNTED = {
    "pageviews": ("page", "pages"),
    "hits": ("hit", "hits"),
    "unique_pages": ("distinct page", "distinct pages"),
    "transactions": ("order", "orders"),
    "product_views": ("product view", "product views"),
    "add_to_carts": ("addition to the basket", "additions to the basket"),
    "checkouts": ("checkout step", "checkout steps"),
}
_AFTER = {
    "time_on_site_sec": " on the site",
    "time_on_site_sec_per_pageview": " a page",
    "engagement_time_sec": " in focus",
}
_NUMBER = r"[-\d.e+]+"
_BETWEEN = re.compile(rf"(?P<low>{_NUMBER}) (?P<side>[<≤]) (?P<name>\S+) ≤ (?P<high>{_NUMBER})")
_ONE_SIDE = re.compile(rf"(?P<name>\S+) (?P<side>[≤≥>=]) (?P<limit>{_NUMBER})(?P<gap> or unknown)?")


def rules(alternatives: list[str], made_by: str | None, currency: str | None = None) -> list[str]:
    """Say a segment's rule, a sentence for each way to meet it.

    Parameters
    ----------
    alternatives : list of str
        Conditions on columns, as ``profiles.json`` holds them.
    made_by : str, optional
        The rule that makes the segment, if it is alone in it: bounced or converted.
    currency : str, optional
        For conditions on money.

    Returns
    -------
    list of str
        ``["Under 1.8 min on the site, under 30 s a page."]``, the most frequent way first.
    """
    if made_by:
        return [_BY_DEFINITION[made_by]]
    said = dict.fromkeys(_path(path, currency) for path in alternatives)
    return [f"{words.capital(way)}." for way in said]


def _path(path: str, currency: str | None) -> str:
    conditions = [text.strip() for text in path.split(" and ")]
    said = [_condition(text, currency) for text in conditions]
    known = [text.removesuffix(" known") for text in conditions if text.endswith(" known")]
    alone = f"{features.label(known[0]).lower()} known" if known else "any visit"
    return ", ".join(dict.fromkeys(filter(None, said))) or alone


def _condition(text: str, currency: str | None) -> str:
    text = text.removeprefix("(").removesuffix(")")
    if found := _BETWEEN.fullmatch(text):
        low, high = float(found["low"]), float(found["high"])
        low -= 0.5 if found["side"] == "≤" else 0.0  # at least a whole number: above half below it
        return _within(found["name"], low, high, currency)
    if found := _ONE_SIDE.fullmatch(text):
        limit = float(found["limit"])
        if found["side"] in ">≥":
            low = limit - 0.5 if found["side"] == "≥" else limit
            return _within(found["name"], low, math.inf, currency)
        if found["side"] == "=":
            return _within(found["name"], limit - 0.5, limit, currency)
        gap = bool(found["gap"])
        if gap and limit < 0:
            return _unknown(found["name"])
        return _within(found["name"], -math.inf, limit, currency) + (
            f", or {_unknown(found['name'])}" if gap else ""
        )
    name, _, state = text.rpartition(" ")
    if state == "known":
        return ""
    return _unknown(name) if state == "unknown" else text


def _unknown(name: str) -> str:
    of_all = "_sec" in name and not name.endswith("_per_pageview")
    return "time not known" if of_all else f"{features.label(name).lower()} not known"


def _within(name: str, low: float, high: float, currency: str | None) -> str:
    if name in _COUNTED:
        return _whole(low, high, *_COUNTED[name])
    if low == -math.inf and high < 0:
        return _unknown(name)
    if name == "engaged":
        return "engaged" if low >= 0 else "not engaged"
    after = _AFTER.get(name, "" if "_sec" in name else f" {features.label(name).lower()}")

    def show(limit: float) -> str:
        return features.value(name, limit, currency)

    if low == -math.inf and features.kind(name) == "money":
        return f"at most {show(high)} of{after}"
    if low == -math.inf:
        return f"under {show(high)}{after}"
    if high == math.inf:
        return f"over {show(low)}{after}"
    return f"{show(low)} to {show(high)}{after}"


def _whole(low: float, high: float, one: str, many: str) -> str:
    """Say which whole numbers lie above `low`, up to `high`."""
    least = None if low == -math.inf else math.floor(low) + 1
    most = None if high == math.inf else math.floor(high)
    if most is not None and most <= 0:
        return f"no {one}"
    if most is None:
        return f"at least {least} {one if least == 1 else many}"
    if least is None or least <= 0:
        return f"at most {most} {one if most == 1 else many}"
    return (
        f"{least} {one if least == 1 else many}" if least == most else f"{least} to {most} {many}"
    )
