"""What of the gain of inheritance is search, and what is only a longer training.

    python experiments/equal_training.py [--trials 16] [--epochs 2] [--workers 2] [--data FILE] [--space NAME] [--quick]

Searches with inheritance (the default of `anenas search`) without final training, then trains every architecture of the
front from scratch: for the epochs of one trial, which is what the same search without inheritance would see of it, and
for as many as its weights had in all, those of its donors included. Prints validation accuracies side by side:

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

from rich.console import Console
from rich.table import Table

import anenas
from anenas.data import InputFormat, load_data
from anenas.latency import Target
from anenas.search import TrainingEvaluator, TrialFiles
from anenas.space import Architecture


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--space", default="mobile_cnn")
    parser.add_argument("--data")
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    if args.quick:
        args.trials, args.epochs = 4, 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        result = anenas.run_search(
            args.space,
            data=args.data,
            trials=args.trials,
            epochs=args.epochs,
            input_shape=(1, 28, 28) if args.quick and not args.data else None,
            workers=args.workers,
            final="none",
            store=folder / "mlruns",
            exports=folder / "exports",
        )
        architectures = [Architecture.parse(model.architecture) for model in result.front]
        load_data(args.data, InputFormat.of_shape(architectures[0].input_kind, architectures[0].input[1:])).save(
            folder / "data"
        )

        def alone(architecture: Architecture, epochs: int) -> float:
            """Accuracy after so many epochs from scratch."""
            with tempfile.TemporaryDirectory(dir=folder) as trial:
                evaluator = TrainingEvaluator((Target.named("A15"),), epochs)
                return evaluator.evaluate(architecture, TrialFiles(Path(trial), folder / "data")).accuracy

        table = Table("trial", "trained", "found", "from scratch, one trial's", "from scratch, as long in all")
        rows = []
        for model, architecture in zip(result.front, architectures, strict=True):
            once = alone(architecture, args.epochs)
            whole = round(model.epochs or args.epochs)
            equal = alone(architecture, whole) if whole > args.epochs else once
            rows.append((model.accuracy, once, equal))
            table.add_row(str(model.trial), model.trained, *(f"{accuracy:.2%}" for accuracy in rows[-1]))
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
