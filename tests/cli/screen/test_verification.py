from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from anenas.cli.screen import flushed_line, print_verification
from anenas.coreml import Difference, Verification
from anenas.mil import Event

NEAR, FAR = Difference("probs", 0.0012, 0.0004, 0.001, 0.99999, 1.0), Difference("logits", 2.0, 1.0, 0.5, 0.75)
DENORMALS = Event("a", "mul", "denormal", 1200), Event("b", "conv", "denormal", 34)
TOLERANCES = {"fp32": 0.01, "fp16": 0.01}


def verification(*differences: Difference, **more: object) -> Verification:
    made = {"against": "weights", "samples": 1, "fp32": differences, "fp16": differences, "lost": ()}
    return Verification(**({"tolerances": TOLERANCES} | made | more))  # type: ignore[arg-type]


def test_what_is_near_enough_is_equal(shown: Callable[..., list[str]]) -> None:
    assert shown(print_verification, "m.mlpackage", verification(NEAR, lost=DENORMALS)) == [
        "m.mlpackage against weights, 1 sample",
        "output precision largest allowed mean relative cosine top 1",
        "probs fp32 0.0012 0.0004 0.001 0.99999 100%",
        "probs fp16 0.0012 0.0004 0.001 0.99999 100%",
        "float16 flushes 1,234 values to zero at 2 operations, most at a (mul)",
        "equal within what is allowed",
    ]


def test_what_is_allowed_is_printed_where_it_is_derived(shown: Callable[..., list[str]]) -> None:
    near = Difference("y", 0.5, 0.1, 0.25, 0.9, None, allowed=0.75, found=0.5)
    beyond = Difference("z", 1.0, 0.1, 0.25, 0.9, None, allowed=0.01, found=0.7, beyond=2)
    lines = shown(print_verification, "m", verification(near, beyond))
    assert lines[2:4] == ["y fp32 0.5 0.75 0.1 0.25 0.90000", "z fp32 0.7 0.01 0.1 0.25 0.90000"]
    said = " ".join(lines)
    assert "6 times what rounding every result at random moves the values around it by, in 3 runs" in said
    assert "z differs by 0.7 in fp32 where 0.01 is allowed; 2 values do" in said


def test_what_is_too_far_differs_with_a_line_for_each_problem(shown: Callable[..., list[str]]) -> None:
    lost = (Event("a", "mul", "overflow", 16),)
    lines = shown(print_verification, "m", verification(FAR, lost=lost))
    assert lines[2] == "logits fp32 2 1 0.5 0.75000"
    assert lines[4:] == [
        "differs overflow of 16 values at a (mul) in float16",
        "differs logits differs by 0.5 of its largest value in fp32, not 0.01",
        "differs logits differs by 0.5 of its largest value in fp16, not 0.01",
    ]


@pytest.mark.parametrize(
    ("relative", "expected"),
    [
        (0.001, "of 2 operations, the largest difference is 0.001 at second; more than 0.002: nowhere"),
        (0.25, "of 2 operations, the largest difference is 0.25 at second; more than 0.002: first at second by 0.25"),
    ],
)
def test_of_operations_the_first_that_differs_is_named(
    shown: Callable[..., list[str]], relative: float, expected: str
) -> None:
    layers = Difference("first", 0.0, 0.0, 0.0, 1.0), Difference("second", 1.0, 1.0, relative, 1.0)
    assert expected in shown(print_verification, "m", verification(NEAR, layers=layers))


def test_where_differences_are_meant_they_are_not_judged(shown: Callable[..., list[str]]) -> None:
    tolerances = {"fp32": math.inf, "fp16": math.inf}
    lines = shown(print_verification, "m", verification(FAR, tolerances=tolerances))
    assert "differences are reported and not judged" in lines[-1]


def test_nothing_is_said_of_nothing_flushed() -> None:
    assert flushed_line([Event("a", "mul", "overflow", 16)]) is None
