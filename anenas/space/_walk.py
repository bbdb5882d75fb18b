"""Any space as the decisions that are walked to make a candidate: drawing, mutating and crossing them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from anenas.blocks import Value

T = TypeVar("T")

Pick = Callable[[str, Sequence[Value]], Value]
"""Chooses one of the options of a named decision."""

Decide = Callable[[Pick], T]
"""Asks for every decision of a space in turn and returns what they make. A decision has the same options whenever it
is asked for, but which decisions are asked for may follow from earlier ones."""

Decisions = dict[str, Value]


def walk(decide: Decide[T], pick: Pick) -> tuple[T, Decisions]:
    """What `pick` makes, and what it was asked and said."""
    decisions: Decisions = {}

    def note(name: str, options: Sequence[Value]) -> Value:
        decisions[name] = pick(name, options)
        return decisions[name]

    return decide(note), decisions


def draw(decide: Decide[T], rng: random.Random) -> tuple[T, Decisions]:
    """Every decision drawn uniformly."""
    return walk(decide, lambda _, options: rng.choice(options))


def mutate(decide: Decide[T], decisions: Mapping[str, Value], rng: random.Random) -> tuple[T, Decisions]:
    """One decision drawn anew, and with it whatever it brings that was not decided before.

    Raises:
        KeyError: If the decisions do not make a candidate.
        ValueError: If there is nothing to choose between.
    """
    open_decisions: dict[str, Sequence[Value]] = {}

    def note(name: str, options: Sequence[Value]) -> Value:
        if len(options) > 1:
            open_decisions[name] = options
        return decisions[name]

    decide(note)
    if not open_decisions:
        raise ValueError("it holds one candidate only")
    changed = rng.choice(list(open_decisions))
    new = rng.choice([value for value in open_decisions[changed] if value != decisions[changed]])
    known = {**decisions, changed: new}
    return walk(decide, lambda name, options: known[name] if name in known else rng.choice(options))


def cross(
    decide: Decide[T], first: Mapping[str, Value], second: Mapping[str, Value], rng: random.Random
) -> tuple[T, Decisions]:
    """Each decision from one of two parents; from the other where only that one took it, drawn where neither did."""

    def pick(name: str, options: Sequence[Value]) -> Value:
        taken = [parent[name] for parent in (first, second) if name in parent]
        return rng.choice(taken or options)

    return walk(decide, pick)


def every(decide: Decide[T]) -> Iterator[tuple[T, Decisions]]:
    """Every candidate once, in the order of the options."""
    path: list[int] = []
    trail: list[tuple[int, int]] = []

    def pick(_: str, options: Sequence[Value]) -> Value:
        chosen = path[len(trail)] if len(trail) < len(path) else 0
        trail.append((chosen, len(options)))
        return options[chosen]

    while True:
        trail.clear()
        yield walk(decide, pick)
        while trail and trail[-1][0] + 1 == trail[-1][1]:
            trail.pop()
        if not trail:
            return
        path[:] = [chosen for chosen, _ in trail]
        path[-1] += 1
