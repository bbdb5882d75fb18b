from __future__ import annotations

import pytest

from anenas.blocks import Choice, Value


@pytest.mark.parametrize(
    ("key", "value", "token"),
    [("k", 3, "k3"), ("e", 0, "e0"), ("", "relu", "relu"), ("se", True, "se"), ("se", False, "")],
)
def test_a_choice_is_written_as_its_key_and_value(key: str, value: Value, token: str) -> None:
    assert Choice("name", key, (value,)).format(value) == token
