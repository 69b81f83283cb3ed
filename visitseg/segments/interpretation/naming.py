"""Names of segments, from what is typical of their visits, each with the evidence for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from visitseg.errors import SegmentError
from visitseg.segments.assignment.fit import Labels
from visitseg.segments.assignment.rules import bounced, converted
from visitseg.segments.places.axes import Columns

_NAN = float("nan")
# Two segments with one name are told apart by the typical value that differs most: (high, low).
_SUFFIXES = {
    "pageviews": ("long", "short"),
    "seconds_a_page": ("slow", "quick"),
    "hits_a_page": ("busy", "calm"),
    "distinct_share": ("wide", "narrow"),
    "revenue": ("high spend", "low spend"),
}


@dataclass(frozen=True)
class Name:
    """What a segment is called, and why.

    Attributes
    ----------
    text : str
        The name.
    because : str
        One sentence.
    """

    text: str
    because: str


def typical(columns: Columns, labels: Labels, k: int) -> list[dict[str, float]]:
    """Return what names are made of, per segment: medians, and shares of bounced and converted.

    Parameters
    ----------
    columns : mapping of str to ndarray of shape (n_visits,)
        Features of the visit table.
    labels : ndarray of shape (n_visits,)
        Clusters 0 … k - 1; -1 is left out.
    k : int
        Number of clusters.
    """
    pages = np.maximum(columns["pageviews"], 1)
    values = {"pageviews": columns["pageviews"]}
    if "time_on_site_sec" in columns:
        values["seconds_a_page"] = columns["time_on_site_sec"] / pages
    if "hits" in columns:
        values["hits_a_page"] = columns["hits"] / pages
    if "unique_pages" in columns:
        values["distinct_share"] = columns["unique_pages"] / pages
    if "transaction_revenue" in columns:
        values["revenue"] = columns["transaction_revenue"]
    bought, gone = converted(columns), bounced(columns)
    found = []
    for c in range(k):
        own = labels == c
        row = {name: _median(value[own]) for name, value in values.items()}
        row["converted"] = float(bought[own].mean()) if own.any() else 0.0
        row["bounced"] = float(gone[own].mean()) if own.any() else 0.0
        if "add_to_carts" in columns and own.any():
            row["filled"] = float((columns["add_to_carts"][own] > 0).mean())
        found.append(row)
    return found


def _median(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else _NAN


def check_given(ids: Sequence[str], given: Mapping[str, str]) -> None:
    """Check that no two segments are given one name.

    Raises
    ------
    SegmentError
        Two are: often one by the user, and one by the model before.
    """
    first: dict[str, str] = {}
    for id_ in ids:
        name = given.get(id_)
        if name is not None and first.setdefault(name, id_) != id_:
            raise SegmentError(
                f"two segments would be called {name!r}: {first[name]} and {id_}",
                where="[names], and the names of the previous model",
                do=f"Give another name, or a line of its own to the other: {id_} = ...",
            )


def name_segments(rows: Sequence[Mapping[str, float]]) -> list[Name]:
    """Name every segment; no two get the same name.

    Parameters
    ----------
    rows : sequence of mapping
        From `typical`.
    """
    names = [_first_match(row) for row in rows]
    for text in {name.text for name in names}:
        same = [i for i, name in enumerate(names) if name.text == text]
        if len(same) > 1:
            for i, new in zip(same, _apart(text, [rows[i] for i in same]), strict=True):
                names[i] = Name(new, names[i].because)
    return names


def _first_match(row: Mapping[str, float]) -> Name:
    pages, pace = row["pageviews"], row.get("seconds_a_page", _NAN)
    hits, distinct = row.get("hits_a_page", _NAN), row.get("distinct_share", _NAN)
    if row["converted"] >= 0.5:
        return Name("buyers", f"{row['converted']:.0%} of the visits hold an order")
    if row["bounced"] >= 0.8:
        return Name("bouncers", f"{row['bounced']:.0%} of the visits left after one page")
    if pages < 1:
        return Name("visits without pages", "the median visit holds no page view")
    if pace < 4:
        told = f"the median visit sees {pages:.0f} page{'s' * (pages != 1)}, {pace:.1f} s each"
        return Name("suspected bots" if pages >= 10 else "skimmers", told)
    if row.get("filled", 0.0) >= 0.3:
        return Name("cart builders", f"{row['filled']:.0%} of the visits fill a cart")
    if hits >= 2.5:
        return Name("clickers", f"the median visit sends {hits:.1f} hits a page")
    if distinct <= 0.5:
        again = f"{1 - distinct:.0%} of the median visit's page views go back to a page seen before"
        return Name("searchers", again)
    if pace >= 120:
        return Name("readers", f"the median visit spends {pace:.0f} s a page")
    if pages >= 10:
        return Name("researchers", f"the median visit sees {pages:.0f} pages")
    known = "" if np.isnan(pace) else f" at {pace:.0f} s each"
    return Name("browsers", f"the median visit sees {pages:.0f} pages{known}")


def _apart(text: str, rows: Sequence[Mapping[str, float]]) -> list[str]:
    """Tell segments of one name apart by the value that differs most between them."""
    spreads = {}
    for name in _SUFFIXES:
        values = np.array([row.get(name, _NAN) for row in rows])
        if np.isfinite(values).all():
            spreads[name] = float(np.ptp(np.log1p(np.maximum(values, 0))))
    if not spreads or max(spreads.values()) == 0:
        return [f"{text} {i + 1}" for i in range(len(rows))]
    feature = max(spreads, key=spreads.__getitem__)
    high, low = _SUFFIXES[feature]
    order = np.argsort([row[feature] for row in rows], kind="stable")
    if text == "buyers" and feature == "revenue" and len(rows) == 2:
        words = {int(order[0]): "buyers", int(order[1]): "big-basket buyers"}
    elif len(rows) == 2:
        words = {int(order[0]): f"{text}, {low}", int(order[1]): f"{text}, {high}"}
    else:
        rank = {int(i): place + 1 for place, i in enumerate(order)}
        words = {i: f"{text}, {low} to {high} {rank[i]} of {len(rows)}" for i in range(len(rows))}
    return [words[i] for i in range(len(rows))]
