"""How well an exported classifier does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from anenas._errors import AnenasError

if TYPE_CHECKING:
    from anenas.coreml.program import Precision


def program_accuracy(package: Path, images: np.ndarray, labels: np.ndarray, precision: Precision = "fp16") -> float:
    """The share of images that a package classifies rightly.

    Args:
        package: A `.mlpackage` of one input, and one output beside a label: scores for each class.
        images: (N, C, H, W), as the package takes them.
        labels: (N,), places in the order of the scores.
        precision: "fp16" as the Neural Engine computes, or "fp32".

    Raises:
        AnenasError: If the package is not such a one, or its scores are not finite.
    """
    from anenas.coreml.program import load_program

    program = load_program(package, precision)
    outputs = [feature.name for feature in program.outputs if feature.dtype != "label"]
    if len(program.inputs) != 1 or len(outputs) != 1:
        raise AnenasError(f"{package} has {len(program.inputs)} inputs, {len(outputs)} outputs; expected one of each")
    (source,), batch = program.inputs, program.inputs[0].batch
    right = 0
    for start in range(0, len(images), _AT_ONCE * batch):
        pixels = np.asarray(images[start : start + _AT_ONCE * batch], dtype=np.float32)
        count = len(pixels)
        missing = -count % batch  # a program of several images takes no fewer
        scores = program({source.name: np.concatenate([pixels, pixels[-1:].repeat(missing, 0)])})[outputs[0]][:count]
        if not np.isfinite(scores).all():
            raise AnenasError(f"{package}: the scores are not finite in {precision}")
        right += int((scores.argmax(1) == labels[start : start + count]).sum())
    return right / len(images)


_AT_ONCE = 64
