from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from anenas._errors import AnenasError
from anenas.data._table_rows import columns_of, rows_of

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(name: str, content: str) -> Path:
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        return path

    return write


def parquet(folder: Path, *rows: dict[str, object]) -> Path:
    import pyarrow
    import pyarrow.parquet

    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(list(rows)), folder / "a.PARQUET")
    return folder / "a.PARQUET"


def test_every_format_has_the_same_rows(write: Write, tmp_path: Path) -> None:
    rows = [{"path": "a.png", "label": "cat"}, {"path": "b.png", "label": ""}]
    text = "path,label\na.png,cat\nb.png,\n"
    csv, tsv, unknown = write("a.csv", text), write("a.tsv", text.replace(",", "\t")), write("a.txt", text)
    for path, first in (
        (csv, 2),
        (tsv, 2),
        (unknown, 2),
        (parquet(tmp_path, *rows), 2),
        (write("a.JSONL", "".join(f"{json.dumps(row)}\n" for row in rows)), 1),  # lines without a header
    ):
        assert list(rows_of(path)) == [(first, rows[0]), (first + 1, rows[1])], path
        assert columns_of(path) == ("path", "label"), path


def test_numbers_with_commas_have_points_and_words_with_commas_keep_them(write: Write) -> None:
    path = write("a.csv", "path;x;name\na;1,5;b,c\n\nd;2,25; e \n")
    assert list(rows_of(path)) == [
        (2, {"path": "a", "x": "1.5", "name": "b,c"}),
        (4, {"path": "d", "x": "2.25", "name": "e"}),
    ]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("cat", "cat"), (7, "7"), (1.5, "1.5"), (True, "1"), (False, "0"), (None, ""), (0, "0"), ("", ""),
        (["cat", "dog"], "cat|dog"), (["cat"], "cat|"), ([], "|"), ([3, 4, 5], "3|4|5"),
    ],
)  # fmt: skip
def test_values_are_cells_and_lists_several_labels_though_they_hold_one(
    value: object, cell: str, write: Write, tmp_path: Path
) -> None:
    assert list(rows_of(write("a.jsonl", json.dumps({"x": value})))) == [(1, {"x": cell})]
    assert list(rows_of(parquet(tmp_path, {"x": value}))) == [(2, {"x": cell})]


def test_blank_lines_between_objects_are_passed_over_and_counted(write: Write) -> None:
    path = write("a.jsonl", '\n{"x": 1}\n \n\n{"x": 2}\n\n')
    assert list(rows_of(path)) == [(2, {"x": "1"}), (5, {"x": "2"})]
    assert columns_of(path) == ("x",)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{,}", "Expecting property name enclosed in double quotes: "),
        ("{} {}", "Extra data: "),
        ('{"x": ' + "[" * 100_000, "it is nested too deeply; expected an object"),
        ("[1, 2]", "expected an object with x, y"),
        ('{"y": 1, "x": 2}', "expected an object with x, y"),
        ('{"x": 2}', "expected an object with x, y"),
    ],
)
def test_a_line_that_is_no_object_like_those_before_is_told_with_its_number(
    line: str, message: str, write: Write
) -> None:
    path = write("a.jsonl", f'{{"x": 1, "y": 2}}\n\n{line}\n')
    with pytest.raises(AnenasError) as raised:
        list(rows_of(path))
    assert str(raised.value).startswith(f"'{path}', line 3: {message}")
    assert "; expected an object" in str(raised.value) or "expected an object with" in message
    assert "\n" not in str(raised.value)


def test_a_first_line_that_is_no_object_is_told_and_names_no_column(write: Write) -> None:
    path = write("a.jsonl", "5\n")
    with pytest.raises(AnenasError) as raised:
        list(rows_of(path))
    assert str(raised.value) == f"'{path}', line 1: expected an object with names"
    assert columns_of(path) == ()


def test_what_is_no_parquet_is_told_in_one_line(write: Write) -> None:
    path = write("a.parquet", "path,label\na.png,cat\n")
    with pytest.raises(AnenasError) as raised:
        list(rows_of(path))
    assert str(raised.value).startswith(f"'{path}' cannot be read as Parquet (")
    assert str(raised.value).endswith("); write it again")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet"])
def test_a_table_that_is_empty_or_not_there_has_no_columns(name: str, write: Write, tmp_path: Path) -> None:
    assert columns_of(tmp_path / name) == ()
    assert columns_of(write(name, "")) == ()
