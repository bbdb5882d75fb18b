"""What is scanned or unrolled computes what its definition says, step by step."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from kinds import BODY_KINDS, takes_series
from torch import nn

from anenas.blocks import Block, SequenceBlock, block_kind
from anenas.blocks._recurrences import QRNN, SRU, Convolution, MinGRU, UnrolledGRU, UnrolledLSTM, scan

Directions = pytest.mark.parametrize("bidirectional", [False, True])


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def loop(a: torch.Tensor, b: torch.Tensor, backward: bool = False) -> torch.Tensor:
    """h_t = a_t · h_{t−1} + b_t along the last axis, one step after the other in float64."""
    a, b = a.double(), b.double()
    order = range(b.shape[-1])
    h, states = torch.zeros_like(b[..., 0]), [torch.empty(0)] * b.shape[-1]
    for t in reversed(order) if backward else order:
        h = a[..., t] * h + b[..., t]
        states[t] = h
    return torch.stack(states, -1)


@given(steps=st.integers(1, 70), backward=st.booleans(), seed=st.integers(0, 999))
def test_a_scan_is_the_loop_for_every_length(steps: int, backward: bool, seed: int) -> None:
    a, b = torch.randn(2, 3, 2, 1, steps, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    torch.testing.assert_close(scan(a, b, backward=backward), loop(a, b, backward))


@given(
    steps=st.integers(1, 1024) | st.just(1024),
    largest=st.sampled_from([1e-2, 1.0, 1e3, 6e4]),
    lean=st.sampled_from([-8.0, 0.0, 4.0, 8.0, 20.0]),
    seed=st.integers(0, 999),
)
def test_a_scan_of_averages_is_safe_in_float16(steps: int, largest: float, lean: float, seed: int) -> None:
    """Whatever the gates, nothing overflows, and the error is a few roundings a stage of the largest value."""
    random = torch.Generator().manual_seed(seed)
    keep = (torch.randn(4, 1, steps, generator=random) * 3 + lean).half().sigmoid()
    x = ((torch.rand(4, 1, steps, generator=random) * 2 - 1) * largest).half()
    added = (1 - keep) * x
    states = scan(keep, added)
    assert states.isfinite().all()
    stages = math.ceil(math.log2(steps)) if steps > 1 else 1
    allowed = 4 * stages * 2**-11 * float(x.abs().max())
    assert float((states.double() - loop(keep, added)).abs().max()) <= allowed


def maps_of(layer: nn.Module, x: torch.Tensor) -> list[torch.Tensor]:
    """What its convolution makes of x, as often as there are directions and gates."""
    return list(layer.project(x).double().chunk(layer.directions * layer.gates, 1))  # type: ignore[operator]


def averages(keep: torch.Tensor, x: torch.Tensor, backward: bool) -> torch.Tensor:
    f = keep.sigmoid()
    return loop(f, (1 - f) * x, backward)


@Directions
def test_min_gru_is_its_definition(bidirectional: bool) -> None:
    layer, x = MinGRU(5, 4, bidirectional=bidirectional).eval(), torch.randn(2, 5, 1, 23)
    keep, candidate, *others = maps_of(layer, x)
    expected = averages(keep, candidate, backward=False)
    if bidirectional:
        expected = expected + averages(*others, backward=True)
    torch.testing.assert_close(layer(x).double(), expected, rtol=1e-5, atol=1e-5)


@Directions
@pytest.mark.parametrize("highway", [False, True])
@pytest.mark.parametrize("outputs", [4, 6])
def test_sru_is_its_definition(bidirectional: bool, highway: bool, outputs: int) -> None:
    layer = SRU(4, outputs, bidirectional=bidirectional, highway=highway).eval()
    x = torch.randn(2, 4, 1, 23)
    maps, expected = maps_of(layer, x), torch.zeros(())
    for backward in (False, True)[: layer.directions]:
        keep, reset, candidate, *projected = maps[backward * layer.gates :][: layer.gates]
        r = reset.sigmoid()
        y = r * averages(keep, candidate, backward)
        past = projected[0] if projected else x.double()
        expected = expected + (y + (1 - r) * past if highway else y)
    torch.testing.assert_close(layer(x).double(), expected, rtol=1e-5, atol=1e-5)


@Directions
def test_qrnn_is_its_definition(bidirectional: bool) -> None:
    layer, x = QRNN(5, 4, bidirectional=bidirectional, kernel=3).eval(), torch.randn(2, 5, 1, 23)
    maps, expected = maps_of(layer, x), torch.zeros(())
    for backward in (False, True)[: layer.directions]:
        keep, output, candidate = maps[backward * 3 :][:3]
        expected = expected + output.sigmoid() * averages(keep, candidate.tanh(), backward)
    torch.testing.assert_close(layer(x).double(), expected, rtol=1e-5, atol=1e-5)


def copied(layer: UnrolledLSTM | UnrolledGRU, torchs: nn.LSTM | nn.GRU, order: list[int]) -> None:
    """Give a layer the weights of torch's, whose gates come in that order."""

    def gates(name: str) -> torch.Tensor:
        parts = getattr(torchs, name).detach().chunk(len(order))
        return torch.cat([parts[i] for i in order])

    suffixes = ["l0", "l0_reverse"][: len(layer.states)]
    with torch.no_grad():
        layer.project.weight.copy_(torch.cat([gates(f"weight_ih_{s}") for s in suffixes])[:, :, None, None])
        layer.project.bias.copy_(torch.cat([gates(f"bias_ih_{s}") for s in suffixes]))  # type: ignore[union-attr]
        for convolution, suffix in zip(layer.states, suffixes, strict=True):
            convolution.weight.copy_(gates(f"weight_hh_{suffix}")[:, :, None, None])  # type: ignore[operator, union-attr]
            convolution.bias.copy_(gates(f"bias_hh_{suffix}"))  # type: ignore[operator, union-attr]


@Directions
@pytest.mark.parametrize("steps", [1, 2, 32])
@pytest.mark.parametrize(
    ("unrolled", "torchs", "order"),
    [(UnrolledGRU, nn.GRU, [0, 1, 2]), (UnrolledLSTM, nn.LSTM, [0, 1, 3, 2])],
    ids=["gru", "lstm"],
)
def test_an_unrolled_layer_with_copied_weights_is_torchs(
    unrolled: type[UnrolledGRU] | type[UnrolledLSTM],
    torchs: type[nn.GRU] | type[nn.LSTM],
    order: list[int],
    steps: int,
    bidirectional: bool,
) -> None:
    layer, reference = unrolled(5, 7, bidirectional=bidirectional), torchs(5, 7, bidirectional=bidirectional)
    copied(layer, reference, order)
    x = torch.randn(3, 5, 1, steps)
    expected = reference(x.squeeze(2).permute(2, 0, 1))[0].permute(1, 2, 0).unsqueeze(2)
    if bidirectional:
        expected = expected[:, :7] + expected[:, 7:]
    torch.testing.assert_close(layer(x), expected, rtol=1e-5, atol=1e-6)


def causal(kind: type[Block]) -> list[Block]:
    return [block for block in kind.every() if not block.values()["bidirectional"]]


sequence_kinds = [kind for kind in BODY_KINDS if takes_series(kind)]


@pytest.mark.parametrize("kind", sequence_kinds, ids=lambda kind: kind.kind)
@pytest.mark.parametrize("stride", [1, 2])
def test_no_step_of_a_causal_block_depends_on_a_later_one(kind: type[Block], stride: int) -> None:
    for block in causal(kind):
        network = block.build(3, 4, stride).eval()
        x = torch.randn(1, 3, 1, 20)
        changed = x.clone()
        changed[..., 11:] += 1
        with torch.no_grad():
            before, after = network(x), network(changed)
        unchanged = math.ceil(11 / stride)
        torch.testing.assert_close(after[..., :unchanged], before[..., :unchanged])
        assert not torch.allclose(after[..., unchanged:], before[..., unchanged:])


@pytest.mark.parametrize("kind", sequence_kinds, ids=lambda kind: kind.kind)
def test_a_bidirectional_block_sees_what_comes_later(kind: type[Block]) -> None:
    network = kind(bidirectional=True).build(3, 4, 1).eval()  # type: ignore[call-arg]
    x = torch.randn(1, 3, 1, 20)
    changed = x.clone()
    changed[..., 12:] += 1
    with torch.no_grad():
        assert not torch.allclose(network(x)[..., 11], network(changed)[..., 11])


@pytest.mark.parametrize("kernel", [3, 5, 7])
def test_a_causal_convolution_reaches_as_far_as_its_dilation_says(kernel: int) -> None:
    layer = Convolution(1, 1, kernel, dilation=4).eval()
    x = torch.zeros(1, 1, 1, 40)
    x[..., 5] = 1
    with torch.no_grad():
        seen = np.flatnonzero((layer(x) - layer(0 * x)).numpy())
    assert seen.tolist() == [5 + 4 * i for i in range(kernel)]


def test_new_gates_remember_from_one_step_to_sixty_four() -> None:
    biases = MinGRU(16, 8, bidirectional=True).project.bn.bias.detach().chunk(4)
    keep = biases[0].sigmoid()
    assert torch.equal(biases[0], biases[2]) and not biases[1].any() and not biases[3].any()
    memories = 1 / (1 - keep)  # steps after which a value has faded to a third
    assert memories[0] == pytest.approx(2) and memories[-1] == pytest.approx(65)


@pytest.mark.parametrize(("kind", "expected"), [("lstm", 1024), ("min_gru", 1024), ("unrolled_gru", 32)])
def test_blocks_of_series_say_how_many_steps_they_take(kind: str, expected: int) -> None:
    block = block_kind(kind)
    assert issubclass(block, SequenceBlock) and block.max_steps == expected
