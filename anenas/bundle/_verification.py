"""Whether an exported program computes what the trained network computes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError
from anenas.coreml.program import Event, Precision, Program, load_program

if TYPE_CHECKING:
    from anenas.network import Deployed

# Weights in float16 move a probability by less than 0.01 in every built-in block; a wrong program is far beyond.
TOLERANCE = 0.05


@dataclass(frozen=True)
class Comparison:
    """The probabilities of a program beside those of the network it was made of.

    Attributes:
        precision: What the program was computed in.
        images: How many.
        largest: Difference of a probability.
        mean: Difference of a probability.
        agreement: Share of the images that both put into one class.
        lost: Operations whose results overflow float16 or are no number, in words.
    """

    precision: Precision
    images: int
    largest: float
    mean: float
    agreement: float
    lost: tuple[str, ...]


def compare(package: Path, network: Deployed, images: NDArray[np.uint8]) -> list[Comparison]:
    """The program of a package at either precision beside the network in float32."""
    expected = network_probabilities(network, images)
    comparisons = []
    for precision in get_args(Precision):
        program = load_program(package, precision)
        found = probabilities(program, images)
        difference = np.abs(found - expected)
        comparisons.append(
            Comparison(
                precision,
                len(images),
                float(difference.max()),
                float(difference.mean()),
                float((found.argmax(1) == expected.argmax(1)).mean()),
                tuple(f"{event.kind} at {event.op} ({event.op_type})" for event in _losses(program)),
            )
        )
    return comparisons


def require_equal(comparisons: list[Comparison], tolerance: float = TOLERANCE) -> None:
    """Raise an AnenasError where a program lost numbers to float16, or differs by more than the tolerance."""
    for one in comparisons:
        if one.lost:
            raise AnenasError(f"the exported program breaks at {one.precision}: {one.lost[0]}")
        if not one.largest <= tolerance:
            raise AnenasError(
                f"the exported program is not the network: a probability is off by {one.largest:.2g} at {one.precision}"
            )


def network_probabilities(network: Deployed, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What the network makes of images, (N, classes)."""
    import torch

    with torch.no_grad():
        found: NDArray[np.float32] = network.cpu()(torch.from_numpy(np.array(images)).float()).numpy()
    return found


def probabilities(program: Program, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What a program with one input makes of images, (N, classes), whatever its batch."""
    (given,) = program.inputs
    (output,) = (one.name for one in program.outputs if one.dtype != "label")
    missing = -len(images) % given.batch
    filled = np.concatenate([images, np.repeat(images[-1:], missing, 0)]) if missing else images
    found: NDArray[np.float32] = program({given.name: filled})[output][: len(images)]
    return found


def program_accuracy(
    program: Program, images: NDArray[np.uint8], labels: NDArray[np.int64], at_once: int = 256
) -> float:
    """The share of images that a program classifies rightly."""
    right = 0
    for start in range(0, len(labels), at_once):
        found = probabilities(program, np.ascontiguousarray(images[start : start + at_once]))
        right += int((found.argmax(1) == labels[start : start + at_once]).sum())
    return right / len(labels)


def _losses(program: Program) -> list[Event]:
    return [event for event in program.report if event.kind != "denormal"]
