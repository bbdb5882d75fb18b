"""Sequence modules run chunk by chunk: they compute the same as on a whole series, carrying state.

Every state is (N, C, 1, steps), and zero at the start of a series.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Mapping
from typing import Self

import torch
from torch import nn

from anenas._errors import AnenasError
from anenas.blocks._activations import ACTIVATIONS, activation_layer
from anenas.blocks._recurrences import (
    Convolution,
    PatchSteps,
    Residual,
    RowSteps,
    Scanned,
    TorchRecurrence,
    Unrolled,
    UnrolledGRU,
    UnrolledLSTM,
    join_steps,
    split_steps,
)


class StreamMemory:
    """What the modules of a network keep from one chunk to the next.

    A state is named after its block and kind, such as "stage1_0_h"; several of a kind in one block are numbered.

    Args:
        past: States from the previous chunk, by name. A missing one is zero.

    Attributes:
        kept: States for the next chunk, by name, in the order in which they are kept.
    """

    def __init__(self, past: Mapping[str, torch.Tensor]) -> None:
        self.kept: dict[str, torch.Tensor] = {}
        self._past = past
        self._path: tuple[str, ...] = ()

    def within(self, child: str) -> Self:
        """The same memory, for a submodule."""
        inner = copy.copy(self)
        inner._path = (*self._path, child)
        return inner

    @property
    def path(self) -> str:
        """Path of the module that this is for, such as "stage1.0.body"."""
        return ".".join(self._path)

    def recall(self, kind: str, x: torch.Tensor, channels: int, steps: int = 1) -> torch.Tensor:
        """The state of that kind. `keep` its successor before recalling another of the same kind.

        Args:
            kind: What it is, such as "h".
            x: A chunk, with the batch size and dtype of the state.
            channels: Of the state.
            steps: Likewise.
        """
        past = self._past.get(self._name(kind))
        return x.new_zeros((x.shape[0], channels, 1, steps)) if past is None else past

    def keep(self, kind: str, state: torch.Tensor) -> None:
        """Store a state for the next chunk."""
        self.kept[self._name(kind)] = state

    def _name(self, kind: str) -> str:
        block = self._path[: 1 if self._path[:1] == ("head",) else 2]
        name = first = "_".join((*block, kind))
        count = 1
        while name in self.kept:
            count += 1
            name = f"{first}_{count}"
        return name


@functools.singledispatch
def stream_step(module: nn.Module, x: torch.Tensor, memory: StreamMemory) -> torch.Tensor:
    """The output of a module for the next chunk of a series.

    A module whose result at a step depends on other steps has its own implementation (`@stream_step.register`), which
    recalls a state and keeps another; modules that treat each step separately are listed in `_ALONE`.

    Args:
        module: In evaluation mode.
        x: (N, C, 1, steps), as many steps as the strides from here on reduce to one.
        memory: States from the previous chunk, and for the next one.

    Raises:
        AnenasError: If the module looks ahead, or is of an unknown kind.
    """
    raise _unknown(module, memory)


def _unknown(module: nn.Module, memory: StreamMemory) -> AnenasError:
    where = memory.path or "the network"
    return AnenasError(f"{where} is a {type(module).__name__}, which is not known to work chunk by chunk")


_ALONE = (
    nn.Identity, nn.BatchNorm2d, nn.Dropout, nn.Flatten, PatchSteps, RowSteps,  # the last two do nothing to series
    *(activation_layer(name) for name in ACTIVATIONS),
)  # fmt: skip


def _alone(module: nn.Module, x: torch.Tensor, memory: StreamMemory) -> torch.Tensor:
    y: torch.Tensor = module(x)
    return y


for _kind in _ALONE:
    stream_step.register(_kind)(_alone)


@stream_step.register
def _conv2d(module: nn.Conv2d, x: torch.Tensor, memory: StreamMemory) -> torch.Tensor:
    if module.kernel_size != (1, 1):
        raise AnenasError(f"{memory.path} looks ahead; only a causal network can stream")
    return _alone(module, x, memory)


@stream_step.register
def _sequential(module: nn.Sequential, x: torch.Tensor, memory: StreamMemory) -> torch.Tensor:
    if type(module).forward is not nn.Sequential.forward:
        raise _unknown(module, memory)
    for name, child in module.named_children():
        x = stream_step(child, x, memory.within(name))
    return x


@stream_step.register
def _residual(module: Residual, x: torch.Tensor, memory: StreamMemory) -> torch.Tensor:
    # A strided 1×1 convolution takes the first step of each stride, just as the padded one in the body does.
    return stream_step(module.body, x, memory.within("body")) + stream_step(module.skip, x, memory.within("skip"))


@stream_step.register
def _convolution(module: Convolution, x: torch.Tensor, memory: StreamMemory) -> torch.Tensor:
    if not module.before:
        return stream_step(module.bn, stream_step(module.conv, x, memory.within("conv")), memory)
    seen = torch.cat([memory.recall("inputs", x, x.shape[1], module.before), x], 3)
    memory.keep("inputs", seen[..., -module.before :])
    y: torch.Tensor = module.bn(module.conv(seen))
    return y


@stream_step.register
def _scanned(module: Scanned, x: torch.Tensor, memory: StreamMemory) -> torch.Tensor:
    if module.directions > 1:
        raise _both_ways(memory)
    maps = stream_step(module.project, x, memory.within("project")).chunk(module.gates, 1)

    def average(keep: torch.Tensor, new: torch.Tensor) -> torch.Tensor:
        f = torch.sigmoid(keep)
        state = memory.recall("h", new, new.shape[1])
        states = []
        for kept, added in zip(split_steps(f), split_steps((1 - f) * new), strict=True):
            state = added + kept * state
            states.append(state)
        memory.keep("h", state)
        return join_steps(states)

    return module.recur(x, *maps, average=average)


@stream_step.register
def _unrolled(module: Unrolled, x: torch.Tensor, memory: StreamMemory) -> torch.Tensor:
    if len(module.states) > 1:
        raise _both_ways(memory)
    kinds = ("h", "c") if isinstance(module, UnrolledLSTM) else ("h",)
    past = tuple(memory.recall(kind, x, module.width) for kind in kinds)
    y, last = module.recur(module.project(x), module.states[0], past)
    for kind, state in zip(kinds, last, strict=True):
        memory.keep(kind, state)
    return y


@stream_step.register
def _torch_recurrence(module: TorchRecurrence, x: torch.Tensor, memory: StreamMemory) -> torch.Tensor:
    if module.layer.bidirectional:
        raise _both_ways(memory)
    return stream_step(_written_out(module), x, memory)


def _both_ways(memory: StreamMemory) -> AnenasError:
    return AnenasError(f"{memory.path} reads series both ways; only a causal network can stream")


def unrolled(network: nn.Module) -> nn.Module:
    """A copy of a network in evaluation mode whose unidirectional recurrences have every step written out."""
    network = copy.deepcopy(network).eval()
    for name, module in list(network.named_modules()):
        if isinstance(module, TorchRecurrence) and not module.layer.bidirectional:
            network.set_submodule(name, _written_out(module))
    return network


def _written_out(module: TorchRecurrence) -> UnrolledLSTM | UnrolledGRU:
    """A unidirectional torch recurrence, as operations that the engine runs."""
    layer = module.layer
    # torch's gates are i, f, g, o for an LSTM, and r, z, n for a GRU.
    kind, order = (UnrolledLSTM, (0, 1, 3, 2)) if isinstance(layer, nn.LSTM) else (UnrolledGRU, (0, 1, 2))

    def gates(name: str) -> torch.Tensor:
        parts = getattr(layer, name).detach().chunk(len(order))
        return torch.cat([parts[i] for i in order])

    written = kind(layer.input_size, layer.hidden_size, bidirectional=False).eval()
    of_state = written.states[0]
    assert isinstance(of_state, nn.Conv2d) and of_state.bias is not None and written.project.bias is not None
    with torch.no_grad():
        written.project.weight.copy_(gates("weight_ih_l0")[:, :, None, None])
        written.project.bias.copy_(gates("bias_ih_l0"))
        of_state.weight.copy_(gates("weight_hh_l0")[:, :, None, None])
        of_state.bias.copy_(gates("bias_hh_l0"))
    return written
