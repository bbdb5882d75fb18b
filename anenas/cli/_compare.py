"""Compare studies."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from anenas.cli._app import DEFAULT_STORE, SEARCH, Json, Store, app


@app.command(rich_help_panel=SEARCH)
def compare(
    studies: Annotated[
        list[str], typer.Argument(help="Two or more studies with the same data and metric, such as several seeds.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="HTML page to write, such as compare.html, or figure, such as compare.png.", show_default="none"
        ),
    ] = None,
    store: Store = DEFAULT_STORE,
    as_json: Json = False,
) -> None:
    """Compare the fronts of studies, and say whether they differ by more than noise.

    Hypervolumes have a common reference point. For three or more seeds of one setting, the median attainment is shown.
    Two settings are compared over seeds if there are three or more of each, otherwise over the errors of trials.
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
