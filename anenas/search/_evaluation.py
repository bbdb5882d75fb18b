"""What is known of an architecture: estimated before it is trained, evaluated after."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

from anenas.latency import Latency
from anenas.space import Architecture

# What a trial leaves behind.
PACKAGE, WEIGHTS, EVALUATION = "model.mlpackage", "weights.safetensors", "evaluation.json"
ARCHITECTURE, OPERATIONS = "architecture.txt", "operations.csv"
CHECKPOINT = "checkpoint.safetensors"  # only while it may be trained on


@dataclass(frozen=True)
class Estimate:
    """What the architecture alone tells.

    Attributes:
        latency: Of one prediction.
        size_mb: Of the package, in 10⁶ bytes.
        macs: Multiply-accumulates of one prediction.
        parameters: Weights that are stored.
        residency: Share of the operations' time that is spent on the engine.
        broken_rules: Guidelines that it breaks, in words; none in a network that can be searched.
        others: Latency on each further chip of the search, by the chip's name.
    """

    latency: Latency
    size_mb: float
    macs: int
    parameters: int
    residency: float = 1.0
    broken_rules: tuple[str, ...] = ()
    others: dict[str, Latency] = field(default_factory=dict)


@dataclass(frozen=True)
class Evaluation:
    """What a trained and exported network turned out to be.

    Attributes:
        accuracy: Share of the validation images that it classifies rightly: the network, or, where the program's
            weights are not as trained, the program.
        latency: Of the exported program.
        size_mb: Of the exported package, in 10⁶ bytes.
        macs: Multiply-accumulates of the exported program.
        parameters: Weights that the exported program stores.
        residency: Share of its operations' time that is spent on the engine, as estimated.
        needs: The oldest system that runs the program, such as "iOS16"; empty where nothing tells.
        verified: How far the exported program is from the network, of the largest probability: "fp32_difference" and
            "fp16_difference"; and "fp16_agreement", the share of images for which float16 names the same class.
            Compressed weights are told of, and not judged by it.
        seconds: What each step took.
        losses: (step, training loss) as training went on.
        share: How much of the whole training this is after. Below 1 nothing was exported: accuracy is the network's,
            everything else is estimated.
        donor: Number of the trial that its weights were taken from to begin with; None where it began anew.
        inherited: The share of its weights that came from there.
        test_accuracy: Share of the test images that the exported program classifies rightly in float16; only known
            once a search has ended with it on the front.
        others: Latency on each further chip of the search, by the chip's name.
    """

    accuracy: float
    latency: Latency
    size_mb: float
    macs: int
    parameters: int
    residency: float = 1.0
    needs: str = ""
    verified: dict[str, float] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    losses: tuple[tuple[int, float], ...] = ()
    share: float = 1.0
    donor: int | None = None
    inherited: float = 0.0
    test_accuracy: float | None = None
    others: dict[str, Latency] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        losses = tuple((int(step), float(loss)) for step, loss in values["losses"])
        others = {chip: Latency.from_dict(latency) for chip, latency in values.get("others", {}).items()}
        return cls(**(values | {"latency": Latency.from_dict(values["latency"]), "losses": losses, "others": others}))


class Evaluator(Protocol):
    """Judges architectures: at once and roughly, or by training them. It travels to worker processes by pickling."""

    def estimate(self, architecture: Architecture) -> Estimate:
        """What is known without training, in milliseconds."""
        ...

    def evaluate(
        self, architecture: Architecture, folder: Path, share: float = 1.0, donor: Path | None = None
    ) -> Evaluation:
        """Train and export; what the trial leaves behind goes into `folder`, which exists.

        Training begins with what fits of the weights that another trial left in the folder `donor`, where there is
        one.

        With a `share` below 1 only so much of the training is done and nothing is exported. The folder then holds
        what is needed to go on from there when it is given again with a greater share; without that the training
        begins anew, with the same result.
        """
        ...

    def test(self, architecture: Architecture, folder: Path) -> float:
        """Accuracy on the test images of what `evaluate` left in `folder`."""
        ...
