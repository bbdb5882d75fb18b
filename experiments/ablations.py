"""What a part of the search is worth: the front found for so many seconds of training, without it and with it.

    python experiments/ablations.py rungs   [--seeds 3] [--trials 16] [--completed 10] [--epochs 2] [--workers 2]
    python experiments/ablations.py inherit [--seeds 3] [--trials 10] [--completed 10]  …            [--data …]

`rungs` is early stopping, `inherit` that trainings begin with the weights of a relative. For each seed the same loop
searches `mobile_cnn` on the embedded data until `--trials` trials have completed without the part, and until
`--completed` have with it. It writes every trained architecture with the seconds of training spent until it ended to
`experiments/results/<part>.csv`, draws `<part>.png` beside it, and prints what of its time the search without the part
needed, the one with it needs to come as far. A search that is in the table already is not run again.

Two measures: the hypervolume as `anenas search` prints it, which any fast network almost fills; and the share of the
front that all searches found together, see `pooled_front.py`, which tells more.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from csv_rows import read_rows, write_rows
from pooled_front import PooledFront
from rich.console import Console
from rich.table import Table

import anenas
from anenas._pareto import Losses, hypervolume
from anenas.search import CompletedTrial, Evaluation, Study

_RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Part:
    """What a search is run without and with.

    Attributes:
        without: What the search without it is called.
        with_it: What the search with it is called.
        options: Of `anenas.run_search` for the first, and for the second.
    """

    without: str
    with_it: str
    options: tuple[dict[str, Any], dict[str, Any]]


_RUNGS, _INHERIT = {"rungs": 2}, {"inherit": True}
_NEITHER = {"rungs": 1, "inherit": False}
PARTS = {
    "rungs": Part("every training in full", "2 rungs", (_NEITHER, _NEITHER | _RUNGS)),
    "inherit": Part("from scratch", "weights inherited", (_NEITHER | _RUNGS, _NEITHER | _RUNGS | _INHERIT)),
}


@dataclass(frozen=True)
class Row:
    """A trained architecture.

    Attributes:
        seed: Of its search.
        setting: What its search was called.
        trial: Its number there.
        state: "completed" or "stopped".
        seconds: Of training and validating, by all workers together, that the search had spent when it ended.
        accuracy: On the validation images, when it ended.
        latency_ms: Estimated.
        test_accuracy: Of what was on the front in the end, otherwise NaN.
    """

    seed: int
    setting: str
    trial: int
    state: str
    seconds: float
    accuracy: float
    latency_ms: float
    test_accuracy: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--trials", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--workers", type=int)
    parser.add_argument("--data", help="as `anenas search` reads it; the embedded images by default")
    parser.add_argument("--completed", type=int, default=10, help="trials to complete with the part")
    args = parser.parse_args()

    part, out = PARTS[args.part], _RESULTS / f"{args.part}.csv"
    rows = read_rows(out, Row)
    for seed in range(args.seeds):
        for setting, options, trials in zip(
            (part.without, part.with_it), part.options, (args.trials, args.completed), strict=True
        ):
            if not any((row.seed, row.setting) == (seed, setting) for row in rows):
                more = {"epochs": args.epochs, "workers": args.workers, "data": args.data}
                rows += search(setting, seed=seed, trials=trials, **options, **more)
                write_rows(out, rows)
                print(f"seed {seed}, {setting}: {trials} completed in {rows[-1].seconds:.0f} s of training", flush=True)
    report(rows, part)
    draw(rows, part, out.with_suffix(".png"))


def search(setting: str, *, seed: int, **options: Any) -> list[Row]:
    """Every trained architecture of a search, in the order in which they ended."""
    spent: dict[int, float] = {}
    ended: dict[int, float] = {}

    def note(study: Study) -> None:
        for trial in study.paused.values():
            spent[trial.number] = _seconds(trial.rungs[-1])
        for trial in study.finished:
            if trial.number not in ended and trial.evaluation:
                spent[trial.number] = _seconds(trial.evaluation)
                ended[trial.number] = sum(spent.values())

    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "mlruns"
        result = anenas.run_search(
            seed=seed,
            final="none",
            **options,
            store=store,
            exports=Path(folder) / "exports",
            on_update=note,
        )
        study = Study.load(store, result.study)
    rows = []
    for trial in study.finished:
        if trial.state in ("completed", "stopped") and trial.evaluation:
            test = trial.test_score if isinstance(trial, CompletedTrial) else None
            point = (trial.evaluation.score, trial.evaluation.estimate.latency.ms)
            figures = (trial.state, ended[trial.number], *point, float("nan") if test is None else test)
            rows.append(Row(seed, setting, trial.number, *figures))
    return rows


def _seconds(evaluation: Evaluation) -> float:
    return evaluation.seconds["train"] + evaluation.seconds["validate"]


def losses(row: Row) -> Losses:
    return 1 - row.accuracy, row.latency_ms


def pooled(rows: Sequence[Row]) -> PooledFront:
    searches: dict[tuple[int, str], list[Losses]] = {}
    for row in rows:
        if row.state == "completed":
            searches.setdefault((row.seed, row.setting), []).append(losses(row))
    return PooledFront(searches.values())


def curve(rows: Sequence[Row], measure: Callable[[Sequence[Losses]], float]) -> tuple[list[float], list[float]]:
    """Seconds, and the measure of what was completed until then."""
    done = sorted((row for row in rows if row.state == "completed"), key=lambda row: row.seconds)
    return [row.seconds for row in done], [measure([losses(row) for row in done[: i + 1]]) for i in range(len(done))]


def report(rows: Sequence[Row], part: Part) -> None:
    slowest = max(row.latency_ms for row in rows)

    def of_the_box(found: Sequence[Losses]) -> float:
        return hypervolume([(wrong, latency_ms / slowest) for wrong, latency_ms in found])

    measures = {"share of the pooled front": pooled(rows).share, "hypervolume": of_the_box}
    for name, measure in measures.items():
        columns = [
            "seed",
            f"{part.without}: s",
            "reached",
            f"{part.with_it}: s",
            "reached",
            "as far after s",
            "of the time",
        ]
        table = Table(*columns, title=name)
        ratios = []
        for seed in sorted({row.seed for row in rows}):
            without, with_it = (
                [r for r in rows if (r.seed, r.setting) == (seed, name)] for name in (part.without, part.with_it)
            )
            (seconds, values), (their_seconds, their_values) = curve(without, measure), curve(with_it, measure)
            reached = [s for s, v in zip(their_seconds, their_values, strict=True) if v >= values[-1]]
            # The search without the part may have come as far before its end, too.
            needed = next(s for s, v in zip(seconds, values, strict=True) if v >= values[-1])
            ratios.append(reached[0] / seconds[-1] if reached else float("inf"))
            cells = [f"{seconds[-1]:.0f} ({needed:.0f})", f"{values[-1]:.4f}", f"{max(r.seconds for r in with_it):.0f}"]
            cells += [f"{their_values[-1]:.4f}", f"{reached[0]:.0f}" if reached else "never", f"{ratios[-1]:.2f}"]
            table.add_row(str(seed), *cells)
        table.caption = f"median {statistics.median(ratios):.2f}; in brackets: when the search without it got there"
        Console().print(table)


def draw(rows: Sequence[Row], part: Part, path: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    axes, share = figure.subplots(), pooled(rows).share
    for name, color in ((part.without, "#9aa5b1"), (part.with_it, "#1f6feb")):
        for seed in sorted({row.seed for row in rows}):
            these = [row for row in rows if (row.seed, row.setting) == (seed, name)]
            seconds, values = curve(these, share)
            ends = [*seconds, max(row.seconds for row in these)]
            axes.step(ends, [*values, values[-1]], where="post", color=color, label=None if seed else name)
    axes.set_xlabel("seconds of training, all workers together")
    axes.set_ylabel("share of the pooled front's hypervolume")
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right")
    figure.savefig(path)


if __name__ == "__main__":
    main()
