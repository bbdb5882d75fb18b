"""What an architecture's graph foretells is what the converter writes: for every option of every block."""

from __future__ import annotations

import operator
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from kinds import BODY_KINDS, input_shape, stem
from torch import nn

from anenas.ane import chips
from anenas.blocks import Block, LogMelBlock, block_kind
from anenas.coreml import Package, convert_arrays, estimated_package_bytes
from anenas.graph import Graph, Tensor
from anenas.latency import CalibratedLatency
from anenas.mil import load_program
from anenas.network import architecture_graph, trace
from anenas.space import Architecture, Head, Stage

Packaged = Callable[[Architecture], Package]


def facts(graph: Graph) -> list[tuple[object, ...]]:
    def seen(tensors: tuple[Tensor, ...]) -> list[tuple[tuple[int, ...], str]]:
        return [(t.shape, t.dtype) for t in tensors]

    return [
        (op.kind, seen(op.inputs), seen(op.outputs), seen(op.weights), dict(op.attributes))
        for op in graph.ops
        if op.kind != "classify"
    ]


def assert_agree(predicted: Graph, stored: Graph) -> None:
    assert facts(predicted) == facts(stored)
    assert (predicted.macs, predicted.weight_bytes) == (stored.macs, stored.weight_bytes)
    for chip in chips().values():
        expected = CalibratedLatency().latency(stored, chip).ms
        assert CalibratedLatency().latency(predicted, chip).ms == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("kind", BODY_KINDS, ids=lambda kind: kind.kind)
@pytest.mark.parametrize("stride", [1, 2])
def test_every_option_of_a_block_is_predicted(
    kind: type[Block], stride: int, package: Packaged, covering: Callable[[type[Block], int], list[Block]]
) -> None:
    # Widths alternate, so that blocks are met with and without their skip connection.
    stages = [Stage(block, 1, stride, 32 if i % 4 < 2 else 16) for i, block in enumerate(covering(kind, stride))]
    architecture = Architecture(input_shape(kind, 1, 32), (stem(kind, 2, 32), *stages), Head(0, "", 10))
    assert_agree(architecture_graph(architecture), package(architecture).graph)


def test_every_option_of_a_spectrogram_is_predicted(
    package: Packaged, covering: Callable[[type[Block], int], list[Block]]
) -> None:
    for i, block in enumerate(covering(LogMelBlock, 1)):  # the first block, or none
        stages = (Stage(block, 1, 1, 48), Stage(block_kind("tcn")(), 1, 1, 16))
        architecture = Architecture((1, 1, 1, 1100 - i), stages, Head(0, "", 10))  # with and without a rest
        assert_agree(architecture_graph(architecture), package(architecture).graph)


@pytest.mark.parametrize(
    "text",
    [
        "1x1x32x32-conv_r2_s2_c16_k3_relu-head_c64_hswish_n10",
        "1x3x33x47-mbconv_r3_s2_c48_k3_e4_se_relu-head_c64_relu_n3",
        "2x3x32x32-uib_r2_s2_c32_a3_k3_e2_silu-head_n10",
        "1x2x32x32-fusedmbconv_r2_s2_c16_k3_e2_relu6-head_c64_silu_n10",
        "1x3x32x32-conv_r1_s2_c16_k3_relu-head_max_n10",
        "1x6x1x50-min_gru_r2_s2_c16-sru_r1_s2_c32_bi-head_last_c64_relu_n7",
        "2x1x1x16000-log_mel_r1_s1_c64_hz8000_h128_w2-tcn_r1_s2_c32_k5_d1_bi_relu-min_gru_r1_s1_c32-head_last_n5",
        "1x1x1x24-embedding_r1_s1_c32_v64_onehot-min_gru_r1_s2_c16-head_n7",
        "1x1x1x24_masked-embedding_r1_s1_c64_v1024_gather-min_gru_r1_s2_c16-head_max_n7",
        "2x1x1x9_masked-embedding_r1_s1_c32_v2048_onehot-tcn_r1_s2_c16_k3_d1_relu-head_n7",
        "2x1x1x9-embedding_r1_s1_c32_v64_gather-tcn_r1_s1_c16_k3_d1_relu-head_last_n7",
        "2x1x1x33-qrnn_r2_s1_c32_k3-gru_r1_s1_c16_bi-lstm_r1_s2_c16-head_max_n3",
        "1x7x1x29_masked-tcn_r1_s2_c16_k3_d1_relu-min_gru_r2_s2_c32_bi-head_n3",
        "2x7x1x29_masked-tcn_r1_s1_c16_k3_d1_relu-sru_r1_s1_c32-head_max_c64_relu_n3",
        "1x2x1x8_masked-tcn_r1_s2_c16_k3_d1_relu-lstm_r2_s2_c16-head_last_n3",
        "1x5x1x29-tcn_r1_s2_c16_k3_d1_relu-min_gru_r1_s2_c32_bi-head_c64_relu_skip_n2",
        "2x1x1x16-qrnn_r1_s2_c32_k3-lstm_r1_s1_c16-head_last_skip_n1",
        "1x2x1x4_masked-tcn_r1_s2_c16_k3_d1_relu-qrnn_r2_s2_c16_k3-head_max_n3",
    ],
)
def test_heads_depths_batches_and_channels_are_predicted(text: str, package: Packaged) -> None:
    architecture = Architecture.parse(text)
    assert_agree(architecture_graph(architecture), package(architecture).graph)


class Folded(nn.Module):
    """A convolution without bias, and a constant for each channel."""

    def __init__(self, fold: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3, bias=False)
        self.fold = fold
        self.register_buffer("constant", torch.rand(1, 16, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fold(self.conv(x), self.constant)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "fold", [lambda x, _: x, operator.mul, operator.add, lambda x, _: 2 * x], ids=["nothing", "mul", "add", "scalar"]
)
def test_the_bias_of_a_convolution_is_predicted(
    fold: Callable[[torch.Tensor, torch.Tensor], torch.Tensor], tmp_path: Path
) -> None:
    module = Folded(fold).eval()
    convert_arrays(module, tmp_path / "conv.mlpackage", shape=(1, 3, 8, 8))
    (predicted,), stored = trace(module, (1, 3, 8, 8)).ops, Package.open(tmp_path / "conv.mlpackage").graph.ops
    (convolution,) = (op for op in stored if op.kind == "conv")
    assert [w.shape for w in predicted.weights] == [w.shape for w in convolution.weights]


class Bordered(nn.Module):
    """Padding before a convolution that has some of its own, and a second reader of it."""

    def __init__(self, value: float, twice: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3, 2, padding=1, bias=False)
        self.value, self.twice = value, twice

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        padded = F.pad(x, (0, 1, 2, 1), value=self.value)
        y = self.conv(padded).relu()
        return y.mean() * padded if self.twice else y


@pytest.mark.parametrize(("value", "twice"), [(0, False), (1, False), (0, True)])
def test_whether_padding_goes_into_a_convolution_is_predicted_and_changes_nothing(
    value: float, twice: bool, tmp_path: Path
) -> None:
    module = Bordered(value, twice).eval()
    package = convert_arrays(module, tmp_path / "conv.mlpackage", shape=(1, 3, 8, 8))
    predicted = [op.kind for op in trace(module, (1, 3, 8, 8)).ops]
    assert predicted == [op.kind for op in package.graph.ops if op.kind != "cast"]
    assert ("pad" in predicted) == (value == 1 or twice)
    x = torch.randn(1, 3, 8, 8)
    (found,) = load_program(package.path)({"image": x.numpy()}).values()
    with torch.no_grad():
        assert torch.allclose(torch.as_tensor(found).float(), module(x), atol=1e-2)


@pytest.mark.parametrize(
    ("text", "within"),
    [
        (
            "1x1x32x32-conv_r1_s2_c16_k3_relu-mbconv_r2_s2_c96_k3_e6_se_hswish-uib_r2_s2_c128_a3_k3_e4_relu-head_n10",
            0.1,
        ),
        ("1x6x1x128-tcn_r1_s2_c64_k5_d1_silu-qrnn_r2_s2_c48_k5_bi_res-min_gru_r1_s1_c64_bi-head_last_n10", 0.1),
        ("1x1x1x16000-log_mel_r1_s1_c64_hz8000_h80_w3-tcn_r1_s2_c64_k5_d1_bi_relu-min_gru_r1_s1_c64-head_last_n5", 0.1),
        ("1x6x1x64-tcn_r1_s2_c96_k3_d1_relu-unrolled_lstm_r1_s2_c128-head_n10", 0.33),  # its steps share their weights
    ],
)
def test_the_size_of_a_package_is_predicted(text: str, within: float, package: Packaged) -> None:
    architecture = Architecture.parse(text)
    actual = package(architecture).bytes
    graph = architecture_graph(architecture)
    convolutions = sum(op.kind == "conv" for op in graph.ops)
    expected = pytest.approx(actual, rel=within)
    assert estimated_package_bytes(graph.weight_bytes, len(graph.ops), convolutions) == expected
