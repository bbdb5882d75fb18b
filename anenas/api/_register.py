"""A model of a study in MLflow's registry."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from anenas._sizes import size_in_words
from anenas.bundle import choose
from anenas.mlflow import register_model
from anenas.search import Study
from anenas.tracking import connect, model_of, tracking_uri, without_secrets


@dataclass(frozen=True)
class Registered:
    """A version of a registered model.

    Attributes:
        name: Of the registered model.
        version: Its number.
        alias: That leads to it: "models:/NAME@ALIAS".
        trial: The number of the trial.
        is_new: Whether the trial was not registered under that name before.
        uri: Where, as it may be shown.
    """

    name: str
    version: str
    alias: str
    trial: int
    is_new: bool
    uri: str


def register(
    study: str, name: str, *, pick: str = "knee", store: str | Path = "mlruns", uri: str | None = None
) -> Registered:
    """Make a trial of a study a version of a registered model, to which its pick leads as an alias.

    Args:
        study: Its name.
        name: Of the registered model, made where there is none.
        pick: Such as "knee", or the number of a completed trial, which has the alias "trial-N".
        store: Folder of the studies.
        uri: Of an MLflow server, instead of `$MLFLOW_TRACKING_URI`, or else the store's own database.

    Raises:
        AnenasError: If there is no such study or trial, MLflow has no run of it, or does not take the name.
    """
    found = Study.load(Path(store).absolute(), study)
    trial, client = choose(found, pick), connect(tracking_uri(uri, Path(store).absolute()))
    run_id, model_id = model_of(client, found, trial)
    alias = f"trial-{trial.number}" if pick.isdecimal() else pick
    estimate, shipped = trial.evaluation.estimate, trial.shipped
    told = (
        f"{found.metric.title} {found.metric.words(shipped.score, shipped.score_error)}; {estimate.latency.ms:.3f} ms "
        f"on {estimate.latency.chip}; {size_in_words(estimate.size_mb)}. Trial {trial.number} of {found.name}: "
        f"{trial.architecture}"
    )
    version, is_new = register_model(client, run_id, model_id, name, alias=alias, description=told)
    where = without_secrets(client.tracking_uri)
    return Registered(name, str(version.version), alias, trial.number, is_new, where)
