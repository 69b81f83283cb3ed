"""The store of versions: always whole, guarded by the gate, and it says why."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from benchmarks.quality import families
from visitseg import InputError, Model, PromotionError, VisitSegmenter
from visitseg.cli import app, main
from visitseg.config import GateSettings
from visitseg.run_folder.files import write_json, write_manifest
from visitseg.store.promotion import promote, roll_back
from visitseg.store.versions import Store
from visitseg.visits.contract import Check
from visitseg.visits.ledger import Ledger, Note

IDS = tuple(f"{visitor}.17|{visitor + 1}" for visitor in range(70, 76))
LEDGER = Ledger("ga4", "rows", 9, {}, 9, 9, {}, 9, 6, {}, 6, (), ())
ROOT = Path(__file__).resolve().parents[1]
GATE = GateSettings()


def visits(seed: int) -> pa.Table:
    rng = np.random.default_rng(seed)
    parts = [families.bounces(rng, 300)]
    parts += [families.visits_of(rng, families.NAMED[kind], 200) for kind in ("browsers", "bots")]
    columns = families.join(parts, rng).columns
    return pa.table({name: pa.array(v, from_pandas=True) for name, v in columns.items()})


def run_folder(folder: Path, X: pa.Table, model: Model, jaccard: float = 0.9) -> Path:
    """Write what a promotion reads of a run folder."""
    folder.mkdir()
    model.save(folder / "model.json")
    pq.write_table(X, folder / "visits.parquet")
    report = {
        "run_utc": "2026-03-01T06:00:00+00:00",
        "config": {"out": str(folder), "seed": 42},
        "segments": [
            {"segment_id": s.id, "segment": s.name, "jaccard": jaccard} for s in model.segments
        ],
        "cluster_sizes": [
            {"cluster": c, "pct_sessions": s.share} for c, s in enumerate(model.segments)
        ],
    }
    write_json(folder / "model_report.json", report)
    (folder / "changes.md").write_text("# What changed\n")
    check = Check("bounced_twice", 7, "warning", examples=IDS[:5])
    write_json(folder / "checks.json", [check.to_dict()])
    note = Note("shared_visit_id", 5, IDS[1:], "ga4")
    write_json(folder / "ledger.json", replace(LEDGER, notes=(note,)).to_dict())
    write_manifest(folder)
    return folder


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("runs")
    X, Y = visits(1), visits(2)
    jan = VisitSegmenter().fit(X).model_
    feb = VisitSegmenter().fit(Y, previous=jan).model_
    swapped = [feb.segments[1].id, feb.segments[0].id, feb.segments[2].id]
    mixed_up = replace(
        feb,
        grade="none",
        segments=tuple(
            replace(segment, id=id_) for segment, id_ in zip(feb.segments, swapped, strict=True)
        ),
    )
    return {
        "jan": run_folder(folder / "jan", X, jan),
        "feb": run_folder(folder / "feb", Y, feb),
        "mixed": run_folder(folder / "mixed", Y, mixed_up),
        "shaky": run_folder(folder / "shaky", Y, feb, jaccard=0.3),
    }


def test_a_store_from_the_first_version_to_a_roll_back(
    runs: dict[str, Path], tmp_path: Path
) -> None:
    store = tmp_path / "deep" / "models"
    first = promote(runs["jan"], store, GATE)
    assert (first.version.number, first.previous) == ("0001", None)
    second = promote(runs["feb"], store, GATE)
    assert (second.version.number, second.previous) == ("0002", "0001")
    assert [one.name for one in second.conditions] == [
        *("stability", "sizes", "contract", "grade", "identity", "alignment")
    ]
    assert (store / "current").read_text() == "0002\n"
    assert Model.load(store).fingerprint == Model.load(runs["feb"]).fingerprint
    assert Model.load(store).version == "0002"
    assert roll_back(store).number == "0001"
    assert Model.load(store).version == "0001"
    events = [(row["event"], row["version"]) for row in Store(store).history()]
    assert events == [("promoted", "0001"), ("promoted", "0002"), ("rolled back", "0001")]
    with pytest.raises(InputError, match="no version scored before"):
        roll_back(store)
    with pytest.raises(InputError, match="no such version"):
        roll_back(store, "7")


def test_no_visit_id_comes_into_the_store(runs: dict[str, Path], tmp_path: Path) -> None:
    for name in ("checks.json", "ledger.json"):
        assert any(id_ in (runs["jan"] / name).read_text() for id_ in IDS)
    promote(runs["jan"], tmp_path / "models", GATE)
    files = [path for path in (tmp_path / "models").rglob("*") if path.is_file()]
    assert not {path.name for path in files} & {"visits.parquet", "session_clusters.parquet"}
    told = {path: [id_ for id_ in IDS if id_.encode() in path.read_bytes()] for path in files}
    assert {path: ids for path, ids in told.items() if ids} == {}
    version = tmp_path / "models" / "versions" / "0001"
    (check,) = json.loads((version / "checks.json").read_text())
    assert (check["name"], check["rows"]) == ("bounced_twice", 7)
    (note,) = json.loads((version / "ledger.json").read_text())["notes"]
    assert (note["reason"], note["count"]) == ("shared_visit_id", 5)


@pytest.mark.parametrize(
    ("run", "gate", "unmet"),
    [
        ("mixed", GATE, ["grade", "identity"]),
        ("shaky", GATE, ["stability"]),
        ("feb", replace(GATE, min_share=0.3), ["sizes"]),
        ("feb", replace(GATE, max_share=0.3), ["sizes"]),
    ],
)
def test_the_gate_refuses_and_the_old_version_keeps_scoring(
    runs: dict[str, Path], tmp_path: Path, run: str, gate: GateSettings, unmet: list[str]
) -> None:
    store = tmp_path / "models"
    promote(runs["jan"], store, GATE)
    with pytest.raises(PromotionError) as caught:
        promote(runs[run], store, gate)
    assert (store / "current").read_text() == "0001\n"
    record = Store(store).version("2").record
    assert [row["name"] for row in record["gate"] if not row["passed"]] == unmet
    assert record["live"] is False
    said = str(caught.value)
    assert "0001 keeps scoring" in said
    assert f"visitseg models promote {runs[run]}" in said
    assert all(name in said for name in unmet)
    assert (f"Run again with --previous {store}" in said) == ("identity" in unmet)
    forced = promote(runs[run], store, gate, force="Ana: agreed with sales")
    assert (store / "current").read_text() == "0002\n"
    assert forced.forced == "Ana: agreed with sales"
    assert Store(store).version().record["live"] is True
    assert Store(store).version().record["forced"] == "Ana: agreed with sales"
    assert Store(store).history()[-1]["why"] == "Ana: agreed with sales"


def test_a_lost_contract_and_a_run_without_visits_are_refused(
    runs: dict[str, Path], tmp_path: Path
) -> None:
    store = tmp_path / "models"
    feb, X = Model.load(runs["feb"]), pq.read_table(runs["feb"] / "visits.parquet")
    fewer = VisitSegmenter().fit(X.drop(["unique_pages"])).model_
    promote(run_folder(tmp_path / "fewer", X, fewer), store, GATE)
    with pytest.raises(PromotionError, match="new: unique_pages"):
        promote(runs["feb"], store, GATE)
    blind = run_folder(tmp_path / "blind", X, feb)
    (blind / "visits.parquet").unlink()
    write_manifest(blind)
    with pytest.raises(PromotionError, match="kept no visits") as caught:
        promote(blind, store, replace(GATE, contract="any"))
    assert "Run again without --no-visits" in str(caught.value)


def test_the_model_that_scores_is_not_promoted_again(runs: dict[str, Path], tmp_path: Path) -> None:
    promote(runs["jan"], tmp_path / "models", GATE)
    with pytest.raises(InputError, match="scores already"):
        promote(runs["jan"], tmp_path / "models", GATE)
    assert len(Store(tmp_path / "models").versions()) == 1
    with pytest.raises(InputError, match="not a run folder"):
        promote(tmp_path, tmp_path / "models", GATE)


def test_what_is_promoted_again_is_not_stored_again(runs: dict[str, Path], tmp_path: Path) -> None:
    """A retried promotion, and a repeated run, are the version that they were before."""
    store, strict = tmp_path / "models", replace(GATE, min_share=0.3)
    promote(runs["jan"], store, GATE)

    def refused(run: Path) -> dict[str, object]:
        with pytest.raises(PromotionError, match="kept as version 0002"):
            promote(run, store, strict)
        assert Store(store).current == "0001"
        return dict(Store(store).version("2").record)

    first = refused(runs["feb"])
    again = refused(runs["feb"])
    repeated = tmp_path / "feb-again"
    shutil.copytree(runs["feb"], repeated)
    report = json.loads((repeated / "model_report.json").read_text())
    report |= {"run_utc": "2026-03-02T06:00:00+00:00", "config": {"out": "else", "seed": 42}}
    write_json(repeated / "model_report.json", report)
    write_manifest(repeated)
    last = refused(repeated)
    for record in (again, last):  # what is told anew is when
        assert {**record, "judged": None} == {**first, "judged": None}
    # The gate is eased: the version that lies there scores from now on, and can be left again.
    assert promote(runs["feb"], store, GATE).version.number == "0002"
    record = Store(store).version().record
    assert (record["version"], record["live"], record["previous"]) == ("0002", True, "0001")
    assert all(row["passed"] for row in record["gate"])
    assert roll_back(store).number == "0001"
    # What has scored once is not called refused when it is refused later.
    refused(runs["feb"])
    assert Store(store).version("2").record == record
    assert [row["event"] for row in Store(store).history()] == [
        *("promoted", "refused", "refused", "refused", "promoted", "rolled back", "refused")
    ]
    assert [one.number for one in Store(store).versions()] == ["0001", "0002"]
    # Another report of the same model is another version: it speaks otherwise for the model.
    report["config"]["seed"] = 7
    write_json(repeated / "model_report.json", report)
    write_manifest(repeated)
    assert promote(repeated, store, GATE).version.number == "0003"


def test_promoters_at_once_take_turns(runs: dict[str, Path], tmp_path: Path) -> None:
    store = tmp_path / "models"
    promote(runs["jan"], store, GATE)

    def attempt(i: int) -> None:
        run = runs["feb" if i % 2 else "shaky"]
        promote(run, store, GATE, force=f"attempt {i}")

    with ThreadPoolExecutor(4) as pool:
        done = [future.exception() for future in [pool.submit(attempt, i) for i in range(6)]]
    versions = Store(store).versions()
    assert [one.number for one in versions] == [f"{i + 1:04}" for i in range(len(versions))]
    assert all(error is None or "scores already" in str(error) for error in done)
    assert len(versions) == 1 + sum(error is None for error in done)
    # Each was judged against the version that scored when its turn came.
    before = [one.record["previous"] for one in versions]
    assert before == [None, *(one.number for one in versions[:-1])]


def killed(folder: Path, runs: dict[str, Path], *options: str) -> str:
    words = ["benchmarks.killed", "--folder", folder, "--old", runs["jan"], "--new", runs["feb"]]
    done = subprocess.run(
        [sys.executable, "-m", *map(str, words), *options],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_killed_at_every_named_step_the_store_is_whole(
    runs: dict[str, Path], tmp_path: Path
) -> None:
    assert "every store was whole" in killed(tmp_path / "k", runs)


@pytest.mark.slow
def test_killed_at_random_moments_the_store_is_whole(runs: dict[str, Path], tmp_path: Path) -> None:
    said = killed(tmp_path / "k", runs, "--moments", "50")
    assert int(said.split()[0]) >= 40, "too few processes were alive when they were killed"


@pytest.mark.parametrize("name", ["ledger.json", "model_report.json", "model.json"])
def test_a_run_that_was_edited_is_not_promoted(
    runs: dict[str, Path], tmp_path: Path, name: str
) -> None:
    run = shutil.copytree(runs["jan"], tmp_path / "run")
    (run / name).write_text((run / name).read_text() + "x")
    with pytest.raises(InputError, match="not what the run wrote") as caught:
        promote(run, tmp_path / "models", GATE)
    assert name in str(caught.value)
    assert not (tmp_path / "models").exists()


def test_a_torn_line_of_the_log_swallows_no_other(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.changing():
        store.log("promoted", "0001")
        with (tmp_path / "log.jsonl").open("a") as stream:
            stream.write('{"event": "promo')
        store.log("refused", "0002")
    assert [row["event"] for row in store.history()] == ["promoted", "refused"]


def test_a_damaged_version_is_named_and_never_scores(runs: dict[str, Path], tmp_path: Path) -> None:
    store = tmp_path / "models"
    promote(runs["jan"], store, GATE)
    promote(runs["feb"], store, GATE)
    with pytest.raises(InputError, match="scores already"):
        roll_back(store, "2")
    first = store / "versions" / "0001"
    content = (first / "model.json").read_text()
    (first / "model.json").write_text(content.replace('"share": 0', '"share": 9'))
    with pytest.raises(InputError, match="not what was promoted") as caught:
        roll_back(store)
    assert caught.value.evidence == ("changed or missing: model.json",)
    assert Store(store).current == "0002"
    for damaged in ("{", "{}", "[]", None):
        if damaged is None:
            (first / "promotion.json").unlink()
        else:
            (first / "promotion.json").write_text(damaged)
        with pytest.raises(InputError, match="damaged") as caught:
            Store(store).versions()
        assert caught.value.where == str(first / "promotion.json")


def test_a_file_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("x")
    with pytest.raises(InputError, match="not a store"):
        assert Store(tmp_path / "models").current


def cli(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["models", *words])
    return done.exit_code, done.output


def test_the_commands(runs: dict[str, Path], tmp_path: Path) -> None:
    assert cli("list") == (
        0,
        "models holds no version. `visitseg models promote RUN_DIR` adds one.\n",
    )
    code, said = cli("promote", str(runs["jan"]))
    assert code == 0
    assert "Version 0001 scores" in said
    code, said = cli("promote", str(runs["feb"]), "--json")
    assert json.loads(said)["version"] == "0002"
    listed = json.loads(cli("list", "--json")[1])
    assert listed["current"] == "0002"
    assert [one["version"] for one in listed["versions"]] == ["0001", "0002"]
    assert "current" in cli("list")[1]
    shown = json.loads(cli("show", "1", "--json")[1])
    assert (shown["version"], shown["current"]) == ("0001", False)
    assert "Version 0002 scores now" in cli("show")[1]
    difference = json.loads(cli("diff", "1", "--json")[1])
    assert difference["k"] == [3, 3]
    assert [row["segment_id"] for row in difference["segments"]] == ["s1", "s2", "s3"]
    assert "Segments: 3 → 3" in cli("diff", "1", "2")[1]
    assert cli("rollback")[1].startswith("Version 0001 scores again")
    assert Path("models/current").read_text() == "0001\n"


def test_a_refused_promotion_is_read_on_stderr(
    runs: dict[str, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "visitseg.toml").write_text("[gate]\nmin_stable = 1.0\nmin_jaccard = 0.99\n")
    monkeypatch.setattr(sys, "argv", ["visitseg", "models", "promote", str(runs["jan"])])
    with pytest.raises(SystemExit) as left:
        main()
    out, err = capsys.readouterr()
    assert left.value.code == 1
    assert out == ""
    assert "gate.min_stable" in err
    assert not (tmp_path / "models" / "current").exists()
