from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from anenas.bundle._input import Input
from anenas.bundle._swift import stream_swift_source, swift_file, swift_source
from anenas.coreml import convert, convert_streamed
from anenas.inputs import SERIES, TEXTS, plain_kind
from anenas.mil import Program, load_program
from anenas.network import Streamed, build
from anenas.space import Architecture
from anenas.tasks import MULTILABEL, REGRESSION


class Mean(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean((2, 3)).softmax(1)


def program(folder: Path, shape: tuple[int, int, int, int]) -> Program:
    convert(Mean(), folder / "m.mlpackage", shape=shape, classes=[f"class {i}" for i in range(shape[1])])
    return load_program(folder / "m.mlpackage")


def test_an_image_comes_in_and_a_label_with_probabilities_comes_out(tmp_path: Path) -> None:
    source = swift_source(program(tmp_path, (1, 3, 4, 8)), "model.mlpackage", Input())
    assert 'inputDescriptionsByName["image"]?.imageConstraint' in source
    assert "8×4 in colour" in source
    assert 'featureValue(for: "classLabel")?.stringValue' in source
    assert 'featureValue(for: "classLabel_probs")?.dictionaryValue as? [String: Double]' in source
    assert "import Vision\n" in source
    assert "orientation: CGImagePropertyOrientation = .up, fit: VNImageCropAndScaleOption = .centerCrop" in source
    assert "scaled to cover 8×4 and cropped to its centre, as in training" in source
    assert "In training" not in source


def test_images_are_stretched_and_drawn_as_in_training(tmp_path: Path) -> None:
    takes = Input(stretched=True, pixels="transparent parts are drawn\non white")
    source = swift_source(program(tmp_path, (1, 3, 4, 8)), "model.mlpackage", takes)
    assert "fit: VNImageCropAndScaleOption = .scaleFill" in source
    assert "stretched, as in training" in source and "crop" not in source.replace("cropAndScale", "")
    assert "///     In training, transparent parts are drawn on white: do so before.\n" in source


def test_other_channels_come_in_as_an_array(tmp_path: Path) -> None:
    source = swift_source(program(tmp_path, (1, 4, 4, 8)), "model.mlpackage", Input())
    assert "MLShapedArray<Float>(scalars: pixels, shape: [1, 4, 4, 8])" in source
    assert 'dictionary: ["image": value]' in source
    assert "CGImage" not in source
    assert "let label: String" in source


def test_a_batch_gives_an_array_of_probabilities(tmp_path: Path) -> None:
    source = swift_source(program(tmp_path, (2, 3, 4, 8)), "model.mlpackage", Input())
    assert "shape: [2, 3, 4, 8]" in source
    assert 'featureValue(for: "probabilities")?.shapedArrayValue(of: Float.self)' in source
    assert "2×3 (images, labels), row by row" in source
    assert "label:" not in source


def test_series_come_in_as_an_array_whatever_their_channels(tmp_path: Path) -> None:
    source = swift_source(program(tmp_path, (1, 3, 1, 8)), "model.mlpackage", Input(SERIES, "as they are"))
    assert "Parameter series: As they are, 1×3×1×8 (series, channels, 1, steps), steps contiguous." in source
    assert "func prediction(for series: [Float])" in source
    assert 'dictionary: ["series": value]' in source
    assert "CGImage" not in source and "pixels" not in source


@pytest.mark.parametrize("shape", [(1, 1, 4, 4), (1, 4, 4, 4), (2, 1, 4, 4), (1, 3, 1, 4)])
def test_brackets_are_balanced_and_no_template_is_left(tmp_path: Path, shape: tuple[int, int, int, int]) -> None:
    source = swift_source(program(tmp_path, shape), "model.mlpackage", Input(plain_kind(shape[2])))
    assert all(source.count(a) == source.count(b) for a, b in ("{}", "()", "[]"))
    assert "{{" not in source and "None" not in source


def test_it_is_the_same_whatever_the_classes_are_called(tmp_path: Path) -> None:
    sources = set()
    for i, classes in enumerate((['"; fatalError() //', r"\(x)", "🐈 é|`*"], ["a", "b", "c"])):
        convert(Mean(), tmp_path / f"{i}.mlpackage", shape=(1, 3, 4, 8), classes=classes)
        sources.add(swift_source(load_program(tmp_path / f"{i}.mlpackage"), "model.mlpackage", Input()))
    assert len(sources) == 1


@pytest.mark.parametrize("tokens", ["words", "characters"])
@pytest.mark.parametrize("batch", [1, 2])
def test_texts_are_encoded_with_the_vocabulary_of_the_model(tmp_path: Path, tokens: str, batch: int) -> None:
    source = swift_source(program(tmp_path, (batch, 1, 1, 8)), "model.mlpackage", Input(TEXTS, tokens=tokens))
    assert ".creatorDefinedKey" in source and 'metadata["vocabulary"]' in source and "import Foundation" in source
    assert f"the ids of its first 8 {tokens}" in source and f"{tokens}.prefix(8)" in source
    assert f"shape: [{batch}, 1, 1, 8]" in source
    assert ("prediction(for text: String)" if batch == 1 else "prediction(for texts: [String])") in source
    assert all(source.count(a) == source.count(b) for a, b in ("{}", "()", "[]"))
    assert "{{" not in source and "None" not in source


def test_a_stream_is_asked_with_its_states(tmp_path: Path) -> None:
    architecture = Architecture.parse("1x3x1x8-tcn_r1_s2_c4_k3_d1_relu-min_gru_r1_s1_c4-head_last_n2")
    streamed = Streamed(build(architecture).eval(), architecture).eval()
    convert_streamed(streamed, tmp_path / "s.mlpackage", classes=["a", "b"])
    source = stream_swift_source(load_program(tmp_path / "s.mlpackage"), "stream.mlpackage")
    assert "MLShapedArray<Float>(scalars: chunk, shape: [1, 3, 1, 2])" in source
    assert 'inputs["series"] = ' in source and 'name + "_out"' in source
    assert '"stem_0_inputs": [1, 3, 1, 2],' in source and '"stage1_0_h": [1, 4, 1, 1],' in source
    assert all(source.count(a) == source.count(b) for a, b in ("{}", "()", "[]"))
    assert "{{" not in source and "None" not in source


def test_every_label_that_applies_is_told_of_several(tmp_path: Path) -> None:
    source = swift_source(program(tmp_path, (1, 3, 4, 8)), "model.mlpackage", Input(), MULTILABEL)
    assert "func labels(from threshold: Double = 0.5) -> [String] {" in source
    assert "struct Classifier {" in source and "labels(from" not in swift_source(
        program(tmp_path, (1, 3, 4, 8)), "model.mlpackage", Input()
    )


def test_numbers_are_properties_by_their_names(tmp_path: Path) -> None:
    module = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2)).eval()
    convert(module, tmp_path / "m.mlpackage", shape=(1, 3, 4, 8), classes=["class", "age (a)"], task=REGRESSION)
    source = swift_source(load_program(tmp_path / "m.mlpackage"), "model.mlpackage", Input(), REGRESSION)
    assert "struct Regressor {" in source and "let regressor = try Regressor(contentsOf: url)" in source
    assert "        let `class`: Float\n        let `age_a`: Float\n" in source
    assert 'return try Prediction(`class`: number("class"), `age_a`: number("age_a"))' in source
    assert "probabilities" not in source
    assert (swift_file(REGRESSION), swift_file(MULTILABEL)) == ("Regressor.swift", "Classifier.swift")
