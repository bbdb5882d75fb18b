"""Time a suggestion in a study that is already large, and the memory that it takes.

    python experiments/sampler_at_scale.py [--trials 10000] [--space mobile_cnn] [--database]

The study is filled with architectures drawn at random and an accuracy that is made up of their size; with --database
it lies in SQLite, as a real one does (filling it takes minutes), otherwise in memory.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import random
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

import optuna

from anenas.latency import Target
from anenas.search import Evaluation, Problem, SearchSettings, Study, TrainingEvaluator, make_sampler
from anenas.space import load_space, walk


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--space", default="mobile_cnn")
    parser.add_argument("--database", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if arguments.database:  # by a process of its own, so that the memory is that of one which goes on with a study
            filling = multiprocessing.get_context("spawn").Process(
                target=fill, args=(Path(folder), arguments.space, arguments.trials)
            )
            filling.start()
            filling.join()
            study, problem = opened(Path(folder), arguments.space, in_memory=False)
        else:
            study, problem = fill(Path(folder), arguments.space, arguments.trials, in_memory=True)
        sampler = make_sampler("auto", 0)
        took = []
        for _ in range(31):
            started = time.perf_counter()
            study.ask(sampler, problem)
            took.append(time.perf_counter() - started)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "linux" else 1e9)
    print(f"{arguments.trials:,} trials of {problem.space.name}, {problem.space.size:.1e} architectures")
    print(f"first suggestion {took[0]:.2f} s, then {statistics.median(took[1:]):.2f} s (median of {len(took) - 1})")
    print(f"memory of the process at its largest {memory:.2f} GB")


def opened(folder: Path, space_name: str, *, in_memory: bool) -> tuple[Study, Problem]:
    """The study, new or as it is there, and what it searches."""
    evaluator = TrainingEvaluator((Target.named("A15"),), epochs=1)
    space = load_space(space_name)
    settings = SearchSettings({"accuracy": 0.0, "latency_ms": 1.0})
    study = Study.create_or_continue(folder, "large", settings, in_memory=in_memory)
    return study, Problem(space, 10, evaluator, study.objectives, space.limits)


def fill(folder: Path, space_name: str, trials: int, *, in_memory: bool = False) -> tuple[Study, Problem]:
    """Add finished trials to a new study."""
    study, problem = opened(folder, space_name, in_memory=in_memory)
    rng = random.Random(0)
    options: dict[str, optuna.distributions.BaseDistribution] = {}

    def note(name: str, values):  # type: ignore[no-untyped-def]
        options[name] = optuna.distributions.CategoricalDistribution(values)
        return rng.choice(values)

    for _ in range(trials):
        architecture, decisions = walk(problem.decide, note)
        estimate = problem.evaluator.estimate(architecture)
        evaluation = Evaluation(1 - 1 / math.log1p(estimate.macs) + rng.gauss(0, 0.002), estimate)
        distributions = {name: options[name] for name in decisions}
        answer = {"state": "completed", "reason": "", "reason_code": "", "evaluation": evaluation.to_dict()}
        study._optuna.add_trial(
            optuna.create_trial(
                params=decisions,
                distributions=distributions,
                values=study.objectives.point(evaluation),
                user_attrs={"architecture": str(architecture), "answer": answer},
            )
        )
    if in_memory:
        return Study(study._optuna, study._storage, folder), problem  # which reads what is there now
    return opened(folder, space_name, in_memory=False)


if __name__ == "__main__":
    main()
