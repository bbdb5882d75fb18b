"""Inputs that are there twice: in two splits, or in two classes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations

from anenas.data._raw import PARTS
from anenas.data.checks._concern import Concern, are
from anenas.data.checks._inspected import Inspected

WORDS = {"train": "training", "validation": "validation", "test": "test"}
"""Adjectives of the splits."""

_ONE_SPLIT = "keep one of each, or all copies in one split: networks know by heart what they were trained on"
_ONE_SCENE = "keep pictures of one scene in one split: networks know by heart what they were trained on"
_ONE_CLASS = "keep each in the class that it is of: networks cannot tell equal inputs apart"
_LOOK = "look which class each is of"


def same_in_two_splits(data: Inspected) -> Iterator[Concern]:
    """Equal inputs in two splits."""
    yield from _in_two_splits(
        data, data.same, "same input in two splits", f"the same{_as_read(data)} as", " = ", _ONE_SPLIT
    )


def nearly_same_in_two_splits(data: Inspected) -> Iterator[Concern]:
    """Near-duplicates in two splits."""
    check = "near-duplicate in two splits"
    yield from _in_two_splits(data, data.look_alikes, check, "nearly the same as", " ~ ", _ONE_SCENE)


def same_in_two_classes(data: Inspected) -> Iterator[Concern]:
    """Equal inputs in two classes."""
    check = "same input in two classes"
    yield from _in_two_classes(data, data.same, check, f"the same{_as_read(data)} as", " = ", _ONE_CLASS)


def nearly_same_in_two_classes(data: Inspected) -> Iterator[Concern]:
    """Near-duplicates in two classes."""
    check = "near-duplicate in two classes"
    yield from _in_two_classes(data, data.look_alikes, check, "nearly the same as", " ~ ", _LOOK)


def _in_two_splits(
    data: Inspected, groups: Iterable[tuple[int, ...]], check: str, what: str, sign: str, fix: str
) -> Iterator[Concern]:
    """A concern for each two splits that have inputs of one group."""
    groups = list(groups)
    for earlier, later in combinations(range(len(PARTS)), 2):
        found: dict[int, int] = {}  # of the later split's inputs, one like it in the earlier split
        for group in groups:
            known = [index for index in group if data.splits[index] == earlier]
            if known:
                found |= {index: known[0] for index in group if data.splits[index] == later}
        if not found:
            continue
        first, second = WORDS[PARTS[earlier]], WORDS[PARTS[later]]
        affected = tuple((data.name(index), data.name(found[index])) for index in sorted(found))
        kind, of = data.dataset.kind, len(data.parts[PARTS[later]])
        counted = are(len(found), f"of {of:,} {second} {kind}", f"of {of:,} {second} {kind}")
        message = f"{counted} {what} {first} {kind}"
        yield Concern(check, message, fix, affected, sign)


def _in_two_classes(
    data: Inspected, groups: Iterable[tuple[int, ...]], check: str, what: str, sign: str, fix: str
) -> Iterator[Concern]:
    """One concern for all groups whose inputs are of several classes."""
    if not data.is_classified:
        return
    mixed = [group for group in groups if len({int(data.labels[index]) for index in group}) > 1]
    if not mixed:
        return
    affected = tuple(tuple(f"{data.name(index)} ({data.class_of(index)})" for index in group) for group in mixed)
    kind = data.dataset.kind
    counted = are(len({index for group in mixed for index in group}), kind.one, kind.name)
    message = f"{counted} {what} one of another class"
    yield Concern(check, message, fix, affected, sign)


def _as_read(data: Inspected) -> str:
    """A text is cut, and has words that the vocabulary leaves out: two may be equal only then."""
    return ", as far as networks read them," if "vocabulary" in data.dataset.metadata else ""
