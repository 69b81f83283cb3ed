"""A retrain with the previous model: ids and names go on, and what changed is said."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.quality import families
from benchmarks.quality.families import NAMED
from visitseg import Model, SegmentError, VisitSegmenter, align, run
from visitseg.config import GateSettings
from visitseg.identity import sample
from visitseg.identity.alignment import previous_of
from visitseg.segments import retrain
from visitseg.segments.assignment import rules
from visitseg.segments.assignment.fitted import Fitted
from visitseg.segments.density.search import Vote
from visitseg.segments.rest import Rest, look
from visitseg.store import promotion
from visitseg.visits.text import load

KINDS = ("browsers", "bots", "searchers")


def visits(seed: int, *kinds: str) -> pa.Table:
    """Bounces, and some named kinds; unknown times are NULL."""
    rng = np.random.default_rng(seed)
    parts = [families.bounces(rng, 400)]
    parts += [families.visits_of(rng, NAMED[kind], 300) for kind in kinds]
    columns = families.join(parts, rng).columns
    return pa.table({name: pa.array(v, from_pandas=True) for name, v in columns.items()})


@pytest.fixture(scope="module")
def old() -> Model:
    """Return three kinds and the bounces; people call the second segment something else."""
    model = VisitSegmenter().fit(visits(1, *KINDS)).model_
    second = replace(model.segments[1], name="our favourites")
    return replace(model, segments=(model.segments[0], second, *model.segments[2:]))


def test_new_visits_of_the_same_kinds_keep_ids_and_names(old: Model) -> None:
    X = visits(2, *KINDS)
    found = VisitSegmenter().fit(X, previous=old)
    names = dict(zip(old.segment_ids, old.names, strict=True))
    assert sorted(found.model_.segment_ids) == sorted(old.segment_ids)
    assert {s.id: s.name for s in found.model_.segments} == names
    assert found.segments_["segment_id"].to_pylist() == found.model_.segment_ids
    assert found.cluster_centers_["segment_id"].to_pylist() == found.model_.segment_ids
    same = align(old, found.model_, X)
    assert same.same
    assert same.mapping == {id_: id_ for id_ in found.model_.segment_ids}
    # The same visit has the same id from either model.
    before = np.array(old.segment_ids)[old.predict(X)]
    now = np.array(found.model_.segment_ids)[found.labels_]
    assert (before == now).mean() > 0.99


def test_a_new_kind_gets_an_id_that_was_never_given(old: Model) -> None:
    X = visits(3, *KINDS, "readers")
    new = VisitSegmenter().fit(X, previous=old).model_
    found = align(old, new, X)
    assert found.born == ["s5"]
    assert (found.died, found.split, found.merged, found.same) == ([], {}, {}, False)
    assert new.next_id == 6
    # It goes away, and another comes: its id is not used again.
    after = VisitSegmenter().fit(visits(4, *KINDS, "carts"), previous=new).model_
    assert "s5" not in after.segment_ids
    assert "s6" in after.segment_ids
    assert after.next_id == 7


def test_a_kind_that_went_away_has_died(old: Model) -> None:
    X = visits(5, *KINDS[:2])
    new = VisitSegmenter().fit(X, previous=old).model_
    found = align(old, new, X)
    assert len(found.died) == 1
    assert found.born == []
    assert new.next_id == old.next_id


def test_the_migration_counts_every_visit_once(old: Model) -> None:
    X = visits(6, *KINDS)
    new = VisitSegmenter().fit(X, previous=old).model_
    table = align(old, new, X).migration
    assert table["old"].to_pylist() == old.segment_ids
    assert table.column_names[1:] == new.segment_ids
    counts = np.column_stack([table[name].to_numpy() for name in new.segment_ids])
    assert (counts.sum(axis=1) == np.bincount(old.predict(X), minlength=4)).all()
    assert (counts.sum(axis=0) == np.bincount(new.predict(X), minlength=4)).all()


def test_a_previous_model_of_other_columns_is_refused(old: Model) -> None:
    with pytest.raises(SegmentError, match="previous model") as caught:
        VisitSegmenter().fit(visits(7, *KINDS).drop(["hits", "hits_per_pageview"]), previous=old)
    assert "hits" in str(caught.value)
    with pytest.raises(SegmentError, match="it needs pageviews"):
        VisitSegmenter().fit(np.random.default_rng(0).normal(size=(50, 2)), previous=old)


def test_baseline_keeps_ids_too() -> None:
    X = visits(1, *KINDS)
    first = VisitSegmenter("baseline", k=4, k_max=4).fit(X).model_
    segments = tuple(
        replace(segment, id=f"s{9 - c}", name=f"mine {c}")
        for c, segment in enumerate(first.segments)
    )
    before = replace(first, segments=segments, next_id=20)
    again = VisitSegmenter("baseline", k=4, k_max=4).fit(X, previous=before).model_
    assert again.segment_ids == ["s9", "s8", "s7", "s6"]
    assert again.names == ["mine 0", "mine 1", "mine 2", "mine 3"]
    assert again.next_id == 20


@pytest.fixture(scope="module")
def rest() -> Rest:
    """Return four kinds, searched anew."""
    X = visits(8, *KINDS, "readers")
    columns = {name: X[name].to_numpy() for name in X.column_names}
    rows = np.flatnonzero(~rules.bounced(columns))
    return look(columns, rows, 42, visits=True, votes=1)


@pytest.mark.parametrize("supporters", [retrain.OUTVOTED - 1, retrain.OUTVOTED])
def test_a_number_of_segments_is_held_until_it_is_outvoted(
    old: Model, rest: Rest, supporters: int
) -> None:
    """Three kinds in the previous model, a fourth among the new visits."""
    assert rest.search.tree.k == 4
    ks = [4] * supporters + [3] * (retrain.VOTES - supporters)
    everyone = np.arange(len(rest.drawn.rows))
    votes = tuple(Vote(everyone, rest.search.tree.cut(k)) for k in ks)
    held = retrain.hold(replace(rest, search=replace(rest.search, votes=votes)), previous_of(old))
    assert (held is None) == (supporters == retrain.OUTVOTED)
    if held:
        assert (held.k, held.otherwise, held.votes) == (3, 4, supporters)
        assert "kept from the previous model: 4 of 7 samples would have 4" in held.sentence


def test_segments_without_a_valley_between_them_are_not_held(old: Model, rest: Rest) -> None:
    """The previous model cut its kinds elsewhere: nothing stands between them now."""
    fitted = old.applied
    assert isinstance(fitted, Fitted)
    assert fitted.assigner is not None
    means = fitted.assigner.means.copy()
    means[:] = means[0] + np.linspace(0, 0.4, 3)[:, None]
    covariances = np.repeat(fitted.assigner.covariances[:1], 3, axis=0)
    moved = replace(fitted.assigner, means=means, covariances=covariances)
    previous = previous_of(replace(old, applied=replace(fitted, assigner=moved)))
    everyone = np.arange(len(rest.drawn.rows))
    undecided = replace(rest.search, votes=(Vote(everyone, rest.search.tree.cut(4)),))
    assert retrain.hold(replace(rest, search=undecided), previous) is None


def test_a_run_with_the_previous_one_writes_what_changed(
    old: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample, "SIZE", 900)
    old.save("jan.json")
    pq.write_table(visits(2, *KINDS, "readers"), "feb.parquet")
    found = run(source="visits", input=["feb.parquet"], out="feb", previous="jan.json")
    content = json.loads(Path("feb/changes.json").read_text())
    new = Model.load("feb")
    assert content["previous"] == {
        "model_version": old.version,
        "fingerprint": old.fingerprint,
        "path": "jan.json",
        "names": dict(zip(old.segment_ids, old.names, strict=True)),
        "k": 4,
        "n": 1300,
    }
    assert content["born"] == ["s5"]
    assert content["migration"]["old"] == old.segment_ids
    assert content["migration"]["new"] == new.segment_ids
    assert sum(map(sum, content["migration"]["visits"])) == 900
    assert content["migration"]["of"] == 1600
    by_hand = [f"{share:.1%} of all visits" for share in (s.share for s in new.segments)]
    assert sum(share in sentence for share in by_hand for sentence in content["changelog"]) >= 4
    page = Path("feb/changes.md").read_text()
    assert all(f"- {sentence}" in page for sentence in content["changelog"])
    assert found.report["changes"]["changelog"] == content["changelog"]
    # One identity everywhere: labels, centres, mix and model.
    labels = pq.read_table("feb/session_clusters.parquet")
    centers = pq.read_table("feb/cluster_centers.parquet")
    assert centers["segment_id"].to_pylist() == new.segment_ids
    ids = np.array(new.segment_ids)[labels["cluster"].to_numpy()]
    assert (ids == np.array(labels["segment_id"].to_pylist())).all()


def test_two_segments_are_not_given_one_name(old: Model) -> None:
    pq.write_table(visits(2, *KINDS), "feb.parquet")
    old.save("jan.json")
    Path("names.toml").write_text('[names]\ns1 = "our favourites"\n')
    with pytest.raises(SegmentError, match="two segments would be called 'our favourites'"):
        run(
            source="visits",
            input=["feb.parquet"],
            out="feb",
            previous="jan.json",
            config="names.toml",
        )
    assert not Path("feb").exists()


def test_the_common_sample_is_that_of_the_sql() -> None:
    """Whatever the batches, the rows are those that sample.sql draws in a warehouse."""
    drawn = np.random.default_rng(0).integers(1, 10**6, (3000, 2))
    ids = sorted({f"{a}.{b}|{b}" for a, b in drawn}, key=lambda id_: (len(id_), id_))
    with duckdb.connect() as engine:
        visits = pa.table({"visit_id": ids})
        engine.register("visits", visits)
        found = engine.sql(load("sample", "duckdb").sql, params={"size": 250}).fetchall()
    for size in (1, 97, 251, 5000):
        batches = [ids[start : start + size] for start in range(0, len(ids), size)]
        assert sample.smallest(batches, 250).tolist() == sorted(place for (place,) in found)


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["auto", "baseline"])
def test_models_are_compared_on_one_sample_of_the_visits(
    monkeypatch: pytest.MonkeyPatch, preset: str
) -> None:
    """Run, promotion, `fit` and `align` label the same visits by both models, and no others."""
    monkeypatch.setattr(sample, "SIZE", 500)
    monkeypatch.setattr(sample, "_BATCH", 128)
    for name, seed in (("jan", 1), ("feb", 2)):
        X = visits(seed, *KINDS)
        ids = pa.array(f"{17 * i}|{i}" for i in range(1000, 1000 + len(X)))
        pq.write_table(X.append_column("visit_id", ids), f"{name}.parquet")
    options = {"source": "visits", "preset": preset, "k_max": 6, "k_final": 4}
    run(input=["jan.parquet"], out="jan", **options)
    run(input=["feb.parquet"], out="feb", previous="jan", **options)
    told = json.loads(Path("feb/changes.json").read_text())["migration"]
    assert (sum(map(sum, told["visits"])), told["of"]) == (500, 1300)
    assert "500 of the 1,300 visits of this run" in Path("feb/changes.md").read_text()
    jan, feb, X = Model.load("jan"), Model.load("feb"), pq.read_table("feb/visits.parquet")
    mixed = X.take(np.random.default_rng(3).permutation(len(X)))
    for table in (X, mixed, mixed.to_pandas()):
        migration = align(jan, feb, table).migration
        assert migration.drop(["old"]).to_pandas().to_numpy().tolist() == told["visits"]
    promotion.promote(Path("jan"), Path("models"), GateSettings())
    found = promotion.promote(Path("feb"), Path("models"), GateSettings())
    (alignment,) = [one for one in found.conditions if one.name == "alignment"]
    assert alignment.passed
    match = promotion._matched(Path("feb"), jan, feb)
    assert match is not None
    assert match.counts.tolist() == told["visits"]
    again = VisitSegmenter(preset, k=4, k_max=6).fit(mixed, previous=jan).model_
    carried = align(jan, again, X).mapping
    assert carried == {id_: id_ if id_ in jan.segment_ids else None for id_ in again.segment_ids}
    # Without ids nobody can say which visits are the same ones: all are taken.
    everyone = align(jan, feb, X.drop(["visit_id"])).migration.drop(["old"])
    assert everyone.to_pandas().to_numpy().sum() == 1300


def test_the_sample_is_the_same_in_any_order_of_the_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So few visits that another sample would often give other ids."""
    monkeypatch.setattr(sample, "SIZE", 30)
    jan = VisitSegmenter("baseline", k=4, k_max=6).fit(visits(1, *KINDS)).model_
    X = visits(2, *KINDS)
    X = X.append_column("visit_id", pa.array(f"{17 * i}|{i}" for i in range(len(X))))
    found = set()
    for seed in range(5):
        mixed = X.take(np.random.default_rng(seed).permutation(len(X)))
        model = VisitSegmenter("baseline", k=4, k_max=6).fit(mixed, previous=jan).model_
        found.add((*model.segment_ids, *(one.n for one in model.segments)))
    assert len(found) == 1
