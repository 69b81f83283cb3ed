"""The contract of the visit table: checks that SELECT the rows that break it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from visitseg.errors import ContractError
from visitseg.visits.features import Contract, Feature
from visitseg.visits.text import SqlText, load, names
from visitseg.warehouse import Warehouse


@dataclass(frozen=True)
class Check:
    """The outcome of one check.

    Attributes
    ----------
    name : str
        What must hold, for example ``visit_id_unique``.
    rows : int
        Rows that break it; 0 is a pass.
    severity : str
        error (nothing is published) or warning.
    sql : str
        Path of the text in the run folder; empty for checks that are not SQL.
    examples : tuple of str
        At most five visit ids.
    do : str
        What to change.
    finds : str
        What the rows are, in words.
    """

    name: str
    rows: int
    severity: str
    sql: str = ""
    examples: tuple[str, ...] = ()
    do: str = ""
    finds: str = ""

    @property
    def sentence(self) -> str:
        """What was found, with the count."""
        if not self.sql:
            return self.finds
        return f"{self.rows:,} visit{'s' if self.rows != 1 else ''}. {self.finds}"

    def to_dict(self) -> dict[str, Any]:
        """Return one entry of ``checks.json``."""
        return {
            "name": self.name,
            "rows": self.rows,
            "severity": self.severity,
            "sql": self.sql or None,
            "examples": list(self.examples),
        }


def check_texts(source: str, dialect: str, *, with_timezone: bool) -> list[SqlText]:
    """Return the checks that apply: everybody's, and the source's own."""
    found = [*names("checks"), *names(f"checks/{source}")]
    return [
        load(name, dialect)
        for name in found
        if with_timezone or name != "checks/date_agrees_with_timezone"
    ]


def feature_checks(contract: Contract) -> list[SqlText]:
    """Return one check for each feature to which the contract file sets bounds."""
    return [
        SqlText(
            f"checks/{feature.name}_in_range",
            f"SELECT visit_id FROM visits WHERE {feature.broken}\n",
            {
                "Severity": "error",
                "Finds": f"Visits whose {feature.name} is not {_range(feature)}.",
                "Do": "Check the expression and the bounds in the contract file.",
            },
        )
        for feature in contract.features
        if feature.broken
    ]


def _range(feature: Feature) -> str:
    bounds = [("at least", feature.min), ("at most", feature.max)]
    return " and ".join(f"{word} {bound:g}" for word, bound in bounds if bound is not None)


def run_checks(
    warehouse: Warehouse, texts: Sequence[SqlText], params: Mapping[str, object]
) -> list[Check]:
    """Run every check; none stops the others."""
    outcomes = []
    for text in texts:
        found = warehouse.query(
            "SELECT visit_id, COUNT(*) OVER () AS n FROM (\n"
            f"{text.sql}) AS bad ORDER BY LENGTH(visit_id), visit_id LIMIT 5",
            params,
        ).to_pylist()
        outcomes.append(
            Check(
                name=text.name.rpartition("/")[2],
                rows=int(found[0]["n"]) if found else 0,
                severity=text.header["Severity"],
                sql=f"sql/{text.name}.sql",
                examples=tuple(row["visit_id"] or "NULL" for row in found),
                do=text.header["Do"],
                finds=text.header["Finds"],
            )
        )
    return outcomes


def enforce(checks: Sequence[Check], visits: int, period: str) -> None:
    """Raise one `ContractError` that names every failed check."""
    failed = [check for check in checks if check.severity == "error" and check.rows]
    if not failed:
        return
    width = max(len(check.name) for check in failed)
    rows = [f"{c.rows:,} row{'s' if c.rows > 1 else ''}" for c in failed]
    row_width = max(map(len, rows))
    examples = [", ".join(check.examples[:2]) for check in failed]
    example_width = max(map(len, examples))
    raise ContractError(
        f"{len(failed)} of {len(checks)} checks failed on {visits:,} visits, {period}",
        evidence=[
            f"{c.name:<{width}}  {n:>{row_width}}   e.g. {ids:<{example_width}}"
            f"   {c.sql.removeprefix('sql/')}"
            for c, n, ids in zip(failed, rows, examples, strict=True)
        ],
        do="\n".join([*dict.fromkeys(c.do for c in failed), "Nothing was published."]),
    )
