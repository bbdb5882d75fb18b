"""What words of the tables mean, said once where they are shown."""

from __future__ import annotations

from collections.abc import Iterable

from anenas.search import pick_meaning

STATES = {
    "completed": "trained in full, exported, within the limits",
    "stopped": "stopped early, at a rung where others were better",
    "paused": "waiting at a rung, to be continued or stopped",
    "failed": "could not be trained or exported",
    "infeasible": "breaks a limit or a rule of the engine",
    "repeated": "had been tried before",
}


def picks_legend(names: Iterable[str]) -> str:
    """What these names of models mean: "knee: the best compromise; fast: the lowest latency"."""
    return "; ".join(f"{name}: {pick_meaning(name)}" for name in dict.fromkeys(names))


def states_legend(states: Iterable[str]) -> str:
    """What these states of trials mean."""
    return "; ".join(f"{state}: {STATES[state]}" for state in dict.fromkeys(states) if state in STATES)
