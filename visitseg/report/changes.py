"""After a retrain: what became of each segment, and where the same visits went."""

from __future__ import annotations

from typing import Any

from visitseg.report import words
from visitseg.report.folder import Record, RunFolder


def changes(run: RunFolder) -> Record | None:
    """Lay out the changelog and the migration table.

    Parameters
    ----------
    run : RunFolder
        The run.

    Returns
    -------
    dict or None
        ``summary``, ``log`` of (badge, text, segment name, colour, sentence), ``migration``.
        None where no earlier model was given.
    """
    told = run.changes
    if not told:
        return None
    return {"summary": _summary(told), "log": _log(run), "migration": _migration(run)}


def _summary(told: Record) -> str:
    counts = [
        (len(told.get("kept") or []), "kept"),
        (len(told.get("redefined") or []), "redefined"),
        (len(told.get("born") or []), "new"),
        (len(told.get("died") or []), "retired"),
    ]
    said = words.listed([f"{words.in_words(n).lower()} {what}" for n, what in counts if n])
    if told.get("same"):
        return "The same segments as before: every id and name means what it meant."
    return f"Segments: {said or 'no change'}. Ids of retired segments are never used again."


def _log(run: RunFolder) -> list[Record]:
    told, by_id = run.changes, {segment.id: segment for segment in run.segments}
    said = {str(row.get("segment_id")): row for row in _rows(told.get("changelog"))}
    kinds = [
        ("kept", "ok", "Kept", "Same visits as before."),
        ("redefined", "warn", "Redefined", "Keeps its id, but takes in other visits than before: "
         "compare it over the change only with the migration table."),
        ("born", "note", "New", "No earlier segment held most of these visits."),
        ("died", "bad", "Retired", "No segment follows it. Its id will not be used again."),
    ]  # fmt: skip
    found = []
    for key, badge, label, text in kinds:
        for id_ in told.get(key) or []:
            own, row = by_id.get(str(id_)), said.get(str(id_), {})
            sentence = str(row.get("text") or text)
            if row.get("jaccard") is not None:
                sentence += f" Overlap {words.plain(float(row['jaccard']))}."
            sentence += _split_or_merged(told, str(id_), by_id)
            found.append(
                {
                    "badge": badge,
                    "label": label,
                    "id": str(id_),
                    "name": own.title if own else words.capital(str(row.get("segment") or id_)),
                    "colour": own.colour if own else "var(--line)",
                    "again": own.again if own else False,
                    "text": sentence,
                }
            )
    return found


def _split_or_merged(told: Record, id_: str, by_id: Record) -> str:
    def name(other: str) -> str:
        return str(by_id[other].title) if other in by_id else other

    parts = (told.get("split") or {}).get(id_)
    if parts:
        return f" It split into {words.listed([name(part) for part in parts])}."
    merged = (told.get("merged") or {}).get(id_)
    return f" It merges {words.listed([str(old) for old in merged])}." if merged else ""


def _rows(content: Any) -> list[Record]:
    return [row for row in content if isinstance(row, dict)] if isinstance(content, list) else []


def _migration(run: RunFolder) -> Record | None:
    """Lay out the migration: a row an old segment, a column a new one."""
    told = run.changes.get("migration") or {}
    columns = [told.get(name) or [] for name in ("old", "new", "visits")]
    rows = [{"old": old, "new": new, "visits": n} for old, new, n in zip(*columns, strict=False)]
    if not rows:
        return None
    segments = {segment.id: segment for segment in run.segments}
    news = [s.id for s in run.segments] + sorted({str(r["new"]) for r in rows} - set(segments))
    olds = sorted({str(row["old"]) for row in rows}, key=lambda id_: (len(id_), id_))
    counts = {(str(row["old"]), str(row["new"])): int(row["visits"]) for row in rows}
    named = {
        str(row.get("segment_id")): str(row.get("previous") or row.get("segment"))
        for row in _rows(run.changes.get("changelog"))
    }
    body = []
    for old in olds:
        total = sum(counts.get((old, new), 0) for new in news) or 1
        cells = [
            {
                "text": words.visits(n) if n else "·",
                "share": words.share(n / total),
                "depth": f"{n / total:.2f}",
                "colour": segments[new].colour if new in segments else "var(--muted)",
            }
            for new in news
            for n in [counts.get((old, new), 0)]
        ]
        title = segments[old].title if old in segments else words.capital(named.get(old, old))
        body.append((f"{title} ({old})", cells))
    heads = [segments[new].title if new in segments else new for new in news]
    return {"heads": heads, "rows": body, "total": words.count(sum(counts.values()))}
