"""Compare studies."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from anenas._errors import AnenasError
from anenas.cli._app import DEFAULT_STORE, SEARCH, Json, Store, app


@app.command(rich_help_panel=SEARCH)
def compare(
    studies: Annotated[list[str], typer.Argument(help="Two or more of the same data and metric, such as seeds.")],
    out: Annotated[
        Path | None, typer.Option(help="Picture of their fronts to write, such as compare.png.", show_default="none")
    ] = None,
    store: Store = DEFAULT_STORE,
    as_json: Json = False,
) -> None:
    """Hold the fronts of studies against each other, and say whether they differ by more than noise.

    Hypervolumes are by one reference point. Of three seeds or more of one setting, the scores are told that half of
    them attain. Two settings are compared over seeds where there are three of each, else over the errors of trials.
    """
    from rich.console import Console

    from anenas.api import compare_studies, load_studies
    from anenas.cli.screen import print_comparison
    from anenas.report import write_comparison_png

    if out and out.suffix.lower() != ".png":
        raise AnenasError(f"--out {out}: expected a file that ends in .png")
    loaded = load_studies(studies, store)
    found = compare_studies(loaded)
    if out:
        surfaces = {f"attained by half of the {one.studies} of kind {one.kind}": one.points for one in found.attained}
        try:
            write_comparison_png(loaded, surfaces, out)
        except OSError as error:
            raise AnenasError(f"cannot write {out}: {error.strerror or error}") from error
    if as_json:
        print(found.to_json())
        return
    print_comparison(Console(emoji=False), found)
    if out:
        print(f"picture  {out}")
