from __future__ import annotations

import csv
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
    with pytest.raises(AnenasError, match="its 2 groups cannot be split so that each part has every class; name"):
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
        ({"header": ["window;label;x;y"]}, "row 1: no column 'window'; .* are there commas between columns?"),
        ({"header": ["window", "label", "x", "x"]}, "row 1: two columns are called 'x'; give each a name of its own"),
        ({"header": ["window", "label", "", "x"]}, "row 1: column 3 has no name"),
        ({"header": ["window", "label", "group", "subject"]}, "row 1: windows are grouped by group or by subject"),
        ({"header": ["window", "label", "split"]}, "row 1: no channels; expected columns of numbers beside window, l"),
        ({"header": []}, "is empty, or begins with an empty row; expected a header with window and label"),
        ({"rows": []}, "has no row but its header"),
        ({"rows": changed(13, 2, "one")}, "row 13: x is 'one'; expected a finite number"),
        ({"rows": changed(14, 3, "")}, "row 14: y is ''; expected a finite number"),
        ({"rows": changed(14, 3, "nan")}, "row 14: y is 'nan'; expected a finite number"),
        ({"rows": changed(14, 3, "1e99")}, "row 14: y is '1e99'; expected a finite number"),
        ({"rows": [*rows()[:5], ["w0", "up", 3], *rows()[5:]]}, "row 7: 3 columns, but the header has 4"),
        ({"rows": [*rows()[:40], ["w9", "up", 1, 2, 3]]}, "row 42: 5 columns, but the header has 4"),
        ({"rows": [*rows(), *rows(1)]}, "row 98: window 'w0' was there before, with others between"),
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
        ({"rows": [[*row[:3], 5] for row in rows()]}, "y is always 5; leave it out"),
    ],
)
def test_what_is_wrong_is_told_in_one_line_with_its_row(write: Write, given: dict[str, object], message: str) -> None:
    path = write(*given.get("rows", rows()), header=given.get("header", HEADER))  # type: ignore[misc]
    with pytest.raises(AnenasError, match=message) as raised:
        read(path)
    assert "\n" not in str(raised.value)
    assert str(path) in str(raised.value)


def test_what_is_no_text_is_told(write: Write) -> None:
    path = write(*rows())
    path.write_bytes(path.read_bytes().replace(b"down", b"d\xf6wn"))
    with pytest.raises(AnenasError, match=r"is not UTF-8 text \(byte 1.*\); save it as CSV in UTF-8"):
        read(path)
    path.write_bytes(b"")
    with pytest.raises(AnenasError, match="is empty, or begins with an empty row"):
        read(path)
    path.write_bytes(b"window,label,x\n" + b"a" * 200_000 + b",up,1\n")
    with pytest.raises(AnenasError, match=r"line 2: field larger than .*; write it as CSV again"):
        read(path)
    with pytest.raises(AnenasError, match=r"cannot read .*: No such file"):
        load_data(str(path.with_name("other.csv")), InputFormat(SERIES))


def test_a_space_of_images_is_told_of_series(write: Write) -> None:
    with pytest.raises(
        AnenasError, match="holds series, not images: search them with a space of series, such as sequence_rnn"
    ):
        load_data(str(write(*rows())), size=(32, 32))
