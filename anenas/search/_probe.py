"""What pretrained networks are worth before any is trained: a linear classifier on the features of every cut."""

from __future__ import annotations

import functools
import itertools
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

from anenas._files import replacing
from anenas.search._candidates import keeps_limits
from anenas.search._donor import Pretrained
from anenas.search._evaluation import PROBE
from anenas.search._problem import Problem
from anenas.search._study import Phase, Study
from anenas.search._trial import Trial
from anenas.search.executors import Executor, Outcome, Task, TrialFiles, run_all
from anenas.space import Architecture

_log = logging.getLogger(__name__)


def probe_backbones(
    study: Study,
    problem: Problem,
    executor: Executor,
    architectures: Sequence[Architecture],
    data: Path | None,
    pretrained: Pretrained,
    left: Sequence[Trial],
    deadline: float,
) -> None:
    """Make each architecture of a backbone a trial that is paused with the accuracy of its probe.

    Those that break a limit or rule are recorded as infeasible, those that are known already are left out. One task
    serves every cut of a backbone at one size of input.

    Args:
        study: Where they are recorded.
        problem: They are of; its evaluator can `probe`.
        executor: Where that is done.
        architectures: To probe.
        data: Folder that every evaluation reads.
        pretrained: What each has learned before.
        left: Trials that an earlier process asked about and did not live to probe.
        deadline: By `time.monotonic`; what has not been probed by then is left for the next time.
    """
    busy = {trial.architecture for trial in study.paused.values()}
    new = sorted((one for one in architectures if one not in busy and study.known(one) is None), key=_pass)
    groups = [list(group) for _, group in itertools.groupby(new, key=_pass)]
    if not groups:
        return
    _log.info("probing pretrained networks: %d cuts in %d passes over the images", len(new), len(groups))
    asked = {trial.architecture: trial for trial in left}
    running: dict[int, list[Trial]] = {}

    def tasks() -> Iterator[tuple[int, Task]]:
        for done, group in enumerate(groups):
            study.enter(Phase("probing", done - len(running), len(groups)))
            trials = [asked.get(one) or study.ask_about(one, problem) for one in group]
            if trials := [trial for trial in trials if keeps_limits(study, problem, trial)]:
                running[trials[0].number] = trials
                yield trials[0].number, _task(study, problem, trials, data, pretrained)

    for number, outcome in run_all(executor, tasks(), deadline):
        _note(study, problem, running.pop(number), outcome)
    study.enter(Phase())


def _pass(architecture: Architecture) -> tuple[tuple[int, ...], str]:
    """What one pass over the images serves."""
    assert architecture.backbone
    return architecture.input, architecture.backbone.network


def _task(study: Study, problem: Problem, trials: Sequence[Trial], data: Path | None, pretrained: Pretrained) -> Task:
    probe = functools.partial(problem.evaluator.probe, [trial.architecture for trial in trials])  # type: ignore[attr-defined]
    learned = pretrained(trials[0].architecture)
    return Task(probe, TrialFiles(study.workspace(trials[0]), data, learned.file if learned else None))


def _note(study: Study, problem: Problem, trials: Sequence[Trial], outcome: Outcome) -> None:
    from safetensors.numpy import save_file

    if outcome.error is not None:
        study.check_room(outcome.error)
        for trial in trials:
            study.fail(trial, outcome.error)
        return
    for trial, probe in zip(trials, outcome.value, strict=True):
        head = {"head.1.weight": probe.weight[:, :, None, None], "head.1.bias": probe.bias}
        with replacing(study.workspace(trial) / PROBE) as new:
            save_file(head, new)
        study.pause(trial, probe.evaluation)
