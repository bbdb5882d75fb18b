"""Every check, on one data set."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from anenas.data._dataset import Dataset
from anenas.data.checks._classes import called_like_a_split, few_inputs, nothing_to_judge_by, unequal_classes
from anenas.data.checks._concern import Concern
from anenas.data.checks._copies import (
    nearly_same_in_two_classes,
    nearly_same_in_two_splits,
    same_in_two_classes,
    same_in_two_splits,
)
from anenas.data.checks._doubtful_labels import doubtful_labels
from anenas.data.checks._groups import groups_in_two_splits
from anenas.data.checks._held_out import few_held_out
from anenas.data.checks._inspected import FEWEST, Inspected
from anenas.data.checks._values import blank_images, constant_channels

Check = Callable[[Inspected], Iterable[Concern]]

CHECKS: tuple[Check, ...] = (
    same_in_two_splits,
    groups_in_two_splits,
    same_in_two_classes,
    nearly_same_in_two_splits,
    nearly_same_in_two_classes,
    doubtful_labels,
    called_like_a_split,
    nothing_to_judge_by,
    unequal_classes,
    few_inputs,
    few_held_out,
    constant_channels,
    blank_images,
)
"""In the order of what they find, the worst first."""


def check_dataset(dataset: Dataset, *, fewest: int = FEWEST, quick: bool = False) -> list[Concern]:
    """What is of concern about a data set, the worst first.

    Args:
        dataset: The data set, as networks see it.
        fewest: Training inputs that each class should have.
        quick: Whether each check may take about two seconds, before a search; what is left out then is logged.
    """
    inspected = Inspected(dataset, fewest=fewest, quick=quick)
    return [concern for check in CHECKS for concern in check(inspected)]
