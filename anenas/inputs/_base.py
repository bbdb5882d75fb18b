"""The base class of kinds of input: one value holds all that depends on the kind."""

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
    """What augmentation has to know about a data set."""

    @property
    def flip(self) -> bool:
        """Whether an image's horizontal mirror image still belongs to its class."""

    @property
    def augmentation(self) -> str:
        """How much inputs change in training, one of their kind's `augmentations`."""

    @property
    def masked(self) -> bool:
        """Whether the last channel is a mask of the valid steps."""

    @property
    def mean(self) -> Sequence[float]:
        """Of each channel, in units of 255."""

    @property
    def std(self) -> Sequence[float]:
        """Of each channel, likewise."""


@dataclass(frozen=True, eq=False)
class InputKind(ABC):
    """A kind of input. There is one value of each, identified by its name, which is also its pickle.

    Attributes:
        name: The plural: "images".
        one: The singular: "image".
        example_space: A built-in space of networks that take it.
        axes: What each of the four axes counts, for cards and generated code.
        core_ml_name: Name of a program's input.
        variable: Name of a variable in generated code that holds one.
        batch_variable: Name of a variable in generated code that holds a tensor of several.
        content: What such a tensor holds; starts a sentence.
        meaning: What the numbers mean, unless the data set's metadata give it under "input".
        preparation: What a model does itself, a sentence of its card.
        padding: What precedes inputs that are shorter than others; empty if all have one length.
        normalised: Whether networks normalise it, rather than take it as it is.
        resized: Whether it is resized to the network's size, rather than the network adapted to it.
        masked_channels: The minimum number of channels with a mask as the last one; None if there are no masks.
        streaming_problem: Why its networks cannot stream, or None if they can.
        marker: The field of a space's input that marks this kind, besides its own block; None if any block takes it.
        marker_hint: What to do if that field is missing.
        data_choice: The choice of that block that the data depend on, so that a space must fix it.
        augmentations: The levels of augmentation that it has.
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
        """Why an array is not of this kind, or None if it is."""

    @abstractmethod
    def moments(self, array: NDArray[Any], masked: bool) -> Moments:
        """Mean and standard deviation of each channel.

        Args:
            array: All training inputs; may be a memory map.
            masked: Whether the last channel is a mask of the valid steps.
        """

    def brief_epochs(self, count: int, batch_size: int) -> int:
        """The default training budget of a trial, in epochs of `count` inputs: 2, or as many as make 500 steps.

        The last, unfilled step of each epoch counts in part.
        """
        return max(_FEWEST_EPOCHS, math.ceil(_FEWEST_STEPS * batch_size / count))

    def changes(self, traits: Traits, channels: int) -> str:
        """What `augment` does with them, after "training"; empty where that is nothing."""
        return ""

    def augment(self, batch: np.ndarray, rng: np.random.Generator, traits: Traits) -> np.ndarray:
        """A batch of training inputs, randomly augmented; by default unchanged."""
        return batch


_KINDS: Registry[InputKind] = Registry("kind of input", in_trials=True)


def register_kind(kind: InputKind) -> InputKind:
    """Register a kind by its name.

    Raises:
        AnenasError: If another class of kinds has one of that name.
    """
    return _KINDS(kind.name)(kind)


def input_kind(name: str) -> InputKind:
    """The kind of that name.

    Raises:
        AnenasError: If there is none; the message suggests the nearest names.
    """
    return _KINDS[name]


def input_kinds() -> tuple[InputKind, ...]:
    """Every registered kind."""
    return tuple(_KINDS[name] for name in _KINDS)
