"""The architecture that says a whole network: each part as the smallest block that holds it, like ones as one stage."""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass

import torch
from torch import nn

from anenas._errors import AnenasError
from anenas.ane import width_problem
from anenas.blocks import Block, Value, block_kind
from anenas.slimming._parts import Axis, Layer, Part, Parts
from anenas.space import Architecture, Head, Stage

_Choices = dict[str, Value | None]  # None where either value makes the same network


@dataclass(frozen=True)
class Largest:
    """The whole network.

    Attributes:
        architecture: Of all of it.
        tied: The stages, the stem being 0, whose width is that of the stage before them, for they add to its output.
        layers: Each with what stands before its names in the state dict of the built network.
    """

    architecture: Architecture
    tied: frozenset[int]
    layers: tuple[tuple[str, Layer], ...]


@dataclass
class _Draft:
    """A stage that is still growing."""

    part: Part
    choices: _Choices
    depth: int = 1

    def stage(self) -> Stage:
        choices = {name: False if value is None else value for name, value in self.choices.items()}
        return Stage(block_kind(self.part.kind)(**choices), self.depth, self.part.stride, _width(self.part.out))


def say(parts: Parts, shape: tuple[int, int, int, int]) -> Largest:
    """The architecture of these parts, for an input of that shape.

    Raises:
        AnenasError: If a part is larger than every block of its kind.
    """
    drafts: list[_Draft] = []
    layers: list[tuple[str, Layer]] = []
    for part in parts.blocks:
        choices = _choices(part)
        if len(drafts) > 1 and (joined := _join(drafts[-1], part, choices)) is not None:
            drafts[-1].choices = joined
            drafts[-1].depth += 1
        else:
            drafts.append(_Draft(part, choices))
        stage = f"stage{len(drafts) - 1}" if len(drafts) > 1 else "stem"
        layers += [(f"{stage}.{drafts[-1].depth - 1}.", layer) for layer in part.layers]
    *hidden, classifier = parts.head
    width = legal_width(hidden[0].out.size) if hidden else 0
    head = Head(width, parts.activation, classifier.out.size, parts.pool)
    layers += [(f"head.{2 * i + 1}", layer) for i, layer in enumerate(parts.head)]
    tied = frozenset(i for i, draft in enumerate(drafts) if i and draft.part.skip)
    return Largest(Architecture(shape, tuple(draft.stage() for draft in drafts), head), tied, tuple(layers))


def legal_width(channels: int) -> int:
    """The next width that the engine likes."""
    return next(width for width in itertools.count(channels) if not width_problem(width))


def _width(axis: Axis) -> int:
    return legal_width(axis.size) if axis.movable else axis.size


def _choices(part: Part) -> _Choices:
    into, out = _width(part.into), _width(part.out)
    wanted = tuple((layer.names[0], layer.out.size) for layer in part.layers)
    found = _smallest(part.kind, tuple(part.values.items()), part.squeezes, into, out, part.stride, wanted)
    if found is None:
        raise AnenasError(
            f"no block {part.kind} with {part.values} from {into} to {out} channels holds layers of "
            f"{', '.join(f'{size} ({name})' for name, size in wanted)} channels"
        )
    choices: _Choices = {**found.values()}
    choices["plain"] = not part.skip if part.stride == 1 and into == out else None
    if part.stride == 1 and "same" in choices:
        choices["same"] = None
    return choices


@functools.lru_cache(maxsize=1_000)
def _smallest(
    kind: str,
    values: tuple[tuple[str, Value], ...],
    squeezes: tuple[Value, ...],
    into: int,
    out: int,
    stride: int,
    wanted: tuple[tuple[str, int], ...],
) -> Block | None:
    """The block of these choices that has as many channels everywhere as wanted, and in all the fewest."""
    legal = {choice.name: choice.options for choice in block_kind(kind).choices()}
    if any(value not in legal[name] for name, value in values) or (squeezes and "se" not in legal):
        return None
    free: dict[str, list[Value]] = {"expansion": sorted(legal["expansion"])} if "expansion" in legal else {}
    free |= {"se": [se for se in squeezes if se in legal["se"]]} if squeezes else {}
    holding: list[tuple[int, Block]] = []
    for chosen in itertools.product(*free.values()):
        block = block_kind(kind)(**dict(values), **dict(zip(free, chosen, strict=True)))
        with torch.device("meta"):
            module = block.build(into, out, stride)
        sizes = {name: layer.out_channels for name, layer in module.named_modules() if isinstance(layer, nn.Conv2d)}
        if all(sizes[name] >= size for name, size in wanted):
            holding.append((sum(sizes.values()), block))
    return min(holding, key=lambda one: one[0])[1] if holding else None


def _join(draft: _Draft, part: Part, choices: _Choices) -> _Choices | None:
    """The choices of a stage with one more block, or None where that is a stage of its own."""
    if part.kind != draft.part.kind or part.stride > 1 or _width(part.into) != _width(part.out):
        return None
    both = {name: (one, choices[name]) for name, one in draft.choices.items()}
    if any(one != other and None not in (one, other) for one, other in both.values()):
        return None
    return {name: other if one is None else one for name, (one, other) in both.items()}
