"""Ship a model of a study."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anenas.cli._app import DEFAULT_STORE, SEARCH, Json, Store, app
from anenas.cli._units import MILLISECONDS, quantity

if TYPE_CHECKING:
    from anenas.bundle import Bundle, Stream


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
        bool, typer.Option("--streaming", help="Write a second program, for series that are still coming in.")
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
    from anenas.bundle import export as write
    from anenas.cli.screen import TrainingProgress

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
            on_step=progress.on_step,
        )
    if as_json:
        print(json.dumps(bundle.to_dict(), indent=2))
        return
    from anenas.tasks import TASKS, find_metric

    verified = max(bundle.verified.fp16, key=lambda one: one.largest)
    metric = find_metric(bundle.metric)
    one = "a probability" if TASKS[bundle.task].classifies else "a number, standardised,"
    tested = f"{bundle.test_count:,} {bundle.samples}"
    print(f"{out}: trial {bundle.trial} of {study}, {bundle.picked}")
    print(f"  test {metric.title:9} {metric.words(bundle.test_score)} of {tested}, the exported program's")
    print(f"  latency        {_latency(bundle)} on {bundle.chip}, estimated")
    print(f"  size           {bundle.size_mb:.2f} MB, {bundle.form}")
    print(
        f"  verified       on {bundle.verified.samples} {bundle.samples}: in fp16 {one} differs from the "
        f"network's by at most {verified.largest:.1g}"
    )
    if bundle.stream:
        _print_stream(bundle.stream, bundle.chip)
    print("README.md in it says the rest")


def _print_stream(stream: Stream, chip: str) -> None:
    on_the_way = max(one.largest for one in stream.verified.fp16)
    (at_the_end,) = stream.verified_whole.fp16
    print("and stream.mlpackage, for series that are still coming in")
    print(f"  a call         takes {_counted(stream.steps, 'step')} and {_counted(len(stream.states), 'state')}")
    print("                 gives probabilities for the series so far, and the states for the next call")
    print(f"  latency        {_latency(stream)} a call on {chip}, estimated")
    print(
        f"  verified       on {stream.verified.samples} series, call by call: in fp16 a probability differs from the "
        f"network's by at most {on_the_way:.1g},\n"
        f"                 and after the last call from model.mlpackage's by at most {at_the_end.largest:.1g}"
    )


def _latency(of: Bundle | Stream) -> str:
    return f"{of.latency_ms:.3f} ms ({of.latency_low_ms:.2f}–{of.latency_high_ms:.2f})"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" + ("" if count == 1 else "s")
