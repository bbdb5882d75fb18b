"""anenas against what a practitioner would write: hypervolume against seconds, on the same machine in the same run.

    python experiments/compare_search.py [--seeds 3] [--seconds 360] [--epochs 2] [--workers 2] [--max-latency 0.5]
                                         [--final 8]

Searches `mobile_cnn` on the embedded images for as many seconds, with as many worker processes of one thread, in three
ways, one after the other for each seed:

    anenas    `anenas search` with its defaults
    optuna    a plain Optuna loop: Optuna's default sampler, every trial trained and converted, the limit on the
              latency a penalty (no accuracy), nothing known before it is trained
    random    the same loop, drawing uniformly

The plain loop has anenas' space, training recipe, export and latency model, so only the search differs. Everything that
was trained goes to `experiments/results/compare_search.csv` with the second at which it was known; a run that is in
the table already is not run again. `compare_search.png` draws the hypervolume of what keeps the limit: the share of the
box between every image and no time, and no image and the limit; and the share of the front that all runs found
together, see `pooled_front.py`.

What anenas finds may have been trained for longer than one trial, as trials begin with the weights of others. With
`--final` the front of every run is trained from scratch for so many epochs, and what that is worth is told as well;
each training is a line of `compare_final.csv` beside the table.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from csv_rows import read_rows, write_rows
from pooled_front import PooledFront

import anenas
from anenas._pareto import Losses, front, hypervolume
from anenas.data import CHOOSING, Dataset, load_data
from anenas.latency import Target
from anenas.search import Study, TrainingEvaluator, TrialFiles
from anenas.space import Architecture, load_space

_RESULTS = Path(__file__).parent / "results"
_METHODS = ("anenas", "optuna", "random")


@dataclass(frozen=True)
class Row:
    """A network that was trained.

    Attributes:
        method: One of anenas, optuna and random.
        seed: Of its run.
        seconds: Since the run began, when its figures were known.
        accuracy: On the validation images.
        latency_ms: Estimated, of the exported program.
        latency_high_ms: The upper end of its interval, which the limit holds for.
        architecture: What it is.
    """

    method: str
    seed: int
    seconds: float
    accuracy: float
    latency_ms: float
    latency_high_ms: float
    architecture: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=360)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--max-latency", type=float, default=0.5, help="milliseconds, of the interval's upper end")
    parser.add_argument("--final", type=int, default=0, help="epochs in which the fronts are trained from scratch")
    parser.add_argument("--out", type=Path, default=_RESULTS / "compare_search.csv")
    parser.add_argument("--loop", nargs=4, metavar=("METHOD", "SEED", "DATA", "DATABASE"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.loop:
        method, seed, data, database = args.loop
        plain_loop(method, int(seed), Path(data), database, args)
        return
    rows = read_rows(args.out, Row)
    for seed in range(args.seeds):
        for method in _METHODS:
            if not any((row.method, row.seed) == (method, seed) for row in rows):
                rows += (run_anenas if method == "anenas" else run_plain)(method, seed, args)
                write_rows(args.out, rows)
    report(rows, args)
    if args.final:
        report_final(rows, args)
    draw(rows, args, args.out.with_suffix(".png"))


def run_anenas(method: str, seed: int, args: argparse.Namespace) -> list[Row]:
    """What the product finds; its seconds run from the call."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.time()
        result = anenas.run_search(
            timeout=args.seconds,
            final="none",
            epochs=args.epochs,
            max_latency_ms=args.max_latency,
            workers=args.workers,
            seed=seed,
            store=Path(folder) / "mlruns",
            exports=Path(folder) / "exports",
        )
        study = Study.load(Path(folder) / "mlruns", result.study)
    return [
        Row(
            method,
            seed,
            trial.ended - started,
            trial.evaluation.score,
            trial.evaluation.estimate.latency.ms,
            trial.evaluation.estimate.latency.high_ms,
            str(trial.architecture),
        )
        for trial in study.completed
    ]


def run_plain(method: str, seed: int, args: argparse.Namespace) -> list[Row]:
    """What the plain loop finds, in worker processes that share a database as Optuna's documentation advises."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        started = time.time()
        space = load_space("mobile_cnn")
        load_data(None, size=(space.input.height, space.input.width), channels=1).save(folder / "data")
        database = f"sqlite:///{folder / 'optuna.db'}"
        optuna.create_study(study_name="plain", storage=database, directions=["maximize", "minimize"])
        command = [sys.executable, __file__, "--seconds", str(args.seconds - (time.time() - started))]
        command += ["--epochs", str(args.epochs), "--max-latency", str(args.max_latency)]
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        loops = [
            subprocess.Popen(
                [*command, "--loop", method, str(seed * 100 + i), str(folder / "data"), database], env=environment
            )
            for i in range(args.workers)
        ]
        codes = [loop.wait() for loop in loops]
        if any(codes):
            sys.exit(f"the plain loop failed with seed {seed}")
        study = optuna.load_study(study_name="plain", storage=database)
    rows = []
    for trial in study.get_trials(states=(optuna.trial.TrialState.COMPLETE,)):
        assert trial.datetime_complete
        told = trial.user_attrs
        seconds = trial.datetime_complete.timestamp() - started
        if seconds <= args.seconds:
            rows.append(Row(method, seed, seconds, told["accuracy"], told["ms"], told["high_ms"], told["architecture"]))
    return rows


def plain_loop(method: str, seed: int, data: Path, database: str, args: argparse.Namespace) -> None:
    """One worker of the loop as a practitioner would write it."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    space, classes = load_space("mobile_cnn"), len(Dataset.open(data, CHOOSING).classes)
    evaluator = TrainingEvaluator((Target.named("A15"),), args.epochs, 0, "cpu")

    def objective(trial: optuna.Trial) -> tuple[float, float]:
        architecture = space.decide(trial.suggest_categorical, classes=classes)  # type: ignore[arg-type]
        with tempfile.TemporaryDirectory() as folder:
            evaluation = evaluator.evaluate(architecture, TrialFiles(Path(folder), data))
        trial.set_user_attr("architecture", str(architecture))
        trial.set_user_attr("accuracy", evaluation.score)
        trial.set_user_attr("ms", evaluation.estimate.latency.ms)
        trial.set_user_attr("high_ms", evaluation.estimate.latency.high_ms)
        accuracy = evaluation.score if evaluation.estimate.latency.high_ms <= args.max_latency else 0.0
        return accuracy, evaluation.estimate.latency.ms

    study = optuna.load_study(study_name="plain", storage=database)
    sampler = optuna.samplers.RandomSampler if method == "random" else type(study.sampler)
    study.sampler = sampler(seed=seed)  # type: ignore[call-arg]  # the default one has a seed, too
    print(f"{method}: {sampler.__name__}")
    study.optimize(objective, timeout=args.seconds, catch=(RuntimeError,))


def losses(rows: Sequence[Row], limit: float) -> list[Losses]:
    """What keeps the limit, as (1 − accuracy, share of the limit)."""
    return [(1 - row.accuracy, row.latency_ms / limit) for row in rows if row.latency_high_ms <= limit]


Curve = tuple[list[float], list[float]]


def curves(rows: Sequence[Row], method: str, measure: Callable[[Sequence[Losses]], float], limit: float) -> list[Curve]:
    """For each seed of a method: the seconds, and the measure of what was found until then."""
    found = []
    for seed in sorted({row.seed for row in rows}):
        run = sorted((row for row in rows if (row.method, row.seed) == (method, seed)), key=lambda row: row.seconds)
        values = [measure(losses(run[: i + 1], limit)) for i in range(len(run))]
        found.append(([row.seconds for row in run], values))
    return found


def measures(rows: Sequence[Row], limit: float) -> dict[str, Callable[[Sequence[Losses]], float]]:
    searches: dict[tuple[str, int], list[Row]] = {}
    for row in rows:
        searches.setdefault((row.method, row.seed), []).append(row)
    pooled = PooledFront(losses(found, limit) for found in searches.values())
    return {"hypervolume": hypervolume, "share of the pooled front": pooled.share}


def report(rows: Sequence[Row], args: argparse.Namespace) -> None:
    """What each method comes to, and how long anenas needs to come as far as the plain loop does in the end."""
    limit = args.max_latency
    for name, measure in measures(rows, limit).items():
        print(name)
        ended = {method: [c[1][-1] for c in curves(rows, method, measure, limit) if c[1]] for method in _METHODS}
        for method in _METHODS:
            trained = sum(row.method == method for row in rows)
            each = ", ".join(f"{value:.4f}" for value in ended[method])
            mean = statistics.mean(ended[method])
            print(f"  {method:7} {mean:.4f} in the end, mean of {each}; {trained} networks trained")
        for other in _METHODS[1:]:
            shares = []
            for (seconds, values), goal in zip(curves(rows, "anenas", measure, limit), ended[other], strict=True):
                reached = next((s for s, value in zip(seconds, values, strict=True) if value >= goal), float("inf"))
                shares.append(reached / args.seconds)
            told = ", ".join(f"{share:.2f}" for share in shares)
            print(f"  anenas comes as far as {other} after {told} of its time")


@dataclass(frozen=True)
class Final:
    """A network of a front, trained from scratch for so many epochs."""

    architecture: str
    epochs: int
    accuracy: float


def report_final(rows: Sequence[Row], args: argparse.Namespace) -> None:
    """What the front of each run comes to after equal trainings."""
    runs: dict[tuple[str, int], list[Row]] = {}
    for row in rows:
        if row.latency_high_ms <= args.max_latency:
            runs.setdefault((row.method, row.seed), []).append(row)
    fronts = {key: [run[i] for i in front(losses(run, args.max_latency))] for key, run in runs.items()}
    path = args.out.with_name("compare_final.csv")
    known = read_rows(path, Final)
    done = {one.architecture for one in known if one.epochs == args.final}
    missing = sorted({row.architecture for run in fronts.values() for row in run} - done)
    with tempfile.TemporaryDirectory() as folder:
        space = load_space("mobile_cnn")
        load_data(None, size=(space.input.height, space.input.width), channels=1).save(Path(folder) / "data")
        os.environ["OMP_NUM_THREADS"] = "1"
        with ProcessPoolExecutor(args.workers, multiprocessing.get_context("spawn")) as pool:
            train = functools.partial(train_finally, epochs=args.final, data=Path(folder) / "data")
            for accuracy, architecture in zip(pool.map(train, missing), missing, strict=True):
                known = [*known, Final(architecture, args.final, accuracy)]
                write_rows(path, known)
    accuracies = {one.architecture: one.accuracy for one in known if one.epochs == args.final}
    equal = {
        key: [dataclasses.replace(row, accuracy=accuracies[row.architecture]) for row in run]
        for key, run in fronts.items()
    }
    for name, measure in measures([row for run in equal.values() for row in run], args.max_latency).items():
        print(f"{name}, every front trained from scratch for {args.final} epochs")
        for method in _METHODS:
            each = [measure(losses(run, args.max_latency)) for (who, _), run in equal.items() if who == method]
            print(f"  {method:7} {statistics.mean(each):.4f}, mean of {', '.join(f'{value:.4f}' for value in each)}")


def train_finally(architecture: str, epochs: int, data: Path) -> float:
    """Accuracy on the validation images."""
    with tempfile.TemporaryDirectory() as folder:
        evaluator = TrainingEvaluator((Target.named("A15"),), epochs, 0, "cpu")
        return evaluator.evaluate(Architecture.parse(architecture), TrialFiles(Path(folder), data)).score


def draw(rows: Sequence[Row], args: argparse.Namespace, path: Path) -> None:
    """Each seed a thin step, the median of the seeds a thick one."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    colors = {"anenas": "#1f6feb", "optuna": "#d29922", "random": "#9aa5b1"}
    figure = Figure(figsize=(10, 4), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    for panel, (name, measure) in zip(figure.subplots(1, 2), measures(rows, args.max_latency).items(), strict=True):
        for method in _METHODS:
            found = curves(rows, method, measure, args.max_latency)
            for seconds, values in found:
                panel.step(
                    [*seconds, args.seconds], [*values, *values[-1:]], where="post", color=colors[method], alpha=0.3
                )
            times = sorted({0.0, args.seconds, *(s for seconds, _ in found for s in seconds if s <= args.seconds)})
            median = [statistics.median(_at(curve, time) for curve in found) for time in times]
            panel.step(times, median, where="post", color=colors[method], linewidth=2, label=method)
        panel.set_xlabel("seconds")
        panel.set_ylabel(name)
        panel.grid(alpha=0.25)
        panel.spines[["top", "right"]].set_visible(False)
    panel.legend(frameon=False, loc="upper left")
    figure.savefig(path)


def _at(curve: Curve, time: float) -> float:
    return max((value for seconds, value in zip(*curve, strict=True) if seconds <= time), default=0.0)


if __name__ == "__main__":
    main()
