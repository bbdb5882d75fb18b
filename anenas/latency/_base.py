"""Latencies with their origin, and the protocol of latency sources."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self, runtime_checkable

from anenas.ane import Chip, ProgramCost
from anenas.graph import Graph


@dataclass(frozen=True)
class Latency:
    """A latency with its origin.

    Attributes:
        ms: Milliseconds per prediction.
        low_ms: Lower end of the 90 % interval for the true latency.
        high_ms: Upper end of the interval.
        chip: Name of the chip.
        source: Name of the `LatencySource`, such as "calibrated".
        version: Version of the source, such as "3.2f43".
        device: The device that was measured, or the user's own device that the source was adapted to.
        apart: Two latencies of the source on one chip are told apart where their ratio is at least this: their order is
            then right nine times in ten.
        fixed_ms: What any prediction costs, of it; 0 where the source does not tell.
        samples_ms: Where it was measured, the median prediction of each round; empty where it is an estimate.
    """

    ms: float
    low_ms: float
    high_ms: float
    chip: str
    source: str
    version: str = ""
    device: str | None = None
    apart: float = 1.0
    fixed_ms: float = 0.0
    samples_ms: tuple[float, ...] = ()

    @property
    def origin(self) -> str:
        """Source and version as one string: "calibrated-3.2f43"."""
        return origin(self.source, self.version)

    def told_apart(self, other: Latency) -> bool:
        """Whether the two differ by more than what is not known of either.

        Two estimates err alike, so that their ratio tells. A measurement shares its errors with none: it is told apart
        from another latency, measured or estimated, where their intervals have nothing in common.
        """
        if self.samples_ms or other.samples_ms:
            return self.high_ms < other.low_ms or other.high_ms < self.low_ms
        return max(self.ms, other.ms) >= max(self.apart, other.apart) * min(self.ms, other.ms)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `dataclasses.asdict`; also reads the old form with the origin as a single string."""
        if "version" in values:
            return cls(**{**values, "samples_ms": tuple(values.get("samples_ms", ()))})
        old = re.fullmatch(r"(calibrated)-(\S+(?: for (\S+))?)", values["source"])
        source, version, device = old.groups() if old else (values["source"], "", None)
        return cls(**{**values, "source": source, "version": version, "device": device})


def origin(source: str, version: str) -> str:
    """Source and version as one string; latencies are comparable only if it is the same."""
    return f"{source}-{version}" if version else source


@runtime_checkable
class LatencySource(Protocol):
    """Knows how long a program takes on a chip.

    A class needs no base class, only these three members:

        class Shelf:
            name, version = "shelf", "1"

            def latency(self, graph, chip, package=None):
                ms = 0.2 + graph.macs / 2e9
                return anenas.Latency(ms, 0.8 * ms, 1.25 * ms, chip.name, self.name, self.version)

    A search calls it for every candidate, and again for each exported program. It is pickled to send it to worker
    processes. Register it by name with `latency_sources`.
    """

    @property
    def name(self) -> str:
        """Name of the source."""
        ...

    @property
    def version(self) -> str:
        """Must change whenever its latencies are no longer comparable with earlier ones."""
        ...

    def latency(self, graph: Graph, chip: Chip, package: Path | None = None) -> Latency:
        """The latency of one prediction.

        Args:
            graph: The program.
            chip: The chip that it runs on.
            package: Its `.mlpackage`, for sources that run it; None if it is not exported yet.

        Raises:
            AnenasError: If the latency is unknown.
        """
        ...


@runtime_checkable
class CostLatencySource(LatencySource, Protocol):
    """A source that needs only a program's cost, which takes microseconds to compute."""

    def from_cost(self, cost: ProgramCost, chip: Chip) -> Latency:
        """The latency of a program with that cost on that chip.

        Raises:
            AnenasError: If the latency is unknown.
        """
        ...
