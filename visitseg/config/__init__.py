"""Settings: what can be set, where it comes from, what is wrong with it."""

from visitseg.config.consistency import did_you_mean, without_effect
from visitseg.config.load import checked, load_settings
from visitseg.config.sections import (
    BigQuerySettings,
    CsvSettings,
    EventSettings,
    GateSettings,
    SparkSettings,
    VisitLimits,
)
from visitseg.config.settings import Settings, Source, option_fields
from visitseg.config.template import template

__all__ = [
    "BigQuerySettings",
    "CsvSettings",
    "EventSettings",
    "GateSettings",
    "Settings",
    "Source",
    "SparkSettings",
    "VisitLimits",
    "checked",
    "did_you_mean",
    "load_settings",
    "option_fields",
    "template",
    "without_effect",
]
