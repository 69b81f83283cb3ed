"""Google Analytics 360: the nested BigQuery export, one row per visit and day."""

from __future__ import annotations

import pyarrow as pa

_INT, _TEXT = pa.int64(), pa.string()


def _must(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


_PAGE = [_must("pagePath", _TEXT)]
_TRANSACTION = [("transactionId", _TEXT)]
_HIT = [
    _must("hitNumber", _INT),
    _must("time", _INT),
    ("hour", _INT),
    ("minute", _INT),
    _must("type", _TEXT),
    _must("page", pa.struct(_PAGE)),
    ("appInfo", pa.struct([("screenName", _TEXT)])),
    ("eCommerceAction", pa.struct([("action_type", _TEXT)])),
    ("transaction", pa.struct(_TRANSACTION)),
    ("refund", pa.struct([("refundAmount", _INT)])),
]
# What only a contract file reads of a hit.
_MORE = {
    "page": pa.struct([*_PAGE, ("pageTitle", _TEXT)]),
    "transaction": pa.struct([*_TRANSACTION, ("transactionRevenue", _INT)]),
    "eventInfo": pa.struct(
        [("eventCategory", _TEXT), ("eventAction", _TEXT), ("eventValue", _INT)]
    ),
    "product": pa.list_(pa.struct([("productSKU", _TEXT), ("isImpression", pa.bool_())])),
}

# What the SQL reads. A field that is not nullable must be in the input; the others were added to
# the export over the years and are NULL where a day does not have them.
LAYOUT = pa.schema(
    [
        _must("fullVisitorId", _TEXT),
        _must("visitId", _INT),
        _must("visitStartTime", _INT),
        _must("date", _TEXT),
        _must(
            "totals",
            pa.struct(
                [
                    _must("visits", _INT),
                    ("timeOnSite", _INT),
                    ("newVisits", _INT),
                    ("transactions", _INT),
                    ("transactionRevenue", _INT),
                    ("totalTransactionRevenue", _INT),
                ]
            ),
        ),
        ("device", pa.struct([("deviceCategory", _TEXT)])),
        ("geoNetwork", pa.struct([("country", _TEXT)])),
        ("channelGrouping", _TEXT),
        _must("hits", pa.list_(pa.struct(_HIT))),
    ]
)


def _with_hits() -> pa.Schema:
    kinds = {field.name: field for field in pa.struct(_HIT)}
    kinds |= {
        name: pa.field(name, kind, nullable=name not in kinds or kinds[name].nullable)
        for name, kind in _MORE.items()
    }
    place = LAYOUT.get_field_index("hits")
    return LAYOUT.set(place, _must("hits", pa.list_(pa.struct(list(kinds.values())))))


WITH_HITS = _with_hits()
"""The layout with what a contract file reads of a hit."""
