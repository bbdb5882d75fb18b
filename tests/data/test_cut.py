from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from anenas.data._cut import cut, cut_groups

counts = st.lists(st.integers(2, 60), min_size=1, max_size=8)
fractions = st.floats(0.01, 0.99)
seeds = st.integers(0, 1000)
repeatable = settings(derandomize=True, deadline=None)


def shuffled_labels(counts: list[int]) -> np.ndarray:
    return np.random.default_rng(7).permutation(np.repeat(np.arange(len(counts)), counts))


@repeatable
@given(counts, fractions, seeds)
def test_every_example_is_in_exactly_one_part(counts: list[int], fraction: float, seed: int) -> None:
    labels = shuffled_labels(counts)
    kept, held = cut(labels, fraction, seed=seed)
    assert sorted([*kept, *held]) == list(range(len(labels)))


@repeatable
@given(counts, fractions, seeds)
def test_every_class_gives_its_share_and_is_in_both_parts(counts: list[int], fraction: float, seed: int) -> None:
    labels = shuffled_labels(counts)
    kept, held = cut(labels, fraction, seed=seed)
    assert set(labels[kept]) == set(labels[held]) == set(labels)
    for label, count in enumerate(counts):
        share = min(max(count * fraction, 1), count - 1)
        assert abs(np.sum(labels[held] == label) - share) < 2


@repeatable
@given(counts, fractions, seeds)
def test_the_same_arguments_cut_the_same_way(counts: list[int], fraction: float, seed: int) -> None:
    labels = shuffled_labels(counts)
    for first, second in zip(cut(labels, fraction, seed=seed), cut(labels, fraction, seed=seed), strict=True):
        np.testing.assert_array_equal(first, second)


@repeatable
@given(counts, fractions, seeds, st.integers(1, 100))
def test_the_limit_is_kept_but_for_one_example_of_each_class(
    counts: list[int], fraction: float, seed: int, limit: int
) -> None:
    _, held = cut(shuffled_labels(counts), fraction, seed=seed, limit=limit)
    assert len(held) <= limit + len(counts)


def test_round_shares_are_exact() -> None:
    _, held = cut(np.repeat(np.arange(10), 100), 0.29, seed=0)
    assert len(held) == 290


def test_another_seed_cuts_another_way() -> None:
    labels = np.repeat(np.arange(2), 50)
    assert cut(labels, 0.5, seed=0)[1].tolist() != cut(labels, 0.5, seed=1)[1].tolist()


people = st.lists(st.tuples(st.integers(2, 20), st.integers(1, 6)), min_size=3, max_size=12)


@repeatable
@given(people, st.floats(0.1, 0.5), seeds)
def test_groups_are_cut_whole_near_their_share_and_both_parts_have_every_class(
    people: list[tuple[int, int]], fraction: float, seed: int
) -> None:
    """Each of them has so many examples of each of two classes and more."""
    groups = np.concatenate([np.full(2 * count + more, f"p{i}") for i, (count, more) in enumerate(people)])
    labels = np.concatenate([np.arange(2 * count + more) % 2 for count, more in people])
    found = cut_groups(labels, groups, fraction, seed=seed)
    assert found is not None
    kept, held = found
    assert sorted([*kept, *held]) == list(range(len(labels)))
    assert not {*groups[kept]} & {*groups[held]}
    assert {*labels[kept]} == {*labels[held]} == {0, 1}
    largest = max(2 * count + more for count, more in people)
    assert abs(len(held) - fraction * len(labels)) <= largest
    again = cut_groups(labels, groups, fraction, seed=seed)
    assert again is not None and (again[0].tolist(), again[1].tolist()) == (kept.tolist(), held.tolist())


def test_no_cut_is_found_where_a_class_is_of_one_group_alone() -> None:
    labels, groups = np.array([0, 0, 0, 1]), np.array(["a", "b", "c", "c"])
    assert cut_groups(labels, groups, 0.3, seed=0) is None


def test_the_limit_of_a_cut_by_groups_is_aimed_at() -> None:
    labels, groups = np.arange(400) % 2, np.repeat(np.arange(100).astype(str), 4)
    found = cut_groups(labels, groups, 0.5, seed=0, limit=20)
    assert found is not None and len(found[1]) == 20
