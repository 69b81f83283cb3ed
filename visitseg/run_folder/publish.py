"""A run folder is written whole or not at all."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from types import TracebackType
from typing import Self

from visitseg.errors import OutputError
from visitseg.run_folder.files import MANIFEST, read_manifest, sync, unwritable, write_manifest


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
