"""Axes of drawings: from values to places, and the round values that are marked."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Axis:
    """A range of values along a stretch of a drawing.

    Attributes:
        label: With the unit.
        low: The value at `start`.
        high: The value at `end`.
        start: In units of the drawing; of a vertical axis the lower end, which is the larger number.
        end: Likewise.
        logarithmic: Whether equal distances are equal ratios; then both values are positive.
        most: How many ticks there are about.
    """

    label: str
    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False
    most: int = 6

    def at(self, value: float) -> float:
        """Where a value lies; one beyond an end at the end."""
        inside = min(max(value, self.low), self.high)
        if self.logarithmic:
            share = math.log(inside / self.low) / math.log(self.high / self.low)
        else:
            share = (inside - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 2)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """The place of each round value within the range, and its text."""
        return [(self.at(value), tick_text(value)) for value in self.round_values]

    @property
    def round_values(self) -> list[float]:
        """Those within the range that are marked."""
        from matplotlib.ticker import Locator, LogLocator, MaxNLocator

        locator: Locator = MaxNLocator(self.most, steps=[1, 2, 2.5, 5, 10])
        if self.logarithmic:
            few = self.high / self.low > 10**3
            locator = LogLocator(subs=(1.0,) if few else (1.0, 2.0, 5.0), numticks=self.most + 2)
        return [float(value) for value in locator.tick_values(self.low, self.high) if self.low <= value <= self.high]


def tick_text(value: float) -> str:
    """A round value as short as it can be: "0.25", "20", "1,500", "10⁶"."""
    if value and not 1e-4 < abs(value) < 1e6:
        power = math.floor(math.log10(abs(value)))
        digits = f"{value / 10**power:.3g}"
        raised = str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
        return f"10{raised}" if digits == "1" else f"{digits}·10{raised}"
    return f"{round(value, 6):,g}" if abs(value) < 1e3 else f"{value:,.0f}"
