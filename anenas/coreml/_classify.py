"""Accuracy of an exported classifier."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from anenas._errors import AnenasError
from anenas.coreml._package import Package
from anenas.mil import Precision

_AT_ONCE = 64


def program_accuracy(
    package: Package,
    images: np.ndarray,
    labels: np.ndarray,
    precision: Precision = "fp16",
    *,
    classes: Sequence[str] | None = None,
) -> float:
    """The fraction of images, or other inputs, that a package classifies correctly.

    Args:
        package: With one input, and one output besides a label: scores for each class.
        images: (N, C, H, W), as the package takes them.
        labels: (N,), indices into the scores, or into `classes`.
        precision: "fp16" as the Neural Engine computes, or "fp32".
        classes: Names of the labels; the package may have them in another order.

    Raises:
        AnenasError: If the package has other inputs or outputs, lacks a class, or its scores are not finite.
    """
    program = package.program(precision)
    source, output = package.input_and_output
    if images.shape[1:] != package.input_size:
        raise AnenasError(f"{package} takes inputs of {package.input_size}, got {images.shape[1:]}")
    if classes is not None:
        labels = _places(classes, package)[labels]
    batch, correct = source.batch, 0
    for start in range(0, len(images), _AT_ONCE * batch):
        pixels = np.asarray(images[start : start + _AT_ONCE * batch], dtype=np.float32)
        count = len(pixels)
        missing = -count % batch  # a program for a batch takes no fewer
        scores = program({source.name: np.concatenate([pixels, pixels[-1:].repeat(missing, 0)])})[output.name][:count]
        if not np.isfinite(scores).all():
            raise AnenasError(f"{package}: the scores are not finite in {precision}")
        correct += int((scores.argmax(1) == labels[start : start + count]).sum())
    return correct / len(images)


def _places(names: Sequence[str], package: Package) -> np.ndarray:
    known = package.class_names
    if strange := sorted(set(names) - set(known)):
        raise AnenasError(f"{package} does not know the class '{strange[0]}'; it knows {', '.join(known[:5])}…")
    return np.array([known.index(name) for name in names])
