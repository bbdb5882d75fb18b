"""Classes: how many inputs each has, and what it is called."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from anenas.data._layout import split_of
from anenas.data.checks._concern import Concern, are
from anenas.data.checks._copies import WORDS
from anenas.data.checks._inspected import Inspected

UNEQUAL_CLASSES = "unequal classes"
"""The check for them, to tell it from others."""

_UNEQUAL = 4
"""Times the smallest class the largest is, from which on classes are called unequal: of two classes, the smaller one
has a fifth of the inputs then, from where on imbalance is held to be moderate rather than mild
(developers.google.com/machine-learning/crash-course/overfitting/imbalanced-datasets), and an accuracy of 80 % may be
that of always answering the larger."""


def few_inputs(data: Inspected) -> Iterator[Concern]:
    """Classes with few training inputs."""
    counts = _counts(data, "train")
    few = [i for i in np.argsort(counts, kind="stable") if counts[i] < data.fewest]
    if few:
        kind = data.dataset.kind
        affected = tuple((data.dataset.classes[i],) for i in few)
        counted = f"{len(few):,} classes have" if len(few) > 1 else "1 class has"
        message = f"{counted} fewer than {data.fewest} training {kind}, at the least {counts[few[0]]}"
        yield Concern("few inputs of a class", message, f"add {kind}, or merge classes", affected)


def nothing_to_judge_by(data: Inspected) -> Iterator[Concern]:
    """Classes without an input in the validation or the test split."""
    for part in ("validation", "test"):
        counts, kind = _counts(data, part), data.dataset.kind
        if len(data.parts[part]) and (none := np.flatnonzero(counts == 0)).size:
            affected = tuple((data.dataset.classes[i],) for i in none)
            counted = f"{len(none):,} classes have" if len(none) > 1 else "1 class has"
            message = f"{counted} no {WORDS[part]} {kind}"
            fix = f"add {kind}: nothing tells how well networks know these classes"
            yield Concern("class missing in a split", message, fix, affected)


def called_like_a_split(data: Inspected) -> Iterator[Concern]:
    """Classes that are called train, test or the like."""
    if not data.is_classified:
        return
    affected = tuple((name,) for name in data.dataset.classes if split_of(name))
    if affected:
        counted = are(len(affected), "class", "classes")
        message = f"{counted} called like a split"
        fix = "if it is one, put a folder for each class into it; else call the class otherwise"
        yield Concern("class called like a split", message, fix, affected)


def unequal_classes(data: Inspected) -> Iterator[Concern]:
    """Classes with many more training inputs than others."""
    counts, classes = _counts(data, "train"), data.dataset.classes
    if not data.is_classified or not counts.any():
        return
    largest, smallest = int(counts.argmax()), int(np.where(counts, counts, counts.max()).argmin())
    if counts[largest] >= _UNEQUAL * counts[smallest]:
        share, kind = counts[largest] / counts.sum(), data.dataset.kind
        message = (
            f"classes are unequal: {classes[largest]} has {counts[largest]:,} training {kind}, "
            f"{classes[smallest]} {counts[smallest]:,}; always answering {classes[largest]} is right for {share:.0%}"
        )
        weights = '`class_weights="balanced"` trains as if they were equal'
        fix = f"{weights}, the objective balanced_accuracy compares networks so"
        yield Concern(UNEQUAL_CLASSES, message, fix)


def _counts(data: Inspected, part: str) -> NDArray[np.int64]:
    """Inputs of each class in a split; empty where labels are no classes."""
    return data.dataset.task.class_counts(data.parts[part].labels, len(data.dataset.classes))
