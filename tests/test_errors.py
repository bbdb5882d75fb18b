from __future__ import annotations

import pickle

import pytest

from anenas._errors import AnenasError, unknown

fruit = ("Pear", "apple", "plum", "peach", "banana")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("bananna", "did you mean banana?"),
        ("PEAR", "did you mean Pear or peach?"),
        ("quartz", "known: Pear, apple, banana, peach, plum"),
        ("", "known: Pear, apple, banana, peach, plum"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest_or_all(name: str, hint: str) -> None:
    error = unknown("fruit", name, fruit)
    assert isinstance(error, AnenasError)
    assert str(error) == f"unknown fruit '{name}'; {hint}"


def test_no_more_than_three_names_are_offered() -> None:
    hint = str(unknown("chip", "A1", [f"A1{i}" for i in range(9)]))
    assert hint.count(" or ") == 2


def test_an_error_is_one_line_that_can_be_printed_whatever_it_names() -> None:
    error = AnenasError("row 3: 'a\nb\r\u2028\0\ud800 é 名 \u00a0'; expected a number")
    assert str(error) == "row 3: 'a\\nb\\r\\u2028\\x00\\ud800 é 名 \u00a0'; expected a number"
    assert str(error).encode()
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_a_line_without_end_keeps_what_it_begins_and_ends_with() -> None:
    line = str(AnenasError(f"'x.csv', row 2: y is '{'a' * 100_000}'; expected a number"))
    assert len(line) < 4100
    assert line.startswith("'x.csv', row 2: y is 'aaa") and line.endswith("aaa'; expected a number")


def test_several_lines_are_told_only_where_each_is_given() -> None:
    assert str(AnenasError("space.yaml:1: a\nb", "space.yaml:2: c")) == "space.yaml:1: a\\nb\nspace.yaml:2: c"
