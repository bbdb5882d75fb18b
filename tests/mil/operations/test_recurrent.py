"""Against torch's layers, or their definition written out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import strategies as st
from operands import Array, Call, close, given, numbered, random
from torch import nn

from anenas._errors import AnenasError


def gates(torchs: torch.Tensor, order: list[int]) -> Array:
    """Torch's gates in MIL's order."""
    parts = torchs.detach().chunk(len(order))
    return torch.cat([parts[i] for i in order]).numpy()


@given(st.integers(1, 4), st.integers(1, 3), st.integers(1, 3), st.integers(1, 4))
def test_lstm(call: Call, steps: int, batch: int, features: int, hidden: int) -> None:
    torch.manual_seed(0)
    layer = nn.LSTM(features, hidden, bidirectional=True)
    x, h, c = random(steps, batch, features), random(2, batch, hidden, seed=1), random(2, batch, hidden, seed=2)
    expected, (last_h, last_c) = layer(*map(torch.from_numpy, (x,)), tuple(map(torch.from_numpy, (h, c))))
    stored = dict(layer.named_parameters())
    order = [0, 1, 3, 2]  # torch has input, forget, cell, output
    weights = {}
    for suffix, back in (("", ""), ("_reverse", "_back")):
        weights[f"weight_ih{back}"] = gates(stored[f"weight_ih_l0{suffix}"], order)
        weights[f"weight_hh{back}"] = gates(stored[f"weight_hh_l0{suffix}"], order)
        weights[f"bias{back}"] = gates(stored[f"bias_ih_l0{suffix}"] + stored[f"bias_hh_l0{suffix}"], order)
    initial = {"initial_h": np.concatenate(list(h), -1), "initial_c": np.concatenate(list(c), -1)}
    both = call("lstm", x=x, direction="bidirectional", output_sequence=True, **initial, **weights)
    for actual, wanted in zip(both, (expected, torch.cat(list(last_h), -1), torch.cat(list(last_c), -1)), strict=True):
        close(actual, wanted)
    forward = {name: array for name, array in weights.items() if not name.endswith("_back")}
    one = call("lstm", x=x, initial_h=h[0], initial_c=c[0], **forward)
    close(one[0], expected[-1:, :, :hidden])
    close(one[1], last_h[0])
    backward = {name.removesuffix("_back"): array for name, array in weights.items() if name.endswith("_back")}
    reverse = call("lstm", x=x, initial_h=h[1], initial_c=c[1], direction="reverse", output_sequence=True, **backward)
    close(reverse[0], expected.flip(0)[..., hidden:])


def test_lstm_with_peepholes_a_clip_and_other_activations(call: Call) -> None:
    x, h, c = random(3, 2, 2), random(2, 2, seed=1), random(2, 2, seed=2)
    w, u, b, p = random(8, 2, seed=3), random(8, 2, seed=4), random(8, seed=5), random(6, seed=6)
    options = {
        "recurrent_activation": "hard_sigmoid",
        "cell_activation": "relu",
        "activation": "linear",
        "clip": np.float32(0.5),
    }
    result = call("lstm", x=x, initial_h=h, initial_c=c, weight_ih=w, weight_hh=u, bias=b, peephole=p, **options)

    def hard(value: Array) -> Array:
        return np.clip(0.2 * value + 0.5, 0, 1)

    for step in x:
        i, f, o, z = np.split(step @ w.T + h @ u.T + b, 4, -1)
        c = np.clip(hard(f + p[2:4] * c) * c + hard(i + p[:2] * c) * np.maximum(z, 0), -0.5, 0.5)
        h = hard(o + p[4:] * c) * c
    close(result[1], h)
    close(result[2], c)


@pytest.mark.parametrize("sign", [-1, 1])
def test_the_cell_of_an_lstm_is_clipped_at_both_ends(call: Call, sign: int) -> None:
    """Gates that are open, and candidates that are one in size, take it beyond 0.5 in either direction."""
    bias = np.repeat(np.float32([9, 9, 9, 9 * sign]), 2)
    nothing = {"weight_ih": np.zeros((8, 2), np.float32), "weight_hh": np.zeros((8, 2), np.float32), "bias": bias}
    begin = np.zeros((1, 2), np.float32)
    options = nothing | {"clip": np.float32(0.5)}
    _, h, c = call("lstm", x=random(3, 1, 2), initial_h=begin, initial_c=begin, **options)
    close(c, np.full((1, 2), 0.5 * sign))
    assert (np.sign(h) == sign).all()


@given(st.integers(1, 4), st.integers(1, 3), st.integers(1, 4), st.sampled_from(["forward", "reverse"]))
def test_gru(call: Call, steps: int, batch: int, hidden: int, direction: str) -> None:
    torch.manual_seed(0)
    layer = nn.GRU(2, hidden)
    x, h = random(steps, batch, 2), random(batch, hidden, seed=1)
    seen = x if direction == "forward" else x[::-1].copy()
    expected, last = layer(torch.from_numpy(seen), torch.from_numpy(h)[None])
    order = [0, 2, 1]  # torch has reset, update, new
    names = {"weight_ih": "weight_ih_l0", "weight_hh": "weight_hh_l0", "input_bias": "bias_ih_l0", "bias": "bias_hh_l0"}
    weights = {mil: gates(getattr(layer, name), order) for mil, name in names.items()}
    options = {"direction": direction, "output_sequence": True}
    sequence, state = call("gru", x=x, initial_h=h, reset_after=True, **weights, **options)
    close(sequence, expected)
    close(state, last[0])
    w, u = weights["weight_ih"], weights["weight_hh"]
    state = call("gru", x=x, initial_h=h, weight_ih=w, weight_hh=u, bias=weights["bias"], direction=direction)[1]
    for step in seen:  # as MIL has it unless told otherwise: the state is reset before its product
        (i_r, i_o, i_z), b = np.split(step @ w.T, 3, -1), np.split(weights["bias"], 3)
        u_r, u_o, u_z = np.split(u, 3)
        r, z = (1 / (1 + np.exp(-value)) for value in (i_r + h @ u_r.T + b[0], i_z + h @ u_z.T + b[2]))
        h = (1 - z) * np.tanh(i_o + (r * h) @ u_o.T + b[1]) + z * h
    close(state, h)


@given(st.integers(1, 4), st.integers(1, 3), st.sampled_from(["tanh", "relu"]))
def test_rnn(call: Call, steps: int, batch: int, activation: str) -> None:
    torch.manual_seed(0)
    layer = nn.RNN(2, 3, nonlinearity=activation)
    x, h = random(steps, batch, 2), random(batch, 3, seed=1)
    expected, last = layer(torch.from_numpy(x), torch.from_numpy(h)[None])
    stored = {name: value.detach().numpy() for name, value in layer.named_parameters()}
    weights = {
        "weight_ih": stored["weight_ih_l0"],
        "weight_hh": stored["weight_hh_l0"],
        "bias": stored["bias_ih_l0"] + stored["bias_hh_l0"],
    }
    sequence, state = call("rnn", x=x, initial_h=h, output_sequence=True, activation=activation, **weights)
    close(sequence, expected)
    close(state, last[0])


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("sigmoid", [0.0474259, 0.3775407, 0.5, 0.6224593, 0.9820138]),
        ("tanh", [-0.9950548, -0.4621172, 0, 0.4621172, 0.9993293]),
        ("relu", [0, 0, 0, 0.5, 4]),
        ("linear", [-3, -0.5, 0, 0.5, 4]),
        ("scaled_tanh", [-0.9950548, -0.4621172, 0, 0.4621172, 0.9993293]),
        ("hard_sigmoid", [0, 0.4, 0.5, 0.6, 1]),
        ("sigmoid_hard", [0, 0.4, 0.5, 0.6, 1]),
        ("ReLU", [0, 0, 0, 0.5, 4]),
    ],
)
def test_activations(call: Call, name: str, values: list[float]) -> None:
    x = np.float32([-3, -0.5, 0, 0.5, 4]).reshape(1, 5, 1)
    begin, weight = np.zeros((5, 1), np.float32), np.ones((1, 1), np.float32)
    _, state = call("rnn", x=x, initial_h=begin, weight_ih=weight, weight_hh=0 * weight, activation=name)
    close(state.ravel(), np.float32(values))


SUMS = {"weight_ih": np.ones((1, 1), np.float32), "weight_hh": np.float32([[10]]), "activation": "linear"}


@pytest.mark.parametrize(
    ("options", "sequence", "last"),
    [
        # Of 1, 2, 3 after 5, each added to ten times the one before.
        ({}, [5123], 5123),
        ({"output_sequence": True}, [51, 512, 5123], 5123),
        ({"direction": "reverse"}, [5321], 5321),
        # Its states are in the order in which they are computed.
        ({"direction": "reverse", "output_sequence": True}, [53, 532, 5321], 5321),
    ],
)
def test_which_states_come_out(call: Call, options: dict[str, Any], sequence: list[float], last: float) -> None:
    x, h = np.float32([1, 2, 3]).reshape(3, 1, 1), np.float32([[5]])
    states, state = call("rnn", x=x, initial_h=h, **SUMS, **options)
    assert states.shape == (len(sequence), 1, 1)
    close(states.ravel(), np.float32(sequence))
    close(state, np.float32([[last]]))


def hard(value: Array) -> Array:
    return np.clip(0.2 * value + 0.5, 0, 1)


def sigmoid(value: Array) -> Array:
    return 1 / (1 + np.exp(-value))


@pytest.mark.parametrize("after", [True, False])
@pytest.mark.parametrize("biased", [True, False])
def test_gru_without_a_bias_or_with_other_activations(call: Call, after: bool, biased: bool) -> None:
    x, h, w, u = random(4, 2, 3), random(2, 2, seed=1), random(6, 3, seed=2), random(6, 2, seed=3)
    bias = random(6, seed=4) if biased else np.zeros(6, np.float32)
    options: dict[str, Any] = {"bias": bias} if biased else {}
    options |= {"recurrent_activation": "hard_sigmoid", "activation": "relu", "reset_after": after}
    states, state = call("gru", x=x, initial_h=h, weight_ih=w, weight_hh=u, output_sequence=True, **options)
    (u_r, u_o, u_z), (b_r, b_o, b_z) = np.split(u, 3), np.split(bias, 3)
    for step, given_ in zip(x, states, strict=True):
        i_r, i_o, i_z = np.split(step @ w.T, 3, -1)
        r, z = hard(i_r + h @ u_r.T + b_r), hard(i_z + h @ u_z.T + b_z)
        o = np.maximum(i_o + (r * (h @ u_o.T + b_o) if after else (r * h) @ u_o.T + b_o), 0)
        h = (1 - z) * o + z * h
        close(given_, h)
    close(state, h)


def test_both_directions_of_an_lstm_have_weights_peepholes_and_a_clip_of_their_own(call: Call) -> None:
    x, h, c = random(3, 2, 2), random(2, 4, seed=1), random(2, 4, seed=2)
    names, shapes = ("weight_ih", "weight_hh", "bias", "peephole"), ((8, 2), (8, 2), (8,), (6,))
    ways = [{name: random(*shape, seed=seed + i) for i, (name, shape) in enumerate(zip(names, shapes, strict=True))}
            for seed in (10, 20)]  # fmt: skip
    weights = ways[0] | {f"{name}_back": array for name, array in ways[1].items()}
    options = {"direction": "bidirectional", "clip": np.float32(0.4)}
    results = call("lstm", x=x, initial_h=h, initial_c=c, output_sequence=True, **weights, **options)
    short = call("lstm", x=x, initial_h=h, initial_c=c, **weights, **options)

    def states(steps: Array, h: Array, c: Array, w: dict[str, Array]) -> tuple[list[Array], Array]:
        found, (p_i, p_f, p_o) = [], np.split(w["peephole"], 3)
        for step in steps:
            i, f, o, z = np.split(step @ w["weight_ih"].T + h @ w["weight_hh"].T + w["bias"], 4, -1)
            c = np.clip(sigmoid(f + p_f * c) * c + sigmoid(i + p_i * c) * np.tanh(z), -0.4, 0.4)
            h = sigmoid(o + p_o * c) * np.tanh(c)
            found.append(h)
        return found, c

    forward, c_forward = states(x, h[:, :2], c[:, :2], ways[0])
    back, c_back = states(x[::-1], h[:, 2:], c[:, 2:], ways[1])
    close(results[0], np.concatenate([np.stack(forward), np.stack(back[::-1])], -1))
    for state in (results[1], short[1], short[0][0]):
        close(state, np.concatenate([forward[-1], back[-1]], -1))
    for cell in (results[2], short[2]):
        close(cell, np.concatenate([c_forward, c_back], -1))


X = numbered(1, 4, 4)
ONE_WAY = {
    **dict.fromkeys(("initial_h", "initial_c"), X[0, :, :1]),
    "x": X,
    "weight_ih": X[0],
    "weight_hh": X[0, :, :1],
    "direction": "bidirectional",
}


@pytest.mark.parametrize(
    ("name", "operands", "told"),
    [
        (
            "rnn",
            {"x": X, "initial_h": X[0], "weight_ih": X[0], "weight_hh": X[0], "activation": "cube"},
            "activation 'cube' of a recurrent layer is not known",
        ),
        *[
            ("lstm", ONE_WAY | half, "a bidirectional lstm needs weight_ih_back and weight_hh_back")
            for half in ({}, {"weight_ih_back": X[0]}, {"weight_hh_back": X[0, :, :1]})
        ],
    ],
)
def test_what_is_not_known_or_lacking_is_told(call: Call, name: str, operands: dict[str, Any], told: str) -> None:
    with pytest.raises(AnenasError, match=f"^{told}$"):
        call(name, **operands)
