"""How long work tells what it is doing. The numbers go to whoever listens; nobody has to."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told by the pipeline; the command line shows it on stderr."""

    def step(self, text: str) -> None:
        """Begin something."""
        ...

    def count(self, text: str, done: int, total: int) -> None:
        """Say how far it is."""
        ...

    def done(self, text: str) -> None:
        """Finish with a result worth a line."""
        ...

    def warn(self, text: str) -> None:
        """Say something that a reader must not miss."""
        ...


class Silent:
    """Nobody listens."""

    def step(self, text: str) -> None:
        """See `Progress.step`."""

    def count(self, text: str, done: int, total: int) -> None:
        """See `Progress.count`."""

    def done(self, text: str) -> None:
        """See `Progress.done`."""

    def warn(self, text: str) -> None:
        """See `Progress.warn`."""
