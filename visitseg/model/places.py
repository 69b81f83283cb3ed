"""Where a model is: a file, a run folder, or the current version of a store."""

from __future__ import annotations

from pathlib import Path

from visitseg.errors import InputError

FILE = "model.json"
CURRENT = "current"
VERSIONS = "versions"


def find(path: Path) -> tuple[Path, str | None]:
    """Return the file of a model, and its version if it is in a store.

    Raises
    ------
    InputError
        There is none.
    """
    if path.is_file():
        return path, _version_of(path)
    if (path / FILE).is_file():
        return path / FILE, _version_of(path / FILE)
    if (path / CURRENT).is_file():
        version = (path / CURRENT).read_text(encoding="utf-8").strip()
        file = path / VERSIONS / version / FILE
        if file.is_file():
            return file, version
        raise InputError(
            f"the store's current version {version!r} has no {FILE}",
            where=str(file),
            do="Promote or roll back to a version that is there: visitseg models list.",
        )
    raise InputError(
        "there is no model",
        where=str(path),
        evidence=[] if path.exists() else ["nothing of this name exists"],
        do=f"Name a {FILE}, a run folder that `visitseg run` wrote, or a store.",
    )


def _version_of(file: Path) -> str | None:
    """Return the version of a file that lies in a store."""
    folder = file.resolve().parent
    return folder.name if folder.parent.name == VERSIONS else None
