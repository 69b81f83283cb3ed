"""Names of projects, datasets, tables and keys: validated, then quoted. Nothing else is.

A name cannot be a query parameter, so what a user gives must match its pattern as a whole; no
pattern lets a back-tick, a quote, a backslash, a line break or a semicolon through.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from visitseg.errors import ConfigError

_PROJECT = re.compile(r"(?:[a-z][a-z0-9.-]{0,60}\.[a-z]{2,20}:)?[a-z][a-z0-9-]{4,28}[a-z0-9]")
_DATASET = re.compile(r"[A-Za-z0-9_]{1,1024}")
_TABLE = re.compile(r"[\w-]{1,1023}\*?")
_LOCATION = re.compile(r"[A-Za-z]{2,10}(?:-[a-z]+[0-9]{0,2}){0,2}")
_KEY = re.compile(
    r"projects/[a-z0-9.:-]{6,100}/locations/[a-z0-9-]{2,40}"
    r"/keyRings/[A-Za-z0-9_-]{1,63}/cryptoKeys/[A-Za-z0-9_-]{1,63}"
)
_LABEL_KEY = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_LABEL_VALUE = re.compile(r"[a-z0-9_-]{0,63}")
# The day at the end of a day table's name, as an export writes it.
DAY = re.compile(r"[0-9]{8}")


@dataclass(frozen=True)
class Dataset:
    """A dataset that exists or will."""

    project: str
    name: str

    @property
    def path(self) -> str:
        """Project and dataset, for messages and for the API."""
        return f"{self.project}.{self.name}"


@dataclass(frozen=True)
class TablePattern:
    """One table, or all tables whose names begin alike (the name ends with ``*``)."""

    dataset: Dataset
    table: str

    @property
    def path(self) -> str:
        """As ``--input`` takes it."""
        return f"{self.dataset.path}.{self.table}"

    @property
    def is_wildcard(self) -> bool:
        """Whether it stands for several tables."""
        return self.table.endswith("*")

    @property
    def prefix(self) -> str:
        """What all its tables begin with."""
        return self.table.removesuffix("*")

    @property
    def quoted(self) -> str:
        """As SQL reads it."""
        return quote(self.path)


def quote(path: str) -> str:
    """Put a validated name into back-ticks."""
    if "`" in path or "\\" in path:
        raise _refused("name", path, "no back-tick and no backslash")
    return f"`{path}`"


def read_project(text: str, where: str) -> str:
    """Return the project's id, or refuse it."""
    if not _PROJECT.fullmatch(text):
        raise _refused(where, text, "6 to 30 lower-case letters, digits and hyphens")
    return text


def read_dataset(text: str, project: str | None, where: str) -> Dataset:
    """Read ``project.dataset``, or a dataset of the jobs' project."""
    before, _, name = text.rpartition(".")
    owner = read_project(before, where) if before else project
    if owner is None or not _DATASET.fullmatch(name):
        raise _refused(where, text, "project.dataset: letters, digits and _ in the dataset")
    return Dataset(owner, name)


def read_pattern(text: str, project: str | None, where: str = "--input") -> TablePattern:
    """Read ``project.dataset.table``, or a pattern that ends with ``*``."""
    dataset, _, table = text.rpartition(".")
    if not dataset or not _TABLE.fullmatch(table):
        raise _refused(where, text, "project.dataset.table or project.dataset.prefix_*")
    return TablePattern(read_dataset(dataset, project, where), table)


def read_location(text: str) -> str:
    """Return a region or multi-region, for example EU or europe-west3."""
    if not _LOCATION.fullmatch(text):
        raise _refused("--location", text, "a region as BigQuery names it: EU, US, europe-west3")
    return text


def read_key(text: str) -> str:
    """Return the resource name of a Cloud KMS key."""
    if not _KEY.fullmatch(text):
        raise _refused(
            "--kms-key", text, "projects/P/locations/L/keyRings/R/cryptoKeys/K, without a version"
        )
    return text


def read_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """Return job labels: lower-case keys and values."""
    for key, value in labels.items():
        if not _LABEL_KEY.fullmatch(key) or not _LABEL_VALUE.fullmatch(value):
            raise _refused(
                "[bigquery] labels", f"{key} = {value}", "lower-case letters, digits, - and _"
            )
    return {"application": "visitseg", **labels}


def _refused(where: str, text: str, wanted: str) -> ConfigError:
    shown = text if len(text) <= 100 else f"{text[:100]}…"
    return ConfigError(
        "a name is not one that BigQuery knows",
        where=where,
        evidence=[f"given: {shown!r}", f"wanted: {wanted}"],
        do="Correct the name. Nothing was sent to BigQuery.",
    )
