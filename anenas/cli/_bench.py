"""Hold estimates against what is known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from anenas.cli._app import Json, bench_app


@bench_app.command("latency")
def bench_latency(
    table: Annotated[
        Path,
        typer.Option("--csv", help="Table with the columns timm_name, input_res, soc, latency_ms, and perhaps set."),
    ],
    as_json: Json = False,
) -> None:
    """Hold the latency estimate against a table of measured latencies."""
    from anenas._bench import bench_latency as bench

    result = bench(table)
    if as_json:
        print(json.dumps(result, indent=2, allow_nan=False))
        return
    from rich.console import Console

    from anenas._terminal import print_scores

    print_scores(Console(), result)
