"""`date_id` of a frame: the days of visits, however they are written."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from visitseg import SegmentError, VisitSegmenter
from visitseg.segments.days import days

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")


@pytest.fixture(scope="module")
def table() -> pa.Table:
    rng = np.random.default_rng(3)
    return pa.table({"pageviews": rng.integers(1, 20, 600), "hits": rng.integers(20, 90, 600)})


def refused(X: Any, match: str) -> SegmentError:
    with pytest.raises(SegmentError, match=match) as caught:
        VisitSegmenter().fit(X)
    assert caught.value.do
    return caught.value


DAYS: dict[str, Callable[[list[int]], Any]] = {
    "int32": lambda days: pa.array(days, pa.int32()),
    "int64": lambda days: pa.array(days, pa.int64()),
    "float": lambda days: pa.array(map(float, days)),
    "decimal": lambda days: pa.array(days).cast(pa.decimal128(25, 2)),
    "text": lambda days: pa.array(map(str, days)),
    "text, viewed": lambda days: pa.array(map(str, days), pa.string_view()),
    "text with dashes": lambda days: pa.array([f"{d // 10000}-01-{d % 100:02}" for d in days]),
    "text with times": lambda days: pa.array(
        [f" {d // 10000}-01-{d % 100:02} 10:00:00" for d in days]
    ),
    "polars' categories": lambda days: pa.table(
        pl.DataFrame({"day": pl.Series(map(str, days), dtype=pl.Categorical)})
    )["day"].combine_chunks(),
    "categories": lambda days: pa.array(map(str, days)).dictionary_encode(),
    "times": lambda days: pa.array(pd.to_datetime(pd.Series(days).astype(str))),
}


@pytest.mark.parametrize("kind", DAYS)
def test_days_are_read_however_they_are_written(kind: str) -> None:
    column = DAYS[kind]([20260105, 20260131, 20240105])
    lacking = pa.chunked_array([column, pa.nulls(1, column.type)])
    first = (datetime.date(2026, 1, 5) - datetime.date(1970, 1, 1)).days
    expected = [first, first + 26, first - 731, None]
    found = days(pa.table({"Date_Id": lacking}))
    assert found is not None
    assert [None if np.isnan(day) else day for day in found] == expected


def test_days_come_into_the_model(table: pa.Table) -> None:
    day = pa.array([20260105 + i % 5 for i in range(len(table))])
    told = VisitSegmenter().fit(table.append_column("date_id", day)).model_.training
    assert [day["date_id"] for day in told["days"]] == [f"2026-01-{day:02}" for day in range(5, 10)]
    assert [day["n"] for day in told["days"]] == [len(table) // 5] * 5


@pytest.mark.parametrize(
    "wrong",
    [
        *(20260230, 20261301, 20260100, 20260105.5, 1e300, -1, 20458),
        *("05.01.2026", "2026-02-30", "2026", "", True),
    ],
)
def test_what_is_no_day_is_shown(wrong: Any, table: pa.Table) -> None:
    right = "20260105" if isinstance(wrong, str) else type(wrong)(20260105)
    day = pa.array([right] * (len(table) - 1) + [wrong])
    error = refused(table.append_column("date_id", day), "no days")
    assert error.where == "date_id"
    assert str(wrong) in " ".join(error.evidence) or isinstance(wrong, bool)


@pytest.mark.parametrize("some", [1, 600])
def test_texts_of_a_polars_frame_that_are_no_days_are_shown(some: int, table: pa.Table) -> None:
    texts = ["foo"] * some + ["2026-01-05"] * (len(table) - some)
    frame = pl.DataFrame(pl.from_arrow(table)).with_columns(date_id=pl.Series(texts))
    assert "e.g. foo" in refused(frame, f"{some} of 600 values").evidence


def test_days_that_cannot_be_read_at_all_are_an_error(table: pa.Table) -> None:
    frame = table.to_pandas()
    assert refused(frame.assign(date_id=1j), "cannot be read").where == "date_id"
    mixed = pd.Series(["20260105", 20260105] * (len(table) // 2), dtype=object)
    assert refused(frame.assign(date_id=mixed), "cannot be read").where == "date_id"
    refused(frame.assign(date_id=pd.Timedelta(days=3)), "no days")
    late = pa.array([10**17] * len(table), pa.timestamp("ms"))
    refused(table.append_column("date_id", late), "600 of 600 values")
