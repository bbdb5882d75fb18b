"""Which operations the engine runs: `op_support.csv`, which names its sources."""

from __future__ import annotations

import csv
import functools
from dataclasses import dataclass
from importlib import resources

from anenas.ane._chips import Chip

# Recurrent operations and the loop that torch's GRU becomes: none runs on the engine.
RECURRENT = frozenset({"lstm", "gru", "rnn", "while_loop"})


@dataclass(frozen=True)
class Support:
    """What is known about one kind of operation.

    Attributes:
        on_engine: "yes", "conditional", "unclear" if sources disagree, "host" if it runs after the engine, or "no".
        since: First generation of the engine that runs it; 0 for all.
        condition: When, or why not.
        rules: The rules that look at the condition; "host", "cost" or "none" where none does, see the file.
        source: Who says so.
    """

    on_engine: str
    since: int
    condition: str
    rules: tuple[str, ...]
    source: str


@functools.cache
def op_support() -> dict[str, Support]:
    """What is known about each kind of operation, by MIL's name."""
    text = resources.files("anenas.ane").joinpath("op_support.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return {
        row["op"]: Support(
            row["on_engine"],
            int(row["since"].removeprefix("H") or 0),
            row["condition"],
            tuple(filter(None, row["rule"].split(" + "))),
            row["source"],
        )
        for row in rows
    }


def rejection(kind: str, chip: Chip) -> str | None:
    """Why a chip's engine does not run operations of this kind, or None if it may."""
    support = op_support().get(kind)
    if support is None:
        return None
    if support.on_engine == "no":
        return f"{kind} never runs on the engine" + (f": {support.condition}" if support.condition else "")
    if support.since > chip.generation:
        return f"{kind} does not run on the engine of {chip.name}, only on newer ones"
    return None


def host_reason(kind: str) -> str:
    """Why operations of this kind run after the engine, or "" if they do not."""
    support = op_support().get(kind)
    return f"{kind} {support.condition}" if support and support.on_engine == "host" else ""
