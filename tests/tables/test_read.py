"""Tables as spreadsheets, pandas and phones write them."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from anenas._errors import AnenasError
from anenas.tables import columns_of_table, header_of, open_table

COLUMNS = {"name": ["a, b", "two\nlines", "ü"], "x": ["1", "2", "3"]}
NUMBERS = [2, 3, 4]


def text(delimiter: str = ",", end: str = "\n") -> str:
    rows = [("name", "x"), ('"a, b"', "1"), ('"two\nlines"', "2"), ("ü", "3")]
    return "".join(delimiter.join(row) + end for row in rows)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "table.csv"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_usual_dialect_is_the_same_table(path: Path, delimiter: str, encoding: str, end: str) -> None:
    path.write_bytes(text(delimiter, end).encode(encoding))
    assert columns_of_table(path) == (COLUMNS, NUMBERS)
    assert header_of(path) == ("name", "x")


def test_excel_says_what_stands_between_columns(path: Path) -> None:
    path.write_text("sep=;\r\n" + text(";", "\r\n"), encoding="utf-8-sig", newline="")
    assert columns_of_table(path) == (COLUMNS, NUMBERS)
    assert header_of(path) == ("name", "x")


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        ("a,b\n1;2;3,4;5;6\n7;8;9,1;2;3\n", {"a": ["1;2;3", "7;8;9"], "b": ["4;5;6", "1;2;3"]}),
        ("a;b\n1,5;2,5\n3,5;4,5\n", {"a": ["1,5", "3,5"], "b": ["2,5", "4,5"]}),
        ("a, in m;b, in m\n1;2\n", {"a, in m": ["1"], "b, in m": ["2"]}),
        ("text\nfine, really; good\n", None),
        ("only\n1\n2\n", {"only": ["1", "2"]}),
        ('"x; y","z; w"\n1,2\n', {"x; y": ["1"], "z; w": ["2"]}),
    ],
)
def test_the_delimiter_is_what_makes_columns_of_header_and_rows(
    path: Path, content: str, columns: dict[str, list[str]] | None
) -> None:
    path.write_text(content)
    if columns is None:
        with pytest.raises(AnenasError, match="row 2: 2 columns, but the header has 1; quote cells that hold commas"):
            columns_of_table(path)
    else:
        assert columns_of_table(path)[0] == columns


def test_rows_of_delimiters_alone_are_left_out_and_counted(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "anenas")
    path.write_text("a;b;;\n1;2;;\n\n;;;\n3;4\n; ;;\n;;;\n\n\n")
    assert columns_of_table(path) == ({"a": ["1", "3"], "b": ["2", "4"]}, [2, 5])
    assert caplog.messages == [f"'{path}': rows without any value, left out: 3"]


def test_the_index_of_pandas_is_left_out_and_told(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "anenas")
    path.write_text(",a,b\n0,1,2\n1,3,4\n")
    assert columns_of_table(path)[0] == {"a": ["1", "3"], "b": ["2", "4"]}
    assert caplog.messages == [f"'{path}': the first column has no name, as pandas writes its index: left out"]


def test_columns_of_one_name_are_an_error_where_they_matter(path: Path) -> None:
    path.write_text("a,b,b\n1,2,3\n")
    with pytest.raises(AnenasError, match="row 1: two columns are called 'b'"):
        columns_of_table(path)
    with open_table(path, distinct=False) as table:
        assert list(table.rows()) == [(2, ["1", "2", "3"])]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty, or begins with an empty row; expected a header"),
        (b"a,b\n1,2,3\n", "row 2: 3 columns, but the header has 2; quote cells that hold commas"),
        (b"a;b\n1;2\n3\n", "row 3: 1 columns, but the header has 2; quote cells that hold semicolons"),
        (b"a,,b\n1,2,3\n", "row 1: column 2 has no name, but a value in row 2"),
        (b'a,b\n"1,2\n', "line 2: unexpected end of data; write it as CSV again"),
        (b"a,b\n" + b"1" * 200_000 + b",2\n", "line 2: field larger than field limit"),
        (b"PK\x03\x04\x14\0", "is a workbook or another archive, not a table of text; save it as CSV in UTF-8"),
        (b"\x1f\x8b\x08\x08", "is compressed, not a table of text"),
        (b"a,b\n" + bytes(range(128, 256)) + b",2\n", "line 2: byte 4 is not UTF-8 text"),
    ],
)
def test_what_is_no_table_is_told_in_one_line(path: Path, content: bytes, message: str) -> None:
    path.write_bytes(content)
    with pytest.raises(AnenasError, match=message) as raised:
        columns_of_table(path)
    assert "\n" not in str(raised.value) and str(path) in str(raised.value)


def test_reading_leaves_the_limit_of_cells_as_it_was(path: Path) -> None:
    import csv

    before = csv.field_size_limit()
    path.write_text("a\n" + "1" * 200_000 + "\n")
    with open_table(path, cell=300_000) as table:
        assert len(next(table.rows())[1][0]) == 200_000
    assert csv.field_size_limit() == before


@pytest.mark.parametrize(
    ("alike", "delimiter"),
    [(1, ";"), (2, ";"), (18, ";"), (19, ";"), (20, ","), (21, ",")],
)
def test_twenty_rows_tell_what_stands_between_columns_and_a_last_one_that_may_be_cut_does_not(
    path: Path, alike: int, delimiter: str
) -> None:
    """Rows that either delimiter makes two columns of, then one that only semicolons do, and one more."""
    path.write_text("x,y;z\n" + "1,2;3\n" * alike + "4;5\n" + "6;7\n")
    assert header_of(path) == tuple("x,y;z".split(delimiter))
    path.write_text("x,y;z\n" + "1,2;3\n" * alike + "4;5\n")
    assert header_of(path) == ("x", "y;z")
