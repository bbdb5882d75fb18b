"""Choosing a trial of a study by its name or number."""

from __future__ import annotations

from collections.abc import Mapping

from anenas._errors import AnenasError
from anenas.search import CompletedTrial, Study, choose_by_weights, choose_within, pick_meaning
from anenas.space import Limits


def choose(
    study: Study,
    pick: str | None,
    limits: Limits | None = None,
    weights: Mapping[str, float] | None = None,
) -> CompletedTrial:
    """The trial to export.

    Args:
        study: The study.
        pick: One of `Study.picks`, such as "knee", or the number of a completed trial; None is the knee.
        limits: Instead of a pick: the best trial that keeps them, see `anenas.search.choose_within`.
        weights: Likewise, see `anenas.search.choose_by_weights`.

    Raises:
        AnenasError: If there is no such trial; the message lists those that there are.
    """
    if (limits and limits.bounds) or weights:
        if pick is not None:
            raise AnenasError(f"pick '{pick}' and limits or weights are two ways to choose; give only one of them")
        limits = limits or Limits()
        return (choose_by_weights(study, weights, limits) if weights else choose_within(study, limits)).trial
    if not study.completed:
        raise AnenasError(f"no trial of {study.name} has completed; resume its search")
    picks = study.picks
    if pick is None or pick in picks:
        return picks[pick or "knee"]
    if not pick.isdecimal():
        names = "; ".join(f"{name} (trial {trial.number}) is {pick_meaning(name)}" for name, trial in picks.items())
        raise AnenasError(
            f"there is no pick '{pick}': {names}; or the number of a completed trial, such as {_few(study)}"
        )
    for trial in study.completed:
        if trial.number == int(pick):
            return trial
    raise AnenasError(_not_completed(study, int(pick)))


def _not_completed(study: Study, number: int) -> str:
    """Why a trial cannot be exported."""
    known = {trial.number: trial for trial in study.finished}
    there = f"choose one that has: {_few(study)}"
    if number in study.unanswered_numbers:
        return f"trial {number} of {study.name} is not done: its training waits or runs; {there}"
    if number not in known:
        last = max([*known, *study.unanswered_numbers], default=0)
        return f"{study.name} has no trial {number}, its trials are 0 to {last}; {there}"
    trial = known[number]
    why = {
        "stopped": f"was stopped before its training was complete ({trial.reason}) and has no model",
        "infeasible": f"is infeasible ({trial.reason}) and is not kept",
        "failed": f"failed ({trial.reason}) and has no model",
        "repeated": f"repeats {trial.reason}: choose that",
    }[trial.state]
    return f"trial {number} of {study.name} {why}" + ("" if trial.state == "repeated" else f"; {there}")


def _few(study: Study, most: int = 8) -> str:
    """Numbers of completed trials, those of the front first."""
    front = [trial.number for trial in reversed(study.front)]
    others = [trial.number for trial in study.completed if trial.number not in front]
    numbers = [*front, *others]
    return ", ".join(map(str, numbers[:most])) + (f" and {len(numbers) - most} more" if len(numbers) > most else "")
