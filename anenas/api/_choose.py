"""One model of a study, chosen by what it must keep or by what it is worth."""

from __future__ import annotations

import dataclasses
import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from anenas.api._result import FrontModel, front_model, name_scores
from anenas.bundle import default_folder
from anenas.search import LatencyBound, Study, choose_by_weights, choose_within
from anenas.space import Limits


@dataclass(frozen=True)
class Chosen:
    """A model that was chosen, and how clearly.

    Attributes:
        study: Its study.
        metric: What scores are the values of.
        model: The one.
        limits: What it had to keep, by name.
        latency_bound: What of a latency its limit is held against.
        held: What each limit is held against of it.
        weights: By what it was chosen; empty where it is the best by the metric.
        kept: How many completed trials keep the limits.
        of: How many there are.
        runner_up: The next best that keeps them; None where no other does.
        apart_in: What tells the two apart by more than chance or than estimates know; empty where nothing does.
        utility: Of the model and of the runner-up, where weights chose.
        folder: Where it is exported to unless told otherwise.
        train_further: The command that trains it further, where it was trained only briefly; else empty, and where
            nothing tells how the study was searched.
    """

    study: str
    metric: str
    model: FrontModel
    limits: dict[str, float]
    latency_bound: str
    held: dict[str, float]
    weights: dict[str, float]
    kept: int
    of: int
    runner_up: FrontModel | None
    apart_in: list[str]
    utility: list[float]
    folder: Path
    train_further: str = ""

    def to_json(self, bundle: Path | None = None) -> str:
        """For scripts; `bundle` is where it has been exported to."""
        values = dataclasses.asdict(self) | {"folder": bundle}
        for model in filter(None, (values["model"], values["runner_up"])):
            name_scores(model, self.metric)
        return json.dumps(values, indent=2, default=str)


def choose_model(
    study: str,
    limits: Limits,
    *,
    weights: Mapping[str, float] | None = None,
    latency_bound: LatencyBound | None = None,
    store: str | Path = "mlruns",
) -> Chosen:
    """The best model of a study that keeps limits: by its metric, or by weights.

    Args:
        study: Its name.
        limits: To be kept; none by default.
        weights: See `anenas.search.choose_by_weights`, which says how figures are scaled.
        latency_bound: What of a latency its limit is held against; by default as in the search.
        store: Folder of the studies.

    Raises:
        AnenasError: If there is no such study, none of its trials keeps the limits, or a weight or limit is of nothing
            that it tells.
    """
    found = Study.load(Path(store).absolute(), study)
    if weights is None:
        choice = choose_within(found, limits, latency_bound)
    else:
        choice = choose_by_weights(found, weights, limits, latency_bound)
    return Chosen(
        study=study,
        metric=found.settings.metric,
        model=front_model(found, choice.trial),
        limits=limits.bounds,
        latency_bound=latency_bound or found.settings.latency_bound,
        held=dict(choice.held),
        weights=dict(weights or {}),
        kept=choice.kept,
        of=choice.of,
        runner_up=front_model(found, choice.runner_up) if choice.runner_up else None,
        apart_in=list(choice.apart_in),
        utility=list(choice.utility),
        folder=default_folder(study, choice.trial.number),
        train_further="" if choice.trial.final else _training_further(found, choice.trial.number),
    )


def _training_further(study: Study, number: int) -> str:
    """The search's own command, which goes on with it, for one trial more."""
    try:
        words = shlex.split(study.command)
    except ValueError:  # what a database holds may be anything
        return ""
    if words[:2] != ["anenas", "search"]:
        return ""
    return shlex.join([*(word for word in words if word != "--new"), "--final-trials", str(number)])
