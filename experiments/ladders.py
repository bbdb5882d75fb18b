"""Where the rungs of early stopping should lie, and how many trials should go on from each.

    python experiments/ladders.py [--architectures 40] [--epochs 2] [--seeds 50]

Trains architectures of `mobile_cnn` with a pause at each budget, once, and keeps what they were there in
`experiments/results/training_correlation.csv`. Then it replays searches of them, each in a random order, with one rung
to four here and there, and prints how many trials complete, what part of the time of training everything it takes, and
how much of the pooled front is found in the end and after so many seconds.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ablations import Row, curve, pooled
from rich.console import Console
from rich.table import Table
from training_studies import EVALUATOR, Bench, Results, pauses

from anenas.search import (
    Estimate,
    Evaluation,
    Problem,
    Rungs,
    Search,
    SearchSettings,
    SerialExecutor,
    Study,
    TrialFiles,
    make_sampler,
)
from anenas.space import Architecture, Limits


@dataclass(frozen=True)
class Replay:
    """An evaluator of architectures whose training was recorded."""

    recorded: Mapping[Architecture, Mapping[float, tuple[float, float]]]

    def estimate(self, architecture: Architecture) -> Estimate:
        return EVALUATOR.estimate(architecture)

    def evaluate(self, architecture: Architecture, files: TrialFiles, budget_fraction: float = 1.0) -> Evaluation:
        accuracy, seconds = self.recorded[architecture][budget_fraction]
        return Evaluation(accuracy, self.estimate(architecture), budget_fraction, seconds={"train": seconds})

    def test(self, architecture: Architecture, files: TrialFiles) -> float:
        return float("nan")


def replayed(bench: Bench, recorded: Mapping[Architecture, Any], rungs: Rungs, seed: int) -> list[Row]:
    """A search of the recorded architectures in an order of its own."""
    order = list(recorded)
    random.Random(seed).shuffle(order)
    rows: list[Row] = []
    spent: dict[int, float] = {}
    seen: set[int] = set()

    def note(study: Study) -> None:
        for paused in study.paused.values():
            spent[paused.number] = recorded[paused.architecture][paused.budget_fraction][1]
        for trial in study.finished:
            if trial.number not in seen and trial.evaluation:
                seen.add(trial.number)
                spent[trial.number] = recorded[trial.architecture][trial.evaluation.budget_fraction][1]
                figures = (sum(spent.values()), *study.objectives.point(trial.evaluation), float("nan"))
                rows.append(Row(seed, str(rungs), trial.number, trial.state, *figures))

    with tempfile.TemporaryDirectory() as folder:
        settings = SearchSettings({"accuracy": 0.0, "latency_ms": 1.0}, seed=seed)
        study = Study.create_or_continue(Path(folder), "replay", settings, in_memory=True)
        study.listeners.append(note)
        problem = Problem(bench.space, len(bench.data.classes), Replay(recorded), study.objectives, Limits())
        search = Search(study, problem, make_sampler("random", seed), SerialExecutor(), first=order, rungs=rungs)
        search.run(len(order) // rungs.reduction ** (rungs.count - 1))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--architectures", type=int, default=40)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=50, help="replayed searches of each kind")
    args = parser.parse_args()
    bench, results = Bench.default(args.epochs), Results("correlation")
    recorded = {a: pauses(bench, results, a) for a in bench.architectures(args.architectures)}
    kinds = [Rungs(1)] + [
        Rungs(count, reduction, spacing)
        for count in (2, 3, 4)
        for spacing in (2, 4, 8)
        for reduction in (2, 3, 4)
        if spacing ** (count - 1) in (2, 4, 8, 16, 64)
        and (count < 4 or spacing < 4)
        and reduction ** (count - 1) <= args.architectures
    ]
    runs = {rungs: [replayed(bench, recorded, rungs, seed) for seed in range(args.seeds)] for rungs in kinds}
    share = pooled(runs[kinds[0]][0]).share
    budgets = [sum(trial[1.0][1] for trial in recorded.values()) * part for part in (0.125, 0.25, 0.375, 0.5, 0.75)]
    table = Table("rungs", "completed", "of the time", "share", *(f"at {budget:.0f} s" for budget in budgets))
    for rungs, searches in runs.items():
        curves = [curve(rows, share) for rows in searches]
        at = [
            statistics.mean(max((v for s, v in zip(*c, strict=True) if s <= budget), default=0.0) for c in curves)
            for budget in budgets
        ]
        name = f"{', '.join(f'{s:g}' for s in rungs.fractions)}; 1 in {rungs.reduction}" if rungs.count > 1 else "none"
        table.add_row(
            name,
            f"{statistics.mean(sum(row.state == 'completed' for row in rows) for rows in searches):.1f}",
            f"{statistics.mean(max(row.seconds for row in rows) for rows in searches) / budgets[-1] * 0.75:.2f}",
            f"{statistics.mean(max(values, default=0.0) for _, values in curves):.3f}",
            *(f"{value:.3f}" for value in at),
        )
    Console().print(table)


if __name__ == "__main__":
    main()
