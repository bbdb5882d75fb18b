from __future__ import annotations

import numpy as np
import pytest

from anenas.report.evaluation import ClassReport

CLASSES = ("cat", "dog", "cow", "$<b>")
LABELS = np.array([0, 0, 0, 1, 1, 1, 1, 2])
PREDICTED = np.array([0, 0, 1, 1, 1, 0, 2, 2])
CONFIDENCE = np.array([0.9, 0.8, 0.7, 0.95, 0.6, 0.99, 0.7, 0.5])


@pytest.fixture
def report() -> ClassReport:
    """Of eight pictures, five of them right; of the last class there is none."""
    scores = np.repeat((1 - CONFIDENCE[:, None]) / 3, 4, 1)
    scores[np.arange(8), PREDICTED] = CONFIDENCE
    names = tuple(f"{CLASSES[label]}/{i}.png" for i, label in enumerate(LABELS))
    return ClassReport(scores.astype(np.float32), LABELS, CLASSES, names)
