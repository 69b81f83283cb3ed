"""A model as SQL: one SELECT over a visit table that gives the labels of `Model.predict`."""

from visitseg.model.sql.statement import Dialect, Style, scoring_sql

__all__ = ["Dialect", "Style", "scoring_sql"]
