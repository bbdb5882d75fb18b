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
from anenas.mil import coremltools, load_program, predict


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
