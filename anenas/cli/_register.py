"""A model of a study in MLflow's registry."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Annotated

import typer

from anenas.cli._app import DEFAULT_STORE, SEARCH, Json, OfStudy, Store, TrackingUri, app
from anenas.cli._limits import Pick

if TYPE_CHECKING:
    from anenas.api import Registered


@app.command(rich_help_panel=SEARCH)
def register(
    study: OfStudy,
    name: Annotated[str, typer.Option("--as", help="Name of the registered model; created if it does not exist.")],
    pick: Pick = None,
    store: Store = DEFAULT_STORE,
    tracking_uri: TrackingUri = None,
    as_json: Json = False,
) -> None:
    """Register a model in MLflow's registry, with its pick as the alias: models:/NAME@knee."""
    from anenas import api

    found = api.register(study, name, pick=pick or "knee", store=store, uri=tracking_uri)
    if as_json:
        print(json.dumps(dataclasses.asdict(found), indent=2))
    else:
        print("\n".join(registered_lines(found)))


def registered_lines(found: Registered) -> list[str]:
    """What became of a registration, for people."""
    verb = "is" if found.is_new else "was already"
    return [
        f"trial {found.trial} {verb} version {found.version} of {found.name}, at {found.uri}",
        f"    mlflow.pyfunc.load_model('models:/{found.name}@{found.alias}').predict(inputs)",
    ]
