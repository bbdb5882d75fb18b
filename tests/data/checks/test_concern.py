from __future__ import annotations

import json

import pytest

from anenas.data import Concern
from anenas.data.checks._concern import are


def concern(*affected: tuple[str, ...], between: str = " = ") -> Concern:
    return Concern("copies", "2 images are copies", "remove them", affected, between)


def test_a_concern_is_a_line_that_says_what_was_found_and_what_to_do() -> None:
    assert str(concern()) == "2 images are copies; remove them"
    assert str(concern(("a",))) == "2 images are copies: a; remove them"
    assert str(concern(("a",), ("b", "c"))) == "2 images are copies: a, b = c; remove them"
    assert str(concern(("a",), ("b",), ("c",))) == "2 images are copies: a, b and 1 more; remove them"
    many = concern(*((str(i),) for i in range(2002)))
    assert str(many) == "2 images are copies: 0, 1 and 2,000 more; remove them"


def test_those_that_belong_together_are_one_line_of_three_at_most() -> None:
    found = concern(("a",), ("a", "b", "c"), ("a", "b", "c", "d", "e"), between=" or ")
    assert found.lines == ["a", "a or b or c", "a or b or c and 2 more"]


def test_json_holds_all_that_is_affected() -> None:
    assert json.loads(json.dumps(concern(("a",), ("b", "c", "d", "e")).to_dict())) == {
        "check": "copies",
        "message": "2 images are copies",
        "fix": "remove them",
        "affected": [["a"], ["b", "c", "d", "e"]],
    }


@pytest.mark.parametrize(
    ("count", "subject"), [(0, "0 images are"), (1, "1 image is"), (2, "2 images are"), (1200, "1,200 images are")]
)
def test_subjects_agree_with_their_number(count: int, subject: str) -> None:
    assert are(count, "image", "images") == subject
