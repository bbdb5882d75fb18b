"""Figures with intervals, and how people read them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A figure of all inputs.

    Attributes:
        value: It.
        low: Lower end of its 95 % interval; None where it has none.
        high: Upper end.
        is_fraction: Whether it is shown in per cent.
    """

    value: float
    low: float | None = None
    high: float | None = None
    is_fraction: bool = True

    def __str__(self) -> str:
        return self._words(self.value)

    @property
    def interval(self) -> str:
        """Its ends for people, or nothing."""
        if self.low is None or self.high is None:
            return ""
        if self.is_fraction:
            return f"{100 * self.low:.1f}–{percent(self.high)}"
        return f"{self._words(self.low)} to {self._words(self.high)}"

    def _words(self, value: float) -> str:
        return percent(value) if self.is_fraction else number(value)

    def to_dict(self) -> dict[str, float | None]:
        """For JSON."""
        return {"value": self.value, "low": self.low, "high": self.high}


def percent(share: float | None) -> str:
    """A share as people read it; a dash for none."""
    return "–" if share is None else f"{share:.1%}"


def number(value: float) -> str:
    """A number with three digits, or all before the point."""
    return f"{value:,.0f}" if 1e3 <= abs(value) < 1e9 else f"{value:.3g}"
