from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from anenas import AnenasError
from anenas.coreml import Package, compress, convert
from anenas.graph import compressed, get_weight_format, weight_formats
from anenas.mil import coremltools
from anenas.space import Architecture

# Weights of 2,048 elements and fewer, in a block's worth of input channels and not, and one of more than 65,504.
NETWORK = Architecture.parse("1x1x16x16-conv_r1_s2_c16_k3_relu-conv_r1_s2_c48_k3_relu-conv_r1_s1_c160_k3_relu-head_n10")
Packaged = Callable[[Architecture], Package]


def weight_file(package: Package) -> Path:
    return package.path / "Data/com.apple.CoreML/weights/weight.bin"


def dense(package: Package) -> dict[str, np.ndarray]:
    """Weights by the operation that reads them, unpacked by coremltools."""
    ct = coremltools()
    from coremltools.optimize.coreml import get_weights_metadata

    model = ct.models.MLModel(str(package), skip_model_load=True)
    if package.stored_forms:
        model = ct.optimize.coreml.decompress_weights(model)
    return {weight.child_ops[0].name: weight.val for weight in get_weights_metadata(model).values()}


@pytest.fixture(scope="module")
def made(package: Packaged, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Package]:
    """The network in a form, made once."""
    folder = tmp_path_factory.mktemp("forms")

    @functools.cache
    def made(form: str) -> Package:
        return compress(package(NETWORK), folder / f"{form}.mlpackage", form)

    return made


@pytest.mark.parametrize("form", sorted(weight_formats()))
def test_the_program_is_the_same_and_as_large_as_its_graph_says(
    form: str, made: Callable[[str], Package], package: Packaged
) -> None:
    plain, smaller = package(NETWORK).graph, made(form).graph
    assert [(op.kind, op.outputs) for op in smaller.ops] == [(op.kind, op.outputs) for op in plain.ops]
    stored = weight_file(made(form)).stat().st_size
    blobs = 4 * sum(len(op.weights) for op in smaller.ops)
    # Each blob has 64 bytes of metadata, and begins at a multiple of 64.
    assert smaller.weight_bytes < stored < smaller.weight_bytes + 64 + 128 * blobs
    # Equal elements at the threshold are pruned together or not at all.
    assert smaller.weight_bytes == pytest.approx(compressed(plain, get_weight_format(form)).weight_bytes, rel=1e-3)


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ("int8", 0.01),
        ("int8-block", 0.01),
        ("int4-block", 0.15),
        ("palette8", 0.01),
        ("palette6", 0.04),
        ("palette4", 0.15),
        ("palette4-grouped", 0.15),
        ("palette2", 0.5),
        ("palette4+int8", 0.15),
    ],
)
def test_weights_stay_near_what_they_were(
    form: str, error: float, made: Callable[[str], Package], package: Packaged
) -> None:
    for name, weight in dense(package(NETWORK)).items():
        now = dense(made(form))[name].astype(np.float64)
        assert 0 < np.linalg.norm(now - weight) <= error * np.linalg.norm(weight.astype(np.float64))


@pytest.mark.parametrize(("form", "sparsity"), [("sparse50", 0.5), ("sparse75", 0.75), ("sparse75+int8", 0.75)])
def test_the_smallest_elements_of_every_weight_are_pruned(
    form: str, sparsity: float, made: Callable[[str], Package], package: Packaged
) -> None:
    weights = dense(package(NETWORK))
    assert max(weight.size for weight in weights.values()) > 65_504
    for name, weight in weights.items():
        now = dense(made(form))[name]
        assert np.mean(now == 0) == pytest.approx(sparsity, abs=0.02)
        assert np.abs(weight[now == 0]).max() <= np.abs(weight[now != 0]).min()


def test_metadata_and_labels_are_kept(made: Callable[[str], Package], package: Packaged) -> None:
    before, after = package(NETWORK).description, made("palette4").description
    metadata = made("palette4").model.description.metadata
    assert json.loads(metadata.userDefined["classes"]) == [f"class {i}" for i in range(10)]
    assert list(after.input) == list(before.input)
    assert list(after.output) == list(before.output)


@pytest.mark.parametrize(("form", "target"), [("palette4", "iOS16"), ("palette4-grouped", "iOS18")])
def test_the_target_is_raised_only_where_the_form_needs_it(
    form: str, target: str, package: Packaged, tmp_path: Path
) -> None:
    plain, small = package(NETWORK), compress(package(NETWORK), tmp_path / "small.mlpackage", form)
    assert (plain.target, small.target) == ("iOS16", target)
    assert small.bytes < plain.bytes
    stored = [weight.storage for op in small.graph.ops for weight in op.weights]
    assert (len(stored), stored.count(None)) == (8, 6)


def test_fp16_is_a_copy(made: Callable[[str], Package], package: Packaged) -> None:
    assert made("fp16").digest == package(NETWORK).digest


def test_a_package_is_compressed_once(made: Callable[[str], Package], tmp_path: Path) -> None:
    with pytest.raises(AnenasError, match=r"already compressed \(palette4\)"):
        compress(made("palette4"), tmp_path / "again.mlpackage", "int8")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("out", "form", "message"),
    [
        ("small", "int8", "must end in .mlpackage"),
        ("none/small.mlpackage", "int8", "no folder"),
        ("small.mlpackage", "int7", "unknown form 'int7'"),
        ("small.mlpackage", "w8a8", "needs training"),
    ],
)
def test_what_cannot_be_is_one_line_and_nothing_is_written(
    out: str, form: str, message: str, package: Packaged, tmp_path: Path
) -> None:
    with pytest.raises(AnenasError, match=message):
        compress(package(NETWORK), tmp_path / out, form)
    assert not list(tmp_path.iterdir())


def test_a_failure_leaves_what_was_there(package: Packaged, tmp_path: Path) -> None:
    out = tmp_path / "small.mlpackage"
    compress(package(NETWORK), out, "int8")
    before = Package.open(out).digest
    broken = compress(package(NETWORK), tmp_path / "broken.mlpackage", "fp16")
    weight_file(broken).write_bytes(b"")
    with pytest.raises(AnenasError, match="broken"):
        compress(broken, out, "palette4")
    assert Package.open(out).digest == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.mlpackage", "small.mlpackage"]


@pytest.mark.parametrize("form", ["int8-block", "int4-block", "palette4-grouped", "sparse75+int8"])
def test_a_bias_of_many_elements_has_no_blocks(form: str, package: Packaged, tmp_path: Path) -> None:
    wide = Architecture.parse("1x1x16x16-conv_r1_s2_c16_k3_relu-head_c2304_relu_n3")
    assert compress(package(wide), tmp_path / "small.mlpackage", form).bytes < package(wide).bytes


def test_constants_that_are_no_weights_stay_as_they_are_and_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A mask with infinities, anchors and positions, beside weights."""
    mask = torch.full((64, 64), -torch.inf).triu(1)
    positions = torch.linspace(0, 640, 64 * 64).reshape(64, 64)

    class Attending(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(64, 64)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            scores = (self.linear(x) + mask).softmax(-1)
            return scores * 0.5 + positions

    ct, x = coremltools(), torch.rand(64, 64)
    model = ct.convert(
        torch.jit.trace(Attending().eval(), x),
        inputs=[ct.TensorType(name="x", shape=x.shape)],
        minimum_deployment_target=ct.target.iOS16,
        skip_model_load=True,
    )
    model.save(str(tmp_path / "m.mlpackage"))
    plain = Package.open(tmp_path / "m.mlpackage")
    for form in ("palette2", "int8", "sparse75", "palette4+int8", "sparse50+palette4"):
        with caplog.at_level("INFO", "anenas"):
            small = compress(plain, tmp_path / "small.mlpackage", form)
        assert "2 constants with 8,192 numbers are not weights and stay unchanged" in caplog.text
        stored = {op.kind: [bool(one.storage) for one in op.weights if len(one.shape) > 1] for op in small.graph.ops}
        assert stored["linear"] == [True] and True not in stored["add"]
        exact, near = (one.program()({"x": x.numpy()}) for one in (plain, small))
        (was,), (now,) = exact.values(), near.values()
        assert np.isfinite(now).all() and np.abs(now - was).max() < 0.5  # of positions up to 640
        assert small.graph.weight_bytes == pytest.approx(
            compressed(plain.graph, get_weight_format(form)).weight_bytes, rel=1e-3
        )


def test_a_package_of_several_functions_names_them(package: Packaged, tmp_path: Path) -> None:
    ct = coremltools()
    both = ct.utils.MultiFunctionDescriptor()
    for name in ("short", "long"):
        both.add_function(str(package(NETWORK)), "main", name)
    both.default_function_name = "short"
    ct.utils.save_multifunction(both, str(tmp_path / "both.mlpackage"))
    with pytest.raises(AnenasError, match=r"contains 2 functions \(long, short\) that share weights"):
        compress(Package.open(tmp_path / "both.mlpackage"), tmp_path / "small.mlpackage", "int8")


@pytest.mark.parametrize("form", ["palette4-grouped", "int8"])
def test_the_output_channels_of_a_transposed_convolution_are_compressed_apart(form: str, tmp_path: Path) -> None:
    """Each 32 of them are of another size than those beside them, so that what is shared across them tells nothing."""
    torch.manual_seed(0)
    layer = nn.ConvTranspose2d(16, 64, 3)  # weights are (16, 64, 3, 3)
    with torch.no_grad():
        layer.weight *= torch.tensor([1.0, 0.01]).repeat_interleave(32)[:, None, None]
    network = nn.Sequential(layer, nn.Flatten(), nn.Linear(64 * 36, 2), nn.Softmax(1))
    plain = convert(network, tmp_path / "plain.mlpackage", shape=(1, 16, 4, 4), classes=["a", "b"])
    wanted, found = (
        next(weight for weight in dense(one).values() if weight.shape == (16, 64, 3, 3)).astype(np.float64)
        for one in (plain, compress(plain, tmp_path / "small.mlpackage", form))
    )
    axes = (0, 2, 3)
    error = np.sqrt(((found - wanted) ** 2).mean(axes) / (wanted**2).mean(axes))
    assert error.max() < 0.2


def test_equal_magnitudes_are_pruned_together_where_that_is_nearer() -> None:
    """Of three magnitudes, those in the middle lie across the half: all are pruned, or none."""
    coremltools()
    import coremltools.optimize.coreml as optimize

    from anenas.coreml._compress import _steps

    ((_, config_of),) = _steps(optimize, get_weight_format("sparse50"))
    for small, middle in ((0.1, 0.5), (0.1, 0.7), (0.45, 0.5), (0.0, 0.6), (0.0, 0.4), (0.5, 0.2), (0.3, 0.2)):
        counts = [round(1000 * small), round(1000 * middle)]
        values = np.repeat([0.25, 1.0, 4.0], [*counts, 1000 - sum(counts)])
        weight = SimpleNamespace(val=np.random.default_rng(0).permutation(values).astype(np.float16))
        pruned = (np.abs(weight.val) <= config_of(weight).threshold).sum()
        choices = [number for number in (counts[0], sum(counts), 1000) if number]
        nearest = min(choices, key=lambda number: abs(number - 500))
        assert pruned == nearest, (small, middle)
