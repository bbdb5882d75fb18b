from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from torch import nn

from anenas._errors import AnenasError
from anenas.coreml import as_arrays, convert_arrays, example_inputs, package_digest, read_graph
from anenas.graph import fingerprint
from anenas.mil._package import open_package
from anenas.mil._tools import coremltools
from anenas.space import Architecture

Package = Callable[[Architecture], Path]

CLASSIFIER = Architecture.parse("1x3x16x24-conv_r1_s2_c16_k3_relu-head_n4")


def test_images_and_labels_become_arrays_and_the_program_stays(package: Package, tmp_path: Path) -> None:
    copy = tmp_path / "copy.mlpackage"
    as_arrays(package(CLASSIFIER), copy)
    description = open_package(copy).model.description
    (given,), (out,) = description.input, description.output
    assert (given.name, list(given.type.multiArrayType.shape)) == ("image", [1, 3, 16, 24])
    assert (out.name, list(out.type.multiArrayType.shape)) == ("probabilities", [1, 4])
    assert not description.predictedFeatureName
    before, after = read_graph(package(CLASSIFIER)), read_graph(copy)
    assert after.ops == before.ops[:-1]
    assert [tensor.name for tensor in after.outputs] == ["probabilities"]
    assert fingerprint(after) == fingerprint(before)


def test_a_copy_is_a_model_that_coremltools_reads(package: Package, tmp_path: Path) -> None:
    copy = tmp_path / "copy.mlpackage"
    as_arrays(package(CLASSIFIER), copy)
    model = coremltools().models.MLModel(str(copy), skip_model_load=True)
    model.save(str(tmp_path / "again.mlpackage"))
    assert read_graph(tmp_path / "again.mlpackage") == read_graph(copy)


def test_inputs_are_pixels_for_images_and_the_same_each_time(package: Package, tmp_path: Path) -> None:
    copy = tmp_path / "copy.mlpackage"
    as_arrays(package(CLASSIFIER), copy)
    for path in (copy, package(CLASSIFIER)):
        (image,) = example_inputs(path).values()
        assert image.shape == (1, 3, 16, 24)
        assert image.dtype == np.float32
        assert image.min() >= 0 and 200 < image.max() <= 255
        np.testing.assert_array_equal(image, example_inputs(path)["image"])
        assert not np.array_equal(image, example_inputs(path, seed=1)["image"])


def test_other_inputs_are_drawn_around_nought(tmp_path: Path) -> None:
    convert_arrays(nn.Linear(64, 8).eval(), tmp_path / "m.mlpackage", shape=(4, 64), source="x", output="y")
    (x,) = example_inputs(tmp_path / "m.mlpackage").values()
    assert x.shape == (4, 64)
    assert abs(x.mean()) < 0.3 < x.std()


def test_an_input_without_a_fixed_shape_is_refused(package: Package, tmp_path: Path) -> None:
    path = tmp_path / "m.mlpackage"
    shutil.copytree(package(CLASSIFIER), path)
    spec = open_package(path).model
    dimension = spec.mlProgram.functions["main"].inputs[0].type.tensorType.dimensions[0]
    dimension.unknown.variadic = False
    (path / "Data/com.apple.CoreML/model.mlmodel").write_bytes(spec.SerializeToString())
    with pytest.raises(AnenasError, match="the input image has no fixed shape"):
        example_inputs(path)


def test_a_digest_follows_the_contents_and_not_the_identifiers(package: Package, tmp_path: Path) -> None:
    copy = tmp_path / "copy.mlpackage"
    shutil.copytree(package(CLASSIFIER), copy)
    (copy / "Manifest.json").write_text("{}")
    assert package_digest(copy) == package_digest(package(CLASSIFIER))
    weights = copy / "Data/com.apple.CoreML/weights/weight.bin"
    weights.write_bytes(weights.read_bytes() + b"\0")
    assert package_digest(copy) != package_digest(package(CLASSIFIER))


def test_a_package_with_links_is_not_copied(package: Package, tmp_path: Path) -> None:
    linked, secret = tmp_path / "linked.mlpackage", tmp_path / "secret"
    shutil.copytree(package(CLASSIFIER), linked)
    secret.write_text("secret")
    (linked / "Data/com.apple.CoreML/weights/more.bin").symlink_to(secret)
    with pytest.raises(AnenasError, match=r"holds a link, Data/com\.apple\.CoreML/weights/more\.bin"):
        as_arrays(linked, tmp_path / "copy.mlpackage")
    assert not (tmp_path / "copy.mlpackage").exists()


def test_an_absurd_shape_is_refused_rather_than_made(package: Package, tmp_path: Path) -> None:
    path = tmp_path / "m.mlpackage"
    shutil.copytree(package(CLASSIFIER), path)
    spec = open_package(path).model
    spec.mlProgram.functions["main"].inputs[0].type.tensorType.dimensions[2].constant.size = 10**12
    (path / "Data/com.apple.CoreML/model.mlmodel").write_bytes(spec.SerializeToString())
    with pytest.raises(AnenasError, match=r"1000000000000×.* values, too many to make an example of"):
        example_inputs(path)
