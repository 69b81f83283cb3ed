"""What a retrain changed, in words: the content of ``changes.json`` and ``changes.md``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from visitseg.model import Model
from visitseg.run_folder.files import write_json
from visitseg.segments.identity import MOSTLY, Match

SCHEMA_VERSION = 1


def changes(found: Match, old: Model, new: Model, path: str) -> dict[str, Any]:
    """Return the content of ``changes.json``.

    Parameters
    ----------
    found : Match
        What became of the segments.
    old, new : Model
        The model before and the one after.
    path : str
        Where the model before was read from.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "previous": {
            "model_version": old.version,
            "fingerprint": old.fingerprint,
            "path": path,
            "names": dict(zip(old.segment_ids, old.names, strict=True)),
            "k": old.k,
            "n": sum(segment.n for segment in old.segments),
        },
        "same": found.same,
        "kept": found.kept,
        "redefined": found.redefined,
        "born": found.born,
        "died": found.died,
        "split": found.split,
        "merged": found.merged,
        "mapping": found.mapping,
        "similarity": found.similarity,
        "migration": {
            "old": list(found.old),
            "new": list(found.new),
            "visits": found.counts.tolist(),
            "of": new.training["n_visits"],
        },
        "changelog": changelog(found, old, new),
    }


def write_changes(
    folder: Path, match: Match | None, old: Model | None, new: Model, path: str
) -> dict[str, Any]:
    """Write ``changes.json`` and ``changes.md``; return what the run's report says of them.

    Parameters
    ----------
    folder : Path
        The run folder.
    match : Match or None
        What became of the segments; None where there was no model before.
    old, new : Model
        The model before, if any, and the one after.
    path : str
        Where the model before was read from.
    """
    if match is None or old is None:
        return {}
    content = changes(match, old, new, path)
    names = (dict(zip(one.segment_ids, one.names, strict=True)) for one in (old, new))
    write_json(folder / "changes.json", content)
    (folder / "changes.md").write_text(to_markdown(content, *names), encoding="utf-8")
    return {"changes": {"previous": content["previous"], "changelog": content["changelog"]}}


def changelog(found: Match, old: Model, new: Model) -> list[str]:
    """Say in sentences what happened; what changed comes first, what was kept last."""
    return list(_Words(found, old, new).sentences())


def to_markdown(content: Mapping[str, Any], old: Mapping[str, str], new: Mapping[str, str]) -> str:
    """Return the content of ``changes.md``: the changelog, and where the visits went.

    Parameters
    ----------
    content : mapping
        The content of ``changes.json``.
    old, new : mapping of str to str
        Names of the segments by id.
    """
    previous, table = content["previous"], content["migration"]
    n = sum(map(sum, table["visits"]))
    which = "The visits of this run"
    if n < table["of"]:
        which = f"{n:,} of the {table['of']:,} visits of this run, drawn by the hash of their ids"
    lines = [
        "# What changed in the segments",
        "",
        f"Against model {previous['model_version']} ({previous['path']}): {previous['k']} "
        f"segments, learnt on {previous['n']:,} visits.",
        "",
        *(f"- {sentence}" for sentence in content["changelog"]),
        "",
        "## Where the visits go",
        "",
        f"{which}, labelled by both models: a row per segment of the previous one.",
        "",
        "| previous | " + " | ".join(f"{id_} {new[id_]}" for id_ in table["new"]) + " |",
        "|---|" + "---:|" * len(table["new"]),
        *(
            f"| {id_} {old[id_]} | " + " | ".join(f"{n:,}" for n in row) + " |"
            for id_, row in zip(table["old"], table["visits"], strict=True)
        ),
        "",
    ]
    return "\n".join(lines)


@dataclass(frozen=True)
class _Words:
    """A match, and what its segments are called."""

    found: Match
    model: Model
    after: Model

    def sentences(self) -> Iterator[str]:
        found = self.found
        yield (
            f"The same {len(found.new)} segments as before."
            if found.same
            else f"{len(found.kept)} of {len(found.old)} segments are kept; there are "
            f"{len(found.new)} now."
        )
        for id_, parts in found.split.items():
            yield f"{self.old(id_)} was split into {_listed([self.new(one) for one in parts])}."
        for id_, sources in found.merged.items():
            united = _listed([self.old(one) for one in sources])
            yield f"{united} were united in {self.new(id_)}."
        for id_ in found.born:
            share = f"{self.now(id_):.1%} of the visits"
            yield f"{self.new(id_)} is new, with {share}; {self.from_(id_)}."
        for id_ in found.died:
            yield (
                f"{self.old(id_)} is retired: it had {self.trained(id_):.1%} of the visits, and "
                f"{self.still(id_):.1%} are like it now."
            )
        carried = {old: id_ for id_, old in found.mapping.items() if old}
        for id_ in found.redefined:
            yield (
                f"{self.new(carried[id_])} is redefined: it shares {found.similarity[id_]:.0%} of "
                f"its visits with {self.old(id_)} of before."
            )
        for id_ in found.kept:
            now, other = carried[id_], ""
            if now != id_:
                other = f" as {self.new(now)}"
            elif self.old(id_) != self.new(id_):
                other = f", now called {self.new(id_).removeprefix(f'{id_} ')}"
            alike = _whole(found.similarity[id_])
            yield (
                f"{self.old(id_)} is kept{other}: {alike} of its visits are "
                f"the same; {self.now(now):.1%} of all visits, after {self.trained(id_):.1%}."
            )

    def old(self, id_: str) -> str:
        """Return what a segment was called."""
        return next(f"{id_} {one.name}" for one in self.model.segments if one.id == id_)

    def new(self, id_: str) -> str:
        """Return what a segment is called."""
        return next(f"{id_} {one.name}" for one in self.after.segments if one.id == id_)

    def trained(self, id_: str) -> float:
        """Return the share of an old segment when it was learnt."""
        return next(one.share for one in self.model.segments if one.id == id_)

    def still(self, id_: str) -> float:
        """Return the share of the visits that the old model still gives a segment."""
        counts = self.found.counts
        return float(counts[self.found.old.index(id_)].sum() / max(counts.sum(), 1))

    def now(self, id_: str) -> float:
        """Return the share of a new segment."""
        return next(one.share for one in self.after.segments if one.id == id_)

    def from_(self, id_: str) -> str:
        """Say where the visits of a new segment were."""
        column = self.found.counts[:, self.found.new.index(id_)]
        top = int(column.argmax())
        if column[top] <= MOSTLY * column.sum():
            return "the previous model scatters them over several segments"
        return (
            f"the previous model puts {column[top] / column.sum():.0%} of them into "
            f"{self.old(self.found.old[top])}, the nearest that it has"
        )


def _whole(share: float) -> str:
    """Write a share; what is not all is not 100 %."""
    return f"{min(share, 0.999):.1%}" if 0.995 <= share < 1 else f"{share:.0%}"


def _listed(texts: Sequence[str]) -> str:
    return f"{', '.join(texts[:-1])} and {texts[-1]}"
