"""`VisitSegmenter`: the segments as a scikit-learn clusterer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
from sklearn import config_context
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from visitseg.errors import SegmentError
from visitseg.identity.alignment import HasModel, check_previous, model_of
from visitseg.identity.sample import common_rows_of
from visitseg.model import Model
from visitseg.model.learnt import from_auto, from_baseline, segment_names
from visitseg.segments import arrow, auto, baseline, frames, parameters
from visitseg.segments.assignment.fit import Labels
from visitseg.segments.days import days as days_of
from visitseg.segments.frames import Numbers
from visitseg.segments.interpretation import tables
from visitseg.segments.interpretation.profiles import describe
from visitseg.segments.places.sample import take
from visitseg.segments.places.space import canonical_rows
from visitseg.segments.previous import Previous

_CHECKED = ("preset", "k", "k_min", "k_max", "seed", "bands", "unassigned")


class VisitSegmenter(ClusterMixin, BaseEstimator):  # type: ignore[misc]
    """Find kinds of visits, say how sure that is, and find the kind of any other visit.

    Parameters
    ----------
    preset : {"auto", "baseline"}, default "auto"
        `auto` looks for segments that a density valley separates; `baseline` is z-clipping,
        standardising and k-means.
    k : int or "auto", default "auto"
        Number of segments, rule segments included. `auto` decides by the evidence (`baseline`: 6).
    k_min, k_max : int, default 2 and 12
        Bounds of K for answers with structure. That there are no segments is always weighed.
    seed : int, default 42
        Of the samples that vote on the number of segments (`auto`: the segments themselves do
        not depend on it), and of k-means (`baseline`).
    bands : {"auto", "never"}, default "auto"
        Whether a continuum is cut into its stable bands, which are no kinds of their own.
    unassigned : bool, default False
        Whether visits that lie outside of what was seen get the label -1.

    Attributes
    ----------
    labels_ : ndarray of shape (n_visits,)
        Segment of each visit, in the order of `segments_`.
    n_clusters_ : int
        Number of distinct labels, -1 not counted.
    distinct_labels_ : ndarray of shape (n_visits,)
        The strict answer: rule segments, and segments with a density valley between every two.
    n_distinct_ : int
        How many kinds there are.
    grade_ : {"distinct", "graded", "none"} or None
        Of the visits beyond the rules: at least two kinds, one continuum with stable bands, or
        not even those. None for `baseline`, which gives no verdict.
    segments_ : pyarrow.Table
        A row per segment: id, name, why, kind, grade, n, share, medians, rule.
    diagnostics_ : pyarrow.Table
        A row per K: the evidence.
    cluster_centers_ : pyarrow.Table
        A row per segment: the mean of the known values of every feature, in its own unit.
    model_ : Model
        The frozen segments: to be saved, to label with, to be written as SQL.
    decision_ : dict
        Why this K; `text` says it as a paragraph.
    n_features_in_ : int
        Columns that were used.

    Notes
    -----
    X is a pandas or polars frame or an Arrow table with columns of the visit table, in whatever
    case they are written, raw: the time of a bounce is NaN. Of `date_id` come the days: dates, or
    numbers and texts that read YYYYMMDD. Any other frame or array is segmented column by column in
    units of its interquartile range, without rules. What else hands out Arrow (a DuckDB relation,
    a reader of batches) is read into a table.

    Examples
    --------
    >>> import numpy as np
    >>> from visitseg import VisitSegmenter
    >>> rng = np.random.default_rng(0)
    >>> X = np.concatenate([rng.normal(size=(300, 2)), rng.normal(size=(300, 2)) + 9])
    >>> VisitSegmenter().fit(X).n_distinct_
    2
    """

    def __init__(
        self,
        preset: Literal["auto", "baseline"] = "auto",
        k: int | Literal["auto"] = "auto",
        k_min: int = 2,
        k_max: int = 12,
        seed: int = 42,
        bands: Literal["auto", "never"] = "auto",
        unassigned: bool = False,
    ) -> None:
        self.preset = preset
        self.k = k
        self.k_min = k_min
        self.k_max = k_max
        self.seed = seed
        self.bands = bands
        self.unassigned = unassigned

    def fit(
        self,
        X: Any,
        y: None = None,  # noqa: ARG002
        *,
        previous: Model | HasModel | None = None,
    ) -> Self:
        """Find the segments of X.

        Parameters
        ----------
        X : frame, Arrow table or array of shape (n_visits, n_features)
            See the class.
        y : None
            Ignored.
        previous : Model or fitted VisitSegmenter, optional
            The model before: segments that are still there keep their ids and names, and the
            number of segments changes only where the evidence is clear.

        Raises
        ------
        SegmentError
            A parameter or a column is not as it must be; K is larger than the visits allow; or
            `previous` is no model.
        ValueError
            An array holds NaN or infinite values.
        """
        parameters.check(**{name: getattr(self, name) for name in _CHECKED})
        model_before = None if previous is None else model_of(previous, "previous")
        X = arrow.opened(X)
        columns, days = self._read(X)
        before = None
        if model_before:
            rows = common_rows_of(X)
            before = check_previous(model_before, columns, visits=self._visits, rows=rows)
        with parameters.in_their_words():
            if self.preset == "baseline":
                return self._fit_baseline(columns, days, before)
            found = auto.segment(
                columns,
                visits=self._visits,
                k=None if isinstance(self.k, str) else int(self.k),
                k_min=self.k_min,
                k_max=self.k_max,
                seed=self.seed,
                bands=self.bands,
                days=days,
                previous=before,
            )
        names_before = before.names if before else None
        told = describe(columns, found, visits=self._visits, names=names_before)
        self.model_ = from_auto(
            columns, found, told, visits=self._visits, unassigned=self.unassigned, days=days
        )
        self.labels_: Labels = self.model_.marked(found.found).labels
        self.distinct_labels_: Labels = found.distinct_labels
        self.grade_: str | None = found.grade
        self.decision_ = found.decision
        names = [name.text for name in told.names]
        self.segments_ = tables.segments_table(columns, found, told)
        self.diagnostics_ = tables.evidence_table(found.evidence)
        self.cluster_centers_ = tables.centers_table(columns, found, names)
        self._count()
        return self

    def predict(self, X: Any) -> Labels:
        """Find the segment of every visit; on the data of `fit` the same as `labels_`.

        Parameters
        ----------
        X : frame, Arrow table or array of shape (n_visits, n_features)
            With the columns that `fit` had.

        Returns
        -------
        ndarray of shape (n_visits,)

        Raises
        ------
        SegmentError
            A column of `fit` is missing, or holds no numbers.
        """
        check_is_fitted(self)
        return self.model_.assign_columns(self._read_again(arrow.opened(X))).labels

    def _fit_baseline(
        self,
        columns: Numbers,
        days: npt.NDArray[np.float64] | None,
        before: Previous | None,
    ) -> Self:
        order = canonical_rows(columns)  # the draws of k-means++ depend on it
        own = take(columns, order)
        k = baseline.K_FINAL if isinstance(self.k, str) else int(self.k)
        found = baseline.segment(
            np.column_stack(list(own.values())),
            self._names,
            k_min=self.k_min,
            k_max=self.k_max,
            k_final=k,
            seed=self.seed,
        )
        if before and before.rows is not None:
            before = replace(before, rows=np.flatnonzero(np.isin(order, before.rows)))
        found = found.carrying_on(before, own)
        self.labels_ = np.empty(len(order), dtype=np.int32)
        self.labels_[order] = found.found.labels
        self.distinct_labels_ = self.labels_
        self.grade_ = None
        self.decision_ = {"k": k, "text": f"Preset baseline sets K = {k} and gives no verdict."}
        self.model_ = from_baseline(
            own,
            found,
            segment_names(found.ids, before.names if before else {}),
            visits=self._visits,
            decision=self.decision_,
            days=None if days is None else days[order],
        )
        self.diagnostics_ = tables.evidence_table(found.diagnostics)
        self.cluster_centers_ = self.segments_ = tables.baseline_table(found, self.model_.names)
        self._count()
        return self

    def _count(self) -> None:
        self.n_clusters_ = len(np.unique(self.labels_[self.labels_ >= 0]))
        self.n_distinct_ = len(np.unique(self.distinct_labels_))

    def _read(self, X: Any) -> tuple[Numbers, npt.NDArray[np.float64] | None]:
        """Read what to fit: columns by name, and days where there are any."""
        self._visits, self._by_place = False, not arrow.is_frame(X)
        if self._by_place:
            values = self._array(X, reset=True)
            self._names = [f"x{j}" for j in range(values.shape[1])]
            return dict(zip(self._names, np.array(values.T), strict=True)), None
        self._visits = frames.is_visit_table(arrow.names_of(X))
        columns = frames.visit_columns(X) if self._visits else frames.plain_columns(X)
        if self.preset == "baseline" and self._visits:
            columns = {name: columns[name] for name in baseline.FEATURES if name in columns}
        self._names = list(columns)
        self.n_features_in_ = len(columns)
        if not arrow.is_nameless(X):
            self.feature_names_in_ = np.array(self._names, dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        return columns, days_of(X) if self._visits else None

    def _read_again(self, X: Any) -> Numbers:
        if arrow.is_frame(X) and self._by_place:
            X = np.column_stack(list(frames.plain_columns(X).values()))
        if not arrow.is_frame(X):
            if hasattr(self, "feature_names_in_"):
                raise SegmentError(
                    "the segments were found on a frame, and this is an array",
                    where="X",
                    do=f"Give a frame with the columns {', '.join(self._names)}.",
                )
            values = self._array(X, reset=False)
            return dict(zip(self._names, np.array(values.T), strict=True))
        if not self._visits:
            return frames.plain_columns(X, self._names)
        found = frames.visit_columns(X)
        missing = [name for name in self._names if name not in found]
        if missing:
            arrow.read_columns(X, missing)  # raises, naming them
        return {name: found[name] for name in self._names}

    def _array(self, X: Any, *, reset: bool) -> npt.NDArray[np.float64]:
        with config_context(array_api_dispatch=False):
            values: npt.NDArray[np.float64] = validate_data(self, X, dtype=np.float64, reset=reset)
        return values
