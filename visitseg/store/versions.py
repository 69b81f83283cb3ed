"""The store: numbered versions of a model, and the one that is current.

    models/
      current            one line: the number of the version that scores
      versions/0001/     a model and what speaks for it; never changed, never removed.
                         Only its promotion.json says what was judged last
      log.jsonl          what was promoted, refused and rolled back, one line each
      lock               held while the store is changed

A version is written beside its place and moved there by one rename; `current` and a
`promotion.json` are replaced by one rename each. So whenever the power fails, `current` names a
version that is whole: the old one or the new. Nothing in a version speaks of a single visit.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from visitseg.errors import InputError, OutputError
from visitseg.run_folder.files import sync, unwritable, write_json, write_manifest
from visitseg.store.content import MODEL, RECORD, is_same, read_record, take

CURRENT = "current"
VERSIONS = "versions"
# Moments at which a change of the store can be interrupted, in their order.
STEPS = ("locked", "copied", "synced", "added", "written", "switched", "logged")

_LOCK, _LOG, _STAGING = "lock", "log.jsonl", ".staging"
_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Version:
    """A model in a store.

    Attributes
    ----------
    number : str
        Four digits or more: "0001".
    folder : Path
        Where it lies.
    record : mapping
        The content of its ``promotion.json``: when, from where, which conditions it met.
    """

    number: str
    folder: Path
    record: Mapping[str, Any]


class Store:
    """A folder of versions.

    Parameters
    ----------
    folder : Path
        It need not exist yet.
    at : callable, optional
        Called with the name of each of `STEPS` when it is done.
    """

    def __init__(self, folder: Path, at: Callable[[str], None] = lambda _: None) -> None:
        self.folder = folder
        self._at = at

    @property
    def current(self) -> str | None:
        """Number of the version that scores; None in a store without one.

        Raises
        ------
        InputError
            ``current`` names a version that is not there.
        """
        try:
            number = (self.folder / CURRENT).read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise InputError(
                "this is not a store",
                where=str(self.folder),
                evidence=[f"{error.strerror}: {error.filename}"],
                do="Name the folder of a store: --store models.",
            ) from error
        if not (self._place(number) / MODEL).is_file():
            raise InputError(
                "the current version is not in the store",
                where=str(self.folder / CURRENT),
                evidence=[f"it says {number!r}; there are: {', '.join(self._numbers()) or 'none'}"],
                do="Write the number of a version into that file.",
            )
        return number

    def versions(self) -> list[Version]:
        """Return every version, the oldest first."""
        return [self.version(number) for number in self._numbers()]

    def version(self, number: str | None = None) -> Version:
        """Return one version; without a number the current one.

        Raises
        ------
        InputError
            There is no such version.
        """
        wanted = self.current if number is None else _padded(number)
        place = self._place(wanted or "")
        if wanted is None or wanted not in self._numbers():
            raise InputError(
                "the store has no current version"
                if wanted is None
                else "there is no such version",
                where=str(self.folder) if wanted is None else str(place),
                evidence=[f"there are: {', '.join(self._numbers()) or 'none'}"],
                do="visitseg models promote RUN_DIR adds one."
                if not self._numbers()
                else "visitseg models list shows them.",
            )
        return Version(wanted, place, read_record(place))

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the store's lock: one process at a time changes a store.

        Raises
        ------
        OutputError
            The folder cannot be written, or another process holds it for a minute.
        """
        import fcntl

        try:
            (self.folder / VERSIONS).mkdir(parents=True, exist_ok=True)
            with (self.folder / _LOCK).open("a") as handle:
                given_up = time.monotonic() + _PATIENCE_SECONDS
                while True:
                    try:
                        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        break
                    except BlockingIOError:
                        if time.monotonic() > given_up:
                            raise self._busy() from None
                        time.sleep(0.05)
                # Whoever left it is gone: this process holds the lock.
                shutil.rmtree(self.folder / _STAGING, ignore_errors=True)
                self._at("locked")
                yield
        except OSError as error:
            raise unwritable("the store", self.folder, error, "--store") from error

    def add(self, run: Path, record: Mapping[str, Any]) -> Version:
        """Take what a version holds from a run folder; `current` stays. Inside `changing`.

        Where a version holds the same already, none is added: its record then tells the new
        verdict, except that a version which has scored is not called refused afterwards.

        Parameters
        ----------
        run : Path
            A run folder.
        record : mapping
            What ``promotion.json`` shall say besides number, times and origin: `live` and more.
        """
        staging = self.folder / _STAGING
        staging.mkdir()
        take(run, staging)
        self._at("copied")
        write_manifest(staging)  # hashing makes every file durable
        now = _now()
        told = {"utc": now, "run": str(run), "judged": now, "previous": self.current, **record}
        known = next((one for one in self.versions() if is_same(staging, one.folder)), None)
        if known:
            told |= {key: known.record[key] for key in ("utc", "run")}
            if known.record["live"] and not record["live"]:
                told = dict(known.record)
        number = known.number if known else self._next()
        told = {"schema_version": 1, "version": number, **told}
        place = self._place(number)
        write_json(staging / RECORD, told)
        sync(staging / RECORD)
        sync(staging)
        self._at("synced")
        if known:
            (staging / RECORD).replace(place / RECORD)
            sync(place)
            shutil.rmtree(staging)
        else:
            staging.rename(place)
            sync(place.parent)
        self._at("added")
        return Version(number, place, told)

    def switch(self, number: str) -> None:
        """Make a version the current one. Inside `changing`."""
        new = self.folder / f"{CURRENT}.new"
        with new.open("w", encoding="utf-8") as stream:
            stream.write(f"{number}\n")
            stream.flush()
            os.fsync(stream.fileno())
        self._at("written")
        new.replace(self.folder / CURRENT)
        sync(self.folder)
        self._at("switched")

    def log(self, event: str, version: str, **more: Any) -> None:
        """Add a line to the log. Inside `changing`."""
        line = json.dumps({"utc": _now(), "event": event, "version": version, **more})
        path = self.folder / _LOG
        # A line that a killed process left unfinished must not swallow this one.
        torn = path.is_file() and path.read_bytes()[-1:] not in (b"", b"\n")
        with path.open("a", encoding="utf-8") as stream:
            stream.write(("\n" if torn else "") + line + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        self._at("logged")

    def history(self) -> list[dict[str, Any]]:
        """Return the log; a line that a killed process left unfinished is left out."""
        found = []
        path = self.folder / _LOG
        for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
            with contextlib.suppress(ValueError):
                found.append(json.loads(line))
        return found

    def _place(self, number: str) -> Path:
        return self.folder / VERSIONS / number

    def _next(self) -> str:
        return _padded(str(int(max(self._numbers(), default="0", key=int)) + 1))

    def _numbers(self) -> list[str]:
        folder = self.folder / VERSIONS
        names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
        return sorted((name for name in names if name.isdigit()), key=int)

    def _busy(self) -> OutputError:
        return OutputError(
            "another process is changing the store",
            where=str(self.folder / _LOCK),
            evidence=[f"it has been for {_PATIENCE_SECONDS:.0f} s"],
            do="Wait for it, and try again.",
        )


def _padded(number: str) -> str:
    return number.zfill(4)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
