"""A recorded measurement compared with its prediction."""

from __future__ import annotations

import dataclasses
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anenas._errors import AnenasError
from anenas.ane import Chip, get_chip
from anenas.coreml import Package
from anenas.graph import Graph, fingerprint
from anenas.latency import CalibratedLatency, Latency, LatencySource
from anenas.measure._agreement import Agreement, CoreAIUnits, agreement, core_ai_units
from anenas.measure._core_ml import require_core_ml
from anenas.measure._device import DeviceLatency
from anenas.measure._kit import is_package, to_package
from anenas.measure._recording import Recording
from anenas.models import load_graph


@dataclass(frozen=True)
class Measured:
    """A recording, and what is predicted for the same program.

    Attributes:
        recording: The measurement.
        predicted: The estimate for its program on its chip; None where either is unknown, or the engine unused.
        agreement: Of placement and compute plan, None where they cannot be compared.
        notes: Why something is None or unreliable.
        core_ai: Core AI's plan, None where the recording holds none.
    """

    recording: Recording
    predicted: Latency | None
    agreement: Agreement | None
    notes: tuple[str, ...]
    core_ai: CoreAIUnits | None = None

    def to_dict(self) -> dict[str, Any]:
        """For scripts."""
        one, low_high = self.recording, self.recording.interval_ms
        return {
            "model": one.model,
            "chip": one.chip,
            "device": one.device,
            "os": one.os,
            "compute_units": one.compute_units,
            "tool": one.tool,
            "date": one.date,
            "latency_ms": one.median_ms,
            "low_ms": low_high[0],
            "high_ms": low_high[1],
            "rounds": len(one.predict_ms),
            "predictions": sum(map(len, one.predict_ms)),
            "load_ms": statistics.median(one.load_ms) if one.load_ms else None,
            "output_errors": one.output_errors,
            "predicted_ms": self.predicted and self.predicted.ms,
            "predicted_low_ms": self.predicted and self.predicted.low_ms,
            "predicted_high_ms": self.predicted and self.predicted.high_ms,
            "placement": self.agreement
            and {
                "ops": self.agreement.ops,
                "macs": self.agreement.macs,
                "compared": self.agreement.compared,
                "differences": [
                    {
                        "op": difference.op.name,
                        "kind": difference.op.kind,
                        "predicted_on_engine": difference.on_engine,
                        "why": difference.why,
                        "planned": difference.preferred,
                    }
                    for difference in self.agreement.differences
                ],
            },
            "core_ai": self.core_ai
            and {
                "units": self.core_ai.units,
                "refused": [
                    {**dataclasses.asdict(one), "operations": count} for one, count in self.core_ai.refused.items()
                ],
                "predicted_on_engine": self.core_ai.predicted and self.core_ai.predicted[0],
                "predicted_operations": self.core_ai.predicted and self.core_ai.predicted[1],
            },
            "notes": list(self.notes),
        }


def compare(
    recording: Recording, folder: Path, graph: Graph | None = None, source: LatencySource | None = None
) -> Measured:
    """Compare a recording with the estimate and the placement of its program.

    Args:
        recording: The measurement.
        folder: Where to look for packages that it names.
        graph: Its program, found by its name if not given.
        source: Of the estimate; the calibrated model if not given.
    """
    notes: list[str] = []
    predicted: Latency | None = None
    agreed: Agreement | None = None
    chip: Chip | None = None
    try:
        chip = get_chip(recording.chip)
        graph = graph or _graph(recording, folder)
        if fingerprint(graph) != recording.fingerprint:
            notes.append("the measured program differs from the one that its name gives here")
        if recording.with_engine:
            predicted = (source or CalibratedLatency()).latency(graph, chip)
        agreed = agreement(graph, chip, recording)
    except AnenasError as error:
        notes.append(str(error))
    return Measured(recording, predicted, agreed, tuple(notes), core_ai_units(recording, graph, chip))


def _graph(recording: Recording, folder: Path) -> Graph:
    if not is_package(recording.model):
        return load_graph(recording.model)
    beside = folder / recording.model
    return Package.open(beside if beside.exists() else recording.model).graph


def record(model: str, source: DeviceLatency, folder: Path) -> Measured:
    """Measure any model, converted into `folder` with fresh weights if it is not a package.

    Raises:
        AnenasError: Where there is no Core ML, no such model or device, or Core ML refuses the package.
    """
    require_core_ml()  # before any work
    package = to_package(model, folder)
    return compare(source.record(package.graph, package, model.rstrip("/")), Path(), package.graph)
