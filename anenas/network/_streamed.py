"""A network of series that takes them chunk by chunk, its memory going in and out."""

from __future__ import annotations

import copy
import math

import torch
from torch import nn

from anenas._errors import AnenasError
from anenas.blocks import Embedding
from anenas.blocks._recurrences import TorchRecurrence
from anenas.blocks._streaming import Memory, step, written_out
from anenas.network._build import Deployed, _GlobalAveragePool, _GlobalMaxPool, _LastStep
from anenas.space import Architecture

_LOWEST = -60000.0  # below what anything in float16 should be, and not so low that a sum with it overflows


class Streamed(nn.Module):
    """From a chunk of a series and the states that the chunk before left, to an answer and the states after it.

    The answer is the network's for a series that ends with the chunk. Of a series whose length is no multiple of the
    chunk's, the last chunk may be filled up with anything: the network's strides do not look at it.

    Called with a chunk and a tensor for each of `states`, noughts where a series begins, it gives a tuple: what the
    network gives, and each state anew.

    Args:
        network: Built from the architecture and fused, or deployed; it is not changed.
        architecture: Of the network.

    Attributes:
        shape: Of a chunk, (N, C, 1, steps). The steps are the product of the strides, so that each convolution that
            strides gives whole steps.
        states: Shape of each state by its name, such as "stage1_0_h".

    Raises:
        AnenasError: If a block looks ahead, or the network is not one of series.
    """

    def __init__(self, network: nn.Module, architecture: Architecture) -> None:
        super().__init__()
        if problem := streaming_problem(architecture):
            raise AnenasError(problem)
        self.network = _without_torchs_recurrences(network)
        batch, channels, _, _ = architecture.input
        self.shape = (batch, channels, 1, math.prod(stage.stride for stage in architecture.stages))
        memory = Memory({})
        with torch.no_grad():
            step(self.network, torch.zeros(self.shape), memory)
        self.states = {name: tuple(state.shape) for name, state in memory.kept.items()}

    def forward(self, x: torch.Tensor, *past: torch.Tensor) -> tuple[torch.Tensor, ...]:
        memory = Memory(dict(zip(self.states, past, strict=True)))
        y = step(self.network, x, memory)
        return y, *(memory.kept[name] for name in self.states)


def streaming_problem(architecture: Architecture) -> str | None:
    """Why the networks of an architecture cannot stream, with the stage and the choice, or None where they can."""
    if architecture.input[2] != 1:
        return "only networks of series can stream; this one takes images"
    if any(isinstance(stage.block, Embedding) for stage in architecture.stages):
        return "networks of texts do not stream: a text has its padding before it"
    for i, stage in enumerate(architecture.stages):
        if getattr(stage.block, "bidirectional", False):
            name = f"stage{i}" if i else "stem"
            return f"{name} ({stage}) is bidirectional: it looks ahead, so it cannot stream"
    return None


def _without_torchs_recurrences(network: nn.Module) -> nn.Module:
    """A copy whose recurrences are written out, once and for all calls."""
    network = copy.deepcopy(network).eval()
    for name, module in list(network.named_modules()):
        if isinstance(module, TorchRecurrence) and not module.layer.bidirectional:
            network.set_submodule(name, written_out(module))
    return network


@step.register
def _deployed(module: Deployed, x: torch.Tensor, memory: Memory) -> torch.Tensor:
    return step(module.network, module.normalised(x), memory).softmax(1)


@step.register
def _mean(module: _GlobalAveragePool, x: torch.Tensor, memory: Memory) -> torch.Tensor:
    """The mean so far, which unlike a sum does not overflow. Float16 counts to 2,048 and stays there: from then on the
    mean forgets exponentially.
    """
    count = memory.recall("count", x, 1) + 1
    before = memory.recall("mean", x, x.shape[1])
    mean = before + (x - before) / count
    memory.keep("count", count)
    memory.keep("mean", mean)
    return mean


@step.register
def _max(module: _GlobalMaxPool, x: torch.Tensor, memory: Memory) -> torch.Tensor:
    """The largest so far. States begin with noughts, which may be larger than all that comes: until one has been kept,
    as `seen` tells, they are put below everything.
    """
    seen = memory.recall("seen", x, 1)
    largest = torch.maximum(memory.recall("max", x, x.shape[1]) + (1 - seen) * _LOWEST, x)
    memory.keep("seen", (seen + 1).clamp(max=1))
    memory.keep("max", largest)
    return largest


@step.register
def _last(module: _LastStep, x: torch.Tensor, memory: Memory) -> torch.Tensor:
    y: torch.Tensor = module(x)
    return y
