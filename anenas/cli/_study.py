"""Keeping house among studies."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from anenas._errors import AnenasError
from anenas._sizes import megabytes
from anenas.cli._app import DEFAULT_STORE, SEARCH, Json, Storage, Store, app

study_app = typer.Typer(help="Manage studies: list, show, rename, copy, delete.", no_args_is_help=True)
app.add_typer(study_app, name="study", rich_help_panel=SEARCH)

Name = Annotated[str, typer.Argument(help="Name of the study.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")]


@study_app.command("list")
def list_(store: Store = DEFAULT_STORE, storage: Storage = None, as_json: Json = False) -> None:
    """List the studies of a store, newest first."""
    show_list(store, storage, as_json=as_json)


@study_app.command()
def show(name: Name, store: Store = DEFAULT_STORE, storage: Storage = None, as_json: Json = False) -> None:
    """Show a study except for its trials: settings, the command that continues it, disk usage."""
    from rich.console import Console

    from anenas.api import describe_study
    from anenas.cli.screen import print_study

    found = describe_study(name, _opened(store, storage))
    if as_json:
        print(json.dumps(dataclasses.asdict(found), indent=2, default=str))
    else:
        print_study(Console(emoji=False), found)


@study_app.command()
def rename(
    name: Name,
    new: Annotated[str, typer.Argument(help="New name.")],
    store: Store = DEFAULT_STORE,
    storage: Storage = None,
) -> None:
    """Rename a study."""
    from anenas.api import name_study

    name_study(name, new, _opened(store, storage))
    print(f"{name} is now called {new}; continue it with --study {new}")


@study_app.command()
def copy(
    name: Name,
    to: Annotated[str, typer.Option("--to", help="Folder of a store, or a database: postgresql://USER@HOST/DATABASE.")],
    files: Annotated[
        Path | None,
        typer.Option(help="Folder for the files of the trials, if --to is a database.", show_default="STORE-DATABASE"),
    ] = None,
    new_name: Annotated[str | None, typer.Option("--as", help="Name of the copy.", show_default="the same")] = None,
    store: Store = DEFAULT_STORE,
    storage: Storage = None,
) -> None:
    """Copy a study, with the files of its trials, to another store or database."""
    from anenas._sizes import size_of
    from anenas.api import copy_to
    from anenas.search import database_place, study_folder

    target, count = copy_to(name, _opened(store, storage), to, files=files, new_name=new_name)
    there = new_name or name
    shown = target.relative_to(Path.cwd()) if target.is_relative_to(Path.cwd()) else target
    size = megabytes(size_of(study_folder(target.absolute(), there)))
    print(f"copied {name} to {database_place(target.absolute())}: {count} trials, verified equal")
    print(f"files    {size} in {shown}")
    print("MLflow   runs stay where they are; a search that continues the copy logs all of it again")
    print(f"continue anenas search … --store {shown} --study {there}")


@study_app.command()
def delete(
    name: Name,
    yes: Yes = False,
    store: Store = DEFAULT_STORE,
    storage: Storage = None,
) -> None:
    """Delete a study permanently: its trials, their files and its MLflow runs."""
    from anenas.api import describe_study, remove_study
    from anenas.search import check_study, study_folder

    place = _opened(store, storage)
    check_study(place, name)
    try:
        found = describe_study(name, place)
        counted = found.summary.counts
        print(f"study    {name}: {sum(counted.values())} trials, {counted['completed']} of them completed")
        print(f"files    {megabytes(sum(found.sizes.values()) - found.sizes['mlflow'])} in {found.folder}")
        print(f"MLflow   {found.runs} runs, {megabytes(found.sizes['mlflow'])}, in the store's own database")
    except AnenasError as error:
        print(f"study    {name}: {error}")
        print(f"files    all in {study_folder(place, name)}")
    _ask(yes)
    remove_study(name, place)
    print(f"{name} is deleted; its exports and its runs on MLflow servers are kept")


@study_app.command()
def gc(yes: Yes = False, store: Store = DEFAULT_STORE, storage: Storage = None) -> None:
    """Remove what belongs to no study: files, MLflow runs, and leftovers of killed processes."""
    from anenas.api import find_orphans, remove_orphans

    place = _opened(store, storage)
    orphans = find_orphans(place)
    if not orphans:
        print(f"nothing to remove in {store}: everything belongs to a study")
        return
    for orphan in orphans:
        where = f"  {orphan.path}" if orphan.path else ""
        print(f"{megabytes(orphan.bytes):>9}  {orphan.what}{where}")
    _ask(yes)
    remove_orphans(place, orphans)
    print(f"removed {len(orphans)}, {megabytes(sum(orphan.bytes for orphan in orphans))}")


def show_list(store: Path, storage: str | None = None, *, as_json: bool = False) -> None:
    """Print the studies of a store."""
    from rich.console import Console

    from anenas.api import list_studies
    from anenas.cli.screen import print_studies

    studies = list_studies(_opened(store, storage))
    if as_json:
        print(json.dumps([dataclasses.asdict(one) for one in studies], indent=2))
    elif studies:
        print_studies(Console(emoji=False), studies)
    else:
        print(f"no studies in {store}; run `anenas search`")


def _opened(store: Path, storage: str | None) -> Path:
    """The store's whole path, with its studies in a database if one is named."""
    from anenas.search import use_storage

    use_storage(store.absolute(), storage)
    return store.absolute()


def _ask(yes: bool) -> None:
    """Go on if the user agrees.

    Raises:
        AnenasError: If not, or nobody is there to be asked.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise AnenasError("nothing was removed: this is not a terminal, so nobody can confirm; give --yes to remove it")
    if not typer.confirm("remove it for good?"):
        raise AnenasError("nothing was removed")
