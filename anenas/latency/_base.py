"""The latency protocol: whatever answers it can stand in for another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from anenas.ane import Chip
from anenas.graph import Graph


@dataclass(frozen=True)
class Latency:
    """A latency with where it came from.

    Attributes:
        ms: Milliseconds a prediction.
        low_ms: Lower end of the interval that is to hold the true latency nine times in ten.
        high_ms: Upper end of it.
        source: What says so, with its version: "calibrated-3.2f43".
        chip: For which chip.
    """

    ms: float
    low_ms: float
    high_ms: float
    source: str
    chip: str


class LatencySource(Protocol):
    """Anything that knows how long a program takes on a chip."""

    name: str

    def latency(self, graph: Graph, chip: Chip, package: Path | None = None) -> Latency:
        """The latency of one prediction.

        Args:
            graph: The program.
            chip: What it runs on.
            package: Its `.mlpackage`, for sources that run it.
        """
        ...
