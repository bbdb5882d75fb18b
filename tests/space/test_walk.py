from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from anenas.space import Pick
from anenas.space._walk import Decide, cross, draw, every, mutate, walk

Candidate = tuple[Any, ...]


@st.composite
def spaces(draw: st.DrawFn) -> Decide[Candidate]:
    """A decision, what follows from it, and so on; and one that is always asked for, last."""
    tree = draw(st.recursive(st.none(), lambda below: st.lists(below, min_size=1, max_size=3), max_leaves=12))
    last = tuple(range(draw(st.integers(1, 3))))

    def decide(pick: Pick) -> Candidate:
        node, path = tree, []
        while node:
            path.append(pick("/".join(map(str, ["tree", *path])), tuple(range(len(node)))))
            node = node[path[-1]]
        return (*path, pick("last", last))

    return decide


seeds = st.integers(0, 99).map(random.Random)


@given(spaces())
def test_every_candidate_comes_up_once_with_the_decisions_that_make_it(space: Decide[Candidate]) -> None:
    found = list(every(space))
    assert len({candidate for candidate, _ in found}) == len(found)
    for candidate, decisions in found:
        assert walk(space, lambda name, _, decisions=decisions: decisions[name]) == (candidate, decisions)


def test_candidates_come_up_in_the_order_of_the_options() -> None:
    def decide(pick: Pick) -> str:
        kind = str(pick("kind", ("a", "b")))
        return kind + str(pick("size", (1, 2))) if kind == "b" else kind + str(pick("end", (True, False)))

    assert [candidate for candidate, _ in every(decide)] == ["aTrue", "aFalse", "b1", "b2"]


@given(spaces(), st.integers(0, 99))
def test_what_is_drawn_is_a_candidate_and_equal_seeds_draw_the_same(space: Decide[Candidate], seed: int) -> None:
    first, second = (draw(space, random.Random(seed)) for _ in range(2))
    assert first == second
    assert first in list(every(space))


def test_every_option_of_a_decision_is_drawn_as_often() -> None:
    rng = random.Random(0)
    drawn = [draw(lambda pick: pick("size", (1, 2, 3)), rng)[0] for _ in range(900)]
    assert all(250 < drawn.count(size) < 350 for size in (1, 2, 3))


@given(spaces(), seeds)
def test_a_mutation_is_another_candidate_in_which_one_decision_differs(
    space: Decide[Candidate], rng: random.Random
) -> None:
    known = list(every(space))
    assume(len(known) > 1)
    before, old = draw(space, rng)
    after, new = mutate(space, old, rng)
    assert after != before
    assert (after, new) in known
    assert sum(old[name] != new[name] for name in old.keys() & new.keys()) == 1


@given(seeds)
def test_of_a_single_candidate_there_is_no_mutation(rng: random.Random) -> None:
    with pytest.raises(ValueError, match="one candidate only"):
        mutate(lambda pick: pick("size", (1,)), {"size": 1}, rng)


def test_what_makes_no_candidate_cannot_be_mutated() -> None:
    with pytest.raises(KeyError, match="size"):
        mutate(lambda pick: pick("size", (1, 2)), {}, random.Random(0))


@given(spaces(), seeds)
def test_a_child_has_each_decision_from_a_parent_that_took_it(space: Decide[Candidate], rng: random.Random) -> None:
    (_, first), (_, second) = draw(space, rng), draw(space, rng)
    child, decisions = cross(space, first, second, rng)
    assert (child, decisions) in list(every(space))
    for name, value in decisions.items():
        taken = [parent[name] for parent in (first, second) if name in parent]
        assert value in taken or not taken


@given(spaces(), seeds)
def test_a_child_of_equal_parents_is_their_equal(space: Decide[Candidate], rng: random.Random) -> None:
    parent = draw(space, rng)
    assert cross(space, parent[1], parent[1], rng) == parent


def test_children_take_after_both_parents() -> None:
    def decide(pick: Pick) -> Candidate:
        return tuple(pick(name, range(9)) for name in "abc")

    rng = random.Random(0)
    children = {cross(decide, dict.fromkeys("abc", 0), dict.fromkeys("abc", 1), rng)[0] for _ in range(100)}
    assert len(children) == 8
