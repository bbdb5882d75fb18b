"""How busy a search's own process is that has many workers, and how busy those are: a simulation, nothing is trained.

    python experiments/driver.py [--workers 1000] [--trials 3000] [--minutes 5] [--past 0] [--rungs 2]

Everything is as in a search of `mobile_cnn` (database in SQLite, default sampler, rungs, donors' weights, estimates),
but for the trainings: they take their time from a lognormal distribution, its median `--minutes` for a whole one, and
make an accuracy up. Time is simulated: it goes on by what the driver takes of it, and jumps to the next training that
ends where the driver waits. `--clock cpu` counts the driver's seconds of processor, which other processes do
not change; `--clock wall` counts its waits for the disk, too.

`--past` begins with a study of so many completed trials, written by another process, and times what goes on with it.
`--profile FILE` writes a profile of the driver, for `python -m pstats FILE`.
"""

from __future__ import annotations

import argparse
import contextlib
import cProfile
import functools
import heapq
import logging
import math
import multiprocessing
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import optuna
from safetensors.numpy import save_file

from anenas.latency import Target
from anenas.search import (
    Estimate,
    Evaluation,
    Outcome,
    Problem,
    Rungs,
    Sampler,
    Search,
    SearchSettings,
    Study,
    Task,
    TrainingEvaluator,
    Trial,
    TrialFiles,
    make_sampler,
)
from anenas.space import Architecture, Decisions, load_space, walk

CLOCKS = {"cpu": time.process_time, "wall": time.perf_counter}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=1000)
    parser.add_argument("--trials", type=int, default=3000, help="completed trials to add")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--past", type=int, default=0)
    parser.add_argument("--rungs", type=int, default=2)
    parser.add_argument("--clock", choices=CLOCKS, default="cpu")
    parser.add_argument("--folder", type=Path, help="keeps the study; by default a temporary one")
    parser.add_argument("--profile", type=Path)
    args = parser.parse_args()
    logging.getLogger("anenas").setLevel(logging.ERROR)
    with contextlib.ExitStack() as kept:
        folder = args.folder or Path(kept.enter_context(tempfile.TemporaryDirectory()))
        if args.past and not (folder / "studies.db").exists():
            writing = multiprocessing.get_context("spawn").Process(target=write_past, args=(folder, args.past))
            writing.start()
            writing.join()
        started = time.perf_counter(), time.process_time()
        study, problem = opened(folder)
        left = study.unanswered(problem)
        if args.past:
            took = time.perf_counter() - started[0], time.process_time() - started[1]
            print(f"{len(study.finished):,} trials read in {took[0]:.1f} s, {took[1]:.1f} s of CPU; {memory()}")
        assert args.past or not left
        executor = SimulatedExecutor(args.workers, args.minutes, CLOCKS[args.clock])
        sampler = TimedSampler(make_sampler("auto", 0))
        search = Search(study, problem, sampler, executor, rungs=Rungs(args.rungs), inherit=True)
        study.listeners.append(Told(executor, sampler, len(study.completed), args.trials))
        with executor, profiled(args.profile), contextlib.suppress(EnoughError):
            search.run(math.inf)
        print(f"{len(study.trials):,} trials in all: {study.counts}; {memory()}")


def memory() -> str:
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB at its largest"


@contextlib.contextmanager
def profiled(file: Path | None) -> Iterator[None]:
    if file is None:
        yield
        return
    with cProfile.Profile() as profile:
        yield
    profile.dump_stats(file)


def opened(folder: Path) -> tuple[Study, Problem]:
    """The study, new or as it is there, and what it searches."""
    space = load_space("mobile_cnn")
    settings = SearchSettings({"accuracy": 0.0, "latency_ms": 1.0, "size_mb": 4.0}, space=space.name)
    study = Study.create_or_continue(folder, "simulated", settings)
    return study, Problem(space, 10, Pretended((Target.named("A15"),), epochs=1), study.objectives, space.limits)


class Pretended(TrainingEvaluator):
    """Estimates as in any search; trainings that only make up what comes of them."""

    def evaluate(
        self, architecture: Architecture, files: TrialFiles, budget_fraction: float = 1.0, *_: object
    ) -> Evaluation:
        save_file({}, files.folder / "weights.safetensors")
        return made_up(architecture, self.estimate(architecture), budget_fraction)


def made_up(architecture: Architecture, estimate: Estimate, budget_fraction: float) -> Evaluation:
    rng = random.Random(str(architecture))
    score = 1 - 1 / math.log1p(estimate.macs) + rng.gauss(0, 0.003) - 0.03 * (1 - budget_fraction) * rng.random()
    steps = round(400 * budget_fraction)
    return Evaluation(
        score,
        estimate,
        budget_fraction,
        verified={"fp32_difference": 1e-5, "fp16_difference": 1e-3, "fp16_agreement": 1.0}
        if budget_fraction == 1
        else {},
        seconds={"training": 300.0 * budget_fraction, "export": 10.0},
        losses=tuple((step, 2.3 * math.exp(-step / 200) + rng.random() / 10) for step in range(20, steps + 1, 20)),
        held_out=2000,
        trained_steps=steps,
        total_steps=steps,
    )


class SimulatedExecutor:
    """Workers in simulated time.

    Attributes:
        now: Simulated seconds.
        driver: Of these, what the driver has taken.
        worked: Seconds that workers have been busy, in all.
    """

    def __init__(self, workers: int, minutes: float, clock: Callable[[], float]) -> None:
        self.slots, self._minutes, self._clock, self._rng = workers, minutes, clock, random.Random(0)
        self.now = self.driver = self.worked = 0.0
        self._ending: list[tuple[float, int, Task]] = []
        self._counted = 0.0

    def __enter__(self) -> SimulatedExecutor:
        self._left = self._clock()
        return self

    def __exit__(self, *_: object) -> None:
        self.cancel()

    def follow_driver(self) -> None:
        """Let what the driver has taken since it was last asked go by."""
        self._go_to(self.now + (took := self._clock() - self._left))
        self.driver += took
        self._left = self._clock()

    def _go_to(self, now: float) -> None:
        self.worked += sum(max(0.0, min(now, end) - self.now) for end, _, _ in self._ending)
        self.now = now

    def submit(self, key: int, task: Task) -> None:
        self.follow_driver()
        seconds = 60 * self._minutes * self._rng.lognormvariate(0, 0.5)
        fraction = task.function.function.keywords["budget_fraction"]  # type: ignore[attr-defined]
        heapq.heappush(self._ending, (self.now + seconds * fraction, key, task))
        self._left = self._clock()

    def wait(self, timeout: float = math.inf) -> list[tuple[int, Outcome]]:
        self.follow_driver()
        if timeout > 0 and self._ending:
            self._go_to(max(self.now, self._ending[0][0]))
        ended = []
        while self._ending and self._ending[0][0] <= self.now:
            _, key, task = heapq.heappop(self._ending)
            ended.append((key, Outcome.of_call(functools.partial(task.function, task.files))))
        self._left = self._clock()
        return ended

    def cancel(self) -> None:
        self._ending.clear()


@dataclass
class TimedSampler:
    """A sampler, and the seconds that each suggestion took."""

    sampler: Sampler

    def __post_init__(self) -> None:
        self.took: list[float] = []

    def ask(self, problem: Problem, trials: Sequence[Trial]) -> Architecture | Decisions:
        started = time.process_time()
        found = self.sampler.ask(problem, trials)
        self.took.append(time.process_time() - started)
        return found


class EnoughError(Exception):
    """As many trials have completed as were asked for, while workers are busy with others."""


class Told:
    """Prints how it goes, ten times; the last time it ends the search."""

    def __init__(self, executor: SimulatedExecutor, sampler: TimedSampler, past: int, trials: int) -> None:
        self._executor, self._sampler, self._past, self._trials = executor, sampler, past, trials
        self._printed, self._before = 0, (0.0, 0.0, 0.0, 0, 0)

    def __call__(self, study: Study) -> None:
        completed = len(study.hypervolumes) - self._past
        if completed < (self._printed + 1) * self._trials / 10:
            return
        self._printed += 1
        one, slots = self._executor, self._executor.slots
        one.follow_driver()
        now = (one.now, one.driver, one.worked, len(study.finished), len(self._sampler.took))
        seconds, driver, worked, answered, asked = (b - a for a, b in zip(self._before, now, strict=True))
        self._before = now
        took = self._sampler.took[len(self._sampler.took) - int(asked) :] or [0.0]
        print(
            f"{completed:6,} completed after {one.now / 60:6.1f} min: driver {driver / seconds:4.0%} busy, workers "
            f"{worked / seconds / slots:4.0%}; {1000 * driver / answered:.0f} ms an answer, suggestions "
            f"{1000 * statistics.mean(took):.0f} ms, {max(took):.2f} s at most; hypervolume "
            f"{study.hypervolumes[-1]:.4f}; {memory()}",
            flush=True,
        )
        if self._printed == 10:
            raise EnoughError


def write_past(folder: Path, trials: int) -> None:
    """Write completed trials of architectures drawn at random, as a search leaves them but for the files.

    In Optuna's tables, many at a time: its own way takes some 50 ms for each.
    """
    import json
    from datetime import datetime

    import sqlalchemy

    study, problem = opened(folder)
    engine = study._optuna._storage._backend.engine  # type: ignore[attr-defined]
    tables = sqlalchemy.MetaData()
    tables.reflect(engine)
    rng = random.Random(1)
    options: dict[str, optuna.distributions.CategoricalDistribution] = {}

    def note(name: str, values):  # type: ignore[no-untyped-def]
        options[name] = optuna.distributions.CategoricalDistribution(values)
        return rng.choice(values)

    json_of = {}
    for first in range(0, trials, 1000):
        rows: dict[str, list[dict[str, object]]] = {
            name: [] for name in ("trials", "trial_params", "trial_values", "trial_user_attributes")
        }
        for number in range(first, min(first + 1000, trials)):
            architecture, decisions = walk(problem.decide, note)
            evaluation = made_up(architecture, problem.evaluator.estimate(architecture), 1.0)
            row, now = number + 1, datetime.now()
            rows["trials"].append(
                {
                    "trial_id": row,
                    "number": number,
                    "study_id": 1,
                    "state": "COMPLETE",
                    "datetime_start": now,
                    "datetime_complete": now,
                }
            )
            for name, value in decisions.items():
                distribution = options[name]
                if name not in json_of:
                    json_of[name] = optuna.distributions.distribution_to_json(distribution)
                rows["trial_params"].append(
                    {
                        "trial_id": row,
                        "param_name": name,
                        "param_value": distribution.to_internal_repr(value),
                        "distribution_json": json_of[name],
                    }
                )
            for i, figure in enumerate(study.objectives.point(evaluation)):
                rows["trial_values"].append({"trial_id": row, "objective": i, "value": figure, "value_type": "FINITE"})
            answer = {"state": "completed", "reason": "", "reason_code": "", "evaluation": evaluation.to_dict()}
            for key, told in (("architecture", str(architecture)), ("answer", answer)):
                rows["trial_user_attributes"].append({"trial_id": row, "key": key, "value_json": json.dumps(told)})
        with engine.begin() as connection:
            for name, of in rows.items():
                connection.execute(tables.tables[name].insert(), of)


if __name__ == "__main__":
    main()
