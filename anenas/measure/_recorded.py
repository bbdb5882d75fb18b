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
        compute_units: Recordings with other units do not count.

    Attributes:
        version: The compute units.
    """

    name = "recordings"

    def __init__(self, recordings: Iterable[Recording], compute_units: ComputeUnits = "ALL") -> None:
        self.version = compute_units
        self._recordings = {
            (one.fingerprint, one.chip): one
            for one in sorted(recordings, key=lambda one: one.date)
            if one.compute_units == compute_units
        }

    @classmethod
    def read(cls, *paths: Path, compute_units: ComputeUnits = "ALL") -> Self:
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
            return one.latency(self.name, self.version)
        others = sorted(recorded_chip for known, recorded_chip in self._recordings if known == digest)
        hint = f"it was recorded on {', '.join(others)}" if others else "measure it on a Mac first"
        raise AnenasError(f"no recording of the program {digest[:12]} on {chip.name} with {self.version}; {hint}")


@latency_sources("recordings")
def _recordings(path: str) -> LatencySource:
    return RecordedLatency.read(Path(path))
