"""Recurrent layers. Inputs are (sequence, batch, features); states are (batch, hidden).

A reversed layer returns its states in the order in which it computes them, the last of the sequence first, as in
coremltools' tests; only the backward half of a bidirectional one is reversed again.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from anenas._errors import AnenasError
from anenas.mil._registry import op

# With the default factors of Core ML's recurrent layers.
_ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "linear": lambda x: x,
    "scaled_tanh": torch.tanh,
    "hard_sigmoid": lambda x: (0.2 * x + 0.5).clamp(0, 1),
    "sigmoid_hard": lambda x: (0.2 * x + 0.5).clamp(0, 1),
}


def _activation(name: str) -> Callable[[Tensor], Tensor]:
    if name.lower() not in _ACTIVATIONS:
        raise AnenasError(f"activation '{name}' of a recurrent layer is not known")
    return _ACTIVATIONS[name.lower()]


def _steps(sequence: Tensor, direction: str) -> list[Tensor]:
    return list(sequence.flip(0) if direction == "reverse" else sequence)


def _sequence(states: list[Tensor], whole: bool) -> Tensor:
    """The states of every step, or of the last."""
    return torch.stack(states) if whole else states[-1].unsqueeze(0)


@op("lstm")
def lstm(
    x: Tensor,
    initial_h: Tensor,
    initial_c: Tensor,
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias: Tensor | None = None,
    peephole: Tensor | None = None,
    weight_ih_back: Tensor | None = None,
    weight_hh_back: Tensor | None = None,
    bias_back: Tensor | None = None,
    peephole_back: Tensor | None = None,
    direction: str = "forward",
    output_sequence: bool = False,
    recurrent_activation: str = "sigmoid",
    cell_activation: str = "tanh",
    activation: str = "tanh",
    clip: float | None = None,
) -> tuple[Tensor, ...]:
    """Gates are in the order input, forget, output, cell."""
    acts = tuple(map(_activation, (recurrent_activation, cell_activation, activation)))
    layer = functools.partial(_lstm, x, whole=output_sequence, activations=acts, clip=clip)
    weights = (weight_ih, weight_hh, bias, peephole)
    if direction != "bidirectional":
        return layer(initial_h, initial_c, weights, direction)
    if weight_ih_back is None or weight_hh_back is None:
        raise AnenasError("a bidirectional lstm needs weight_ih_back and weight_hh_back")
    (h, h_back), (c, c_back) = initial_h.chunk(2, -1), initial_c.chunk(2, -1)
    forward = layer(h, c, weights, "forward")
    back = (weight_ih_back, weight_hh_back, bias_back, peephole_back)
    states, *last = layer(h_back, c_back, back, "reverse")
    return tuple(torch.cat(pair, -1) for pair in zip(forward, (states.flip(0), *last), strict=True))


def _lstm(
    x: Tensor,
    h: Tensor,
    c: Tensor,
    weights: tuple[Tensor, Tensor, Tensor | None, Tensor | None],
    direction: str,
    *,
    whole: bool,
    activations: tuple[Callable[[Tensor], Tensor], ...],
    clip: float | None,
) -> tuple[Tensor, Tensor, Tensor]:
    weight_ih, weight_hh, bias, peephole = weights
    gate, cell, out = activations
    peeps = (0.0, 0.0, 0.0) if peephole is None else peephole.chunk(3)
    states = []
    for step in _steps(F.linear(x, weight_ih, bias), direction):
        i, f, o, z = (step + F.linear(h, weight_hh)).chunk(4, -1)
        c = gate(f + peeps[1] * c) * c + gate(i + peeps[0] * c) * cell(z)
        c = c if clip is None else c.clamp(-clip, clip)
        h = gate(o + peeps[2] * c) * out(c)
        states.append(h)
    return _sequence(states, whole), h, c


@op("gru")
def gru(
    x: Tensor,
    initial_h: Tensor,
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias: Tensor | None = None,
    direction: str = "forward",
    output_sequence: bool = False,
    recurrent_activation: str = "sigmoid",
    activation: str = "tanh",
    reset_after: bool = False,
    input_bias: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Gates are in the order reset, output, update. The state is reset before its product, or the product after."""
    gate, out = _activation(recurrent_activation), _activation(activation)
    size = weight_hh.shape[1]
    w_r, w_o, w_z = weight_hh.split(size)
    b_r, b_o, b_z = (weight_hh.new_zeros(3 * size) if bias is None else bias).split(size)
    h = initial_h
    states = []
    for step in _steps(F.linear(x, weight_ih, input_bias), direction):
        i_r, i_o, i_z = step.chunk(3, -1)
        r = gate(i_r + F.linear(h, w_r, b_r))
        z = gate(i_z + F.linear(h, w_z, b_z))
        o = out(i_o + (r * F.linear(h, w_o, b_o) if reset_after else F.linear(r * h, w_o, b_o)))
        h = (1 - z) * o + z * h
        states.append(h)
    return _sequence(states, output_sequence), h


@op("rnn")
def rnn(
    x: Tensor,
    initial_h: Tensor,
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias: Tensor | None = None,
    direction: str = "forward",
    output_sequence: bool = False,
    activation: str = "tanh",
) -> tuple[Tensor, Tensor]:
    out = _activation(activation)
    h = initial_h
    states = []
    for step in _steps(F.linear(x, weight_ih, bias), direction):
        h = out(step + F.linear(h, weight_hh))
        states.append(h)
    return _sequence(states, output_sequence), h
