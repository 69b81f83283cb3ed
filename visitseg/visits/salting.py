"""Ids that say nothing of the visitor: the SHA-256 of ``salt|visit_id``.

The salt is read from the environment and travels as a query parameter; it is written nowhere. Who
has it can compute the id of a visit that is known, and join; who has not cannot go back.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import replace

from visitseg.config import Settings
from visitseg.errors import ConfigError
from visitseg.visits.contract import Check
from visitseg.visits.ledger import Ledger
from visitseg.visits.text import load
from visitseg.warehouse import Warehouse


def read_salt(settings: Settings) -> str | None:
    """Return the salt; None where ids are to stay as they are.

    Raises
    ------
    ConfigError
        The environment variable is not set, or is empty.
    """
    if settings.salt_env is None:
        return None
    salt = os.environ.get(settings.salt_env, "")
    if salt:
        return salt
    raise ConfigError(
        f"the environment variable {settings.salt_env} is not set or empty",
        where="--salt-env",
        do=f"Set it to a long secret text, the same every time: export {settings.salt_env}=…",
    )


def salted(visit_id: str, salt: str) -> str:
    """Return the id that stands for a visit."""
    return hashlib.sha256(f"{salt}|{visit_id}".encode()).hexdigest()


def salt_table(warehouse: Warehouse, salt: str, table: str = "visits") -> None:
    """Replace the ids of a table of visits."""
    warehouse.create_table("visits_by_id", f"SELECT * FROM {table}")
    warehouse.create_table(table, load("salted", warehouse.dialect).sql, {"salt": salt})
    warehouse.drop_table("visits_by_id")


def salt_told(ledger: Ledger, checks: Sequence[Check], salt: str) -> tuple[Ledger, list[Check]]:
    """Replace the ids that the ledger and the checks name as examples."""
    notes = tuple(
        replace(note, visit_ids=tuple(salted(id_, salt) for id_ in note.visit_ids))
        for note in ledger.notes
    )
    told = [
        replace(check, examples=tuple(salted(id_, salt) for id_ in check.examples))
        for check in checks
    ]
    return replace(ledger, notes=notes), told
