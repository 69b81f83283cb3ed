"""How often is the answer right? Planted segments, data without any, and what one would do instead.

python -m benchmarks.quality             about an hour, one process
python -m benchmarks.quality --quick     a few minutes
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from statistics import fmean

import numpy as np

from benchmarks.quality import families, harder, held_out, one_page, untouched
from benchmarks.quality.families import Family
from benchmarks.quality.measure import Measured, at_least, kinds_found, measure
from visitseg.segments.auto import segment

KINDS = families.MIXES | harder.MIXES | one_page.MIXES
OTHERS = held_out.MIXES | untouched.MIXES
NOTHING = (
    families.NOTHING
    | harder.NOTHING
    | held_out.NOTHING
    | held_out.SEEN
    | untouched.NOTHING
    | one_page.NOTHING
)
OVERLAPPING = harder.OVERLAPPING
# Families that a supervised classifier tells apart at this adjusted Rand index.
SEPARABLE = 0.9
# Data sets whose worst kind that classifier finds at this F1: on the others nobody can reach it.
WORST = 0.96


def rng(family: str, seed: int, n: int) -> np.random.Generator:
    """Return the generator of one data set: a function of its name, number and size."""
    return np.random.default_rng([seed, n, *family.encode()])


def planted(
    named: dict[str, Family], sets: int, first: int, n: int, n_rivals: int
) -> Iterator[Measured]:
    """Measure on data with planted segments."""
    for name, family in named.items():
        for seed in range(first, first + sets):
            visits = family(rng(name, seed, n), n)
            found = measure(name, visits, rivals=seed - first < n_rivals)
            own = found[0]
            print(
                f"{name} {seed}: K {own.k} of {own.k_true}, "
                f"ARI {own.ari:.3f} of {own.ceiling:.3f}, streams {own.stream_ari:.3f}, "
                f"F1 {own.worst_f1:.2f} of {own.ceiling_f1:.2f}",
                file=sys.stderr,
                flush=True,
            )
            yield from found


def without_structure(
    named: dict[str, Family], sets: dict[int, int], first: int
) -> dict[tuple[str, int], tuple[int, int]]:
    """Count right answers on data without structure: (family, n) -> right, sets."""
    found = {}
    for name, family in named.items():
        for n, many in sets.items():
            right = sum(
                kinds_found(family(rng(name, seed, n), n)) == 1
                for seed in range(first, first + many)
            )
            if many:
                found[name, n] = right, many
                print(f"| {name} | {n:,} | {right} | {many} |", flush=True)
    return found


def with_error(values: Iterable[float], digits: int = 3) -> str:
    """Return mean ± standard error of the known values."""
    known = np.array([value for value in values if value == value])
    if not len(known):
        return ""
    error = known.std(ddof=1) / np.sqrt(len(known)) if len(known) > 1 else 0
    return f"{known.mean():.{digits}f} ± {error:.{digits}f}"


COLUMNS: dict[str, Callable[[Sequence[Measured]], str]] = {
    "sets": lambda rows: str(len(rows)),
    "ceiling": lambda rows: with_error(row.ceiling for row in rows),
    "K exact": lambda rows: with_error(float(row.exact) for row in rows),
    "ARI": lambda rows: with_error(row.ari for row in rows),
    "of ceiling": lambda rows: with_error(row.of_ceiling for row in rows),
    "worst F1": lambda rows: with_error(row.worst_f1 for row in rows),
    "(ceiling)": lambda rows: f"{fmean(row.ceiling_f1 for row in rows):.3f}",
    "seed ARI, least": lambda rows: _least(row.seed_ari for row in rows),
    "stream ARI, least": lambda rows: _least(row.stream_ari for row in rows),
    "cards' fidelity": lambda rows: with_error(row.fidelity for row in rows),
    "worst recall": lambda rows: with_error(row.worst_recall for row in rows),
}


def _least(values: Iterable[float]) -> str:
    known = [value for value in values if value == value]
    return f"{min(known):.3f}" if known else ""


def show(title: str, groups: dict[str, list[Measured]]) -> None:
    """Print one line per group."""
    print(f"\n{title}\n")
    print("| | " + " | ".join(COLUMNS) + " |")
    print("|---" * (len(COLUMNS) + 1) + "|")
    for name, rows in groups.items():
        if rows:
            print(f"| {name} | " + " | ".join(say(rows) for say in COLUMNS.values()) + " |")


def by_method(rows: list[Measured]) -> dict[str, list[Measured]]:
    """Group by method."""
    return {m: [r for r in rows if r.method == m] for m in dict.fromkeys(r.method for r in rows)}


def main(arguments: list[str] | None = None) -> list[Measured]:
    """Measure, print, and return what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few and small data sets")
    parser.add_argument("--sets", type=int, help="data sets per family")
    parser.add_argument("--nothing", type=int, help="data sets per family without structure")
    parser.add_argument("--first", type=int, default=1000, help="number of the first data set")
    parser.add_argument("--visits", type=int, help="visits per data set with segments")
    parser.add_argument("--only", help="families, separated by commas")
    parser.add_argument("--rivals", type=int, help="data sets per family for other methods")
    chosen = parser.parse_args(arguments)
    n = chosen.visits or (6_000 if chosen.quick else 20_000)
    sets = (2 if chosen.quick else 10) if chosen.sets is None else chosen.sets
    n_rivals = chosen.rivals if chosen.rivals is not None else (1 if chosen.quick else 3)
    nothing = (8 if chosen.quick else 90) if chosen.nothing is None else chosen.nothing
    begun = time.perf_counter()

    def some(named: dict[str, Family]) -> dict[str, Family]:
        wanted = chosen.only.split(",") if chosen.only else named
        return {name: named[name] for name in wanted if name in named}

    rows: list[Measured] = []
    for title, named in (
        ("Families of another making", OTHERS),
        ("Families that constants were chosen on", KINDS),
        ("Overlapping families: a lower K is right too", OVERLAPPING),
    ):
        named = some(named)
        if not sets or not named:
            continue
        overlap = not named.keys() - OVERLAPPING.keys()
        own = list(planted(named, sets, chosen.first, n, n_rivals))
        rows += own
        auto = [row for row in own if row.method == "auto"]
        apart = [row for row in auto if row.ceiling >= SEPARABLE]
        groups = {name: [row for row in auto if row.family == name] for name in named}
        groups |= {f"all with ceiling ≥ {SEPARABLE}": apart}
        reachable = [row for row in apart if row.ceiling_f1 >= WORST]
        groups |= {f"of these, with ceiling F1 ≥ {WORST}": reachable}
        show(f"{title}, {n:,} visits: auto", groups)
        if n_rivals and not overlap:
            ceilings = [row for row in own if row.ceiling >= SEPARABLE]
            compared = by_method(ceilings)
            first = {id(row) for row in _compared(ceilings)}
            compared["auto"] = [row for row in compared.get("auto", []) if id(row) in first]
            show(f"{title}: what one would do instead, on the same data sets", compared)

    sizes = {1_000: nothing - nothing // 4} | ({3_000: nothing // 4} if chosen.quick else {})
    if not chosen.quick:
        sizes = {1_000: nothing // 2, 3_000: nothing // 3, 20_000: nothing // 6}
    print("\nNo structure: answered one\n\n| family | n | right | sets |\n|---|---|---|---|")
    answers = without_structure(some(NOTHING), sizes, chosen.first)
    right, many = (sum(pair[i] for pair in answers.values()) for i in (0, 1))
    print(f"| all | | {right} | {many} |")
    if many:
        print(f"\n{right} of {many}: at least {at_least(right, many):.2%} with 95 % confidence")

    visits = families.unequal_nb(rng("time", chosen.first, 50_000), 50_000)
    start = time.process_time()
    segment(visits.columns)
    print(f"\n50,000 visits, one thread: {time.process_time() - start:.1f} s of processor time")
    print(f"Everything took {time.perf_counter() - begun:.0f} s")
    return rows


def _compared(rows: list[Measured]) -> list[Measured]:
    """Return the rows of `auto` on data sets that other methods were measured on too."""
    return [row for row, after in pairwise(rows) if row.method == "auto" and after.method != "auto"]


if __name__ == "__main__":
    main()
