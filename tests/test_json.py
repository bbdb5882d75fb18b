from __future__ import annotations

import pytest

from anenas._json import read_json


def test_json_is_read_from_text_and_bytes() -> None:
    assert read_json('{"a": [1]}') == read_json(b'{"a": [1]}') == {"a": [1]}


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "{", ""])
def test_what_is_none_or_has_no_end_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"nested too deeply|Expecting"):
        read_json(text)
