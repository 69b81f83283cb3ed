"""A run folder is written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from visitseg.errors import InputError, OutputError

MANIFEST = "manifest.json"
_BLOCK = 1 << 20


class RunFolder:
    """A staging folder beside `out` that becomes `out` by rename when it is published.

    Use as a context manager: whatever is not published is removed.

    Parameters
    ----------
    out : Path
        Where the run folder will be. A run folder that is already there is replaced; anything
        else is refused.

    Attributes
    ----------
    path : Path
        The staging folder, to be filled.
    """

    def __init__(self, out: Path) -> None:
        self.out = Path(os.path.abspath(out))  # noqa: PTH100  (resolve() would follow a link)
        self.path = self.out.parent / f".{self.out.name}.staging-{os.getpid()}"
        self._parents: list[Path] = []

    def __enter__(self) -> Self:
        check_replaceable(self.out)
        try:
            self._parents = [p for p in self.out.parents if not p.exists()]
            self.out.parent.mkdir(parents=True, exist_ok=True)
            _remove_abandoned(self.out)
            shutil.rmtree(self.path, ignore_errors=True)
            self.path.mkdir()
        except OSError as error:
            self._remove_parents()
            raise _unwritable(self.out, error) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        if not self.out.exists():
            self._remove_parents()
        if isinstance(error, OSError):
            raise _unwritable(self.out, error) from error

    def publish(self) -> list[Path]:
        """Write the manifest, make everything durable, and rename the folder into place.

        Returns
        -------
        list of Path
            Every published file, the manifest last.
        """
        write_manifest(self.path)
        former = self.path.with_name(self.path.name.replace(".staging-", ".former-"))
        if self.out.exists():
            self.out.rename(former)
        try:
            self.path.rename(self.out)
        except BaseException:
            if former.exists():
                former.rename(self.out)
            raise
        shutil.rmtree(former, ignore_errors=True)
        sync(self.out.parent)
        return [self.out / name for name in read_manifest(self.out)] + [self.out / MANIFEST]

    def _remove_parents(self) -> None:
        for parent in self._parents:
            try:
                parent.rmdir()
            except OSError:
                return


def check_replaceable(out: Path) -> None:
    """Raise `OutputError` if `out` holds something that is not a run folder."""
    if out.is_dir() and (not any(out.iterdir()) or (out / MANIFEST).is_file()):
        return
    if out.exists():
        kind = "a folder with other content" if out.is_dir() else "a file"
        raise OutputError(
            f"the output is {kind}, and would be replaced",
            where=str(out),
            evidence=[f"a run folder holds {MANIFEST}; this one does not"] if out.is_dir() else [],
            do="Choose another --out, or move what is there.",
        )


def write_manifest(folder: Path) -> None:
    """Write ``manifest.json``: the SHA-256 of every file, by its path in the folder."""
    names = sorted(
        p.relative_to(folder).as_posix()
        for p in folder.rglob("*")
        if p.is_file() and p.name != MANIFEST
    )
    hashes = {name: _sha256(folder / name) for name in names}
    write_json(folder / MANIFEST, {"schema_version": 1, "files": hashes})
    sync(folder / MANIFEST)


def read_manifest(folder: Path) -> dict[str, str]:
    """Return path -> SHA-256 of a run folder."""
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return dict(content["files"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            "this is not a run folder",
            where=str(folder),
            evidence=[f"{MANIFEST}: {error}"],
            do="Name a folder that `visitseg run` wrote.",
        ) from error


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
        raise _unwritable(path, error) from error


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
        os.fsync(stream.fileno())
    return digest.hexdigest()


def sync(path: Path) -> None:
    """Make durable what a file holds, or which names a folder holds."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove_abandoned(out: Path) -> None:
    """Remove the staging folders of processes that are gone; bring back what they moved away."""
    for former in out.parent.glob(f".{out.name}.former-*"):
        if not _alive(former.name):
            if out.exists():
                shutil.rmtree(former, ignore_errors=True)
            else:
                former.rename(out)
    for staging in out.parent.glob(f".{out.name}.staging-*"):
        if not _alive(staging.name):
            shutil.rmtree(staging, ignore_errors=True)


def _alive(name: str) -> bool:
    try:
        os.kill(int(name.rpartition("-")[2]), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        return True
    return True


def _unwritable(out: Path, error: OSError) -> OutputError:
    return OutputError(
        "the run folder cannot be written",
        where=str(out),
        evidence=[f"{error.strerror or error}: {error.filename or out.parent}"],
        do="Choose a folder you may write to, with room: --out.",
    )
