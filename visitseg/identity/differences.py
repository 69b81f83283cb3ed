"""What differs between two models, by their files alone."""

from __future__ import annotations

from typing import Any

from visitseg.model import Model


def differences(old: Model, new: Model) -> dict[str, Any]:
    """Return what differs between two models, by their files alone."""
    before = {segment.id: segment for segment in old.segments}
    after = {segment.id: segment for segment in new.segments}
    return {
        "old": old.version,
        "new": new.version,
        "k": [old.k, new.k],
        "grade": [old.grade, new.grade],
        "features": {
            "added": [name for name in new.needs if name not in old.needs],
            "removed": [name for name in old.needs if name not in new.needs],
        },
        "segments": [
            {
                "segment_id": id_,
                "segment": [_of(before, id_, "name"), _of(after, id_, "name")],
                "share": [_of(before, id_, "share"), _of(after, id_, "share")],
                "kind": [_of(before, id_, "kind"), _of(after, id_, "kind")],
            }
            for id_ in sorted({*before, *after}, key=lambda id_: int(id_[1:]))
        ],
    }


def _of(segments: dict[str, Any], id_: str, name: str) -> Any:
    return getattr(segments[id_], name) if id_ in segments else None
