"""A network that takes series chunk by chunk, with its states as inputs and outputs."""

from __future__ import annotations

import copy
import functools
import math

import torch
from torch import nn

from anenas._errors import AnenasError
from anenas.blocks import StreamMemory, stream_step, unrolled
from anenas.network._build import Deployed, MaskedNetwork, SkipNetwork, mask_padding, with_last_step
from anenas.network._head import (
    GlobalAveragePool,
    GlobalMaxPool,
    LastStep,
    MaskedAveragePool,
    MaskedLastStep,
    MaskedMaxPool,
    MaskedPool,
)
from anenas.space import Architecture

_LOWEST = -60000.0  # below what anything in float16 should be, and not so low that a sum with it overflows


class Streamed(nn.Module):
    """From a chunk of a series and the states after the previous chunk, to an output and the next states.

    The output is the network's for a series that ends with the chunk. If a series' length is not a multiple of the
    chunk's, the last chunk may be padded with anything: the network's strides skip it.

    Called with a chunk and a tensor for each of `states`, zeros at the start of a series, it returns a tuple of the
    network's output and each new state.

    Args:
        network: Built from the architecture and fused, or deployed; it is not changed.
        architecture: Of the network.

    Attributes:
        shape: Of a chunk, (N, C, 1, steps). The steps are the product of the strides, so that strided convolutions
            produce whole steps.
        states: Shape of each state by name, such as "stage1_0_h".

    Raises:
        AnenasError: If a block looks ahead, or the network does not take series.
    """

    def __init__(self, network: nn.Module, architecture: Architecture) -> None:
        super().__init__()
        if problem := streaming_problem(architecture):
            raise AnenasError(problem)
        self.network = unrolled(network)
        batch, channels, _, _ = architecture.input
        self.shape = (batch, channels, 1, math.prod(stage.stride for stage in architecture.stages))
        memory = StreamMemory({})
        with torch.no_grad():
            stream_step(self.network, torch.zeros(self.shape), memory)
        self.states = {name: tuple(state.shape) for name, state in memory.kept.items()}

    def forward(self, x: torch.Tensor, *past: torch.Tensor) -> tuple[torch.Tensor, ...]:
        memory = StreamMemory(dict(zip(self.states, past, strict=True)))
        y = stream_step(self.network, x, memory)
        return y, *(memory.kept[name] for name in self.states)

    def whole(self, steps: int) -> nn.Module:
        """The network for whole series of that many steps, which a masked head depends on."""
        network = copy.deepcopy(self.network)
        for module in network.modules():
            if isinstance(module, MaskedPool):
                module.last = nn.functional.pad(torch.ones(1, 1, 1, 1), (-(-steps // self.shape[3]) - 1, 0))
        return network


def streaming_problem(architecture: Architecture) -> str | None:
    """Why the networks of an architecture cannot stream, with the stage and the choice, or None."""
    if problem := architecture.input_kind.streaming_problem:
        return problem
    for i, stage in enumerate(architecture.stages):
        if getattr(stage.block, "bidirectional", False):
            name = f"stage{i}" if i else "stem"
            return f"{name} ({stage}) is bidirectional: it looks ahead, so it cannot stream"
    stride, steps = math.prod(stage.stride for stage in architecture.stages), architecture.input[3]
    if architecture.head.skip and steps % stride:
        return (
            f"the head has a skip from the last step, which chunks of {stride} steps end with only in series of a "
            f"multiple of {stride} steps, not of {steps}; train with such series"
        )
    return None


@stream_step.register
def _deployed(module: Deployed, x: torch.Tensor, memory: StreamMemory) -> torch.Tensor:
    return module.output(stream_step(module.network, module.normalised(x), memory))


@stream_step.register
def _masked_network(module: MaskedNetwork, x: torch.Tensor, memory: StreamMemory) -> torch.Tensor:
    x, there = mask_padding(x)
    *stages, (name, head) = module.named_children()
    for stage, child in stages:
        x = stream_step(child, x, memory.within(stage))
    pool, *layers = head.children()
    memory = memory.within(name)
    # The head's step is aligned with the first step of the chunk.
    x = _pooled(pool, x, memory, there[..., :1])
    for layer in layers:
        x = stream_step(layer, x, memory)
    return x


@stream_step.register
def _skip_network(module: SkipNetwork, x: torch.Tensor, memory: StreamMemory) -> torch.Tensor:
    x, last = with_last_step(x)
    *stages, (name, head) = module.named_children()
    for stage, child in stages:
        x = stream_step(child, x, memory.within(stage))
    pool, *layers, flatten, skip = head.children()
    x = _pooled(pool, x, memory.within(name))
    for layer in layers:
        x = stream_step(layer, x, memory)
    return stream_step(flatten, x + stream_step(skip, last, memory), memory)


@functools.singledispatch
def _pooled(
    pool: nn.Module, x: torch.Tensor, memory: StreamMemory, counted: torch.Tensor | None = None
) -> torch.Tensor:
    """The pooled value, (N, C, 1, 1), of a step and those before it.

    Args:
        pool: Of the head.
        x: The step.
        memory: Of the head.
        counted: Whether later steps include this one, 1 or 0, (N, 1, 1, 1); None if all do. The step itself always
            does, as it is the last.
    """
    raise NotImplementedError


@_pooled.register(GlobalAveragePool)
@_pooled.register(MaskedAveragePool)
def _mean(pool: nn.Module, x: torch.Tensor, memory: StreamMemory, counted: torch.Tensor | None = None) -> torch.Tensor:
    """The running mean, which unlike a sum does not overflow. Counts in float16 stop at 2,048: from there on the mean
    forgets exponentially.
    """
    count, before = memory.recall("count", x, 1), memory.recall("mean", x, x.shape[1])
    mean = before + (x - before) / (count + 1)
    memory.keep("count", count + (1 if counted is None else counted))
    memory.keep("mean", _if(counted, mean, before))
    return mean


@_pooled.register(GlobalMaxPool)
@_pooled.register(MaskedMaxPool)
def _max(pool: nn.Module, x: torch.Tensor, memory: StreamMemory, counted: torch.Tensor | None = None) -> torch.Tensor:
    """The running maximum. States start as zeros, which may be larger than all values: until the first is kept (`seen`
    is 0), they are lowered below everything.
    """
    seen, before = memory.recall("seen", x, 1), memory.recall("max", x, x.shape[1])
    largest = torch.maximum(before + (1 - seen) * _LOWEST, x)
    memory.keep("seen", (seen + (1 if counted is None else counted)).clamp(max=1))
    memory.keep("max", _if(counted, largest, before))
    return largest


@_pooled.register(LastStep)
@_pooled.register(MaskedLastStep)
def _last(pool: nn.Module, x: torch.Tensor, memory: StreamMemory, counted: torch.Tensor | None = None) -> torch.Tensor:
    return x


def _if(counted: torch.Tensor | None, new: torch.Tensor, old: torch.Tensor) -> torch.Tensor:
    return new if counted is None else new * counted + old * (1 - counted)


for _pool in (GlobalAveragePool, GlobalMaxPool, LastStep):
    stream_step.register(_pool)(_pooled)
