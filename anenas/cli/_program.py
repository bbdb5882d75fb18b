"""Run an exported program, and verify it."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Annotated

import typer

from anenas._errors import AnenasError, unknown
from anenas.cli._app import MODELS, Json, app


@app.command(rich_help_panel=MODELS)
def run(
    package: Annotated[Path, typer.Argument(help="A .mlpackage.")],
    inputs: Annotated[Path, typer.Option(help="An .npz file with one array per input, under the name of the input.")],
    outputs: Annotated[Path, typer.Option(help="The .npz file to write, with one array per output, under its name.")],
    precision: Annotated[str, typer.Option(help="fp32, or fp16 to round every result as the engine does.")] = "fp32",
    backend: Annotated[str, typer.Option(help="torch, or coreml on macOS.")] = "torch",
    as_json: Json = False,
) -> None:
    """Run an exported program on any machine.

    Arrays can contain many inputs along their first dimension. Images have the shape (N, channels, height, width), in
    the order red, green, blue, with values from 0 to 255. If the program has a state, the inputs run one after the
    other; the states start from those in the .npz file, or zeros, and are written together with the outputs.
    """
    if backend not in ("torch", "coreml"):
        raise unknown("backend", backend, ("torch", "coreml"))
    if backend == "coreml" and precision != "fp32":
        raise AnenasError("Core ML uses the precision of the package; leave out --precision")

    from anenas.cli.screen import flushed_line
    from anenas.mil import Event, ProgramFile, load_program, predict, read_arrays, warn_of_scale, write_arrays

    events: list[Event] = []
    given = read_arrays(inputs)
    warn_of_scale(ProgramFile.open(package).inputs, given)
    if backend == "coreml":
        results = predict(package, given)
    else:
        program = load_program(package, precision)  # type: ignore[arg-type]  # it tells of others itself
        states = {one.name for one in program.states}
        state = program.new_state() | {name: given[name] for name in given.keys() & states}
        results = program({name: given[name] for name in given.keys() - states}, state=state if states else None)
        results |= state
        events = list(program.report)
    write_arrays(outputs, results)
    shapes = {name: {"shape": list(array.shape), "dtype": array.dtype.name} for name, array in results.items()}
    if as_json:
        report = [dataclasses.asdict(event) for event in events]
        print(json.dumps({"package": str(package), "outputs": shapes, "written": str(outputs), "report": report}))
        return
    for name, one in shapes.items():
        print(f"{name}  {one['dtype']} {tuple(one['shape'])}")
    for event in events:
        if event.kind != "denormal":  # recurrences make thousands of them, at most of their operations
            print(f"{event.kind} of {event.count:,} values at {event.op} ({event.op_type})")
    if flushed := flushed_line(events):
        print(flushed)
    if precision == "fp16" and not events:
        print("nothing was lost in float16")


@app.command(rich_help_panel=MODELS)
def verify(
    package: Annotated[Path, typer.Argument(help="A .mlpackage.")],
    against: Annotated[
        str, typer.Option(help="Weights (.safetensors), an architecture, values (.npz) or another .mlpackage.")
    ],
    samples: Annotated[int, typer.Option(min=1, help="Number of random inputs to compare on, if none are given.")] = 16,
    layers: Annotated[
        bool, typer.Option("--layers", help="Also compare every operation, to find where they begin to differ.")
    ] = False,
    tolerance: Annotated[
        float | None, typer.Option(help="Maximum difference in float32, relative to the largest value.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Compare an exported program with its source; exit with status 1 if it computes something different."""
    from anenas.models import verify_against

    result = verify_against(package, against, samples=samples, layers=layers, tolerance=tolerance)
    if as_json:
        print(json.dumps({"package": str(package), **result.to_dict()}))
    else:
        from rich.console import Console

        from anenas.cli.screen import print_verification

        print_verification(Console(emoji=False), str(package), result)
    if not result.passed:
        raise typer.Exit(1)
