"""What every kind of input is: one value, from which all that depends on the kind follows."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from anenas._registry import Registry

_FEWEST_EPOCHS = 2
_FEWEST_STEPS = 500  # two epochs of the embedded images: what tells networks apart takes steps, however few the inputs

Moments = tuple[tuple[float, ...], tuple[float, ...]]
"""Mean and standard deviation of each channel, in units of 255."""


class Traits(Protocol):
    """What augmentation has to know of a data set."""

    @property
    def flip(self) -> bool:
        """Whether an image's horizontal mirror image still belongs to its class."""

    @property
    def augmentation(self) -> str:
        """How much inputs change in training, one of their kind's `augmentations`."""

    @property
    def masked(self) -> bool:
        """Whether the last channel says which steps are there."""

    @property
    def mean(self) -> Sequence[float]:
        """Of each channel, in units of 255."""

    @property
    def std(self) -> Sequence[float]:
        """Of each channel, likewise."""


@dataclass(frozen=True, eq=False)
class InputKind(ABC):
    """A kind of input. There is one value of each, known by its name; a pickle of it is its name.

    Attributes:
        name: What several of it are called: "images".
        one: What one of it is called: "image".
        example_space: A built-in space of networks that take it.
        axes: What each of the four axes counts, in cards and generated code.
        core_ml_name: Name of a program's input.
        variable: A variable of generated code that holds one.
        batch_variable: A variable of generated code that holds a tensor of several.
        content: What such a tensor holds; a sentence begins with it.
        meaning: What the numbers are, where the data set's metadata do not say so under "input".
        preparation: What a model does by itself, a sentence of its card.
        padding: What is before inputs that are shorter than the others; empty where there are none.
        normalised: Whether networks normalise it; otherwise they take it as it is.
        resized: Whether it is brought to the network's size, rather than the network to its.
        masked_channels: The fewest channels of it where its last one says which steps are there; None where none does.
        streaming_problem: Why its networks cannot take it chunk by chunk, or None where they can.
        marker: The field of a space's input that says that its networks take this, beside the block that does; None
            where any block takes it.
        marker_hint: What to do where that field is missing.
        data_choice: The choice of that block that data are prepared by, so that a space has to make it.
        augmentations: How much of it may be changed in training.
    """

    name: str
    one: str
    example_space: str
    axes: tuple[str, str, str, str]
    core_ml_name: str
    variable: str
    batch_variable: str
    content: str
    meaning: str = "as they are"
    preparation: str = ""
    padding: str = ""
    normalised: bool = True
    resized: bool = False
    masked_channels: int | None = None
    streaming_problem: str | None = None
    marker: str | None = None
    marker_hint: str = ""
    data_choice: str | None = None
    augmentations: tuple[str, ...] = ("none", "light")

    def __str__(self) -> str:
        return self.name

    def __reduce__(self) -> tuple[Any, ...]:
        return input_kind, (self.name,)

    @abstractmethod
    def array_problem(self, array: NDArray[Any]) -> str | None:
        """Why an array is none of this kind, or None where it is one."""

    @abstractmethod
    def moments(self, array: NDArray[Any], masked: bool) -> Moments:
        """Mean and standard deviation of each channel.

        Args:
            array: All training inputs; may be a memory map.
            masked: Whether the last channel says which steps are there.
        """

    def brief_epochs(self, count: int, batch_size: int) -> int:
        """The training budget of a trial where none was asked for, in passes over `count` inputs: two, and of fewer
        inputs as many as make 500 steps, the last, unfilled one of each pass counted in part.
        """
        return max(_FEWEST_EPOCHS, math.ceil(_FEWEST_STEPS * batch_size / count))

    def changes(self, traits: Traits, channels: int) -> str:
        """What `augment` does with them, after "training"; empty where that is nothing."""
        return ""

    def augment(self, batch: np.ndarray, rng: np.random.Generator, traits: Traits) -> np.ndarray:
        """A batch of training inputs as they might have been as well: by default as they are."""
        return batch


_KINDS: Registry[InputKind] = Registry("kind of input", in_trials=True)


def register_kind(kind: InputKind) -> InputKind:
    """Make a kind known by its name.

    Raises:
        AnenasError: If another class of kinds has one of that name.
    """
    return _KINDS(kind.name)(kind)


def input_kind(name: str) -> InputKind:
    """The kind of that name.

    Raises:
        AnenasError: If there is none; it offers the nearest names.
    """
    return _KINDS[name]


def input_kinds() -> tuple[InputKind, ...]:
    """Every kind that there is."""
    return tuple(_KINDS[name] for name in _KINDS)
