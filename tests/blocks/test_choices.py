from __future__ import annotations

from typing import Any

import pytest

from anenas._errors import AnenasError
from anenas.blocks import Choice, Value, choice


@pytest.mark.parametrize(
    ("key", "value", "token"),
    [("k", 3, "k3"), ("e", 0, "e0"), ("", "relu", "relu"), ("se", True, "se"), ("se", False, "")],
)
def test_a_choice_is_written_as_its_key_and_value(key: str, value: Value, token: str) -> None:
    assert Choice("name", key, (value,)).format(value) == token


@pytest.mark.parametrize(
    "given",
    [
        *[("k",), ("", 3), ("K", 3), ("k3", 3), ("k", "relu"), ("", "hard-swish"), ("", "Relu"), ("k", -1), ("k", 1.5)],
        *[("k", 3, True), ("", True)],
    ],
)
def test_a_choice_that_cannot_be_written_in_an_architecture_is_refused(given: tuple[Any, ...]) -> None:
    with pytest.raises(
        AnenasError, match=r"^choice\(.*\): expected a key of lower-case letters and whole numbers from 0"
    ):
        choice(*given)


def test_an_option_that_is_there_twice_is_refused() -> None:
    with pytest.raises(AnenasError, match="an option is repeated"):
        choice("k", 3, 5, 3)
