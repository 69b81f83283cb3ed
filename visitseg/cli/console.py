"""What people see: progress on stderr, results as tables on stdout."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn
from rich.progress import Progress as Bars
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from visitseg.model import Model
    from visitseg.pipeline import Run
    from visitseg.scoring.report import Scored
    from visitseg.store.versions import Version

# Columns of the printed table; the rest is in the files.
_SHOWN = 6


class ConsoleProgress:
    """A line on stderr per finished step; a bar for what takes long, where there is a terminal."""

    def __init__(self, console: Console, bars: Bars | None, *, quiet: bool = False) -> None:
        self._console = console
        self._quiet = quiet
        self._bars = bars
        self._task = bars.add_task("", total=None, visible=False) if bars else None
        self._begun = time.monotonic()

    def step(self, text: str) -> None:
        """Show what is being done."""
        if self._bars and self._task is not None:
            self._bars.update(self._task, description=text, total=None, completed=0, visible=True)

    def count(self, text: str, done: int, total: int) -> None:
        """Move the bar."""
        if self._bars and self._task is not None:
            self._bars.update(
                self._task, description=text, total=total, completed=done, visible=True
            )

    def done(self, text: str) -> None:
        """Leave a line."""
        if self._quiet:
            return
        seconds = time.monotonic() - self._begun
        self._console.print(Text(f"{seconds:6.1f} s  {text}"), soft_wrap=True)

    def warn(self, text: str) -> None:
        """Leave a line that begins with a warning."""
        self._console.print(Text(f"warning: {text}", style="yellow"), soft_wrap=True)


@contextmanager
def listen(quiet: bool) -> Iterator[ConsoleProgress]:
    """Show progress on stderr while the body runs; warnings also when it is quiet."""
    console = Console(stderr=True, highlight=False)
    try:
        if quiet or not console.is_terminal:
            yield ConsoleProgress(console, None, quiet=quiet)
            return
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
        )
        with Bars(*columns, console=console, transient=True) as bars:
            yield ConsoleProgress(console, bars)
    except KeyboardInterrupt:
        console.print("Interrupted. Nothing was published.")
        raise


def segment_table(found: Run) -> None:
    """Print the segments: size, share, and the first features' centres."""
    if found.segments is None:
        return
    features = found.segments.column_names[5 : 5 + _SHOWN]
    rows = found.segments.to_pylist()
    while features and not _fits(_centres(rows, features)):  # in a terminal: names stay whole
        features = features[:-1]
    _print(_centres(rows, features))
    _say("Figures are means of the known values; the report shows medians.")
    grade = found.report.get("grade")
    decision = found.report.get("decision") or {}
    said = decision.get("paragraphs") or [decision.get("text", "")]
    _say("\n" + "\n".join([f"Grade: {grade}.", *said] if grade else said))
    changed = found.report.get("changes")
    if changed:
        head = f"\nAgainst model {changed['previous']['model_version']}:"
        _say("\n  ".join([head, *changed["changelog"]]))


def _centres(rows: Sequence[dict[str, Any]], features: Sequence[str]) -> Table:
    table = _table("segment", "visits", "share", *features)
    for row in rows:
        centres = (_centre(row[name]) for name in features)
        table.add_row(row["segment"], f"{row['n']:,}", f"{row['share']:.1%}", *centres)
    return table


def _fits(table: Table) -> bool:
    if not sys.stdout.isatty():
        return True
    console = _out()
    unlimited = console.options.update(width=10_000)
    return console.measure(table, options=unlimited).maximum <= console.width


def score_table(found: Scored) -> None:
    """Print how many visits each segment has, and what its share was when it was learnt."""
    table = _table("segment", "visits", "share", "in training")
    for row in found.report["segments"]:
        trained = row["share_in_training"]
        table.add_row(
            row["segment"] or "unassigned",
            f"{row['n']:,}",
            f"{row['share']:.1%}",
            "-" if trained is None else f"{trained:.1%}",
        )
    _print(table)
    days = found.report["days"]
    model = found.report["model"]["version"]
    labelled = "1 day" if len(days) == 1 else f"{len(days):,} days"
    _say(f"\n{labelled} labelled by model {model}.")
    if told := found.report.get("export"):
        text = (
            f"{told['rows']:,} visit{'' if told['rows'] == 1 else 's'} exported: "
            f"{told['new']:,} new, {told['changed']:,} changed, "
            f"{told['removed']:,} removed."
        )
        if told["too_small"]:
            text += f" Under {told['min_segment']} visits: {', '.join(told['too_small'])}."
        _say(text)


def _centre(value: float | None) -> str:
    return "-" if value is None else f"{round(value, 1) + 0.0:,.1f}"  # no -0.0


def ledger_table(ledger: dict[str, Any]) -> None:
    """Print the ledger: from raw rows to visits."""
    table = _table("ledger", ledger["unit"])
    table.add_row("rows in", f"{ledger['rows_in']:,}")
    for loss in ledger["removed"]:
        share = f"({loss['rows'] / ledger['rows_in']:.1%})"
        table.add_row(f"  removed: {loss['reason']} {share}", f"-{loss['rows']:,}")
    table.add_row("rows used", f"{ledger['rows_used']:,}")
    table.add_row("visit keys", f"{ledger['visit_keys']:,}")
    for loss in ledger["visits_removed"]:
        table.add_row(f"  removed: {loss['reason']}", f"-{loss['visits']:,}")
    table.add_row("visits", f"{ledger['visits']:,}")
    _print(table)
    for note in ledger["notes"]:
        _say(f"{note['reason']}: {note['text']}")


def _bare() -> Table:
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")


def _table(first: str, *others: str) -> Table:
    table = _bare()
    table.add_column(first, no_wrap=True)
    for name in others:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _out() -> Console:
    terminal = sys.stdout.isatty()
    return Console(file=sys.stdout, highlight=False, width=None if terminal else 160)


def _print(table: Table) -> None:
    _out().print(table)


def _say(text: str) -> None:
    """Print sentences: broken between words in a terminal, else one line a paragraph."""
    _out().print(Text(text), soft_wrap=not sys.stdout.isatty())


def path_list(paths: Sequence[Path]) -> None:
    """Print paths: each folder's names run on in a terminal, else one path a line."""
    if not sys.stdout.isatty():
        for path in paths:
            sys.stdout.write(f"  {path}\n")
        return
    folders: dict[Path, list[str]] = {}
    for path in paths:
        folders.setdefault(path.parent, []).append(path.name)
    for folder, names in folders.items():
        head = "" if folder == Path() else f"{folder}/  "
        _out().print(Padding(Text(head + "  ".join(names)), (0, 0, 0, 2)))


def version_table(versions: Sequence[Version], current: str | None) -> None:
    """Print the versions of a store."""
    table = _bare()
    for name in ("version", "state", "when", "run", "why"):
        table.add_column(name, no_wrap=name != "why")
    for one in versions:
        unmet = [row["name"] for row in one.record["gate"] if not row["passed"]]
        state = (
            "current" if one.number == current else "scored" if one.record["live"] else "refused"
        )
        why = f"not met: {', '.join(unmet)}" if unmet else "the gate was passed"
        if one.record["forced"]:
            why += f"; forced: {one.record['forced']}"
        table.add_row(one.number, state, one.record["utc"], one.record["run"], why)
    _print(table)


def version_page(version: Version, model: Model, *, current: bool) -> None:
    """Print a version: its segments, and what the gate found."""
    record = version.record
    state = "scores now" if current else "scored" if record["live"] else "was refused"
    head = f"Version {version.number} {state}. Added {record['utc']} from {record['run']}."
    _say(head)
    _out().print(Text(f"Grade: {model.grade or 'no verdict'}. Model: {model.fingerprint}.\n"))
    table = _table("segment", "id", "visits", "share")
    for one in model.segments:
        table.add_row(one.name, one.id, f"{one.n:,}", f"{one.share:.1%}")
    _print(table)
    _out().print()
    for row in record["gate"]:
        met = "met" if row["passed"] else "NOT met"
        _say(f"{met:<8} {row['name']}: {row['found']}")
    if record["forced"]:
        _say(f"forced   {record['forced']}")


def difference_table(content: dict[str, Any]) -> None:
    """Print what differs between two versions."""
    old, new = content["old"], content["new"]
    table = _bare()
    for name in ("id", old, new, f"share {old}", f"share {new}"):
        table.add_column(name, no_wrap=True)
    for row in content["segments"]:
        shares = ["-" if share is None else f"{share:.1%}" for share in row["share"]]
        table.add_row(row["segment_id"], *(name or "-" for name in row["segment"]), *shares)
    _print(table)
    features = content["features"]
    lines = [
        f"\nGrade: {content['grade'][0]} → {content['grade'][1]}. "
        f"Segments: {content['k'][0]} → {content['k'][1]}.",
        *(f"Features {how}: {', '.join(names)}." for how, names in features.items() if names),
    ]
    _say("\n".join(lines))
