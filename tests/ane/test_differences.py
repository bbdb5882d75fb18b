from __future__ import annotations

import pytest

from anenas.ane import known_differences
from anenas.ane._difference_rules import met_conditions


def test_what_is_not_taken_in_says_why() -> None:
    for known in known_differences().values():
        assert known.in_rules or known.in_interpreter or known.taken_in.startswith("no: "), known.name
        assert known.where in ("every", "engine", "gpu", "compiler") and known.source


@pytest.mark.parametrize(
    ("name", "in_interpreter", "in_rules"),
    [
        ("softplus-overflow", True, True),
        ("matmul-saturates", True, False),
        ("round-away", False, True),
        ("pad-symmetric", False, False),
        ("stateful-intel", False, False),
    ],
)
def test_a_difference_says_what_looks_at_it(name: str, in_interpreter: bool, in_rules: bool) -> None:
    known = known_differences()[name]
    assert (known.in_interpreter, known.in_rules) == (in_interpreter, in_rules)
    assert (name in met_conditions()) == in_rules


def test_a_difference_is_read_as_it_stands_in_the_table() -> None:
    known = known_differences()["pool-same-lower"]
    assert (known.name, known.operation, known.where) == ("pool-same-lower", "avg_pool", "every")
    assert known.condition == "one spatial axis with pad_type same_lower"
    assert (known.happens, known.fix) == ("wrong values", "give the padding as numbers")
    assert (known.taken_in, known.source) == ("rule", "coremltools test_pool.py rdar 98852008")
