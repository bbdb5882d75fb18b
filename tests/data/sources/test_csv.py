from __future__ import annotations

import csv
import json
import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from anenas._errors import AnenasError
from anenas.data import Dataset, InputFormat, load_data
from anenas.data.sources.csv import read_csv
from anenas.inputs import SERIES

Write = Callable[..., Path]
HEADER = ["window", "label", "x", "y"]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(*rows: list[object], header: list[str] = HEADER) -> Path:
        path = tmp_path / "my windows.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([header, *rows])
        return path

    return write


def rows(count: int = 12, steps: int = 8, **more: Callable[[int], object]) -> list[list[object]]:
    """Windows w0, w1, … by turns of the classes up and down, with more columns in front of the channels."""
    extra = [[value(i) for value in more.values()] for i in range(count)]
    return [
        [f"w{i}", "up" if i % 2 == 0 else "down", *extra[i], (-1) ** i * t + 0.01 * i, 7 * t - i]
        for i in range(count)
        for t in range(steps)
    ]


def read(path: Path) -> Dataset:
    return load_data(str(path), InputFormat(SERIES))


def header(*more: str) -> list[str]:
    return [*HEADER[:2], *more, *HEADER[2:]]


def test_every_other_column_is_a_channel_in_the_order_of_the_file(write: Write) -> None:
    source = read_csv(str(write(*rows())), InputFormat(SERIES))
    assert (source.name, source.classes) == ("my_windows", ("down", "up"))
    assert source.train.labels.tolist() == [1, 0] * 6
    series = source.train.inputs.draw(InputFormat(SERIES))
    assert series.shape == (12, 2, 1, 8)
    np.testing.assert_allclose(series[3, :, 0], [0.03 - np.arange(8), 7 * np.arange(8) - 3], rtol=1e-6)


def test_without_a_split_parts_are_cut_class_by_class(write: Write) -> None:
    dataset = read(write(*rows(20)))
    assert [len(split) for split in (dataset.train, dataset.validation, dataset.test)] == [14, 2, 4]
    for split in (dataset.train, dataset.validation, dataset.test):
        assert set(split.labels) == {0, 1}


def test_a_split_of_the_file_is_kept(write: Write) -> None:
    parts = ["train", "train", "validation", "validation", "test", "test"]
    dataset = read(write(*rows(12, split=lambda i: parts[i % 6]), header=header("split")))
    assert [len(split) for split in (dataset.train, dataset.validation, dataset.test)] == [4, 4, 4]
    np.testing.assert_allclose(dataset.test.inputs[1, 1, 0], 7 * np.arange(8) - 5)


@pytest.mark.parametrize("column", ["group", "subject"])
def test_windows_of_one_group_are_never_parted(write: Write, column: str) -> None:
    path = write(*rows(60, **{column: lambda i: f"person {i // 6}"}), header=header(column))
    dataset = read(path)
    # The second channel begins at minus the window's number.
    people = [set(-split.inputs[:, 1, 0, 0].astype(int) // 6) for split in _parts(dataset)]
    assert all(people) and set.union(*people) == set(range(10))
    assert sum(map(len, people)) == 10
    assert [len(split) for split in _parts(dataset)] == [36, 12, 12]
    assert read(path).fingerprint == dataset.fingerprint


def _parts(dataset: Dataset) -> list[object]:
    return [dataset.train, dataset.validation, dataset.test]


def test_groups_that_cannot_be_parted_are_told(write: Write) -> None:
    path = write(*rows(12, group=lambda i: i % 2), header=header("group"))
    with pytest.raises(AnenasError, match="its 2 groups cannot be split so that every part has every class; give"):
        read(path)
    with pytest.raises(AnenasError, match="its only group cannot be split"):
        read(write(*rows(12, group=lambda i: 0), header=header("group")))


def test_a_class_with_too_few_windows_is_named(write: Write) -> None:
    with pytest.raises(AnenasError, match="has 2 training series but needs at least 3"):
        read(write(*rows(4)))


def test_windows_of_unequal_length_get_a_mask(write: Write) -> None:
    dataset = read(write(*(row for i, row in enumerate(rows(20)) if i % 8 < 4 + i // 8 % 5)))
    assert (dataset.input_shape, dataset.masked) == ((3, 1, 8), True)
    assert set(dataset.train.inputs[:, -1].sum((1, 2))) == {4, 5, 6, 7, 8}


def test_classes_that_are_whole_numbers_are_in_their_order(write: Write) -> None:
    numbered = [[row[0], 9 + 2 * (i // 8 % 2), *row[2:]] for i, row in enumerate(rows())]
    assert read_csv(str(write(*numbered)), InputFormat(SERIES)).classes == ("9", "11")


def test_a_byte_order_mark_blank_rows_and_spaces_around_names_are_no_matter(write: Write) -> None:
    path = write(*rows(), header=["window ", " label", "x", "y"])
    expected = read(path).fingerprint
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines[:9], "", *lines[9:], "", ""]), encoding="utf-8-sig")
    assert read(path).fingerprint == expected


def test_windows_that_go_on_in_the_next_chunk_stay_whole(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(*rows())
    expected = read(path).fingerprint
    monkeypatch.setattr("anenas.data.sources.csv._CHUNK", 5)
    assert read(path).fingerprint == expected


def changed(row: int, column: int, value: object) -> list[list[object]]:
    """Rows with another value in one; the header is row 1."""
    result = rows()
    result[row - 2][column] = value
    return result


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"header": ["window", "x", "y", "z"]}, "row 1: no column 'label'; expected window, label and channels, found"),
        (
            {"header": ["window|label|x|y"]},
            r"row 1: no column 'window'; .* found window\|label.*; are there commas betw",
        ),
        ({"header": ["window", "label", "x", "x"]}, "row 1: two columns have the name 'x'; give each its own name"),
        ({"header": ["window", "label", "", "x"]}, "row 1: column 3 has no name"),
        ({"header": ["window", "label", "group", "subject"]}, "row 1: windows are grouped by group or by subject"),
        ({"header": ["window", "label", "split"]}, "row 1: no channels; expected columns of numbers besides window, l"),
        ({"header": []}, "is empty, or starts with an empty row; expected a header with column names"),
        ({"rows": []}, "has only a header"),
        ({"rows": changed(13, 2, "one")}, "row 13: x is 'one'; expected a finite number"),
        ({"rows": changed(14, 3, "-inf")}, "row 14: y is '-inf'; expected a finite number"),
        (
            {"rows": [[*row[:3], "" if row[0] == "w1" else row[3]] for row in rows()]},
            "row 10: window 'w1' has no value of y",
        ),
        (
            {"header": ["id", "label", "x", "y"], "rows": [[i, *row[1:]] for i, row in enumerate(rows())]},
            "id changes within",
        ),
        ({"header": ["window", "label", "time", "user"]}, "row 1: no channels; expected columns of numbers besides"),
        ({"rows": changed(14, 3, "1e99")}, "row 14: y is '1e99'; expected a finite number"),
        ({"rows": [*rows()[:5], ["w0", "up", 3], *rows()[5:]]}, "row 7: 3 columns, but the header has 4"),
        ({"rows": [*rows()[:40], ["w9", "up", 1, 2, 3]]}, "row 42: 5 columns, but the header has 4"),
        ({"rows": [*rows(), *rows(1)]}, "row 98: window 'w0' appears again after other windows"),
        ({"rows": changed(5, 1, "down")}, "row 5: the label of window 'w0' is 'down' and was 'up' before; give each"),
        ({"rows": changed(2, 0, "")}, "row 2: window is empty; expected a name"),
        ({"rows": changed(90, 1, " ")}, "row 90: label is empty; expected a name"),
        (
            {"rows": rows(split=lambda i: "dev"), "header": header("split")},
            "row 2: split is 'dev'; expected train, validation or test",
        ),
        ({"rows": rows(split=lambda i: "test"), "header": header("split")}, "no window has the split train"),
        (
            {"rows": rows(group=lambda i: "ann" if i < 6 else ""), "header": header("group")},
            "row 50: the group of window 'w6' is empty",
        ),
        (
            {"rows": [["w0", "up", 0, t] for t in range(1025)]},
            "row 2: window 'w0' has 1,025 steps; at most 1,024 .*: cut it into several windows",
        ),
        ({"rows": [[*row[:2], 5, 7] for row in rows()]}, "no channel is left to learn from; expected columns with"),
    ],
)
def test_what_is_wrong_is_told_in_one_line_with_its_row(write: Write, given: dict[str, object], message: str) -> None:
    path = write(*given.get("rows", rows()), header=given.get("header", HEADER))  # type: ignore[misc]
    with pytest.raises(AnenasError, match=message) as raised:
        read(path)
    assert "\n" not in str(raised.value)
    assert str(path) in str(raised.value)


def messages(caplog: pytest.LogCaptureFixture, path: Path) -> list[str]:
    return [line.removeprefix(f"'{path}': ") for line in caplog.messages]


def with_columns(path: Path, columns: dict[str, Callable[[int, int], object]]) -> Path:
    """The table with more columns before the channels, of the row's number and its window's."""
    with path.open(newline="", encoding="utf-8") as file:
        first, *rest = csv.reader(file)
    numbers = {name: i for i, name in enumerate(dict.fromkeys(row[0] for row in rest))}
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*first[:2], *columns, *first[2:]])
        for i, row in enumerate(rest):
            writer.writerow([*row[:2], *(value(i, numbers[row[0]]) for value in columns.values()), *row[2:]])
    return path


@pytest.mark.parametrize("name", ["time (ms)", "Unnamed: 0", "userId"])
def test_bookkeeping_columns_are_not_learnt_from_and_named(
    name: str, write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    path = write(*rows())
    expected = read(path)
    with_columns(path, {name: lambda row, window: f"2024-01-{window + 1:02}"})  # need not be numbers
    found = read(path)
    assert found.fingerprint == expected.fingerprint
    (line,) = messages(caplog, path)
    assert line.startswith(f"columns ignored: {name}: times, row numbers and ids could give classes away")


def test_columns_of_what_was_measured_are_learnt_from_and_named(write: Write, caplog: pytest.LogCaptureFixture) -> None:
    dataset = read(write(*rows(), header=["window", "label", "steps", "y"]))
    assert json.loads(dataset.metadata["columns"]) == ["steps", "y"]
    assert dataset.metadata["input"] == "steps, y, in this order"
    assert not caplog.messages


def test_a_column_that_goes_one_way_through_the_file_is_not_learnt_from(
    write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    path = write(*rows())
    expected = read(path).fingerprint
    with_columns(path, {"t": lambda row, window: 0.02 * row, "n": lambda row, window: -window})
    assert read(path).fingerprint == expected
    assert messages(caplog, path) == [
        "columns ignored: t, n, which only rise or fall through the whole file, like a clock"
    ]


@pytest.mark.parametrize(
    "count",
    [
        lambda step: step,
        lambda step: 1 - 0.02 * step,
        lambda step: step + (0.3 if step % 2 else 0.0),  # jitters
        lambda step: step if step < 2 else step + 1,  # a row is missing
    ],
)
def test_a_column_that_counts_the_steps_of_each_series_is_not_learnt_from(
    count: Callable[[int], float], write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    path = write(*rows())
    expected = read(path).fingerprint
    with_columns(path, {"t": lambda row, window: count(row % 8)})
    assert read(path).fingerprint == expected
    assert messages(caplog, path) == [
        "columns ignored: t, which begin anew in each series and rise or fall evenly, like the number or the time of a "
        "step"
    ]


@pytest.mark.parametrize(
    "measured",
    [
        lambda step, window: step * (1 + window % 3),  # rises faster in some
        lambda step, window: step + 3 * (window % 2),  # begins elsewhere in some
        lambda step, window: -step if window == 3 else step,  # falls in one
        lambda step, window: max(step, 1),  # stays at first
    ],
)
def test_a_measurement_that_rises_in_each_series_is_learnt_from(
    measured: Callable[[int, int], float], write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    path = with_columns(write(*rows()), {"energy": lambda row, window: measured(row % 8, window)})
    assert "energy" in json.loads(read(path).metadata["columns"])
    assert not caplog.messages


def test_a_column_of_words_is_not_learnt_from_and_told(write: Write, caplog: pytest.LogCaptureFixture) -> None:
    path = write(*rows())
    expected = read(path).fingerprint
    with_columns(path, {"hand": lambda row, window: ["", "left", "right"][row % 3], "ok": lambda row, window: True})
    assert read(path).fingerprint == expected
    assert messages(caplog, path) == ["columns ignored: hand, ok: words; write numbers, such as 0 and 1, to use them"]
    with_columns(path, {"z": lambda row, window: row if row < 9 else "broken"})
    with pytest.raises(AnenasError, match="row 11: z is 'broken'; expected a finite number"):
        read(path)


def test_a_channel_that_is_always_the_same_is_not_learnt_from(write: Write, caplog: pytest.LogCaptureFixture) -> None:
    path = write(*rows())
    expected = read(path).fingerprint
    with_columns(path, {"gain": lambda row, window: 5, "spare": lambda row, window: ""})
    assert read(path).fingerprint == expected
    assert messages(caplog, path) == ["columns ignored: gain, spare, constant in the training series"]


def test_the_index_that_pandas_writes_first_is_not_learnt_from(write: Write) -> None:
    path = write(*([i, *row] for i, row in enumerate(rows())), header=["", *HEADER])
    assert read(path).fingerprint == read(write(*rows())).fingerprint


@pytest.mark.parametrize("name", ["id", "series", "series_id", "sequence", "segment_id"])
def test_the_column_that_names_series_has_other_usual_names(
    name: str, write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    expected = read(write(*rows())).fingerprint
    caplog.set_level(logging.INFO, "anenas")
    path = write(*rows(), header=[name, *HEADER[1:]])
    assert read(path).fingerprint == expected
    assert messages(caplog, path) == [f"the column {name} names the series that a row belongs to"]


def test_gaps_are_filled_with_the_value_before_them_and_counted(write: Write, caplog: pytest.LogCaptureFixture) -> None:
    given = rows()
    for row, column in ((0, 2), (1, 2), (12, 3), (15, 3)):  # at the beginning, in the middle and at the end of a window
        given[row][column] = ["", "NaN", " ", "null"][row % 4]
    path = write(*given)
    source = read_csv(str(path), InputFormat(SERIES))
    values = source.train.inputs.draw(InputFormat(SERIES))
    assert values.shape == (12, 2, 1, 8)
    np.testing.assert_allclose(values[0, 0, 0, :4], [2, 2, 2, 3])
    np.testing.assert_allclose(values[1, 1, 0], [-1, 6, 13, 20, 20, 34, 41, 41])
    assert messages(caplog, path) == [
        "4 values are missing in 2 of 12 series (2 of x, 2 of y): filled with the previous value (at the start, "
        "with the first one)"
    ]


def test_steps_that_are_not_equally_long_are_told(write: Write, caplog: pytest.LogCaptureFixture) -> None:
    path = with_columns(write(*rows()), {"time_s": lambda row, window: row * 0.1 + (row > 20) * 3})
    read(path)
    assert messages(caplog, path)[1:] == [
        "1 of 12 series have gaps or steps back in time_s, the first in window 'w2': their steps are treated as "
        "equally long"
    ]


def test_a_model_gets_the_columns_that_it_has_learnt_from(write: Write, caplog: pytest.LogCaptureFixture) -> None:
    path = with_columns(write(*rows()), {"spare": lambda row, window: 5, "z": lambda row, window: row % 5})
    wanted = InputFormat(SERIES, columns=("y", "spare"))
    source = read_csv(str(path), wanted)
    values = source.train.inputs.draw(wanted)
    np.testing.assert_allclose(values[3, 0, 0], 7 * np.arange(8) - 3)
    assert (values[:, 1] == 5).all() and not caplog.messages
    with pytest.raises(AnenasError, match="row 1: no column 'w'; expected y, w"):
        read_csv(str(path), InputFormat(SERIES, columns=("y", "w")))


def test_other_encodings_are_read_as_declared_or_guessed(write: Write, caplog: pytest.LogCaptureFixture) -> None:
    path = write(*([row[0], {"up": "hinauf", "down": "hinüber"}[str(row[1])], *row[2:]] for row in rows()))
    expected, text = read(path).fingerprint, path.read_text(encoding="utf-8")
    caplog.set_level(logging.INFO, "anenas")
    path.write_text(text, encoding="utf-16", newline="")
    assert read(path).fingerprint == expected and not caplog.messages
    path.write_text(text, encoding="cp1252", newline="")
    assert read(path).fingerprint == expected and "a guess" in caplog.text


def test_a_table_as_a_german_excel_writes_it_is_the_same_table(write: Write, caplog: pytest.LogCaptureFixture) -> None:
    path = with_columns(write(*rows()), {"time_s": lambda row, window: row * 0.1 + (row > 20) * 3.5})
    expected, told = read(path).fingerprint, messages(caplog, path)
    caplog.clear()
    text = path.read_text(encoding="utf-8").replace(",", ";").replace(".", ",").replace("\n", "\r\n")
    path.write_text(f"sep=;\r\n{text};;;;\r\n", encoding="utf-8-sig", newline="")
    assert read(path).fingerprint == expected
    assert messages(caplog, path) == told and any("gaps or steps back in time_s" in line for line in told)


def test_what_is_no_text_is_told(write: Write) -> None:
    path = write(*rows())
    path.write_bytes(path.read_bytes().replace(b"down", bytes(range(128, 256))))
    with pytest.raises(AnenasError, match=r"line 10: byte 131 is not UTF-8 text; save the table as UTF-8"):
        read(path)
    path.write_bytes(b"")
    with pytest.raises(AnenasError, match="is empty, or starts with an empty row"):
        read(path)
    path.write_bytes(b"window,label,x\n" + b"a" * 200_000 + b",up,1\n")
    with pytest.raises(AnenasError, match=r"line 2: field larger than .*; write it as CSV again"):
        read(path)
    with pytest.raises(AnenasError, match=r"cannot read .*: No such file"):
        load_data(str(path.with_name("other.csv")), InputFormat(SERIES))


def test_a_space_of_images_is_told_of_series(write: Write) -> None:
    with pytest.raises(
        AnenasError, match="has series, not images: search with a space for series, such as sequence_rnn"
    ):
        load_data(str(write(*rows())), size=(32, 32))
