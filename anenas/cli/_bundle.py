"""Ship a model of a study."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anenas.cli._app import DEFAULT_STORE, SEARCH, Json, Store, app
from anenas.cli._units import MILLISECONDS, quantity

if TYPE_CHECKING:
    from anenas.bundle import Stream


@app.command(rich_help_panel=SEARCH)
def export(
    study: Annotated[str, typer.Argument(help="Its name (`anenas front` lists them).")],
    out: Annotated[Path, typer.Option(help="Folder to write, not there yet.")],
    pick: Annotated[
        str | None,
        typer.Option(
            help="knee, accurate, fast, … as the front calls it, or the number of a trial.", show_default="knee"
        ),
    ] = None,
    max_latency: Annotated[
        str | None, typer.Option(help="Instead of --pick: the most accurate trial within it, such as 1.5ms.")
    ] = None,
    final_epochs: Annotated[
        int | None, typer.Option(help="Train it anew for so many epochs.", show_default="as the search left it")
    ] = None,
    compress: Annotated[
        str | None,
        typer.Option(
            help="Form of its weights (`anenas compress --list-forms`), or w8a8, which trains it a little further.",
            show_default="as the search left it",
        ),
    ] = None,
    streaming: Annotated[
        bool, typer.Option("--streaming", help="Write a program, too, that takes series as they come in.")
    ] = False,
    data: Annotated[
        str | None, typer.Option(help="The study's data, where they have moved.", show_default="where they were")
    ] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda or mps.", show_default="the best that is there")] = None,
    store: Store = DEFAULT_STORE,
    as_json: Json = False,
) -> None:
    """Write a model as a folder that needs no anenas: package, torch source, model card, test vectors, Swift, kit."""
    limit = None if max_latency is None else quantity(max_latency, "--max-latency", MILLISECONDS)
    from anenas._terminal import TrainingProgress
    from anenas.bundle import export as write

    with TrainingProgress() as progress:
        bundle = write(
            study,
            out,
            pick=pick,
            max_latency_ms=limit,
            final_epochs=final_epochs,
            form=compress,
            streaming=streaming,
            data=data,
            device=device,
            store=store,
            stepped=progress.stepped,
            say=progress.say,
        )
    if as_json:
        print(json.dumps(bundle.to_dict(), indent=2))
        return
    (verified,) = bundle.verified.fp16
    print(f"{out}: trial {bundle.trial} of {study}, {bundle.picked}")
    print(
        f"  test accuracy  {bundle.test_accuracy:.2%} of {bundle.test_images:,} {bundle.samples}, the exported program's"
    )
    print(
        f"  latency        {bundle.latency_ms:.3f} ms ({bundle.latency_low_ms:.2f}–{bundle.latency_high_ms:.2f}) on "
        f"{bundle.chip}, estimated"
    )
    print(f"  size           {bundle.size_mb:.2f} MB, {bundle.form}")
    print(
        f"  verified       on {bundle.verified.samples} {bundle.samples}: in fp16 a probability differs from the network's by at "
        f"most {verified.largest:.1g}"
    )
    if bundle.stream:
        _print_stream(bundle.stream, bundle.chip)
    print("README.md in it says the rest")


def _print_stream(stream: Stream, chip: str) -> None:
    steps = "1 step" if stream.steps == 1 else f"{stream.steps} steps"
    print(
        f"  stream.mlpackage takes {steps} a call and {len(stream.states)} states, gives the answer so far and states"
    )
    print(
        f"  a call         {stream.latency_ms:.3f} ms ({stream.latency_low_ms:.2f}–{stream.latency_high_ms:.2f}) on "
        f"{chip}, estimated"
    )
    worst = max((*stream.verified.fp16, *stream.verified_whole.fp16), key=lambda one: one.largest)
    print(
        f"  verified       on {stream.verified.samples} series: in fp16 a probability differs from the network's of the "
        f"series so far, and at its end from the whole program's, by at most {worst.largest:.1g}"
    )
