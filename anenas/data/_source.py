"""What every kind of source hands over: labelled images, series or texts, not yet at the network's size."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

PARTS = ("train", "validation", "test")
"""What a split is made of, as files, arrays and columns call it."""


class Inputs(Protocol):
    """Images, series or texts of one source."""

    def __len__(self) -> int:
        """How many."""

    def take(self, indices: NDArray[np.int64]) -> Inputs:
        """Those at `indices`, in that order."""

    def draw(self, size: tuple[int, int], channels: int) -> NDArray[np.uint8] | NDArray[np.float32]:
        """All of them as an array (N, channels, height, width), for `size` (height, width); float32 but for images."""


@dataclass(frozen=True, eq=False)
class Examples:
    """Inputs with their labels."""

    inputs: Inputs
    labels: NDArray[np.int64]
    """Shape (N,)."""
    groups: NDArray[np.str_] | None = None
    """Shape (N,): what must not be parted where a split has to be cut, such as people; None where all may be."""

    def take(self, indices: NDArray[np.int64]) -> Examples:
        """Those at `indices`, in that order."""
        groups = None if self.groups is None else self.groups[indices]
        return Examples(self.inputs.take(indices), self.labels[indices], groups)


@dataclass(frozen=True, eq=False)
class Source:
    """A data set as its author left it."""

    name: str
    classes: tuple[str, ...]
    channels: int
    """Of the inputs as they are: 1 for grey images, 3 for colour."""
    flip: bool
    train: Examples
    test: Examples | None = None
    """None where the author made no split, so that one must be cut out of `train`."""
    validation: Examples | None = None
    jitter: bool = False
    """Whether series that are a little noisier, louder or softer, or have a gap keep their class."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """See `Dataset.facts`."""


def numbered(labels: Sequence[str]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """The classes, by the alphabet, or by their value where all are whole numbers; and the class of each label."""
    are_numbers = all(label.isascii() and label.isdecimal() for label in labels)
    classes = sorted(set(labels), key=lambda label: (int(label), label) if are_numbers else (0, label))
    numbers = {name: i for i, name in enumerate(classes)}
    return tuple(classes), np.array([numbers[label] for label in labels], np.int64)


def file_safe(name: str) -> str:
    """`name` with everything but letters, digits, dots, dashes and underscores replaced."""
    return re.sub(r"[^\w.-]+", "_", name).strip("._") or "data"
