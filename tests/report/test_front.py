from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from reported import reported_study

from anenas.report import write_front_png
from anenas.search import SearchSettings, Study

ORANGE, BLUE = (179, 89, 0), (0, 103, 168)


@pytest.fixture
def pixels(tmp_path: Path) -> Callable[[Study], np.ndarray]:
    def pixels(study: Study) -> np.ndarray:
        write_front_png(study, tmp_path / "front.png")
        with Image.open(tmp_path / "front.png") as image:
            assert image.format == "PNG"
            return np.asarray(image.convert("RGB"))

    return pixels


def test_the_front_is_in_its_colour_and_the_reference_once_there_is_one(
    tmp_path: Path, pixels: Callable[[Study], np.ndarray]
) -> None:
    study = reported_study(tmp_path, data="flowers $x$ 123")  # a name that would be mathematics
    before = pixels(study)
    study.note_reference(study.completed[2].architecture)
    after = pixels(study)
    assert before.shape[1] >= 1000
    assert [(image == BLUE).all(-1).any() for image in (before, after)] == [True, True]
    assert [(image == ORANGE).all(-1).any() for image in (before, after)] == [False, True]


def test_a_study_without_a_completed_trial_has_a_picture(tmp_path: Path, pixels: Callable[[Study], np.ndarray]) -> None:
    settings = SearchSettings({"accuracy": 0.0, "latency_ms": 0.5}, chip="A15")
    assert pixels(Study.create_or_continue(tmp_path / "store", "empty", settings)).shape[1] >= 1000
