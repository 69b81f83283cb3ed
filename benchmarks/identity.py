"""Do segments keep their identity? Retrains on planted populations: python -m benchmarks.identity

Retrains: a population of each family is split into disjoint thirds. The first trains the old
model; the second is an independent resample; the third drifts mildly (times longer by a tenth,
shares of the kinds by up to a fifth). A new segment bears the right id if it is that of the old
segment with the same planted kind.

Events: to a population with kinds at random places one kind of 3 % is added, or two neighbours
become one kind between them, or one kind becomes two; all of these lie apart from every other kind.

Every model is judged by the planted kinds alone. What the segmenter did not find (a kind without a
segment of its own) no alignment can report: it is counted apart, under "not found".
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from unittest import mock

import numpy as np

from benchmarks.quality import families
from benchmarks.quality.families import Floats, Kind, Planted, Rng
from visitseg.segments import auto, rest
from visitseg.segments.choice import stability
from visitseg.segments.identity import Match
from visitseg.segments.previous import Previous
from visitseg.segments.segmentation import Segmentation

N = 6_000


def without_kmeans(
    found: rest.Rest, ks: Iterable[int], least: int, _: object
) -> list[stability.Cut]:
    """Offer no bands: measuring them takes most of the time, and planted kinds need none."""
    places, nothing = found.drawn.places, float("nan")
    tried = {k for k in ks if 0 < k <= found.most} | set(range(1, least + 1))
    return [
        stability.Cut(k, *[nothing] * 11, centers=places[:k], n=len(places)) for k in sorted(tried)
    ]


planted_alone = mock.patch.object(rest.Rest, "cuts", without_kmeans)

BORN_SHARE = 0.03

APART = 4.5  # standard deviations between two planted kinds, at least


def bounce_heavy(rng: Rng, n: int) -> Planted:
    """Four of five visits bounce; two kinds beyond."""
    names = rng.choice(list(families.NAMED), 2, replace=False)
    parts = [families.bounces(rng, int(0.8 * n))]
    parts += [families.visits_of(rng, families.NAMED[name], int(0.1 * n)) for name in names]
    return families.join(parts, rng)


def shops(rng: Rng, n: int) -> Planted:
    """A shop with many buyers, some of whom spend far more than the others."""
    parts = [families.bounces(rng, int(0.4 * n)), families.buyers(rng, int(0.12 * n))]
    spent = parts[1]["transaction_revenue"]
    spent[: len(spent) // 4] *= 60
    for name, share in (("browsers", 0.3), ("carts", 0.18)):
        parts.append(families.visits_of(rng, families.NAMED[name], int(share * n)))
    return families.join(parts, rng)


def places(rng: Rng, n: int) -> Planted:
    """Three to six kinds of like size at random places."""
    return planted(rng, population(rng), n)


FAMILIES = {**families.MIXES, "bounce_heavy": bounce_heavy, "shops": shops, "places": places}


@dataclass(frozen=True)
class Population:
    """Kinds with their shares beyond bounces and buyers; their order is that of planted kinds."""

    kinds: tuple[Kind, ...]
    shares: tuple[float, ...]
    bounced: float
    bought: float
    counts: str
    times: str


def population(rng: Rng, k: int | None = None) -> Population:
    """Draw three to six kinds, each far from the others on some axis, in random order."""
    wanted = k or int(rng.integers(3, 7))
    found: list[Kind] = []
    tries = 0
    while len(found) < wanted:
        tries += 1
        if tries % 200 == 0:  # a corner without room: begin anew
            found = []
        p, s, h = rng.uniform(1.4, 3.6), rng.uniform(1.5, 5.0), rng.uniform(0.1, 1.5)
        new = Kind(np.exp(p), np.exp(s), np.exp(h), rng.uniform(0.3, 0.95), 0.34)
        if all(distance(new, other) > APART for other in found):
            found.append(new)
    shares = rng.dirichlet(np.full(wanted, 3.0)) * 0.6 + 0.4 / wanted
    return Population(
        tuple(found),
        tuple(shares.tolist()),
        float(rng.uniform(0.35, 0.6)),
        float(rng.choice([0.0, 0.02])),
        str(rng.choice(["multiplicative", "negative binomial"])),
        str(rng.choice(["multiplicative", "gamma"])),
    )


def distance(one: Kind, two: Kind) -> float:
    """Return how many standard deviations of a kind lie between two, on logarithms."""
    pages, seconds = np.log(one.pages / two.pages), np.log(one.seconds / two.seconds)
    hits = np.log(one.hits / two.hits)
    return float(np.sqrt((pages / 0.38) ** 2 + (seconds / 0.38) ** 2 + (hits / 0.3) ** 2))


def planted(rng: Rng, people: Population, n: int) -> Planted:
    """Draw visits of a population; its kinds are planted kinds 0, 1 …, then bounces, buyers."""
    rest = n * (1 - people.bounced - people.bought)
    parts = [
        families.visits_of(rng, kind, int(share * rest), counts=people.counts, times=people.times)
        for kind, share in zip(people.kinds, people.shares, strict=True)
    ]
    parts.append(families.bounces(rng, int(n * people.bounced)))
    if people.bought:
        parts.append(families.buyers(rng, int(n * people.bought)))
    return families.join(parts, rng)


def rows(visits: Planted, keep: np.ndarray) -> Planted:
    return Planted({name: v[keep] for name, v in visits.columns.items()}, visits.kinds[keep])


def drifted(visits: Planted, rng: Rng) -> Planted:
    """Lengthen times by a tenth, and thin every kind by up to a fifth."""
    stay = rng.uniform(0.8, 1.0, int(visits.kinds.max()) + 1)[visits.kinds]
    found = rows(visits, np.flatnonzero(rng.random(len(visits.kinds)) < stay))
    columns: dict[str, Floats] = dict(found.columns)
    for name in ("time_on_site_sec", "time_on_site_sec_per_pageview"):
        columns[name] = columns[name] * 1.1
    return Planted(columns, found.kinds)


@dataclass(frozen=True)
class Trained:
    """A model, and of each segment the planted kinds whose visits mostly fall into it."""

    found: Segmentation
    kinds: tuple[frozenset[int], ...]

    @classmethod
    def on(cls, visits: Planted, previous: Previous | None = None) -> Trained:
        found = auto.segment(visits.columns, previous=previous)
        labels, k = found.found.labels, found.k_final
        home = {
            int(kind): int(np.bincount(labels[visits.kinds == kind], minlength=k).argmax())
            for kind in np.unique(visits.kinds)
        }
        kinds = (frozenset(kind for kind in home if home[kind] == c) for c in range(k))
        return cls(found, tuple(kinds))

    @property
    def previous(self) -> Previous:
        found = self.found
        shares = found.sizes / found.sizes.sum()
        return Previous(found.fitted, found.ids, found.identity.next_id, shares, found.kinds)

    def of(self, kind: int) -> set[str]:
        """Return the id of the segment that holds a kind."""
        pairs = zip(self.found.ids, self.kinds, strict=True)
        return {id_ for id_, own in pairs if kind in own}


def sound(trained: Trained, kinds: int) -> bool:
    """Tell whether each of the first kinds has one segment of its own, and no segment none."""
    own = all({kind} in trained.kinds for kind in range(kinds))
    return own and all(len(segment) == 1 for segment in trained.kinds)


def right_ids(old: Trained, new: Trained) -> list[bool]:
    """Tell of every new segment whether it bears the right id.

    A segment of the same kinds has the same id. One that shares some kinds with old segments has
    the id of one of them or a new one; one that shares none has a new one.
    """
    before = dict(zip(old.found.ids, old.kinds, strict=True))
    right = []
    for id_, kinds in zip(new.found.ids, new.kinds, strict=True):
        same = [one for one, own in before.items() if own == kinds and kinds]
        if same:
            right.append(id_ in same)
        else:
            right.append(id_ not in before or bool(before[id_] & kinds) or not kinds)
    return right


@planted_alone
def retrains(seeds: int, n: int, only: list[str]) -> Counter[str]:
    """Retrain every family on a resample and on drifted visits."""
    total: Counter[str] = Counter()
    for name in only:
        own: Counter[str] = Counter()
        for seed in range(seeds):
            rng = np.random.default_rng([list(FAMILIES).index(name), seed, 5])
            everyone = FAMILIES[name](rng, 3 * n)
            part = np.arange(len(everyone.kinds)) % 3
            thirds = [rows(everyone, np.flatnonzero(part == i)) for i in range(3)]
            thirds[2] = drifted(thirds[2], rng)
            old = Trained.on(thirds[0])
            for which, visits in (("resample", thirds[1]), ("drift", thirds[2])):
                new = Trained.on(visits, old.previous)
                right = right_ids(old, new)
                own["segments"] += len(right)
                own["right"] += sum(right)
                if set(old.kinds) == set(new.kinds) and len(old.kinds) == len(new.kinds):
                    own["alike"] += 1
                    own["same"] += changes(new).same
                alone = auto.segment(visits.columns)
                own["pairs"] += 1
                own["alone alike"] += alone.k_final == old.found.k_final
                own["held alike"] += new.found.k_final == old.found.k_final
                if not all(right):
                    print(f"  {name} {seed} {which}: {old.kinds} {old.found.ids} -> "
                          f"{new.kinds} {new.found.ids}", flush=True)  # fmt: skip
        print(f"{name:<14}{line(own)}", flush=True)
        total += own
    return total


def line(c: Counter[str]) -> str:
    return (
        f"right ids {c['right']:>5} of {c['segments']:<5} same called same {c['same']:>4} of "
        f"{c['alike']:<4} K as before {c['held alike']:>4} of {c['pairs']:<4} "
        f"(without the previous model {c['alone alike']})"
    )


def changes(new: Trained) -> Match:
    found = new.found.identity.match
    assert found is not None
    return found


@planted_alone
def events(cases: int, n: int, start: int = 0) -> Counter[str]:
    """Plant a birth, a union and a split in each of some populations."""
    total: Counter[str] = Counter()
    for case in range(start, start + cases):
        rng = np.random.default_rng([case, 77])
        base, (one, two, between) = with_neighbours(rng)
        pair = replace(base, kinds=(one, two, *base.kinds[1:]), shares=parted(rng, base.shares))
        k = len(pair.kinds)
        apart = Trained.on(planted(rng, pair, n))
        whole = Trained.on(planted(rng, replace(base, kinds=(between, *base.kinds[1:])), n))
        more = population(rng, int(rng.integers(3, 7)))
        born = len(more.kinds) - 1
        tiny = BORN_SHARE / (1 - more.bounced - more.bought)
        few = replace(more, kinds=more.kinds[:-1], shares=norm(more.shares[:-1]))
        grown = replace(more, shares=(*norm(more.shares[:-1], 1 - tiny), tiny))
        before = Trained.on(planted(rng, few, n))
        after = Trained.on(planted(rng, grown, n), before.previous)
        judge(total, "birth", sound(before, born) and sound(after, born + 1),
              changes(after), case, born=[after.of(born)])  # fmt: skip
        united = Trained.on(
            planted(rng, replace(base, kinds=(between, *base.kinds[1:])), n), apart.previous
        )
        judge(total, "union", sound(apart, k) and sound(united, k - 1),
              changes(united), case, merged=[united.of(0), apart.of(0) | apart.of(1)])  # fmt: skip
        split = Trained.on(planted(rng, pair, n), whole.previous)
        judge(total, "split", sound(whole, k - 1) and sound(split, k),
              changes(split), case, split=[whole.of(0), split.of(0) | split.of(1)])  # fmt: skip
    return total


def judge(
    total: Counter[str],
    event: str,
    found: bool,
    match_: Match,
    case: int,
    **planted_: list[set[str]],
) -> None:
    """Count whether an event, and nothing else, was reported."""
    total[f"{event} cases"] += 1
    total[f"{event} found"] += found
    got = {
        "born": [{id_} for id_ in match_.born],
        "died": [{id_} for id_ in match_.died],
        "split": [x for one, parts in match_.split.items() for x in ({one}, set(parts))],
        "merged": [x for one, parts in match_.merged.items() for x in ({one}, set(parts))],
    }
    right = all(got[what] == planted_.get(what, []) for what in got)
    total[f"{event} right"] += found and right
    total[f"{event} right of all"] += right
    if found and not right:
        print(f"  {event} {case}: {got}, planted {planted_}", flush=True)


def neighbours(rng: Rng, base: Population) -> tuple[Kind, Kind, Kind]:
    """Return two kinds on either side of the first, and a wide one between them."""
    first, far = base.kinds[0], float(rng.uniform(0.85, 1.1))
    axis = str(rng.choice(["pages", "seconds"]))
    middle = replace(first, pages=max(first.pages, 12.0)) if axis == "pages" else first
    value = getattr(middle, axis)
    low, high = (
        replace(middle, **{axis: value * np.exp(sign * far)}, spread=0.3) for sign in (-1, 1)
    )
    return low, high, replace(middle, spread=0.55)


def with_neighbours(rng: Rng) -> tuple[Population, tuple[Kind, Kind, Kind]]:
    """Draw a population whose first kind has neighbours that are apart from every other kind.

    A neighbour that falls upon a third kind is no event that anyone could report.
    """
    while True:
        base = population(rng)
        near = neighbours(rng, base)
        if all(distance(one, other) > APART for one in near for other in base.kinds[1:]):
            return base, near


def parted(rng: Rng, shares: tuple[float, ...]) -> tuple[float, ...]:
    part = float(rng.uniform(0.3, 0.7))
    return (shares[0] * part, shares[0] * (1 - part), *shares[1:])


def norm(shares: tuple[float, ...], to: float = 1.0) -> tuple[float, ...]:
    return tuple(to * share / sum(shares) for share in shares)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--visits", type=int, default=N)
    parser.add_argument("--family", action="append", choices=FAMILIES)
    options = parser.parse_args()
    if options.seeds:
        found = retrains(options.seeds, options.visits, options.family or list(FAMILIES))
        print(f"{'all':<14}{line(found)}")
    found = events(options.cases, options.visits, options.start)
    for event in ("birth", "union", "split"):
        cases, seen = found[f"{event} cases"], found[f"{event} found"]
        print(
            f"{event:<14}reported as what it is {found[f'{event} right']:>4} of {seen:<4} "
            f"not found by the segmenter {cases - seen:>3} of {cases}"
        )


if __name__ == "__main__":
    main()
