"""What leaves the house: changed rows only, no segment that is too small, ids that are salted."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import made_models
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pc_csv
import pyarrow.parquet as pq
import pytest
from oracle import Oracle

from visitseg import ConfigError, InputError, Model, OutputError, score
from visitseg.by_day.labels import read_labels
from visitseg.pipeline import build_visits
from visitseg.simulate import simulate
from visitseg.visits.text import load

DAY = date(2026, 1, 5)


@pytest.fixture
def table() -> pa.Table:
    """Write a visit table of 400 visits on two days, and a model for it."""
    made_models.model(1).save("model.json")
    visits = made_models.visits(400, seed=6)
    days = pa.array([DAY] * 200 + [date(2026, 1, 6)] * 200)
    visits = visits.set_column(1, "date_id", days).drop_columns(
        [name for name in visits.column_names if name.startswith("own_")]
    )
    # No revenue without an order.
    place = visits.column_names.index("transaction_revenue")
    orders = pc.fill_null(visits["transactions"], 0)
    revenue = pc.if_else(pc.greater(orders, 0), visits["transaction_revenue"], None)
    visits = visits.set_column(place, "transaction_revenue", revenue)
    pq.write_table(visits, "table.parquet")
    return visits


def scored(**options: Any) -> dict[str, Any]:
    given = {"source": "visits", "input": ["table.parquet"], "out": "scores", "min_segment": 0}
    report: dict[str, Any] = score("model.json", **{**given, **options}).report
    return report


def exported(file: str) -> dict[str, dict[str, Any]]:
    rows = (pq.read_table(file) if file.endswith("parquet") else pc_csv.read_csv(file)).to_pylist()
    assert len({row["visit_id"] for row in rows}) == len(rows)
    return {row["visit_id"]: row for row in rows}


def test_without_labels_to_compare_with_every_visit_is_new(table: pa.Table) -> None:
    told = scored(export="all.parquet")["export"]
    labels = read_labels(Path("scores"))
    own = dict(zip(labels["visit_id"].to_pylist(), labels["segment_id"].to_pylist(), strict=True))
    found = exported("all.parquet")
    assert {id_: row["segment_id"] for id_, row in found.items()} == {
        id_: segment for id_, segment in own.items() if segment
    }
    assert {row["change"] for row in found.values()} == {"new"}
    assert (told["rows"], told["new"], told["too_small"]) == (len(found), len(found), [])


def test_only_what_changed_is_exported(table: pa.Table) -> None:
    scored()
    shutil.copytree("scores", "before")
    assert scored(export="none.csv", since="before")["export"]["rows"] == 0
    assert scored(export="none.csv", since="scores")["export"]["rows"] == 0  # its own, before
    # A visit converts, one disappears, one arrives.
    labels = read_labels(Path("before"))
    ids, orders = table["visit_id"].to_pylist(), table["transactions"].to_pylist()
    bought = ids[orders.index(0)]
    gone = next(
        id_
        for id_, segment in zip(
            labels["visit_id"].to_pylist(), labels["segment_id"].to_pylist(), strict=True
        )
        if segment and id_ != bought
    )
    orders[ids.index(bought)] = 1.0
    later = table.set_column(table.column_names.index("transactions"), "transactions", [orders])
    later = later.filter(pa.array([id_ != gone for id_ in ids]))
    extra = table.filter(pa.array([id_ == bought for id_ in ids]))
    extra = extra.set_column(0, "visit_id", pa.array(["another"]))
    pq.write_table(pa.concat_tables([later, extra]), "table.parquet")
    told = scored(export="changed.csv", since="before")["export"]
    found = exported("changed.csv")
    old = dict(zip(labels["visit_id"].to_pylist(), labels["segment_id"].to_pylist(), strict=True))
    assert found[bought]["change"] == ("changed" if old[bought] else "new")
    assert (found[gone]["change"], found[gone]["previous_segment_id"]) == ("removed", old[gone])
    assert not found[gone]["segment_id"]
    assert set(found) <= {bought, gone, "another"}
    assert told["rows"] == len(found) == told["new"] + told["changed"] + told["removed"]


def test_small_segments_are_not_told(table: pa.Table) -> None:
    report = scored()
    sizes = {row["segment_id"]: row["n"] for row in report["segments"] if row["segment_id"]}
    least = sorted(sizes.values())[1]
    told = scored(export="large.csv", min_segment=least)["export"]
    small = {id_ for id_, n in sizes.items() if n < least}
    assert set(told["too_small"]) == small
    assert small
    assert {row["segment_id"] for row in exported("large.csv").values()} == set(sizes) - small
    # What was told before is taken back.
    told = scored(export="back.csv", since="scores", min_segment=least)["export"]
    assert told["removed"] == sum(sizes[id_] for id_ in small) == told["rows"]


def test_an_export_that_cannot_be_written_is_refused_at_once(table: pa.Table) -> None:
    with pytest.raises(ConfigError, match="is neither"):
        scored(export="labels.xlsx")
    with pytest.raises(OutputError, match="folder of the export"):
        scored(export="absent/labels.csv")
    with pytest.raises(InputError, match="no labels to compare"):
        scored(export="labels.csv", since="absent")
    with pytest.raises(ConfigError, match="since needs export"):
        scored(since="scores")
    assert not Path("scores").exists()


def test_salted_ids_are_the_hash_of_salt_and_id(monkeypatch: pytest.MonkeyPatch) -> None:
    simulate(Path("export"), visits=300, days=2, shape="ga4")
    given: dict[str, Any] = {"source": "ga4", "input": ["export/events_*.parquet"]}
    build_visits(**given, out="plain")
    with pytest.raises(ConfigError, match="VISITSEG_SALT is not set"):
        build_visits(**given, out="salted", salt_env="VISITSEG_SALT")
    monkeypatch.setenv("VISITSEG_SALT", "grain of 'salt'")
    build_visits(**given, out="salted", salt_env="VISITSEG_SALT")
    plain, salted = (pq.read_table(f"{out}/visits.parquet") for out in ("plain", "salted"))

    def hashed(id_: str) -> str:
        return hashlib.sha256(f"grain of 'salt'|{id_}".encode()).hexdigest()

    ids = plain["visit_id"].to_pylist()
    expected = plain.set_column(0, "visit_id", pa.array([hashed(id_) for id_ in ids]))
    assert salted.column_names == plain.column_names
    assert salted.to_pydict() == expected.sort_by("visit_id").to_pydict()
    # Neither the salt nor an id is anywhere else in the folder.
    texts = [p.read_bytes() for p in Path("salted").rglob("*") if p.is_file()]
    assert not any(b"grain of" in text for text in texts)
    assert not any(id_.encode() in text for text in texts for id_ in ids)
    notes = [
        json.loads((Path(o) / "ledger.json").read_text())["notes"] for o in ("plain", "salted")
    ]
    assert notes[0]
    assert [[hashed(id_) for id_ in note["visit_ids"]] for note in notes[0]] == [
        note["visit_ids"] for note in notes[1]
    ]
    engine = duckdb.connect()
    engine.execute("CREATE TABLE visits_by_id AS SELECT 'ü|1' AS visit_id, 1 AS n")
    duck = engine.execute(load("salted", "duckdb").sql, {"salt": "grain"}).fetchall()
    rows = {"visits_by_id": pa.table({"visit_id": ["ü|1"], "n": [1]})}
    google = Oracle().query(load("salted", "bigquery").sql, rows, {"salt": "grain"})
    assert google["visit_id"].to_pylist() == [duck[0][0]]
    assert duck[0][0] == hashlib.sha256("grain|ü|1".encode()).hexdigest()


def test_labels_bear_salted_ids_too(table: pa.Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALT", "s")
    scored(salt_env="SALT")
    ids = set(read_labels(Path("scores"))["visit_id"].to_pylist())
    assert ids == {hashlib.sha256(f"s|{id_}".encode()).hexdigest() for id_ in
                   table["visit_id"].to_pylist()}  # fmt: skip
    assert replace(Model.load("model.json")).version  # the model knows nothing of ids


def test_the_query_of_the_page_gives_a_segment_a_visitor(tmp_path: Path) -> None:
    """The text in docs/how-to/activate.md, over a label folder of GA4 visits."""
    page = (Path(__file__).parents[1] / "docs" / "how-to" / "activate.md").read_text()
    query = page.split("```sql\n")[1].split("```")[0]
    day = Path("scores/labels/date_id=2026-01-05")
    day.mkdir(parents=True)
    ids = ["7.1|9|1767600000", "7.1|9|1767600900", "8.2|9|1767600500", "9.3|9|1767600600"]
    rows = {"visit_id": ids, "date_id": [DAY] * 4, "segment_id": ["s1", "s2", "s3", None]}
    pq.write_table(pa.table(rows), day / "labels.parquet")
    assert sorted(duckdb.sql(query).fetchall()) == [("7.1", "s2"), ("8.2", "s3")]
