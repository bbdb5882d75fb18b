"""Time a suggestion in a study that is already large, and the memory that it takes.

    python experiments/sampler_at_scale.py [--trials 10000] [--space mobile_cnn] [--database]

The study is filled with architectures drawn at random and an accuracy that is made up of their size; with --database
it lies in SQLite, as a real one does (filling it takes minutes), otherwise in memory.
"""

from __future__ import annotations

import argparse
import math
import random
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

import optuna

from anenas.latency import Target
from anenas.search import Problem, Study, TrainingEvaluator, make_sampler
from anenas.space import load_space, walk


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--space", default="mobile_cnn")
    parser.add_argument("--database", action="store_true")
    arguments = parser.parse_args()
    evaluator = TrainingEvaluator(Path(), (Target.named("A15"),), epochs=1)
    space = load_space(arguments.space)
    with tempfile.TemporaryDirectory() as folder:
        study = Study.create_or_continue(
            Path(folder),
            "large",
            {"objectives": {"accuracy": 0.0, "latency_ms": 1.0}},
            0,
            in_memory=not arguments.database,
        )
        problem = Problem(space, 10, evaluator, study.objectives, space.limits)
        study.sampler = make_sampler("auto", problem, seed=0)
        fill(study._optuna, problem, arguments.trials)
        took = []
        for _ in range(11):
            started = time.perf_counter()
            study.ask(space, 10)
            took.append(time.perf_counter() - started)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "linux" else 1e9)
    print(f"{arguments.trials:,} trials of {space.name}, {space.size:.1e} architectures")
    print(f"first suggestion {took[0]:.2f} s, then {statistics.median(took[1:]):.2f} s (median of {len(took) - 1})")
    print(f"memory of the process at its largest {memory:.2f} GB")


def fill(study: optuna.Study, problem: Problem, trials: int) -> None:
    """Add finished trials."""
    rng = random.Random(0)
    options: dict[str, optuna.distributions.BaseDistribution] = {}

    def note(name: str, values):  # type: ignore[no-untyped-def]
        options[name] = optuna.distributions.CategoricalDistribution(values)
        return rng.choice(values)

    for _ in range(trials):
        architecture, decisions = walk(problem.decide, note)
        estimate = problem.evaluator.estimate(architecture)
        accuracy = 1 - 1 / math.log1p(estimate.macs) + rng.gauss(0, 0.002)
        distributions = {name: options[name] for name in decisions}
        values = [accuracy, estimate.latency.ms]
        study.add_trial(optuna.create_trial(params=decisions, distributions=distributions, values=values))


if __name__ == "__main__":
    main()
