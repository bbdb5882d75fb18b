"""Where a trial's time goes.

    python experiments/trial_time.py [--trials 6] [--epochs 2]

Searches `mobile_cnn` on the embedded data with one worker, in a store that is thrown away, and prints the mean seconds
of each step of a trial. "outside" is everything that is neither in the worker nor waiting for it: suggesting,
estimating, recording in SQLite and logging to MLflow.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

import anenas
from anenas.search import Study


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=6)
    parser.add_argument("--epochs", type=int, default=2)
    args = parser.parse_args()

    answered: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        result = anenas.run_search(
            trials=args.trials,
            final="none",
            epochs=args.epochs,
            workers=1,
            store=Path(folder) / "mlruns",
            exports=Path(folder) / "exports",
            on_update=lambda study: answered.append(time.monotonic()),
        )
        study = Study.load(Path(folder) / "mlruns", result.study)
    completed = study.completed[1:]  # the first one waits for the worker to import torch and coremltools
    evaluations = [trial.evaluation for trial in completed]
    steps = {step: [e.seconds[step] for e in evaluations] for step in evaluations[0].seconds}
    inside = [sum(step) for step in zip(*steps.values(), strict=True)]
    spans = [later - earlier for earlier, later in itertools.pairwise(answered[-len(completed) - 1 :])]
    steps["outside"] = [span - seconds for span, seconds in zip(spans, inside, strict=True)]

    table = Table("step", "mean s", "longest s", "share", title=f"{len(completed)} trials of {args.epochs} epochs")
    for step, seconds in steps.items():
        share = sum(seconds) / sum(spans)
        table.add_row(step, f"{statistics.mean(seconds):.2f}", f"{max(seconds):.2f}", f"{share:.1%}")
    Console().print(table)


if __name__ == "__main__":
    main()
