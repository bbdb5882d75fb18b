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
space_app = typer.Typer(help="Look at search spaces.", no_args_is_help=True)
app.add_typer(space_app, name="space", rich_help_panel=SEARCH)
data_app = typer.Typer(help="Look at data before a search.", no_args_is_help=True)
app.add_typer(data_app, name="data", rich_help_panel=SEARCH)
bench_app = typer.Typer(help="Hold estimates against what is known.", no_args_is_help=True)
app.add_typer(bench_app, name="bench", rich_help_panel=BENCHMARKS)


def _tell_of_password(address: str | None) -> str | None:
    if address in sys.argv and re.search(r"://[^/@]*:[^@]+@", address or ""):
        logging.getLogger(__name__).warning(
            "the password in --storage can be read in this machine's list of processes: leave it out, and put it into "
            "PGPASSWORD or ~/.pgpass, or the whole address into ANENAS_STORAGE"
        )
    return address


Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON, and nothing else, to standard output.")]
Store = Annotated[Path, typer.Option("--store", help="Folder of studies and of MLflow's database.")]
Storage = Annotated[
    str | None,
    typer.Option(
        "--storage",
        envvar="ANENAS_STORAGE",
        help="Database of the studies, such as postgresql://USER@HOST/DATABASE; the store remembers it, but for its "
        "password: PGPASSWORD or ~/.pgpass has it.",
        show_default="SQLite in the store",
        show_envvar=False,
        callback=_tell_of_password,
    ),
]
Model = Annotated[str, typer.Argument(help="A .mlpackage, timm:NAME[@RESOLUTION] or an architecture.")]
OfSpace = Annotated[
    str | None, typer.Option("--space", help="Space that an architecture has to be of: a built-in one or a YAML file.")
]
System = Annotated[
    str | None,
    typer.Option("--os", help="System of the chips: ios16, macos14, …, ios27.", show_default="the newest"),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        "--scheduler",
        envvar="DASK_SCHEDULER_ADDRESS",
        help="A Dask cluster to train on: its scheduler's address, such as tls://HOST:8786, or the file that it wrote.",
        show_default="none: on this machine",
    ),
]
Tls = Annotated[
    Path | None,
    typer.Option(
        "--tls",
        help="Folder of the cluster's certificates, of `anenas cluster certificates`.",
        show_default="Dask's own",
    ),
]
Insecure = Annotated[
    bool, typer.Option("--insecure", help="Talk to the cluster unencrypted, on a network that nobody else is on.")
]
OfStudy = Annotated[str, typer.Argument(help="Its name (`anenas front` lists them).")]
MovedData = Annotated[
    str | None,
    typer.Option("--data", help="The study's data, where they have moved.", show_default="where they were"),
]
Author = Annotated[str, typer.Option("--author", help="Author that Xcode shows of the package.", show_default="none")]
License = Annotated[str, typer.Option("--license", help="Likewise, its licence.", show_default="none")]
TrackingUri = Annotated[
    str | None,
    typer.Option(
        "--tracking-uri",
        help="Of an MLflow server.",
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
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Of what is done, show warnings alone.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show more, and who says it.")] = False,
    plugin: Annotated[
        list[Path] | None,
        typer.Option(PLUGIN, metavar="FILE", help="Python file with blocks of your own, or the like; repeatable."),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass
