"""Measure on a device, prepare what measures on another machine, and look at what was measured."""

from __future__ import annotations

import json
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anenas._errors import AnenasError
from anenas.cli._app import DEVICES, Json, app

if TYPE_CHECKING:
    from anenas.measure import Measured


class Device(StrEnum):
    LOCAL, IPHONE = "local", "iphone"


class Units(StrEnum):
    ALL, CPU_AND_NE, CPU_ONLY, CPU_AND_GPU = "all", "cpu-and-ne", "cpu-only", "cpu-and-gpu"


@app.command(rich_help_panel=DEVICES)
def measure(
    model: Annotated[str, typer.Argument(help="A .mlpackage, timm:NAME, timm:NAME@RESOLUTION or an architecture.")],
    out: Annotated[Path, typer.Option(help="File to write the recording to.")],
    device: Annotated[Device, typer.Option(help="This Mac, or an iPhone connected to it.")] = Device.LOCAL,
    chip: Annotated[
        str, typer.Option(help="Chip of the iPhone, such as A15.", show_default="a Mac detects its own")
    ] = "",
    team: Annotated[
        str, typer.Option(help="Apple developer team that signs the app of coremltools for the iPhone.")
    ] = "",
    compute_units: Annotated[
        Units,
        typer.Option(help="Compute units that Core ML may use; `all` can crash the measurement on macOS 26 and later."),
    ] = Units.CPU_AND_NE,
    rounds: Annotated[
        int, typer.Option(min=1, help="How often to load the model; each time it makes 20 predictions.")
    ] = 10,
    as_json: Json = False,
) -> None:
    """Measure a model with coremltools on this Mac or an iPhone; unproven on hardware."""
    from anenas.ane import get_chip
    from anenas.measure import DeviceLatency, record, require_core_ml, write_recordings

    require_core_ml()
    if not out.absolute().parent.is_dir():
        raise AnenasError(f"no folder {out.parent} to write {out.name} to")
    source = DeviceLatency(
        device.value,
        chip=get_chip(chip).name if chip else "",
        team=team,
        compute_units=compute_units.name,  # type: ignore[arg-type]
        rounds=rounds,
    )
    with tempfile.TemporaryDirectory(prefix="anenas-") as folder:
        measured = record(model, source, Path(folder))
    write_recordings(out, [measured.recording])
    _show([measured], as_json)


@app.command(rich_help_panel=DEVICES)
def recording(
    file: Annotated[Path, typer.Argument(help="File written by `anenas measure` or by the script of a kit.")],
    as_json: Json = False,
) -> None:
    """Show recorded measurements next to the estimates, and whether operations ran where expected."""
    from anenas.measure import compare, read_recordings

    _show([compare(one, file.parent) for one in read_recordings(file)], as_json)


def _show(measured: list[Measured], as_json: bool) -> None:
    if as_json:
        print(json.dumps([one.to_dict() for one in measured], indent=2, allow_nan=False))
        return
    from rich.console import Console

    from anenas.cli.screen import print_measured

    print_measured(Console(emoji=False), measured)


@app.command(rich_help_panel=DEVICES)
def kit(
    models: Annotated[
        list[str] | None, typer.Argument(help="Packages, timm:NAME, timm:NAME@RESOLUTION, architectures.")
    ] = None,
    out: Annotated[Path, typer.Option(help="New folder to write.")] = Path("kit"),
    calibration: Annotated[
        bool, typer.Option("--calibration", help="Add ten diverse models for calibrating the estimate.")
    ] = False,
    core_ai: Annotated[
        bool, typer.Option("--core-ai", help="Add torch programs, to record Core AI's plan on macOS 27 and later.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write a folder with packages, inputs and a script that measures and checks them on any Mac."""
    from anenas.measure import CALIBRATION_MODELS, write_kit

    wanted = [*(models or ()), *(CALIBRATION_MODELS if calibration else ())]
    if not wanted:
        raise AnenasError("no model for the kit; name some, or use --calibration for ten diverse ones")
    entries = write_kit(wanted, out, core_ai=core_ai)
    if as_json:
        print(json.dumps({"kit": str(out), "models": entries}, indent=2))
        return
    print(f"{out}: {len(entries)} package{'s'[: len(entries) > 1]} with inputs; copy it to a Mac and run there")
    tools = "coremltools coreai-torch" if core_ai else "coremltools"
    print(f"    pip install {tools} && python3 validate.py")
    print("then copy results.json and measurements.csv back: anenas recording results.json")
    if unknown := sum(entry["expected"] is None for entry in entries):
        print(f"{unknown} without expected outputs: they use an operation that only Core ML can run")
