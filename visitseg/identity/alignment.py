"""What became of the segments of a model in the next one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from visitseg.errors import SegmentError
from visitseg.identity.sample import Rows, common_rows_of
from visitseg.model import Model
from visitseg.segments import arrow
from visitseg.segments.identity import Match
from visitseg.segments.places.axes import Columns
from visitseg.segments.places.sample import take
from visitseg.segments.previous import Previous


@dataclass(frozen=True)
class Alignment:
    """The segments of two models, matched by the visits that they share.

    Attributes
    ----------
    mapping : dict of str to str or None
        New id -> the old id that it carries on, or None.
    kept : list of str
        Old ids carried on by the same segment: Jaccard index of at least .6.
    redefined : list of str
        Old ids carried on with another border: Jaccard index from .4.
    born : list of str
        New ids that carry on nothing, and are neither part of a split nor a union.
    died : list of str
        Old ids that nothing carries on, and that are neither split nor united.
    split : dict of str to list of str
        Old id -> new ids of its parts.
    merged : dict of str to list of str
        New id -> old ids that it unites.
    migration : pyarrow.Table
        A row per old segment: its id, then the number of its visits in every new one; of the
        visits that both models labelled.
    same : bool
        The same segmentation: as many segments, every one of them kept.
    similarity : dict of str to float
        Old id that is carried on -> Jaccard index.
    """

    mapping: dict[str, str | None]
    kept: list[str]
    redefined: list[str]
    born: list[str]
    died: list[str]
    split: dict[str, list[str]]
    merged: dict[str, list[str]]
    migration: pa.Table
    same: bool
    similarity: dict[str, float]


class HasModel(Protocol):
    """What holds a model, as a fitted `VisitSegmenter` does."""

    model_: Model


def model_of(given: object, where: str) -> Model:
    """Return a model, or that of a fitted segmenter.

    Parameters
    ----------
    given : Model or VisitSegmenter
        What a user gave.
    where : str
        As what.

    Raises
    ------
    SegmentError
        It is neither.
    """
    found = getattr(given, "model_", given)
    if isinstance(found, Model):
        return found
    raise SegmentError(
        "this is no model",
        where=where,
        evidence=[f"it is {given!r:.80}"],
        do="Give a Model or a fitted VisitSegmenter; a file is read by Model.load(path).",
    )


def align(old: Model | HasModel, new: Model | HasModel, X: Any) -> Alignment:
    """Match the segments of two models by the visits that they share.

    Parameters
    ----------
    old, new : Model or fitted VisitSegmenter
        The model before and the one after.
    X : frame, Arrow table or array of shape (n_visits, n_features)
        Visits that both can label, best those that `new` was learnt on. Of a frame with the column
        `visit_id` at most 100,000 are labelled, those with the smallest MD5 of their id.

    Raises
    ------
    SegmentError
        A column that either model needs is missing; or `old` or `new` is no model.

    Examples
    --------
    >>> import numpy as np
    >>> from visitseg import VisitSegmenter, align
    >>> rng = np.random.default_rng(0)
    >>> X = np.concatenate([rng.normal(size=(300, 2)), rng.normal(size=(300, 2)) + 9])
    >>> more = np.concatenate([X, rng.normal(size=(150, 2)) - 12])
    >>> old = VisitSegmenter().fit(X).model_
    >>> new = VisitSegmenter().fit(more, previous=old).model_
    >>> align(old, new, more).born
    ['s3']
    """
    old, new, X = model_of(old, "old"), model_of(new, "new"), arrow.opened(X)
    rows = common_rows_of(X)
    before, after = old.columns(X), new.columns(X)
    if rows is not None:
        before, after = take(before, rows), take(after, rows)
    return alignment(matched(old, new, before, after))


def matched(old: Model, new: Model, before: Columns, after: Columns) -> Match:
    """Match the segments of two models by visits.

    Parameters
    ----------
    old, new : Model
        The model before and the one after.
    before, after : mapping of str to ndarray of shape (n_visits,)
        The features that either model needs, of the same visits.
    """
    labels, ids = new.assign_columns(after).labels, tuple(new.segment_ids)
    return previous_of(old).identify(before, labels, ids, next_id=new.next_id)


def previous_of(model: Model) -> Previous:
    """Return what a retrain has to know of a model."""
    return Previous(
        applied=model.applied,
        ids=tuple(model.segment_ids),
        next_id=model.next_id,
        shares=np.array([segment.share for segment in model.segments]),
        kinds=tuple(model.kinds),
        names=dict(zip(model.segment_ids, model.names, strict=True)),
    )


def check_previous(
    model: Model, columns: Columns, *, visits: bool, rows: Rows | None = None
) -> Previous:
    """Return what a retrain has to know of a model, if it can label the same visits.

    Parameters
    ----------
    model : Model
        The model before.
    columns : mapping of str to ndarray of shape (n_visits,)
        Features of the new visits.
    visits : bool
        Whether they are a visit table's.
    rows : ndarray, optional
        The sample of them on which segments are matched; default: all.

    Raises
    ------
    SegmentError
        It needs columns that are not there, or speaks of something else than visits.
    """
    missing = [name for name in model.needs if name not in columns]
    if missing or (model.table == "visits") != visits:
        raise SegmentError(
            "the previous model cannot label these visits",
            where="previous",
            evidence=[f"it needs {', '.join(missing)}, and there are {', '.join(columns)}"]
            if missing
            else [f"it was learnt on a table of kind {model.table!r}"],
            do="Give a model that was learnt on the same features, or none: the segments then get "
            "new identities.",
        )
    return replace(previous_of(model), rows=rows)


def alignment(found: Match) -> Alignment:
    """Return a match with its numbers as a table."""
    columns: dict[str, pa.Array] = {"old": pa.array(found.old, pa.string())}
    for j, id_ in enumerate(found.new):
        columns[id_] = pa.array(found.counts[:, j])
    return Alignment(
        mapping=found.mapping,
        kept=found.kept,
        redefined=found.redefined,
        born=found.born,
        died=found.died,
        split=found.split,
        merged=found.merged,
        migration=pa.table(columns),
        same=found.same,
        similarity=found.similarity,
    )
