"""Any event log: columns mapped by expressions, event values by lists, visits found or given."""

from visitseg.visits.events.mapping import MappedLog, example, map_log
from visitseg.visits.events.values import Values, event_counts, event_values, value_check

__all__ = [
    "MappedLog",
    "Values",
    "event_counts",
    "event_values",
    "example",
    "map_log",
    "value_check",
]
