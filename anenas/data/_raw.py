"""A data set as its source holds it: labelled inputs, not yet in the network's format."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from anenas.data._format import InputFormat
from anenas.inputs import InputKind
from anenas.tasks import CLASSIFICATION, Task

PARTS = ("train", "validation", "test")
"""The splits, as named in files, arrays and columns."""


class Inputs(ABC):
    """Inputs of one kind, as their source holds them."""

    @property
    def flip(self) -> bool:
        """Whether mirror images keep their class, if the source does not say."""
        return False

    @property
    def masked(self) -> bool:
        """See `Dataset.masked`."""
        return False

    @abstractmethod
    def __len__(self) -> int:
        """How many."""

    @abstractmethod
    def take(self, indices: NDArray[np.int64]) -> Self:
        """Those at `indices`, in that order."""

    @abstractmethod
    def settle(self, wanted: InputFormat, name: str) -> InputFormat:
        """The format, with what it leaves open decided by these training inputs.

        Args:
            wanted: Of this kind.
            name: Of the data set, for messages.

        Raises:
            AnenasError: If they cannot be brought to it.
        """

    def facts(self, wanted: InputFormat) -> Mapping[str, str]:
        """What users of a model need to know of how these were brought to a settled format: see `Dataset.metadata`."""
        return {}

    def tell(self, held: Self, wanted: InputFormat) -> None:
        """Log what is worth knowing of these training inputs before they are drawn; by default nothing.

        Args:
            held: Those to validate with.
            wanted: The settled format.
        """
        return

    @abstractmethod
    def draw(self, wanted: InputFormat) -> NDArray[Any]:
        """All of them as an array of their kind, in a settled format."""


@dataclass(frozen=True, eq=False)
class Examples:
    """Inputs with their labels."""

    inputs: Inputs
    labels: NDArray[Any]
    """One for each input, as the task has them: of classification (N,) of int64, each a place in the classes."""
    groups: NDArray[np.str_] | None = None
    """Shape (N,): groups, such as people, that are held out whole; None if there are none."""
    names: tuple[str, ...] | None = None
    """See `Split.names`."""

    def take(self, indices: NDArray[np.int64]) -> Examples:
        """Those at `indices`, in that order."""
        groups = None if self.groups is None else self.groups[indices]
        names = None if self.names is None else tuple(self.names[index] for index in indices)
        return Examples(self.inputs.take(indices), self.labels[indices], groups, names)


@dataclass(frozen=True, eq=False)
class RawData:
    """A data set as its source holds it."""

    name: str
    """Short, and safe in a file name: see `file_safe`."""
    kind: InputKind
    classes: tuple[str, ...]
    train: Examples
    test: Examples | None = None
    """None if the source has none, so that one must be held out of `train`."""
    validation: Examples | None = None
    flip: bool | None = None
    """Whether mirror images keep their class; None leaves it to the inputs."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """See `Dataset.metadata`; that of the inputs and of the wanted format is added to it."""
    task: Task = CLASSIFICATION
    """What the labels are."""
    augmentation: str = "light"
    """See `Dataset.augmentation`; "none" where labels are values of the inputs' own, which changes would belie."""
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    """The names of splits that come from sources of their own, by the split."""

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
        task: Task = CLASSIFICATION,
    ) -> Self:
        """A data set from its splits by their names in `PARTS`; "train" is required."""
        train, test, validation = parts["train"], parts.get("test"), parts.get("validation")
        return cls(name, kind, classes, train, test, validation, flip, metadata or {}, task)


def file_safe(name: str) -> str:
    """`name` with everything but letters, digits, dots, dashes and underscores replaced."""
    return re.sub(r"[^\w.-]+", "_", name).strip("._") or "data"
