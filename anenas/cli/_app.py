"""The command's groups, and the options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

SEARCH, MODELS, DEVICES, BENCHMARKS = "Search", "Models", "Devices", "Benchmarks"
"""The parts of the help page."""

app = typer.Typer(
    name="anenas",
    help="Neural architecture search for Apple's Neural Engine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
space_app = typer.Typer(help="Look at search spaces.", no_args_is_help=True)
app.add_typer(space_app, name="space", rich_help_panel=SEARCH)
bench_app = typer.Typer(help="Hold estimates against what is known.", no_args_is_help=True)
app.add_typer(bench_app, name="bench", rich_help_panel=BENCHMARKS)

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON, and nothing else, to standard output.")]
Store = Annotated[Path, typer.Option("--store", help="Folder of studies and of MLflow's database.")]
Model = Annotated[str, typer.Argument(help="A .mlpackage, timm:NAME[@RESOLUTION] or an architecture.")]
OfSpace = Annotated[
    str | None, typer.Option("--space", help="Space that an architecture has to be of: a built-in one or a YAML file.")
]
DEFAULT_STORE = Path("mlruns")


@app.callback()
def _main(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error. Works anywhere.")] = False,
) -> None:
    pass
