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
            help="Folder to write, not there yet; of --all the one that holds them.",
            show_default="exports/STUDY/trial-NUMBER",
        ),
    ] = None,
    pick: Pick = None,
    every: Annotated[
        bool, typer.Option("--all", help="Every model of the front, each in a folder trial-NUMBER.")
    ] = False,
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
    data: MovedData = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda or mps.", show_default="the best that is there")] = None,
    author: Author = "",
    license: License = "",
    store: Store = DEFAULT_STORE,
    as_json: Json = False,
) -> None:
    """Write a model as a folder that needs no anenas: package, torch source, model card, test vectors, Swift, kit."""
    limit = None if max_latency is None else quantity(max_latency, "--max-latency", MILLISECONDS)
    from anenas.bundle import export as write
    from anenas.cli.screen import TrainingProgress, print_bundle

    if every and (pick is not None or limit is not None):
        raise AnenasError("--all exports every model of the front; leave out --pick and --max-latency")
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
        _log.info("exported before, and left as they are: %s", ", ".join(str(folders[trial]) for trial in there))
    return [(trial, folder) for trial, folder in folders.items() if trial not in there]
