"""The columns of the visit table, in their order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["key", "feature", "dimension"]
Kind = Literal["text", "date", "timestamp", "count", "number"]


@dataclass(frozen=True)
class Column:
    """One column of the visit table.

    Attributes
    ----------
    name : str
        Its name, everywhere.
    kind : str
        text, date, timestamp, count (whole numbers) or number.
    role : str
        key (which visit, when), feature (may segment) or dimension (describes, never segments).
    unit : str
        Unit of the values, empty where there is none.
    meaning : str
        One line.
    """

    name: str
    kind: Kind
    role: Role
    unit: str
    meaning: str


COLUMNS: tuple[Column, ...] = (
    Column("visit_id", "text", "key", "", "visitor and visit, delimited; unique, never NULL"),
    Column("date_id", "date", "key", "day", "the day the visit began"),
    Column("visit_start", "timestamp", "key", "UTC", "first hit"),
    Column("pageviews", "count", "feature", "views", "page or screen views"),
    Column("hits", "count", "feature", "hits", "hits of any type"),
    Column("unique_pages", "count", "feature", "pages", "distinct paths without query string"),
    Column("time_on_site_sec", "number", "feature", "s", "first to last hit; NULL: unknown"),
    Column("engaged", "count", "feature", "0/1", "engaged visit; NULL: the source cannot say"),
    Column("engagement_time_sec", "number", "feature", "s", "time in focus; NULL: cannot say"),
    Column("time_on_site_sec_per_pageview", "number", "feature", "s", "NULL: undefined"),
    Column("hits_per_pageview", "number", "feature", "hits", "NULL: undefined"),
    Column("transactions", "count", "feature", "orders", "distinct orders"),
    Column("transaction_revenue", "number", "feature", "currency", "never netted"),
    Column("refund_revenue", "number", "feature", "currency", "never netted"),
    Column("product_views", "count", "feature", "views", "product detail views"),
    Column("add_to_carts", "count", "feature", "adds", "additions to the cart"),
    Column("checkouts", "count", "feature", "steps", "checkout steps"),
    Column("device", "text", "dimension", "", "device category"),
    Column("channel", "text", "dimension", "", "channel group"),
    Column("country", "text", "dimension", "", "country"),
    Column("visitor_type", "text", "dimension", "", "new or returning"),
    Column("landing_page", "text", "dimension", "", "path of the first page"),
)
BY_NAME = {column.name: column for column in COLUMNS}
FEATURES = tuple(column.name for column in COLUMNS if column.role == "feature")
