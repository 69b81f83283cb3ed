"""The report's tables in words: checks, ledger, clipping, settings."""

from __future__ import annotations

import json
import re
from typing import Any

from visitseg.report.folder import Record, RunFolder
from visitseg.report.wording import features, words

_REASONS = {
    "duplicate": "repeated",
    "null_id": "without a visitor or visit id",
    "no_consent": "without consent",
    "non_interaction": "without interaction",
    "intraday": "intraday, superseded by the day's final table",
    "out_of_range": "outside the period",
    "late": "arrived late",
    "internal": "internal traffic",
    "debug": "from debugging",
    "bot": "from bots",
    "runaway": "runaway visits",
    "quarantined": "quarantined",
    "bad_line": "unreadable lines",
    "continuation": "visits that began before the data do",
    "merged_over_midnight": "visits merged over midnight",
    "shared_order_id": "visits with two receipts under one order id",
    "order_without_id": "orders without an id",
}
_OF_SEGMENTS_OR_DAYS = {"segment_share", "consent_share_steady", "events_below_ceiling"}
"""Checks whose rows are not visits: one is enough to matter."""

_CLIPPING = {
    "zscore": "Values farther than {threshold:g} standard deviations from the mean were set to "
    "that limit before the cut into segments; the centres are means of the clipped values.",
    "quantile": "Values beyond the outer quantiles were set to them before the cut into segments; "
    "the centres are means of the clipped values.",
    "none": "No value was clipped.",
}


def reason(name: str) -> str:
    """Say a ledger reason in words."""
    return _REASONS.get(name, name.replace("_", " "))


def rows_of(run: RunFolder) -> str:
    """Name the rows that the ledger counts."""
    return "events" if run.ledger.get("unit") == "events" else "visit rows"


def checks(run: RunFolder) -> list[Record]:
    """Say each check's result in words; examples stay out, they are ids.

    Parameters
    ----------
    run : RunFolder
        The run.

    Returns
    -------
    list of dict
        ``name``, ``state`` (ok, warn, bad), ``found``, ``words``; failures first.
    """
    listed = run.checks
    said = run.report.get("checks") or {}
    if not listed:
        names = said.get("warnings") or []
        listed = [{"name": name, "rows": None, "severity": "warning"} for name in names]
    told = []
    for check in listed:
        rows, bad = check.get("rows"), check.get("severity") == "error"
        state = "ok" if rows == 0 else "bad" if bad else "warn"
        found = "not counted" if rows is None else words.count(rows) if rows else "none"
        noun = "row breaks" if rows == 1 else "rows break"
        text = "Not as expected." if rows is None else f"{found} {noun} this check."
        told.append(
            {
                "name": _title(str(check["name"])),
                "state": state,
                "found": found,
                "rows": rows,
                "of_days": check["name"] in _OF_SEGMENTS_OR_DAYS,
                "words": _by_name(run, str((said.get("sentences") or {}).get(check["name"], text))),
            }
        )
    return sorted(told, key=lambda check: ["bad", "warn", "ok"].index(check["state"]))


def _title(check: str) -> str:
    """Name a check, its feature as everywhere on the page."""
    feature = check.removesuffix("_in_range")
    if feature in features.KNOWN:
        return f"{features.label(feature)} in range"
    return (
        words.sentence(check).replace(" ga", " GA")
        if check.endswith("_ga")
        else (words.sentence(check))
    )


def _by_name(run: RunFolder, sentence: str) -> str:
    """Write segments by their names: readers of the page do not know their ids."""
    names = {segment.id: segment.title for segment in run.segments}
    return re.sub(r"\bs\d+\b", lambda found: names.get(found[0], found[0]), sentence)


def ledger(run: RunFolder) -> Record | None:
    """Lay out the ledger: what came in, what fell out and why, what was left.

    Parameters
    ----------
    run : RunFolder
        The run.

    Returns
    -------
    dict or None
        ``rows`` of (kind, text, number), ``notes``, ``adds_up`` and the ``law`` in numbers.
    """
    book = run.ledger
    if not book:
        return None
    removed = [(str(r["reason"]), int(r["rows"])) for r in book.get("removed") or []]
    dropped = [(str(r["reason"]), int(r["visits"])) for r in book.get("visits_removed") or []]
    came, used = int(book["rows_in"]), int(book["rows_used"])
    keys, left = int(book.get("visit_keys") or book["visits"]), int(book["visits"])
    fell, lost = sum(n for _, n in removed), sum(n for _, n in dropped)
    unit = words.sentence(rows_of(run))
    rows = [("", f"{unit} in the export", words.count(came))]
    rows += [("in", reason(name), f"{words.MINUS} {words.count(n)}") for name, n in removed]
    rows += [
        ("on", f"{unit} used", words.count(used)),
        ("", "Visits among them", words.count(keys)),
    ]
    rows += [("in", reason(name), f"{words.MINUS} {words.count(n)}") for name, n in dropped]
    rows.append(("on", "Visits", words.count(left)))
    law = (
        f"{words.counted(came, 'row')} in = {words.count(used)} used + {words.count(fell)} removed"
    )
    notes = [("Hits in the export", "hits_in"), ("Hits used", "hits_used")]
    known = any(book.get(key) for _, key in notes)  # a visit table may know nothing of hits
    behind = [(name, words.count(book[key])) for name, key in notes if known and key in book]
    behind += [
        (words.sentence(reason(str(note["reason"]))), words.count(int(note["count"])))
        for note in book.get("notes") or []
    ]
    adds_up = came == used + fell and keys == left + lost
    return {"rows": rows, "notes": behind, "adds_up": adds_up, "law": law}


def clipping(run: RunFolder) -> Record | None:
    """Say how many values of each feature were clipped.

    Parameters
    ----------
    run : RunFolder
        The run.

    Returns
    -------
    dict or None
        ``text`` and ``rows`` of (feature, values, share of visits).
    """
    clip = run.report.get("clipping")
    if not clip:
        return None
    method = str(clip.get("method") or "none")
    text = _CLIPPING.get(method, f"Clipped by {method}.").format(threshold=clip.get("threshold", 0))
    rows = [
        (features.label(name), words.count(n), words.share(n / run.n_visits if run.n_visits else 0))
        for name, n in clipped_values(run).items()
    ]
    return {"text": text, "rows": rows if method != "none" else []}


def settings(content: Any, prefix: str = "") -> list[tuple[str, str]]:
    """Flatten options for a list of names and values.

    Parameters
    ----------
    content : dict
        Options, possibly nested.
    prefix : str
        Of the names.

    Returns
    -------
    list of (str, str)
        ``("gate.min_share", "0.01")``.
    """
    flat: list[tuple[str, str]] = []
    for key, entry in (content or {}).items():
        if isinstance(entry, dict) and entry:
            flat += settings(entry, f"{prefix}{key}.")
        else:
            flat.append((f"{prefix}{key}", _plain(entry)))
    return flat


def _plain(entry: Any) -> str:
    if entry is None or entry in ("", [], {}):
        return "not set"
    if isinstance(entry, list):
        return ", ".join(_plain(one) for one in entry)
    return entry if isinstance(entry, str) else json.dumps(entry)


def clipped_values(run: RunFolder) -> dict[str, int]:
    """Count the clipped values of each feature."""
    return dict((run.report.get("clipping") or {}).get("counts") or {})


def silhouette(run: RunFolder) -> str:
    """Say what the silhouette was computed on."""
    sample = run.report.get("silhouette_sample")
    if not sample or not run.diagnostics:
        return ""
    banded = any((row.get("silhouette_low") or 0) < (row.get("silhouette_high") or 0)
                 for row in run.diagnostics)  # fmt: skip
    if sample.get("exact"):
        of = "the 1 visit" if sample["of"] == 1 else f"all {words.count(sample['of'])} visits"
        text = f"Silhouette is computed on {of}"
    else:
        text = (
            f"Silhouette is estimated on a sample of {words.count(sample['n'])} "
            f"of {words.count(sample['of'])} visits"
        )
    return text + ("; its shade is the 95 % interval." if banded else ", without an interval.")


def diagnostics(run: RunFolder) -> list[Record]:
    """Lay out the classic indices of each K."""

    def show(row: Record, field: str, form: str) -> str:
        return words.DASH if row.get(field) is None else format(row[field], form)

    return [
        {
            "k": row["k"],
            "inertia": show(row, "inertia_ssd", ",.0f"),
            "silhouette": show(row, "silhouette", ".3f"),
            "interval": f"{row['silhouette_low']:.3f} to {row['silhouette_high']:.3f}"
            if row.get("silhouette_low") is not None
            else "",
            "davies_bouldin": show(row, "davies_bouldin", ".2f"),
            "calinski_harabasz": show(row, "calinski_harabasz", ",.0f"),
        }
        for row in run.diagnostics
    ]
