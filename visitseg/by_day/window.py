"""Which days a call replaces in a table that is kept by days."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from visitseg.by_day.labels import UNDATED
from visitseg.config import Settings


@dataclass(frozen=True)
class Window:
    """Which days are made anew: labelled, or built.

    A visit over midnight belongs to the day it began, so a day can be made only together with
    the day before it. And a day is whole only when the file of the day after it is there: so the
    days before the range are made once more, as far as the input still holds them.

    Attributes
    ----------
    first, end : date or None
        The days that were asked for, `end` exclusive; None: all that the input holds.
    late_days : int
        Days before them.
    over_midnight : bool
        Whether visits are made of rows of several days; those of a visit table are whole.
    """

    first: date | None
    end: date | None
    late_days: int
    over_midnight: bool = True

    @classmethod
    def of(cls, settings: Settings) -> Window:
        """Return the window that the settings ask for."""
        whole = settings.source == "visits"
        return cls(settings.date_from, settings.date_to, settings.late_days, not whole)

    def widened(self, settings: Settings) -> Settings:
        """Return the settings with the late days in their range."""
        if self.first is None:
            return settings
        origin = f"{settings.origins.get('date_from', 'default')} {self.first}"
        told = f"{origin}, less {self.late_days} late days" if self.late_days else origin
        return replace(
            settings,
            date_from=self.first - timedelta(days=self.late_days),
            origins={**settings.origins, "date_from": told},
        )

    def is_late(self, day: str) -> bool:
        """Whether a day lies before those that were asked for."""
        return day != UNDATED and self.first is not None and date.fromisoformat(day) < self.first

    def choose(self, found: Iterable[str], in_input: set[str], labelled: set[str]) -> Chosen:
        """Say which days are replaced.

        Parameters
        ----------
        found : iterable of str
            Days with visits.
        in_input : set of str
            Days of which the input holds rows.
        labelled : set of str
            Days that are labelled already.
        """
        with_visits = set(found)
        replaced, cut = [], []
        for day in sorted(with_visits | (in_input if self.first else set())):
            if day != UNDATED:
                own = date.fromisoformat(day)
                if self.end and own >= self.end:
                    continue
                late = self.first is not None and own < self.first
                if late and (self.first - own).days > self.late_days:  # type: ignore[operator]
                    continue
                before = (own - timedelta(days=1)).isoformat()
                if self.over_midnight and before in labelled and before not in in_input:
                    if late:
                        continue
                    cut.append(day)
            replaced.append(day)
        return Chosen(
            [day for day in replaced if day in with_visits],
            [day for day in replaced if day not in with_visits and day in labelled],
            cut,
        )


@dataclass(frozen=True)
class Chosen:
    """Days to replace.

    Attributes
    ----------
    days : list of str
        Days with visits.
    gone : list of str
        Days that were labelled and have no visit any more.
    cut : list of str
        Days whose visits over midnight seem to begin on them: the input lacks the day before.
    """

    days: list[str]
    gone: list[str]
    cut: list[str]

    @property
    def warnings(self) -> list[str]:
        """What the user must know, as sentences."""
        if not self.cut:
            return []
        return [
            f"midnight: the input lacks the day before {', '.join(self.cut[:5])}, which is "
            "labelled already: visits over midnight are counted on both days. Give --input that "
            "day's file too, and --date-from, --date-to."
        ]
