"""How well an exported classifier does."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from anenas._errors import AnenasError
from anenas.mil._package import package_metadata

if TYPE_CHECKING:
    from anenas.mil import Feature, Precision, Program


def program_accuracy(
    package: Path,
    images: np.ndarray,
    labels: np.ndarray,
    precision: Precision = "fp16",
    *,
    classes: Sequence[str] | None = None,
) -> float:
    """The share of images, or of whatever else it takes, that a package classifies rightly.

    Args:
        package: A `.mlpackage` of one input, and one output beside a label: scores for each class.
        images: (N, C, H, W), as the package takes them.
        labels: (N,), places in the order of the scores, or in `classes`.
        precision: "fp16" as the Neural Engine computes, or "fp32".
        classes: What the labels are called; the package may know them in another order.

    Raises:
        AnenasError: If the package is not such a one, does not know a class, or its scores are not finite.
    """
    from anenas.mil import load_program

    program = load_program(package, precision)
    source, output = only_features(program, package)
    if images.shape[1:] != input_size(program, package):
        raise AnenasError(f"{package} takes inputs of {input_size(program, package)}, got {images.shape[1:]}")
    if classes is not None:
        labels = _places(classes, class_names(package), package)[labels]
    batch, right = source.batch, 0
    for start in range(0, len(images), _AT_ONCE * batch):
        pixels = np.asarray(images[start : start + _AT_ONCE * batch], dtype=np.float32)
        count = len(pixels)
        missing = -count % batch  # a program of several images takes no fewer
        scores = program({source.name: np.concatenate([pixels, pixels[-1:].repeat(missing, 0)])})[output.name][:count]
        if not np.isfinite(scores).all():
            raise AnenasError(f"{package}: the scores are not finite in {precision}")
        right += int((scores.argmax(1) == labels[start : start + count]).sum())
    return right / len(images)


_AT_ONCE = 64


def only_features(program: Program, package: Path) -> tuple[Feature, Feature]:
    """The input, and the output beside a label, of a program that has one of each.

    Raises:
        AnenasError: If it has others.
    """
    outputs = [feature for feature in program.outputs if feature.dtype != "label"]
    if len(program.inputs) != 1 or len(outputs) != 1:
        raise AnenasError(
            f"{package} has {len(program.inputs)} inputs and {len(outputs)} outputs; expected one of each"
        )
    return program.inputs[0], outputs[0]


def input_size(program: Program, package: Path) -> tuple[int, ...]:
    """(C, H, W) of what a program takes, (C, 1, T) of series.

    Raises:
        AnenasError: If it takes several, or of no fixed size.
    """
    shapes = [feature.shape for feature in program.inputs]
    if len(shapes) != 1 or shapes[0] is None or len(shapes[0]) != 4 or None in shapes[0]:
        raise AnenasError(f"{package} does not take one input of a fixed size, so its accuracy cannot be measured")
    return tuple(int(size or 0) for size in shapes[0][1:])


def class_names(package: Path) -> list[str]:
    """The classes that a package tells in its metadata, as `convert` writes them.

    Raises:
        AnenasError: If it tells none.
    """
    try:
        names = json.loads(package_metadata(package).get("classes", ""))
    except ValueError:
        names = None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise AnenasError(f'{package} names no classes; its metadata must have "classes", a list in JSON')
    return names


def _places(names: Sequence[str], known: Sequence[str], package: Path) -> np.ndarray:
    if strange := sorted(set(names) - set(known)):
        raise AnenasError(f"{package} does not know the class '{strange[0]}'; it knows {', '.join(known[:5])}…")
    return np.array([known.index(name) for name in names])
