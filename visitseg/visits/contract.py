"""The contract of the visit table: checks that SELECT the rows that break it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from visitseg.errors import ContractError
from visitseg.visits.columns import BY_NAME
from visitseg.visits.entries import OVER_HITS, Contract, sql_of
from visitseg.visits.features import NO_CONTRACT
from visitseg.visits.text import SqlText, load, names, quoted
from visitseg.warehouse import Warehouse

_NO_WORD = re.compile(r"\W+")
_DO_SHIPPED = (
    "Check its expression in [columns]: what is unknown is NULL and not NaN (a count of nothing is "
    "0), a refund is a positive number, and a division by 0 needs NULLIF."
)
_DO_OWN = "Check the expression and the bounds in the contract file."
_DO_HITS = (
    "Check its condition: type is PAGE, APPVIEW or EVENT, event is the name of the event, and "
    "texts are compared letter by letter."
)

# A column of `visit_keys` that says whether a count of a ready visit table is no whole number.
FRACTION = "fraction_of_"


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


def check_texts(
    source: str,
    dialect: str,
    *,
    with_timezone: bool,
    contract: Contract = NO_CONTRACT,
    columns: Collection[str] = BY_NAME.keys(),
    unsure: Collection[str] = (),
) -> list[SqlText]:
    """Return the checks that apply: of the contract, everybody's, and the source's own.

    Parameters
    ----------
    source, dialect : str
        What is read, and where.
    with_timezone : bool
        Whether the days are compared with a time zone.
    contract : Contract
        The shipped contract, and the user's.
    columns : collection of str
        The columns of the visit table.
    unsure : collection of str
        Counts that the input may hold with a fraction.
    """
    files = [
        _of_source(load(name, dialect), source)
        for name in (*names("checks"), *names(f"checks/{source}"))
        if with_timezone or name != "checks/date_agrees_with_timezone"
    ]
    return [*_contract_checks(contract, columns, dialect), *map(_whole_check, unsure), *files]


def _of_source(text: SqlText, source: str) -> SqlText:
    """Return a check with what to do for a source, where its file says that apart."""
    do = text.header.get(f"Do_{source}", text.header["Do"])
    return replace(text, header=text.header | {"Do": do})


def is_of_rows(text: SqlText) -> bool:
    """Whether a check finds single rows that are wrong, not an input that is wrong as a whole."""
    return text.header["Severity"] == "error" and text.name.count("/") == 1


def _contract_checks(
    contract: Contract, columns: Collection[str], dialect: str
) -> Iterator[SqlText]:
    for feature in contract.features:
        if feature.name not in columns:
            continue
        column = quoted(feature.name, dialect)
        do = _DO_OWN if feature.own else _DO_SHIPPED
        if feature.null == "never":
            finds = f"Visits whose {feature.name} is NULL."
            yield _check(f"{feature.name}_known", f"{column} IS NULL", "error", finds, do)
        if feature.holds:
            finds = f"Visits whose {feature.name} is not {feature.range}."
            broken = f"NOT ({feature.holds.format(name=column)})"
            yield _check(f"{feature.name}_in_range", broken, "error", finds, do)
        if feature.own and feature.how in OVER_HITS:
            said = f"(SELECT COUNT(NULLIF({column}, 0)) FROM visits) = 0"
            finds = f"No hit of any visit counts for {feature.name}."
            yield _check(f"{feature.name}_occurs", said, "warning", finds, _DO_HITS)
    for rule in contract.rules:
        broken = f"NOT ({sql_of(rule.holds, dialect)})"
        yield _check(rule.name, broken, rule.severity, rule.description, rule.do)


def _whole_check(name: str) -> SqlText:
    return _check(
        f"{name}_whole",
        f"visit_id IN (SELECT visit_id FROM visit_keys WHERE {FRACTION}{name})",
        "error",
        f"Visits whose {name} is not a whole number.",
        f'{name} is a count: map a whole number in [columns], {name} = "round(…)".',
    )


def _check(name: str, broken: str, severity: str, finds: str, do: str) -> SqlText:
    return SqlText(
        f"checks/{_NO_WORD.sub('_', name)}",
        f"SELECT visit_id FROM visits WHERE {broken}\n",
        {"Severity": severity, "Finds": finds, "Do": do},
    )


def run_checks(
    warehouse: Warehouse, texts: Sequence[SqlText], params: Mapping[str, object]
) -> list[Check]:
    """Run all checks as one query; none stops the others."""
    one = "\nUNION ALL\n".join(
        f"SELECT {place} AS place, visit_id, nth, n FROM (SELECT visit_id, COUNT(*) OVER () AS n, "
        "ROW_NUMBER() OVER (ORDER BY LENGTH(visit_id), visit_id) AS nth FROM (\n"
        f"{text.sql}) AS bad) AS counted WHERE nth <= 5"
        for place, text in enumerate(texts)
    )
    found: dict[int, list[dict[str, Any]]] = {}
    for row in warehouse.query(
        f"SELECT * FROM (\n{one}\n) AS b ORDER BY place, nth", params
    ).to_pylist():
        found.setdefault(row["place"], []).append(row)
    return [
        Check(
            name=text.name.rpartition("/")[2],
            rows=int(found[place][0]["n"]) if place in found else 0,
            severity=text.header["Severity"],
            sql=f"sql/{text.name}.sql",
            examples=tuple(row["visit_id"] or "NULL" for row in found.get(place, ())),
            do=text.header["Do"],
            finds=text.header["Finds"],
        )
        for place, text in enumerate(texts)
    ]


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
        do="\n".join(
            [
                *dict.fromkeys(c.do for c in failed),
                "--dry-run prints the SQL of the checks.",
                "Nothing was published.",
            ]
        ),
    )
