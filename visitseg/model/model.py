"""`Model`: segments with their identity, ready to be applied to any visits."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from visitseg.errors import OutputError, SegmentError, shown
from visitseg.model.segment import Segment
from visitseg.segments import arrow, frames
from visitseg.segments.assignment import rules
from visitseg.segments.assignment.fit import Labels
from visitseg.segments.assignment.fitted import Assigned, Fitted
from visitseg.segments.assignment.nearest import Nearest
from visitseg.segments.places.axes import Columns

_SHORT = 12


@dataclass(frozen=True, eq=False)
class Model:
    """A frozen segmentation; two are equal where their files would be.

    Attributes
    ----------
    preset : {"auto", "baseline"}
        How it was found.
    table : {"visits", "plain"}
        Whether it speaks of a visit table, whose columns have a meaning, or of any numbers.
    features : tuple of str
        Columns that it was found on.
    segments : tuple of Segment
        One per cluster, in the order of ``cluster_centers``.
    next_id : int
        The number of the next new segment's id; smaller ones are never given again.
    grade : {"distinct", "graded", "none"} or None
        Of the visits beyond the rules; None for `baseline`, which gives no verdict.
    applied : Fitted or Nearest
        The numbers that find the segment of a visit.
    unassigned : bool
        Whether visits outside of what was seen get the cluster -1.
    contract : mapping
        What the features are, as the contract file says it.
    decision : mapping
        Why this K.
    training : mapping
        What it was learnt on: counts, days, sketches of the features, the reference of every day.
    versions : mapping of str to str
        Of the software.
    stored_as : str or None
        Its version in a store; None elsewhere.
    """

    preset: Literal["auto", "baseline"]
    table: Literal["visits", "plain"]
    features: tuple[str, ...]
    segments: tuple[Segment, ...]
    next_id: int
    grade: str | None
    applied: Fitted | Nearest
    unassigned: bool = False
    contract: Mapping[str, Any] = field(default_factory=dict)
    decision: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    stored_as: str | None = None

    def __repr__(self) -> str:
        return (
            f"Model(version={self.version!r}, k={self.k}, grade={self.grade!r}, "
            f"features={shown(self.features)})"
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Model):
            return NotImplemented
        from visitseg.model.document import to_dict

        return json.dumps(to_dict(self)) == json.dumps(to_dict(other))

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    @property
    def k(self) -> int:
        """Number of segments."""
        return len(self.segments)

    @property
    def segment_ids(self) -> list[str]:
        """The persistent id of every cluster."""
        return [segment.id for segment in self.segments]

    @property
    def names(self) -> list[str]:
        """The name of every cluster."""
        return [segment.name for segment in self.segments]

    @property
    def kinds(self) -> list[str | None]:
        """The kind of every cluster."""
        return [segment.kind for segment in self.segments]

    @property
    def version(self) -> str:
        """What label tables call it: its version in the store, else the hash of its numbers."""
        return self.stored_as or self.fingerprint

    @property
    def fingerprint(self) -> str:
        """Twelve hexadecimal digits of what decides ids and labels; names do not count."""
        from visitseg.model.document import deciding

        text = json.dumps(deciding(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:_SHORT]

    @property
    def needs(self) -> tuple[str, ...]:
        """Features without which no label can be given, in the order of `features`."""
        if isinstance(self.applied, Nearest):
            return self.applied.features
        used = set(self.applied.space.columns) if self.applied.space else set()
        if self.table == "visits":
            used |= {"pageviews", *rules.columns_of(self.applied.ruled)}
            used |= {"transaction_revenue"} if self.applied.buyers else set()
        return tuple(name for name in self.features if name in used)

    @classmethod
    def load(cls, path: str | Path) -> Model:
        """Read a model.

        Parameters
        ----------
        path : str or Path
            A ``model.json``, a run folder, or a store, whose current version is taken.

        Raises
        ------
        InputError
            There is no model, or the file is not one.
        """
        from visitseg.model.document import read
        from visitseg.model.places import find

        file, stored_as = find(Path(path))
        return read(file, stored_as)

    def save(self, path: str | Path) -> None:
        """Write the model as a file that people can read and compare.

        Parameters
        ----------
        path : str or Path
            The file; its folder must exist.

        Raises
        ------
        OutputError
            The file cannot be written.
        """
        from visitseg.model.document import write

        try:
            write(self, Path(path))
        except OSError as error:
            raise OutputError(
                "the model cannot be written",
                where=str(path),
                evidence=[f"{error.strerror or error}: {error.filename or path}"],
                do="Name a file in a folder that exists and that you may write to.",
            ) from error

    def predict(self, X: Any) -> Labels:
        """Find the segment of every visit.

        Parameters
        ----------
        X : frame, Arrow table or array of shape (n_visits, n_features)
            With the columns of `needs`; of a visit table raw, unknown values NULL or NaN. An array
            only where `table` is "plain", with the columns in the order of `features`.

        Returns
        -------
        ndarray of shape (n_visits,)
            Clusters; `segment_ids[cluster]` is the id. -1 is unassigned.

        Raises
        ------
        SegmentError
            A column is missing, or its values are not possible.

        Notes
        -----
        Scores nearer than 1e-9, relative to 1 + the best score, are a tie. Of the segments that
        tie the first in the model's own order wins, in SQL too.
        """
        return self.assign(X).labels

    def to_sql(
        self,
        dialect: Literal["bigquery", "duckdb", "spark"] = "bigquery",
        *,
        table: str = "visits",
        style: Literal["select", "view", "insert"] = "select",
        target: str = "visit_labels",
    ) -> str:
        """Write the model as one SELECT over a visit table, equal to `predict` row for row.

        See `visitseg.model.sql.scoring_sql`, also for the parameters.

        Raises
        ------
        UsageError
            `dialect` or `style` is none of those.
        """
        from visitseg.model.sql import scoring_sql

        return scoring_sql(self, dialect, table=table, style=style, target=target)

    def assign(self, X: Any) -> Assigned:
        """Find segment, distance and margin of every visit; parameters as for `predict`."""
        return self.assign_columns(self.columns(X))

    def assign_columns(self, columns: Columns) -> Assigned:
        """Find segment, distance and margin.

        Parameters
        ----------
        columns : mapping of str to ndarray of shape (n_visits,)
            Checked values of at least the features of `needs`, NaN where unknown.
        """
        with threadpool_limits(limits=1):
            decide = {name: columns[name] for name in self.needs}
            return self.marked(self.applied.assign(decide))

    def marked(self, found: Assigned) -> Assigned:
        """Mark the visits outside of what was seen with -1, if the model says so."""
        if not self.unassigned or isinstance(self.applied, Nearest):
            return found
        return self.applied.marked(found)

    def columns(self, X: Any) -> dict[str, npt.NDArray[np.float64]]:
        """Return the columns of X that decide, checked; parameters as for `predict`."""
        X = arrow.opened(X)
        if self.table == "plain":
            return self._plain(X)
        if not arrow.is_frame(X):
            raise SegmentError(
                f"the model needs named columns, and this is of type {type(X).__name__}",
                where="X",
                do=f"Give a frame with the columns {', '.join(self.needs)}.",
            )
        found = frames.visit_columns(X)
        others = [name for name in self.needs if name not in found]
        more = frames.numbers(arrow.read_columns(X, others, any_case=True))
        found |= frames.check_visits(found | more)
        return {name: found[name] for name in self.needs}

    def _plain(self, X: Any) -> frames.Numbers:
        if not arrow.is_frame(X):
            return frames.plain_array(X, self.features)
        if arrow.is_nameless(X) and not set(self.features) <= set(arrow.names_of(X)):
            found = frames.plain_columns(X)
            return frames.plain_array(np.column_stack(list(found.values())), self.features)
        return frames.plain_columns(X, self.features)
