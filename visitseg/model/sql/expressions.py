"""Numbers, texts and features as SQL that means the same on every engine.

Only operators, CASE, COALESCE, LN, ABS and SIGN. Every number is written with an exponent, which
makes it a double everywhere, and with all its digits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from visitseg.segments.assignment import rules
from visitseg.segments.assignment.nearest import Nearest
from visitseg.segments.frames import RATIOS
from visitseg.segments.places.axes import Axis

BACKSLASH = {"bigquery", "spark"}
# Longer cases are written over several lines.
_LINE, _NEXT = 80, "\n      "


def number(value: float) -> str:
    """Write a double so that it is read as the very same one."""
    digits = repr(float(value))
    return digits if "e" in digits else f"{digits}e0"


def text(value: str | None, dialect: str) -> str:
    """Write a text literal; None is NULL."""
    if value is None:
        return "CAST(NULL AS STRING)"
    if dialect not in BACKSLASH:
        return "'" + value.replace("'", "''") + "'"
    for character, escaped in (("\\", "\\\\"), ("'", "\\'"), ("\n", "\\n"), ("\r", "\\r")):
        value = value.replace(character, escaped)
    return f"'{value}'"


def linear(constant: float, terms: Iterable[tuple[float, str]]) -> str:
    """Write constant + Σ factor · column; terms of factor 0 are left out."""
    written = number(constant)
    for factor, column in terms:
        if factor:
            written += f" {'-' if factor < 0 else '+'} {number(abs(factor))} * {column}"
    return written


def cases(of: str, results: Mapping[int, str]) -> str:
    """Write a CASE over whole numbers: the first the most usual, the last for all others.

    Where all results agree there is nothing to distinguish.
    """
    *_, default = results.values()
    whens = [f"WHEN {k} THEN {v}" for k, v in results.items() if v != default]
    if not whens:
        return default
    short = f"CASE {of} {' '.join(whens)} ELSE {default} END"
    if len(short) <= _LINE:
        return short
    return f"CASE {of}{''.join(_NEXT + when for when in whens)}{_NEXT}ELSE {default} END"


def rule(ruled: Sequence[str], there: Sequence[str]) -> str:
    """Write which rule a visit meets; NULL where none."""
    orders = "transactions" in there
    still = "COALESCE(time_on_site_sec, 0) <= 0" if "time_on_site_sec" in there else "TRUE"
    if "engaged" in there:
        still = f"CASE WHEN engaged IS NULL THEN {still} ELSE engaged = 0 END"
    conditions = {
        rules.CONVERTED: "COALESCE(transactions, 0) > 0" if orders else "FALSE",
        rules.BOUNCED: f"COALESCE(pageviews, 0) <= 1 AND {still}"
        + (" AND COALESCE(transactions, 0) <= 0" if orders else ""),
    }
    whens = " ".join(f"WHEN {conditions[name]} THEN '{name}'" for name in ruled)
    return f"CASE {whens} END" if whens else "CAST(NULL AS STRING)"


def of_ratio(column: str) -> str:
    """Write a feature of which the table has only the ratio to the pages."""
    return f"{RATIOS[column]} * {_at_least('pageviews', 1)}"


def place(axis: Axis) -> str:
    """Write where a known value lies on its axis; NULL where it has no place there."""
    half, value, per = axis.step / 2, axis.column, _at_least("pageviews", 1)
    below, above = _plus(value, -half), _plus(value, half)
    match axis.kind:
        case "pages":
            return _middle(f"LN({_at_least(below, half / 2)})", f"LN({above})")
        case "pace":
            low = f"LN(1e0 + {_at_least(below, 0)} / {per})"
            return _middle(low, f"LN(1e0 + ({above}) / {per})")
        case "activity":
            low = f"LN({_at_least(value, half)} / (pageviews + 0.5e0))"
            return _middle(low, f"LN(({_plus(value, 2 * half)}) / (pageviews + 0.5e0))")
        case "breadth":
            return _middle(f"({below}) / {per}", f"({above}) / {per}")
        case "log":
            low = f"LN({_at_least(below, half / 2) if half else value})"
            return f"CASE WHEN {above} > 0 THEN {_middle(low, f'LN({above})')} END"
        case "log1p":
            return _middle(_log1p(below), _log1p(above))
        case _:
            return f"1e0 * {value} / {number(axis.unit)}"


def robust(column: str, centre: float, scale: float) -> str:
    """Write where a value of a plain table lies."""
    return f"({column} - {number(centre)}) / {number(scale)}"


def standardised(nearest: Nearest, j: int) -> str:
    """Write a value of preset `baseline`: unknown is 0, cut, in standard deviations."""
    value = f"COALESCE({nearest.features[j]}, 0)"
    lower, upper = float(nearest.lower[j]), float(nearest.upper[j])
    cut = []
    if lower > -float("inf"):
        cut.append(f"WHEN {value} < {number(lower)} THEN {number(lower)}")
    if upper < float("inf"):
        cut.append(f"WHEN {value} > {number(upper)} THEN {number(upper)}")
    inside = f"CASE {' '.join(cut)} ELSE {value} END" if cut else value
    return f"({inside} - {number(nearest.mean[j])}) / {number(nearest.deviation[j])}"


def _plus(value: str, constant: float) -> str:
    if not constant:
        return value
    return f"{value} {'-' if constant < 0 else '+'} {number(abs(constant))}"


def _middle(low: str, high: str) -> str:
    """Write the middle of a cell; the middle of a point is the point."""
    return low if low == high else f"0.5e0 * ({low} + {high})"


def _at_least(value: str, least: float) -> str:
    # GREATEST skips NULL on some engines and not on others; here NULL becomes `least`, so the
    # caller keeps unknown values away.
    return f"CASE WHEN {value} > {number(least)} THEN {value} ELSE {number(least)} END"


def _log1p(value: str) -> str:
    return f"SIGN({value}) * LN(1e0 + ABS({value}))"
