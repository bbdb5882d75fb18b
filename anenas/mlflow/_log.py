"""Models logged to runs, and registered."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anenas._errors import AnenasError, first_line
from anenas.mlflow._flavour import FLAVOUR, save_model

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

_SOURCE = ("mlflow.source.name", "mlflow.source.type", "mlflow.user")  # tags of a run that its models have, too


def log_model(
    client: MlflowClient,
    run_id: str,
    package: str | Path,
    name: str = "model",
    *,
    description: str = "",
    params: Mapping[str, str] = {},
    metadata: Mapping[str, Any] = {},
) -> str:
    """Log a package as a model of a run, which MLflow then finds as `runs:/RUN/NAME`.

    Args:
        client: Of MLflow.
        run_id: Of the run.
        package: A `.mlpackage`, see `save_model`.
        name: Of the model within the run.
        description: In Markdown, which MLflow's page of the model begins with.
        params: That the page lists.
        metadata: Within the model's file, for whoever loads it.

    Returns:
        MLflow's number of the model: "m-…".

    Raises:
        AnenasError: See `save_model`.
        MlflowException: Whatever MLflow raises where it does not answer.
    """
    from mlflow.entities import LoggedModelOutput

    with tempfile.TemporaryDirectory(prefix="anenas-") as place:
        folder = Path(place, "model")
        save_model(package, folder, metadata=metadata)
        run = client.get_run(run_id)
        tags = {tag: run.data.tags[tag] for tag in _SOURCE if tag in run.data.tags}
        tags |= {"mlflow.note.content": description} if description else {}
        logged = client.create_logged_model(run.info.experiment_id, name, run_id, tags, dict(params), FLAVOUR)
        model_id = str(logged.model_id)
        client.log_model_artifacts(model_id, str(folder))
    client.finalize_logged_model(model_id, "READY")
    client.log_outputs(run_id, [LoggedModelOutput(model_id, 0)])
    return model_id


def register_model(
    client: MlflowClient, run_id: str, model_id: str, name: str, *, alias: str = "", description: str = ""
) -> tuple[ModelVersion, bool]:
    """Make a logged model a version of a registered one; twice is once.

    Args:
        client: Of MLflow.
        run_id: Of the run that it was logged to.
        model_id: As `log_model` returned it.
        name: Of the registered model, made where there is none.
        alias: That leads to this version from now on; empty for none.
        description: Of the version.

    Returns:
        The version, and whether it is new.

    Raises:
        AnenasError: If MLflow does not take the name.
    """
    from mlflow.exceptions import MlflowException

    try:
        try:
            client.create_registered_model(name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        # By its place: "models:/ID" would be looked for where `mlflow.set_tracking_uri` says.
        source = client.get_logged_model(model_id).artifact_location
        found = next((one for one in _versions(client, name) if one.source == source), None)
        version = found or client.create_model_version(name, source, run_id, description=description, model_id=model_id)
        if alias:
            client.set_registered_model_alias(name, alias, version.version)
    except MlflowException as error:
        raise AnenasError(f"MLflow cannot register '{name}': {first_line(error)}") from error
    return version, found is None


def _versions(client: MlflowClient, name: str) -> Iterator[ModelVersion]:
    token = None
    while True:
        page = client.search_model_versions(f"name='{name}'", page_token=token)
        yield from page
        if not (token := page.token):
            return
