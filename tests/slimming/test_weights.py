from __future__ import annotations

import torch
from torch import nn

from anenas.network import build
from anenas.slimming._largest import say
from anenas.slimming._parts import read
from anenas.slimming._weights import importance_orders, sorted_weights
from anenas.space import Architecture

TEXT = "1x3x16x16-conv_r1_s2_c16_k3_relu-mbconv_r2_s1_c16_k3_e4_se_relu-uib_r2_s2_c32_a3_k3_e2_relu-head_c32_relu_n3"


def network() -> nn.Module:
    torch.manual_seed(0)
    built = build(Architecture.parse(TEXT))
    for module in built.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -1, 1)
    return built.eval()


def test_sorting_changes_nothing_of_what_is_computed() -> None:
    original = network()
    largest = say(read(original), (1, 3, 16, 16))
    x = torch.randn(2, 3, 16, 16)
    built = build(largest.architecture).eval()
    with torch.no_grad():
        expected = original(x)
        for by_importance in (False, True):
            built.load_state_dict(sorted_weights(largest, built.state_dict(), by_importance=by_importance))
            assert torch.allclose(built(x), expected, atol=1e-5)


def test_within_a_block_channels_come_by_the_norm_of_the_projection() -> None:
    original = network()
    largest = say(read(original), (1, 3, 16, 16))
    weights = sorted_weights(largest, build(largest.architecture).state_dict())
    projection, norm = weights["stage2.0.pw_proj.conv.weight"], weights["stage2.0.pw_proj.bn.weight"]
    norms = (projection * norm.view(-1, 1, 1, 1)).abs().sum((0, 2, 3))
    assert (norms.diff() <= 1e-4).all()


def test_a_residual_stream_is_sorted_by_all_that_read_it_in_one_order() -> None:
    parts = read(network())
    stream = parts.blocks[0].out
    assert [part.out is stream for part in parts.blocks] == [True, True, True, False, False]
    layers = [layer for part in parts.blocks for layer in part.layers]
    readers = [layer for layer in layers if layer.into is stream]
    # Two expansions, and that of the next stage, whose own depthwise convolution works on the stream as well.
    assert [layer.names[0] for layer in readers] == ["conv_pw", "conv_pw", "pw_exp.conv"]
    read_by = sum((r.convolution.weight * scale(r)).abs().sum((0, 2, 3)) for r in readers)
    order = importance_orders(layers)[stream]
    assert (read_by[order].diff() <= 1e-4).all()  # type: ignore[index]


def scale(layer: object) -> torch.Tensor:
    norm = layer.norm  # type: ignore[attr-defined]
    return (norm.weight / (norm.running_var + norm.eps).sqrt()).view(-1, 1, 1, 1)


def test_what_fills_up_is_zero_in_rows_and_columns_and_comes_last() -> None:
    torch.manual_seed(0)
    original = nn.Sequential(
        *(nn.Conv2d(3, 20, 3, 2, 1), nn.BatchNorm2d(20), nn.ReLU(), nn.Conv2d(20, 16, 1), nn.ReLU()),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 2)),
    ).eval()
    largest = say(read(original), (1, 3, 16, 16))
    weights = sorted_weights(largest, build(largest.architecture).state_dict())
    assert weights["stem.0.conv.weight"].shape == (32, 3, 3, 3)
    for name in ("stem.0.conv.weight", "stem.0.bn1.weight", "stem.0.bn1.bias", "stem.0.bn1.running_mean"):
        assert (not weights[name][20:].any() and weights[name][:20].any()) or name.endswith(("bias", "mean"))
    assert weights["stem.0.bn1.running_var"][20:].eq(1).all()
    assert not weights["stage1.0.conv.weight"][:, 20:].any()
