"""Smaller packages: weights in other forms, and folders as one file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from anenas._errors import AnenasError
from anenas.cli._app import MODELS, Json, System, app
from anenas.cli._units import MEGABYTES, on_system, quantity


@app.command(rich_help_panel=MODELS)
def compress(
    package: Annotated[Path | None, typer.Argument(help="A .mlpackage with fp16 weights.")] = None,
    form: Annotated[str | None, typer.Option("--to", help="Weight format (--list-forms shows them).")] = None,
    out: Annotated[Path | None, typer.Option(help="The .mlpackage to write; with --sweep, a folder.")] = None,
    sweep: Annotated[bool, typer.Option("--sweep", help="Try every weight format.")] = False,
    data: Annotated[
        str | None, typer.Option(help="Measure accuracy on the test images of these data (as for `anenas search`).")
    ] = None,
    chip: Annotated[str, typer.Option(help="The chip to estimate latency for (`anenas chips`).")] = "A15",
    system: System = None,
    list_forms: Annotated[bool, typer.Option("--list-forms", help="List the weight formats and exit.")] = False,
    as_json: Json = False,
) -> None:
    """Compress the weights of an exported program, without training."""
    from rich.console import Console

    from anenas.cli.screen import print_compressed, print_forms
    from anenas.graph import weight_formats

    if list_forms:
        rows = [
            {"form": f.name, "needs": "iOS18" if f.is_ios18 else "iOS16", "tells": f.tells}
            for f in weight_formats().values()
        ]
        if as_json:
            print(json.dumps(rows, indent=2))
        else:
            print_forms(Console(emoji=False), rows)
        return
    if package is None or out is None or (form is None) == (not sweep):
        raise AnenasError("expected a package, --out, and either --to FORM or --sweep (`anenas compress --help`)")

    from anenas.coreml import Package
    from anenas.latency import Target
    from anenas.models import Comparison, load_test_data, marked, write_sweep

    target, opened = Target.named(on_system(chip, system)), Package.open(package)
    comparison = Comparison(opened, target, load_test_data(opened, data) if data else None)
    if sweep:
        out.mkdir(parents=True, exist_ok=True)
        results = []
        with Console(stderr=True, emoji=False).status("compressing") as status:
            for result in comparison.sweep(out):
                results.append(result)
                status.update(f"{result.form} done")
        results = marked(results)
        written = write_sweep(results, out)
    else:
        results = [comparison.plain(), comparison.of(form or "", out)]
        written = [out]
    if as_json:
        rows = [result.to_dict() for result in results]
        shown = {"forms": rows} if sweep else {"before": rows[0], "after": rows[1]}
        print(json.dumps({"package": str(package), "chip": target.chip.full_name, **shown}, indent=2))
        return
    print_compressed(Console(emoji=False), target.chip.full_name, results, is_sweep=sweep)
    for path in written:
        print(f"wrote {path}")


@app.command(rich_help_panel=MODELS)
def pack(
    folder: Annotated[Path, typer.Argument(help="A .mlpackage, or any other folder.")],
    out: Annotated[Path, typer.Option(help="The file to write.")],
    as_json: Json = False,
) -> None:
    """Pack a folder into one small file: a .tar.xz that `anenas unpack` or any `tar` can open."""
    import dataclasses

    from anenas.models import pack as pack_folder

    packed = pack_folder(folder, out)
    if as_json:
        print(json.dumps(dataclasses.asdict(packed) | {"path": str(packed.path)}, indent=2))
    else:
        print(f"wrote {out}: {packed.bytes:,} bytes as {packed.packed_bytes:,}")


@app.command(rich_help_panel=MODELS)
def unpack(
    archive: Annotated[Path, typer.Argument(help="A file from `anenas pack`, or any other .tar.xz of a folder.")],
    out: Annotated[Path, typer.Option(help="The folder to make.")],
    max_size: Annotated[str, typer.Option(help="Refuse archives that unpack to more than this.")] = "4000MB",
    as_json: Json = False,
) -> None:
    """Restore a packed folder, bit for bit."""
    from anenas.models import unpack as unpack_archive

    count = unpack_archive(archive, out, largest=int(quantity(max_size, "--max-size", MEGABYTES) * 1e6))
    if as_json:
        print(json.dumps({"folder": str(out), "files": count}))
    else:
        print(f"wrote {out}, {count} files, identical to the originals")
