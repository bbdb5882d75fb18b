from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from kinds import example, input_shape, with_random_statistics
from torch import nn

from anenas.blocks import Block, block_kinds
from anenas.network import Deployed, Normalisation, begin_with_last_value, build, fuse
from anenas.space import Architecture

ARCHITECTURE = Architecture.parse(
    "2x3x16x16-conv_r1_s2_c16_k3_relu-mobileone_r2_s1_c32_k3_b2_hswish-mbconv_r1_s2_c32_k3_e2_se_silu-head_c64_relu_n5"
)

every_kind = pytest.mark.parametrize("kind", block_kinds().values(), ids=lambda kind: kind.kind)


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def test_a_network_is_a_stem_stages_and_a_head() -> None:
    network = build(ARCHITECTURE)
    assert [name for name, _ in network.named_children()] == ["stem", "stage1", "stage2", "head"]
    assert [len(stage) for stage in list(network)[:3]] == [1, 2, 1]  # type: ignore[arg-type]
    assert network(torch.randn(ARCHITECTURE.input)).shape == (2, 5)


def test_only_the_first_block_of_a_stage_strides_and_changes_the_width() -> None:
    stage = build(Architecture.parse("1x1x16x16-conv_r3_s2_c16_k3_relu-head_n2")).get_submodule("stem")
    shapes = []
    x = torch.zeros(1, 1, 16, 16)
    for block in stage.children():
        x = block(x)
        shapes.append(tuple(x.shape))
    assert shapes == [(1, 16, 8, 8)] * 3


@pytest.mark.parametrize("head", ["head_n7", "head_c32_relu_n7", "head_c32_hswish_n7", "head_max_n7"])
def test_a_head_gives_a_number_for_each_class(head: str) -> None:
    network = build(Architecture.parse(f"1x1x8x8-conv_r1_s2_c16_k3_relu-{head}"))
    assert network(torch.zeros(3, 1, 8, 8)).shape == (3, 7)


def test_the_same_seed_builds_the_same_network() -> None:
    def weights(seed: int) -> list[torch.Tensor]:
        torch.manual_seed(seed)
        return list(build(ARCHITECTURE).state_dict().values())

    assert all(torch.equal(a, b) for a, b in zip(weights(1), weights(1), strict=True))
    assert any(not torch.equal(a, b) for a, b in zip(weights(1), weights(2), strict=True))


@every_kind
@pytest.mark.parametrize("stride", [1, 2])
def test_a_block_computes_the_same_fused(
    kind: type[Block], stride: int, covering: Callable[[type[Block], int], list[Block]]
) -> None:
    x = example(kind, input_shape(kind, 16, 8, batch=2))
    for block in covering(kind, stride):
        network = with_random_statistics(block.build(x.shape[1], 16, stride))
        torch.testing.assert_close(fuse(network)(x), network(x), rtol=1e-4, atol=1e-4)


def test_a_fused_network_has_one_convolution_for_each_unit_of_branches() -> None:
    network = block_kinds()["mobileone"](branches=4).build(16, 16, 1)  # type: ignore[call-arg]
    kinds = [type(module) for module in fuse(network).modules() if not list(module.children())]
    assert kinds.count(nn.Conv2d) == 2
    assert nn.BatchNorm2d not in kinds


def test_fusing_leaves_the_trained_network_as_it_is() -> None:
    network = build(ARCHITECTURE)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    fuse(network)
    after = network.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize(
    ("channels", "mean", "std"), [(1, (0.3,), (0.2,)), (3, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))]
)
def test_what_ships_is_the_network_of_normalised_pixels_and_softmax(
    channels: int, mean: tuple[float, ...], std: tuple[float, ...]
) -> None:
    architecture = Architecture.parse(f"1x{channels}x16x16-conv_r1_s2_c16_k3_relu-head_n5")
    network = fuse(with_random_statistics(build(architecture)))
    pixels = torch.randint(0, 256, (4, channels, 16, 16)).float()
    normalised = torch.stack([(pixels[:, c] / 255 - mean[c]) / std[c] for c in range(channels)], dim=1)
    deployed = Deployed(network, Normalisation(mean, std))
    torch.testing.assert_close(deployed.logits(pixels), network(normalised))
    torch.testing.assert_close(deployed(pixels), network(normalised).softmax(1))
    torch.testing.assert_close(deployed(pixels).sum(1), torch.ones(4))


def padded(series: torch.Tensor, steps: int) -> torch.Tensor:
    """(N, C, 1, T) of any values behind so many steps of other values, and a mask."""
    noise = torch.randn(*series.shape[:3], steps)
    mask = torch.cat([torch.zeros(*noise[:, :1].shape), torch.ones(*series[:, :1].shape)], 3)
    return torch.cat([torch.cat([noise, series], 3), mask], 1)


@pytest.mark.parametrize("pool", ["", "_max", "_last"])
@pytest.mark.parametrize(("stride", "stages"), [(1, 1), (2, 1), (4, 2)])
def test_a_masked_head_gives_what_a_plain_one_gives_of_the_steps_that_are_there(
    pool: str, stride: int, stages: int
) -> None:
    stage = f"tcn_r1_s{min(stride, 2)}_c16_k3_d1_relu"
    text = "-".join(["1x6x1x32_masked", *[stage] * stages, f"head{pool}_n5"])
    masked = build(Architecture.parse(text))
    plain = build(Architecture.parse(text.replace("_masked", "")))
    plain.load_state_dict(masked.state_dict())
    there = torch.zeros(2, 1, 1, 32)
    there[..., 12:] = 1
    x = torch.randn(2, 16, 1, 32 // stride) - 5  # most of it below zero
    expected = plain.get_submodule("head")(x[..., 12 // stride :])
    torch.testing.assert_close(masked.get_submodule("head")(x, there), expected)


def test_a_skip_adds_what_a_linear_layer_makes_of_the_last_step() -> None:
    text = "1x3x1x8-tcn_r1_s2_c16_k3_d1_relu-head_max_c16_relu{}_n2"
    with_skip, plain = (build(Architecture.parse(text.format(skip))).eval() for skip in ("_skip", ""))
    plain.load_state_dict({name: one for name, one in with_skip.state_dict().items() if "skip" not in name})
    skip, x = with_skip.get_submodule("head.skip"), torch.randn(4, 3, 1, 8)
    assert isinstance(skip, torch.nn.Conv2d) and skip.bias is not None
    expected = plain(x) + x[:, :, 0, 7] @ skip.weight[:, :, 0, 0].T + skip.bias
    torch.testing.assert_close(with_skip(x), expected)


@pytest.mark.parametrize("head", ["head_n2", "head_last_c16_relu_n2"])
def test_a_network_that_begins_with_the_last_value_gives_that_and_learns_from_all_steps(head: str) -> None:
    network = build(Architecture.parse(f"1x3x1x8-tcn_r1_s2_c16_k3_d1_relu-{head.replace('_n2', '_skip_n2')}"))
    begin_with_last_value(network, (2, 0), torch.tensor([2.0, 3.0]), torch.tensor([0.5, -1.0]))
    x = torch.randn(4, 3, 1, 8)
    expected = torch.stack([2 * x[:, 2, 0, 7] + 0.5, 3 * x[:, 0, 0, 7] - 1], 1)
    torch.testing.assert_close(network(x), expected)
    network(x).square().sum().backward()
    *_, classifier, _, _ = network.get_submodule("head").children()
    assert isinstance(classifier, nn.Conv2d) and classifier.weight.grad is not None
    assert classifier.weight.grad.abs().sum() > 0


@pytest.mark.parametrize("head", ["head_n5", "head_max_n5", "head_last_n5"])
def test_how_much_padding_there_is_beyond_the_reach_of_convolutions_makes_no_difference(head: str) -> None:
    stages = "tcn_r1_s2_c16_k3_d1_relu-tcn_r1_s2_c16_k3_d2_relu"  # which reach 2 + 4 and 8 + 16 steps back
    some, more = (build(Architecture.parse(f"1x4x1x{t}_masked-{stages}-{head}")) for t in (44, 64))
    with_random_statistics(some)
    more.load_state_dict(some.state_dict())
    series = torch.randn(3, 3, 1, 12)
    expected = some(padded(series, 32))
    torch.testing.assert_close(more.eval()(padded(series, 52)), expected)


@pytest.mark.parametrize("head", ["head_n5", "head_max_n5"])
def test_a_series_too_short_for_the_stride_or_not_there_at_all_gives_numbers(head: str) -> None:
    stages = "-".join(["tcn_r1_s2_c16_k3_d1_relu"] * 3)
    network = with_random_statistics(build(Architecture.parse(f"1x4x1x32_masked-{stages}-{head}")))
    for length in (0, 1, 3):
        logits = network(padded(torch.randn(2, 3, 1, length), 32 - length))
        assert logits.abs().max() < 100
