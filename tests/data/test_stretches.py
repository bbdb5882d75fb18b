from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from anenas._errors import AnenasError
from anenas.data._stretches import Rows, are_dates, is_date, seconds_of

TRAIN, VALIDATION, TEST = 0, 1, 2
MANY = {"train": 1000, "validation": 1000, "test": 1000}


def rows_of(
    *lengths: int, values: Sequence[object] | None = None, times: Sequence[float] | None = None, clock: str = "day"
) -> Rows:
    """Series of so many rows, with the numbers of the rows as their values unless others are given."""
    count = sum(lengths)
    series = np.repeat(np.arange(len(lengths)), lengths)
    table = np.array(range(count) if values is None else values, np.float32).reshape(count, -1)
    return Rows(Path("w.csv"), series, table, None if times is None else np.array(times, float), clock)


def train_rows_after(steps: Sequence[float]) -> list[int]:
    """Rows before each of a series that begins with these steps, all in training."""
    times = np.cumsum([100.0, *steps, *[10] * 40])
    return rows_of(len(times), times=times).before[: len(steps) + 1].tolist()


def test_the_last_fifth_of_each_series_is_for_tests_and_a_fifth_of_the_rest_before_it_to_validate_with() -> None:
    found = rows_of(10, 25, 1).part.tolist()
    assert found[:10] == [TRAIN] * 6 + [VALIDATION] * 2 + [TEST] * 2
    assert found[10:35] == [TRAIN] * 16 + [VALIDATION] * 4 + [TEST] * 5
    assert found[35:] == [TRAIN]


def test_rows_before_one_are_of_its_series_and_split() -> None:
    assert rows_of(10, 5).before.tolist() == [0, 1, 2, 3, 4, 5, 0, 1, 0, 1, 0, 1, 2, 0, 0]


def test_a_row_with_a_missing_value_has_none_before_it_and_is_before_none() -> None:
    values = [[i, 2 * i] for i in range(20)]
    values[4][1] = math.nan
    assert rows_of(20, values=values).before[:13].tolist() == [0, 1, 2, 3, 0, 0, 1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    ("step", "is_gap"), [(10, False), (3, False), (15, False), (15.1, True), (0, True), (-10, True), (math.nan, True)]
)
def test_a_gap_is_a_step_of_more_than_one_and_a_half_usual_ones_or_none_forward(step: float, is_gap: bool) -> None:
    assert train_rows_after([10, 10, step]) == [0, 1, 2, 0 if is_gap else 3]


def test_rows_of_unknown_time_have_gaps_on_both_sides() -> None:
    times = [*np.arange(30) * 10.0]
    times[3] = math.nan
    assert rows_of(30, times=times).before[:7].tolist() == [0, 1, 2, 0, 0, 1, 2]


def test_what_is_usual_is_the_middle_step_forward_of_the_series_itself() -> None:
    slow, fast = [*np.arange(10) * 100.0], [*np.arange(10) * 2.0]
    slow[5:] = [one + 40 for one in slow[5:]]
    fast[3:] = [one + 2 for one in fast[3:]]
    assert rows_of(10, 1, 10, times=[*slow, 7, *fast]).before.tolist() == [
        *[0, 1, 2, 3, 4, 5, 0, 1, 0, 1], 0, *[0, 1, 2, 0, 1, 2, 0, 1, 0, 1],
    ]  # fmt: skip
    backward = [0, 10, 20, 5, 0, -5, -10, 0, 10, 20]  # of the six steps but four say what is usual
    assert rows_of(10, times=backward).before[:6].tolist() == [0, 1, 2, 0, 0, 0]
    standing = [*[0] * 11, *range(10, 100, 10)]  # ten steps of none, and nine of ten
    assert rows_of(20, times=standing).before[:13].tolist() == [*[0] * 11, 1, 2]


def test_where_no_step_goes_forward_every_row_stands_alone() -> None:
    assert rows_of(5, times=[3.0] * 5).before.tolist() == [0] * 5
    assert rows_of(5, times=[5, 4, 3, 2, 1]).before.tolist() == [0] * 5


@pytest.mark.parametrize(
    ("steps", "is_clock"),
    [
        ([1] * 9 + [3], True),
        ([1] * 8 + [3] * 2, False),
        ([100] * 8 + [101, 300], True),  # a hundredth more is as long
        ([100] * 8 + [101.5, 300], False),
        ([100] * 8 + [99, 300], True),
        ([100] * 8 + [98.5, 300], False),
        ([1] * 19 + [0], False),
        ([1] * 19 + [-1], False),
        ([-1] * 10, False),
        ([1] * 5 + [math.nan] + [1] * 14, False),
        ([2, 2], True),
        ([2], False),
    ],
)
def test_a_clock_rises_in_every_step_and_by_the_same_in_nine_of_ten(steps: list[float], is_clock: bool) -> None:
    column = np.cumsum([7, *steps])
    values = np.column_stack([np.zeros(len(column)), column])
    assert rows_of(len(column), values=values).is_clock(1) == is_clock
    assert not rows_of(len(column), values=values).is_clock(0)


def test_a_clock_may_begin_anew_and_go_at_another_rate_in_each_series() -> None:
    days, weeks = range(12), range(0, 84, 7)
    assert rows_of(12, 12, values=[*days, *weeks]).is_clock(0)
    assert not rows_of(24, values=[*days, *weeks]).is_clock(0)
    assert rows_of(12, 12, 1, values=[*days, *weeks, 3]).is_clock(0)
    falls = [*days, *weeks]
    falls[20] = 0
    assert not rows_of(12, 12, values=falls).is_clock(0)
    even, uneven = [*range(0, 60, 5)], [2.0**i for i in range(12)]
    assert not rows_of(12, 12, values=[*uneven, *even]).is_clock(0)  # what is alike in one series is not all
    assert not rows_of(12, 12, values=[*even, *uneven]).is_clock(0)


def test_a_column_runs_where_it_goes_one_way_in_eight_moves_or_more() -> None:
    stairs = [0, 0, 1, 1, 2, 3, 4, 5, 6, 6, 7, 8]
    for sign in (1, -1):
        values = np.column_stack([np.arange(12) % 2, sign * np.array(stairs)])
        assert rows_of(12, values=values).is_running(1)
        assert not rows_of(12, values=values).is_running(0)
        assert not rows_of(11, values=values[:11]).is_running(1)  # seven moves may be chance
        values[11, 1] = values[10, 1] - sign
        assert not rows_of(12, values=values).is_running(1)


def test_a_column_runs_though_it_begins_anew_in_each_series_and_though_values_are_missing() -> None:
    values = [5, 6, 7, 8, 9, 1, 2, math.nan, 3, 4, 5]
    assert not rows_of(5, 6, values=values).is_running(0)  # 4 moves, and 3 between values side by side
    assert rows_of(5, 7, values=[*values, 6]).is_running(0)
    assert not rows_of(12, values=[*values, 6]).is_running(0)
    assert not rows_of(5, 7, values=[*values[::-1], 6]).is_running(0)


def told(rows: Rows, caplog: pytest.LogCaptureFixture, *names: str) -> list[str]:
    caplog.clear()
    rows.tell(names or ("t",))
    assert all(record.levelno == logging.WARNING for record in caplog.records)
    return [line.removeprefix("'w.csv': ") for line in caplog.messages]


def test_rows_with_missing_values_are_counted_by_column(caplog: pytest.LogCaptureFixture) -> None:
    values = np.arange(3600, dtype=float).reshape(1200, 3)
    values[:1001, 0] = values[999:1003, 2] = math.nan
    assert told(rows_of(1200, values=values), caplog, "wind", "sun", "rain") == [
        "1,003 of 1,200 rows have a missing value (1,001 of wind, 4 of rain): no window spans them"
    ]
    assert told(rows_of(4, values=[1, 2, math.nan, 4]), caplog) == [
        "1 of 4 rows have a missing value (1 of t): no window spans them"
    ]
    assert told(rows_of(4), caplog) == []


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([10] * 5, []),
        ([10, 10, 12, 10, 8], []),
        ([10, 10, 12.1, 10, 10], [(1, "uneven")]),
        ([10, 7.9, 10, 10, 15], [(2, "uneven")]),
        ([10, 10, 30, 10, 10], [(1, "gaps")]),
        ([10, -30, 7, 10, 10, 0, 10], [(2, "gaps"), (1, "uneven")]),
    ],
)
def test_gaps_and_steps_more_than_a_fifth_longer_or_shorter_than_usual_are_told_apart(
    steps: list[float], expected: list[tuple[int, str]], caplog: pytest.LogCaptureFixture
) -> None:
    texts = {
        "gaps": "gaps or steps back in day: no window spans them",
        "uneven": f"of {len(steps)} steps of day are longer or shorter than usual: treated as equally long",
    }
    rows = rows_of(len(steps) + 1, times=np.cumsum([0, *steps]))
    assert told(rows, caplog) == [f"{count} {texts[kind]}" for count, kind in expected]


def test_uneven_steps_are_counted_in_every_series_and_not_between_them(caplog: pytest.LogCaptureFixture) -> None:
    times = [0, 10, 20, 33, 43, 43.5, 44, 44.5, 45.2, 45.7]
    assert told(rows_of(5, 5, times=times), caplog) == [
        "2 of 8 steps of day are longer or shorter than usual: treated as equally long"
    ]
    assert told(rows_of(5, 5, times=[0, 1, 2, 3, 4, 0, 7, 14, 21, 28]), caplog) == []


def test_large_counts_of_gaps_and_uneven_steps_are_written_with_commas(caplog: pytest.LogCaptureFixture) -> None:
    steps = [10.0] * 5000
    steps[:1001], steps[1001:2002] = [13.0] * 1001, [90.0] * 1001
    assert told(rows_of(5001, times=np.cumsum([0, *steps])), caplog) == [
        "1,001 gaps or steps back in day: no window spans them",
        "1,001 of 5,000 steps of day are longer or shorter than usual: treated as equally long",
    ]


def test_the_longest_is_of_the_split_with_the_shortest() -> None:
    assert rows_of(100).longest() == 16
    values = np.arange(100.0)
    values[90] = math.nan
    assert rows_of(100, values=values).longest() == 10  # of tests: ten rows, then nine
    values[70:75] = math.nan
    assert rows_of(100, values=values).longest() == 6
    assert rows_of(1).longest() == 0


def test_rows_to_be_forecast_have_all_steps_before_them_in_their_split() -> None:
    found = rows_of(25, 10).forecast(2, MANY)
    assert {part: rows.tolist() for part, rows in found.items()} == {
        "train": [*range(2, 16), 27, 28, 29, 30],
        "validation": [18, 19],
        "test": [22, 23, 24],
    }


def test_windows_hold_the_values_before_their_rows_in_the_order_of_the_columns_asked_for() -> None:
    rows = rows_of(10, values=[[i, 100 + i, 200 + i] for i in range(10)])
    found = rows.windows(np.array([3, 7]), [2, 0], 3)
    assert found.dtype == np.float32
    assert found.tolist() == [[[200, 201, 202], [0, 1, 2]], [[204, 205, 206], [4, 5, 6]]]


def test_no_more_windows_than_the_limit_are_taken_at_equal_distances(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "anenas")
    found = rows_of(2000).forecast(5, {"train": 1275, "validation": 158, "test": 100})
    assert caplog.messages == [
        "'w.csv': of 315 validation windows, one in 2 is used",
        "'w.csv': of 395 test windows, one in 4 is used",
    ]
    assert found["train"].tolist() == [*range(5, 1280)]
    assert found["validation"].tolist() == [*range(1285, 1600, 2)]
    assert found["test"].tolist() == [*range(1605, 2000, 4)]
    caplog.clear()
    assert len(rows_of(2000).forecast(5, MANY | {"train": 1274})["train"]) == 638
    assert caplog.messages == ["'w.csv': of 1,275 train windows, one in 2 is used"]


@pytest.mark.parametrize(
    ("part", "missing", "here"),
    [("validation", [], 16), ("test", [92], 12), ("train", [6, 13, 20, 27, 34, 41, 48, 55, 62], 6)],
)
def test_a_split_without_a_window_is_told_with_its_longest_run(part: str, missing: list[int], here: int) -> None:
    values = np.arange(100.0)
    values[missing] = math.nan
    rows = rows_of(100, values=values)
    with pytest.raises(AnenasError) as raised:
        rows.forecast(here, MANY)
    assert str(raised.value) == (
        f"'w.csv': the longest run of {part} rows without a gap has {here} rows; a window of {here} steps and the "
        f"step after it need {here + 1}: ask for shorter windows, or give more rows"
    )
    assert rows.forecast(here - 1, MANY)[part][0] == {"train": 5, "validation": 79, "test": 91}[part]


def test_a_split_without_rows_is_told_as_one_of_none() -> None:
    with pytest.raises(AnenasError, match=r"longest run of validation rows without a gap has 0 rows; .* need 2:"):
        rows_of(3).forecast(1, MANY)


def test_dates_are_iso_8601_the_same_with_slashes_or_months() -> None:
    for written in ("2024-03-05", " 2024/3/5 ", "2024/03/05", "20240305", "2024-03-05T00:00", "2024/3/5 00:00:00Z"):
        assert is_date(written), written
        assert seconds_of([written])[0] == datetime(2024, 3, 5, tzinfo=UTC).timestamp(), written
    assert seconds_of(["2024-03", "2024/12/31 06:07", "2024-03-05T01:00+02:00"]).tolist() == [
        datetime(2024, 3, 1, tzinfo=UTC).timestamp(),
        datetime(2024, 12, 31, 6, 7, tzinfo=UTC).timestamp(),
        datetime(2024, 3, 4, 23, tzinfo=UTC).timestamp(),
    ]


@pytest.mark.parametrize(
    "cell", ["", "5", "12.5", "Monday", "05/03/2024", "2024-13", "2024/2/30", "2024-3", "x2024-03", "1712120100123"]
)
def test_what_is_no_date_has_no_seconds(cell: str) -> None:
    assert not is_date(cell)
    assert np.isnan(seconds_of(["2024-01-01", cell])).tolist() == [False, True]


def test_cells_are_dates_where_most_of_them_are() -> None:
    assert are_dates(["", "20240131", " ", "2024-02-01", "n/a", ""])
    assert not are_dates(["20240131", "20240132"])  # numbers, of which one looks like a date
    assert not are_dates(["", " "])
