"""Latencies with where they come from, and what whoever knows them has to answer."""

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
    """A latency with where it came from.

    Attributes:
        ms: Milliseconds a prediction.
        low_ms: Lower end of the interval that is to hold the true latency nine times in ten.
        high_ms: Upper end of it.
        chip: Name of the chip that it is for.
        source: Name of the `LatencySource` that says so, such as "calibrated".
        version: Of that source, such as "3.2f43".
        device: The device that was measured, or the user's own that the source was adapted to.
    """

    ms: float
    low_ms: float
    high_ms: float
    chip: str
    source: str
    version: str = ""
    device: str | None = None

    @property
    def origin(self) -> str:
        """Source and version as people read them: "calibrated-3.2f43"."""
        return origin(self.source, self.version)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """What `dataclasses.asdict` made of one, in this version or in one that kept its origin in a single string."""
        if "version" in values:
            return cls(**values)
        old = re.fullmatch(r"(calibrated)-(\S+(?: for (\S+))?)", values["source"])
        source, version, device = old.groups() if old else (values["source"], "", None)
        return cls(**{**values, "source": source, "version": version, "device": device})


def origin(source: str, version: str) -> str:
    """What two latencies must share to be compared, as one string."""
    return f"{source}-{version}" if version else source


@runtime_checkable
class LatencySource(Protocol):
    """Whatever knows how long a program takes on a chip.

    A class needs no base, only these three:

        class Shelf:
            name, version = "shelf", "1"

            def latency(self, graph, chip, package=None):
                ms = 0.2 + graph.macs / 2e9
                return anenas.Latency(ms, 0.8 * ms, 1.25 * ms, chip.name, self.name, self.version)

    A search asks it for every candidate, and again for each program that it exports. It travels to worker processes by
    pickling. `latency_sources` makes it known by a name.
    """

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever its latencies can no longer be compared with those that it gave before."""
        ...

    def latency(self, graph: Graph, chip: Chip, package: Path | None = None) -> Latency:
        """The latency of one prediction.

        Args:
            graph: The program.
            chip: What it runs on.
            package: Its `.mlpackage`, for sources that run it; None where nothing is exported yet.

        Raises:
            AnenasError: If it cannot tell.
        """
        ...


@runtime_checkable
class CostLatencySource(LatencySource, Protocol):
    """A source that needs no more of a program than what it costs, which is known in microseconds."""

    def from_cost(self, cost: ProgramCost, chip: Chip) -> Latency:
        """The latency of a program that costs that much on that chip.

        Raises:
            AnenasError: If it cannot tell.
        """
        ...
