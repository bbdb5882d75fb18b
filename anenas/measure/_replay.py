"""Recorded measurements as a latency source: the device path without the device."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from anenas._errors import AnenasError
from anenas.ane import Chip
from anenas.graph import Graph, fingerprint
from anenas.latency import Latency
from anenas.measure._recording import ComputeUnits, Recording, load_recordings


class ReplayLatency:
    """Answers from recordings, which are found by the program and the chip.

    Args:
        recordings: Of one program on one chip the latest counts.
        compute_units: Recordings with other units do not count.
    """

    name = "replay"

    def __init__(self, recordings: Iterable[Recording], compute_units: ComputeUnits = "ALL") -> None:
        self.compute_units = compute_units
        self._recordings = {
            (one.fingerprint, one.chip): one
            for one in sorted(recordings, key=lambda one: one.date)
            if one.compute_units == compute_units
        }

    @classmethod
    def read(cls, *paths: Path, compute_units: ComputeUnits = "ALL") -> ReplayLatency:
        """From files, or folders of them.

        Raises:
            AnenasError: If one cannot be read.
        """
        return cls(load_recordings(paths), compute_units)

    def recording(self, graph: Graph, chip: Chip) -> Recording:
        """The latest recording of a program on a chip.

        Raises:
            AnenasError: If there is none.
        """
        digest = fingerprint(graph)
        try:
            return self._recordings[digest, chip.name]
        except KeyError:
            others = sorted(recorded_chip for known, recorded_chip in self._recordings if known == digest)
            hint = f"it was recorded on {', '.join(others)}" if others else "record it with `anenas measure` on a Mac"
            raise AnenasError(
                f"no recording of the program {digest[:12]} on {chip.name} with {self.compute_units}; {hint}"
            ) from None

    def latency(self, graph: Graph, chip: Chip, package: Path | None = None) -> Latency:
        """The recorded median with its interval; `package` is not looked at."""
        return self.recording(graph, chip).latency(self.name)
