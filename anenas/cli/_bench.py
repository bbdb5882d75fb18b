"""Compare estimates with known results."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from anenas.cli._app import Json, System, bench_app
from anenas.cli._units import on_system


@bench_app.command("latency")
def bench_latency(
    table: Annotated[
        Path,
        typer.Option(
            "--csv", help="Table with the columns timm_name, input_res, soc, latency_ms and, optionally, set."
        ),
    ],
    as_json: Json = False,
) -> None:
    """Compare the latency estimates with a table of measured latencies."""
    from anenas.bench import bench_latency as bench

    result = bench(table)
    if as_json:
        print(json.dumps(result, indent=2, allow_nan=False))
        return
    from rich.console import Console

    from anenas.cli.screen import print_scores

    print_scores(Console(emoji=False), result)


@bench_app.command("space")
def bench_space(
    name: Annotated[str, typer.Argument(help="A built-in space or a YAML file.")] = "mobile_cnn",
    chip: Annotated[str, typer.Option(help="The chip to estimate for (`anenas chips`).")] = "A15",
    system: System = None,
    architectures: Annotated[int, typer.Option(min=1, help="Number of architectures to sample and estimate.")] = 2000,
    exports: Annotated[int, typer.Option(min=0, help="Number of these to export and read back.")] = 5,
    seed: Annotated[int, typer.Option(help="Equal seeds give equal architectures.")] = 0,
    as_json: Json = False,
) -> None:
    """Time how fast architectures are estimated, and compare the estimates with exported programs."""
    from anenas.bench import bench_space as bench
    from anenas.latency import Target
    from anenas.space import load_space

    target = Target.named(on_system(chip, system))
    scores = bench(load_space(name), target, architectures=architectures, exports=exports, seed=seed)
    if as_json:
        print(json.dumps(scores.to_dict(), indent=2))
        return
    print(f"{scores.architectures:,} architectures of {scores.space}, on {scores.chip}")
    print(f"{scores.architectures_per_second:,.0f} per second on one core")
    print(f"{scores.cold_architectures_per_second:,.0f} per second if no block has been seen before")
    agree = "equal" if scores.weight_bytes_agree else "NOT equal"
    print(
        f"{scores.exported} exported: latency within {scores.max_latency_disagreement:.2%} of the estimate, "
        f"bytes of weights {agree}"
    )


@bench_app.command("search")
def bench_search(
    table: Annotated[Path, typer.Option(help="An .npz file with known results: choices, objectives, the true front.")],
    trials: Annotated[int, typer.Option(min=1, help="Number of evaluations in each search.")] = 100,
    seeds: Annotated[int, typer.Option(min=1, help="Number of searches; their results are averaged.")] = 8,
    sampler: Annotated[str, typer.Option(help="auto, tpe-multivariate, tpe, nsga2, gp or random.")] = "auto",
    known: Annotated[
        int | None,
        typer.Option(help="Index of the objective that is known in advance for any candidate.", show_default="none"),
    ] = None,
    compare: Annotated[bool, typer.Option("--compare", help="Run every sampler and draw the curves.")] = False,
    plot: Annotated[
        Path | None, typer.Option(help="PNG file for the curves.", show_default="TABLE.png with --compare")
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure how much of a known front a search finds with a given number of evaluations."""
    from rich.console import Console

    from anenas.bench import bench_search as bench
    from anenas.bench import read_table
    from anenas.cli.screen import print_search_scores
    from anenas.report import write_curves_png
    from anenas.search import SAMPLERS

    _ = SAMPLERS[sampler]  # before the table is read
    read = read_table(table, known)
    scores = []
    for name in SAMPLERS if compare else [sampler]:
        if compare:
            print(f"{name} …", file=sys.stderr)
        scores.append(bench(read, name, trials=trials, seeds=seeds))
    if plot is None and compare:
        plot = Path(f"{read.name}.png")
    if plot is not None:
        title = read.name if known is None else f"{read.name}, objective {known} known"
        write_curves_png({one.sampler: one.curves for one in scores}, title, plot)
    if as_json:
        results = [one.to_dict() for one in scores]
        print(json.dumps(results if compare else results[0], indent=2))
        return
    print_search_scores(Console(emoji=False), scores)
    if plot is not None:
        print(f"curves   {plot}")
