"""The way to Core ML itself, with something that stands in for it: no test can reach the real one from here."""

from __future__ import annotations

import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from anenas._errors import AnenasError
from anenas.mil import Feature, coremltools, load_program, predict
from anenas.mil._apple import _given, _taken


class Means(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x.mean((2, 3)) / 255).softmax(1)


class StandIn:
    """Takes what Core ML takes, and answers as it does: a picture in, a label and a dictionary out."""

    def __init__(self, path: str) -> None:
        self._program = load_program(path)

    def predict(self, given: dict[str, Any]) -> dict[str, Any]:
        picture = given["image"]
        assert picture.mode == "RGB"
        outputs = self._program({"image": np.moveaxis(np.asarray(picture), -1, 0)[None]})
        (probabilities,) = outputs["classLabel_probs"]
        answers = sorted(zip(self._program.classes, probabilities.tolist(), strict=True), key=lambda pair: -pair[1])
        return {"classLabel": str(outputs["classLabel"][0]), "classLabel_probs": dict(answers)}


@pytest.fixture
def classifier(converted: Callable[..., Path]) -> Path:
    ct = coremltools()
    image = ct.ImageType(name="image", shape=(1, 3, 4, 6), color_layout=ct.colorlayout.BGR)
    labels = ct.ClassifierConfig(["blue", "green", "red"])
    return converted(Means(), (1, 3, 4, 6), inputs=[image], classifier_config=labels)


def test_core_ml_is_on_macos_only(classifier: Path) -> None:
    with pytest.raises(AnenasError, match="Core ML exists only on macOS"):
        predict(classifier, {})


def test_core_ml_is_asked_and_answers_as_torch_does(classifier: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    monkeypatch.setattr(coremltools().models, "MLModel", StandIn)
    pixels = np.random.RandomState(0).randint(0, 256, (3, 3, 4, 6)).astype(np.uint8)
    expected, actual = load_program(classifier)({"image": pixels}), predict(classifier, {"image": pixels})
    assert actual.keys() == expected.keys()
    assert actual["classLabel"].tolist() == expected["classLabel"].tolist()
    np.testing.assert_allclose(actual["classLabel_probs"], expected["classLabel_probs"], rtol=1e-6)


@pytest.mark.parametrize(("image", "mode"), [("RGB", "RGB"), ("BGR", "RGB"), ("grayscale", "L")])
def test_a_picture_is_given_as_whole_pixels_in_the_order_of_pillow(image: str, mode: str) -> None:
    channels = 1 if image == "grayscale" else 3
    array = np.random.default_rng(0).uniform(-20, 280, (1, channels, 4, 6)).astype(np.float32)
    picture = _given(array, Feature("x", "fp32", array.shape, image=image))
    assert (picture.mode, picture.size) == (mode, (6, 4))
    pixels = np.clip(np.rint(array[0]), 0, 255)  # a program that takes them in reverse is given them so
    pixels = pixels[::-1] if image == "BGR" else pixels
    found = np.asarray(picture)
    np.testing.assert_array_equal(found[None] if channels == 1 else np.moveaxis(found, -1, 0), pixels)
    assert _given(array, Feature("x", "fp32", array.shape)) is array


def test_pictures_come_back_as_arrays_without_their_opacity() -> None:
    colour = Feature("y", "fp32", None, image="RGB")
    pixels = np.random.default_rng(0).integers(0, 256, (4, 6, 4))
    np.testing.assert_array_equal(_taken(pixels, colour, ()), np.moveaxis(pixels[..., :3], -1, 0)[None])
    grey = _taken(pixels[..., 0], Feature("y", "fp32", None, image="grayscale"), ())
    np.testing.assert_array_equal(grey, pixels[None, None, :, :, 0])
    whole = np.zeros((2, 3, 4, 6))
    assert _taken(whole, colour, ()) is whole
    assert _taken(pixels[..., 0], Feature("y", "fp32", None), ()).shape == (4, 6)
