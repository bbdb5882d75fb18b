"""What a Dask cluster costs: the same trainings by worker processes, and by Dask workers, on this machine.

    python experiments/cluster.py [--networks 8] [--workers 2] [--rounds 2]

Trains and exports networks of `mobile_cnn`, drawn at random, for an epoch of the embedded images: in turns by
`ProcessExecutor` and by `DaskExecutor` with as many Dask workers of one thread, after one task for each worker that
counts for neither. Prints trials a minute, and the trials whose figures differ, of which there should be none.
"""

from __future__ import annotations

import argparse
import functools
import random
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from distributed import LocalCluster
from rich.console import Console
from rich.table import Table

from anenas.data import InputFormat, load_data
from anenas.inputs import IMAGES
from anenas.latency import Target
from anenas.search import Evaluation, Executor, ProcessExecutor, Task, TrainingEvaluator, TrialFiles, run_all
from anenas.search.executors.cluster import DaskExecutor
from anenas.space import Architecture, load_space

Run = tuple[float, dict[int, float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=2)
    args = parser.parse_args()

    space, rng = load_space("mobile_cnn"), random.Random(0)
    with (
        tempfile.TemporaryDirectory() as place,
        LocalCluster(n_workers=args.workers, threads_per_worker=1, dashboard_address=":0", memory_limit=0) as cluster,
    ):
        data = Path(place, "data")
        load_data(None, InputFormat(IMAGES, (64, 64))).save(data)
        networks = [space.sample(rng, classes=10) for _ in range(args.networks)]
        ways: dict[str, Callable[[], AbstractContextManager[Executor]]] = {
            "worker processes": lambda: ProcessExecutor([{"OMP_NUM_THREADS": "1"}] * args.workers),
            "Dask workers": lambda: DaskExecutor(cluster),
        }
        runs: dict[str, list[Run]] = {name: [] for name in ways}
        for number in range(args.rounds):
            for name, executor in ways.items():
                runs[name].append(timed(executor(), networks, data, Path(place, f"{name} {number}"), args.workers))
    table = Table("", "trials a minute, each round", "differ", title=f"{args.networks} trials, {args.workers} workers")
    first = runs["worker processes"][0][1]
    for name, found in runs.items():
        speeds = [60 * args.networks / seconds for seconds, _ in found]
        differ = sum(scores[i] != first[i] for _, scores in found for i in first)
        table.add_row(name, ", ".join(f"{speed:.2f}" for speed in speeds), str(differ))
    Console().print(table)
    ratio = sum(s for s, _ in runs["worker processes"]) / sum(s for s, _ in runs["Dask workers"])
    print(f"Dask workers have {ratio:.1%} of the throughput of worker processes")


def timed(
    entered: AbstractContextManager[Executor], networks: list[Architecture], data: Path, place: Path, workers: int
) -> Run:
    """The seconds that the trainings take together, and the accuracy of each."""
    evaluator = TrainingEvaluator((Target.named("A15"),), epochs=1)

    def task(key: int, budget_fraction: float) -> tuple[int, Task]:
        folder = place / str(key)
        folder.mkdir(parents=True)
        network = networks[max(key, 0)]
        evaluate = functools.partial(evaluator.evaluate, network, budget_fraction=budget_fraction)
        return key, Task(evaluate, TrialFiles(folder, data))

    with entered as executor:
        list(run_all(executor, [task(-1 - i, 0.05) for i in range(workers)]))  # imports torch in each
        started = time.monotonic()
        outcomes = dict(run_all(executor, [task(i, 1.0) for i in range(len(networks))]))
        seconds = time.monotonic() - started
    scores = {}
    for key, outcome in outcomes.items():
        assert isinstance(outcome.value, Evaluation), outcome.error
        scores[key] = outcome.value.score
    return seconds, scores


if __name__ == "__main__":
    main()
