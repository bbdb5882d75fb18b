from __future__ import annotations

import dataclasses
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st
from pretend import estimate, latency

from anenas.search import Evaluation, alike_in_latency, indistinguishable


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


@given(st.lists(st.floats(0.0, 1.0), max_size=12), st.integers(1, 5000))
def test_groups_are_alike_throughout_and_none_is_within_another(accuracies: list[float], held_out: int) -> None:
    groups = indistinguishable(evaluations(*accuracies, held_out=held_out))
    assert all(len(group) > 1 for group in groups)
    assert not any(set(a) <= set(b) or set(b) <= set(a) for a, b in combinations(groups, 2))
    for group in groups:
        assert [accuracies[i] for i in group] == sorted((accuracies[i] for i in group), reverse=True)
