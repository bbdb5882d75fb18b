"""What of the gain of inheritance is search, and what is only a longer training.

    python experiments/equal_training.py [--trials 16] [--epochs 2] [--workers 2] [--data FILE] [--space NAME] [--quick]
    python experiments/equal_training.py --study NAME [--store mlruns] [--data FILE]

Searches with inheritance (the default of `anenas search`) without final training, or takes a study that did, then
trains every architecture of the Pareto front from scratch: for the epochs of one trial, which is what the same search
without inheritance would see of it, and for as many as its weights had in all, those of its donors included. Prints
validation accuracies side by side:

    found − trial        what the front shows more than the architecture alone is worth after one trial's training
    equal − trial        how much of that a longer training alone gives
    found − equal        what is left: what the weights of another architecture are worth beyond their training

`--quick` is a search of four trials on the embedded images at 28×28, one epoch each.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

import anenas
from anenas.data import InputFormat, load_data
from anenas.latency import Target
from anenas.search import Study, Trained, TrainingEvaluator, TrialFiles
from anenas.space import Architecture


def searched(args: argparse.Namespace, folder: Path) -> str:
    """The name of a study in `folder`, searched as asked for."""
    return anenas.run_search(
        args.space,
        data=args.data,
        trials=args.trials,
        epochs=args.epochs,
        input_shape=(1, 28, 28) if args.quick and not args.data else None,
        workers=args.workers,
        final="none",
        store=folder / "mlruns",
        exports=folder / "exports",
    ).study


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--space", default="mobile_cnn")
    parser.add_argument("--data")
    parser.add_argument("--study")
    parser.add_argument("--store", type=Path, default=Path("mlruns"))
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    if args.quick:
        args.trials, args.epochs = 4, 1
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = args.store if args.study else folder / "mlruns"
        study = args.study or searched(args, folder)
        the_study = Study.load(store.absolute(), study)
        trials = the_study.pareto
        first = trials[0].architecture
        load_data(args.data, InputFormat.of_shape(first.input_kind, first.input[1:])).save(folder / "data")

        def alone(architecture: Architecture, epochs: int) -> float:
            """Accuracy after so many epochs from scratch."""
            with tempfile.TemporaryDirectory(dir=folder) as trial:
                evaluator = TrainingEvaluator((Target.named("A15"),), epochs)
                return evaluator.evaluate(architecture, TrialFiles(Path(trial), folder / "data")).score

        table = Table("trial", "trained", "found", "from scratch, one trial's", "from scratch, as long in all")
        rows = []
        epochs = the_study.settings.epochs
        for trial in trials:
            trained = Trained.of(trial, the_study.settings)
            once = alone(trial.architecture, epochs)
            whole = round(trained.brief or epochs)
            equal = alone(trial.architecture, whole) if whole > epochs else once
            rows.append((trial.evaluation.score, once, equal))
            table.add_row(str(trial.number), str(trained), *(f"{accuracy:.2%}" for accuracy in rows[-1]))
    Console().print(table)
    found, once, equal = (statistics.mean(column) for column in zip(*rows, strict=True))
    for words, gain in (
        ("found − trial", found - once),
        ("equal − trial", equal - once),
        ("found − equal", found - equal),
    ):
        print(f"{words}  {100 * gain:+.2f} points")


if __name__ == "__main__":
    main()
