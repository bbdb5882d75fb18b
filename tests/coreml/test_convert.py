from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from anenas.coreml import (
    Package,
    convert,
    convert_streamed,
    estimated_package_bytes,
    program_scores,
    verify_network,
)
from anenas.coreml._convert import save_package
from anenas.mil import coremltools
from anenas.network import Deployed, Normalisation, Streamed, build, fuse
from anenas.space import Architecture

Packaged = Callable[[Architecture], Package]

CLASSES = ["tabby cat", "chien à poil ras", "犬"]


class FirstPixels(nn.Module):
    """The least that can be converted."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.flatten(1)[:, : len(CLASSES)].softmax(1)


class Unconvertible(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        values: torch.Tensor = torch.linalg.eigvalsh(x[:, 0, :3, :3])
        return values.softmax(1)


def description(path: Path) -> Any:
    return coremltools().utils.load_spec(str(path)).description


def labels(path: Path) -> list[str]:
    function = coremltools().utils.load_spec(str(path)).mlProgram.functions["main"]
    (classify,) = [op for op in function.block_specializations[function.opset].operations if op.type == "classify"]
    stored = classify.inputs["classes"].arguments[0].value.immediateValue.list.values
    return [label.immediateValue.tensor.strings.values[0] for label in stored]


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Converts a module to model.mlpackage in a folder of its own."""

    def write(module: nn.Module | None = None, shape: tuple[int, ...] = (1, 1, 8, 8), **options: Any) -> Path:
        path = tmp_path / "model.mlpackage"
        convert(module or FirstPixels(), path, shape=shape, **{"classes": CLASSES} | options)  # type: ignore[arg-type]
        return path

    return write


@pytest.mark.parametrize("channels", [1, 3, 6])
def test_series_come_in_as_arrays_whatever_their_channels(write: Callable[..., Path], channels: int) -> None:
    (given,) = description(write(shape=(1, channels, 1, 8))).input
    assert given.name == "series" and given.type.WhichOneof("Type") == "multiArrayType"
    assert list(given.type.multiArrayType.shape) == [1, channels, 1, 8]


def test_a_classifier_has_its_labels_in_its_description_and_its_metadata(write: Callable[..., Path]) -> None:
    path = write(metadata={"anenas.architecture": "a-b-c"})
    found = description(path)
    assert (found.predictedFeatureName, found.predictedProbabilitiesName) == ("classLabel", "classLabel_probs")
    assert labels(path) == CLASSES
    assert json.loads(found.metadata.userDefined["classes"]) == CLASSES
    assert found.metadata.userDefined["anenas.architecture"] == "a-b-c"


@pytest.mark.parametrize(("channels", "color"), [(1, "GRAYSCALE"), (3, "RGB")])
def test_grey_and_colour_images_come_in_as_pictures(write: Callable[..., Path], channels: int, color: str) -> None:
    (given,) = description(write(shape=(1, channels, 8, 12))).input
    picture = given.type.imageType
    assert given.name == "image"
    assert (picture.height, picture.width) == (8, 12)
    assert picture.colorSpace == type(picture).ColorSpace.Value(color)
    assert picture.WhichOneof("SizeFlexibility") is None


@pytest.mark.parametrize("shape", [(2, 1, 8, 8), (4, 3, 8, 8), (1, 2, 8, 8), (1, 4, 8, 8)])
def test_batches_and_other_channels_come_in_as_arrays(
    write: Callable[..., Path], shape: tuple[int, int, int, int]
) -> None:
    found = description(write(shape=shape))
    (given,) = found.input
    array = given.type.multiArrayType
    assert given.name == "image"
    assert tuple(array.shape) == shape
    assert array.dataType == array.FLOAT32
    assert array.WhichOneof("ShapeFlexibility") is None
    assert json.loads(found.metadata.userDefined["classes"]) == CLASSES


def test_a_batch_gives_its_probabilities_as_an_array(write: Callable[..., Path]) -> None:
    (given,) = description(write(shape=(2, 1, 8, 8))).output
    assert given.name == "probabilities"
    assert (list(given.type.multiArrayType.shape), given.type.multiArrayType.dataType) == (
        [2, 3],
        given.type.multiArrayType.FLOAT32,
    )


def test_everything_between_the_image_and_the_probabilities_is_fp16(package: Packaged) -> None:
    graph = package(Architecture.parse("1x3x33x47-mbconv_r3_s2_c48_k3_e4_se_relu-head_c64_relu_n3")).graph
    first, *inside, last, classify = graph.ops
    assert (first.kind, last.kind, classify.kind) == ("cast", "cast", "classify")
    assert (first.inputs[0].dtype, last.outputs[0].dtype) == ("fp32", "fp32")
    tensors = [*first.outputs, *last.inputs]
    tensors += [tensor for op in inside for tensor in (*op.inputs, *op.outputs, *op.weights)]
    assert {tensor.dtype for tensor in tensors} == {"fp16"}


def test_every_size_is_fixed(write: Callable[..., Path]) -> None:
    graph = Package.open(write(shape=(1, 3, 8, 12))).graph
    assert graph.inputs[0].shape == (1, 3, 8, 12)
    assert all(size > 0 for op in graph.ops for tensor in op.outputs for size in tensor.shape)


def test_a_package_that_is_there_is_replaced_whole(write: Callable[..., Path]) -> None:
    path = write(shape=(1, 3, 8, 8))
    (path / "left over").write_text("from before")
    assert write(shape=(1, 1, 16, 16)) == path
    assert Package.open(path).graph.inputs[0].shape == (1, 1, 16, 16)
    assert not (path / "left over").exists()
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    ("module", "options", "error"),
    [
        (Unconvertible(), {}, RuntimeError),
        (nn.Conv2d(7, 3, 1), {}, RuntimeError),
        (FirstPixels(), {"classes": CLASSES[:2]}, ValueError),
        (FirstPixels(), {"metadata": {"key": 3}}, TypeError),
    ],
)
def test_a_conversion_that_fails_leaves_what_was_there_and_nothing_else(
    write: Callable[..., Path], module: nn.Module, options: dict[str, Any], error: type[Exception]
) -> None:
    path = write(shape=(1, 3, 8, 8))
    before = {file: file.read_bytes() for file in path.rglob("*") if file.is_file()}
    with pytest.raises(error):
        write(module, **options)
    assert {file: file.read_bytes() for file in path.rglob("*") if file.is_file()} == before
    assert list(path.parent.iterdir()) == [path]


class HalfSaved:
    """A model on whose way to the disk the disk becomes full."""

    def save(self, path: str) -> None:
        Path(path).mkdir(exist_ok=True)
        Path(path, "Manifest.json").write_text("{")
        raise OSError("No space left on device")


def test_a_save_that_fails_half_way_leaves_what_was_there_and_nothing_else(write: Callable[..., Path]) -> None:
    path = write()
    digest = Package.open(path).digest
    with pytest.raises(OSError, match="No space"):
        save_package(HalfSaved(), path)
    assert Package.open(path).digest == digest
    with pytest.raises(OSError, match="No space"):
        save_package(HalfSaved(), path.parent / "new.mlpackage")
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_that_is_no_package_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "exports"
    path.mkdir()
    (path / "mine").touch()
    with pytest.raises(ValueError, match=r"exports must end in \.mlpackage"):
        convert(FirstPixels(), path, shape=(1, 1, 8, 8), classes=CLASSES)
    assert set(tmp_path.rglob("*")) == {path, path / "mine"}


def test_the_size_of_a_package_is_that_of_its_files(write: Callable[..., Path]) -> None:
    path = write()
    before = Package.open(path).bytes
    (path / "Data" / "one").write_bytes(bytes(10))
    (path / "two").write_bytes(bytes(5))
    assert Package.open(path).bytes == before + 15


def test_converting_prints_nothing(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from torch import nn; from anenas.coreml import convert;"
        "net = nn.Sequential(nn.AvgPool2d(8), nn.Flatten(), nn.Softmax(1));"
        "convert(net, Path(sys.argv[1]), shape=(1, 3, 8, 8), classes=['a', 'b', 'c'])"
    )
    path = tmp_path / "model.mlpackage"
    done = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert path.is_dir()


@given(st.integers(0, 10**6), st.integers(0, 500), st.integers(0, 100), st.integers(1, 9))
def test_the_size_of_a_package_grows_with_what_is_in_it(
    weights: int, operations: int, convolutions: int, more: int
) -> None:
    size = estimated_package_bytes(weights, operations, convolutions)
    assert type(size) is int and size >= weights
    assert estimated_package_bytes(weights + more, operations, convolutions) == size + more
    assert estimated_package_bytes(weights, operations + more, convolutions) - size == 430 * more
    assert estimated_package_bytes(weights, operations, convolutions + more) - size == 680 * more


SERIES = "1x2x1x16-tcn_r1_s2_c16_k3_d1_relu-min_gru_r1_s2_c16-head_max_n3"


def of_series(text: str, mean: float, std: float) -> Deployed:
    """A network of channels of that mean and deviation, and of one around zero."""
    torch.manual_seed(0)
    means, deviations = (0.0, mean / 255), (2 / 255, std / 255)
    return Deployed(fuse(build(Architecture.parse(text))), Normalisation(means, deviations)).eval()


def in_float32(package: Package) -> list[str]:
    """The operations that are computed in float32."""
    kinds = [op.kind for op in package.graph.ops if op.inputs[0].dtype == "fp32"]
    return [kind for kind in kinds if kind not in ("cast", "classify")]


@pytest.mark.parametrize(("mean", "std"), [(1013.0, 8.0), (-9.81, 0.2), (250_000.0, 20_000.0), (0.0, 4e6)])
def test_series_that_float16_does_not_hold_are_normalised_before_it(mean: float, std: float, tmp_path: Path) -> None:
    network = of_series(SERIES, mean, std)
    package = convert(network, tmp_path / "m.mlpackage", shape=(1, 2, 1, 16), classes=["a", "b", "c"])
    assert in_float32(package) == ["batch_norm" if mean else "mul"]
    noise = np.random.default_rng(0).normal(size=(20, 2, 1, 16))
    series = (noise * np.array([2.0, std])[:, None, None] + np.array([0.0, mean])[:, None, None]).astype(np.float32)
    with torch.no_grad():
        expected = network(torch.from_numpy(series)).numpy()
    np.testing.assert_allclose(program_scores(package, series), expected, atol=1e-3)
    assert verify_network(package, network, series).passed


@pytest.mark.parametrize(("mean", "is_exact"), [(17.0, False), (-17.0, False), (18.0, True), (-18.0, True)])
def test_series_are_normalised_in_float32_from_where_float16_rounds_them_by_a_hundredth_of_a_deviation(
    mean: float, is_exact: bool, tmp_path: Path
) -> None:
    package = convert(
        of_series(SERIES, mean, 1.0), tmp_path / "m.mlpackage", shape=(1, 2, 1, 16), classes=["a", "b", "c"]
    )
    assert (package.graph.ops[0].kind == "batch_norm") == is_exact


def test_chunks_of_a_stream_are_normalised_before_float16_too(tmp_path: Path) -> None:
    streamed = Streamed(of_series(SERIES, 1013.0, 8.0), Architecture.parse(SERIES)).eval()
    package = convert_streamed(streamed, tmp_path / "s.mlpackage", classes=["a", "b", "c"])
    assert in_float32(package) == ["batch_norm"]
