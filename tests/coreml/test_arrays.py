from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from torch import nn

from anenas._errors import AnenasError
from anenas.coreml import Package, as_arrays, convert_arrays
from anenas.coreml._arrays import _describe_array
from anenas.graph import fingerprint
from anenas.mil import ProgramFile, coremltools
from anenas.space import Architecture

Packaged = Callable[[Architecture], Package]

CLASSIFIER = Architecture.parse("1x3x16x24-conv_r1_s2_c16_k3_relu-head_n4")


def test_images_and_labels_become_arrays_and_the_program_stays(package: Packaged, tmp_path: Path) -> None:
    copy = tmp_path / "copy.mlpackage"
    arrays = as_arrays(package(CLASSIFIER), copy)
    description = arrays.model.description
    (given,), (out,) = description.input, description.output
    assert (given.name, list(given.type.multiArrayType.shape)) == ("image", [1, 3, 16, 24])
    assert (out.name, list(out.type.multiArrayType.shape)) == ("probabilities", [1, 4])
    assert not description.predictedFeatureName
    before, after = package(CLASSIFIER).graph, arrays.graph
    assert after.ops == before.ops[:-1]
    assert [tensor.name for tensor in after.outputs] == ["probabilities"]
    assert fingerprint(after) == fingerprint(before)


def test_a_copy_is_a_model_that_coremltools_reads(package: Packaged, tmp_path: Path) -> None:
    copy = tmp_path / "copy.mlpackage"
    arrays = as_arrays(package(CLASSIFIER), copy)
    model = coremltools().models.MLModel(str(copy), skip_model_load=True)
    model.save(str(tmp_path / "again.mlpackage"))
    assert Package.open(tmp_path / "again.mlpackage").graph == arrays.graph


def test_inputs_are_pixels_for_images_and_the_same_each_time(package: Packaged, tmp_path: Path) -> None:
    copy = tmp_path / "copy.mlpackage"
    for one in (as_arrays(package(CLASSIFIER), copy), package(CLASSIFIER)):
        (image,) = one.example_inputs().values()
        assert image.shape == (1, 3, 16, 24)
        assert image.dtype == np.float32
        assert image.min() >= 0 and 200 < image.max() <= 255
        np.testing.assert_array_equal(image, one.example_inputs()["image"])
        assert not np.array_equal(image, one.example_inputs(seed=1)["image"])


def test_other_inputs_are_drawn_around_zero(tmp_path: Path) -> None:
    linear = convert_arrays(nn.Linear(64, 8).eval(), tmp_path / "m.mlpackage", shape=(4, 64), source="x", output="y")
    (x,) = linear.example_inputs().values()
    assert x.shape == (4, 64)
    assert abs(x.mean()) < 0.3 < x.std()


def test_an_input_without_a_fixed_shape_is_refused(package: Packaged, tmp_path: Path) -> None:
    path = tmp_path / "m.mlpackage"
    shutil.copytree(package(CLASSIFIER).path, path)
    spec = ProgramFile.open(path).model
    dimension = spec.mlProgram.functions["main"].inputs[0].type.tensorType.dimensions[0]
    dimension.unknown.variadic = False
    (path / "Data/com.apple.CoreML/model.mlmodel").write_bytes(spec.SerializeToString())
    with pytest.raises(AnenasError, match="the input image has no fixed shape"):
        Package.open(path).example_inputs()


def test_a_digest_follows_the_contents_and_not_the_identifiers(package: Packaged, tmp_path: Path) -> None:
    copy = tmp_path / "copy.mlpackage"
    shutil.copytree(package(CLASSIFIER).path, copy)
    manifest = (copy / "Manifest.json").read_text()
    (copy / "Manifest.json").write_text(manifest.replace(json.loads(manifest)["rootModelIdentifier"], "another"))
    assert Package.open(copy).digest == package(CLASSIFIER).digest
    weights = copy / "Data/com.apple.CoreML/weights/weight.bin"
    weights.write_bytes(weights.read_bytes() + b"\0")
    assert Package.open(copy).digest != package(CLASSIFIER).digest


def test_a_package_with_links_is_not_copied(package: Packaged, tmp_path: Path) -> None:
    linked, secret = tmp_path / "linked.mlpackage", tmp_path / "secret"
    shutil.copytree(package(CLASSIFIER).path, linked)
    secret.write_text("secret")
    (linked / "Data/com.apple.CoreML/weights/more.bin").symlink_to(secret)
    with pytest.raises(AnenasError, match=r"contains a link, Data/com\.apple\.CoreML/weights/more\.bin"):
        as_arrays(Package.open(linked), tmp_path / "copy.mlpackage")
    assert not (tmp_path / "copy.mlpackage").exists()


def test_an_absurd_shape_is_refused_rather_than_made(package: Packaged, tmp_path: Path) -> None:
    path = tmp_path / "m.mlpackage"
    shutil.copytree(package(CLASSIFIER).path, path)
    spec = ProgramFile.open(path).model
    spec.mlProgram.functions["main"].inputs[0].type.tensorType.dimensions[2].constant.size = 10**12
    (path / "Data/com.apple.CoreML/model.mlmodel").write_bytes(spec.SerializeToString())
    with pytest.raises(AnenasError, match=r"is damaged: operation image: a value of 4 axes and .* elements"):
        Package.open(path).example_inputs()


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [(None, SimpleNamespace(feature=1)), ((1, 2), None), ((1, 2), SimpleNamespace(feature=None))],
)
def test_a_value_that_no_array_can_be_is_told(shape: tuple[int, ...] | None, dtype: object) -> None:
    value: Any = SimpleNamespace(name="x", type=SimpleNamespace(shape=shape, dtype=dtype))
    with pytest.raises(AnenasError, match="'x' has no fixed shape, or an element type that Core ML does"):
        _describe_array(None, value, Path("m.mlmodel"))
