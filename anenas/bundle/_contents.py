"""The figures of a bundle."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anenas.coreml import Verification
from anenas.space import Architecture


@dataclass(frozen=True)
class Stream:
    """The program of a bundle that takes series chunk by chunk, `stream.mlpackage`.

    Attributes:
        steps: In a chunk.
        states: Shape of each state by its name.
        latency_ms: Estimated latency of one call.
        latency_low_ms: Lower end of its 90 % interval.
        latency_high_ms: Upper end of it.
        residency: Estimated fraction of the operations' time that is spent on the Neural Engine.
        size_mb: Of the package, in 10⁶ bytes.
        macs: Multiply-accumulates of one call.
        findings: What `anenas check` says, as "severity rule operation".
        verified: The program after several chunks, compared with the network on the series so far.
        verified_whole: The program at the end of series, compared with `model.mlpackage`.
        compiled: Whether Core ML compiled it, which needs macOS.
    """

    steps: int
    states: dict[str, tuple[int, ...]]
    latency_ms: float
    latency_low_ms: float
    latency_high_ms: float
    residency: float
    size_mb: float
    macs: int
    findings: tuple[str, ...]
    verified: Verification
    verified_whole: Verification
    compiled: bool = False

    def to_dict(self) -> dict[str, Any]:
        checked = {"verified": self.verified.to_dict(), "verified_whole": self.verified_whole.to_dict()}
        return dataclasses.asdict(self) | checked


@dataclass(frozen=True)
class Bundle:
    """What `export` has written.

    Attributes:
        path: The folder.
        study: Where the model comes from.
        trial: Its number there.
        picked: Why this one: "knee", "accurate", "fast", "trial 7" or "the most accurate within 1 ms".
        architecture: As a string that `Architecture.parse` reads.
        data: Name of the data set it was trained on.
        classes: Number of labels, or of numbers that it predicts.
        inputs: How many images, series or texts of each class it was trained, validated and tested on, by split.
        epochs: Passes over the training split, before any final training.
        trained: How long it was trained in all, in words.
        searched_epochs: Those of the search.
        form: Of the stored weights, such as "fp16".
        task: What it was trained for.
        metric: What the search ranked networks by, such as "accuracy".
        validation_score: Its value of the torch network in float32.
        validation_count: On how many images, series or texts.
        test_score: Its value of the exported program, every result rounded to float16.
        test_count: On how many of those.
        latency_ms: Estimated latency of one prediction.
        latency_low_ms: Lower end of its 90 % interval.
        latency_high_ms: Upper end of it.
        latency_source: Origin of the estimate.
        chip: What it is estimated for.
        residency: Estimated fraction of the operations' time that is spent on the Neural Engine.
        size_mb: Of the package, in 10⁶ bytes.
        parameters: Weights that the program stores.
        macs: Multiply-accumulates of one prediction.
        findings: What `anenas check` says, as "severity rule operation".
        verified: The program compared with the network in float32. With compressed weights it has no tolerance, except
            that float16 must not overflow; the program before compression had one (`anenas.search.ship`).
        compiled: Whether Core ML compiled it, which needs macOS.
        stream: The same network chunk by chunk, if that was asked for.
    """

    path: Path
    study: str
    trial: int
    picked: str
    architecture: str
    data: str
    classes: int
    inputs: Mapping[str, Mapping[str, int]]
    epochs: int
    searched_epochs: int
    trained: str
    form: str
    task: str
    metric: str
    validation_score: float
    validation_count: int
    test_score: float
    test_count: int
    latency_ms: float
    latency_low_ms: float
    latency_high_ms: float
    latency_source: str
    chip: str
    residency: float
    size_mb: float
    parameters: int
    macs: int
    findings: tuple[str, ...]
    verified: Verification
    compiled: bool
    stream: Stream | None = None

    @property
    def retrained(self) -> bool:
        """Whether it was retrained for the export."""
        return self.epochs != self.searched_epochs

    @property
    def samples(self) -> str:
        """What it was trained and tested on: "images", "series", "texts" or "recordings"."""
        return Architecture.parse(self.architecture).input_kind.name

    def to_dict(self) -> dict[str, Any]:
        own = {"path": str(self.path), "verified": self.verified.to_dict()}
        values = dataclasses.asdict(self)
        for split in ("validation", "test"):  # by what it is the value of: "test_accuracy"
            values[f"{split}_{self.metric}"] = values.pop(f"{split}_score")
        return values | own | {"stream": self.stream.to_dict() if self.stream else None}
