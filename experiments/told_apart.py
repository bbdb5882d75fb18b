"""What it is worth that a sampler takes latencies that cannot be told apart for equal.

    python experiments/told_apart.py TABLE.npz [--trials 100] [--seeds 8] [--apart 1.18]

A search of a table of known results is told an estimate of each latency: the true one times an error, log-normal, with
which the order of two estimates is right nine times in ten where they differ by the ratio. It is searched with
estimates in steps of that ratio, as the default sampler takes them, and as they are; what it finds is held against the
true latencies.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from anenas.bench import Table, read_table
from anenas.search import (
    Estimate,
    Evaluation,
    Problem,
    Search,
    SearchSettings,
    SerialExecutor,
    Study,
    TrialFiles,
    make_sampler,
)
from anenas.space import Architecture, Limits

_NINE_IN_TEN = statistics.NormalDist().inv_cdf(0.9)


@dataclass(frozen=True)
class Blurred:
    """A table's evaluator whose latencies are estimates.

    Attributes:
        table: With estimates for latencies.
        apart: The ratio from which on they say that they are told apart.
    """

    table: Table
    apart: float

    def estimate(self, architecture: Architecture) -> Estimate:
        return self._told(self.table.estimate(architecture))

    def evaluate(self, architecture: Architecture, files: TrialFiles, budget_fraction: float = 1.0) -> Evaluation:
        found = self.table.evaluate(architecture, files, budget_fraction)
        return dataclasses.replace(found, estimate=self._told(found.estimate))

    def test(self, architecture: Architecture, files: TrialFiles) -> float:
        return self.table.test(architecture, files)

    def _told(self, estimate: Estimate) -> Estimate:
        latency = dataclasses.replace(estimate.latency, apart=self.apart)
        return dataclasses.replace(estimate, latency_by_chip={"": latency})


def blurred(table: Table, apart: float, seed: int) -> Table:
    """The table with an estimate in the place of each latency."""
    deviation = math.log(apart) / (_NINE_IN_TEN * math.sqrt(2))
    objectives = table.objectives.copy()
    objectives[:, 1] *= np.exp(np.random.default_rng(seed).normal(0, deviation, len(objectives)))
    return dataclasses.replace(table, objectives=objectives)


def found_share(table: Table, evaluator: Blurred, sampler: str, trials: int, seed: int) -> np.ndarray:
    """The fraction of the true front's hypervolume after each evaluation."""
    with tempfile.TemporaryDirectory() as folder:
        settings = SearchSettings({"accuracy": 0.0, "latency_ms": 1.0}, space=table.name, seed=seed)
        study = Study.create_or_continue(Path(folder), table.name, settings, in_memory=True)
        problem = Problem(table, 0, evaluator, study.objectives, Limits())
        with SerialExecutor() as executor:
            Search(study, problem, make_sampler(sampler, seed), executor).run(trials)
    return table.hypervolumes([trial.architecture for trial in study.completed])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--apart", type=float, default=1.18)
    arguments = parser.parse_args()
    table = read_table(arguments.table, known=1)
    at = sorted({25, 50, arguments.trials})
    places = [n - 1 for n in at]
    print(f"{table.name}: share of the true front after {', '.join(map(str, at))} evaluations (standard deviation)")
    curves = []
    for title, steps in (("in steps", arguments.apart), ("as they are", 1.0)):
        curves.append(np.array([_curve(table, steps, arguments, seed) for seed in range(arguments.seeds)])[:, places])
        found = (f"{of.mean():.3f} ({of.std():.3f})" for of in curves[-1].T)
        print(f"estimates {title}: {', '.join(found)}", flush=True)
    gain = curves[0] - curves[1]
    error = gain.std(0, ddof=1) / math.sqrt(arguments.seeds)
    print("gain of steps: " + ", ".join(f"{of.mean():+.3f} ± {e:.3f}" for of, e in zip(gain.T, error, strict=True)))


def _curve(table: Table, steps: float, arguments: argparse.Namespace, seed: int) -> np.ndarray:
    evaluator = Blurred(blurred(table, arguments.apart, seed), steps)
    return found_share(table, evaluator, "auto", arguments.trials, seed)


if __name__ == "__main__":
    main()
