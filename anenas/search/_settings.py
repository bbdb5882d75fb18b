"""What makes the trials of a study comparable."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from anenas._errors import AnenasError

SCHEMA_VERSION = 4
"""Of what a study holds: its settings and the evaluations of its trials. 1 had no number; it is read as well."""


@dataclass(frozen=True)
class SearchSettings:
    """What must be the same for two trials to be compared, and for a study to go on.

    Attributes:
        objectives: The reference value of each objective by its name, see `Objective`.
        space: Name and digest of the space.
        input_shape: (C, H, W) of its networks' input.
        data: Name of the data set and the beginning of its fingerprint; empty where an evaluator brings its own.
        chip: Name of the main chip.
        latency: Versions of what says how long networks take, one a chip.
        epochs: Budget of a whole training, in passes over the data.
        seed: Of suggestions, weights and the order of the data.
        inherit: Whether trainings begin with the weights of earlier trials.
        limits: What networks must stay within, by the names of `Limits`.
        latency_bound: What of a latency its limit is held against.
        encoding: How texts become ids, where the data are texts.
        evaluator: What judges architectures, where it is not the product's own.
        augment: How much inputs change in training.
        flip: Whether images are mirrored in training; None where that follows from the data.
        metric: Name of the metric that networks are ranked by.
        task: What they are trained for.
        class_weights: "balanced" to train as if every class were as frequent, "sampled" to draw as many inputs of each.
        train: What trains networks, where it is not the product's own training.
        skip_broken: Whether files of the data that cannot be read are left out.
        moments: Mean and standard deviation that inputs are normalised by, where they are those of other data.
        schema_version: Of the study that holds this.
    """

    objectives: Mapping[str, float]
    space: str = ""
    input_shape: tuple[int, int, int] | None = None
    data: str = ""
    chip: str = ""
    latency: str = ""
    epochs: int = 1
    seed: int = 0
    inherit: bool = True
    limits: Mapping[str, float] = field(default_factory=dict)
    latency_bound: str = "upper"
    encoding: Mapping[str, Any] | None = None
    evaluator: str = ""
    augment: str = "light"
    flip: bool | None = None
    metric: str = "accuracy"
    task: str = "classification"
    class_weights: str = "none"
    train: str = ""
    skip_broken: bool = False
    moments: tuple[tuple[float, ...], tuple[float, ...]] | None = None
    schema_version: int = SCHEMA_VERSION

    def identity(self) -> dict[str, Any]:
        """What names of studies are made from: everything but the reference values, which follow from the rest.

        Equal to what schema 1 was made from, so that its studies go on.
        """
        values = self.to_dict() | {"objectives": dict.fromkeys(self.objectives)}
        del values["schema_version"]
        return values

    def differences(self, other: SearchSettings) -> list[str]:
        """In words, where another's settings are not these: "chip was A15, is M1"."""
        ours, theirs = self.to_dict(), other.to_dict()
        names = [name for name in ours | theirs if name != "schema_version"]
        return [
            f"{name} was {ours.get(name)}, is {theirs.get(name)}"
            for name in names
            if ours.get(name) != theirs.get(name)
        ]

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        values = dataclasses.asdict(self)
        shape = values.pop("input_shape")
        values["input"] = "x".join(map(str, shape)) if shape else ""
        # What a study had before there was a choice, so that it goes on.
        former = {
            "encoding": None,
            "evaluator": "",
            "augment": "light",
            "flip": None,
            "skip_broken": False,
            "metric": "accuracy",
            "task": "classification",
            "class_weights": "none",
            "train": "",
            "moments": None,
        }
        return {name: value for name, value in values.items() if name not in former or value != former[name]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """What `to_dict` gave, of this schema or of an earlier one; entries that it does not know are left out.

        Raises:
            AnenasError: If a later version of anenas wrote it.
        """
        version = values.get("schema_version", 1)
        if not isinstance(version, int) or version > SCHEMA_VERSION:
            raise AnenasError(
                f"it was written by a newer anenas (schema {version}; this one reads {SCHEMA_VERSION} and older): "
                f"install a newer anenas to continue it"
            )
        known = {one.name for one in dataclasses.fields(cls)}
        found = {name: value for name, value in values.items() if name in known}
        if shape := values.get("input"):
            channels, height, width = (int(size) for size in shape.split("x"))
            found["input_shape"] = (channels, height, width)
        if moments := values.get("moments"):
            mean, std = moments
            found["moments"] = (tuple(mean), tuple(std))
        return cls(**{**found, "schema_version": version})
