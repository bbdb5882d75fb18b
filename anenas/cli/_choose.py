"""Choose a model of a study, and look at one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from anenas.cli import _limits as given
from anenas.cli._app import DEFAULT_STORE, SEARCH, Author, Json, License, MovedData, OfStudy, Store, app, elsewhere


@app.command(rich_help_panel=SEARCH)
def choose(
    study: OfStudy,
    max_latency: given.MaxLatency = None,
    max_size: given.MaxSize = None,
    max_macs: given.MaxMacs = None,
    max_params: given.MaxParams = None,
    min_residency: given.MinResidency = None,
    min_accuracy: given.MinAccuracy = None,
    min_metrics: given.MinMetrics = None,
    max_metrics: given.MaxMetrics = None,
    latency_bound: given.Bound = None,
    weights: Annotated[
        str | None,
        typer.Option(
            help="Choose by a weighted sum, such as accuracy=1,latency_ms=0.3. Values are scaled linearly from 0, the "
            "worst on the study's Pareto front, to 1, the best.",
            show_default="the best by the study's metric",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="New folder for the bundle.", show_default="exports/STUDY/trial-NUMBER"),
    ] = None,
    no_export: Annotated[bool, typer.Option("--no-export", help="Only print the choice; write nothing.")] = False,
    author: Author = "",
    license: License = "",
    data: MovedData = None,
    store: Store = DEFAULT_STORE,
    as_json: Json = False,
) -> None:
    """Choose the best model within limits, say how clear the choice is, and export it."""
    from rich.console import Console

    from anenas.api import choose_model
    from anenas.bundle import export, require_new
    from anenas.cli.screen import TrainingProgress, print_bundle, print_chosen

    limits = given.limits(
        max_latency, max_size, max_macs, max_params, min_residency, min_accuracy, min_metrics, max_metrics
    )
    chosen = choose_model(
        study,
        limits,
        weights=given.weights(weights) if weights is not None else None,
        latency_bound=given.latency_bound(latency_bound),
        store=store,
    )
    console, folder = Console(emoji=False), out or chosen.folder
    if not as_json:
        print_chosen(console, chosen)
    is_there = out is None and (folder / "bundle.json").is_file()
    if no_export or is_there:
        if as_json:
            print(chosen.to_json(folder if is_there else None))
        elif is_there:
            print(f"already exported to {folder}")
        return
    require_new(folder)
    with TrainingProgress() as progress:
        bundle = export(
            study,
            folder,
            pick=chosen.model.trial,
            author=author,
            license=license,
            data=data,
            store=store,
            on_step=progress.on_step,
        )
    if as_json:
        print(chosen.to_json(folder))
    else:
        print_bundle(bundle)


@app.command(rich_help_panel=SEARCH)
def show(
    study: OfStudy,
    trial: Annotated[
        str, typer.Argument(help="A trial's number, or knee, accurate, fast, …", metavar="TRIAL")
    ] = "knee",
    store: Store = DEFAULT_STORE,
    as_json: Json = False,
) -> None:
    """Show everything about one trial, completed or not."""
    from rich.console import Console

    from anenas.api import show_trial
    from anenas.cli.screen import print_trial

    found = show_trial(study, trial, store=store)
    if as_json:
        print(found.to_json())
        return
    print_trial(Console(emoji=False), found, f"anenas export {study} --pick {found.trial}{elsewhere(store)}")
