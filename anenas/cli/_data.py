"""Look at data before a search."""

from __future__ import annotations

from typing import Annotated

import typer

from anenas.cli._app import Json, app, data_app
from anenas.cli._units import shape
from anenas.cli._words import as_typed


@data_app.command("check")
def data_check(
    source: Annotated[
        str,
        typer.Argument(
            help="images:FOLDER, text:FILE, wav:FOLDER or mel:FOLDER (recordings), FILE.npz, FILE.csv or "
            "torchvision:NAME.",
        ),
    ],
    validation: Annotated[
        str | None,
        typer.Option(help="Separate validation set.", show_default="the data's own, or held out"),
    ] = None,
    test: Annotated[
        str | None, typer.Option(help="Separate test set.", show_default="the data's own, or held out")
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(
            help="classification, multilabel, regression or your own.",
            show_default="inferred from the labels",
        ),
    ] = None,
    space: Annotated[
        str | None,
        typer.Option(
            help="The space that you will search: a built-in space or a YAML file.",
            show_default="the built-in space for this kind of data",
        ),
    ] = None,
    input_shape: Annotated[
        str | None, typer.Option("--input", help="Input shape as CxHxW, such as 3x224x224.", show_default="the space's")
    ] = None,
    skip_broken: Annotated[
        bool, typer.Option("--skip-broken", help="Skip files that cannot be read instead of stopping.")
    ] = False,
    fewest: Annotated[
        int, typer.Option(min=0, help="Minimum number of training inputs that each class should have.")
    ] = 20,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with status 1 if there are possible problems.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Count the inputs of each class and split, and report possible problems: duplicates, leaks, unequal classes."""
    from rich.console import Console

    from anenas.api import check_data
    from anenas.cli.screen import print_data
    from anenas.data import with_splits

    report = check_data(
        with_splits(source, validation=validation, test=test),
        space,
        task=task,
        input_shape=None if input_shape is None else shape(input_shape),
        skip_broken=skip_broken,
        fewest=fewest,
    )
    if as_json:
        print(report.to_json())
    else:
        search = typer.main.get_command(app).commands["search"]  # type: ignore[attr-defined]  # what is to be done next
        print_data(Console(emoji=False), report, lambda text: as_typed(text, search.params))
    if strict and report.concerns:
        raise typer.Exit(1)
