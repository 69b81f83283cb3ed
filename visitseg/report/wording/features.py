"""Features as the report names them: a label, a unit, a value in words."""

from __future__ import annotations

from visitseg.report.wording import words

_LABELS = {
    "pageviews": "Pages",
    "hits": "Hits",
    "unique_pages": "Distinct pages",
    "time_on_site_sec": "Time on site",
    "time_on_site_sec_per_pageview": "Time a page",
    "hits_per_pageview": "Hits a page",
    "engagement_time_sec": "Time in focus",
    "engaged": "Engaged",
    "transactions": "Orders",
    "transaction_revenue": "Revenue",
    "refund_revenue": "Refunds",
    "product_views": "Product views",
    "add_to_carts": "Into the basket",
    "checkouts": "Checkouts",
}

KNOWN = frozenset(_LABELS)
"""Features of every visit table; others are the user's own."""

FIRST = (
    "pageviews", "time_on_site_sec", "time_on_site_sec_per_pageview", "hits_per_pageview",
    "engagement_time_sec", "product_views", "add_to_carts",
)  # fmt: skip
"""What cards show, in this order, as far as it is known."""

_DONE = {
    "pageviews": "See a page",
    "product_views": "See a product",
    "add_to_carts": "Fill a basket",
    "checkouts": "Reach checkout",
    "transactions": "Place an order",
    "transaction_revenue": "Bring revenue",
    "refund_revenue": "Get a refund",
    "engaged": "Engaged",
}
_AXES = {
    "log pageviews": "Pages",
    "log1p seconds a page": "Seconds a page",
    "log hits a page": "Hits a page",
    "share of distinct pages": "Distinct pages",
    "order placed": "Order placed",
}


def done(feature: str) -> str:
    """Name what a visit does that has more than 0 of a feature: ``"Fill a basket"``."""
    return _DONE.get(feature) or f"Any {label(feature).lower()}"


def axis(name: str) -> str:
    """Name an axis of the space that segments are sought in."""
    return _AXES.get(name) or words.sentence(name)


def kind(feature: str) -> str:
    """Tell what a feature counts: ``"time"``, ``"money"``, ``"share"`` or ``"number"``.

    Parameters
    ----------
    feature : str
        A column of ``cluster_centers.parquet``.

    Returns
    -------
    str
        The kind, by the name's own words.
    """
    if "_sec" in feature:
        return "time"
    if "revenue" in feature:
        return "money"
    return "share" if feature == "engaged" or feature.endswith("_share") else "number"


def value(feature: str, amount: float | None, currency: str | None = None) -> str:
    """Write a feature's value in its own unit.

    Parameters
    ----------
    feature : str
        A column of ``cluster_centers.parquet``.
    amount : float, optional
        None where it is not known.
    currency : str, optional
        For features in money.

    Returns
    -------
    str
        ``"11.5"``, ``"6.3 min"``, ``"$2.10"``, ``"not known"``.
    """
    if amount is None:
        return "not known"
    match kind(feature):
        case "time":
            return words.duration(amount)
        case "money":
            return words.money(amount, currency)
        case "share":
            return words.share(amount)
    return words.number(amount)


def label(feature: str) -> str:
    """Name a feature in words.

    Parameters
    ----------
    feature : str
        A column of ``cluster_centers.parquet``.

    Returns
    -------
    str
        ``"Distinct pages"``; for a feature of the user's own, its name with spaces.
    """
    return _LABELS.get(feature) or words.sentence(feature.removesuffix("_sec"))


def unit(feature: str, currency: str | None = None) -> str:
    """Name the unit that a feature's values bear, for the head of its column.

    Parameters
    ----------
    feature : str
        A column of ``cluster_centers.parquet``.
    currency : str, optional
        For features in money.

    Returns
    -------
    str
        ``"s or min"``, ``"USD"``; empty for plain numbers and shares.
    """
    return {"time": "s or min", "money": currency or "currency units"}.get(kind(feature), "")
