"""A data set as its author left it: labelled inputs, not yet as a network takes them."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from anenas.data._format import InputFormat
from anenas.inputs import InputKind

PARTS = ("train", "validation", "test")
"""What a split is made of, as files, arrays and columns call it."""


class Inputs(ABC):
    """Inputs of one kind, as their source holds them."""

    @property
    def flip(self) -> bool:
        """Whether their mirror images keep their class, where the source does not say."""
        return False

    @property
    def masked(self) -> bool:
        """Whether their last channel will say which steps are there, see `Dataset.masked`."""
        return False

    @abstractmethod
    def __len__(self) -> int:
        """How many."""

    @abstractmethod
    def take(self, indices: NDArray[np.int64]) -> Self:
        """Those at `indices`, in that order."""

    @abstractmethod
    def settle(self, wanted: InputFormat, name: str) -> InputFormat:
        """The format with all that it leaves open decided by these, the training inputs.

        Args:
            wanted: Of this kind.
            name: Of the data set, for messages.

        Raises:
            AnenasError: If they cannot be brought to it.
        """

    @abstractmethod
    def draw(self, wanted: InputFormat) -> NDArray[Any]:
        """All of them as an array of their kind, in a format that is settled."""


@dataclass(frozen=True, eq=False)
class Examples:
    """Inputs with their labels."""

    inputs: Inputs
    labels: NDArray[np.int64]
    """Shape (N,): for each an index into the classes."""
    groups: NDArray[np.str_] | None = None
    """Shape (N,): what must not be parted where a split has to be cut, such as people; None where all may be."""

    def take(self, indices: NDArray[np.int64]) -> Examples:
        """Those at `indices`, in that order."""
        groups = None if self.groups is None else self.groups[indices]
        return Examples(self.inputs.take(indices), self.labels[indices], groups)


@dataclass(frozen=True, eq=False)
class RawData:
    """A data set as its author left it."""

    name: str
    """Short, and safe in a file name: see `file_safe`."""
    kind: InputKind
    classes: tuple[str, ...]
    train: Examples
    test: Examples | None = None
    """None where the author made no split, so that one must be cut out of `train`."""
    validation: Examples | None = None
    flip: bool | None = None
    """Whether mirror images keep their class; None leaves it to the inputs."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """See `Dataset.metadata`; what follows from the format that is wanted is added to it."""

    @classmethod
    def of_parts(
        cls,
        name: str,
        kind: InputKind,
        classes: tuple[str, ...],
        parts: Mapping[str, Examples],
        *,
        flip: bool | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> Self:
        """That of the splits that there are, by their names in `PARTS`; "train" is among them."""
        train, test, validation = parts["train"], parts.get("test"), parts.get("validation")
        return cls(name, kind, classes, train, test, validation, flip, metadata or {})


def numbered(labels: Sequence[str]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """The classes, by the alphabet, or by their value where all are whole numbers; and the class of each label."""
    are_numbers = all(label.isascii() and label.isdecimal() for label in labels)
    classes = sorted(set(labels), key=lambda label: (int(label), label) if are_numbers else (0, label))
    numbers = {name: i for i, name in enumerate(classes)}
    return tuple(classes), np.array([numbers[label] for label in labels], np.int64)


def file_safe(name: str) -> str:
    """`name` with everything but letters, digits, dots, dashes and underscores replaced."""
    return re.sub(r"[^\w.-]+", "_", name).strip("._") or "data"
