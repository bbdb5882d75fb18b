from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anenas.ane import MAX_DIMENSION, batch_problem, dimension_problem, width_problem
from anenas.ane._guidelines import convolutions_problem, is_power_of_two, padded, steps_problem, weights_problem


def legal_width(channels: int) -> bool:
    return 1 <= channels <= MAX_DIMENSION and (channels % 16 == 0 or channels in {1, 2, 4, 8})


def test_powers_of_two_are_told_from_other_numbers() -> None:
    assert [n for n in range(-4, 70) if is_power_of_two(n)] == [1, 2, 4, 8, 16, 32, 64]


@given(st.integers(-10, 2 * MAX_DIMENSION))
def test_widths_are_powers_of_two_or_multiples_of_16_up_to_the_limit(channels: int) -> None:
    assert (width_problem(channels) is None) == legal_width(channels)


@given(st.integers(1, MAX_DIMENSION).filter(lambda channels: not legal_width(channels)))
def test_the_width_offered_instead_is_legal_and_none_is_nearer(channels: int) -> None:
    offered = int(str(width_problem(channels)).rsplit(" ", 1)[1])
    assert legal_width(offered)
    closer = range(channels - abs(offered - channels) + 1, channels + abs(offered - channels))
    assert not any(legal_width(width) for width in closer)


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (width_problem(24), "24 breaks the guideline 'widths are powers of two or multiples of 16'; the nearest is 16"),
        (width_problem(0), "0 is not a positive size"),
        (width_problem(20_000), "20000 breaks the guideline 'no dimension over 16,384'"),
        (dimension_problem(MAX_DIMENSION + 1), "16385 breaks the guideline 'no dimension over 16,384'"),
        (dimension_problem(0), "0 is not a positive size"),
        (batch_problem(3), "3 breaks the guideline 'batch sizes are powers of two'"),
        (batch_problem(0), "0 breaks the guideline 'batch sizes are powers of two'"),
        (batch_problem(2**15), "32768 breaks the guideline 'no dimension over 16,384'"),
    ],
)
def test_a_problem_names_the_guideline(problem: str | None, expected: str) -> None:
    assert problem == expected


def test_sizes_up_to_the_limit_have_no_problem() -> None:
    assert [dimension_problem(1), dimension_problem(MAX_DIMENSION), batch_problem(1), batch_problem(64)] == [None] * 4


@pytest.mark.parametrize(
    ("problem", "most", "said"),
    [
        (dimension_problem, 16_384, "no dimension over 16,384"),
        (steps_problem, 1024, "1,025 breaks the guideline 'block size, the length of a sequence, at most 1,024'"),
        (convolutions_problem, 380, "381 convolutions: Apple's compiler fails beyond about 386"),
        (weights_problem, 1_000_000_000, "weights total 1,000 MB, iOS loads 1,000"),
    ],
)
def test_a_limit_is_what_its_source_says_and_what_is_there_keeps_it(
    problem: Callable[[int], str | None], most: int, said: str
) -> None:
    assert problem(most) is None
    assert said in str(problem(most + 1))


def test_weights_beyond_a_gibibyte_are_told_of_macos_too() -> None:
    assert "macOS" not in str(weights_problem(1024**3))
    assert str(weights_problem(1024**3 + 1)).endswith(
        "and macOS 27 runs what is above 1 GiB (1,074 MB) on the CPU, silently"
    )


def test_a_length_that_is_none_is_told_as_any_size_is() -> None:
    assert steps_problem(0) == "0 is not a positive size"


@given(st.integers(0, 10_000), st.integers(1, 300))
def test_a_size_is_padded_to_the_next_multiple(size: int, multiple: int) -> None:
    assert padded(size, multiple) % multiple == 0 and 0 <= padded(size, multiple) - size < multiple
