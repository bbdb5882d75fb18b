"""Machines that train together: their certificates, and a worker on each."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from anenas._errors import AnenasError
from anenas.cli._app import SEARCH, Insecure, Scheduler, Tls, app

cluster_app = typer.Typer(help="Set up a cluster of machines that train together.", no_args_is_help=True)
app.add_typer(cluster_app, name="cluster", rich_help_panel=SEARCH)

_AGAIN = 5.0  # seconds until a worker whose scheduler went away looks for it again


@cluster_app.command()
def certificates(
    folder: Annotated[
        Path, typer.Argument(help="New folder for the certificates; copy it to every machine in the cluster.")
    ],
) -> None:
    """Create certificates that authenticate the machines of a cluster and encrypt their connections."""
    from anenas.search.executors.cluster import make_certificates, tls_options

    make_certificates(folder)
    options = " ".join(tls_options(folder))
    print(f"certificates  {folder}, valid for 825 days; anyone who has these files can run anything on the cluster")
    print(f"scheduler     dask scheduler --protocol tls {options}")
    print(f"workers       anenas worker --scheduler tls://HOST:8786 --tls {folder}")
    print(f"search        anenas search --scheduler tls://HOST:8786 --tls {folder}")


@app.command(rich_help_panel=SEARCH)
def worker(
    scheduler: Scheduler = None,
    tls: Tls = None,
    insecure: Insecure = False,
    slots: Annotated[
        int | None,
        typer.Option(
            min=1, help="Number of trials that run at the same time.", show_default="one per core, or one per GPU"
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the worker in the cluster.", show_default="the host name")
    ] = None,
) -> None:
    """Train on this machine for searches on other machines, until Ctrl-C. This starts a Dask worker."""
    from anenas.search.executors.cluster import Connection, Machine, tls_options

    if scheduler is None:
        raise AnenasError("no cluster given; give --scheduler, such as tls://HOST:8786 or the scheduler file")
    connection = Connection(scheduler, tls, insecure)
    connection.check()
    address = connection.address
    machine = Machine.here()
    resources = [f"{resource}={count}" for resource, count in machine.resources.items()]
    command = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nworkers", "1", "--no-dashboard"]
    command += [
        "--nthreads",
        str(slots or machine.slots),
        "--memory-limit",
        "0",
    ]  # trials run in processes of their own
    command += ["--resources", " ".join(resources)] if resources else []
    command += ["--name", name] if name else []
    command += tls_options(tls) if tls else []
    print(f"worker of {address}: {machine}; Ctrl-C stops it", file=sys.stderr, flush=True)
    while True:
        began = time.monotonic()
        if (code := subprocess.call(command)) and time.monotonic() - began < _AGAIN:
            raise AnenasError(f"the Dask worker ended with exit status {code}; its messages are above")
        print(f"lost the connection to the scheduler {address}; trying again", file=sys.stderr, flush=True)
        time.sleep(_AGAIN)
