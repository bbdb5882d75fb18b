from __future__ import annotations

import logging
import math
from pathlib import Path

import numpy as np
import pytest

from anenas._errors import AnenasError
from anenas.data._columns import is_bookkeeping, is_owner, is_time, learnable, of_words, tell_words

PATH = Path("w.csv")

TIMES = (
    "time", "Timestamp", "time_stamp", "elapsed_s", "time (ms)", "Time[s]", "seconds_elapsed", "secondsElapsed", "date",
    "Date-Time", "unix time", "epoch.timestamp", "deviceTime", "sensor:clock", " Time ", "timestamp_utc_ms",
)  # fmt: skip
NUMBERS = (
    "Unnamed: 0", "index", "row", "row_number", "Frame", "frameIdx", "step_no", "time_step", "timestep", "time point",
    "timepoint", "sample_index", "seq", "nr", "time_index",
)  # fmt: skip
OWNERS = (
    "id", "user_id", "userId", "my_own_id", "UUID", "device_guid", "subject", "participant", "session_no", "patientId",
    "file_name", "trial number", "person code",
)  # fmt: skip
MEASURED = (
    "heart_rate", "temperature", "steps", "reaction_time", "x", "acc_x", "side", "grid", "heat_index", "times_two",
    "timer", "solid", "rows", "user_mass", "time_of_flight", "frame rate", "", "(s)", "datex",
)  # fmt: skip


@pytest.mark.parametrize("name", TIMES)
def test_columns_of_times_are_known_by_their_names(name: str) -> None:
    assert is_time(name)
    assert is_bookkeeping(name)


@pytest.mark.parametrize("name", [*NUMBERS, *OWNERS])
def test_columns_that_number_or_name_rows_hold_no_times(name: str) -> None:
    assert is_bookkeeping(name)
    assert not is_time(name)


@pytest.mark.parametrize("name", MEASURED)
def test_columns_of_what_was_measured_are_not_bookkeeping(name: str) -> None:
    assert not is_bookkeeping(name)
    assert not is_time(name)


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("device", True), ("Store ID", True), ("user_name", True), ("store", False), ("date", False), ("row", False)],
)
def test_names_of_whose_a_row_is(name: str, is_one: bool) -> None:
    assert is_owner(name) == is_one


def test_columns_of_words_are_left_out_and_told_in_their_order(caplog: pytest.LogCaptureFixture) -> None:
    header = ("t", "hand", "x", "ok", "note")
    rows = [("1", "left", "2", "", "5"), ("2", "right", "", "True", "six"), ("3", "", "4", "False", "7")]
    assert of_words(["x", "note", "ok", "hand"], header, rows) == ["ok", "hand"]
    assert of_words(["t", "x"], header, rows) == []
    tell_words(PATH, ["ok", "hand"])
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.WARNING, "'w.csv': columns ignored: ok, hand: words; write numbers, such as 0 and 1, to use them")
    ]
    caplog.clear()
    tell_words(PATH, [])
    assert caplog.messages == []


def kept_of(
    caplog: pytest.LogCaptureFixture, *columns: np.ndarray, series: int = 8, train: int | None = None
) -> tuple[list[int], list[str]]:
    """The places of the channels kept of those beside one that was measured, the last, and what is told of the others.

    Args:
        columns: Each (n,), of series of equal length, called a, b, c and so on.
        series: How many.
        train: How many rows, the first, are of training series; by default all.
    """
    caplog.clear()
    count = len(columns[0])
    measured = np.arange(count) * 7 % 5
    values = np.column_stack([*columns, measured]).astype(np.float32)
    bounds = np.linspace(0, count, series + 1).astype(int).tolist()
    found = learnable(PATH, "abcdefg"[: len(columns) + 1], values, np.arange(count) < (train or count), bounds)
    assert found[-1] == len(columns)
    assert all(record.levelno == logging.WARNING for record in caplog.records)
    return found[:-1], [line.removeprefix("'w.csv': columns ignored: ") for line in caplog.messages]


RUNNING = "which only rise or fall through the whole file, like a clock"
COUNTING = "which begin anew in each series and rise or fall evenly, like the number or the time of a step"
CONSTANT = "constant in the training series"
ROWS = np.arange(40)  # of eight series of five


def test_columns_are_left_out_by_reason_and_the_others_kept_in_their_order(caplog: pytest.LogCaptureFixture) -> None:
    other = ROWS * 3 % 7
    columns = (ROWS % 5, other, -ROWS, np.full(40, 9), 2.5 - ROWS % 5, ROWS // 3)
    assert kept_of(caplog, *columns) == (
        [1],
        [f"c, f, {RUNNING}", f"a, e, {COUNTING}", f"d, {CONSTANT}"],
    )
    assert kept_of(caplog, other, -other) == ([0, 1], [])


def test_what_only_the_series_to_train_on_lack_is_constant(caplog: pytest.LogCaptureFixture) -> None:
    late = np.where(ROWS < 30, 9, ROWS % 3)
    assert kept_of(caplog, late, late[::-1], train=30) == ([1], [f"a, {CONSTANT}"])
    assert kept_of(caplog, late, train=31) == ([0], [])
    assert kept_of(caplog, np.full(40, math.nan)) == ([], [f"a, {CONSTANT}"])


def test_what_goes_one_way_is_a_clock_through_eight_series_but_may_be_measured_through_seven(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rises = np.arange(56) ** 2 / 10
    assert kept_of(caplog, rises, -rises) == ([], [f"a, b, {RUNNING}"])
    assert kept_of(caplog, rises, -rises, series=7) == ([0, 1], [])


def test_one_step_the_other_way_or_a_missing_value_makes_a_clock_a_measurement_or_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    missing, back, stays = (ROWS.astype(float) ** 2 for _ in range(3))
    missing[[3, 20]], back[[0, 1]], stays[7:20] = math.nan, [0.5, 0.4], 36
    assert kept_of(caplog, missing, back, stays, -back, -missing) == ([1, 3], [f"a, c, e, {RUNNING}"])
    once = np.where(ROWS < 20, 0, 1)
    assert kept_of(caplog, once, -once) == ([], [f"a, b, {RUNNING}"])


def test_a_table_of_which_nothing_can_be_learnt_is_an_error_after_it_was_told_why(
    caplog: pytest.LogCaptureFixture,
) -> None:
    values = np.column_stack([ROWS, np.zeros(40)]).astype(np.float32)
    with pytest.raises(AnenasError) as raised:
        learnable(PATH, ["t", "gain"], values, ROWS < 20, [*range(0, 41, 5)])
    assert str(raised.value) == "'w.csv': no channel is left to learn from; expected columns with measurements"
    assert caplog.messages == [f"'w.csv': columns ignored: t, {RUNNING}", f"'w.csv': columns ignored: gain, {CONSTANT}"]
