"""Rule segments: bounced visits and visits with an order, known without looking at density."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from visitseg.segments.places.axes import Columns

Mask = npt.NDArray[np.bool_]
# Under this share of visits a rule makes no segment of its own.
MIN_SHARE = 0.005
BOUNCED = "bounced"
CONVERTED = "converted"


def converted(columns: Columns) -> Mask:
    """Tell which visits hold an order."""
    orders = columns.get("transactions")
    if orders is None:
        return np.zeros(len(columns["pageviews"]), dtype=bool)
    result: Mask = np.nan_to_num(orders) > 0
    return result


def bounced(columns: Columns) -> Mask:
    """Tell which visits bounced: no order, at most one page, and not engaged.

    Where the source does not say whether a visit was engaged, time unknown or 0 stands for it.
    """
    still = np.ones(len(columns["pageviews"]), dtype=bool)
    if (time := columns.get("time_on_site_sec")) is not None:
        still = np.nan_to_num(time) <= 0
    if (engaged := columns.get("engaged")) is not None:
        still = np.where(np.isnan(engaged), still, engaged == 0)
    result: Mask = (np.nan_to_num(columns["pageviews"]) <= 1) & still & ~converted(columns)
    return result


def masks(columns: Columns, rules: Sequence[str]) -> dict[str, Mask]:
    """Tell, for each rule that is applied, which visits meet it; no visit meets two."""
    every = {BOUNCED: bounced, CONVERTED: converted}
    return {name: every[name](columns) for name in rules}


def columns_of(rules: Iterable[str]) -> set[str]:
    """Return the columns that some rules look at, where the visit table has them."""
    looks_at = {
        BOUNCED: {"pageviews", "time_on_site_sec", "engaged", "transactions"},
        CONVERTED: {"transactions"},
    }
    return {column for name in rules for column in looks_at[name]}


def words(columns: Columns) -> dict[str, str]:
    """Return each rule as people read it."""
    still = "time unknown or 0"
    if "engaged" in columns:
        still = "engaged = 0"
        if np.isnan(columns["engaged"]).any():
            still += " (where unknown: time unknown or 0)"
    return {
        BOUNCED: f"pageviews ≤ 1 and {still} and no order",
        CONVERTED: "transactions ≥ 1",
    }


def applicable(
    columns: Columns, *, k: int | None = None, before: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return the rules that make a segment.

    Parameters
    ----------
    columns : mapping of str to ndarray of shape (n_visits,)
        Features of the visit table.
    k : int, optional
        Segments that the user asks for. Where they would leave less than one for the visits
        beyond the rules, rules are dropped, smallest first.
    before : sequence of str
        Rules of the previous model: they stay down to half of `MIN_SHARE`.
    """
    found = masks(columns, (BOUNCED, CONVERTED))
    shares = {name: float(mask.mean()) for name, mask in found.items()}
    least = {name: MIN_SHARE / 2 if name in before else MIN_SHARE for name in shares}
    kept = [name for name, share in shares.items() if share >= least[name]]
    while kept and k is not None:
        rest = ~np.logical_or.reduce([found[name] for name in kept])
        if len(kept) + int(rest.any()) <= k:
            break
        kept.remove(min(kept, key=shares.__getitem__))
    return tuple(kept)
