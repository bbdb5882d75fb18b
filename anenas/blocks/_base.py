"""What every block is: a frozen value of choices that can build its torch module; and the registry of kinds."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from anenas._errors import unknown
from anenas.blocks._choices import Choice, Value

if TYPE_CHECKING:
    from torch import nn

    from anenas.inputs import InputKind


@dataclass(frozen=True)
class Block:
    """A kind of block with its choices made. Subclasses are frozen dataclasses whose fields are made by `choice`.

    Attributes:
        kind: Its name.
        input_kind: Where it takes a network's input of that kind as it is, of one channel and not normalised, so that
            it can only be the network's first block, once; None where it takes what any other block gives.
    """

    kind: ClassVar[str]
    input_kind: ClassVar[InputKind | None] = None

    def build(self, in_channels: int, out_channels: int, stride: int) -> nn.Module:
        """A module from (N, in_channels, H, W) to (N, out_channels, *size(H, W, stride))."""
        raise NotImplementedError

    def size(self, height: int, width: int, stride: int) -> tuple[int, int]:
        """(H, W) of what comes out. What a block has made, the same block with stride 1 keeps at its size."""
        return -(-height // stride), -(-width // stride)

    def problem(self, stride: int) -> str | None:
        """Why this block cannot be built with `stride`, or None where it can."""
        return None

    def input_problem(self, height: int, width: int, stride: int) -> str | None:
        """Why this block cannot work on an input of that size, or None where it can."""
        return None

    def place_problem(self, *, first: bool, depth: int, channels: int) -> str | None:
        """Why this block cannot stand where it does, in a stage of that depth of a network with that many channels."""
        if self.input_kind and not (first and depth == 1 and channels == 1):
            return f"block {self.kind} takes the network's input, of one channel: it can only be the first, once"
        return None

    @classmethod
    @functools.cache
    def choices(cls) -> tuple[Choice, ...]:
        """What may be chosen, in the order in which it is written."""
        return tuple(Choice(f.name, *f.metadata["choice"]) for f in dataclasses.fields(cls))

    @classmethod
    def every(cls) -> Iterator[Self]:
        """Every legal combination of choices."""
        names = [c.name for c in cls.choices()]
        for values in itertools.product(*(c.options for c in cls.choices())):
            yield cls(**dict(zip(names, values, strict=True)))

    def values(self) -> dict[str, Value]:
        """The choice made for each name."""
        return {c.name: getattr(self, c.name) for c in self.choices()}


_KINDS: dict[str, type[Block]] = {}


def register(cls: type[Block]) -> type[Block]:
    """Class decorator that makes a block known to spaces, architecture strings, costs and tests by its `kind`.

    Raises:
        ValueError: If the kind is taken, or two choices share a key.
    """
    if cls.kind in _KINDS:
        raise ValueError(f"a block of kind '{cls.kind}' is registered already")
    keys = [c.key for c in cls.choices() if c.key]
    if len(set(keys)) != len(keys) or {"r", "s", "c"} & set(keys):
        raise ValueError(f"block '{cls.kind}': each choice needs a key of its own, and r, s and c are the stage's")
    _KINDS[cls.kind] = cls
    return cls


def block_kinds() -> dict[str, type[Block]]:
    """Every registered kind of block by name."""
    return dict(_KINDS)


def block_kind(name: str) -> type[Block]:
    """The block class of that name.

    Raises:
        AnenasError: If there is none; it offers the nearest names.
    """
    try:
        return _KINDS[name]
    except KeyError:
        raise unknown("block", name, _KINDS) from None
