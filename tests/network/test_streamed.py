"""A network chunk by chunk answers as it does for the series so far."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from kinds import BODY_KINDS, with_random_statistics
from torch import nn

from anenas._errors import AnenasError
from anenas.blocks import SequenceBlock
from anenas.network import Deployed, Normalisation, Streamed, build, fuse
from anenas.space import Architecture, Head, Stage

CAUSAL = [
    block
    for kind in BODY_KINDS
    if issubclass(kind, SequenceBlock)
    for block in kind.every()
    if not block.values().get("bidirectional")
]


def network_of(architecture: Architecture, seed: int = 0) -> Deployed:
    """What ships, as if it had been trained: every weight and statistic is away from where it started."""
    torch.manual_seed(seed)
    network = with_random_statistics(build(architecture))
    channels = architecture.input[1]
    return Deployed(fuse(network), Normalisation((0.001,) * channels, (0.004,) * channels)).eval()


def answers(streamed: Streamed, series: torch.Tensor) -> list[torch.Tensor]:
    """The answer after each chunk."""
    states = [torch.zeros((len(series), *shape[1:])) for shape in streamed.states.values()]
    found = []
    with torch.no_grad():
        for chunk in series.split(streamed.shape[3], 3):
            missing = streamed.shape[3] - chunk.shape[3]
            answer, *states = streamed(nn.functional.pad(chunk, (0, missing), value=9.0), *states)
            found.append(answer)
    return found


def can_stride(stage: Stage) -> bool:
    return stage.block.problem(stage.stride) is None


stages = st.builds(Stage, st.sampled_from(CAUSAL), st.integers(1, 2), st.sampled_from([1, 2]), st.sampled_from([4, 6]))


@settings(max_examples=60, deadline=None)
@given(
    stages=st.lists(stages.filter(can_stride), min_size=1, max_size=3),
    pool=st.sampled_from(["mean", "max", "last"]),
    steps=st.integers(1, 23),
    padding=st.none() | st.integers(0, 22),
    seed=st.integers(0, 99),
)
def test_after_each_chunk_it_answers_as_for_the_series_so_far(
    stages: list[Stage], pool: str, steps: int, padding: int | None, seed: int
) -> None:
    """Every block, head and stride, at every length: the last chunk is filled up with what is not looked at.

    With padding, the last channel says where series are, which begin with it.
    """
    masked = padding is not None
    architecture = Architecture((1, 3, 1, steps), tuple(stages), Head(0, "", 4, pool), masked=masked)
    network = network_of(architecture, seed)
    streamed = Streamed(network, architecture)
    series = torch.randn(2, 3, 1, steps, generator=torch.Generator().manual_seed(seed))
    if padding is not None:
        series[:, 2] = (torch.arange(steps) >= padding).float()
    found = answers(streamed, series)
    assert len(found) == -(-steps // streamed.shape[3])
    for i, answer in enumerate(found, start=1):
        with torch.no_grad():
            so_far = series[..., : i * streamed.shape[3]]
            expected = streamed.whole(so_far.shape[3])(so_far)
        torch.testing.assert_close(answer, expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(expected, network(series), rtol=1e-4, atol=1e-5)


def test_a_head_with_a_skip_answers_after_each_chunk_from_its_last_step() -> None:
    architecture = Architecture.parse("1x3x1x16-tcn_r1_s2_c4_k3_d1_relu-min_gru_r1_s2_c4-head_max_skip_n2")
    network = network_of(architecture)
    series = torch.randn(2, 3, 1, 16, generator=torch.Generator().manual_seed(0))
    found = answers(Streamed(network, architecture), series)
    for end, answer in zip((4, 8, 12, 16), found, strict=True):
        with torch.no_grad():
            expected = network(series[..., :end])
        torch.testing.assert_close(answer, expected, rtol=1e-4, atol=1e-5)


def test_a_skip_from_a_step_that_no_chunk_ends_with_does_not_stream() -> None:
    text = "1x3x1x18-tcn_r1_s2_c4_k3_d1_relu-min_gru_r1_s2_c4-head_max_skip_n2"
    with pytest.raises(AnenasError, match="a multiple of 4 steps, not of 18; train with such series"):
        Streamed(build(Architecture.parse(text)), Architecture.parse(text))


@pytest.mark.parametrize("block", CAUSAL, ids=lambda block: f"{block.kind} {block.values()}")
def test_every_causal_block_streams(block: SequenceBlock) -> None:
    architecture = Architecture(
        (1, 2, 1, 12), (Stage(block, 1, 1 if block.problem(2) else 2, 4),), Head(0, "", 3, "max")
    )
    network, series = network_of(architecture), torch.randn(2, 2, 1, 12)
    with torch.no_grad():
        expected = network(series)
    torch.testing.assert_close(answers(Streamed(network, architecture), series)[-1], expected, rtol=1e-4, atol=1e-5)


def test_a_stream_holds_what_no_network_was_given_together() -> None:
    """States are told apart: a second series, from zeros, is not what it is behind the first."""
    architecture = Architecture.parse("1x3x1x8-tcn_r1_s2_c4_k5_d2_relu-min_gru_r1_s1_c4-head_n3")
    streamed = Streamed(network_of(architecture), architecture)
    first, second = torch.randn(2, 1, 3, 1, 8)
    alone, behind = answers(streamed, second), answers(streamed, torch.cat([first, second], 3))
    assert not torch.allclose(alone[-1], behind[-1], atol=1e-4)


def test_states_are_called_after_their_blocks() -> None:
    architecture = Architecture.parse("1x3x1x16-tcn_r1_s2_c4_k5_d2_relu-qrnn_r2_s2_c8_k3_res-lstm_r1_s1_c16-head_n3")
    streamed = Streamed(build(architecture).eval(), architecture)
    assert streamed.shape == (1, 3, 1, 4)
    assert streamed.states == {
        "stem_0_inputs": (1, 3, 1, 8),
        "stem_0_inputs_2": (1, 4, 1, 8),
        "stage1_0_inputs": (1, 4, 1, 2),
        "stage1_0_inputs_2": (1, 8, 1, 2),
        "stage1_0_h": (1, 8, 1, 1),
        "stage1_1_inputs": (1, 8, 1, 2),
        "stage1_1_h": (1, 8, 1, 1),
        "stage2_0_h": (1, 16, 1, 1),
        "stage2_0_c": (1, 16, 1, 1),
        "head_count": (1, 1, 1, 1),
        "head_mean": (1, 16, 1, 1),
    }


def test_the_largest_of_values_below_zero_is_below_zero() -> None:
    architecture = Architecture.parse("1x1x1x4-min_gru_r1_s1_c1-head_max_n2")
    network, series = build(architecture).eval(), torch.randn(1, 1, 1, 4)
    stem = network.get_submodule("stem")
    with torch.no_grad():
        for module in stem.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.bias.fill_(-3)
        assert bool((stem(series) < 0).all())
        expected = network(series)
    torch.testing.assert_close(answers(Streamed(network, architecture), series)[-1], expected)


@pytest.mark.parametrize(
    "blocks",
    ["tcn_r1_s1_c16_k3_d1_bi_relu", "min_gru_r1_s1_c16_bi", "unrolled_gru_r1_s1_c16_bi", "lstm_r1_s1_c16_bi"],
)
def test_what_looks_ahead_is_refused_with_its_stage(blocks: str) -> None:
    architecture = Architecture.parse(f"1x3x1x8-tcn_r1_s1_c16_k3_d1_relu-{blocks}-head_n3")
    with pytest.raises(AnenasError, match=rf"stage1 \({blocks}\) is bidirectional: it looks ahead, so it cannot"):
        Streamed(build(architecture).eval(), architecture)


def test_a_module_that_looks_ahead_or_is_unknown_is_refused_whatever_its_architecture_says() -> None:
    causal = Architecture.parse("1x3x1x8-tcn_r1_s1_c16_k3_d1_relu-head_n3")
    ahead = Architecture.parse("1x3x1x8-tcn_r1_s1_c16_k3_d1_bi_relu-head_n3")
    with pytest.raises(AnenasError, match=r"stem\.0\.0\.conv looks ahead"):
        Streamed(build(ahead).eval(), causal)
    for kind in ("gru", "sru", "unrolled_gru"):
        both = Architecture.parse(f"1x3x1x8-{kind}_r1_s1_c16_bi-head_n3")
        with pytest.raises(AnenasError, match=r"stem\.0\.0 reads series both ways"):
            Streamed(build(both).eval(), causal)
    with pytest.raises(AnenasError, match="the network is a Softplus, which is not known"):
        Streamed(nn.Softplus(), causal)
    with pytest.raises(AnenasError, match="this one takes images"):
        Streamed(nn.Identity(), Architecture.parse("1x3x8x8-conv_r1_s1_c16_k3_relu-head_n3"))
