"""A user's own function as a latency source."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from pathlib import Path

from anenas._errors import AnenasError
from anenas.ane import Chip
from anenas.graph import Graph
from anenas.latency._base import Latency


@dataclass(frozen=True)
class FunctionLatency:
    """A function from program and chip to milliseconds.

    Attributes:
        function: Returns ms, or (ms, low_ms, high_ms) with the 90 % interval for the true latency; ms alone claims to
            be exact. None if it is unknown.
        name: Name of the source.
        version: To be changed with the function.
    """

    function: Callable[[Graph, Chip], float | tuple[float, float, float] | None]
    _: KW_ONLY
    name: str
    version: str

    def latency(self, graph: Graph, chip: Chip, package: Path | None = None) -> Latency:
        """The function's result; `package` is ignored.

        Raises:
            AnenasError: If it is None or not a latency.
        """
        answer = self.function(graph, chip)
        if answer is None:
            raise AnenasError(f"{self.name} does not know the latency of this program on {chip.name}")
        try:
            ms, low_ms, high_ms = map(float, answer if isinstance(answer, tuple) else (answer,) * 3)
        except (TypeError, ValueError):
            ms = low_ms = high_ms = math.nan
        if not 0 <= low_ms <= ms <= high_ms < math.inf:
            raise AnenasError(
                f"{self.name} returned {answer!r}; expected milliseconds, or milliseconds with the lower and upper "
                "ends of their interval"
            )
        return Latency(ms, low_ms, high_ms, chip.full_name, self.name, self.version)
