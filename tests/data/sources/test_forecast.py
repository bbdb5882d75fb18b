from __future__ import annotations

import csv
import json
import logging
import math
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from anenas._errors import AnenasError
from anenas.data import Dataset, InputFormat, load_data, load_part
from anenas.data._sources import absolute_source
from anenas.data.sources.forecast import read_forecast
from anenas.inputs import SERIES
from anenas.tasks import CLASSIFICATION, REGRESSION

Write = Callable[..., Path]
PARTS = ("train", "validation", "test")


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(rows: list[list[object]], header: list[str]) -> Path:
        path = tmp_path / "weather.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([header, *rows])
        return path

    return write


def weather(row: int) -> list[object]:
    """The temperature tells its row, the wind does not."""
    return [row % 50 + row / 1000, round(math.sin(row), 4)]


def row_of(values: np.ndarray) -> np.ndarray:
    """The row of each temperature."""
    return np.round((values - np.floor(values)) * 1000).astype(int)


def read(path: Path, columns: str = "t", steps: int | None = None) -> Dataset:
    return load_data(f"forecast:{path}:{columns}", InputFormat(SERIES, steps=steps))


def rows_of_windows(dataset: Dataset) -> dict[str, list[list[int]]]:
    """Of each split, the rows of every window and last that of its target, by the first channel."""
    found = {}
    for part in PARTS:
        split = getattr(dataset, part)
        found[part] = np.column_stack([row_of(split.inputs[:, 0, 0]), row_of(split.labels[:, 0])]).tolist()
    return found


def test_the_channel_of_each_target_is_known(write: Write) -> None:
    path = write([[f"{math.cos(row):.3f}", *weather(row)] for row in range(200)], ["rain", "t", "wind"])
    assert read(path, "wind,t").forecast_channels == (2, 1)
    assert read(path, "wind,t").classes == ("wind", "t")


@pytest.mark.parametrize(("turns", "is_told"), [(0, True), (1, False)])
def test_what_only_rises_is_told(write: Write, caplog: pytest.LogCaptureFixture, turns: int, is_told: bool) -> None:
    """A year beside a quarter is no clock; with one step back it may be anything."""
    rows = [[1900 + row // 4 - (turns and row == 102), row % 4, *weather(row)] for row in range(200)]
    path = write(rows, ["year", "quarter", "t", "wind"])
    assert read(path, "wind").channels == 4
    told = [line for line in messages(caplog, path) if "only rise or fall: year; tests are beyond all" in line]
    assert len(told) == is_told


def messages(caplog: pytest.LogCaptureFixture, path: Path) -> list[str]:
    return [line.removeprefix(f"'{path}': ") for line in caplog.messages if line.startswith("'")]


def test_the_target_is_the_value_at_the_step_after_the_window(write: Write) -> None:
    path = write([weather(i) for i in range(100)], ["t", "wind"])
    dataset = read(path, steps=5)
    assert (dataset.task, dataset.classes, dataset.input_shape) == (REGRESSION, ("t",), (2, 1, 5))
    assert dataset.augmentation == "none"  # a louder window would have another target
    np.testing.assert_allclose(dataset.train.inputs[3, :, 0].T, [weather(i) for i in range(3, 8)], rtol=1e-6)
    np.testing.assert_allclose(dataset.train.labels[3], weather(8)[:1], rtol=1e-6)
    assert dataset.metadata["input"] == "t, wind, in this order; the output is t at the step after"


def test_splits_are_by_time_and_share_no_row(write: Write) -> None:
    found = rows_of_windows(read(write([weather(i) for i in range(100)], ["t", "wind"]), steps=5))
    assert {part: (one[0][0], one[-1][-1]) for part, one in found.items()} == {
        "train": (0, 63),
        "validation": (64, 79),
        "test": (80, 99),
    }
    for one in found.values():
        assert all(window == list(range(window[0], window[0] + 6)) for window in one)
        assert len(one) == one[-1][-1] - one[0][0] + 1 - 5


def test_windows_never_reach_over_the_end_of_a_series_whose_rows_may_lie_anywhere(write: Write) -> None:
    series = {name: range(start, start + 60) for name, start in (("a", 0), ("b", 100), ("c", 300))}
    rows = [[name, *weather(series[name][i])] for i in range(60) for name in series]  # a row of each by turns
    found = rows_of_windows(read(write(rows, ["id", "t", "wind"]), steps=4))
    for part, last in (("train", 38), ("validation", 48), ("test", 60)):
        for window in found[part]:
            assert window == list(range(window[0], window[0] + 5))
            assert window[-1] % 100 < last
        assert {window[0] // 100 for window in found[part]} == {0, 1, 3}


@pytest.mark.parametrize("written", ["%Y-%m-%d", "%Y/%m/%d"])
def test_windows_never_reach_over_a_gap_in_time_nor_a_missing_value(
    write: Write, caplog: pytest.LogCaptureFixture, written: str
) -> None:
    days = [date(2024, 1, 1) + timedelta(i + 3 * (i >= 20)) for i in range(100)]
    rows = [[day.strftime(written).replace("/0", "/"), *weather(i)] for i, day in enumerate(days)]
    rows[40][2] = ""
    path = write(rows, ["day", "t", "wind"])
    train = rows_of_windows(read(path, steps=5))["train"]
    assert [window[0] for window in train] == [*range(15), *range(20, 35), *range(41, 59)]
    assert messages(caplog, path) == [
        "columns ignored: day, as times, row numbers, ids and splits are; rename a column to use it",
        "1 of 100 rows have a missing value (1 of wind): no window spans them",
        "1 gaps or steps back in day: no window spans them",
    ]


def test_a_column_that_counts_steps_is_not_learnt_from_and_tells_of_gaps(
    write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [[1900 + i + (i >= 20), *weather(i)] for i in range(100)]
    path = write(rows, ["YEAR", "t", "wind"])
    found = read(path, steps=5)
    assert found.channels == 2
    assert [window[0] for window in rows_of_windows(found)["train"]] == [*range(15), *range(20, 59)]
    assert "columns ignored: YEAR, which rises like a clock" in messages(caplog, path)


def test_a_column_of_words_is_not_learnt_from_and_told(write: Write, caplog: pytest.LogCaptureFixture) -> None:
    path = write([[*weather(i), ["", "rain", "sun"][i % 3]] for i in range(100)], ["t", "wind", "sky"])
    assert read(path, steps=5).channels == 2
    assert "columns ignored: sky: words; write numbers, such as 0 and 1, to use them" in messages(caplog, path)
    with pytest.raises(AnenasError, match="row 3: sky is 'rain'; expected a finite number"):
        read(path, "sky")


@pytest.mark.parametrize("times", ["Jan 1 {}", "{}-01-01", "1 January {}", "a{}"])
def test_the_rows_of_each_stock_are_a_series_of_their_own(
    write: Write, caplog: pytest.LogCaptureFixture, times: str
) -> None:
    """Whether their times are known or not."""
    caplog.set_level(logging.INFO, "anenas")
    rows = [
        [name, times.format(1900 + row), *weather(row + 200 * i)] for i, name in enumerate("ABC") for row in range(100)
    ]
    path = write(rows, ["stock", "date", "t", "wind"])
    dataset = read(path, steps=4)
    for each in rows_of_windows(dataset).values():
        assert (np.diff(each) == 1).all()
        assert {first // 200 for first, *_ in each} == {0, 1, 2}
    assert "rows are of 3 series, told apart by stock; leave it out if all are one series" in messages(caplog, path)
    assert not [line for line in messages(caplog, path) if "gaps or" in line or "stock: words" in line]
    assert json.loads(dataset.metadata["columns"]) == ["t", "wind"]


def test_a_number_of_a_shop_that_names_series_is_no_channel_and_one_that_a_model_knows_is(
    write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "anenas")
    rows = [[shop, f"2024-01-{day:02}", *weather(day + 50 * shop)] for day in range(1, 31) for shop in (3, 1, 2)]
    path = write(rows, ["shop", "date", "t", "wind"])
    dataset = read(path, steps=2)
    assert json.loads(dataset.metadata["columns"]) == ["t", "wind"]
    assert all((np.diff(each) == 1).all() for each in rows_of_windows(dataset).values())
    with pytest.raises(AnenasError, match="longest run"):
        read_forecast(f"{path}:t", InputFormat(SERIES, steps=2, columns=("shop", "t")))


def test_rows_from_the_newest_to_the_oldest_are_read_the_other_way_round(
    write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "anenas")
    rows = [[f"{1900 + row}-01-01", *weather(row)] for row in range(100)]
    path = write(rows[::-1], ["date", "t", "wind"])
    found = rows_of_windows(read(path, steps=4))
    assert found == rows_of_windows(read(write(rows, ["date", "t", "wind"]), steps=4))
    assert "rows are from the newest to the oldest by date, and read the other way round" in messages(caplog, path)


def test_steps_that_are_not_equally_long_are_told(write: Write, caplog: pytest.LogCaptureFixture) -> None:
    path = write([[i + 0.3 * (i % 10 == 0), *weather(i)] for i in range(100)], ["time_s", "t", "wind"])
    read(path)
    assert "19 of 99 steps of time_s are longer or shorter than usual: treated as equally long" in messages(
        caplog, path
    )
    path = write([[f"{i}th", *weather(i)] for i in range(100)], ["date", "t", "wind"])
    read(path)
    assert any("date holds neither numbers nor dates" in line for line in messages(caplog, path))


@pytest.mark.parametrize(
    ("start", "step"),
    [(1712120100123, 20), (1712120100000, 10_000), (10120112, 10)],  # read as dates, the first are of December 1712
)
def test_numbers_that_look_like_dates_are_numbers(
    write: Write, caplog: pytest.LogCaptureFixture, start: int, step: int
) -> None:
    path = write([[start + i * step, *weather(i)] for i in range(100)], ["timestamp", "t", "wind"])
    assert len(read(path, steps=5).train) == 59
    assert [line for line in messages(caplog, path) if "timestamp" in line] == messages(caplog, path)[:1]


def test_months_are_equally_long(write: Write, caplog: pytest.LogCaptureFixture) -> None:
    path = write([[f"{1949 + i // 12}-{i % 12 + 1:02}", *weather(i)] for i in range(100)], ["Month", "t", "wind"])
    assert len(read(path, steps=5).train) == 59
    assert [line for line in messages(caplog, path) if "Month" in line] == messages(caplog, path)[:1]


def test_how_rows_are_split_and_what_the_last_value_does_is_told(
    write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "anenas")
    path = write([[(-1) ** i * 2 + (i == 79), i % 7] for i in range(100)], ["t", "day_of_week"])
    dataset = read(path, steps=5)
    assert messages(caplog, path)[-2:] == [
        "t is forecast one step ahead from windows of 5 steps; split by time, the last fifth of the rows for tests and "
        "a fifth of the rest before it for validation: 59 training, 11 validation and 15 test windows",
        "baseline on validation windows: using the last value as the forecast has RMSE "
        f"{math.sqrt((10 * 16 + 9) / 11):.4g} and MAE {43 / 11:.4g}",
    ]
    last, after = dataset.validation.inputs[:, 0, 0, -1], dataset.validation.labels[:, 0]
    assert np.abs(last - after).mean() == pytest.approx(43 / 11)


def test_several_columns_are_forecast_and_one_may_have_a_comma_in_its_name(write: Write) -> None:
    path = write([weather(i) for i in range(100)], ["t", "wind, at 10 m"])
    assert read(path, "wind, at 10 m").classes == ("wind, at 10 m",)
    path = write([weather(i) for i in range(100)], ["t", "wind"])
    found = read(path, "wind, t", steps=5)
    assert found.classes == ("wind", "t")
    np.testing.assert_allclose(found.train.labels[0], weather(5)[::-1], rtol=1e-6)


def test_without_steps_windows_fit_the_shortest_split(write: Write) -> None:
    assert read(write([weather(i) for i in range(100)], ["t", "wind"])).width == 5
    assert read(write([weather(i) for i in range(900)], ["t", "wind"])).width == 32


def test_a_model_gets_the_columns_and_steps_that_it_has_learnt_from(write: Write) -> None:
    path = write([[5, *weather(i)] for i in range(100)], ["spare", "t", "wind"])
    wanted = InputFormat(SERIES, channels=2, steps=7, columns=("wind", "spare"))
    part = load_part(f"forecast:{path}:t", wanted, "test")
    assert part.split.inputs.shape == (13, 2, 1, 7) and (part.split.inputs[:, 1] == 5).all()
    np.testing.assert_allclose(part.split.labels[0], weather(87)[:1], rtol=1e-6)
    with pytest.raises(AnenasError, match="row 1: no column 'rain'; expected t, rain"):
        load_part(f"forecast:{path}:t", InputFormat(SERIES, columns=("t", "rain")))


def test_more_windows_than_fit_are_thinned_and_told(
    write: Write, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO, "anenas")
    monkeypatch.setattr("anenas.data.sources.forecast._MOST_VALUES", 300)  # 30 windows
    path = write([weather(i) for i in range(100)], ["t", "wind"])
    assert [window[0] for window in rows_of_windows(read(path, steps=5))["train"]] == list(range(0, 59, 2))
    assert "of 59 train windows, one in 2 is used" in messages(caplog, path)


def test_a_study_stores_the_absolute_path_with_the_column(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write([weather(i) for i in range(100)], ["t", "wind"])
    monkeypatch.chdir(path.parent)
    stored = absolute_source("forecast:weather.csv:t")
    assert stored == f"forecast:{path}:t"
    assert load_data(stored, InputFormat(SERIES)).fingerprint == read(path).fingerprint


@pytest.mark.parametrize(
    ("count", "header", "columns", "message"),
    [
        (100, ["t", "wind"], "rain", "row 1: no column 'rain' to forecast; the columns are t, wind"),
        (100, ["t", "wind"], "", r"no column to forecast; name it as forecast:FILE:COLUMN; the columns are t, wind"),
        (100, ["t", "wind"], "t,t", "named twice in 't,t'"),
        (0, ["t", "wind"], "t", "has only a header"),
        (9, ["t", "wind"], "t", "longest run of validation rows .* has 1 rows; a window of 2 steps .* need 3"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(
    write: Write, count: int, header: list[str], columns: str, message: str
) -> None:
    path = write([weather(i) for i in range(count)], header)
    with pytest.raises(AnenasError, match=message) as raised:
        read(path, columns)
    assert "\n" not in str(raised.value) and str(path) in str(raised.value)


def test_what_is_wrong_in_a_row_is_told_with_it(write: Write) -> None:
    rows = [["a", *weather(i)] for i in range(100)]
    rows[7][1] = "warm"
    with pytest.raises(AnenasError, match="row 9: t is 'warm'; expected a finite number"):
        read(write(rows, ["id", "t", "wind"]))
    rows[3][0] = " "
    rows[7][1] = 1
    with pytest.raises(AnenasError, match="row 5: the name of the series is empty"):
        read(write(rows, ["id", "t", "wind"]))
    with pytest.raises(AnenasError, match="t is constant in the training rows; forecast another column"):
        read(write([[1, i % 3] for i in range(100)], ["t", "wind"]))
    with pytest.raises(AnenasError, match=r"cannot read .*none.csv"):
        load_data("forecast:none.csv:t", InputFormat(SERIES))
    with pytest.raises(AnenasError, match="no column to forecast"):
        load_data(f"forecast:{write(rows, ['id', 't', 'wind'])}", InputFormat(SERIES))


def test_windows_that_are_too_long_or_another_task_are_told(write: Write) -> None:
    path = write([weather(i) for i in range(100)], ["t", "wind"])
    with pytest.raises(AnenasError, match="ask for shorter windows, or give more rows"):
        read(path, steps=16)
    with pytest.raises(AnenasError, match="at most 1,024 suit the Neural Engine"):
        read(path, steps=2000)
    with pytest.raises(AnenasError, match="has labels of regression, not of classification"):
        load_data(f"forecast:{path}:t", InputFormat(SERIES, task=CLASSIFICATION))
    assert read_forecast(f"{path}:t", InputFormat(SERIES)).task is REGRESSION
