"""The command line as a user meets it: results, exit codes, errors that help."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import Outcome

from visitseg.config import load_settings

DAY = "ga360/ga_sessions_20170801.parquet"
ARTIFACTS = {
    "session_clusters.parquet", "cluster_centers.parquet", "k_diagnostics.parquet",
    "model_report.json", "visits.parquet", "segment_mix.parquet", "ledger.json", "checks.json",
    "report.html", "manifest.json", "sql/visit_rows.sql", "sql/visit_keys.sql", "sql/visits.sql",
    "plots/elbow.svg", "plots/elbow.png", "plots/silhouette.svg", "plots/davies_bouldin.svg",
    "plots/segment_mix.svg", "plots/centre_heat_map.svg",
}  # fmt: skip


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A small simulated export, as a glob."""
    from visitseg.simulate import simulate

    folder = tmp_path_factory.mktemp("export")
    simulate(folder, visits=1500, days=3, shape="ga360")
    return str(folder / "ga_sessions_*.parquet")


def assert_clear_error(found: Outcome, code: int, *words: str) -> None:
    assert found.code == code
    assert "Traceback" not in found.err + found.out
    assert found.out == ""
    for word in words:
        assert word in found.err
    assert not any(Path().glob(".*staging*")), "nothing half-written"


def test_run_prints_the_result_and_writes_every_artifact(cli: Any, simulated: str) -> None:
    import hashlib

    found = cli(
        "run", "--source", "ga360", "--input", simulated, "--out", "o", "--preset", "baseline"
    )
    assert found.code == 0, found.err
    assert "segment 6" in found.out
    assert "Report: " in found.out
    files = json.loads(Path("o/manifest.json").read_text())["files"]
    assert set(files) | {"manifest.json"} >= ARTIFACTS
    for name, digest in files.items():
        assert hashlib.sha256(Path("o", name).read_bytes()).hexdigest() == digest
        assert name in found.out, "every written path is printed"
    on_disk = {p.relative_to("o").as_posix() for p in Path("o").rglob("*") if p.is_file()}
    assert on_disk == set(files) | {"manifest.json"}
    assert not any(Path().glob(".*")), "no staging folder is left"


def test_stdout_is_one_json_object_and_progress_goes_to_stderr(cli: Any, simulated: str) -> None:
    words = ("visits", "--source", "ga360", "--input", simulated, "--out", "o", "--json")
    found = cli(*words)
    ledger = json.loads(found.out)["ledger"]
    assert f"{ledger['visits']:,} visits from" in found.err
    quiet = cli(*words, "--quiet")
    assert quiet.err == ""
    assert json.loads(quiet.out)["ledger"] == ledger


@pytest.mark.slow
def test_the_answer_of_a_run_is_one_json_object(cli: Any, simulated: str) -> None:
    found = cli("run", "--source", "ga360", "--input", simulated, "--out", "o", "--json")
    content = json.loads(found.out)
    assert content["k_final"] == 6
    assert len(content["segments"]) == 6
    assert sum(row["n"] for row in content["segments"]) == content["n_visits"]
    assert f"{content['n_visits']:,} visits from" in found.err


def test_a_terminal_gets_whole_words_and_every_path(
    simulated: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from visitseg.cli.console import path_list, score_table, segment_table
    from visitseg.pipeline import Run
    from visitseg.scoring.report import Scored

    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "dumb")  # 80 columns, no colours
    names = [f"chart_{i}.svg" for i in range(30)]
    path_list([Path("ledger.json"), *(Path("plots", name) for name in names)])
    lines = capsys.readouterr().out.splitlines()
    assert " ".join(lines).split() == ["ledger.json", "plots/", *names]
    assert len(lines) < 15
    features = {"pageviews": 3.0, "unique_pages": 2.5, "time_on_site_sec_per_pageview": 1.0}
    row = {"cluster": 0, "segment_id": "s1", "segment": "browsers, long and slow", "n": 1234}
    segments = pa.Table.from_pylist([{**row, "share": 0.5, **features}])
    segment_table(Run(Path(), [], {"decision": {"text": "because " * 20}}, segments, []))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["segment", "visits", "share", "pageviews", "unique_pages"]
    assert lines[1].split("  ")[0] == "browsers, long and slow"
    assert all(len(line) <= 80 for line in lines)
    assert lines[2].startswith("Figures are means")
    assert " ".join(lines[3:]).split() == ["because"] * 20
    export = {"rows": 2, "new": 1, "changed": 1, "removed": 0, "min_segment": 50}
    export["too_small"] = [f"a segment with a long name {i}" for i in range(9)]
    report = {"segments": [], "days": ["2026-01-01"], "model": {"version": "x"}, "export": export}
    score_table(Scored(Path(), [], report, []))
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line.rstrip()) <= 80 for line in lines), lines
    assert "a segment with a long name 8." in " ".join(line.strip() for line in lines)


def test_the_version_is_told(cli: Any) -> None:
    from visitseg import __version__

    assert cli("--version").out == f"visitseg {__version__}\n"


def test_flags_without_effect_are_named(cli: Any, simulated: str) -> None:
    words = ("visits", "--source", "ga360", "--input", simulated, "--out", "o", "--quiet")
    found = cli(*words, "--location", "EU", "--platform", "web", "--threads", "1", "--json")
    assert found.code == 0
    assert found.err.splitlines() == [
        "warning: --location has no effect: it is for warehouse bigquery.",
        "warning: --platform has no effect: it is for source ga4.",
    ]
    assert cli(*words).err == ""


def test_days_chosen_are_told_beside_all_rows(cli: Any, simulated: str) -> None:
    words = ("visits", "--source", "ga360", "--input", simulated, "--out", "o")
    first = json.loads(cli(*words, "--json").out)["ledger"]["per_day"][0]
    day = first["day"].replace("-", "")
    found = cli(*words, "--date-from", day, "--date-to", str(int(day) + 1), "--json")
    ledger = json.loads(found.out)["ledger"]
    assert ledger["rows_used"] < ledger["rows_in"]
    told = f"from {ledger['rows_used']:,} of {ledger['rows_in']:,} visit rows"
    assert f"{ledger['visits']:,} visits {told}" in found.err


def test_visits_writes_the_table_and_its_proof_only(cli: Any, simulated: str) -> None:
    found = cli("visits", "--source", "ga360", "--input", simulated, "--out", "o")
    assert found.code == 0
    names = {p.name for p in Path("o").iterdir()}
    proof = {"ledger.json", "checks.json", "sql", "visit-table.md"}
    assert names == {"visits.parquet", "manifest.json"} | proof
    ledger = json.loads(Path("o/ledger.json").read_text())
    assert f"{ledger['visits']:,}" in found.out
    assert ledger["rows_in"] == ledger["rows_used"] + sum(r["rows"] for r in ledger["removed"])


@pytest.mark.slow
def test_no_visits_leaves_the_visit_table_out(cli: Any, simulated: str) -> None:
    cli("run", "--source", "ga360", "--input", simulated, "--out", "o", "--no-visits")
    assert not Path("o/visits.parquet").exists()
    assert "visits.parquet" not in json.loads(Path("o/manifest.json").read_text())["files"]
    assert Path("o/session_clusters.parquet").exists()


@pytest.mark.slow
def test_a_second_run_replaces_the_first_and_gives_the_same_numbers(
    cli: Any, simulated: str
) -> None:
    words = ("run", "--source", "ga360", "--input", simulated, "--out", "o", "--k-max", "6")
    cli(*words)
    first = json.loads(Path("o/manifest.json").read_text())["files"]
    assert cli(*words).code == 0
    second = json.loads(Path("o/manifest.json").read_text())["files"]
    differing = {name for name in first if first[name] != second[name]}
    assert differing <= {"model_report.json", "report.html"}, "they state the time of the run"


def test_dry_run_prints_the_plan_and_writes_nothing(cli: Any, simulated: str) -> None:
    found = cli("run", "--source", "ga360", "--input", simulated, "--out", "o", "--dry-run")
    assert found.code == 0
    assert "days:   all\nsteps:  visit_rows → visit_keys → visits → 23 checks\n" in found.out
    assert "bytes" in found.out
    some = cli(
        *("run", "--source", "ga360", "--input", simulated, "--dry-run"),
        *("--date-from", "20260102", "--date-to", "20260103"),
    )
    assert "days:   from 2026-01-02, before 2026-01-03\n" in some.out
    assert list(Path().iterdir()) == []


@pytest.mark.slow
def test_smoke_mode_needs_nothing(cli: Any) -> None:
    found = cli("run", "--quiet", SMOKE_MODE="1", OUT_DIR="smoke", K_MAX="7")
    assert found.code == 0, found.err
    report = json.loads(Path("smoke/model_report.json").read_text())
    assert report["smoke_mode"] is True
    assert report["config"]["k_max"] == 7
    assert report["config"]["input"] == ["export/events_*.parquet"]
    ledger = json.loads(Path("smoke/ledger.json").read_text())
    assert {r["reason"] for r in ledger["removed"]} == {"duplicate", "no_consent"}


def test_demo_prints_the_path_of_a_report(cli: Any) -> None:
    found = cli("demo", "--out", "d", "--visits", "1000")
    assert found.code == 0, found.err
    path = found.out.rstrip().rpartition("Report: ")[2]
    assert Path(path).read_text().startswith("<!doctype html>")


def test_init_writes_a_file_whose_defaults_are_the_defaults(cli: Any) -> None:
    assert cli("init").code == 0
    text = Path("visitseg.toml").read_text()
    tomllib.loads(text)
    plain = load_settings(environment={})
    uncommented = "\n".join(
        line.removeprefix("# ")
        for line in text.partition("[columns]")[0].splitlines()
        if " = " in line and line.startswith("# ") and '= ""' not in line
    )
    Path("all.toml").write_text(uncommented)
    assert load_settings(file=Path("all.toml"), environment={}) == plain
    assert_clear_error(cli("init"), 1, "exists already")


def test_sql_prints_the_text_of_each_dialect(cli: Any) -> None:
    bigquery = cli("sql", "visits", "--source", "ga360", "--dialect", "bigquery")
    assert bigquery.out.startswith("WITH raw_export AS (")
    assert "@date_from" in bigquery.out
    assert "$date_from" in cli("sql", "visits", "--dialect", "duckdb").out


@pytest.mark.slow
def test_report_renders_an_old_run_again(cli: Any, simulated: str) -> None:
    cli("run", "--source", "ga360", "--input", simulated, "--out", "o", "--k-max", "6")
    before = Path("o/report.html").read_text()
    Path("o/report.html").unlink()
    found = cli("report", "o")
    assert found.code == 0, found.err
    assert Path("o/report.html").read_text() == before
    assert "report.html" in found.out
    sealed = Path("o/manifest.json").read_bytes()
    Path("o/model_report.json").write_text("{}")
    assert_clear_error(cli("report", "o"), 1, "not what the run wrote", "model_report.json")
    assert Path("o/manifest.json").read_bytes() == sealed


def _write_day(path: str, **replaced: Any) -> None:
    row = {
        "fullVisitorId": "1", "visitId": 1, "visitStartTime": 1, "date": "20170801",
        "totals": {"visits": 1},
        "hits": [{"hitNumber": 1, "time": 0, "type": "PAGE", "page": {"pagePath": "/a"}}],
    } | replaced  # fmt: skip
    row = {name: value for name, value in row.items() if value is not None}
    pq.write_table(pa.Table.from_pylist([row]), path)


def test_missing_file(cli: Any) -> None:
    found = cli("run", "--source", "ga360", "--input", "nope.parquet", "--out", "o")
    assert_clear_error(found, 1, "does not exist", "nope.parquet")


def test_glob_without_a_match(cli: Any) -> None:
    Path("other.parquet").write_bytes(b"")
    found = cli("run", "--source", "ga360", "--input", "day_*.parquet", "--out", "o")
    assert_clear_error(found, 1, "no file matches", "other.parquet")


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a.ndjson"])
def test_empty_file(cli: Any, name: str) -> None:
    Path(name).write_bytes(b"")
    found = cli("run", "--source", "ga360", "--input", name, "--out", "o")
    assert_clear_error(found, 1, "is empty", name)


def test_file_without_rows(cli: Any) -> None:
    _write_day("a.parquet")
    pq.write_table(pq.read_table("a.parquet").slice(0, 0), "none.parquet")
    found = cli("run", "--source", "ga360", "--input", "none.parquet", "--out", "o")
    assert_clear_error(found, 1, "the input has no rows", "none.parquet")


@pytest.mark.parametrize(
    ("source", "file", "guess"),
    [
        ("ga360", "ga4/events_sampled.parquet", "ga4"),
        ("ga360", "rees46/2019-Oct.head17435.csv.gz", "events"),
        ("visits", "ga4/events_sampled.parquet", "page views"),
    ],
)
def test_wrong_source_for_the_file(
    cli: Any, real: Callable[[str], str], source: str, file: str, guess: str
) -> None:
    found = cli("run", "--source", source, "--input", real(file), "--out", "o")
    assert_clear_error(found, 1, guess)


@pytest.mark.parametrize(("cut", "what"), [(0.5, "cut off"), (0.001, "cut off")])
def test_truncated_parquet(cli: Any, real: Callable[[str], str], cut: float, what: str) -> None:
    whole = Path(real(DAY)).read_bytes()
    Path("cut.parquet").write_bytes(whole[: int(len(whole) * cut)])
    found = cli("run", "--source", "ga360", "--input", "cut.parquet", "--out", "o")
    assert_clear_error(found, 1, what, "cut.parquet")


def test_parquet_damaged_in_the_middle(cli: Any, real: Callable[[str], str]) -> None:
    whole = bytearray(Path(real(DAY)).read_bytes())
    middle = len(whole) // 2
    whole[middle : middle + 20_000] = os.urandom(20_000)
    Path("bad.parquet").write_bytes(whole)
    found = cli("run", "--source", "ga360", "--input", "bad.parquet", "--out", "o")
    assert_clear_error(found, 1, "cannot be read", "bad.parquet")


def test_truncated_gzip(cli: Any, real: Callable[[str], str]) -> None:
    whole = Path(real("ga360/ga_sessions_20170801.bigquery_json.ndjson.gz")).read_bytes()
    Path("cut.ndjson.gz").write_bytes(whole[: len(whole) // 2])
    found = cli("run", "--source", "ga360", "--input", "cut.ndjson.gz", "--out", "o")
    assert_clear_error(found, 1, "cut.ndjson.gz")


def test_not_parquet_at_all(cli: Any) -> None:
    Path("a.parquet").write_text("visit_id,pageviews\n1,2\n")
    found = cli("run", "--source", "visits", "--input", "a.parquet", "--out", "o")
    assert_clear_error(found, 1, "not Parquet", "a.parquet")


def test_missing_columns_with_a_hint(cli: Any) -> None:
    _write_day("a.parquet", visitId=None, visitID=1, hits=[{"hitNumber": 1, "time": 0}])
    found = cli("run", "--source", "ga360", "--input", "a.parquet", "--out", "o")
    assert_clear_error(found, 1, "3 columns", "visitId", "Did you mean visitID", "hits.type")


def test_missing_mapped_columns_with_a_hint(cli: Any) -> None:
    Path("a.csv").write_text("visit_id,pageview\n1,2\n")
    found = cli("run", "--source", "visits", "--input", "a.csv", "--out", "o")
    assert_clear_error(found, 1, "page views", "Did you mean pageview?")


@pytest.mark.parametrize(
    ("column", "value"),
    [("fullVisitorId", 123), ("visitId", {"a": 1}), ("hits", "[]"), ("totals", 1), ("date", 1)],
)
def test_wrong_types(cli: Any, column: str, value: Any) -> None:
    _write_day("a.parquet", **{column: value})
    found = cli("run", "--source", "ga360", "--input", "a.parquet", "--out", "o")
    assert_clear_error(found, 1, column, "wrong type")


def test_values_that_are_not_numbers(cli: Any) -> None:
    _write_day("a.parquet", visitId="abc")
    found = cli("run", "--source", "ga360", "--input", "a.parquet", "--out", "o")
    assert_clear_error(found, 1, "abc", "not of the type")


def test_ndjson_with_wrong_types(cli: Any) -> None:
    row = {"fullVisitorId": "1", "visitId": "x", "visitStartTime": "1", "date": "20170801",
           "totals": {"visits": "1"}, "hits": []}  # fmt: skip
    Path("a.ndjson").write_text(json.dumps(row) + "\n")
    found = cli("run", "--source", "ga360", "--input", "a.ndjson", "--out", "o")
    assert_clear_error(found, 1, "a.ndjson")


def test_bad_dates(cli: Any, simulated: str) -> None:
    words = ("run", "--source", "ga360", "--input", simulated, "--out", "o")
    assert_clear_error(cli(*words, "--date-from", "2017-13-01"), 1, "2017-13-01", "YYYYMMDD")
    backwards = cli(*words, "--date-from", "20260110", "--date-to", "20260110")
    assert_clear_error(backwards, 1, "is not before", "exclusive")


def test_malformed_dates_in_the_export(cli: Any) -> None:
    _write_day("a.parquet")
    _write_day("b.parquet", visitId=2, date="1 Aug 2017")
    found = cli("run", "--source", "ga360", "--input", "?.parquet", "--out", "o")
    assert_clear_error(found, 1, "date_id_known", "1|2", "Nothing was published")


def test_k_min_above_k_max(cli: Any, simulated: str) -> None:
    words = ("run", "--source", "ga360", "--input", simulated, "--out", "o")
    found = cli(*words, "--k-min", "7", K_MAX="4")
    assert_clear_error(found, 1, "k_min = 7", "k_max = 4", "--k-min and K_MAX")


def test_k_above_the_number_of_distinct_visits(cli: Any) -> None:
    rows = "\n".join(f"v{i},{i % 4 + 1}" for i in range(30))
    Path("a.csv").write_text(f"visit_id,pageviews\n{rows}\n")
    Path("f.yaml").write_text("schema_version: 1\nfeatures:\n  pageviews: {}\n")
    words = ("run", "--source", "visits", "--input", "a.csv", "--features", "f.yaml", "--out", "o",
             "--preset", "baseline")  # fmt: skip
    assert_clear_error(cli(*words), 1, "K = 12", "4 distinct", "Lower both to 4")
    assert cli(*words, "--k-max", "4", "--k-final", "3").code == 0


def test_no_visits_in_range(cli: Any, simulated: str) -> None:
    words = ("run", "--source", "ga360", "--input", simulated, "--out", "o")
    found = cli(*words, "--date-from", "20200101", "--date-to", "20200201")
    assert_clear_error(found, 1, "no visit from 2020-01-01 before 2020-02-01", "2026-01-05")


def test_output_below_a_file(cli: Any, simulated: str) -> None:
    Path("file").write_text("")
    found = cli("run", "--source", "ga360", "--input", simulated, "--out", "file/out")
    assert_clear_error(found, 1, "cannot be written", "a file is where a folder should be")
    taken = cli("run", "--source", "ga360", "--input", simulated, "--out", "file")
    assert_clear_error(taken, 1, "a file, and would be replaced")


def test_output_is_somebody_elses_folder(cli: Any, simulated: str) -> None:
    Path("mine").mkdir()
    Path("mine/thesis.txt").write_text("years of work")
    found = cli("run", "--source", "ga360", "--input", simulated, "--out", "mine")
    assert_clear_error(found, 1, "other content", "mine")
    assert Path("mine/thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize(
    "words",
    [("demo", "--out"), ("score", "--model"), ("run", "--config"), ("models", "list", "--store")],
)
def test_what_the_operating_system_refuses_is_an_error(cli: Any, words: Sequence[str]) -> None:
    found = cli(*words, "n" * 300)
    assert_clear_error(found, 1, "File name too long", "nnnn")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to drop its rights")
def test_unwritable_output(simulated: str, tmp_path: Path) -> None:
    target = tmp_path / "locked"
    target.mkdir(mode=0o555)
    code = (
        "import os, pathlib, sys\n"
        "from visitseg.errors import OutputError\n"
        "from visitseg.run_folder.publish import RunFolder\n"
        "os.setuid(65534)\n"
        "try:\n    RunFolder(pathlib.Path(sys.argv[1])).__enter__()\n"
        "except OutputError as error:\n    print(error)\n"
    )
    tmp_path.chmod(0o755)
    for parent in [*tmp_path.parents][:3]:
        parent.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", code, str(target / "out")], capture_output=True, text=True
    )
    assert "cannot be written" in done.stdout
    assert "Permission denied" in done.stdout


def test_unknown_keys_in_the_toml(cli: Any, simulated: str) -> None:
    Path("s.toml").write_text('k_mox = 5\nsource = "ga360"\n[csv]\nseparator = ";"\n')
    found = cli("run", "--config", "s.toml", "--input", simulated, "--out", "o")
    assert_clear_error(found, 1, "k_mox", "Did you mean k_max", "separator", "s.toml")


def test_toml_that_is_not_toml(cli: Any) -> None:
    Path("s.toml").write_text("source = ga360\n")
    assert_clear_error(cli("run", "--config", "s.toml"), 1, "not valid TOML", "s.toml")
    assert_clear_error(cli("run", "--config", "t.toml"), 1, "does not exist", "t.toml")


def test_nothing_to_read(cli: Any) -> None:
    assert_clear_error(cli("run"), 2, "--input", "SMOKE_MODE=1", "GOOGLE_PROJECT_ID")


def test_no_source(cli: Any, simulated: str) -> None:
    found = cli("run", "--input", simulated)
    assert_clear_error(found, 2, "--source is missing", "looks like ga360", "--source ga360")


def test_unknown_flags_and_words_are_usage_errors(cli: Any) -> None:
    assert cli("run", "--sauce", "ga360").code == 2
    assert cli("run", "--source", "ga5").code == 2
    assert cli("fly").code == 2


def test_spark_that_is_not_installed(
    cli: Any, simulated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    found = cli("run", "--source", "ga360", "--input", simulated, "--warehouse", "spark")
    assert_clear_error(found, 1, "Spark is not installed", "pip install 'visitseg[spark]'")


def test_contract_failures_come_all_at_once(cli: Any) -> None:
    Path("a.csv").write_text(
        "visit_id,pageviews,hits,unique_pages,transactions,transaction_revenue\n"
        "a,-1,3,0,0,0\na,2,3,3,0,0\nb,2,2,1,0,9.5\n"
    )
    found = cli("visits", "--source", "visits", "--input", "a.csv", "--out", "o")
    assert_clear_error(
        found, 1, "ContractError: 5 of", "visit_id_unique", "pageviews_in_range",
        "unique_pages_within_pageviews", "revenue_needs_transactions", "2 rows", "e.g. a, a",
        "checks/visit_id_unique.sql", "Nothing was published.",
    )  # fmt: skip
    plan = json.loads(
        cli("visits", "--source", "visits", "--input", "a.csv", "--dry-run", "--json").out
    )
    unique = plan["sql"]["checks/visit_id_unique"]
    assert "COUNT(*) > 1" in unique


def test_two_formats_at_once(cli: Any) -> None:
    _write_day("a.parquet")
    Path("b.csv").write_text("x\n1\n")
    found = cli("run", "--source", "ga360", "--input", "a.parquet", "--input", "b.csv")
    assert_clear_error(found, 1, "2 formats")


def test_interrupted_nothing_is_published(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "visitseg", "demo", "--visits", "300000", "--out", "o"]
    process = subprocess.Popen(
        words, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        # A shell's background job ignores SIGINT, and its children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    until = time.monotonic() + 30
    while not any(tmp_path.glob(".o.staging-*/export/*")) and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Nothing was published" in err
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_query_is_an_interruption() -> None:
    code = """
import os, signal, threading
from visitseg.warehouse.duckdb import DuckDBWarehouse
signal.signal(signal.SIGINT, signal.default_int_handler)
threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    DuckDBWarehouse().query("SELECT sum(hash(range)) FROM range(1000000000000)")
except KeyboardInterrupt:
    print("interrupted")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "interrupted\n", done.stderr


@pytest.mark.slow
def test_names_of_the_user_reach_the_files(cli: Any, simulated: str) -> None:
    Path("visitseg.toml").write_text('[names]\ns1 = "Käufer <gross>"\n')
    assert cli("run", "--source", "ga360", "--input", simulated, "--out", "o").code == 0
    found = duckdb.sql(
        "SELECT DISTINCT segment FROM 'o/session_clusters.parquet' WHERE cluster = 0"
    )
    assert found.fetchall() == [("Käufer <gross>",)]
    assert "<gross>" not in Path("o/report.html").read_text()
