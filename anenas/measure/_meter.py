"""What measures the networks of a search: a Mac's engine, or that of an iPhone attached to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from anenas.coreml import Package
from anenas.measure._core_ml import has_core_ml
from anenas.measure._device import DeviceLatency
from anenas.measure._recording import write_recordings
from anenas.search import RECORDING, Reading


@dataclass(frozen=True)
class EngineMeter:
    """Measures on the machine that it runs on, as `DeviceLatency` does; unproven on hardware.

    The recording, with every sample and the compute plan, is left beside the package.

    Attributes:
        device: "local" for the Mac itself, or "iphone" for one that is attached to it.
        team: Developer team that coremltools' app is signed with for an iPhone.
        rounds: How often a package is loaded; at least five give a median with an interval.
    """

    device: Literal["local", "iphone"] = "local"
    team: str = ""
    rounds: int = 10

    @property
    def is_here(self) -> bool:
        """Whether this machine has Core ML."""
        return has_core_ml()

    def measure(self, package: Path, chip: str) -> Reading:
        """See `anenas.search.Meter`. An iPhone is taken to have `chip`, for it cannot tell.

        Raises:
            AnenasError: As `DeviceLatency.record`.
        """
        opened = Package.open(package)
        source = DeviceLatency(
            self.device, chip=chip if self.device == "iphone" else "", team=self.team, rounds=self.rounds
        )
        recording = source.record(opened.graph, opened, package.name)
        write_recordings(package.parent / RECORDING, [recording])
        planned = [op.on_engine for op in recording.plan]
        placement = sum(planned) / len(planned) if planned else None
        return Reading(recording.latency(source.name, recording.compute_units), placement)
