"""What a model does on a chip."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from anenas._errors import AnenasError
from anenas.cli._app import DEVICES, MODELS, Json, Model, OfSpace, System, app
from anenas.cli._units import on_system


@app.command(rich_help_panel=MODELS)
def profile(
    model: Model,
    chip: Annotated[str, typer.Option(help="A chip (`anenas chips`), or all.")] = "A15",
    system: System = None,
    space: OfSpace = None,
    top: Annotated[int, typer.Option(help="How many of the most expensive operations to show.")] = 12,
    html: Annotated[
        Path | None, typer.Option(help="HTML page to write: time per operation, roofline, findings.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Estimate how long a model takes on a chip, operation by operation."""
    from rich.console import Console

    from anenas.ane import check as find
    from anenas.ane import chips as known
    from anenas.cli.screen import print_chips, print_profile
    from anenas.latency import Target
    from anenas.latency import profile as profile_of
    from anenas.models import load_graph

    chosen = list(known()) if chip.casefold() == "all" else [chip]
    targets = [Target.named(on_system(name, system)) for name in chosen]
    graph = load_graph(model, space)
    profiles = [profile_of(model, graph, target) for target in targets]
    if html is not None:
        if len(profiles) > 1:
            raise AnenasError("--html shows only one chip; name it instead of all")
        if not html.parent.is_dir():
            raise AnenasError(f"--html: there is no folder {html.parent} to write {html.name} to")
        from anenas.report import write_profile_page

        write_profile_page(profiles[0], find(graph, targets[0].chip), html)
    if as_json:
        rows = [one.to_dict() for one in profiles]
        print(json.dumps(rows if len(rows) > 1 else rows[0], indent=2))
    elif len(profiles) > 1:
        print_chips(Console(emoji=False), profiles)
    else:
        print_profile(Console(emoji=False), profiles[0], top)
    if html is not None and not as_json:
        print(f"wrote {html}")


@app.command(rich_help_panel=MODELS)
def check(
    model: Annotated[
        str | None, typer.Argument(help="A .mlpackage, timm:NAME, timm:NAME@RESOLUTION or an architecture.")
    ] = None,
    chip: Annotated[str, typer.Option(help="The chip to check for (`anenas chips`).")] = "A15",
    system: System = None,
    space: OfSpace = None,
    list_rules: Annotated[
        bool, typer.Option("--list-rules", help="List the rules with their evidence and exit.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Check a model against the guidelines of the Neural Engine; exit with status 1 if there is an error."""
    import dataclasses

    from rich.console import Console

    from anenas.ane import check as find
    from anenas.ane import placement, program_cost, rules
    from anenas.cli.screen import print_findings, print_rules
    from anenas.latency import chip_or_own_device
    from anenas.models import load_graph

    if list_rules:
        if as_json:
            fields = ("id", "severity", "guideline", "evidence")
            print(json.dumps({"rules": [{name: getattr(rule, name) for name in fields} for rule in rules()]}, indent=2))
        else:
            print_rules(Console(emoji=False), rules())
        return
    if model is None:
        raise AnenasError("no model to check; see `anenas check --help`")
    known, _ = chip_or_own_device(on_system(chip, system))
    graph = load_graph(model, space)
    findings = find(graph, known)
    errors = sum(finding.is_error for finding in findings)
    if as_json:
        rows = [dataclasses.asdict(finding) for finding in findings]
        print(json.dumps({"model": model, "chip": known.full_name, "findings": rows, "errors": errors}, indent=2))
    else:
        placed, segments = placement(graph, known), program_cost(graph, known).engine_segments
        print_findings(Console(emoji=False), model, known.full_name, findings, placed, segments)
    if errors:
        raise typer.Exit(1)


@app.command(rich_help_panel=DEVICES)
def chips(as_json: Json = False) -> None:
    """List the chips that latencies can be estimated for, with what is known about each."""
    import dataclasses

    from anenas.ane import chips as known
    from anenas.ane import fixed_us
    from anenas.latency import OwnDevice, own_devices

    if as_json:
        rows = [
            dataclasses.asdict(chip)
            | {
                "max_dimension": chip.max_dimension,
                "peak_tflops": chip.peak_tflops,
                "same_engine": chip.same_engine,
                "devices": chip.devices,
                "prediction_us": fixed_us(chip),
            }
            for chip in known().values()
        ]
        print(json.dumps(rows, indent=2))
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(
        box=box.SIMPLE_HEAD,
        padding=(0, 1),
        caption="* interpolated from neighbouring chips: no public measurement",
        caption_justify="left",
    )
    table.add_column("chip", no_wrap=True, min_width=7)
    for heading in ("cores", "GHz", "fp16\nTFLOPS", "weights\nGB/s", "vector\nG/s", "fixed\nµs"):
        table.add_column(heading, justify="right", no_wrap=True)
    for chip in known().values():
        figures = {
            "cores": str(chip.cores),
            "clock_ghz": f"{chip.clock_ghz:.3f}",
            "peak_tflops": f"{chip.peak_tflops:.1f}",
            "weight_gb_s": f"{chip.weight_gb_s:.0f}",
            "elementwise_g_s": f"{chip.elementwise_g_s:.0f}",
            "fixed_us": f"{fixed_us(chip):.0f}",
        }
        table.add_row(chip.name, *(v + ("*" if k in chip.guessed else "") for k, v in figures.items()))
    console = Console(emoji=False)
    console.print(table)
    for chip in known().values():
        names = ", ".join((*chip.same_engine, *chip.devices))
        if names:
            console.print(f"  {chip.name:8} {names}", highlight=False, soft_wrap=True)
    for device in map(OwnDevice.load, own_devices()):
        print(f"{device.name}: your own device with {device.chip}, calibrated on {device.models} models")
