from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import nn
from trained import CLASSES, MEAN, STD, deploy, edited, export, trained

from anenas._errors import AnenasError
from anenas.coreml import Difference, Package, convert, program_accuracy, program_scores, verify, verify_network
from anenas.mil import Precision, coremltools
from anenas.network import Deployed, Normalisation, build, fuse
from anenas.space import Architecture


@pytest.fixture(scope="module")
def network() -> nn.Module:
    return trained()


@pytest.fixture(scope="module")
def deployed(network: nn.Module) -> nn.Module:
    return deploy(network)


@pytest.fixture(scope="module")
def package(network: nn.Module, tmp_path_factory: pytest.TempPathFactory) -> Package:
    return export(network, tmp_path_factory.mktemp("exported"))


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (8, 1, 16, 16)).astype(np.float32)


def test_what_was_exported_passes_in_both_precisions(package: Package, deployed: nn.Module, pixels: np.ndarray) -> None:
    result = verify_network(package, deployed, pixels)
    assert result.passed
    assert result.samples == 8
    expected = deployed(torch.from_numpy(pixels)).detach().numpy()
    assert result.fp16[0].relative == pytest.approx(result.fp16[0].largest / expected.max(), rel=1e-2)
    assert result.layers == ()
    assert result.fp32[0].relative < 1e-5
    assert 0 < result.fp16[0].relative < 0.01
    assert result.fp16[0].top1 == 1


def test_a_program_edited_by_one_weight_does_not(
    package: Package, deployed: nn.Module, pixels: np.ndarray, tmp_path: Path
) -> None:
    result = verify_network(edited(package, tmp_path), deployed, pixels)
    assert not result.passed
    assert "differs by" in result.problems[0]


def test_what_does_not_pass_is_an_error_where_it_is_required(
    package: Package, deployed: nn.Module, pixels: np.ndarray, tmp_path: Path
) -> None:
    passed = verify_network(package, deployed, pixels)
    assert passed.require("the program") is passed
    failed = verify_network(edited(package, tmp_path), deployed, pixels, "the network of before")
    with pytest.raises(AnenasError, match=r"^the program is not the network of before: classLabel_probs differs by "):
        failed.require("the program")


def test_weights_that_are_not_rounded_are_as_near_as_float16_is(
    package: Package, deployed: nn.Module, pixels: np.ndarray
) -> None:
    exact = verify_network(package, deployed, pixels, rounded=False)
    assert verify_network(package, deployed, pixels).fp32[0].largest < exact.fp32[0].largest < 1e-2


def test_what_rounding_to_float32_explains_is_no_difference(pixels: np.ndarray, tmp_path: Path) -> None:
    """Folded weights that lie between two of float16, so that it depends on the last bit to which they are rounded."""
    torch.manual_seed(0)
    first, norm, second = nn.Conv2d(1, 32, 1, bias=False), nn.BatchNorm2d(32), nn.Conv2d(32, 4, 1)
    with torch.no_grad():
        first.weight.fill_(1)
        norm.running_var.uniform_(0.5, 2)
        norm.weight.copy_((1 + 2**-11) * (norm.running_var.double() + norm.eps).sqrt())
    network = nn.Sequential(first, norm, second, nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()))
    deployed = Deployed(network, Normalisation(MEAN, STD)).eval()
    package = convert(deployed, tmp_path / "m.mlpackage", shape=(1, 1, 16, 16), classes=CLASSES, metadata={})
    result = verify_network(package, deployed, pixels)
    assert 1e-4 < result.tolerances["fp32"] <= 1e-2
    assert 1e-6 < result.fp32[0].relative <= result.tolerances["fp32"]
    with torch.no_grad():
        second.bias.add_(torch.tensor([0.1, 0, 0, 0]))
    changed = verify_network(package, deployed, pixels)
    assert not changed.fp32[0].relative <= changed.tolerances["fp32"]


def test_layers_tell_where_they_part(package: Package, deployed: nn.Module, pixels: np.ndarray, tmp_path: Path) -> None:
    same = verify_network(package, deployed, pixels, layers=True).layers
    assert len(same) > 10
    assert max(one.relative for one in same) < 2e-3
    other = verify_network(edited(package, tmp_path), deployed, pixels, layers=True).layers
    assert [one.name for one in other] == [one.name for one in same]
    parted = [one.relative > 2e-3 for one in other]
    assert any(parted)
    assert not any(parted[: parted.index(True)])


def test_a_network_that_overflows_in_float16_is_named(tmp_path: Path) -> None:
    class Loud(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Conv2d(1, 16, 3), nn.Conv2d(16, 4, 1)
            nn.init.constant_(self.first.weight, 60.0)
            nn.init.constant_(self.second.weight, 1e-4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.second(self.first(x)).mean((2, 3)).softmax(1)

    loud = Loud().eval()
    package = convert(loud, tmp_path / "loud.mlpackage", shape=(1, 1, 16, 16), classes=CLASSES)
    result = verify_network(package, loud, np.full((1, 1, 16, 16), 255, dtype=np.float32))
    assert not result.passed
    assert "overflow of" in result.problems[0]
    assert "(conv) in float16" in result.problems[0]


def test_samples_are_those_of_the_input_that_holds_most(tmp_path: Path) -> None:
    class Sum(nn.Module):
        def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            return x + y

    ct, x, y = coremltools(), np.ones((3, 2), np.float32), np.ones((1, 2), np.float32)
    model = ct.convert(
        torch.jit.trace(Sum(), (torch.from_numpy(x), torch.from_numpy(y))),
        inputs=[ct.TensorType(name=name, shape=one.shape) for name, one in (("x", x), ("y", y))],
        outputs=[ct.TensorType(name="sum")],
        minimum_deployment_target=ct.target.iOS16,
        skip_model_load=True,
    )
    model.save(str(tmp_path / "sum.mlpackage"))
    result = verify(Package.open(tmp_path / "sum.mlpackage"), {"x": x, "y": y}, {"sum": x + y}, "the sum")
    assert result.passed and result.samples == 3


def test_values_of_another_shape_are_told(package: Package, pixels: np.ndarray) -> None:
    with pytest.raises(AnenasError, match=r"has the shape \(8, 4\), expected \(8, 3\)"):
        verify(package, {"image": pixels}, {"classLabel_probs": np.zeros((8, 3))}, "nothing")


def test_accuracy_is_that_of_the_program(package: Package, deployed: nn.Module, pixels: np.ndarray) -> None:
    with torch.no_grad():
        labels = deployed(torch.from_numpy(pixels)).argmax(1).numpy()
    assert program_accuracy(package, pixels, labels) == 1
    assert program_accuracy(package, pixels, (labels + np.arange(8) % 2) % 4) == 0.5


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_scores_are_the_program_s_for_each_input_in_turn(precision: Precision, package: Package) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (70, 1, 16, 16), dtype=np.uint8)  # more than are run at once
    scores = program_scores(package, pixels, precision)
    assert (scores.dtype, scores.shape) == (np.float32, (70, 4))
    expected = package.program(precision)({"image": pixels.astype(np.float32)})["classLabel_probs"]
    np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-6)


def test_scores_need_inputs_of_the_package_s_size(package: Package, pixels: np.ndarray) -> None:
    with pytest.raises(AnenasError, match=r"takes inputs of \(1, 16, 16\), got \(1, 8, 8\)"):
        program_scores(package, pixels[:, :, :8, :8])
    with pytest.raises(AnenasError, match="there are no inputs"):
        program_scores(package, pixels[:0])


def test_scores_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    class Loud(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return 1000 * x.mean((2, 3))

    package = convert(Loud().eval(), tmp_path / "loud.mlpackage", shape=(1, 4, 16, 16), classes=CLASSES)
    with pytest.raises(AnenasError, match="not finite in fp16"):
        program_scores(package, np.full((1, 4, 16, 16), 255, np.float32))


FINITE = st.floats(-1e3, 1e3, width=32)


@given(arrays(np.float32, (3, 4), elements=FINITE))
def test_an_array_does_not_differ_from_itself(values: np.ndarray) -> None:
    same = Difference.between("y", values, values)
    assert (same.largest, same.mean, same.relative, same.top1) == (0, 0, 0, 1)
    assert same.cosine == pytest.approx(1)


@given(arrays(np.float32, (3, 4), elements=FINITE), arrays(np.float32, (3, 4), elements=FINITE))
def test_differences_are_what_numpy_says(a: np.ndarray, b: np.ndarray) -> None:
    found = Difference.between("y", a, b)
    np.testing.assert_allclose(found.largest, np.abs(a.astype(float) - b).max())
    assert found.mean <= found.largest + 1e-9
    assert -1.0001 <= found.cosine <= 1.0001
    assert (found.relative == 0) == np.array_equal(a, b)


def test_what_is_not_finite_differs_unless_it_is_the_same() -> None:
    bad = np.array([1.0, np.nan])
    assert Difference.between("y", bad, np.ones(2)).relative == np.inf
    assert Difference.between("y", bad, bad).relative == 0


@pytest.mark.parametrize(
    "recurrence", ["lstm_r1_s1_c16_bi", "gru_r1_s1_c16_bi", "sru_r1_s2_c16_bi_res", "unrolled_gru_r1_s1_c16"]
)
def test_every_operation_of_a_recurrent_network_is_held_against_torchs(recurrence: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    architecture = Architecture.parse(f"1x2x1x8-tcn_r1_s1_c16_k3_d1_relu-{recurrence}-head_last_n4")
    network = build(architecture)
    with torch.no_grad():
        for weights in network.parameters():
            weights.mul_(2)  # further from what float16 holds exactly
    network = Deployed(fuse(network), Normalisation((0.001,) * 2, (0.01,) * 2)).eval()
    package = convert(network, tmp_path / "m.mlpackage", shape=architecture.input, classes=CLASSES)
    series = np.random.default_rng(0).standard_normal((3, 2, 1, 8)).astype(np.float32)
    result = verify_network(package, network, series, layers=True)
    assert result.passed, result.problems
    assert len(result.layers) >= 16 and max(layer.relative for layer in result.layers) < 1e-3


@pytest.mark.parametrize(
    ("mean", "std", "kept"),
    [
        (0, 0.01, ["mul"]),
        (1e-10, 0.01, ["mul"]),
        (0.05, 1 / 255, ["add"]),
        (0, 1 / 255, []),
        (0.05, 0.01, ["batch_norm"]),
    ],
)
def test_a_normalisation_that_float16_makes_nothing_of_is_not_expected(
    mean: float, std: float, kept: list[str], tmp_path: Path
) -> None:
    architecture = Architecture.parse("1x2x1x8-tcn_r1_s1_c16_k3_d1_relu-head_last_n4")
    network = Deployed(fuse(build(architecture)), Normalisation((mean, mean), (std, std))).eval()
    package = convert(network, tmp_path / "m.mlpackage", shape=architecture.input, classes=CLASSES)
    kinds = [op.kind for op in package.graph.ops]
    assert kinds[1 : kinds.index("conv")] == kept
    series = np.random.default_rng(0).standard_normal((2, 2, 1, 8)).astype(np.float32)
    assert verify_network(package, network, series, layers=True).passed
