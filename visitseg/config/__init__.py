"""Settings: what can be set, where it comes from, what is wrong with it."""

from visitseg.config.load import did_you_mean, load_settings
from visitseg.config.settings import (
    BigQuerySettings,
    CsvSettings,
    EventSettings,
    Settings,
    Source,
    VisitLimits,
    option_fields,
)
from visitseg.config.template import template

__all__ = [
    "BigQuerySettings",
    "CsvSettings",
    "EventSettings",
    "Settings",
    "Source",
    "VisitLimits",
    "did_you_mean",
    "load_settings",
    "option_fields",
    "template",
]
