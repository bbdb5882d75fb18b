"""Compare studies."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from anenas.cli._app import DEFAULT_STORE, SEARCH, Json, Store, app


@app.command(rich_help_panel=SEARCH)
def compare(
    studies: Annotated[list[str], typer.Argument(help="Two or more of the same data and metric, such as seeds.")],
    out: Annotated[
        Path | None,
        typer.Option(help="Page of it to write, such as compare.html, or picture, compare.png.", show_default="none"),
    ] = None,
    store: Store = DEFAULT_STORE,
    as_json: Json = False,
) -> None:
    """Hold the fronts of studies against each other, and say whether they differ by more than noise.

    Hypervolumes are by one reference point. Of three seeds or more of one setting, the scores are told that half of
    them attain. Two settings are compared over seeds where there are three of each, else over the errors of trials.
    """
    from rich.console import Console

    from anenas.api import check_comparison_path, compare_studies, load_studies, write_comparison
    from anenas.cli.screen import print_comparison

    if out:
        check_comparison_path(out)  # before what takes a while
    loaded = load_studies(studies, store)
    found = compare_studies(loaded)
    if out:
        write_comparison(loaded, found, out)
    if as_json:
        print(found.to_json())
        return
    print_comparison(Console(emoji=False), found)
    if out:
        print(f"wrote {out}, {out.stat().st_size / 1e3:,.0f} kB")
