"""Adapt the latency model to a device of one's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from anenas.cli._app import DEVICES, Json, app


@app.command(rich_help_panel=DEVICES)
def calibrate(
    measurements: Annotated[
        Path,
        typer.Argument(help="Table of measurements, as for `anenas bench latency` or as written by a kit."),
    ],
    chip: Annotated[str, typer.Option(help="The chip of the device (`anenas chips`).")],
    name: Annotated[str, typer.Option(help="Name for the device, to use with --chip afterwards.")],
    as_json: Json = False,
) -> None:
    """Adapt the latency model to your own device, with 5 or more measured models."""
    from anenas.ane import get_chip
    from anenas.measure import calibrate as fit

    result = fit(measurements, get_chip(chip), name)
    path = result.device.save()
    if as_json:
        print(json.dumps({**result.to_dict(), "file": str(path)}, indent=2))
        return
    from rich.console import Console

    from anenas.cli.screen import print_calibration

    print_calibration(Console(emoji=False), result)
