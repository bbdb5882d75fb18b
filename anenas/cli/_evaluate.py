"""What exported models get right and wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from anenas.cli._app import DEFAULT_STORE, MODELS, Json, Store, app


@app.command(rich_help_panel=MODELS)
def evaluate(
    model: Annotated[
        str, typer.Argument(help="A .mlpackage, a folder with one (a bundle, an export), or the name of a study.")
    ],
    data: Annotated[
        str | None,
        typer.Option(help="Labelled data, as for `anenas search`.", show_default="the study's own"),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            help="test, validation, train or all.",
            show_default="test if there is one, else all; validation for a search without a test",
        ),
    ] = None,
    pick: Annotated[
        str | None,
        typer.Option(help="With a study: knee, accurate, …, or a trial's number.", show_default="its whole front"),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for an HTML page, JSON and figures, such as the confusion matrix."),
    ] = None,
    skip_broken: Annotated[
        bool, typer.Option("--skip-broken", help="Skip files that cannot be read instead of stopping.")
    ] = False,
    store: Store = DEFAULT_STORE,
    as_json: Json = False,
) -> None:
    """Evaluate an exported model on any data: metrics per class or number with intervals, and the wrong inputs."""
    from rich.console import Console

    from anenas.api import evaluate as run
    from anenas.cli.screen import print_evaluated, print_evaluations

    with Console(stderr=True, emoji=False).status("reading the data") as status:
        found = run(
            model,
            data,
            split=split,  # type: ignore[arg-type]  # it tells of others itself
            pick=pick,
            skip_broken=skip_broken,
            store=store,
            on_model=lambda name: status.update(f"running {name}"),
        )
        folders = [out / one.model.split(" (")[0].replace(" ", "-") if out and len(found) > 1 else out for one in found]
        pages = [one.write(folder)[0] for one, folder in zip(found, folders, strict=True) if folder]
    if as_json:
        shown = [one.to_dict() for one in found]
        print(json.dumps({"models": shown} if len(shown) > 1 else shown[0], indent=2, ensure_ascii=False))
        return
    if len(found) == 1:
        print_evaluated(Console(emoji=False), found[0])
    else:
        print_evaluations(Console(emoji=False), model, found)
    for page in pages:
        print(f"wrote {page}, with JSON and figures beside it")
    if not pages:
        print("--out FOLDER writes this as a page with the wrong inputs, as JSON and as figures")
