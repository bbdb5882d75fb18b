from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from anenas._errors import AnenasError
from anenas.data._windows import Window, check_there, check_windows, tell_of_time, windows_of

PATH = Path("w.csv")
Row = tuple[str, str, str, str]


def found_in(rows: Sequence[Row], said: Sequence[int | None] = (0, 1, 2, 3), chunk: int = 100) -> list[Window]:
    """The windows of rows of window, label, split and group, of which every third line of the file is one."""
    found: list[Window] = []
    for start in range(0, len(rows), chunk):
        part = rows[start : start + chunk]
        lines = [2 + 3 * (start + i) for i in range(len(part))]
        before = found[-1] if found else None
        found += windows_of(list(zip(*part, strict=True)), lines, start, said, before)
    return found


def test_a_window_begins_where_its_name_label_split_or_group_is_another() -> None:
    rows = [
        ("a", "up", "train", "ann"), ("a", "up", "train", "ann"), ("b", "up", "train", "ann"),
        ("b", "down", "train", "ann"), ("b", "down", "test", "ann"), ("b", "down", "test", "bob"),
    ]  # fmt: skip
    assert found_in(rows) == [
        Window("a", "up", "train", "ann", 0, 2),
        Window("b", "up", "train", "ann", 2, 8),
        Window("b", "down", "train", "ann", 3, 11),
        Window("b", "down", "test", "ann", 4, 14),
        Window("b", "down", "test", "bob", 5, 17),
    ]


def test_columns_may_be_anywhere_or_missing_and_all_is_for_training_without_a_split() -> None:
    rows = [("1.5", "up", "a"), ("2.5", "up", "a"), ("3.5", "down", "b")]
    assert found_in(rows, (2, 1, None, None)) == [
        Window("a", "up", "train", "", 0, 2),
        Window("b", "down", "train", "", 2, 8),
    ]
    (grouped,) = found_in([("a", "up", "ann")], (0, 1, None, 2))
    assert (grouped.split, grouped.group) == ("train", "ann")
    (ungrouped,) = found_in([("a", "up", "")], (0, 1, 2, None))
    assert (ungrouped.split, ungrouped.group) == ("", "")  # a column of splits may not be empty


def test_blanks_around_words_do_not_part_a_window() -> None:
    rows = [("a", "up", "train", "ann"), (" a", "up ", "train", "ann "), ("b ", " up", " test", " bob")]
    assert found_in(rows) == [Window("a", "up", "train", "ann", 0, 2), Window("b", "up", "test", "bob", 2, 8)]


@pytest.mark.parametrize("chunk", [1, 2, 3, 4])
def test_windows_are_the_same_in_chunks_of_any_length(chunk: int) -> None:
    rows = [(name, "up", "test" if name == "c" else "train", "") for name in "aaabccbb"]
    assert found_in(rows, chunk=chunk) == found_in(rows)
    assert [window.start for window in found_in(rows, chunk=chunk)] == [0, 3, 4, 6]
    unsplit = found_in(rows, (0, 1, None, None), chunk)
    assert [(window.start, window.line, window.split) for window in unsplit] == [
        (0, 2, "train"), (3, 11, "train"), (4, 14, "train"), (6, 20, "train"),
    ]  # fmt: skip


A = Window("a", "up", "train", "ann", 0, 2)
B = Window("b", "down", "test", "bob", 4, 6)
C = Window("c", "up", "validation", "ann", 9, 11)


def test_windows_with_names_labels_and_splits_are_right_with_groups_or_without() -> None:
    check_windows(PATH, [A, B, C])
    check_windows(PATH, [dataclasses.replace(window, group="") for window in (A, B, C)])


@pytest.mark.parametrize(
    ("windows", "message"),
    [
        ([A, dataclasses.replace(B, name="")], "row 6: window is empty; expected a name"),
        ([A, dataclasses.replace(B, label="")], "row 6: label is empty; expected a name"),
        (
            [dataclasses.replace(A, group=""), B],
            "row 2: the group of window 'a' is empty; expected a name",
        ),
        ([A, dataclasses.replace(B, split="")], "row 6: split is ''; expected train, validation or test"),
        ([A, B, dataclasses.replace(C, split="Test")], "row 11: split is 'Test'; expected train, validation or test"),
        (
            [A, dataclasses.replace(A, label="down", line=5)],
            "row 5: the label of window 'a' is 'down' and was 'up' before; give each window its own name",
        ),
        (
            [A, dataclasses.replace(A, split="test", line=5)],
            "row 5: the split of window 'a' is 'test' and was 'train' before; give each window its own name",
        ),
        (
            [A, dataclasses.replace(A, group="bob", line=5)],
            "row 5: the group of window 'a' is 'bob' and was 'ann' before; give each window its own name",
        ),
        (
            [A, B, C, dataclasses.replace(B, line=15)],
            "row 15: window 'b' appears again after other windows; put its rows one after the other, and give each "
            "window its own name",
        ),
    ],
)
def test_what_is_wrong_with_a_window_is_told_with_the_row_it_begins_in(windows: list[Window], message: str) -> None:
    with pytest.raises(AnenasError) as raised:
        check_windows(PATH, windows)
    assert str(raised.value) == f"'w.csv', {message}"


def test_the_first_window_without_any_value_of_a_channel_is_told_with_both_names() -> None:
    values = np.full((11, 3), math.nan, np.float32)
    values[[0, 2, 3], [2, 0, 1]] = values[[5, 8], [1, 0]] = 1  # all of window a, two of b
    for row, window, name, place in ((6, "b", "z", (8, 2)), (11, "c", "x", (9, 0)), (11, "c", "y", (10, 1))):
        with pytest.raises(AnenasError) as raised:
            check_there(PATH, [A, B, C], [0, 4, 9, 11], values, ("x", "y", "z"))
        assert str(raised.value) == (
            f"'w.csv', row {row}: window '{window}' has no value of {name}; leave one of them out"
        )
        values[place] = 0
    values[9, 2] = -1
    check_there(PATH, [A, B, C], [0, 4, 9, 11], values, ("x", "y", "z"))


def told(steps: Sequence[Sequence[float]], caplog: pytest.LogCaptureFixture) -> list[str]:
    """What is told of windows a, b, c … whose times go on in these steps, each window from where the last ended."""
    caplog.clear()
    times = np.cumsum([one for each in steps for one in (0, *each)], dtype=float)
    bounds = np.cumsum([0, *(len(each) + 1 for each in steps)]).tolist()
    windows = [Window(name, "up", "train", "", 0, 2) for name, _ in zip("abcdef", steps, strict=False)]
    tell_of_time(PATH, "time_s", times, windows, bounds)
    return [line.removeprefix("'w.csv': ") for line in caplog.messages]


def line(count: int, total: int, first: str) -> str:
    return (
        f"{count} of {total} series have gaps or steps back in time_s, the first in window '{first}': their steps are "
        "treated as equally long"
    )


@pytest.mark.parametrize(
    ("step", "is_told"), [(2, False), (3, False), (3.1, True), (0, False), (-0.1, True), (-2, True)]
)
def test_steps_of_more_than_one_and_a_half_usual_ones_or_back_are_told(
    step: float, is_told: bool, caplog: pytest.LogCaptureFixture
) -> None:
    expected = [line(1, 3, "b")] if is_told else []
    assert told([[2, 2, 2], [2, step], [2, 2]], caplog) == expected
    assert told([[2, 2, 2], [step, 2], [2, 2]], caplog) == expected


def test_windows_with_gaps_are_counted_once_each_and_the_first_is_named(caplog: pytest.LogCaptureFixture) -> None:
    assert told([[2, 2], [2, 9, 9], [2], [2, 2, 2, -5]], caplog) == [line(2, 4, "b")]
    assert told([[9, 2, 2], [2, 2], [2, 2]], caplog) == [line(1, 3, "a")]
    assert told([[2, 2], [2, 2, 9]], caplog) == [line(1, 2, "b")]
    assert told([[2, 2, 9]], caplog) == [line(1, 1, "a")]


def test_time_between_windows_does_not_matter(caplog: pytest.LogCaptureFixture) -> None:
    times = np.array([0, 2, 4, 100, 102, 104, 1, 3])
    windows = [Window(name, "up", "train", "", 0, 2) for name in "abc"]
    tell_of_time(PATH, "time_s", times, windows, [0, 3, 6, 8])
    tell_of_time(PATH, "time_s", np.array([0, 5, 9, 2, 7.5]), windows, [0, 1, 2, 5])
    tell_of_time(PATH, "time_s", np.array([0.0, 50, 30]), windows, [0, 1, 2, 3])
    assert caplog.messages == []


@pytest.mark.parametrize("usual", [0, -2, math.nan, math.inf])
def test_without_a_usual_step_forward_nothing_is_told(usual: float, caplog: pytest.LogCaptureFixture) -> None:
    assert told([[usual, usual, 1], [usual, usual]], caplog) == []


def test_times_that_are_no_numbers_are_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    times = np.array([0, math.nan, 4, math.inf, 8, 10, 12, 14, 20])
    windows = [A, B]
    tell_of_time(PATH, "t", times, windows, [0, 8, 9])
    assert caplog.messages == []
    tell_of_time(PATH, "t", times, windows, [0, 3, 9])
    assert caplog.messages == [
        "'w.csv': 1 of 2 series have gaps or steps back in t, the first in window 'b': their steps are treated as "
        "equally long"
    ]


def test_many_windows_are_counted_with_commas(caplog: pytest.LogCaptureFixture) -> None:
    times = np.concatenate([[0, 1, 2, 3, 9 if i >= 1000 else 4] for i in range(2001)]).astype(float)
    windows = [Window(f"w{i}", "up", "train", "", 0, 2) for i in range(2001)]
    tell_of_time(PATH, "t", times, windows, [*range(0, 10_006, 5)])
    (message,) = caplog.messages
    assert "1,001 of 2,001 series have gaps or steps back in t, the first in window 'w1000'" in message
