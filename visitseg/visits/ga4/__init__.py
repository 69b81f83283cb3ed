"""Google Analytics 4: the nested BigQuery export, one row per event."""

from __future__ import annotations

import pyarrow as pa

_INT, _NUMBER, _TEXT = pa.int64(), pa.float64(), pa.string()


def _must(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


def _id(name: str) -> pa.Field:
    """Describe an id that some exports write as a number; it has no leading zeros to lose."""
    return pa.field(name, _TEXT, metadata={"numbers": "allowed"})


_VALUE = pa.struct(
    [
        ("string_value", _TEXT),
        ("int_value", _INT),
        ("float_value", _NUMBER),
        ("double_value", _NUMBER),
    ]
)

# What the SQL reads. A field that is not nullable must be in the input; the others were added to
# the export over the years and are NULL where a day does not have them.
LAYOUT = pa.schema(
    [
        _must("event_date", _TEXT),
        _must("event_timestamp", _INT),
        _must("event_name", _TEXT),
        _must("event_params", pa.list_(pa.struct([_must("key", _TEXT), _must("value", _VALUE)]))),
        _must("user_pseudo_id", _TEXT),
        _id("stream_id"),
        ("platform", _TEXT),
        ("batch_page_id", _INT),
        ("batch_ordering_id", _INT),
        ("batch_event_index", _INT),
        ("privacy_info", pa.struct([_id("analytics_storage")])),
        ("device", pa.struct([("category", _TEXT)])),
        ("geo", pa.struct([("country", _TEXT)])),
        (
            "ecommerce",
            pa.struct(
                [
                    ("transaction_id", _TEXT),
                    ("purchase_revenue", _NUMBER),
                    ("purchase_revenue_in_usd", _NUMBER),
                    ("refund_value", _NUMBER),
                    ("refund_value_in_usd", _NUMBER),
                ]
            ),
        ),
        (
            "collected_traffic_source",
            pa.struct(
                [
                    ("manual_source", _TEXT),
                    ("manual_medium", _TEXT),
                    ("manual_campaign_name", _TEXT),
                    ("gclid", _TEXT),
                ]
            ),
        ),
        (
            "session_traffic_source_last_click",
            pa.struct([("cross_channel_campaign", pa.struct([("default_channel_group", _TEXT)]))]),
        ),
    ]
)

WITH_HITS = LAYOUT.append(pa.field("items", pa.list_(pa.struct([("item_id", _TEXT)]))))
"""The layout with what a contract file reads of an event."""
