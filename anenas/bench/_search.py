"""Benchmarks of samplers on tables of known results, through the loop that trains networks."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from anenas.bench._table import Table
from anenas.search import Problem, Search, SearchSettings, SerialExecutor, Study, make_sampler
from anenas.space import Limits


@dataclass(frozen=True, eq=False)
class SearchScores:
    """What `anenas bench search` measures.

    Attributes:
        table: Its name.
        sampler: Its name.
        known: Index of the objective that is known without an evaluation.
        curves: (seeds, trials); the fraction of the true front's hypervolume after each evaluation.
        repeated: Repeated suggestions, over all seeds, which are answered without an evaluation.
        seconds_per_suggestion: Over all seeds, including the time to record and answer one.
    """

    table: str
    sampler: str
    known: int | None
    curves: np.ndarray
    repeated: int
    seconds_per_suggestion: float

    @property
    def checkpoints(self) -> list[int]:
        """Evaluations that the fraction is printed at: 25, 50, 100, 200 and so on, and the last."""
        trials = self.curves.shape[1]
        return sorted({n for n in (25, 50, *range(100, trials, 100)) if n < trials} | {trials})

    def to_dict(self) -> dict[str, object]:
        at = {str(n): self.curves[:, n - 1] for n in self.checkpoints}
        return {
            "table": self.table,
            "sampler": self.sampler,
            "known": self.known,
            "seeds": len(self.curves),
            "share": {n: round(float(fractions.mean()), 4) for n, fractions in at.items()},
            "share_sd": {n: round(float(fractions.std()), 4) for n, fractions in at.items()},
            "repeated": self.repeated,
            "seconds_per_suggestion": round(self.seconds_per_suggestion, 4),
        }


def bench_search(table: Table, sampler: str, *, trials: int, seeds: int) -> SearchScores:
    """Search the table once for each seed, from 0.

    Raises:
        AnenasError: If there is no such sampler.
    """
    trials = min(trials, len(table.choices))
    curves, repeated, suggested = [], 0, 0
    started = time.perf_counter()
    for seed in range(seeds):
        with tempfile.TemporaryDirectory() as folder:
            settings = SearchSettings({"accuracy": 0.0, "latency_ms": 1.0}, space=table.name, seed=seed)
            study = Study.create_or_continue(Path(folder), table.name, settings, in_memory=True)
            problem = Problem(table, 0, table, study.objectives, Limits())
            with SerialExecutor() as executor:
                Search(study, problem, make_sampler(sampler, seed), executor).run(trials)
        fractions = table.hypervolumes([trial.architecture for trial in study.completed])
        curves.append(np.pad(fractions, (0, trials - len(fractions)), mode="edge"))
        repeated += study.counts["repeated"]
        suggested += len(study.trials)
    seconds = (time.perf_counter() - started) / suggested
    return SearchScores(table.name, sampler, table.known, np.array(curves), repeated, seconds)
