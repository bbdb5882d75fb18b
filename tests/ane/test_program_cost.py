from __future__ import annotations

import pytest

from anenas.ane import ProgramCost
from anenas.ane._program_cost import Segment, merged, on_engine


def able(engine_us: float, cpu_us: float, macs: int = 0, sure_us: float = 0) -> Segment:
    return Segment(True, engine_us, cpu_us, macs, sure_us)


def unable(cpu_us: float, macs: int = 0) -> Segment:
    """The engine would take a microsecond, if it could."""
    return Segment(False, 1, cpu_us, macs, 1)


# Both able segments are worth a launch: 1,000 microseconds of the CPU for 100 and for 50 of the engine.
program = ProgramCost(
    segments=(able(100, 1000, 600, sure_us=70), unable(30, 100), able(50, 1000, 300, sure_us=20), unable(7)),
    weight_bytes=11,
    params=5,
    operations=9,
    convolutions=2,
    operation_problems=("rank: too many axes",),
)


@pytest.mark.parametrize(
    ("segments", "chosen"),
    [
        ([], []),
        # What the engine can run whole counts as running there, even where it is slower.
        ([able(500, 1)], [True]),
        ([unable(500)], [False]),
        # The first has to save more than a launch and a change of unit, 250; any other 375.
        ([able(10, 260), unable(5)], [False, False]),
        ([able(10, 261), unable(5)], [True, False]),
        ([unable(5), able(10, 385)], [False, False]),
        ([unable(5), able(10, 386)], [False, True]),
        ([able(10, 261), unable(5), able(10, 385)], [True, False, False]),
        ([able(10, 260), unable(900), able(10, 386), unable(900), able(10, 900)], [False, False, True, False, True]),
    ],
)
def test_a_segment_runs_where_it_is_worth_a_launch(segments: list[Segment], chosen: list[bool]) -> None:
    assert on_engine(segments) == chosen


def test_segments_of_a_kind_that_follow_each_other_are_one() -> None:
    segments = [able(1, 20, 300, 0.5), able(4, 50, 600, 0.25), unable(7), unable(8, 9), able(10, 11)]
    assert merged(segments) == (able(5, 70, 900, 0.75), Segment(False, 2, 15, 9, 2), able(10, 11))
    assert merged([]) == ()


def test_a_program_takes_what_its_segments_take_where_they_run_and_the_changes_between() -> None:
    assert program.engine_segments == 2
    assert program.switching_us == 3 * 125 + 1 * 125  # three changes, and one launch after the first
    assert program.us == 100 + 30 + 50 + 7 + 500
    assert program.unsure_us == 30 + 30 + 30 + 7 + 500
    assert program.macs == 1000


def test_what_the_engine_saves_is_of_what_it_can_run() -> None:
    assert program.saved_us == 900 + 950
    assert ProgramCost((unable(500),)).saved_us == 0


def test_residency_is_of_time_and_of_multiply_accumulates() -> None:
    assert program.residency == 150 / 187
    assert program.mac_residency == 0.9
    assert ProgramCost((unable(500, 3),)).residency == ProgramCost((unable(500, 3),)).mac_residency == 0
    assert ProgramCost().residency == ProgramCost().mac_residency == 1


def test_a_program_on_one_unit_changes_none() -> None:
    for one in (
        ProgramCost((able(1, 2),)),
        ProgramCost((unable(3),)),
        ProgramCost(),
        ProgramCost((able(1, 2), unable(3))),
    ):
        assert one.switching_us == 0
    assert ProgramCost((able(1, 2),)).engine_segments == 1
    assert ProgramCost((unable(3),)).engine_segments == ProgramCost().engine_segments == 0


@pytest.mark.parametrize(
    ("cost", "tiny"),
    [
        (ProgramCost((able(10, 259, macs=1),)), True),
        (ProgramCost((able(10, 260, macs=1),)), False),
        (ProgramCost((able(10, 259, macs=0),)), False),  # nothing that is worth an engine
        (ProgramCost((able(300, 10, macs=5),)), True),
        (ProgramCost((able(10, 259, macs=1), unable(5))), False),
        (ProgramCost((unable(5), able(10, 259, macs=1))), False),
        (ProgramCost(), False),
    ],
)
def test_a_program_is_tiny_where_the_engine_saves_less_than_its_launch(cost: ProgramCost, tiny: bool) -> None:
    assert cost.is_tiny is tiny


def test_parts_in_sequence_add_up() -> None:
    part = ProgramCost((unable(3, 20), able(2, 4, 30, 1)), 7, 3, 2, 1, ("kernel: too wide",))
    assert program + part == ProgramCost(
        (*program.segments[:3], Segment(False, 2, 10, 20, 2), able(2, 4, 30, 1)),
        weight_bytes=18,
        params=8,
        operations=11,
        convolutions=3,
        operation_problems=("rank: too many axes", "kernel: too wide"),
    )
    assert program + ProgramCost() == ProgramCost() + program == program


def test_problems_of_the_whole_are_found_in_a_sum() -> None:
    half = ProgramCost(convolutions=200, weight_bytes=600_000_000)
    assert not half.problems
    assert [problem.split(":")[0] for problem in (half + half).problems] == ["convolutions", "size-limit"]


@pytest.mark.parametrize(
    ("weight_bytes", "told"),
    [
        (1_000_000_000, None),
        (1_000_000_001, "weights total 1,000 MB, iOS loads 1,000"),
        (1_073_741_824, "weights total 1,074 MB, iOS loads 1,000"),
        (
            1_073_741_825,
            "weights total 1,074 MB, iOS loads 1,000, and macOS 27 runs what is above 1 GiB (1,074 MB) on the CPU, "
            "silently",
        ),
    ],
)
def test_weights_over_a_limit_are_told_with_whose_limit_it_is(weight_bytes: int, told: str | None) -> None:
    assert ProgramCost(weight_bytes=weight_bytes).problems == ((f"size-limit: {told}",) if told else ())


def test_problems_of_operations_come_before_those_of_the_whole() -> None:
    cost = ProgramCost(convolutions=381, operation_problems=("rank: too many axes",))
    whole = "convolutions: 381 convolutions: Apple's compiler fails beyond about 386"
    assert cost.problems == ("rank: too many axes", whole)
