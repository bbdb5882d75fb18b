"""What words of the tables mean, said once where they are shown."""

from __future__ import annotations

from collections.abc import Iterable

STATES = {
    "completed": "trained in full, exported, within the limits",
    "stopped": "stopped early, at a rung where others were better",
    "paused": "waiting at a rung, to be continued or stopped",
    "failed": "could not be trained or exported",
    "infeasible": "breaks a limit or a rule of the engine",
    "repeated": "had been tried before",
}
_BEST = {
    "accurate": "the best score",
    "fast": "the lowest latency",
    "small": "the smallest package",
    "light": "the fewest multiply-accumulates",
    "lean": "the fewest parameters",
    "resident": "the most time on the engine",
}
PICKS = {"knee": "the best compromise, beyond which one objective becomes expensive in the others", **_BEST}


def picks_legend(names: Iterable[str]) -> str:
    """What these names of models mean: "knee: the best compromise; fast: the lowest latency"."""
    told = []
    for name in dict.fromkeys(names):
        family, _, chip = name.partition("-")
        told.append(f"{name}: {PICKS.get(family, 'the best in it')}{f' on {chip}' if chip else ''}")
    return "; ".join(told)


def states_legend(states: Iterable[str]) -> str:
    """What these states of trials mean."""
    return "; ".join(f"{state}: {STATES[state]}" for state in dict.fromkeys(states) if state in STATES)
