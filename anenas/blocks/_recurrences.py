"""The torch modules of sequence blocks, from (N, C, 1, T) to (N, C', 1, T). Imported only when one is built."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import cast

import torch
import torch.nn.functional as F
from torch import nn

_LONGEST_MEMORY = 64  # steps, of newly initialised gates


def sequence_block(
    layer: Callable[[int, int], nn.Module], in_channels: int, out_channels: int, stride: int, residual: bool
) -> nn.Module:
    """A recurrence with an optional strided convolution before it and a skip connection around it.

    Args:
        layer: Makes the recurrence from its input and output widths.
        in_channels: Of the block.
        out_channels: Of the block.
        stride: If over 1, a strided convolution shortens the series first.
        residual: Whether a skip connection bypasses the recurrence.
    """
    front = [] if stride == 1 else [Convolution(in_channels, out_channels, 3, stride=stride), nn.ReLU(inplace=True)]
    width = out_channels if front else in_channels
    body = layer(width, out_channels)
    return nn.Sequential(*front, Residual(body, width, out_channels) if residual else body)


class PatchSteps(nn.Module):
    """Rows of an image, concatenated: from (N, C, H, W) to (N, C, 1, H · W)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        _, channels, height, width = x.shape
        return x.reshape(-1, channels, 1, height * width) if height > 1 else x


class RowSteps(nn.Module):
    """Rows of an image as steps, by the mean or maximum of each: from (N, C, H, W) to (N, C, 1, H).

    Args:
        pool: "mean" or "max".
    """

    def __init__(self, pool: str) -> None:
        super().__init__()
        self.pool = pool

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.shape[2] == 1:
            return x
        rows = x.mean(3, keepdim=True) if self.pool == "mean" else x.amax(3, keepdim=True)
        return rows.transpose(2, 3)

    def extra_repr(self) -> str:
        return f"pool={self.pool}"


class Residual(nn.Module):
    """A module and a skip connection, a 1×1 convolution if the module strides or changes the width."""

    def __init__(self, body: nn.Module, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        same = stride == 1 and in_channels == out_channels
        self.body = body
        self.skip = nn.Identity() if same else nn.Conv2d(in_channels, out_channels, 1, stride=stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.body(x) + self.skip(x)
        return y


class Convolution(nn.Module):
    """A convolution along time and batch normalisation, which is folded into it when shipped.

    Args:
        in_channels: Of the input.
        out_channels: Of the output.
        kernel: Number of steps that it sees; odd.
        stride: Of the output.
        dilation: Distance between the steps that it sees.
        causal: Whether it sees only the current and earlier steps, rather than as many before as after.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int = 1,
        *,
        stride: int = 1,
        dilation: int = 1,
        causal: bool = True,
    ) -> None:
        super().__init__()
        reach = (kernel - 1) * dilation
        self.before = reach if causal else 0
        # Both axes stride, although the first has one element: the engine prefers equal strides.
        self.conv = nn.Conv2d(
            in_channels,
            out_channels,
            (1, kernel),
            stride=stride,
            padding=(0, 0 if causal else reach // 2),
            dilation=(1, dilation),
            bias=False,
        )
        self.bn = nn.BatchNorm2d(out_channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.bn(self.conv(F.pad(x, (self.before, 0)) if self.before else x))
        return y


def scan(a: torch.Tensor, b: torch.Tensor, *, backward: bool = False) -> torch.Tensor:
    """h_t = a_t · h_{t−1} + b_t along the last axis from h_0 = 0, in ⌈log2 T⌉ static stages (Hillis & Steele 1986).

    After a stage of shift d, b holds the contribution of the last 2d steps to h, and a the factor on all before. Each
    stage is a slice, zero padding, products and sums, all of which the engine runs.

    With a in [0, 1] and b = (1 − a) · x no intermediate value exceeds the largest |x|, so float16 does not overflow;
    its error grows with the number of stages, not of steps.

    Args:
        a: How much of the state is kept, any shape (…, T).
        b: What is added to it, likewise.
        backward: From the last step to the first, h_t = a_t · h_{t+1} + b_t.
    """
    steps, shift = int(b.shape[-1]), 1
    while shift < steps:
        b = b + a * _shift(b, shift, backward)
        if 2 * shift < steps:
            a = a * _shift(a, shift, backward)
        shift *= 2
    return b


def _shift(x: torch.Tensor, by: int, backward: bool) -> torch.Tensor:
    return F.pad(x[..., by:], (0, by)) if backward else F.pad(x[..., :-by], (by, 0))


def moving_average(keep: torch.Tensor, x: torch.Tensor, *, backward: bool = False) -> torch.Tensor:
    """h_t = f_t · h_{t−1} + (1 − f_t) · x_t, a moving average whose gate f = σ(keep) depends on the input alone."""
    f = torch.sigmoid(keep)
    return scan(f, (1 - f) * x, backward=backward)


Average = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""From a forget gate's logits and values, (N, C, 1, T), to their moving average, like `moving_average`."""


class Scanned(nn.Module):
    """A recurrence whose gates depend on the input alone: one convolution computes them all, and a scan the states.

    Args:
        in_channels: Of the input.
        out_channels: Of the states.
        gates: Number of maps of that width that the convolution makes for each direction, the forget gate first.
        bidirectional: Whether a second direction is added.
        kernel: Of the convolution, which is causal unless bidirectional.
    """

    def __init__(
        self, in_channels: int, out_channels: int, gates: int, *, bidirectional: bool, kernel: int = 1
    ) -> None:
        super().__init__()
        self.directions, self.gates = 1 + bidirectional, gates
        self.project = Convolution(
            in_channels, self.directions * gates * out_channels, kernel, causal=not bidirectional
        )
        # Memories of 1 to 64 steps, evenly spaced on a logarithmic scale, so that a new network looks far back already,
        # similar to chrono initialisation (Tallec & Ollivier 2018, arXiv:1804.11188).
        memories = torch.linspace(0, math.log(_LONGEST_MEMORY), out_channels)
        with torch.no_grad():
            for bias in self.project.bn.bias.chunk(self.directions * gates)[::gates]:
                bias.copy_(memories)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        maps = self.project(x).chunk(self.directions * self.gates, 1)
        y = self.recur(x, *maps[: self.gates], average=moving_average)
        if self.directions == 1:
            return y
        return y + self.recur(x, *maps[self.gates :], average=functools.partial(moving_average, backward=True))

    def recur(self, x: torch.Tensor, *maps: torch.Tensor, average: Average) -> torch.Tensor:
        """The output of one direction.

        Args:
            x: The block's input.
            maps: The convolution's output for each gate, the forget gate first.
            average: `moving_average` in that direction, or one that continues from the previous chunk.
        """
        raise NotImplementedError


class MinGRU(Scanned):
    """h = f · h + (1 − f) · (W x): Feng et al. 2024, arXiv:2410.01201, whose z is 1 − f."""

    def __init__(self, in_channels: int, out_channels: int, *, bidirectional: bool) -> None:
        super().__init__(in_channels, out_channels, 2, bidirectional=bidirectional)

    def recur(self, x: torch.Tensor, *maps: torch.Tensor, average: Average) -> torch.Tensor:
        keep, candidate = maps
        return average(keep, candidate)


class SRU(Scanned):
    """c = f · c + (1 − f) · (W x), and y = r · c + (1 − r) · x: Lei et al. 2018, arXiv:1709.02755.

    Its peephole from the state to the gates is left out, so that the recurrence is a scan.

    Args:
        in_channels: Of the input.
        out_channels: Of the output; if they differ, x is projected.
        bidirectional: Whether a second direction is added.
        highway: Whether to use x; if not, y = r · c.
    """

    def __init__(self, in_channels: int, out_channels: int, *, bidirectional: bool, highway: bool) -> None:
        projected = highway and in_channels != out_channels
        super().__init__(in_channels, out_channels, 3 + projected, bidirectional=bidirectional)
        self.highway = highway

    def recur(self, x: torch.Tensor, *maps: torch.Tensor, average: Average) -> torch.Tensor:
        keep, reset, candidate, *projected = maps
        state, r = average(keep, candidate), torch.sigmoid(reset)
        if not self.highway:
            return r * state
        past = projected[0] if projected else x
        return past + r * (state - past)

    def extra_repr(self) -> str:
        return f"highway={self.highway}"


class QRNN(Scanned):
    """c = f · c + (1 − f) · z and y = o · c, all gates from a convolution: Bradbury et al. 2016, arXiv:1611.01576."""

    def __init__(self, in_channels: int, out_channels: int, *, bidirectional: bool, kernel: int) -> None:
        super().__init__(in_channels, out_channels, 3, bidirectional=bidirectional, kernel=kernel)

    def recur(self, x: torch.Tensor, *maps: torch.Tensor, average: Average) -> torch.Tensor:
        keep, output, candidate = maps
        return torch.sigmoid(output) * average(keep, torch.tanh(candidate))


Past = tuple[torch.Tensor, ...]
"""What a step passes to the next."""


class Unrolled(nn.Module):
    """A recurrence whose gates depend on the state, with a copy of its operations for every step.

    One convolution projects the input of all steps, in all directions; each step adds the projected last state.

    Args:
        in_channels: Of the input.
        out_channels: Of the states.
        gates: Number of maps of that width for each step.
        bidirectional: Whether a second direction is added.
    """

    def __init__(self, in_channels: int, out_channels: int, gates: int, *, bidirectional: bool) -> None:
        super().__init__()
        self.width, directions = out_channels, 1 + bidirectional
        self.project = nn.Conv2d(in_channels, directions * gates * out_channels, 1)
        self.states = nn.ModuleList(nn.Conv2d(out_channels, gates * out_channels, 1) for _ in range(directions))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        projected = self.project(x)
        ahead, *back = self.states
        if not back:
            return self.recur(projected, ahead)[0]
        first, second = projected.chunk(2, 1)
        return self.recur(first, ahead)[0] + self.recur(second, back[0], backward=True)[0]

    def recur(
        self, projected: torch.Tensor, of_state: nn.Module, past: Past = (), *, backward: bool = False
    ) -> tuple[torch.Tensor, Past]:
        """The states of one direction.

        Args:
            projected: The projected input of all steps.
            of_state: Projects a state.
            past: What the step before the first one passed on, each (N, C, 1, 1); empty for zeros.
            backward: From the last step to the first.

        Returns:
            The states of all steps, and what the last one passes on: its state first.
        """
        raise NotImplementedError


class UnrolledLSTM(Unrolled):
    """The same function as `nn.LSTM`. Its gates are in the order i, f, o, g, so that three share one sigmoid."""

    def __init__(self, in_channels: int, out_channels: int, *, bidirectional: bool) -> None:
        super().__init__(in_channels, out_channels, 4, bidirectional=bidirectional)

    def recur(
        self, projected: torch.Tensor, of_state: nn.Module, past: Past = (), *, backward: bool = False
    ) -> tuple[torch.Tensor, Past]:
        states: list[torch.Tensor] = []
        for step in split_steps(projected, backward):
            gates, candidate = (step + _project(of_state, past)).split([3 * self.width, self.width], 1)
            i, f, o = torch.sigmoid(gates).chunk(3, 1)
            new = i * torch.tanh(candidate)
            cell = f * past[1] + new if past else new
            past = o * torch.tanh(cell), cell
            states.append(past[0])
        return join_steps(states, backward), past


class UnrolledGRU(Unrolled):
    """The same function as `nn.GRU`, with gates in its order: r, z, n."""

    def __init__(self, in_channels: int, out_channels: int, *, bidirectional: bool) -> None:
        super().__init__(in_channels, out_channels, 3, bidirectional=bidirectional)

    def recur(
        self, projected: torch.Tensor, of_state: nn.Module, past: Past = (), *, backward: bool = False
    ) -> tuple[torch.Tensor, Past]:
        states: list[torch.Tensor] = []
        sizes = [2 * self.width, self.width]
        gates, candidates = projected.split(sizes, 1)
        for gate, candidate in zip(split_steps(gates, backward), split_steps(candidates, backward), strict=True):
            past_gates, past_candidate = _project(of_state, past).split(sizes, 1)
            r, z = torch.sigmoid(gate + past_gates).chunk(2, 1)
            n = torch.tanh(candidate + r * past_candidate)
            past = (n + z * (past[0] - n) if past else n - z * n,)
            states.append(past[0])
        return join_steps(states, backward), past


def _project(of_state: nn.Module, past: Past) -> torch.Tensor:
    """The projection of the last state; the bias alone for the first, which is zero."""
    if past:
        projected: torch.Tensor = of_state(past[0])
        return projected
    return cast(torch.Tensor, of_state.bias).view(1, -1, 1, 1)


def split_steps(x: torch.Tensor, backward: bool = False) -> tuple[torch.Tensor, ...]:
    """(N, C, 1, T) as T tensors (N, C, 1, 1)."""
    steps = x.split(1, 3) if x.shape[3] > 1 else (x,)
    return steps[::-1] if backward else steps


def join_steps(states: list[torch.Tensor], backward: bool = False) -> torch.Tensor:
    """The inverse of `split_steps`."""
    if len(states) == 1:
        return states[0]
    return torch.cat(states[::-1] if backward else states, 3)


class TorchRecurrence(nn.Module):
    """torch's own layer, in the layout (N, C, 1, T).

    Args:
        layer: `nn.LSTM` or `nn.GRU`.
        in_channels: Of the input.
        out_channels: Of the states.
        bidirectional: Whether a second direction is added.
    """

    def __init__(
        self, layer: type[nn.LSTM] | type[nn.GRU], in_channels: int, out_channels: int, *, bidirectional: bool
    ) -> None:
        super().__init__()
        self.layer = layer(in_channels, out_channels, bidirectional=bidirectional)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.layer(x.squeeze(2).permute(2, 0, 1))[0].permute(1, 2, 0).unsqueeze(2)
        if not self.layer.bidirectional:
            return y
        forward, backward = y.chunk(2, 1)
        return forward + backward
