"""`Concern`: what a check has found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_NAMED = 2  # in the one line
_TOGETHER = 3


@dataclass(frozen=True)
class Concern:
    """Something about a data set that its user should know before training on it.

    Attributes:
        check: What was looked for, such as "same input in two splits".
        message: What was found, a line.
        fix: What to do about it, a line.
        affected: Inputs, classes or groups that the message does not name, all of them; those that belong together,
            such as copies of a picture, in one tuple.
        between: What stands between those that belong together.
    """

    check: str
    message: str
    fix: str
    affected: tuple[tuple[str, ...], ...] = ()
    between: str = " = "

    def __str__(self) -> str:
        """All in one line, with the first of what is affected."""
        listed = f": {', '.join(_some(self.lines, _NAMED))}" if self.affected else ""
        return f"{self.message}{listed}; {self.fix}"

    @property
    def lines(self) -> list[str]:
        """What is affected, a line for those that belong together, of which the first few are named."""
        return [self.between.join(_some(together, _TOGETHER)) for together in self.affected]

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"check": self.check, "message": self.message, "fix": self.fix, "affected": self.affected}


def are(count: int, thing: str, things: str) -> str:
    """As a subject: "1 image is" or "1,200 images are"."""
    return f"1 {thing} is" if count == 1 else f"{count:,} {things} are"


def _some(names: Sequence[str], most: int) -> list[str]:
    """The first few, the last of which says how many more there are."""
    if len(names) <= most:
        return list(names)
    return [*names[: most - 1], f"{names[most - 1]} and {len(names) - most:,} more"]
