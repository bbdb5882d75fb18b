from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import anenas
from anenas._errors import AnenasError
from anenas.ane import check
from anenas.coreml import Package, convert, convert_streamed, verify_streamed
from anenas.network import Deployed, Normalisation, Streamed, build, fuse
from anenas.network._head import MaskedPool
from anenas.space import Architecture

# Each kind of state; 18 steps are four chunks of four and half a one.
ARCHITECTURES = (
    "1x3x1x18-tcn_r1_s2_c16_k3_d2_relu-qrnn_r1_s1_c16_k3_res-sru_r1_s2_c16_res-unrolled_gru_r1_s1_c16-head_n3",
    "1x3x1x18-tcn_r1_s2_c16_k3_d1_silu-min_gru_r1_s2_c16-unrolled_lstm_r1_s1_c16_res-head_max_c16_relu_n3",
    "1x3x1x18_masked-tcn_r1_s2_c16_k3_d1_relu-min_gru_r1_s2_c16-head_n3",
    "1x3x1x18_masked-tcn_r1_s2_c16_k3_d1_relu-min_gru_r1_s2_c16-head_max_n3",
    "1x3x1x18-tcn_r1_s2_c16_k3_d1_relu-min_gru_r1_s1_c16-head_max_skip_n3",
    "2x3x1x18-min_gru_r1_s1_c16-lstm_r1_s1_c16-gru_r1_s1_c16_res-head_last_n3",
)
CLASSES = ["a", "b", "c"]


def network_of(architecture: Architecture) -> Deployed:
    torch.manual_seed(0)
    network = build(architecture)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -1, 1)  # type: ignore[arg-type]
            nn.init.uniform_(module.bias, -1, 1)
    return Deployed(fuse(network), Normalisation((0.001,) * 3, (0.004,) * 3)).eval()


Programs = tuple[Package, Package, Streamed]
"""The streaming program, the one of whole series, and the network."""


def written(text: str, folder: Path) -> Programs:
    architecture = Architecture.parse(text)
    network = network_of(architecture)
    streamed = Streamed(network, architecture).eval()
    package = convert_streamed(streamed, folder / "stream.mlpackage", classes=CLASSES)
    whole = convert(network, folder / "whole.mlpackage", shape=architecture.input, classes=CLASSES)
    return package, whole, streamed


@pytest.fixture(scope="module")
def programs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Programs:
    return written(request.param, tmp_path_factory.mktemp("programs"))


first = pytest.mark.parametrize("programs", ARCHITECTURES[:1], indirect=True, ids=[""])


def series() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((4, 3, 1, 18)).astype(np.float32)


@pytest.mark.parametrize("programs", ARCHITECTURES, indirect=True)
def test_a_streaming_program_stays_on_the_engine_and_gives_what_its_network_does(programs: Programs) -> None:
    package, whole, streamed = programs
    graph = package.graph
    assert not [finding for finding in check(graph, anenas.chips()["A15"]) if finding.severity == "error"]
    assert [one.name for one in graph.inputs] == ["series", *streamed.states]
    network, program = verify_streamed(package, whole, streamed, series())
    assert network.passed and program.passed, network.problems + program.problems
    assert network.fp32[-1].name == "18 of 18 steps"
    assert network.samples == 4 and len(network.fp32) >= 3
    assert network.tolerances["fp32"] <= 1.0001e-4
    assert network.fp32[-1].relative < 1e-5 < network.fp16[-1].relative < 0.01
    if "lstm" not in {op.kind for op in whole.graph.ops}:
        assert program.fp32[0].relative < 1e-5


@pytest.mark.parametrize("programs", ARCHITECTURES[:4], indirect=True)
def test_what_is_allowed_follows_the_program_whose_weights_are_rounded_already(programs: Programs) -> None:
    for found in verify_streamed(*programs, series()):
        assert found.tolerances["fp32"] < 3e-5 and found.tolerances["fp16"] < 0.03


@first
def test_other_weights_are_noticed(programs: Programs) -> None:
    package, whole, streamed = programs
    streamed = copy.deepcopy(streamed)
    with torch.no_grad():
        next(streamed.network.parameters()).mul_(1.5)
    network, program = verify_streamed(package, whole, streamed, series())
    assert not network.passed and program.passed


@first
@pytest.mark.parametrize("mistake", ["epsilon", "weight", "label"])
def test_a_small_mistake_is_noticed(programs: Programs, mistake: str) -> None:
    """Other numbers than the program's: of a wrong epsilon, one weight in hundreds, two classes that are swapped."""
    package, whole, streamed = programs
    streamed = copy.deepcopy(streamed)
    with torch.no_grad():
        if mistake == "epsilon":  # 1e-3 for 1e-5 where the variance is 0.01
            next(streamed.network.parameters()).div_((0.011 / 0.01001) ** 0.5)
        elif mistake == "weight":
            next(one for one in streamed.network.parameters() if one.ndim > 1)[3, 1].add_(0.1)
        else:
            for one in list(streamed.network.parameters())[-2:]:
                one[[0, 1]] = one[[1, 0]]
    network, program = verify_streamed(package, whole, streamed, series())
    assert not network.passed and program.passed


class Scaled(nn.Softmax):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) * 1.03


@pytest.mark.parametrize("programs", ARCHITECTURES[3:4], indirect=True, ids=[""])
@pytest.mark.parametrize("mistake", ["mask", "epsilon", "scale"])
def test_a_mistake_of_masked_series_is_noticed(
    programs: Programs, mistake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their maximum begins far below all values, by a state of 0 or 1, which no rounding moves."""
    package, whole, streamed = programs
    x = series()
    x[:, -1] = 1
    for i, padding in enumerate((0, 4, 5, 9)):
        x[i, ..., :padding] = 0
    for right in verify_streamed(package, whole, streamed, x):
        assert right.passed, right.problems
    streamed = copy.deepcopy(streamed)
    if mistake == "mask":  # of the next step
        counted = MaskedPool.counted
        monkeypatch.setattr(MaskedPool, "counted", lambda self, there: counted(self, there.roll(-1, 3)))
    elif mistake == "epsilon":  # 1e-3 for 1e-5 where the variance is 0.001
        with torch.no_grad():
            next(streamed.network.parameters()).div_((0.002 / 0.00101) ** 0.5)
    else:
        assert isinstance(streamed.network, Deployed)
        streamed.network.output = Scaled(1)
    network, program = verify_streamed(package, whole, streamed, x)
    assert program.passed
    # What this epsilon makes of the outputs, 7e-4 of them, is less than float16 can tell.
    for precision in ("fp32",) if mistake == "epsilon" else ("fp32", "fp16"):
        assert any(f" in {precision} where " in problem for problem in network.problems), network.problems


@first
def test_a_count_that_float16_cannot_go_on_with_stays(programs: Programs) -> None:
    package, _, streamed = programs
    program = package.program("fp16")
    states = {name: np.zeros(shape, np.float16) for name, shape in streamed.states.items()}
    outputs = program({"series": series()[:1, ..., :4], **states, "head_count": np.full((1, 1, 1, 1), 2048.0)})
    assert outputs["head_count_out"] == 2048
    assert outputs["head_count_out"].dtype == outputs["stage1_0_h_out"].dtype == np.float16
    assert not program.report or all(event.kind == "denormal" for event in program.report)


@first
def test_what_is_no_streaming_program_is_told(programs: Programs) -> None:
    _, whole, _ = programs
    with pytest.raises(AnenasError, match="not a streaming program: series: fp32"):
        next(anenas.stream(whole.program(), series()))


@first
@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((1, 2, 1, 8), r"input series has the shape \(1, 2, 1, 4\)"),
        ((3, 8), r"expected series of shape \(N, C, 1, T\), got \(3, 8\)"),
    ],
)
def test_other_series_are_told(shape: tuple[int, ...], message: str, programs: Programs) -> None:
    with pytest.raises(AnenasError, match=message):
        next(anenas.stream(programs[0].program(), np.zeros(shape, np.float32)))
