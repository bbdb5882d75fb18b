"""What is known of an architecture: estimated before it is trained, evaluated after."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from anenas.latency import Latency
from anenas.tasks import binomial_error

# What a trial leaves behind.
PACKAGE, WEIGHTS, EVALUATION = "model.mlpackage", "weights.safetensors", "evaluation.json"
ARCHITECTURE, OPERATIONS = "architecture.txt", "operations.csv"
TEST_SCORES = "test_scores.npy"  # (N, K): what its program gives for each test input
VALIDATION_SCORES = "validation_scores.npy"  # likewise what its score was made of
RECORDING = "recording.json"  # what a device said of its package, with every sample
FINAL = "final"  # a folder with the same of its final training
CHECKPOINT = "checkpoint.safetensors"  # only while it may be trained on
PROBE = "probe.safetensors"  # the classifier that a backbone begins with, likewise

# What evaluations of earlier schemas called it (see `SearchSettings.schema_version`).
_RENAMED = {"parameters": "params", "share": "budget_fraction", "accuracy": "score"}
_DROPPED = ("needs", "test_accuracy")


@dataclass(frozen=True)
class Estimate:
    """What the architecture alone tells; of an exported program, the same figures read from the package.

    Attributes:
        latency_by_chip: Of one prediction on each chip of the search by the chip's name, the main one first.
        size_mb: Of the package, in 10⁶ bytes.
        macs: Multiply-accumulates of one prediction.
        params: Weights that are stored.
        residency: Fraction of the operations' time that is spent on the engine.
        is_tiny: Whether it is so small that Core ML may keep it on the CPU, as rule `tiny` has it.
        broken_rules: Guidelines that it breaks, in words; none in a network that can be searched.
    """

    latency_by_chip: Mapping[str, Latency]
    size_mb: float
    macs: int
    params: int
    residency: float = 1.0
    is_tiny: bool = False
    broken_rules: tuple[str, ...] = ()

    @property
    def latency(self) -> Latency:
        """On the main chip."""
        return next(iter(self.latency_by_chip.values()))


@dataclass(frozen=True)
class Measurement:
    """What devices said of the package of a trial.

    Attributes:
        estimated: Its latency on the main chip as it was estimated.
        latency: As it was measured, with its samples, device and system; None where that failed.
        placement: Fraction of its operations that Core ML plans on the engine; None where it tells no plan.
        place: The machine that the device is, or is attached to, as the executor calls it.
        failure: Why it was not measured; empty where it was.
        elsewhere: By the place of each other device that measured it too, its milliseconds there.
    """

    estimated: Latency
    latency: Latency | None = None
    placement: float | None = None
    place: str = ""
    failure: str = ""
    elsewhere: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `dataclasses.asdict`."""
        latencies = {name: values[name] and Latency.from_dict(values[name]) for name in ("estimated", "latency")}
        return cls(**{**values, **latencies})


@dataclass(frozen=True)
class Evaluation:
    """What a trained and exported network turned out to be.

    Attributes:
        score: What the search ranks by, on the validation inputs: its `metric` of the network, or, where the program's
            weights are not as trained, of the program.
        estimate: Latency, size and the other figures of the exported program; before the whole budget is spent, of the
            architecture.
        budget_fraction: How much of the whole training this is after. Below 1 nothing was exported, and the score is
            the network's; at 0 it is that of a linear classifier on a pretrained network's features.
        verified: How far the exported program is from the network, of the largest probability: "fp32_difference" and
            "fp16_difference"; and "fp16_agreement", the fraction of inputs for which float16 names the same class.
            Compressed weights are reported, and not judged by it.
        seconds: What each step took.
        losses: (step, training loss) as training went on.
        donor: Number of the trial that its weights were taken from to begin with; None where it began anew.
        inherited: The fraction of its weights that came from there.
        held_out: How many inputs the score was measured on; 0 where nothing tells.
        origin: What its weights began with, in words: "trial 12", or a pretrained network; empty where they were drawn
            at random.
        epochs: Of its own training where they are not the study's, as a pretrained network's; 0 otherwise.
        trained_steps: Steps of its own training so far, or of its final training; 0 where nothing tells.
        total_steps: Those, and all that the weights had had that it began with.
        teacher: Number of the trial that taught it in final training; None where nothing but labels did.
        metric: Name of the metric that the score is the value of.
        less_is_better: Whether it is an error, which is 0 at best.
        metrics: Every metric that was measured, by its name.
        errors: The standard error of those whose error was measured.
        measurement: What devices said of the package, where they were asked; the estimate's latency on the main chip
            then is what was measured.
    """

    score: float
    estimate: Estimate
    budget_fraction: float = 1.0
    verified: Mapping[str, float] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    losses: tuple[tuple[int, float], ...] = ()
    donor: int | None = None
    inherited: float = 0.0
    held_out: int = 0
    origin: str = ""
    epochs: int = 0
    trained_steps: int = 0
    total_steps: int = 0
    teacher: int | None = None
    metric: str = "accuracy"
    less_is_better: bool = False
    metrics: Mapping[str, float] = field(default_factory=dict)
    errors: Mapping[str, float] = field(default_factory=dict)
    measurement: Measurement | None = None

    @property
    def estimated_latency(self) -> Latency:
        """On the main chip, as it was estimated whether it was measured or not."""
        return self.measurement.estimated if self.measurement else self.estimate.latency

    def measured(self, measurement: Measurement) -> Self:
        """This, with what was measured in the place of the estimated latency on the main chip, if anything was."""
        latencies = dict(self.estimate.latency_by_chip)
        latencies[next(iter(latencies))] = measurement.latency or measurement.estimated
        estimate = dataclasses.replace(self.estimate, latency_by_chip=latencies)
        return dataclasses.replace(self, estimate=estimate, measurement=measurement)

    @property
    def score_error(self) -> float | None:
        """The standard error of the score; None where nothing tells."""
        if self.metric == "accuracy" and self.held_out:
            return binomial_error(self.score, self.held_out)
        return self.errors.get(self.metric)

    @property
    def shortfall(self) -> float:
        """What the score lacks of the best there is: less is better, whatever the metric."""
        return self.score if self.less_is_better else 1 - self.score

    def to_dict(self) -> dict[str, Any]:
        """For JSON: the estimate's figures stand beside its own."""
        values = dataclasses.asdict(self)
        if self.measurement is None:  # as versions that measured nothing had it
            del values["measurement"]
        for latency in values["estimate"]["latency_by_chip"].values():
            if not latency["samples_ms"]:
                del latency["samples_ms"]
        return {"score": values.pop("score"), **values.pop("estimate"), **values}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """What `to_dict` gave, of this version or of those before it."""
        values = {_RENAMED.get(name, name): value for name, value in values.items() if name not in _DROPPED}
        if "latency" in values:
            main = values.pop("latency")
            values["latency_by_chip"] = {main["chip"]: main, **values.pop("others", {})}
        values["latency_by_chip"] = {chip: Latency.from_dict(one) for chip, one in values["latency_by_chip"].items()}
        if values.get("measurement"):
            values["measurement"] = Measurement.from_dict(values["measurement"])
        values["losses"] = tuple((int(step), float(loss)) for step, loss in values["losses"])
        values["broken_rules"] = tuple(values.get("broken_rules", ()))
        names = [one.name for one in dataclasses.fields(Estimate)]
        estimate = Estimate(**{name: values.pop(name) for name in names if name in values})
        found = cls(estimate=estimate, **values)
        _check_numbers(found)
        _check_numbers(estimate)
        return found


def _check_numbers(record: Estimate | Evaluation) -> None:
    for name in _NUMBERS[type(record)]:
        value = getattr(record, name)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(f"{name}: expected a number, got {value!r}")


_NUMBERS = {
    kind: [one.name for one in dataclasses.fields(kind) if one.type in ("float", "int")]
    for kind in (Estimate, Evaluation)
}


@dataclass(frozen=True)
class Probe:
    """What a pretrained network is worth before it is trained: its features, and a linear layer.

    Attributes:
        evaluation: Of both.
        weight: Of the layer, (K, C) of float32.
        bias: (K,) of float32.
    """

    evaluation: Evaluation
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
