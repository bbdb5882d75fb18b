from __future__ import annotations

import dataclasses
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pretend import estimate, latency

from anenas.search import Evaluation, Objectives, alike_in_latency, front_told_apart, indistinguishable


def evaluations(*accuracies: float, held_out: int = 400) -> list[Evaluation]:
    return [Evaluation(accuracy, estimate(0.3), held_out=held_out) for accuracy in accuracies]


def test_what_differs_by_less_than_its_noise_is_one_group() -> None:
    assert indistinguishable(evaluations(0.80, 0.60, 0.78, 0.81)) == [[3, 0, 2]]


def test_a_network_between_two_that_differ_is_in_both_groups() -> None:
    assert indistinguishable(evaluations(0.80, 0.76, 0.72)) == [[0, 1], [1, 2]]


def test_with_more_inputs_the_same_accuracies_are_told_apart() -> None:
    assert indistinguishable(evaluations(0.80, 0.60, 0.78, 0.81, held_out=40_000)) == []


def test_where_nothing_tells_the_noise_nothing_is_said() -> None:
    assert indistinguishable(evaluations(0.8, 0.8, held_out=0)) == []


def test_equal_accuracies_tell_nothing_apart_even_where_all_is_right() -> None:
    assert indistinguishable(evaluations(1.0, 1.0)) == [[0, 1]]


def test_latencies_nearer_than_their_source_can_tell_are_one_group() -> None:
    def of(*ms: float, apart: float) -> list[Evaluation]:
        latencies = [dataclasses.replace(latency(one), apart=apart) for one in ms]
        return [Evaluation(0.9, dataclasses.replace(estimate(1), latency_by_chip={"A15": one})) for one in latencies]

    assert alike_in_latency(of(0.33, 0.35, 0.37, 0.50, apart=1.1)) == [[2, 1], [1, 0]]
    assert alike_in_latency(of(0.33, 0.35, 0.37, 0.50, apart=1.2)) == [[2, 1, 0]]
    assert alike_in_latency(of(0.33, 0.35, 0.37, 0.50, apart=1.0)) == []


def measured(ms: float, error: float = 0.01) -> Evaluation:
    """Whose samples leave so much open; its estimate had left far more."""
    known = dataclasses.replace(latency(ms, apart=1.2), low_ms=ms * (1 - error), high_ms=ms * (1 + error))
    known = dataclasses.replace(known, samples_ms=(known.low_ms, ms, known.high_ms))
    return Evaluation(0.9, dataclasses.replace(estimate(1), latency_by_chip={"A15": known}))


def test_two_measured_latencies_are_told_apart_by_their_own_samples() -> None:
    assert alike_in_latency([measured(0.33), measured(0.34)]) == []
    assert alike_in_latency([measured(0.33, error=0.03), measured(0.34)]) == [[1, 0]]


def test_a_measured_latency_is_told_from_an_estimated_one_by_the_interval_of_the_estimate() -> None:
    estimated = Evaluation(0.9, estimate(0.4, apart=1.2))  # 0.2 to 0.8 ms
    assert alike_in_latency([measured(0.7), estimated]) == [[0, 1]]
    assert alike_in_latency([measured(0.9), estimated]) == []
    assert estimated.estimate.latency.told_apart(measured(0.9).estimate.latency)


def test_the_front_keeps_a_measured_network_that_is_faster_by_less_than_estimates_tell() -> None:
    objectives = Objectives.of({"accuracy": 0.0, "latency_ms": 1.0})
    better = [dataclasses.replace(one, score=score) for one, score in ((measured(0.33), 0.8), (measured(0.34), 0.9))]
    assert front_told_apart(better, objectives) == [0, 1]
    estimates = [dataclasses.replace(one, estimate=estimate(one.estimate.latency.ms, apart=1.2)) for one in better]
    assert front_told_apart(estimates, objectives) == [1]


@given(st.lists(st.floats(0.0, 1.0), max_size=12), st.integers(1, 5000))
def test_groups_are_alike_throughout_and_none_is_within_another(accuracies: list[float], held_out: int) -> None:
    groups = indistinguishable(evaluations(*accuracies, held_out=held_out))
    assert all(len(group) > 1 for group in groups)
    assert not any(set(a) <= set(b) or set(b) <= set(a) for a, b in combinations(groups, 2))
    for group in groups:
        assert [accuracies[i] for i in group] == sorted((accuracies[i] for i in group), reverse=True)


OBJECTIVES = {"accuracy": 0.0, "latency_ms": 1.0}
WITH_SIZE = OBJECTIVES | {"size_mb": 10.0}


def network(accuracy: float, ms: float, size_mb: float, *, held_out: int = 0, is_tiny: bool = False) -> Evaluation:
    """On a chip whose estimates are told apart from a ratio of 1.2 on; without `held_out` its accuracy is exact."""
    latencies = {"A15": dataclasses.replace(latency(ms), apart=1.2)}
    known = dataclasses.replace(estimate(ms, size_mb), latency_by_chip=latencies, is_tiny=is_tiny)
    return Evaluation(accuracy, known, held_out=held_out)


def kept(networks: list[Evaluation], reference_point: dict[str, float]) -> list[int]:
    return front_told_apart(networks, Objectives.of(reference_point))


def test_of_networks_as_fast_as_can_be_told_the_more_accurate_is_kept() -> None:
    networks = [network(0.80, 0.33, 1), network(0.85, 0.35, 1), network(0.86, 0.42, 1), network(0.9, 0.43, 1)]
    assert kept(networks, OBJECTIVES) == [1, 3]


def test_a_row_of_small_steps_is_not_one_step() -> None:
    """Each is nearer to its neighbour than can be told, the ends are not."""
    networks = [network(0.80 + 0.02 * i, 0.30 * 1.1**i, 1) for i in range(5)]
    assert kept(networks, OBJECTIVES) == [0, 2, 4]


def test_exact_latencies_and_accuracies_leave_the_front_as_it_is() -> None:
    exact = [Evaluation(0.8 + i / 1000, estimate(0.3 + i / 1000)) for i in range(5)]
    assert kept(exact, OBJECTIVES) == [0, 1, 2, 3, 4]


def test_what_is_smaller_stays_where_size_is_an_objective() -> None:
    networks = [network(0.80, 0.33, 0.1), network(0.85, 0.35, 1.0)]
    assert kept(networks, OBJECTIVES) == [1]
    assert kept(networks, WITH_SIZE) == [0, 1]


BEST = network(0.99, 5.0, 9.0)
"""The most accurate of a front, which stays in any case."""


def test_the_most_accurate_stays_in_any_case() -> None:
    as_good = [network(0.84, 0.34, 0.2, held_out=400), network(0.85, 0.35, 1.0, held_out=400)]
    assert kept(as_good, OBJECTIVES) == [0, 1]
    assert kept([*as_good, BEST], OBJECTIVES) == [0, 2]


def test_of_networks_as_accurate_and_as_fast_as_can_be_told_the_smaller_is_kept() -> None:
    """With 400 inputs the standard error at 85 % is 1.8 points."""
    networks = [network(0.80, 0.33, 0.1), network(0.84, 0.34, 0.2), network(0.85, 0.35, 1.0)]
    few, many = ([dataclasses.replace(one, held_out=count) for one in networks] for count in (400, 40_000))
    assert kept([*few, BEST], OBJECTIVES) == [1, 3]
    assert kept([*few, BEST], WITH_SIZE) == [0, 1, 3]
    assert kept([*many, BEST], WITH_SIZE) == [0, 1, 2, 3]


def test_of_those_that_are_as_small_the_more_accurate_is_kept() -> None:
    networks = [network(0.84, 0.34, 0.050), network(0.845, 0.34, 0.052), network(0.85, 0.35, 1.0)]
    assert kept([*(dataclasses.replace(one, held_out=400) for one in networks), BEST], WITH_SIZE) == [1, 3]


def test_standard_errors_do_not_add_up_along_the_front() -> None:
    """Each is within a standard error of the next, and smaller; the last is far from the first."""
    networks = [network(0.90 - 0.01 * i, 0.3, 1.0 - 0.1 * i, held_out=400) for i in range(6)]
    assert kept([*networks, BEST], WITH_SIZE) == [1, 3, 5, 6]


def test_a_slower_network_is_worth_its_accuracy_only_where_that_can_be_told() -> None:
    networks = [network(0.85, 0.30, 0.1, held_out=400), network(0.86, 0.60, 1.0, held_out=400)]
    assert kept([*networks, BEST], OBJECTIVES) == [0, 2]
    assert kept([networks[0], network(0.90, 0.60, 1.0, held_out=400), BEST], OBJECTIVES) == [0, 1, 2]


@pytest.mark.parametrize(("is_tiny", "left"), [(False, [0, 1, 2]), (True, [0, 2])])
def test_what_core_ml_may_keep_on_the_cpu_replaces_only_its_kind(is_tiny: bool, left: list[int]) -> None:
    small = network(0.84, 0.34, 0.2, held_out=400, is_tiny=True)
    large = network(0.85, 0.35, 1.0, held_out=400, is_tiny=is_tiny)
    assert kept([small, large, BEST], WITH_SIZE) == left


def test_on_a_second_chip_a_network_may_be_faster() -> None:
    def on_both(accuracy: float, a15: float, m2: float) -> Evaluation:
        one = network(accuracy, a15, 1)
        both = {"A15": one.estimate.latency, "M2": dataclasses.replace(latency(m2), apart=1.2)}
        return dataclasses.replace(one, estimate=dataclasses.replace(one.estimate, latency_by_chip=both))

    networks = [on_both(0.80, 0.33, 0.2), on_both(0.85, 0.35, 0.4)]
    assert kept(networks, OBJECTIVES) == [1]
    assert kept(networks, OBJECTIVES | {"latency_ms@M2": 1.0}) == [0, 1]


NETWORKS = st.lists(
    st.builds(
        network,
        st.floats(0.5, 1.0),
        st.floats(0.3, 1.0),
        st.floats(0.1, 2.0),
        held_out=st.sampled_from([0, 400]),
        is_tiny=st.booleans(),
    ),
    max_size=12,
)


@given(NETWORKS, st.sampled_from([OBJECTIVES, WITH_SIZE]))
def test_whatever_is_left_out_has_one_that_serves_for_it(networks: list[Evaluation], point: dict[str, float]) -> None:
    """Not noticeably slower, nor less accurate than by its error, nor larger where that counts."""
    on_front = kept(networks, point)
    assert bool(on_front) == bool(networks) and on_front == sorted(set(on_front))
    for out in set(range(len(networks))) - set(on_front):
        lost = networks[out]
        assert any(
            networks[i].score >= lost.score - (lost.score_error or 0.0)
            and networks[i].estimate.latency.ms < 1.2 * lost.estimate.latency.ms
            and (networks[i].estimate.size_mb < 1.1 * lost.estimate.size_mb or point is OBJECTIVES)
            for i in on_front
        )
