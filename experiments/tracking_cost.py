"""What logging a search in MLflow costs: of trials that train nothing, into a real database in SQLite.

    python experiments/tracking_cost.py [--trials 500] [--seconds 5] [--keep FOLDER]

Each trial leaves a package and weights of --megabytes, is answered at once, and is logged as a search logs it: mirrored
by the tracker's thread, the front's report beside it. What it costs is the time of all threads of the process less that
of the same study without listeners, and how long the search itself waited; both against a search with as many trials of
--seconds each on one core.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from anenas.api._report import FrontReport
from anenas.latency import Target
from anenas.search import (
    PACKAGE,
    WEIGHTS,
    Evaluation,
    Problem,
    SearchSettings,
    Study,
    TrainingEvaluator,
    make_sampler,
)
from anenas.space import load_space
from anenas.tracking import MlflowTracker, Source, connect, default_uri


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=5.0, help="that a trial takes in the search compared with")
    parser.add_argument("--megabytes", type=float, default=1.0)
    parser.add_argument("--keep", type=Path, help="folder to leave the store in")
    arguments = parser.parse_args()
    temporary = tempfile.TemporaryDirectory()
    folder = arguments.keep or Path(temporary.name)
    with temporary:
        _, without, _ = timed(folder / "without", arguments.trials, arguments.megabytes, log=False)
        waited, spent, ended = timed(folder / "store", arguments.trials, arguments.megabytes, log=True)
    logging, search = spent - without, arguments.trials * arguments.seconds
    each = 1000 * logging / arguments.trials
    print(f"{arguments.trials} trials: logging took {logging:.1f} s of a core, {each:.0f} ms a trial")
    print(f"the search waited {waited:.2f} s for it, and {ended:.2f} s at its end")
    print(f"of {arguments.trials} trials of {arguments.seconds:g} s on one core: {logging / search:.2%}")


def timed(folder: Path, trials: int, megabytes: float, *, log: bool) -> tuple[float, float, float]:
    """Seconds that the search waited for its listeners, that all threads computed, and that it waited at the end."""
    space = load_space("mobile_cnn")
    objectives, of = {"accuracy": 0.0, "latency_ms": 1.0}, f"{space.name} 0"
    settings = SearchSettings(objectives, space=of, data="photos 01234567", chip="A15")
    study = Study.create_or_continue(folder, "cost", settings)
    tracker = MlflowTracker(study, folder, connect(default_uri(folder)), source=Source.here()) if log else None
    report = FrontReport(tracker) if tracker else None
    waited = 0.0

    def measured(listener: Callable[[Study], None]) -> Callable[[Study], None]:
        def call(of: Study) -> None:
            nonlocal waited
            began = time.perf_counter()
            listener(of)
            waited += time.perf_counter() - began

        return call

    if tracker and report:
        study.listeners += [measured(tracker.update), measured(report)]
    evaluator = TrainingEvaluator((Target.named("A15"),), epochs=1)
    problem = Problem(space, 10, evaluator, study.objectives, space.limits)
    began = time.process_time()
    fill(study, problem, trials, megabytes)
    ending = time.perf_counter()
    if tracker and report:
        report.log(study)
        tracker.close("FINISHED")
    return waited, time.process_time() - began, time.perf_counter() - ending


def fill(study: Study, problem: Problem, trials: int, megabytes: float) -> None:
    """Trials drawn at random: one in five is stopped, one in fifty fails, the others complete."""
    sampler, rng = make_sampler("random", 0), random.Random(0)
    content = bytes(int(1e6 * megabytes))
    losses = tuple((step, 1 / (1 + step)) for step in range(0, 100, 5))
    while len(study.finished) < trials:
        trial = study.ask(sampler, problem)
        estimate = problem.evaluator.estimate(trial.architecture)
        evaluation = Evaluation(
            min(0.99, 1 - 1 / math.log1p(estimate.macs) + rng.gauss(0, 0.02)),
            estimate,
            seconds={"train": 4.0, "export": 1.0},
            losses=losses,
            held_out=400,
            trained_steps=100,
            total_steps=100,
        )
        if trial.number % 50 == 49:
            study.fail(trial, "RuntimeError: pretended")
        elif trial.number % 5 == 4:
            study.pause(trial, dataclasses.replace(evaluation, budget_fraction=0.25))
            study.stop(trial.number, "rung 1 of 2: 3rd of 4")
        else:
            leave(study.workspace(trial), str(trial.architecture), content)
            study.complete(trial, evaluation, {})


def leave(files: Path, architecture: str, content: bytes) -> None:
    """What a trial leaves."""
    (files / PACKAGE / "Data").mkdir(parents=True)
    (files / PACKAGE / "Manifest.json").write_text("{}")
    (files / PACKAGE / "Data" / "weight.bin").write_bytes(content)
    (files / WEIGHTS).write_bytes(content)
    (files / "architecture.txt").write_text(architecture)
    (files / "operations.csv").write_text("operation,microseconds\n" * 50)


if __name__ == "__main__":
    main()
