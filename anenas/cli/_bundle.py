"""Ship a model of a study."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Annotated

import typer

from anenas._errors import AnenasError
from anenas.cli._app import DEFAULT_STORE, SEARCH, Author, Json, License, MovedData, OfStudy, Store, app
from anenas.cli._limits import Pick
from anenas.cli._units import MILLISECONDS, quantity

_log = logging.getLogger(__name__)


@app.command(rich_help_panel=SEARCH)
def export(
    study: OfStudy,
    out: Annotated[
        Path | None,
        typer.Option(
            help="New folder for the bundle; with --all, the folder for all bundles.",
            show_default="exports/STUDY/trial-NUMBER",
        ),
    ] = None,
    pick: Pick = None,
    every: Annotated[
        bool, typer.Option("--all", help="Export every model on the front, each to a folder trial-NUMBER.")
    ] = False,
    max_latency: Annotated[
        str | None, typer.Option(help="Instead of --pick: the most accurate trial within this latency, such as 1.5ms.")
    ] = None,
    final_epochs: Annotated[
        int | None,
        typer.Option(help="Train the model again for this many epochs.", show_default="as the search left it"),
    ] = None,
    compress: Annotated[
        str | None,
        typer.Option(
            help="Weight format (`anenas compress --list-forms`), or w8a8, which includes a little more training.",
            show_default="as the search left it",
        ),
    ] = None,
    streaming: Annotated[
        bool, typer.Option("--streaming", help="Also write a program that takes a series chunk by chunk.")
    ] = False,
    data: MovedData = None,
    device: Annotated[
        str | None, typer.Option(help="Where to train: cpu, cuda or mps.", show_default="the fastest available")
    ] = None,
    author: Author = "",
    license: License = "",
    store: Store = DEFAULT_STORE,
    as_json: Json = False,
) -> None:
    """Export a model to a folder that works without anenas: package, PyTorch, model card, test vectors, Swift, kit."""
    limit = None if max_latency is None else quantity(max_latency, "--max-latency", MILLISECONDS)
    from anenas.bundle import export as write
    from anenas.cli.screen import TrainingProgress, print_bundle

    if every and (pick is not None or limit is not None):
        raise AnenasError("--all exports every model on the front; leave out --pick and --max-latency")
    wanted = _whole_front(study, out, store) if every else [(pick, out)]
    written = []
    for one, folder in wanted:
        with TrainingProgress() as progress:
            bundle = write(
                study,
                folder,
                pick=one,
                max_latency_ms=limit,
                final_epochs=final_epochs,
                form=compress,
                streaming=streaming,
                data=data,
                device=device,
                author=author,
                license=license,
                store=store,
                on_step=progress.on_step,
            )
        written.append(bundle)
        if not as_json:
            print_bundle(bundle)
    if as_json:
        found = [bundle.to_dict() for bundle in written]
        print(json.dumps(found if every else found[0], indent=2))


def _whole_front(study: str, out: Path | None, store: Path) -> list[tuple[int, Path]]:
    """The trials of the front and their folders, without those that are there already, which is said."""
    from anenas.api import load_result
    from anenas.bundle import default_folder

    front = [model.trial for model in load_result(study, store).front]
    if not front:
        raise AnenasError(f"no trial of {study} has completed; resume its search")
    folders = {trial: out / f"trial-{trial}" if out else default_folder(study, trial) for trial in front}
    there = [trial for trial, folder in folders.items() if folder.exists()]
    if there:
        _log.info("already exported, left unchanged: %s", ", ".join(str(folders[trial]) for trial in there))
    return [(trial, folder) for trial, folder in folders.items() if trial not in there]
