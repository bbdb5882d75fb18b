"""What pretrained networks are worth before any is trained: a linear classifier on the features of every cut."""

from __future__ import annotations

import functools
import itertools
import logging
import time
from collections.abc import Sequence
from pathlib import Path

from anenas.search._donor import Pretrained
from anenas.search._evaluation import PROBE, Evaluation
from anenas.search._problem import Problem
from anenas.search._study import Phase, Study
from anenas.search._trial import PROBED, Trial
from anenas.search.executors import Executor, Outcome, Task, TrialFiles
from anenas.space import Architecture

_log = logging.getLogger(__name__)


def probe_backbones(
    study: Study,
    problem: Problem,
    executor: Executor,
    architectures: Sequence[Architecture],
    data: Path | None,
    pretrained: Pretrained,
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
        deadline: By `time.monotonic`; what has not been probed by then is left out.
    """
    busy = {trial.architecture for trial in study.paused.values()}
    new = [one for one in architectures if one not in busy and study.known(one) is None]
    groups = [list(group) for _, group in itertools.groupby(sorted(new, key=_pass), key=_pass)]
    running: dict[int, list[Trial]] = {}
    count, done = len(groups), 0
    if groups:
        _log.info("probing pretrained networks: %d cuts in %d passes over the images", len(new), count)
    while time.monotonic() < deadline and (groups or running):
        study.enter(Phase("probing", done, count))
        while groups and len(running) < executor.slots:
            trials = _worth_training(study, problem, groups.pop(0))
            if trials:
                _submit(study, problem, executor, trials, data, pretrained)
                running[trials[0].number] = trials
        for number, outcome in executor.wait(deadline - time.monotonic()) if running else ():
            done += 1
            _note(study, problem, running.pop(number), outcome)
    if count:
        study.enter(Phase())


def _pass(architecture: Architecture) -> tuple[tuple[int, ...], str]:
    """What one pass over the images serves."""
    assert architecture.backbone
    return architecture.input, architecture.backbone.network


def _worth_training(study: Study, problem: Problem, architectures: Sequence[Architecture]) -> list[Trial]:
    trials = []
    for architecture in architectures:
        trial = study.ask_about(architecture, problem)
        estimate = problem.evaluator.estimate(architecture)
        violations = problem.violations(estimate)
        if violations or estimate.broken_rules:
            study.reject(trial, estimate, violations)
        else:
            trials.append(trial)
    return trials


def _submit(
    study: Study,
    problem: Problem,
    executor: Executor,
    trials: Sequence[Trial],
    data: Path | None,
    pretrained: Pretrained,
) -> None:
    first = trials[0].architecture
    task = functools.partial(problem.evaluator.probe, [trial.architecture for trial in trials])  # type: ignore[attr-defined]
    learned = pretrained(first)
    files = TrialFiles(study.workspace(trials[0]), data, learned.file if learned else None)
    executor.submit(trials[0].number, Task(task, files))


def _note(study: Study, problem: Problem, trials: Sequence[Trial], outcome: Outcome) -> None:
    from safetensors.numpy import save_file

    for i, trial in enumerate(trials):
        if outcome.error is not None:
            study.fail(trial, outcome.error)
            continue
        probe = outcome.value[i]
        head = {"head.1.weight": probe.weight[:, :, None, None], "head.1.bias": probe.bias}
        save_file(head, study.workspace(trial) / PROBE)
        estimate = problem.evaluator.estimate(trial.architecture)
        study.pause(trial, Evaluation(accuracy=probe.accuracy, estimate=estimate, budget_fraction=PROBED))
