"""The base class of blocks, frozen values of choices that build a torch module, and the registry of kinds."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self, TypeVar

from anenas._errors import AnenasError, unknown
from anenas._registry import Registry
from anenas.blocks._choices import Choice, Value

if TYPE_CHECKING:
    from torch import nn

    from anenas.inputs import InputKind

B = TypeVar("B", bound="Block")


@dataclass(frozen=True)
class Block:
    """A kind of block, with its choices made.

    A subclass has a name, fields made by `choice`, and a method that builds its torch module:

        @anenas.register
        class Grouped(anenas.Block):
            kind = "grouped"
            kernel: int = anenas.choice("k", 3, 5)
            groups: int = anenas.choice("g", 4, 8)
            activation: str = anenas.activation_choice()

            def build(self, in_channels, out_channels, stride):
                from torch import nn

                padding = self.kernel // 2
                return nn.Sequential(
                    nn.Conv2d(in_channels, out_channels, self.kernel, stride, padding, groups=self.groups, bias=False),
                    nn.BatchNorm2d(out_channels),
                    anenas.activation_layer(self.activation)(),
                )

    It can then be used in spaces (`blocks: {grouped: {kernel: [3, 5]}}`) and architecture strings
    (`grouped_r2_s1_c32_k3_g4_relu`), estimated and exported. Only `build` is required; the defaults of the other
    methods suit a block of images. Blocks of series derive from `SequenceBlock`.

    A module may do whatever coremltools converts, without control flow that depends on values. For estimates it is also
    built on torch's device "meta", where no value can be read. Equal blocks build equal modules, apart from their
    initial weights.

    Attributes:
        kind: Its name: lower-case letters, digits and underscores.
        input_kind: The kind of network input that it takes raw, with one channel and not normalised, so that it can
            only be the network's first block, once; None if it takes the output of any other block.
        normalises: Whether, as a network's first block, it takes pixels as they are and normalises them itself.
    """

    kind: ClassVar[str]
    input_kind: ClassVar[InputKind | None] = None
    normalises: ClassVar[bool] = False

    def build(self, in_channels: int, out_channels: int, stride: int) -> nn.Module:
        """A module from (N, in_channels, H, W) to (N, out_channels, *size(H, W, stride)), freshly initialised.

        Args:
            in_channels: Of its input; any number for a network's first block, else the width of the block before.
            out_channels: Of its output, a power of two or a multiple of 16.
            stride: 1, or 2 in the first block of a stage that strides.
        """
        raise NotImplementedError

    def size(self, height: int, width: int, stride: int) -> tuple[int, int]:
        """(H, W) of the output. The same block with stride 1 must keep the size of its own output."""
        return -(-height // stride), -(-width // stride)

    def problem(self, stride: int) -> str | None:
        """Why this block cannot be built with `stride`, or None."""
        return None

    def input_problem(self, height: int, width: int, stride: int) -> str | None:
        """Why this block cannot take an input of that size, or None."""
        return None

    def place_problem(self, *, first: bool, depth: int, channels: int) -> str | None:
        """Why this block cannot be in a stage of that depth of a network with that many input channels, or None."""
        if self.input_kind and not (first and depth == 1 and channels == 1):
            return f"block {self.kind} takes the network's input, of one channel: it can only be the first, once"
        return None

    @classmethod
    @functools.cache
    def choices(cls) -> tuple[Choice, ...]:
        """Its choices, in the order in which they are written."""
        return tuple(Choice(f.name, *f.metadata["choice"]) for f in dataclasses.fields(cls))

    @classmethod
    def every(cls) -> Iterator[Self]:
        """Every valid combination of choices."""
        names = [c.name for c in cls.choices()]
        for values in itertools.product(*(c.options for c in cls.choices())):
            yield cls(**dict(zip(names, values, strict=True)))

    def values(self) -> dict[str, Value]:
        """The chosen value for each name."""
        return {c.name: getattr(self, c.name) for c in self.choices()}


_KINDS: Registry[type[Block]] = Registry("block", in_trials=True)
_OF_STAGES = {"r", "s", "c"}  # keys of a stage's depth, stride and width
_KIND = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def register(cls: type[B]) -> type[B]:
    """Class decorator that registers a block for spaces, architecture strings, costs and the export by its `kind`.

    A class that is not a dataclass becomes a frozen one. A class that is defined again, as in a notebook, replaces the
    old one.

    Raises:
        AnenasError: If the kind is taken or invalid, or the choices cannot be distinguished in an architecture string.
    """
    for base in reversed(cls.__mro__):
        if issubclass(base, Block) and "__dataclass_params__" not in vars(base):
            dataclass(frozen=True)(base)
    if mistake := _mistake(cls):
        raise AnenasError(f"block {cls.__name__}: {mistake}")
    _KINDS(cls.kind)(cls)
    return cls


def _mistake(cls: type[Block]) -> str | None:
    kind = getattr(cls, "kind", None)
    if not isinstance(kind, str) or not _KIND.fullmatch(kind) or re.search(r"_[rsc]\d+(_|$)", kind):
        return f"expected a kind of lower-case letters, digits and underscores, such as 'my_block', got {kind!r}"
    if others := [field.name for field in dataclasses.fields(cls) if "choice" not in field.metadata]:
        return f"{others[0]} is not a choice; make it with `anenas.choice`"
    keys = [choice.key for choice in cls.choices() if choice.key]
    if len(set(keys)) < len(keys) or _OF_STAGES & set(keys):
        return "each choice needs a key of its own, and r, s and c are the stage's"
    if words := {option for choice in cls.choices() if not choice.key for option in choice.options} & set(keys):
        return f"{words.pop()!r} is both a key and an option"
    return None


def block_kinds() -> dict[str, type[Block]]:
    """Every registered kind of block by name."""
    return dict(_KINDS.items())


def block_kind(name: str) -> type[Block]:
    """The block class of that name.

    Raises:
        AnenasError: If there is none; the message suggests the nearest names.
    """
    if name not in _KINDS:
        raise unknown_block(name)
    return _KINDS[name]


def unknown_block(name: str) -> AnenasError:
    """The error for an unknown kind of block."""
    error = unknown("block", name, _KINDS)
    return AnenasError(f'{error} (if it is your own: import the file that registers it, or give it as `plugin="FILE"`)')
