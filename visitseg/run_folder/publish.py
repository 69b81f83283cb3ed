"""A run folder is written whole or not at all."""

from __future__ import annotations

import glob
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from visitseg.errors import InputError, OutputError
from visitseg.run_folder.files import MANIFEST, read_manifest, sync, unwritable, write_manifest

# What a file manager leaves behind.
_OF_NOBODY = {".DS_Store", "Thumbs.db", "desktop.ini"}
_SHOWN = 5


class RunFolder:
    """A staging folder beside `out` that becomes `out` by rename when it is published.

    Use as a context manager: whatever is not published is removed.

    Parameters
    ----------
    out : Path
        Where the run folder will be; behind a link, where it points. A run folder that is already
        there is replaced; anything else is refused, and so are files beside those of the run.
    inputs : iterable of str
        Files and globs that are read: none may lie in what is replaced.

    Attributes
    ----------
    path : Path
        The staging folder, to be filled.
    """

    def __init__(self, out: Path, inputs: Iterable[str] = ()) -> None:
        own = out.resolve() if out.is_symlink() else out
        self.out = Path(os.path.abspath(own))  # noqa: PTH100  (resolve() follows links further up)
        self._inputs = tuple(inputs)
        self.path = self.out.parent / f".{self.out.name}.staging-{os.getpid()}"
        self._parents: list[Path] = []

    def __enter__(self) -> Self:
        check_replaceable(self.out)
        check_apart(self.out, self._inputs)
        try:
            self._parents = [p for p in self.out.parents if not p.exists()]
            self.out.parent.mkdir(parents=True, exist_ok=True)
            _remove_abandoned(self.out)
            shutil.rmtree(self.path, ignore_errors=True)
            self.path.mkdir()
        except OSError as error:
            self._remove_parents()
            raise unwritable("the run folder", self.out, error) from error
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
            raise unwritable("the run folder", self.out, error) from error

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
    """Raise `OutputError` if `out` holds anything but a run folder, whole and nothing else."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not out.is_dir():
        raise _in_the_way("the output is a file, and would be replaced", out)
    try:
        own = set(read_manifest(out))
    except InputError as error:
        raise _in_the_way(
            "the output is a folder with other content, and would be replaced", out, error.evidence
        ) from error
    there = (path for path in out.rglob("*") if path.is_symlink() or not path.is_dir())
    names = {path.relative_to(out).as_posix() for path in there if path.name not in _OF_NOBODY}
    if strange := sorted(names - own - {MANIFEST}):
        more = len(strange) - _SHOWN
        raise _in_the_way(
            "the output holds files that no run wrote, and they would be removed with it",
            out,
            strange[:_SHOWN] + ([f"and {more} more"] if more > 0 else []),
        )


def check_apart(out: Path, inputs: Iterable[str]) -> None:
    """Raise `OutputError` if an input lies in the folder that is to be replaced."""
    if not out.exists():
        return
    for text in inputs:
        named = (text, *glob.iglob(text, recursive=True))  # noqa: PTH207  (Path.glob refuses /)
        files = (Path(name) for name in named if Path(name).exists())
        inside = next(
            (file for file in files if file.resolve().is_relative_to(out.resolve())), None
        )
        if inside:
            raise _in_the_way(
                "the input lies in the output, and would be removed with the run that is there",
                out,
                [str(inside)],
            )


def _in_the_way(what: str, out: Path, evidence: Iterable[str] = ()) -> OutputError:
    return OutputError(
        what,
        where=str(out),
        evidence=list(evidence),
        do="Choose another --out, or move what is there.",
    )


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
