"""What Spark reads: files whose layouts differ, NDJSON, delimited text, tables; and its errors."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ga4_rows
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from visitseg.config import CsvSettings, Settings, SparkSettings, load_settings
from visitseg.errors import ConfigError, InputError
from visitseg.pipeline import build_visits
from visitseg.simulate import simulate
from visitseg.visits.ga4 import LAYOUT
from visitseg.warehouse import connect

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = [pytest.mark.slow, pytest.mark.spark]
CSV = CsvSettings()


def assert_same_visits(spark: SparkSession, **options: Any) -> pa.Table:
    """Build with both engines; the visit tables, ledgers and checks are equal."""
    build_visits(out="duckdb", **options)
    build_visits(out="spark", spark=spark, **options)
    ours, theirs = (pq.read_table(f"{engine}/visits.parquet") for engine in ("duckdb", "spark"))
    assert theirs.column_names == ours.column_names
    differ = [name for name in ours.column_names if not ours[name].equals(theirs[name])]
    assert differ == []
    for name in ("ledger.json", "checks.json"):
        assert Path("spark", name).read_text() == Path("duckdb", name).read_text()
    assert ours.num_rows > 0
    return theirs


def days(seed: int) -> tuple[pa.Table, pa.Table]:
    raw = ga4_rows.random_export(seed, 80).drop_columns("is_intraday")
    return raw.slice(0, 40), raw.slice(40)


def test_layouts_that_change_between_files(spark: SparkSession) -> None:
    first, second = days(1)
    numbers = pa.array([7 if text else None for text in first["stream_id"].to_pylist()])
    first = first.set_column(first.schema.get_field_index("stream_id"), "stream_id", numbers)
    second = second.drop_columns(["batch_page_id", "collected_traffic_source", "privacy_info"])
    money = pa.array([{"purchase_revenue": 5, "extra": "x"}] * second.num_rows)
    second = second.set_column(second.schema.get_field_index("ecommerce"), "ecommerce", money)
    pq.write_table(first, "events_20210201.parquet")
    pq.write_table(second.append_column("extra", pa.array([1] * 40)), "events_20210202.parquet")
    pq.write_table(days(2)[0], "events_intraday_20210203.parquet")
    table = assert_same_visits(
        spark, source="ga4", input=["events_*.parquet"], currency="USD", platform=["all"]
    )
    assert table.num_rows > 5
    removed = {r["reason"] for r in json.loads(Path("spark/ledger.json").read_text())["removed"]}
    assert "intraday" in removed


def test_ndjson_as_bigquery_writes_it(spark: SparkSession) -> None:
    simulate(Path("export"), visits=60, days=2, seed=3)
    with Path("events.ndjson").open("w") as file:
        for path in sorted(Path("export").glob("events_*.parquet")):
            rows = pq.read_table(path).to_pylist()
            file.writelines(json.dumps(_as_bigquery(row), default=str) + "\n" for row in rows)
    assert_same_visits(spark, source="ga4", input=["events.ndjson"])


def _as_bigquery(value: Any) -> Any:
    """Write integers as texts and leave NULLs out, as BigQuery's export does."""
    if isinstance(value, dict):
        return {k: _as_bigquery(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [_as_bigquery(item) for item in value]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


LOG = """user_id;moment;what;path;price
u1;2026-03-01 10:00:00 UTC;view;/a?x=1;
u1;2026-03-01 10:01:30 UTC;cart;/a;9.5
u1;2026-03-01 10:02:00 UTC;buy;/a;9.5
u2;2026-03-01 23:59:00 UTC;view;"/b;c";
u2;2026-03-02 00:10:00 UTC;view;/b;
u3;2026-03-02 0
"""


def test_delimited_text_with_a_cut_line(spark: SparkSession) -> None:
    Path("log.csv").write_text(LOG)
    Path("visitseg.toml").write_text(
        'source = "events"\ninput = ["log.csv"]\n[csv]\ndelimiter = ";"\n'
        '[columns]\nvisitor = "user_id"\ntimestamp = "moment"\nevent = "what"\npage = "path"\n'
        'revenue = "price"\n[events]\npage_view = ["view"]\npurchase = ["buy"]\n'
    )
    with pytest.raises(InputError) as raised:
        build_visits(out="o", spark=spark)
    assert raised.value.what == "1 line of 6 cannot be read"
    text = Path("visitseg.toml").read_text().replace("[csv]", '[csv]\nbad_lines = "skip"')
    Path("visitseg.toml").write_text(text)
    table = assert_same_visits(spark)
    assert table["pageviews"].to_pylist() == [1, 2]


def test_a_ready_visit_table(spark: SparkSession) -> None:
    rows = {"pages": [3, 1, 2], "orders": [1, 0, 0], "began": ["2026-03-01 23:30:00"] * 3}
    pq.write_table(pa.table(rows), "visits.parquet")
    Path("visitseg.toml").write_text(
        'source = "visits"\ninput = ["visits.parquet"]\ntimezone = "Europe/Berlin"\n'
        '[columns]\npageviews = "pages"\ntransactions = "orders"\nhits = "pages * 2"\n'
        'visit_start = "CAST(began AS TIMESTAMP)"\n'
    )
    table = assert_same_visits(spark)
    assert table["date_id"].to_pylist()[0].day == 2


def test_salted_ids_are_those_of_duckdb(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [f"{'ü' * (n % 3)}{n}|'x'" for n in range(50)]
    rows = {"id": ids, "pages": list(range(50)), "day": ["2026-03-01"] * 50}
    pq.write_table(pa.table(rows), "visits.parquet")
    Path("visitseg.toml").write_text(
        'source = "visits"\ninput = ["visits.parquet"]\n'
        '[columns]\nvisit_id = "id"\npageviews = "pages"\ndate_id = "CAST(day AS DATE)"\n'
    )
    monkeypatch.setenv("VISITSEG_SALT", "grain of 'salt' :salt\\")
    table = assert_same_visits(spark, salt_env="VISITSEG_SALT")
    hashed = {hashlib.sha256(f"grain of 'salt' :salt\\|{id_}".encode()).hexdigest() for id_ in ids}
    assert set(table["visit_id"].to_pylist()) == hashed


CONTRACT = """
schema_version: 1
features:
  cart_views: {count_if: "event = 'add_to_cart' AND path LIKE '%/%'", type: int}
  known_value: {sum_of: value, null: zero}
  kinds: {distinct_of: event, type: int}
  share: {visit: "pageviews / hits"}
dimensions:
  first_title: {first_of: title}
"""


@pytest.mark.parametrize("source", ["ga4", "ga360"])
def test_features_of_a_contract_file(spark: SparkSession, source: Any) -> None:
    simulate(Path("export"), visits=150, seed=4, shape=source)
    Path("visits.yaml").write_text(CONTRACT)
    table = assert_same_visits(
        spark, source=source, input=["export/*_2*.parquet"], features="visits.yaml"
    )
    assert {"cart_views", "known_value", "kinds", "share", "first_title"} <= set(table.column_names)


def test_tables_by_a_pattern_and_spark_left_as_it_was(spark: SparkSession) -> None:
    options: dict[str, Any] = {"currency": "USD", "platform": ["all"]}
    names = ("events_20210201", "events_intraday_20210202")
    for name, day in zip(names, days(3), strict=True):
        pq.write_table(day, f"{name}.parquet")
        spark.createDataFrame(pq.read_table(f"{name}.parquet")).createOrReplaceTempView(name)
    spark.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
    try:
        build_visits(out="files", source="ga4", input=["events_*.parquet"], **options)
        build_visits(out="tables", spark=spark, source="ga4", input=["events_*"], **options)
        assert spark.conf.get("spark.sql.session.timeZone") == "Asia/Tokyo"
        assert not spark.catalog.tableExists("raw_export")
        assert not spark.catalog.tableExists("visits")
        with pytest.raises(InputError) as raised:
            build_visits(out="o", source="ga4", input=["event_20210201"], spark=spark)
        assert raised.value.what == "the table does not exist"
        assert "Did you mean events_20210201" in raised.value.evidence[0]
    finally:
        spark.conf.set("spark.sql.session.timeZone", "UTC")
        for name in names:
            spark.catalog.dropTempView(name)
    ours, theirs = (pq.read_table(f"{out}/visits.parquet") for out in ("files", "tables"))
    assert [ours[c].equals(theirs[c]) for c in ours.column_names] == [True] * ours.num_columns
    assert Path("files/ledger.json").read_text() == Path("tables/ledger.json").read_text()


def test_a_file_that_is_no_part_of_the_export_is_named(spark: SparkSession) -> None:
    simulate(Path(), visits=60, days=2)
    settings = load_settings(
        {"source": "ga4", "input": ["*.parquet"], "out": Path("o")}, environment={}
    )
    with pytest.raises(InputError, match="1 file is no part of the export, of 3") as caught:
        build_visits(settings, spark=spark)
    assert "truth.parquet: no " in str(caught.value)


def test_values_of_another_type_are_named_by_column(spark: SparkSession) -> None:
    columns = {"visit_id": ["a", "b"], "PageViews": ["3", "many"], "hits": ["4", "5"]}
    pq.write_table(pa.table(columns), "texts.parquet")
    settings = load_settings(
        {"source": "visits", "input": ["texts.parquet"], "out": Path("o")}, environment={}
    )
    with pytest.raises(InputError, match="1 column holds values of another type") as caught:
        build_visits(settings, spark=spark)
    assert caught.value.evidence == ("pageviews: 1 of 2 values are no whole numbers, e.g. 'many'",)
    assert 'pageviews = "TRY_CAST(`PageViews` AS BIGINT)"' in caught.value.do
    assert not Path("o").exists()


def test_what_spark_cannot_read(spark: SparkSession) -> None:
    warehouse = connect(Settings(warehouse="spark"), spark=spark)
    try:
        pq.write_table(pa.table({"a": [1]}), "a.parquet")
        with pytest.raises(InputError) as raised:
            warehouse.open_input(["a.parquet"], LAYOUT, CSV)
        assert "columns are missing" in raised.value.what
        with pytest.raises(InputError, match="the input does not exist"):
            warehouse.open_input(["file:///nowhere/x.parquet"], None, CSV)
        with pytest.raises(InputError, match="kinds"):
            warehouse.open_input(["a.parquet", "s3a://b/c.parquet"], None, CSV)
        Path("x.duckdb").write_text("")
        with pytest.raises(InputError, match="does not read DuckDB"):
            warehouse.open_input(["x.duckdb::main.t"], None, CSV)
        warehouse.open_input(["a.parquet"], None, CSV)
        for bad in ("(SELECT 1)", "a) FROM x --", "reflect('a', 'b')", "nope", "a AS b"):
            assert warehouse.expression_problem(bad), bad
        for good in ("a + 1", "CASE WHEN a > 0 THEN 'SELECT' END", "upper(string(a))"):
            assert warehouse.expression_problem(good) is None, good
    finally:
        warehouse.close()


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        (SparkSettings(master="spark://127.0.0.1:1"), "Spark does not answer"),
        (SparkSettings(remote="sc://127.0.0.1:1"), "Spark does not answer"),
        (SparkSettings(master="lokal[2]"), "no Spark session can be started"),
    ],
)
def test_a_spark_that_is_not_there(settings: SparkSettings, what: str) -> None:
    code = (
        "import sys\nfrom visitseg.config import SparkSettings\n"
        "from visitseg.errors import ConfigError\n"
        "from visitseg.warehouse.spark.start import start\n"
        f"try:\n    start({settings!r}, None)\n"
        "except ConfigError as error:\n    sys.exit(error.what)\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert found.returncode == 1
    assert found.stderr.strip().splitlines()[-1] == what


def test_java_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    from visitseg.warehouse.spark.start import start

    monkeypatch.setenv("JAVA_HOME", "/nowhere")
    with pytest.raises(ConfigError, match="Spark needs Java, and there is none"):
        start(SparkSettings(master="local[1]"), None)


def test_the_command_from_a_fresh_shell() -> None:
    """Nothing is said but Java's own warning, and nothing is left in the working folder."""
    pq.write_table(pa.table({"pages": [3, 1], "day": ["2026-03-01"] * 2}), "visits.parquet")
    Path("visitseg.toml").write_text(
        '[columns]\npageviews = "pages"\ndate_id = "CAST(day AS DATE)"\n'
    )
    words = ["visits", "--source", "visits", "--input", "visits.parquet", "--out", "o"]
    command = [sys.executable, "-m", "visitseg", *words, "--warehouse", "spark", "--quiet"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    noise = [line for line in found.stderr.splitlines() if "incubator" not in line]
    assert noise == []
    there = sorted(path.name for path in Path().iterdir())
    assert there == ["o", "visits.parquet", "visitseg.toml"]
