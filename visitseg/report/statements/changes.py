"""After a retrain: what became of each segment, and where the same visits went."""

from __future__ import annotations

import re

from visitseg.report.folder import Record, RunFolder
from visitseg.report.wording import words

_KEPT = re.compile(r"^s\d+ .* is kept: ")  # the badge and the name beside it say so


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
    if told.get("same"):
        return "The same segments as before: every id and name means what it meant."
    counts = [(len(ids), what.lower()) for _, what, ids in _groups(told)]
    said = words.listed([f"{words.in_words(n).lower()} {what}" for n, what in counts if n])
    return f"Segments: {said or 'no change'}. Ids of retired segments are never used again."


def briefly(told: Record) -> str:
    """Count what became of the segments: ``"5 kept, 1 new"``.

    Parameters
    ----------
    told : dict
        ``changes.json``.

    Returns
    -------
    str
        For the first screen.
    """
    if told.get("same"):
        return "the same segments"
    return ", ".join(f"{len(ids)} {what.lower()}" for _, what, ids in _groups(told) if ids)


def _groups(told: Record) -> list[tuple[str, str, list[str]]]:
    """Return badge, label and ids of what became of the segments; every segment is in one."""
    kept, redefined = (list(told.get(key) or []) for key in ("kept", "redefined"))
    carried = {*kept, *redefined}
    old = (told.get("migration") or {}).get("old") or []
    return [
        ("ok", "Kept", kept),
        ("warn", "Redefined", redefined),
        ("note", "New", [id_ for id_, was in (told.get("mapping") or {}).items() if not was]),
        ("bad", "Retired", [id_ for id_ in old if id_ not in carried]),
    ]


def _log(run: RunFolder) -> list[Record]:
    told, by_id = run.changes, {segment.id: segment for segment in run.segments}
    names = (told.get("previous") or {}).get("names") or {}
    found = []
    for badge, label, ids in _groups(told):
        for id_ in ids:
            own = None if label == "Retired" else by_id.get(id_)
            found.append(
                {
                    "badge": badge,
                    "label": label,
                    "id": id_,
                    "name": own.title if own else words.capital(str(names.get(id_, id_))),
                    "colour": own.colour if own else "var(--line)",
                    "again": own.again if own else False,
                    "text": " ".join(_sentences(told, id_)),
                }
            )
    return found


def _sentences(told: Record, id_: str) -> list[str]:
    """Return what the changelog says of a segment: of itself, and where it is part of a change."""
    events = [*(told.get("split") or {}).items(), *(told.get("merged") or {}).items()]
    partners = {one for one, others in events if id_ in (one, *others) for one in (one, *others)}
    return [
        _KEPT.sub("", str(sentence))
        for sentence in told.get("changelog") or []
        if str(sentence).startswith(f"{id_} ")
        or (len(partners) and {id_, *partners} <= set(str(sentence).replace(",", "").split()))
    ]


def _migration(run: RunFolder) -> Record | None:
    """Lay out the migration: a row an old segment, a column a new one."""
    told = run.changes.get("migration") or {}
    olds, ids, visits = (told.get(name) or [] for name in ("old", "new", "visits"))
    if not visits:
        return None
    segments = {segment.id: segment for segment in run.segments}
    news = [s.id for s in run.segments] + sorted(set(ids) - set(segments))
    counts = {
        (old, new): int(n)
        for old, row in zip(olds, visits, strict=True)
        for new, n in zip(ids, row, strict=True)
    }
    named = (run.changes.get("previous") or {}).get("names") or {}
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
        title = words.capital(str(named.get(old, old)))
        body.append((f"{title} ({old})", cells))
    heads = [segments[new].title if new in segments else new for new in news]
    return {"heads": heads, "rows": body, "total": words.counted(sum(counts.values()), "visit")}
