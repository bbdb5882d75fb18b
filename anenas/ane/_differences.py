"""Where devices compute otherwise than definitions say: `known_differences.csv`, which names its sources."""

from __future__ import annotations

import csv
import functools
from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True)
class KnownDifference:
    """One way in which Core ML or the engine computes otherwise than an operation's definition, or than torch.

    Attributes:
        name: Its own.
        operation: MIL's name of the operation.
        condition: When.
        where: "every" unit, "engine", "gpu", or "compiler" if it refuses the program.
        happens: What comes out.
        fix: How to do without.
        taken_in: "interpreter", "rule" or both; "no: …" with the reason otherwise.
        source: Who says so.
    """

    name: str
    operation: str
    condition: str
    where: str
    happens: str
    fix: str
    taken_in: str
    source: str

    @property
    def in_interpreter(self) -> bool:
        return "interpreter" in self.taken_in.split(" + ")

    @property
    def in_rules(self) -> bool:
        return "rule" in self.taken_in.split(" + ")


@functools.cache
def known_differences() -> dict[str, KnownDifference]:
    """Every known difference, by its name."""
    text = resources.files("anenas.ane").joinpath("known_differences.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return {row["name"]: KnownDifference(**row) for row in rows}
