"""Everything that is known of one trial."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anenas.api._result import FrontModel, front_model, name_scores
from anenas.bundle import choose
from anenas.search import CompletedTrial, Evaluation, FinishedTrial, Study, called_by_number
from anenas.space import Architecture


@dataclass(frozen=True)
class Part:
    """A part of a network: what follows what.

    Attributes:
        name: "input", "stem", "stage 1", … or "head".
        what: What it is, in the words of architecture strings.
        shape: What comes out, (N, C, H, W) or (N, C, 1, T), or (N, K) of the head; None of a backbone.
    """

    name: str
    what: str
    shape: tuple[int, ...] | None


@dataclass(frozen=True)
class Reached:
    """What a trial was at a rung.

    Attributes:
        budget_fraction: How much of its training was behind it; 0 is a pretrained network that was probed.
        score: What networks are ranked by.
        score_error: Its standard error; None where nothing tells.
    """

    budget_fraction: float
    score: float
    score_error: float | None


@dataclass(frozen=True)
class ShownTrial:
    """One trial of a study.

    Attributes:
        study: Its study.
        trial: Its number.
        called: What it is called among the front.
        on_front: Whether it is on the front.
        state: "completed", "stopped", "failed", "infeasible" or "repeated".
        reason: Why it did not complete; empty where it did.
        architecture: As a string that `Architecture.parse` reads.
        parts: The same, from the input to the head.
        metric: What scores are the values of.
        chip: What figures are for.
        model: Its figures and intervals; None where it has not completed.
        estimate: Latency, size, … of one that has not, as far as they were noted; empty otherwise.
        rungs: What it was at each pause of its training.
        donor: Number of the trial whose weights it began with; None where it began with none.
        origin: What it began with, in words; empty where that was drawn at random.
        inherited: The fraction of its weights that came from there.
        seconds: What each step took, by name; of the whole trial.
        verified: How far the exported program was from the network, see `Evaluation.verified`.
        files: What it has left, by name, that is there.
        started: In seconds since 1970.
        ended: Likewise.
    """

    study: str
    trial: int
    called: list[str]
    on_front: bool
    state: str
    reason: str
    architecture: str
    parts: list[Part]
    metric: str
    chip: str
    model: FrontModel | None
    estimate: dict[str, Any]
    rungs: list[Reached]
    donor: int | None
    origin: str
    inherited: float
    seconds: dict[str, float]
    verified: dict[str, float]
    files: dict[str, Path]
    started: float
    ended: float

    def to_json(self) -> str:
        """For scripts; scores of the model have the name of their metric."""
        values = dataclasses.asdict(self)
        if values["model"]:
            name_scores(values["model"], self.metric)
        return json.dumps(values, indent=2, default=str)


def show_trial(study: str, pick: str | int, *, store: str | Path = "mlruns") -> ShownTrial:
    """A trial of a study, whatever became of it.

    Args:
        study: Its name.
        pick: "knee", "accurate", "fast", …, or the number of a trial.
        store: Folder of the studies.

    Raises:
        AnenasError: If there is no such study or trial.
    """
    found = Study.load(Path(store).absolute(), study)
    trial = _trial(found, str(pick))
    evaluation = trial.evaluation
    shipped = trial.shipped if isinstance(trial, CompletedTrial) else evaluation
    completed = trial if isinstance(trial, CompletedTrial) else None
    return ShownTrial(
        study=study,
        trial=trial.number,
        called=called_by_number(found.picks).get(trial.number, []),
        on_front=trial.number in [one.number for one in found.front],
        state=trial.state,
        reason=trial.reason,
        architecture=str(trial.architecture),
        parts=_parts(trial.architecture),
        metric=found.settings.metric,
        chip=found.settings.chip,
        model=front_model(found, completed) if completed else None,
        estimate={} if completed else _estimate(evaluation),
        rungs=[Reached(rung.budget_fraction, rung.score, rung.score_error) for rung in trial.rungs],
        donor=trial.donor,
        origin=evaluation.origin if evaluation else "",
        inherited=evaluation.inherited if evaluation else 0.0,
        seconds=dict(evaluation.seconds) if evaluation else {},
        verified=dict(shipped.verified) if shipped else {},
        files=_files(found, completed) if completed else {},
        started=trial.started,
        ended=trial.ended,
    )


def _trial(study: Study, pick: str) -> FinishedTrial:
    if pick.isdecimal():
        for trial in study.finished:
            if trial.number == int(pick):
                return trial
    return choose(study, pick)


def _estimate(evaluation: Evaluation | None) -> dict[str, Any]:
    if evaluation is None:
        return {}
    estimate = evaluation.estimate
    return {
        "score": evaluation.score,
        "latency": dataclasses.asdict(estimate.latency),
        "size_mb": estimate.size_mb,
        "macs": estimate.macs,
        "params": estimate.params,
    }


def _parts(architecture: Architecture) -> list[Part]:
    """From the input to the head, each with the shape of what comes out."""
    parts = [Part("input", architecture.input_kind.name, architecture.input)]
    for i, (stage, shape) in enumerate(zip(architecture.stages, architecture.shapes, strict=True)):
        parts.append(Part(f"stage {i}" if i else "stem", str(stage), shape))
    return [*parts, Part("head", str(architecture.head), (architecture.input[0], architecture.head.classes))]


def _files(study: Study, trial: CompletedTrial) -> dict[str, Path]:
    folder = study.shipped_folder(trial)
    try:
        return {path.name: path for path in sorted(folder.iterdir()) if not path.name.startswith(".")}
    except OSError:
        return {}
