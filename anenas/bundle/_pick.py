"""Choosing a trial of a study."""

from __future__ import annotations

from anenas._errors import AnenasError, unknown
from anenas.search import CompletedTrial, Study


def choose(study: Study, pick: str | None, max_latency_ms: float | None) -> CompletedTrial:
    """The trial to export.

    Args:
        study: The study.
        pick: One of `Study.picks`, such as "knee", or the number of a completed trial; None is the knee.
        max_latency_ms: Instead of a pick: the most accurate trial within this latency, bounded as in the search.

    Raises:
        AnenasError: If there is no such trial; the message lists those that there are.
    """
    if not study.completed:
        raise AnenasError(f"no trial of {study.name} has completed; resume its search")
    if max_latency_ms is not None:
        if pick is not None:
            raise AnenasError(f"pick '{pick}' and a longest latency are two ways to choose; give one of them")
        return _within(study, max_latency_ms)
    picks = study.picks
    if pick is None or pick in picks:
        return picks[pick or "knee"]
    trials = {str(trial.number): trial for trial in study.completed}
    if pick in trials:
        return trials[pick]
    on_front = [str(trial.number) for trial in study.front]
    if not pick.isdecimal():
        raise unknown("pick", pick, [*picks, *on_front])
    raise AnenasError(
        f"trial {pick} of {study.name} has not completed; on its front are {', '.join(on_front)}; "
        f"{', '.join(picks)} name some of them"
    )


def _within(study: Study, max_latency_ms: float) -> CompletedTrial:
    upper = study.settings.latency_bound == "upper"

    def latency_ms(trial: CompletedTrial) -> float:
        latency = trial.evaluation.estimate.latency
        return latency.high_ms if upper else latency.ms

    fast_enough = [trial for trial in study.completed if latency_ms(trial) <= max_latency_ms]
    if not fast_enough:
        fastest = min(study.completed, key=latency_ms)
        raise AnenasError(
            f"no trial of {study.name} takes at most {max_latency_ms:g} ms; the fastest, {fastest.number}, takes "
            f"{latency_ms(fastest):.3f} ms{', by the upper end of its interval' if upper else ''}"
        )
    return max(fast_enough, key=lambda trial: (trial.evaluation.score, -latency_ms(trial)))
