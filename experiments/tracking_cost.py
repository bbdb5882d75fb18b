"""What logging a search in MLflow costs: of trials that train nothing, into a real database in SQLite.

    python experiments/tracking_cost.py [--trials 500] [--seconds 5] [--rounds 3] [--keep FOLDER]

Each trial leaves a package and weights of --megabytes, is answered at once, and is logged as in a search whose trials
take --seconds: the tracker's thread mirrors it before the next one ends, the front's report is drawn as often as then.
After a small search that pays for imports, studies with and without logging take turns, --rounds of each. The cost is
what the search's own thread computes in its listeners and at the end, and what the tracker's thread does, each by its
own clock; the difference between all that both kinds of search compute is printed beside it. It is held against a
search with as many trials of --seconds each on one core. Making MLflow's database, once a store, is told apart.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
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

_WARM_UP = 30  # trials


@dataclass
class Cost:
    """Seconds of a search.

    Attributes:
        all: That all threads computed.
        driver: That the search's own computed for logging, until its last trial.
        end: Likewise after it.
        mirror: That the tracker's computed.
        waited: That the search's own waited for logging, until its last trial.
        waited_at_end: Likewise after it.
        database: That making MLflow's database took.
    """

    all: float = 0.0
    driver: float = 0.0
    end: float = 0.0
    mirror: float = 0.0
    waited: float = 0.0
    waited_at_end: float = 0.0
    database: float = 0.0

    @property
    def logging(self) -> float:
        """That is logging's."""
        return self.driver + self.end + self.mirror


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=5.0, help="that a trial takes in the search compared with")
    parser.add_argument("--megabytes", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="folder to leave the stores in")
    arguments = parser.parse_args()
    temporary = tempfile.TemporaryDirectory()
    folder = arguments.keep or Path(temporary.name)
    trials, megabytes, search = arguments.trials, arguments.megabytes, arguments.trials * arguments.seconds
    with temporary:
        seconds = arguments.seconds
        timed(folder / "warm-up", _WARM_UP, seconds, megabytes, log=True)
        found, without = [], []
        for number in range(arguments.rounds):
            without.append(timed(folder / f"without-{number}", trials, seconds, megabytes, log=False))
            found.append(one := timed(folder / f"store-{number}", trials, seconds, megabytes, log=True))
            each = 1000 * one.logging / trials
            print(f"round {number + 1}: {one.logging:.1f} s of a core, {each:.0f} ms a trial:", end=" ")
            print(f"driver {one.driver:.1f}, mirror {one.mirror:.1f}, end {one.end:.1f}; by difference", end=" ")
            print(f"{one.all - without[-1].all:.1f} of {without[-1].all:.1f}; MLflow's database {one.database:.1f}")
    logging = statistics.median(one.logging for one in found)
    waited = statistics.median(one.waited for one in found)
    ended = statistics.median(one.waited_at_end for one in found)
    print(f"{trials} trials: logging takes {logging:.1f} s of a core; the search waits {waited:.1f} s", end=" ")
    print(f"for it, and {ended:.1f} s at its end")
    print(f"of {trials} trials of {arguments.seconds:g} s on one core: {logging / search:.2%}")


def timed(folder: Path, trials: int, seconds: float, megabytes: float, *, log: bool) -> Cost:
    """What a search of so many trials of so many seconds costs, logged or not."""
    cost = Cost()
    space = load_space("mobile_cnn")
    objectives, of = {"accuracy": 0.0, "latency_ms": 1.0}, f"{space.name} 0"
    settings = SearchSettings(objectives, space=of, data="photos 01234567", chip="A15")
    study = Study.create_or_continue(folder, "cost", settings)
    began = time.process_time()
    client = connect(default_uri(folder)) if log else None
    cost.database = time.process_time() - began
    began, others = time.process_time(), set(threading.enumerate())
    tracker = MlflowTracker(study, folder, client, source=Source.here()) if client else None
    report = FrontReport(tracker) if tracker else None

    def measured(listener: Callable[[Study], None]) -> Callable[[Study], None]:
        def call(of: Study) -> None:
            waiting, computing = time.perf_counter(), time.thread_time()
            listener(of)
            cost.waited += time.perf_counter() - waiting
            cost.driver += time.thread_time() - computing

        return call

    def let_pass(of: Study) -> None:
        """What would happen until the next trial has ended."""
        assert tracker and report
        tracker.flush()
        report._next -= seconds

    if tracker and report:
        study.listeners += [measured(tracker.update), measured(report), let_pass]
    evaluator = TrainingEvaluator((Target.named("A15"),), epochs=1)
    problem = Problem(space, 10, evaluator, study.objectives, space.limits)
    fill(study, problem, trials, megabytes)
    waiting, computing = time.perf_counter(), time.thread_time()
    if tracker and report:
        report.log(study)
        tracker.flush()
        cost.mirror = sum(map(computed_by, set(threading.enumerate()) - others))  # before it ends, with its clock
        tracker.close("FINISHED")
    cost.waited_at_end, cost.end = time.perf_counter() - waiting, time.thread_time() - computing
    cost.all = time.process_time() - began
    return cost


def computed_by(thread: threading.Thread) -> float:
    """Seconds that a thread has computed."""
    assert thread.ident
    return time.clock_gettime(time.pthread_getcpuclockid(thread.ident))


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
