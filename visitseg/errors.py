"""The exception tree.

    VisitsegError          everything a user can cause; exit code 1
    ├── UsageError         the command line asks for something impossible; exit code 2
    ├── ConfigError        a setting is unknown, malformed or contradicts another
    ├── InputError         the input is missing, unreadable or not what its source says
    ├── ContractError      the visit table breaks its contract
    ├── LedgerError        the ledger does not add up
    ├── SegmentError       the visits cannot be segmented as asked
    ├── WarehouseError     the warehouse refused, failed, or was lost on the way
    ├── PromotionError     the gate refuses a model; the current one keeps scoring
    └── OutputError        the run folder cannot be written

Every error has four parts: **what** is wrong (with counts), **where** (file, table, column, key),
**evidence** (at most a few lines) and **do** (a command or a key to change).
"""

from __future__ import annotations

import reprlib
from collections.abc import Sequence

# Characters of a value that an error shows.
_MOST = 160
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _MOST


def shown(value: object) -> str:
    """Return the repr of a value in one line that is not too long."""
    text = _SHORT.repr(value).replace("\n", " ")
    return text if len(text) <= _MOST else f"{text[: _MOST - 43]}...{text[-40:]}"


class VisitsegError(Exception):
    """Base of all errors that a user can cause.

    Parameters
    ----------
    what : str
        What is wrong, with counts.
    where : str
        The file, table, column or key it is about.
    evidence : sequence of str
        A few lines that show it: ids, found columns, the engine's own words.
    do : str
        What to change or to run.
    """

    exit_code = 1

    def __init__(
        self, what: str, *, where: str = "", evidence: Sequence[str] = (), do: str = ""
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.evidence = tuple(evidence)
        self.do = do

    def __str__(self) -> str:
        head = f"{type(self).__name__}: {self.what}"
        where = [f"  in {self.where}"] if self.where else []
        return "\n".join([head, *where, *(f"  {line}" for line in self.evidence), self.do]).rstrip()


class UsageError(VisitsegError):
    """The command line asks for something impossible."""

    exit_code = 2


class ConfigError(VisitsegError):
    """A setting is unknown, malformed or contradicts another."""


class InputError(VisitsegError):
    """The input is missing, unreadable or not what its source says."""


class ContractError(VisitsegError):
    """The visit table breaks its contract."""


class LedgerError(VisitsegError):
    """The ledger does not add up: a raw row is neither used nor named as lost."""


class SegmentError(VisitsegError):
    """The visits cannot be segmented as asked."""


class WarehouseError(VisitsegError):
    """The warehouse refused the work, failed at it, or was lost on the way."""


class PromotionError(VisitsegError):
    """The gate refuses a model; the current one keeps scoring."""


class OutputError(VisitsegError):
    """The run folder cannot be written."""
