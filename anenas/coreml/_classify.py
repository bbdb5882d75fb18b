"""What an exported classifier answers, and how often it is right."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from anenas._errors import AnenasError
from anenas.coreml._package import Package
from anenas.mil import Precision

_AT_ONCE = 64


def program_scores(
    package: Package,
    inputs: np.ndarray,
    precision: Precision = "fp16",
    *,
    run: Callable[[Mapping[str, np.ndarray]], Mapping[str, np.ndarray]] | None = None,
) -> np.ndarray:
    """What a package gives for each input, such as the probability of each class.

    Args:
        package: With one input, and one output besides a label.
        inputs: (N, C, H, W), as the package takes them; may be a memory map.
        precision: "fp16" as the Neural Engine computes, or "fp32".
        run: What runs it, such as a `CoreMLProgram`, instead of the interpreter.

    Returns:
        (N, K) of float32, in the order of the package's own classes.

    Raises:
        AnenasError: If the package has other inputs or outputs, there are no inputs, or its scores are not finite.
    """
    program = run or package.program(precision)
    outputs, (source,) = [output.name for output in package.score_outputs], package.inputs
    if inputs.shape[1:] != package.input_size:
        raise AnenasError(f"{package} takes inputs of {package.input_size}, got {inputs.shape[1:]}")
    if not len(inputs):
        raise AnenasError(f"{package}: there are no inputs to run on")
    batch, found = source.batch, []
    for start in range(0, len(inputs), _AT_ONCE * batch):
        some = np.asarray(inputs[start : start + _AT_ONCE * batch], dtype=np.float32)
        count = len(some)
        missing = -count % batch  # a program for a batch takes no fewer
        told = program({source.name: np.concatenate([some, some[-1:].repeat(missing, 0)])})
        for name in outputs:
            if told[name].ndim != 2:
                raise AnenasError(f"{package} gives {name} of {told[name].shape}; expected one row of scores per input")
        scores = np.concatenate([told[name][:count] for name in outputs], axis=1)
        if not np.isfinite(scores).all():
            raise AnenasError(f"{package}: the scores are not finite in {precision}")
        found.append(scores.astype(np.float32))
    return np.concatenate(found)


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
        AnenasError: If the package lacks a class, or as for `program_scores`.
    """
    if classes is not None:
        labels = class_places(classes, package)[labels]
    return float(np.mean(program_scores(package, images, precision).argmax(1) == labels))


def class_places(names: Sequence[str], package: Package) -> np.ndarray:
    """Where a package's scores have classes of those names, (len(names),).

    Raises:
        AnenasError: If the package does not know one of them.
    """
    known = package.class_names
    if strange := sorted(set(names) - set(known)):
        raise AnenasError(
            f"{package} has no class '{strange[0]}'; it has {', '.join(known[:5])}"
            f"{'…' if len(known) > 5 else ''}: use one of these, or leave it out"
        )
    return np.array([known.index(name) for name in names])
