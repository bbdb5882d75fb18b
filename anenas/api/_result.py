"""What a search has found, in figures for scripts."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anenas._files import is_file
from anenas.latency import Latency
from anenas.report.evaluation import PAGE
from anenas.search import (
    PACKAGE,
    CompletedTrial,
    DeviceSummary,
    LatencyBound,
    Study,
    Trained,
    alike_in_latency,
    called_by_number,
    front_within,
    indistinguishable,
)
from anenas.space import Limits


@dataclass(frozen=True)
class FrontModel:
    """One model of the Pareto front, or the reference.

    Attributes:
        trial: Its number in the study.
        architecture: As a string that `Architecture.parse` reads.
        score: What networks are ranked by, such as the fraction of the validation inputs that it classifies correctly.
        latency_ms: Latency of one prediction, measured or estimated.
        latency_low_ms: Lower end of its 90 % interval.
        latency_high_ms: Upper end of it.
        residency: Fraction of its operations' time that is spent on the Neural Engine, as estimated.
        is_tiny: Whether it is so small that Core ML may keep it on the CPU.
        size_mb: Of the package, in 10⁶ bytes.
        macs: Multiply-accumulates of one prediction.
        params: Weights that are stored.
        package: Where the `.mlpackage` lies that ships.
        final_score: That of this one, after its final training; None where it had none. All other figures are those by
            which the search compared.
        test_score: That of this one on the test inputs; None before the search has come to its end, or where that
            failed.
        latency_by_chip: Latency on each chip of the search by the chip's name, the main one first.
        trained: How long what ships was trained in all, in words.
        epochs: Passes over the data that were behind its score: its own, and all that its weights had had that it
            began with; None where nothing tells.
        final_epochs: Passes that were behind what ships; None where it had no final training, or nothing tells.
        called: What it is called among the front: "knee", "accurate", …; most models are called nothing.
        score_error: Standard error of the score; None in studies that do not tell.
        metrics: Every metric of the task on the validation inputs, by name.
        estimated_latency_ms: Its latency as it was estimated, whether it was measured or not.
        measured_on: Device and system where it was measured; empty where its latency is an estimate.
        measured_at: The place of that device, as the executor calls it.
        engine_placement: Fraction of its operations that Core ML plans on the engine; None where nothing tells.
        not_measured: Why it could not be measured, where that was tried.
        summary: What the architecture is made of, in short: "7 blocks: conv, 3×mbconv, …".
    """

    trial: int
    architecture: str
    score: float
    latency_ms: float
    latency_low_ms: float
    latency_high_ms: float
    residency: float
    is_tiny: bool
    size_mb: float
    macs: int
    params: int
    package: Path
    final_score: float | None
    test_score: float | None
    latency_by_chip: dict[str, Latency]
    trained: str
    epochs: float | None
    final_epochs: float | None
    called: list[str]
    score_error: float | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    estimated_latency_ms: float = 0.0
    measured_on: str = ""
    measured_at: str = ""
    engine_placement: float | None = None
    not_measured: str = ""
    summary: str = ""


@dataclass(frozen=True)
class SearchResult:
    """What a search has found.

    Attributes:
        study: Its name in the store.
        chip: The chip that figures are for where they do not say another.
        objectives: What was searched for.
        metric: What the scores are the values of, such as "accuracy".
        counts: Trials "completed", "stopped", "failed", "infeasible" and "repeated".
        infeasible: How many were infeasible because of what: "latency_ms", "rule convolutions", ….
        wall_seconds: How long its searches took in all, with final training and tests, see `Study.seconds`.
        limits: What the models of `front` keep, where fewer than all are shown.
        latency_bound: What of a latency its limit is held against.
        hypervolume: Of the front, normalised: the ideal point is 0 ms and 100 % accuracy, the reference point is 0 %
            accuracy and each limit, or the worst of 32 networks drawn from the space.
        front: The models of the Pareto front that can be told apart, the best by the first objective last, see
            `anenas.search.front_told_apart`.
        exports: Where the knee and the best model by each objective were copied to, by those names; names of one model
            have one folder.
        alike_in_latency: Groups whose latencies on the main chip differ by less than what is known of them.
        pareto: Numbers of all trials on the Pareto front, in the same order: those of `front` among them.
            Under `limits` no others.
        report: The page of the search; None where none was written.
        reference: The whole network that others are parts of, on the front or not; None where there is none, or it has
            not completed.
        indistinguishable: Groups of models of the front, by the numbers of their trials, whose scores differ by no more
            than chance, see `anenas.search.indistinguishable`.
        devices: What measurements tell of devices and of estimates; None where nothing was measured.
    """

    study: str
    chip: str
    objectives: list[str]
    metric: str
    counts: dict[str, int]
    infeasible: dict[str, int]
    wall_seconds: float
    hypervolume: float
    front: list[FrontModel]
    exports: dict[str, Path]
    indistinguishable: list[list[int]] = field(default_factory=list)
    alike_in_latency: list[list[int]] = field(default_factory=list)
    pareto: list[int] = field(default_factory=list)
    reference: FrontModel | None = None
    devices: DeviceSummary | None = None
    limits: dict[str, float] = field(default_factory=dict)
    latency_bound: str = "upper"
    report: Path | None = None

    def to_json(self) -> str:
        """The result for scripts, paths as strings. A score has the name of its metric: "accuracy", "test_accuracy"."""
        values = dataclasses.asdict(self)
        for model in (*values["front"], *filter(None, [values["reference"]])):
            name_scores(model, self.metric)
        return json.dumps(values, indent=2, default=str)


def name_scores(model: dict[str, Any], metric: str) -> None:
    """Call the scores of a `FrontModel`, as a dictionary, by what they are the values of: "test_accuracy"."""
    for part in ("{}", "{}_error", "final_{}", "test_{}"):
        model[part.format(metric)] = model.pop(part.format("score"))


def result_of(study: Study, limits: Limits | None = None, latency_bound: LatencyBound | None = None) -> SearchResult:
    """What a study has found so far; of its front only what keeps limits, see `anenas.search.front_within`."""
    volumes = study.hypervolumes
    bounds = limits.bounds if limits else {}
    trials = front_within(study, limits, latency_bound) if limits and bounds else study.front
    front = [front_model(study, trial) for trial in trials]
    evaluations = [trial.evaluation for trial in trials]
    alike, as_fast = (find(evaluations) for find in (indistinguishable, alike_in_latency))
    trained = [trial.evaluation for trial in study.finished if trial.evaluation]
    counts = {str(state): count for state, count in study.counts.items()}
    return SearchResult(
        study=study.name,
        chip=study.settings.chip,
        objectives=[objective.name for objective in study.objectives],
        metric=study.settings.metric,
        counts=counts,
        infeasible=study.reasons,
        wall_seconds=round(study.seconds, 1),
        hypervolume=volumes[-1] if volumes else 0.0,
        front=front,
        exports=study.exports,
        indistinguishable=[[front[i].trial for i in group] for group in alike],
        alike_in_latency=[[front[i].trial for i in group] for group in as_fast],
        devices=DeviceSummary.of(study.finished) if any(t.measurement for t in trained) else None,
        pareto=[trial.number for trial in (trials if bounds else study.pareto)],
        reference=front_model(study, study.reference) if study.reference else None,
        limits=bounds,
        latency_bound=latency_bound or study.settings.latency_bound,
        report=_page(study),
    )


def _page(study: Study) -> Path | None:
    """The page beside its exports."""
    pages = (folder.parent / PAGE for folder in study.exports.values())
    return next(filter(is_file, pages), None)


def load_result(
    study: str,
    store: str | Path = "mlruns",
    *,
    limits: Limits | None = None,
    latency_bound: LatencyBound | None = None,
) -> SearchResult:
    """What the study of that name has found so far.

    Args:
        study: Its name.
        store: Folder of the studies.
        limits: Of the front only what keeps these.
        latency_bound: What of a latency its limit is held against; by default as in the search.

    Raises:
        AnenasError: If there is no such study.
    """
    return result_of(Study.load(Path(store).absolute(), study), limits, latency_bound)


def front_model(study: Study, trial: CompletedTrial) -> FrontModel:
    """A completed trial in figures for scripts."""
    estimate = trial.evaluation.estimate
    latency, trained = estimate.latency, Trained.of(trial, study.settings)
    measurement = trial.evaluation.measurement
    return FrontModel(
        trial=trial.number,
        architecture=str(trial.architecture),
        score=trial.evaluation.score,
        latency_ms=latency.ms,
        latency_low_ms=latency.low_ms,
        latency_high_ms=latency.high_ms,
        residency=estimate.residency,
        is_tiny=estimate.is_tiny,
        size_mb=estimate.size_mb,
        macs=estimate.macs,
        params=estimate.params,
        package=study.shipped_folder(trial) / PACKAGE,
        final_score=trial.shipped.score if trial.final else None,
        test_score=trial.test_score,
        latency_by_chip=dict(estimate.latency_by_chip),
        trained=str(trained),
        epochs=trained.brief,
        final_epochs=trained.whole if trial.final else None,
        called=called_by_number(study.picks).get(trial.number, []),
        score_error=trial.evaluation.score_error,
        metrics=dict(trial.evaluation.metrics),
        estimated_latency_ms=trial.evaluation.estimated_latency.ms,
        measured_on=(measurement.latency.device or "") if measurement and measurement.latency else "",
        measured_at=measurement.place if measurement else "",
        engine_placement=measurement.placement if measurement else None,
        not_measured=measurement.failure if measurement else "",
        summary=trial.architecture.summary,
    )
