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
        function: Gives ms, or (ms, low_ms, high_ms) with the interval that is to hold the true latency nine times in
            ten; ms alone claims to be exact. None where it cannot tell.
        name: What to call it.
        version: To be changed with the function.
    """

    function: Callable[[Graph, Chip], float | tuple[float, float, float] | None]
    _: KW_ONLY
    name: str
    version: str

    def latency(self, graph: Graph, chip: Chip, package: Path | None = None) -> Latency:
        """What the function says; `package` is not looked at.

        Raises:
            AnenasError: If that is nothing, or no latency.
        """
        answer = self.function(graph, chip)
        if answer is None:
            raise AnenasError(f"{self.name} knows no latency of this program on {chip.name}")
        try:
            ms, low_ms, high_ms = map(float, answer if isinstance(answer, tuple) else (answer,) * 3)
        except (TypeError, ValueError):
            ms = low_ms = high_ms = math.nan
        if not 0 <= low_ms <= ms <= high_ms < math.inf:
            raise AnenasError(
                f"{self.name} answered {answer!r}; expected milliseconds, or milliseconds with the lower and the upper "
                "end of their interval"
            )
        return Latency(ms, low_ms, high_ms, chip.name, self.name, self.version)
