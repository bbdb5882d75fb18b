"""A trial as a run of MLflow's: its name, parameters, metrics and tags."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from anenas.search import CompletedTrial, Evaluation, FinishedTrial, Measurement, SearchSettings
from anenas.space import Architecture
from anenas.tracking._snapshot import Status

FILES = "anenas.files"
"""A tag: which files of a model MLflow has, those of its "brief" or its "final" training."""

LOSS = "training/loss"
"""A metric: the training loss by step."""

NOTE = "mlflow.note.content"
"""The tag that MLflow's pages show as a description, in Markdown."""


def metric_name(name: str) -> str:
    """A metric's name in MLflow, whose pages group names by "/" and which takes few other signs."""
    return re.sub(r"[^\w.\-/ ]", "_", name.replace("@", "/"))


def curve_name(metric: str) -> str:
    """The name of what a metric was as a training went on."""
    return f"training/{metric_name(metric)}"


def status_of(trial: FinishedTrial) -> Status:
    """What sets trials apart in a list of runs: only those that are a result have finished."""
    if trial.state == "completed":
        return "FINISHED"
    return "FAILED" if trial.state == "failed" else "KILLED"


def parameters(architecture: Architecture) -> dict[str, str]:
    """What tells two architectures apart, few enough to compare: a choice has one name whatever the kind of block.

    What is switched off is left out. The whole string is a tag. By their names those of the whole network come first:
    MLflow's comparison of runs begins with the first three that differ.
    """
    found: dict[str, object] = _of_all(architecture)
    backbone, stages = architecture.backbone, architecture.stages
    if backbone:
        found |= {"backbone": backbone.network, "backbone.cut": backbone.cut or "whole"}
    for name, stage in zip(_names(architecture), stages[1:] if backbone else stages, strict=True):
        found |= {f"{name}.block": stage.block.kind, f"{name}.depth": stage.depth, f"{name}.width": stage.width}
        found |= {f"{name}.{choice}": v for choice, v in stage.block.values().items() if v is not False}
    head, (_, _, height, _) = architecture.head, architecture.input
    found |= {"head.width": head.width, **({"head.activation": head.activation} if head.width else {})}
    found |= {"head.pool": head.pool, "form": architecture.form}
    found |= {"input.height": height} if height > 1 else {}
    return {name: str(value) for name, value in found.items()}


def _of_all(architecture: Architecture) -> dict[str, object]:
    """What most of the blocks are, how many there are, and how wide the widest."""
    stages = architecture.stages[1:]
    if not stages:
        return {}
    depths = Counter[str]()
    for stage in stages:
        depths[stage.block.kind] += stage.depth
    widest = max(stage.width for stage in stages)
    return {"all.block": depths.most_common(1)[0][0], "all.depth": depths.total(), "all.width": widest}


def _names(architecture: Architecture) -> list[str]:
    stages = [f"stage{i}" for i in range(1, len(architecture.stages))]
    return stages if architecture.backbone else ["stem", *stages]


def first_tags(trial: FinishedTrial) -> dict[str, str]:
    """What does not change once a trial has ended."""
    tags = {"state": trial.state, "architecture": str(trial.architecture)}
    known = {"reason": trial.reason}
    if evaluation := trial.evaluation:
        known |= {"donor": "" if evaluation.donor is None else str(evaluation.donor), "origin": evaluation.origin}
    return tags | {name: value for name, value in known.items() if value}


def figures(trial: FinishedTrial) -> dict[str, float]:
    """The figures of a trial that was trained."""
    evaluation = trial.evaluation
    if evaluation is None:
        return {}
    estimate = evaluation.estimate
    main, *others = estimate.latency_by_chip.items()
    found = {
        **_scores(evaluation),
        "latency_ms": main[1].ms,
        "latency_low_ms": main[1].low_ms,
        "latency_high_ms": main[1].high_ms,
        **_measured(evaluation),
        **{metric_name(f"latency_ms@{chip}"): latency.ms for chip, latency in others},
        "size_mb": estimate.size_mb,
        "macs": estimate.macs,
        "residency": estimate.residency,
        "params": estimate.params,
        "budget_fraction": evaluation.budget_fraction,
        "inherited": evaluation.inherited,
        "trained_steps": evaluation.trained_steps,
        "total_steps": evaluation.total_steps,
        **{f"verified_{name}": value for name, value in evaluation.verified.items()},
        **{f"seconds_{step}": seconds for step, seconds in evaluation.seconds.items()},
    }
    return {name: float(value) for name, value in found.items() if math.isfinite(value)}


def _scores(evaluation: Evaluation) -> dict[str, float]:
    """Of a whole training: after a part of one they would stand in one column with others, and be worse for that.

    What the search ranks by is the first: MLflow's comparison of runs begins with it.
    """
    if evaluation.budget_fraction < 1:
        return {}
    score, error = metric_name(evaluation.metric), evaluation.score_error
    found = {score: evaluation.score, **({} if error is None else {f"{score}_error": error})}
    others = {metric_name(name): value for name, value in evaluation.metrics.items() if name != evaluation.metric}
    return found | others


def curves(trial: FinishedTrial) -> Iterator[tuple[str, float, int]]:
    """How its training went: a metric's name, its value, and the step of the training that it is after.

    By their names MLflow's page of charts begins with them. Where nothing tells steps, the score has percentages of the
    training instead.
    """
    evaluation = trial.evaluation
    if evaluation is None:
        return
    scored = {one.budget_fraction: one for one in (*trial.rungs, evaluation)}
    for fraction, one in sorted(scored.items()):
        step = one.trained_steps if evaluation.trained_steps else round(100 * fraction)
        yield curve_name(evaluation.metric), one.score, step
    for step, loss in evaluation.losses:
        yield LOSS, loss, step


def _measured(evaluation: Evaluation) -> dict[str, float]:
    """The estimate beside a measured latency, and what is planned on the engine."""
    known = evaluation.measurement
    if known is None:
        return {}
    placement = {} if known.placement is None else {"engine_placement": known.placement}
    return {"estimated_latency_ms": known.estimated.ms, **placement}


def _measuring(trial: FinishedTrial, known: Measurement) -> dict[str, str]:
    """Tags of a trial that was measured, or not, after it had ended."""
    device = known.latency.device if known.latency else None
    told = known.failure or " ".join(filter(None, [known.place, device]))
    return first_tags(trial) | {"not_measured" if known.failure else "measured_on": told}


@dataclass(frozen=True)
class Late:
    """What becomes known of a trial after it has ended, or changes.

    Attributes:
        name: Of its run.
        tags: By name.
        metrics: Likewise.
    """

    name: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)


def late(trial: FinishedTrial, called: str, on_front: bool, note: str) -> Late:
    """That of a trial.

    Args:
        trial: One that has ended.
        called: What it is called among the front: "knee, accurate"; empty for most.
        on_front: Whether it is on the front.
        note: Its description; empty for most.
    """
    told = called or ("" if trial.state == "completed" else trial.state)
    name = f"trial {trial.number} {told}".rstrip()
    tags = {"pareto": str(on_front).lower(), "called": called, NOTE: note}
    metrics: dict[str, float] = {}
    if trial.evaluation and (known := trial.evaluation.measurement):
        tags |= _measuring(trial, known)
        metrics |= {name: value for name, value in figures(trial).items() if "latency" in name or "engine" in name}
    if isinstance(trial, CompletedTrial):
        score = metric_name(trial.evaluation.metric)
        if trial.final:
            metrics |= {f"final_{score}": trial.shipped.score, "final_total_steps": trial.shipped.total_steps}
        if trial.test_score is not None:
            metrics[f"test_{score}"] = trial.test_score
    return Late(name, tags, {name: float(value) for name, value in metrics.items()})


def experiment_of(settings: SearchSettings) -> str:
    """The experiment of a study: space, data set and the beginning of its fingerprint, so that runs in one compare."""
    space = settings.space.rpartition(" ")[0] or settings.space
    name, _, fingerprint = settings.data.rpartition(" ")
    return f"{space}-{name}-{fingerprint[:6]}" if name else space
