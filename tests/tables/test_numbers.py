"""Numbers as people's languages write them."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from anenas._errors import AnenasError
from anenas.tables import Numbers, are_words, with_points

TABLE = Path("t.csv")


def read(*cells: str) -> list[float]:
    return Numbers(TABLE).read({"x": cells}, range(2, len(cells) + 2))[:, 0].tolist()


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["0.5", "1.234", "-2e-3", "7"], [0.5, 1.234, -0.002, 7]),
        (["0,5", "1,234", "-2,5E-3", "7"], [0.5, 1.234, -0.0025, 7]),
        (["1.234,5", "2,5", "1.234.567,25"], [1234.5, 2.5, 1234567.25]),
        (["1,234.5", "2.5", "1,234,567"], [1234.5, 2.5, 1234567]),
        (["1.234.567", "2,5"], [1234567, 2.5]),
        (["1 234,5", "1\u202f234,5", "1\u00a0234"], [1234.5, 1234.5, 1234]),
        (["1'234.5", "0.5"], [1234.5, 0.5]),
        (["\u22120,5", " 1,5 ", "+2,5", ",5"], [-0.5, 1.5, 2.5, 0.5]),
    ],
)
def test_numbers_have_one_decimal_sign(cells: list[str], values: list[float]) -> None:
    assert read(*cells) == values


def test_what_pandas_takes_for_nothing_is_a_gap() -> None:
    assert np.isnan(read("", " ", "NaN", "#N/A", "NULL", "n/a", "<NA>")).all()
    assert np.isnan(read("1,5", "", "NaN")).tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["1,234", "2,345"], "row 2: x is '1,234', which may be 1.234 or 1234; write numbers with a decimal point"),
        (["0.5", "1,234"], "row 3: x is '1,234', which may be 1.234 or 1234"),
        (["0,5", "1.234"], "row 3: x is '1.234', which may be 1.234 or 1234"),
        (
            ["0,5", "1.5"],
            "row 2: x is '0,5', with a decimal comma, but x is '1.5' in row 3, with a decimal point; write all",
        ),
        (["0,5", "one"], "row 3: x is 'one'; expected a finite number"),
        (["0,5", "1,2,3"], "row 3: x is '1,2,3'; expected a finite number"),
        (["0.5", "1_000"], "row 3: x is '1_000'; expected a finite number"),
        (["0.5", "inf"], "row 3: x is 'inf'; expected a finite number"),
        (["0,5", "1e99"], "row 3: x is '1e99'; expected a finite number"),
        (["0.5", "12.05.2024"], "row 3: x is '12.05.2024'; expected a finite number"),
    ],
)
def test_what_is_no_number_or_may_be_two_is_told_with_its_row(cells: list[str], message: str) -> None:
    with pytest.raises(AnenasError, match=message):
        read(*cells)


def test_the_decimal_sign_is_that_of_the_table_in_whatever_column_and_chunk() -> None:
    numbers = Numbers(TABLE)
    assert numbers.read({"x": ["1,234"], "y": ["0,5"]}, [2]).tolist() == [[1.234, 0.5]]
    assert numbers.read({"x": ["1,234"], "y": ["2"]}, [3]).tolist() == [[1.234, 2]]
    numbers = Numbers(TABLE)
    numbers.read({"x": ["1.234"]}, [2])
    with pytest.raises(AnenasError, match=r"row 3: x is '0,5', with a decimal comma, but x is '1\.234' in row 2"):
        numbers.read({"x": ["0,5"]}, [3])


def test_what_was_read_otherwise_than_it_stands_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "anenas")
    read("0,5", "1.234,5", "1,5", "2.345,5")
    assert caplog.messages == [
        "'t.csv': numbers have decimal commas, as '0,5' in row 2",
        "'t.csv': what is between thousands is left out, as in '1.234,5' in row 3",
    ]


def test_a_column_may_hold_other_things_where_that_is_asked() -> None:
    found = Numbers(TABLE).read({"x": ["1,5", "soon", "inf"]}, [2, 3, 4], otherwise=-1)
    assert found[:, 0].tolist() == [1.5, -1, -1]


def test_only_columns_of_nothing_but_numbers_get_points() -> None:
    columns = {"age": ["1,5", "", "2"], "name": ["a,b", "1,5", ""], "size": ["1.5", "2", ""], "day": ["1.2.24", "", ""]}
    assert with_points(TABLE, columns, [2, 3, 4]) == {"age": ["1.5", "", "2.0"]}


def test_words_have_a_letter_in_some_cell_and_a_digit_in_none() -> None:
    assert are_words(["rain", "", "sun"]) and are_words(["?", "Föhn"])
    for cells in (["rain", "3"], ["A4", "B"], ["", "nan", " NA "], ["-", ""], []):
        assert not are_words(cells)
