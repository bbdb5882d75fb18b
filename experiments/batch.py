"""What it costs a search that many trials run at once, and that suggestions share what they are made from.

    python experiments/batch.py TABLE.npz [--open 64] [--trials 320] [--seeds 5] [--known 1] [--breed] [--followed 128]

Searches a table of known results (see `anenas bench search`) with so many trials open: whenever one ends, the one that
has been open longest, another is suggested. Once as it is, and once with surrogates and candidates of its own for every
suggestion. Prints the fraction of the true front's hypervolume on the way and in the end, and the seconds of CPU.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from anenas.bench import Table, read_table
from anenas.search import Evaluation, Problem, SearchSettings, Study, Trial, TrialFiles, make_sampler
from anenas.search.samplers import _front
from anenas.space import Limits


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("--open", type=int, default=64)
    parser.add_argument("--trials", type=int, default=320)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument(
        "--followed", type=int, default=_front._FOLLOWED, help="trials that run for one that is unheard"
    )
    parser.add_argument("--known", type=int, choices=(0, 1))
    parser.add_argument(
        "--breed", action="store_true", help="candidates, as in a large space, rather than all there are"
    )
    args = parser.parse_args()
    table = read_table(args.table, args.known)
    if args.breed:
        _front._SMALL = 0
    at = [args.trials // 2, args.trials]
    runs: dict[str, list[list[float]]] = {"shared": [], "of its own": []}
    for seed in range(args.seeds):
        for name, found in runs.items():
            _front._FOLLOWED = args.followed if name == "shared" else 10**9
            started = time.process_time()
            shares = searched(table, seed, args.open, args.trials)
            found.append([*(shares[n - 1] for n in at), time.process_time() - started])
            print(f"seed {seed}, {name}: " + ", ".join(f"{figure:.4f}" for figure in found[-1]), flush=True)
    for name, found in runs.items():
        *shares, seconds = (statistics.mean(column) for column in zip(*found, strict=True))
        told = ", ".join(f"{share:.4f} after {n}" for n, share in zip(at, shares, strict=True))
        print(f"{name}: {told}, {seconds:.1f} s")


def searched(table: Table, seed: int, opened: int, trials: int) -> list[float]:
    """The fraction of the true front's hypervolume after each trial, of which so many are open at a time."""
    settings = SearchSettings({"accuracy": 0.0, "latency_ms": 1.0}, space=table.name, seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        study = Study.create_or_continue(Path(folder), "s", settings, in_memory=True)
        problem, sampler = Problem(table, 0, table, study.objectives, Limits()), make_sampler("auto", seed)
        running: list[Trial] = []
        while len(study.finished) < trials:
            while len(running) < opened:
                running.append(study.ask(sampler, problem))
            trial = running.pop(0)
            evaluation: Evaluation = table.evaluate(trial.architecture, TrialFiles(study.workspace(trial)))
            study.complete(trial, evaluation, {})
        return list(table.hypervolumes([trial.architecture for trial in study.finished]))


if __name__ == "__main__":
    main()
