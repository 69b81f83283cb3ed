"""The ledger as columns of boxes: rows, visits, rules, segments, and the streams between them."""

from __future__ import annotations

from dataclasses import dataclass, field

from visitseg.report.charts.drawing import Size
from visitseg.report.folder import Record, RunFolder
from visitseg.report.statements import tables
from visitseg.report.wording import words

_GAP, _LEAST, _LOST = 26.0, 2.5, "var(--muted)"
_ROOM = 34.0  # px, the two lines of text beside a box
_EDGES = 24.0
_RULES = {"bounced": ("One page, no order", "by rule"), "converted": ("Placed an order", "by rule")}


@dataclass
class _Box:
    title: str
    text: str
    share: float
    colour: str
    top: float = 0.0
    height: float = 0.0
    given: float = 0.0
    taken: float = 0.0
    into: list[_Box] = field(default_factory=list)


def lay_out(run: RunFolder, size: Size) -> tuple[list[Record], list[Record], Size]:
    """Place the boxes and streams of `visitseg.report.charts.shapes.flow`.

    Parameters
    ----------
    run : RunFolder
        With a ledger.
    size
        Width and least height, px.

    Returns
    -------
    nodes, links : list of dict
        In px.
    size
        With the height that the texts need.
    """
    columns = _columns(run)
    width, height = size[0], max(size[1], int(_EDGES + _ROOM * (2 + max(map(len, columns)))))
    whole = next(
        high
        for high in (height * 0.72 * 0.95**i for i in range(200))
        if all(
            sum(max(box.share * high + _GAP, _ROOM) for box in column) <= height - _EDGES
            for column in columns
        )
        or high < _LEAST
    )
    last = width - 200
    step = last / max(len(columns) - 1, 1)
    for column in columns:
        y = _EDGES / 2
        for box in column:
            box.top, box.height = y, max(box.share * whole, _LEAST)
            y += max(box.height + _GAP, _ROOM)
    nodes, links = [], []
    for i, column in enumerate(columns):
        x = i * step
        for box in column:
            nodes.append(
                {
                    "x": x, "y": box.top, "y2": box.top + box.height, "colour": box.colour,
                    "title": box.title, "text": box.text,
                }
            )  # fmt: skip
            parts = sum(child.share for child in box.into) or 1.0
            for child in box.into:
                out = box.height * child.share / parts
                links.append(
                    {
                        "x": x + 12, "x2": x + step, "colour": child.colour,
                        "top": box.top + box.given, "bottom": box.top + box.given + out,
                        "top2": child.top, "bottom2": child.top + child.height,
                    }
                )  # fmt: skip
                box.given += out
    return nodes, links, (width, height)


def _columns(run: RunFolder) -> list[list[_Box]]:
    book = run.ledger
    unit = tables.rows_of(run)
    came, used = int(book["rows_in"]), int(book["rows_used"])
    removed = [(str(r["reason"]), int(r["rows"])) for r in book.get("removed") or [] if r["rows"]]
    keys, left = int(book.get("visit_keys") or book["visits"]), int(book["visits"])
    dropped = [
        (str(r["reason"]), int(r["visits"]))
        for r in book.get("visits_removed") or []
        if r["visits"]
    ]
    start = _Box(words.counted(came, unit.removesuffix("s")), "in the export", 1.0, _LOST)
    kept = _Box(
        f"{words.count(used)} used",
        f"{words.counted(keys, 'visit')} in them",
        used / (came or 1),
        _LOST,
    )
    start.into = [kept, *(_lost(name, n, came) for name, n in removed)]
    columns = [[start], start.into]
    visits = kept
    if dropped or not run.segments:
        visits = _Box(words.counted(left, "visit"), "counted", left / (keys or 1), _LOST)
        kept.into = [visits, *(_lost(name, n, keys) for name, n in dropped)]
        columns.append(kept.into)
    elif unit == "visit rows" and used == left:
        kept.title, kept.text = (
            words.counted(left, "visit"),
            f"{words.counted(came - used, 'row')} lost",
        )
    if not run.segments:
        return columns
    ends = [_Box(words.brief(s.title, 22), words.visits(s.n), s.share, s.colour) for s in run.told]
    by_id = dict(zip([s.id for s in run.told], ends, strict=True))
    if run.rules:
        middle = []
        for rule, (title, text) in _RULES.items():
            own = run.of_rule(rule)
            if own:
                box = _Box(title, text, sum(s.share for s in own), own[0].colour)
                box.into = [by_id[s.id] for s in own]
                middle.append(box)
        n = sum(s.n for s in run.beyond)
        if n:
            others = _Box(f"{words.count(n)} others", "by behaviour", n / run.n_visits, _LOST)
            others.into = [by_id[s.id] for s in run.beyond]
            middle.insert(1 if middle and run.of_rule("bounced") else 0, others)
        visits.into = middle
        columns.append(middle)
    else:
        visits.into = ends
    columns.append(ends)
    return columns


def _lost(reason: str, n: int, of: int) -> _Box:
    return _Box(
        f"{words.count(n)} left out", tables.reason(reason), n / (of or 1), "var(--bad-ink)"
    )
