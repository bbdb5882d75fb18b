"""The command's groups, and the options that several commands share."""

from __future__ import annotations

import importlib.metadata
import logging
import re
import shlex
import sys
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
space_app = typer.Typer(help="Show, validate and sample search spaces.", no_args_is_help=True)
app.add_typer(space_app, name="space", rich_help_panel=SEARCH)
data_app = typer.Typer(help="Check data before a search.", no_args_is_help=True)
app.add_typer(data_app, name="data", rich_help_panel=SEARCH)
bench_app = typer.Typer(help="Compare estimates with known results.", no_args_is_help=True)
app.add_typer(bench_app, name="bench", rich_help_panel=BENCHMARKS)


def _tell_of_password(address: str | None) -> str | None:
    if address in sys.argv and re.search(r"://[^/@]*:[^@]+@", address or ""):
        logging.getLogger(__name__).warning(
            "the password in --storage is visible in this machine's list of processes: leave it out, and put it into "
            "PGPASSWORD or ~/.pgpass, or put the whole address into ANENAS_STORAGE"
        )
    return address


Json = Annotated[bool, typer.Option("--json", help="Print only the result, as JSON, to standard output.")]
Store = Annotated[Path, typer.Option("--store", help="Folder with the studies and MLflow's database.")]
Storage = Annotated[
    str | None,
    typer.Option(
        "--storage",
        envvar="ANENAS_STORAGE",
        help="Database for the studies, such as postgresql://USER@HOST/DATABASE. The store remembers it, but not the "
        "password, which is read from PGPASSWORD or ~/.pgpass.",
        show_default="SQLite in the store",
        show_envvar=False,
        callback=_tell_of_password,
    ),
]
Model = Annotated[str, typer.Argument(help="A .mlpackage, timm:NAME, timm:NAME@RESOLUTION or an architecture.")]
OfSpace = Annotated[
    str | None,
    typer.Option("--space", help="Space that an architecture must belong to: a built-in space or a YAML file."),
]
System = Annotated[
    str | None,
    typer.Option("--os", help="Operating system of the chips: ios16, macos14, …, ios27.", show_default="the newest"),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        "--scheduler",
        envvar="DASK_SCHEDULER_ADDRESS",
        help="Dask cluster to train on: the address of its scheduler, such as tls://HOST:8786, or its scheduler file.",
        show_default="none: on this machine",
    ),
]
Tls = Annotated[
    Path | None,
    typer.Option(
        "--tls",
        help="Folder with the cluster's certificates, from `anenas cluster certificates`.",
        show_default="Dask's own",
    ),
]
Insecure = Annotated[
    bool,
    typer.Option(
        "--insecure", help="Do not encrypt connections to the cluster; only for a network that nobody else uses."
    ),
]
OfStudy = Annotated[str, typer.Argument(help="Name of the study (`anenas front` lists them).")]
MovedData = Annotated[
    str | None,
    typer.Option("--data", help="New location of the study's data, if they were moved.", show_default="unchanged"),
]
Author = Annotated[str, typer.Option("--author", help="Author of the package, shown in Xcode.", show_default="none")]
License = Annotated[str, typer.Option("--license", help="Licence of the package, shown in Xcode.", show_default="none")]
TrackingUri = Annotated[
    str | None,
    typer.Option(
        "--tracking-uri",
        help="Address of an MLflow server.",
        show_default="$MLFLOW_TRACKING_URI, or the store's own database",
    ),
]
DEFAULT_STORE = Path("mlruns")


def elsewhere(store: Path) -> str:
    """What a command needs besides, to look in that store: " --store FOLDER", or nothing."""
    return "" if store == DEFAULT_STORE else f" --store {shlex.quote(str(store))}"


DEBUG, QUIET, VERBOSE = {"--debug"}, {"-q", "--quiet"}, {"-v", "--verbose"}
ANYWHERE = DEBUG | QUIET | VERBOSE
"""Flags that are taken out of a command before it is parsed."""
PLUGIN = "--plugin"
"""An option that is, too, as often as it is there."""


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"anenas {importlib.metadata.version('anenas')}")
        raise typer.Exit


@app.callback(epilog="--debug, --quiet, --verbose and --plugin work anywhere in a command.")
def _main(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show only warnings and errors.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show more messages, and where they come from.")
    ] = False,
    plugin: Annotated[
        list[Path] | None,
        typer.Option(PLUGIN, metavar="FILE", help="Python file with your own blocks or other parts; repeatable."),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass
