from __future__ import annotations

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
