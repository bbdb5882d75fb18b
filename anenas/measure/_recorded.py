"""Recorded measurements as a latency source: the device path without the device."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Self

from anenas._errors import AnenasError
from anenas.ane import Chip
from anenas.graph import Graph, fingerprint
from anenas.latency import Latency, LatencySource, latency_sources
from anenas.measure._recording import ComputeUnits, Recording, load_recordings


class RecordedLatency:
    """Looks up recordings by program and chip.

    Args:
        recordings: The latest one of each program and chip counts.
        compute_units: Recordings with other units do not count. Without it, those count that allowed the engine: what
            was recorded with CPU_AND_NE, and with ALL where there is nothing else. A latency's version says which.

    Attributes:
        version: The compute units.
    """

    name = "recordings"

    def __init__(self, recordings: Iterable[Recording], compute_units: ComputeUnits | None = None) -> None:
        preferred: tuple[ComputeUnits, ...] = (compute_units,) if compute_units else ("CPU_AND_NE", "ALL")
        self.version = " or ".join(preferred)
        in_order = sorted(recordings, key=lambda one: one.date)
        self._recordings = {
            (one.fingerprint, one.chip): one
            for units in reversed(preferred)  # the last one of a program and chip stays
            for one in in_order
            if one.compute_units == units
        }
        self._others = {
            (one.fingerprint, one.chip): one.compute_units for one in in_order if one.compute_units not in preferred
        }

    @classmethod
    def read(cls, *paths: Path, compute_units: ComputeUnits | None = None) -> Self:
        """From files, or folders of them.

        Raises:
            AnenasError: If one cannot be read.
        """
        return cls(load_recordings(paths), compute_units)

    def latency(self, graph: Graph, chip: Chip, package: Path | None = None) -> Latency:
        """The recorded median with its interval; `package` is ignored.

        Raises:
            AnenasError: If the program was not recorded on the chip.
        """
        digest = fingerprint(graph)
        if one := self._recordings.get((digest, chip.name)):
            return one.latency(self.name, one.compute_units)
        if units := self._others.get((digest, chip.name)):
            hint = f"it was recorded with {units}"
        elif others := sorted(recorded_chip for known, recorded_chip in self._recordings if known == digest):
            hint = f"it was recorded on {', '.join(others)}"
        else:
            hint = "measure it on a Mac first"
        raise AnenasError(f"no recording of the program {digest[:12]} on {chip.name} with {self.version}; {hint}")


@latency_sources("recordings")
def _recordings(path: str) -> LatencySource:
    return RecordedLatency.read(Path(path))
