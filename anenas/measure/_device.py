"""A device as a latency source: this Mac, or an iPhone attached to it."""

from __future__ import annotations

from pathlib import Path

from anenas._errors import AnenasError
from anenas.ane import Chip, ProgramCost
from anenas.coreml import Package
from anenas.graph import Graph, fingerprint
from anenas.latency import CalibratedLatency, Latency, latency_sources
from anenas.measure._core_ml import measure_package
from anenas.measure._recording import ComputeUnits, Recording, to_recording


@latency_sources("device")
class DeviceLatency:
    """Measures exported packages with coremltools' `MLModelBenchmarker`; unproven on hardware.

    Each is measured in a process of its own, so that one which Core ML ends costs no other. Before there is a package
    to measure, the calibrated model estimates.

    Args:
        device: "local" for this Mac, or "iphone".
        chip: Of the iPhone, which coremltools cannot tell.
        team: Developer team that coremltools' app is signed with for the iPhone.
        compute_units: That Core ML may use. ALL can end the measuring process on macOS 26 and later.
        rounds: How often a package is loaded; at least five give a median with an interval.

    Attributes:
        version: The compute units, and the model that estimates.
    """

    name = "device"

    def __init__(
        self,
        device: str = "local",
        *,
        chip: str = "",
        team: str = "",
        compute_units: ComputeUnits = "CPU_AND_NE",
        rounds: int = 10,
    ) -> None:
        self._where = {"device": device, "chip": chip, "team": team}
        self._compute_units = compute_units
        self._rounds = rounds
        self._estimate = CalibratedLatency()
        self.version = f"{compute_units}, {self._estimate.model} before export"

    def record(self, graph: Graph, package: Package, model: str) -> Recording:
        """Measure a package.

        Args:
            graph: Its program.
            package: Its package.
            model: What to call it.

        Raises:
            AnenasError: Where there is no Core ML, or no such device, or Core ML refuses the package or ends the
                process that measures it.
        """
        content = measure_package(package, compute_units=self._compute_units, rounds=self._rounds, **self._where)
        return to_recording(content | {"model": model, "fingerprint": fingerprint(graph)})

    def latency(self, graph: Graph, chip: Chip, package: Path | None = None) -> Latency:
        """Measure `package`, the exported program of `graph`.

        Raises:
            AnenasError: As `record`, if no package is given, or if the device has another chip.
        """
        if package is None:
            raise AnenasError("a device measures packages: export the network first")
        recording = self.record(graph, Package.open(package), str(package))
        if recording.chip != chip.name:
            raise AnenasError(f"the device has an {recording.chip}, not an {chip.name}; give the right chip")
        return recording.latency(self.name, self.version)

    def from_cost(self, cost: ProgramCost, chip: Chip) -> Latency:
        """The calibrated model's estimate, which its `source` says."""
        return self._estimate.from_cost(cost, chip)
