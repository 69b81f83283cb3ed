"""The SQL of what a contract makes: the select list, features of hits and of visits."""

from __future__ import annotations

from collections.abc import Sequence

from visitseg.visits.columns import COLUMNS
from visitseg.visits.entries import COUNTS, Contract, Dimension, Feature, Said, sql_of
from visitseg.visits.text import TYPES, quoted

# Sums are of millionths as whole numbers, so that they are the same in any order of the hits; a hit
# of more than this would not fit, and counts as unknown.
_LARGEST = "1e12"
# No larger number is a whole number without doubt.
_LARGEST_WHOLE = "9e15"
_NOTHING = {
    "zero": "NULL is written as 0",
    "unknown": "NULL: unknown",
    "not_applicable": "NULL: undefined",
    "never": "never NULL",
}


def meaning(feature: Feature) -> str:
    """Return a feature in words, what its NULL means among them."""
    return f"{feature.description}; {_NOTHING[feature.null]}".removeprefix("; ")


def visits_text(shipped: Contract) -> str:
    """Return the canonical text of the model `visits`, from the shipped contract."""
    features = {feature.name: feature for feature in shipped.features}
    lines = []
    for column in COLUMNS:
        feature = features.get(column.name)
        made = sql_of(feature.what, "bigquery") if feature and feature.what else ""
        item = f"{made[1:-1]} AS {column.name}" if made else column.name
        item += "" if column is COLUMNS[-1] else ","
        lines.append(f"  {item:<22} -- {meaning(feature) if feature else column.meaning}")
    grain = ["-- Grain:  one row per visit: the visit table.", "-- Input:  visit_keys.", "SELECT"]
    return "\n".join([*grain, *lines, "FROM visit_keys", "WHERE removed IS NULL", ""])


def hit_features_text(contract: Contract, dialect: str) -> str:
    """Return the text of the model `hit_features`; it reads the source's `hits`."""
    whole, places, values = TYPES[dialect]["whole"], list[str](), ["visit_id"]
    for one in contract.over_hits:
        value = _number(one.what, dialect) if one.how != "count_if" else _text(one.what, dialect)
        where = f"{_text(one.where, dialect)} AND " if one.where else ""
        match one.how:
            case "count_if":
                made = f"COUNT(CASE WHEN {where}{value} THEN 1 END)"
            case "distinct_of":
                made = f"COUNT(DISTINCT CASE WHEN {where}{value} IS NOT NULL THEN {value} END)"
            case "sum_of":
                millionths = f"CAST(ROUND({value} * 1e6) AS {whole})"
                fits = f"{where}ABS({value}) < {_LARGEST}"
                made = f"CAST(SUM(CASE WHEN {fits} THEN {millionths} END) AS {whole}) / 1e6"
            case _:
                place = f"MIN(CASE WHEN {where}{value} IS NOT NULL THEN nth END)"
                places.append(f"{place} OVER (PARTITION BY visit_id) AS nth_{one.name}")
                made = f"MAX(CASE WHEN nth = nth_{one.name} THEN {value} END)"
        values.append(f"{made} AS {one.name}")
    read = "hits"
    if places:
        listed = ",\n    ".join(["*", *places])
        read = f"(\n  SELECT\n    {listed}\n  FROM hits\n) AS placed"
    selected = ",\n  ".join(values)
    return f"""\
-- Grain:  one row per visit: what the contract file makes of its hits.
-- Input:  hits.
SELECT
  {selected}
FROM {read}
GROUP BY visit_id
"""


def with_made(visits: str, contract: Contract, columns: Sequence[str], dialect: str) -> str:
    """Return the text of the model `visits` with what the user's contract file adds.

    Parameters
    ----------
    visits : str
        The text without it; grain one row per visit.
    contract : Contract
        The shipped contract and the user's.
    columns : sequence of str
        The columns of that text, in its order.
    dialect : str
        The engine.
    """
    zeros = {f.name for f in contract.features if f.null == "zero" and f.name in columns}
    if contract.over_hits or zeros:
        items = []
        for name in columns:
            word = quoted(name, dialect)
            items.append(f"COALESCE(v.{word}, 0) AS {word}" if name in zeros else f"v.{word}")
        for one in contract.over_hits:
            items += _item(one, _finished(one, f"h.{one.name}", dialect))
        joined = "\nLEFT JOIN hit_features AS h ON h.visit_id = v.visit_id"
        visits = _around(
            visits,
            items,
            "and hit_features" if contract.over_hits else "",
            joined if contract.over_hits else "",
        )
    items = ["v.*"]
    for one in contract.over_visits:
        if isinstance(one, Feature):
            items += _item(one, _finished(one, _number(one.what, dialect), dialect))
        else:
            items += _item(one, _category(one.what, dialect))
    return _around(visits, items) if contract.over_visits or contract.over_hits else visits


def _around(visits: str, items: Sequence[str], also: str = "", joined: str = "") -> str:
    selected = ",\n  ".join(items)
    return f"""\
-- Grain:  one row per visit: the visit table, and what the contract file adds.
-- Input:  as below{f", {also}" if also else ""}.
SELECT
  {selected}
FROM (
{visits.rstrip()}
) AS v{joined}
"""


def _item(one: Feature | Dimension, value: str) -> list[str]:
    told = " ".join(one.description.split())
    return [(f"-- {told}\n  " if told else "") + f"{value} AS {one.name}"]


def _text(said: Said | None, dialect: str) -> str:
    return sql_of(said, dialect) if said else "NULL"


def _number(said: Said | None, dialect: str) -> str:
    """Return a value that can be compared and added: a condition is 1 or 0."""
    text = _text(said, dialect)
    condition = said is not None and said.kind == "condition"
    if not condition:
        return text
    flag = f"CASE WHEN {text} THEN 1 WHEN NOT {text} THEN 0 END"
    return f"CAST({flag} AS {TYPES[dialect]['whole']})"


def _category(said: Said | None, dialect: str) -> str:
    text = _text(said, dialect)
    condition = said is not None and said.kind == "condition"
    return f"CASE WHEN {text} THEN 'yes' WHEN NOT {text} THEN 'no' END" if condition else text


def _finished(one: Feature | Dimension, value: str, dialect: str) -> str:
    """Give a feature its type, and its zeros."""
    if isinstance(one, Dimension):
        return value
    if one.type == "float":
        value = f"1e0 * {value}"
    elif one.how not in COUNTS and (one.what is None or one.what.kind != "condition"):
        whole = f"CAST(ROUND({value}) AS {TYPES[dialect]['whole']})"
        value = f"CASE WHEN ABS({value}) < {_LARGEST_WHOLE} THEN {whole} END"
    return f"COALESCE({value}, 0)" if one.null == "zero" or one.how in COUNTS else value
