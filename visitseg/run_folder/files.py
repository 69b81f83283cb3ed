"""Files that last: JSON, and the manifest of a folder."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from visitseg.errors import InputError, OutputError

MANIFEST = "manifest.json"
_BLOCK = 1 << 20
_HASH = re.compile("[0-9a-f]{64}")


def write_manifest(folder: Path, names: Collection[str] | None = None) -> None:
    """Write ``manifest.json``: the SHA-256 of every file, by its path in the folder.

    Parameters
    ----------
    folder : Path
        Where the files are.
    names : collection of str, optional
        Only these files, where others may lie beside them.
    """
    there = {
        p.relative_to(folder).as_posix()
        for p in folder.rglob("*")
        if p.is_file() and p.name != MANIFEST
    }
    listed = sorted(there if names is None else there.intersection(names))
    hashes = {name: sha256_of(folder / name) for name in listed}
    write_json(folder / MANIFEST, {"schema_version": 1, "files": hashes})
    sync(folder / MANIFEST)


def read_manifest(folder: Path) -> dict[str, str]:
    """Return path -> SHA-256 of a run folder."""
    content: Any = None
    problem: object = "it lists no files with their SHA-256"
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        problem = "it is not there"
    except (OSError, ValueError) as error:
        problem = error
    if isinstance(content, dict) and content.get("schema_version") == 1:
        files = content.get("files")
        if isinstance(files, dict) and all(_HASH.fullmatch(str(one)) for one in files.values()):
            return dict(files)
    raise InputError(
        "this is not a run folder",
        where=str(folder),
        evidence=[f"{MANIFEST}: {problem}"],
        do="Name a folder that `visitseg run` wrote.",
    )


def write_json(path: Path, content: Any) -> None:
    """Write JSON that people can read and compare."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def write_new(path: Path, text: str) -> None:
    """Write a text file that must not exist yet."""
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError as error:
        raise OutputError(
            "the file exists already", where=str(path), do="Name another, or move it away."
        ) from error
    except OSError as error:
        raise unwritable("the file", path, error, "another name") from error


def sha256_of(path: Path) -> str:
    """Return the hash of a file, which is durable then."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
        os.fsync(stream.fileno())
    return digest.hexdigest()


def check_unchanged(
    folder: Path, what: str, do: str, counts: Callable[[str], bool] = lambda _: True
) -> None:
    """Raise `InputError` if a file that counts is gone, or not what the manifest says."""
    changed = [
        name
        for name, digest in read_manifest(folder).items()
        if counts(name) and not ((folder / name).is_file() and sha256_of(folder / name) == digest)
    ]
    if changed:
        raise InputError(
            what,
            where=str(folder),
            evidence=[f"changed or missing: {', '.join(changed)}"],
            do=do,
        )


def sync(path: Path) -> None:
    """Make durable what a file holds, or which names a folder holds."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def unwritable(what: str, place: Path, error: OSError, option: str = "--out") -> OutputError:
    """Return the error that something cannot be written, and by which option to choose another."""
    return OutputError(
        f"{what} cannot be written",
        where=str(place),
        evidence=[
            f"a file is where a folder should be: {error.filename or place}"
            if isinstance(error, FileExistsError | NotADirectoryError)
            else f"{error.strerror or error}: {error.filename or place}"
        ],
        do=f"Choose a place you may write to, with room: {option}.",
    )
