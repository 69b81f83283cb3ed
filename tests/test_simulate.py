"""The simulator: what it says it planted is in the files, and the truth is the truth."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from visitseg.errors import ConfigError, OutputError
from visitseg.simulate import Simulation, simulate
from visitseg.simulate.catalogue import KINDS, WEEKDAYS

REAL_DAY = Path(__file__).parents[2] / "shared/data/ga360/ga_sessions_20170801.parquet"


def local_day(seconds: str) -> str:
    """SQL for YYYYMMDD in Los Angeles in January, at UTC seconds; DuckDB's ICU is an extension."""
    return f"strftime(make_timestamp(({seconds} - 8 * 3600) * 1000000), '%Y%m%d')"


# An export without its second copies, rows that are no visits, and rows without visitor; its hits.
VIEWS = """
CREATE VIEW raw AS SELECT * FROM read_parquet($files);
CREATE TABLE known AS
  SELECT DISTINCT *, fullVisitorId || '|' || visitId AS visit_id
  FROM raw WHERE totals.visits = 1 AND fullVisitorId IS NOT NULL;
CREATE TABLE hit AS
  SELECT visit_id, date, visitStartTime * 1000 + h.time AS moment, h.*
  FROM (SELECT visit_id, date, visitStartTime, unnest(hits) AS h FROM known);
CREATE TABLE visit AS
  SELECT visit_id, count(*) AS hits, count(*) FILTER (type = 'PAGE') AS pages,
    count(DISTINCT regexp_replace(page.pagePath, '[?#].*$', '')) FILTER (type = 'PAGE') AS paths,
    (max(moment) - min(moment)) / 1000 AS seconds,
    count(DISTINCT transaction.transactionId) AS orders,
    count(*) FILTER (eCommerceAction.action_type = '6') AS purchases,
    count(DISTINCT eCommerceAction.action_type)
      FILTER (eCommerceAction.action_type IN ('2', '3', '5', '6')) AS funnel,
    min(hitNumber) AS first_number
  FROM hit GROUP BY visit_id;
CREATE VIEW truth AS SELECT * FROM read_parquet($truth);
"""

RECOUNTS = {
    "null_id": "SELECT count(*) FROM raw WHERE fullVisitorId IS NULL",
    "non_interaction": """
        SELECT count(*) FROM raw
        WHERE totals.visits IS NULL AND len(list_filter(hits, lambda h: h.isInteraction)) = 0""",
    "duplicate": "SELECT (SELECT count(*) FROM raw) - count(*) FROM (SELECT DISTINCT * FROM raw)",
    "merged_over_midnight": """
        SELECT count(*) FROM (SELECT 1 FROM known GROUP BY visit_id HAVING count(*) = 2)""",
    "continuation": f"""
        SELECT count(*) FROM known JOIN visit USING (visit_id) WHERE first_number > 1
        AND {local_day("visitId")} < date""",
    "duplicate_purchase_hits": """
        SELECT count(*) FROM visit JOIN
          (SELECT visit_id, sum(totals.transactions) AS counted FROM known GROUP BY 1)
          USING (visit_id) WHERE orders = 1 AND counted = 1 AND purchases > 2""",
    "shared_order_id": """
        SELECT count(*) FROM visit JOIN
          (SELECT visit_id, sum(totals.transactions) AS counted FROM known GROUP BY 1)
          USING (visit_id) WHERE orders = 1 AND counted = 2""",
    "event_only": "SELECT count(*) FROM visit WHERE pages = 0",
}

Ask = Callable[[str], list[tuple[object, ...]]]


def opened(simulation: Simulation) -> Ask:
    """A query function over the written files."""
    connection = duckdb.connect()
    views = VIEWS.replace("$files", str([str(path) for path in simulation.files]))
    connection.execute(views.replace("$truth", f"'{simulation.truth}'"))
    return lambda sql: connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Simulation:
    return simulate(tmp_path_factory.mktemp("small"), visits=2_000, shape="ga360")


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Simulation:
    return simulate(tmp_path_factory.mktemp("usual"), shape="ga360")


@pytest.fixture(scope="module")
def ask(usual: Simulation) -> Ask:
    return opened(usual)


def test_same_seed_same_values_other_seed_others(small: Simulation, tmp_path: Path) -> None:
    again = simulate(tmp_path / "again", visits=2_000, shape="ga360")
    other = simulate(tmp_path / "other", visits=2_000, seed=43, shape="ga360")
    assert again.planted == small.planted
    pairs = list(zip((*small.files, small.truth), (*again.files, again.truth), strict=True))
    assert [one.name for one, _ in pairs] == [two.name for _, two in pairs]
    assert all(pq.read_table(one).equals(pq.read_table(two)) for one, two in pairs)
    assert not pq.read_table(small.truth).equals(pq.read_table(other.truth))


@pytest.mark.parametrize("size", ["small", "usual"])
def test_planted_quirks_are_found_in_the_files(size: str, request: pytest.FixtureRequest) -> None:
    simulation = request.getfixturevalue(size)
    query = opened(simulation)
    assert {name: query(sql)[0][0] for name, sql in RECOUNTS.items()} == simulation.planted
    assert min(simulation.planted.values()) > 0


def test_files_are_the_days_in_order(usual: Simulation) -> None:
    days = [f"202601{day:02d}" for day in range(5, 19)]
    assert [path.name for path in usual.files] == [f"ga_sessions_{day}.parquet" for day in days]
    dates = [pq.read_table(path, columns=["date"])["date"].unique() for path in usual.files]
    assert [column.to_pylist() for column in dates] == [[day] for day in days]


def test_truth_is_the_visits_of_the_export(usual: Simulation, ask: Ask) -> None:
    assert ask("SELECT count(*), count(DISTINCT visit_id) FROM truth") == [
        (20_000 + usual.planted["continuation"],) * 2
    ]
    found = ask("SELECT visit_id, strptime(min(date), '%Y%m%d')::DATE FROM known GROUP BY 1")
    assert sorted(found) == sorted(ask("SELECT visit_id, date_id FROM truth"))
    # visitId alone is no key
    assert ask("SELECT count(DISTINCT visitId) < count(DISTINCT visit_id) FROM known") == [(True,)]


def test_halves_of_a_midnight_visit(usual: Simulation, ask: Ask) -> None:
    pairs = ask(
        f"""
        WITH half AS (SELECT *, row_number() OVER (PARTITION BY visit_id ORDER BY date) AS part,
                        count(*) OVER (PARTITION BY visit_id) AS parts FROM known)
        SELECT strptime(b.date, '%Y%m%d')::DATE - strptime(a.date, '%Y%m%d')::DATE,
          a.visitStartTime = a.visitId,
          {local_day("b.visitStartTime")} = b.date,
          b.hits[1].time, b.hits[1].hitNumber - a.hits[-1].hitNumber,
          len(list_filter(b.hits, lambda h: h.isEntrance)) = (b.totals.pageviews IS NOT NULL)::INT,
          a.totals.newVisits IS NOT DISTINCT FROM b.totals.newVisits
        FROM half a JOIN half b USING (visit_id) WHERE a.part = 1 AND b.part = 2 AND a.parts = 2
        """
    )
    assert len(pairs) == usual.planted["merged_over_midnight"]
    assert set(pairs) == {(1, True, True, 0, 1, True, True)}


def test_totals_are_those_of_the_rows_hits(ask: Ask) -> None:
    wrong = ask(
        """
        WITH summed AS (
          SELECT visit_id, date, count(*) AS n,
            nullif(count(*) FILTER (type = 'PAGE'), 0) AS pageviews,
            nullif(round_even((max(time) - min(time)) / 1000, 0), 0) AS seconds,
            (count(*) FILTER (type = 'PAGE') <= 1 AND max(time) = 0)::INT AS bounced,
            count(DISTINCT transaction.transactionId) AS orders
          FROM hit GROUP BY ALL)
        SELECT count(*) FILTER (totals.hits <> s.n),
          count(*) FILTER (totals.pageviews IS DISTINCT FROM s.pageviews),
          count(*) FILTER (totals.timeOnSite IS DISTINCT FROM s.seconds),
          count(*) FILTER (coalesce(totals.bounces, 0) <> bounced),
          count(*) FILTER (totals.transactions < orders),
          count(*) FILTER ((totals.transactions IS NULL)
            <> (totals.totalTransactionRevenue IS NULL)),
          count(*) FILTER (0 IN (totals.bounces, totals.transactions, totals.newVisits,
            totals.timeOnSite, totals.pageviews, totals.totalTransactionRevenue))
        FROM known JOIN summed s USING (visit_id, date)
        """
    )
    assert wrong == [(0, 0, 0, 0, 0, 0, 0)]


def test_revenue_is_counted_once_and_in_micros(ask: Ask) -> None:
    right, median = ask(
        """
        WITH charged AS (SELECT visit_id, sum(transaction.transactionRevenue) AS r,
            sum(transaction.transactionRevenue) FILTER (first) AS once
          FROM (SELECT *, row_number() OVER (PARTITION BY visit_id, transaction.transactionId
                  ORDER BY hitNumber) = 1 AS first FROM hit) GROUP BY 1),
        t AS (SELECT visit_id, sum(totals.totalTransactionRevenue) AS r,
            sum(totals.transactions) AS n FROM known GROUP BY 1)
        SELECT bool_and(t.r = if(t.n = 1, once, charged.r)), median(t.r) / 1e6
        FROM charged JOIN t USING (visit_id) WHERE t.n > 0
        """
    )[0]
    assert right
    assert 50 < float(median) < 200  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("zone", "first_day"),
    [
        ("Europe/Berlin", date(2026, 3, 28)),  # 23 hours on the second day
        ("America/Los_Angeles", date(2026, 10, 31)),  # 25 hours on the second day
        ("Asia/Kathmandu", date(2026, 1, 1)),  # 5:45 east
        ("Africa/Cairo", date(2026, 4, 23)),  # no midnight on the second day
    ],
)
def test_local_clock(tmp_path: Path, zone: str, first_day: date) -> None:
    simulation = simulate(
        tmp_path, visits=1_500, days=3, first_day=first_day, time_zone=zone, shape="ga360"
    )
    query = opened(simulation)
    here = ZoneInfo(zone)
    hits = query("SELECT DISTINCT moment // 1000, hour, minute, date FROM hit")
    assert len(hits) > 3_000
    for second, hour, minute, day in hits:
        local = datetime.fromtimestamp(second, here)  # type: ignore[arg-type]
        assert (local.hour, local.minute, f"{local:%Y%m%d}") == (hour, minute, day)
    assert simulation.planted["merged_over_midnight"] > 0
    assert (
        query(RECOUNTS["merged_over_midnight"])[0][0]
        == (simulation.planted["merged_over_midnight"])
    )


def test_weekends_have_fewer_visits_and_another_mix(ask: Ask) -> None:
    (weekday, weekend) = ask(
        """
        SELECT count(*) / count(DISTINCT date_id), avg((kind = 'readers')::INT),
          avg((kind IN ('bouncers', 'browsers'))::INT)
        FROM truth GROUP BY dayofweek(date_id) IN (0, 6) ORDER BY 1 DESC
        """
    )
    expected = WEEKDAYS[5:].mean() / WEEKDAYS[:5].mean()
    assert weekend[0] / weekday[0] == pytest.approx(expected, abs=0.08)  # type: ignore[operator]
    assert weekend[1] < weekday[1] - 0.015  # type: ignore[operator]
    assert weekend[2] > weekday[2] + 0.02  # type: ignore[operator]


def test_kinds_have_their_shares_and_buyers_are_rare(ask: Ask) -> None:
    shares = dict(ask("SELECT kind, count(*) / sum(count(*)) OVER () FROM truth GROUP BY kind"))
    for kind in KINDS:
        expected = (5 * kind.weekday + 1.4 * kind.weekend) / 6.4
        assert shares.pop(kind.name) == pytest.approx(expected, abs=0.004 + 0.04 * expected)
    assert not shares
    assert 0.012 < ask("SELECT avg((orders > 0)::INT) FROM visit")[0][0] < 0.022  # type: ignore[operator]


def test_kinds_differ_by_behaviour(ask: Ask) -> None:
    rows = ask(
        """
        SELECT kind, median(seconds / pages), median(paths / pages), median(hits / pages),
          median(pages) FROM visit JOIN truth USING (visit_id) WHERE pages > 0 GROUP BY kind
        """
    )
    pace, unique, events, pages = (
        {row[0]: float(row[column]) for row in rows}  # type: ignore[arg-type]
        for column in range(1, 5)
    )
    assert pace["bots"] < 4 < pace["browsers"] < 30 < 120 < pace["readers"]
    assert unique["searchers"] <= 0.5 < 0.75 < min(unique["browsers"], unique["bots"])
    assert events["cart builders"] >= 2.5 > 2 > max(events["browsers"], events["buyers"])
    assert pages["bots"] > 2 * pages["searchers"]
    several = ask("SELECT count(*) FROM visit JOIN truth USING (visit_id) WHERE kind = 'bouncers' "
                  "AND (seconds > 0 OR pages > 1)")  # fmt: skip
    assert several == [(0,)]
    assert ask("SELECT count(*) > 20 FROM visit WHERE pages = 1 AND hits = 2 AND seconds = 0") == [
        (True,)
    ]


def test_buyers_and_only_buyers_order(ask: Ask) -> None:
    whole = "FROM visit JOIN truth USING (visit_id) WHERE first_number = 1 AND"
    assert ask(f"SELECT count(*) {whole} kind <> 'buyers' AND purchases > 0") == [(0,)]
    buyers = ask(f"SELECT min(funnel), min(orders), max(orders) {whole} kind = 'buyers'")
    assert buyers == [(4, 1, 2)]
    assert ask(
        """
        SELECT min(n), bool_and(ids_known) FROM (
          SELECT count(*) AS n, bool_and(transaction.transactionId IS NOT NULL) AS ids_known
          FROM hit WHERE eCommerceAction.action_type = '6'
          GROUP BY visit_id, transaction.transactionId)
        """
    ) == [(2, True)]


def test_visitors_return_with_the_next_visit_number(ask: Ask) -> None:
    visits = """(SELECT fullVisitorId, visitId, any_value(visitNumber) AS n,
                 any_value(device.operatingSystem) AS os FROM known GROUP BY ALL)"""
    steps = ask(
        f"""
        SELECT n - lag(n) OVER w AS step, os = lag(os) OVER w FROM {visits}
        WINDOW w AS (PARTITION BY fullVisitorId ORDER BY visitId) QUALIFY step IS NOT NULL
        """
    )
    assert len(steps) > 300
    assert set(steps) == {(1, True)}


def test_values_that_a_reader_must_survive(ask: Ask) -> None:
    assert ask(
        """
        SELECT bool_and(regexp_full_match(fullVisitorId, '[0-9]{12,20}')), max(len(fullVisitorId)),
          count(*) FILTER (fullVisitorId LIKE '0%') > 100,
          count(*) FILTER (fullVisitorId::HUGEINT > 9223372036854775807) > 100,
          count(visitorId) + count(totals.screenviews)
        FROM known
        """
    ) == [(True, 20, True, True, 0)]
    *shares, wrong = ask(
        """
        SELECT avg(contains(page.pagePath, '?')::INT), avg(contains(page.pagePath, '#')::INT),
          avg((NOT regexp_full_match(page.pagePath, '[ -~]*'))::INT),
          count(*) FILTER (refund IS NOT NULL OR (eventInfo IS NULL) <> (type = 'PAGE')
            OR (transaction IS NULL) <> (eCommerceAction.action_type NOT IN ('5', '6'))
            OR NOT isInteraction OR NOT isEntrance OR NOT isExit) FROM hit
        """
    )[0]
    assert wrong == 0
    assert all(0.001 < float(share) < 0.4 for share in shares)  # type: ignore[arg-type]


@pytest.mark.skipif(not REAL_DAY.exists(), reason="the real day lies outside the repository")
def test_types_are_those_of_the_real_export(usual: Simulation) -> None:
    def same(ours: pa.DataType, theirs: pa.DataType) -> bool:
        if pa.types.is_list(ours):
            return pa.types.is_list(theirs) and same(ours.value_type, theirs.value_type)
        if pa.types.is_struct(ours):
            return all(same(field.type, theirs.field(field.name).type) for field in ours)
        return bool(ours == theirs)

    real = pq.read_schema(REAL_DAY)
    for field in pq.read_schema(usual.files[0]):
        assert same(field.type, real.field(field.name).type), field.name


def test_progress_and_the_smallest_simulation(tmp_path: Path) -> None:
    calls: list[tuple[str, int, int]] = []
    simulation = simulate(
        tmp_path, visits=1, days=3, shape="ga360", on_progress=lambda *call: calls.append(call)
    )
    assert calls == [("simulate", day, 3) for day in (1, 2, 3)]
    assert len(simulation.files) == 3
    assert pq.read_table(simulation.truth).num_rows == 1 + simulation.planted["continuation"]


@pytest.mark.parametrize("bad", [{"visits": 0}, {"days": 0}, {"seed": -1}, {"time_zone": "Mars/X"}])
def test_impossible_arguments(tmp_path: Path, bad: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=str(next(iter(bad.values())))):
        simulate(tmp_path / "out", **bad)  # type: ignore[arg-type]
    assert not (tmp_path / "out").exists()


def test_files_of_another_export_are_not_mixed_in(tmp_path: Path) -> None:
    simulate(tmp_path, visits=50, days=3)
    with pytest.raises(OutputError, match="1 day file"):
        simulate(tmp_path, visits=50, days=2)
    simulate(tmp_path, visits=60, days=3)
