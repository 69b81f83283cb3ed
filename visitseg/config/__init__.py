"""Settings: what can be set, where it comes from, what is wrong with it."""

from visitseg.config.load import did_you_mean, load_settings
from visitseg.config.settings import (
    CsvSettings,
    EventSettings,
    Settings,
    Source,
    SparkSettings,
    VisitLimits,
    option_fields,
)
from visitseg.config.template import template

__all__ = [
    "CsvSettings",
    "EventSettings",
    "Settings",
    "Source",
    "SparkSettings",
    "VisitLimits",
    "did_you_mean",
    "load_settings",
    "option_fields",
    "template",
]
