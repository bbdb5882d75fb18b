"""What a search has found, in figures for scripts."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

from anenas.latency import Latency
from anenas.search import PACKAGE, Record, Study


@dataclass(frozen=True)
class FrontModel:
    """One model of the Pareto front.

    Attributes:
        trial: Its number in the study.
        architecture: As a string that `Architecture.parse` reads.
        accuracy: Share of the validation images that it classifies rightly.
        latency_ms: Estimated latency of one prediction.
        latency_low_ms: Lower end of its 90 % interval.
        latency_high_ms: Upper end of it.
        residency: Share of its operations' time that is spent on the Neural Engine, as estimated.
        size_mb: Of the package, in 10⁶ bytes.
        macs: Multiply-accumulates of one prediction.
        params: Weights that are stored.
        package: Where its `.mlpackage` lies.
        test_accuracy: Share of the test images; None before the search has come to its end, or where that failed.
        others: Latency on each further chip of the search, by the chip's name.
        called: What it is called among the front: "knee", "accurate", …; most models are called nothing.
    """

    trial: int
    architecture: str
    accuracy: float
    latency_ms: float
    latency_low_ms: float
    latency_high_ms: float
    residency: float
    size_mb: float
    macs: int
    params: int
    package: Path
    test_accuracy: float | None
    others: dict[str, Latency]
    called: list[str]


@dataclass(frozen=True)
class SearchResult:
    """What a search has found.

    Attributes:
        study: Its name in the store.
        chip: The chip that figures are for where they do not say another.
        objectives: What was searched for.
        counts: Trials "completed", "stopped", "failed", "infeasible" and "repeated".
        infeasible: How many were infeasible because of what: "latency", "size", "rule convolutions", ….
        wall_seconds: How long this run took; the study may be older.
        hypervolume: Share that the front dominates of the box between the best that each objective can be (no time,
            every image) and what is worth nothing (no image; the limit, or the worst of 32 networks drawn).
        front: The Pareto front, the best by the first objective last.
        exports: Where the knee and the best model by each objective were copied to, by those names.
    """

    study: str
    chip: str
    objectives: list[str]
    counts: dict[str, int]
    infeasible: dict[str, int]
    wall_seconds: float
    hypervolume: float
    front: list[FrontModel]
    exports: dict[str, Path]

    def to_json(self) -> str:
        """The result for scripts, paths as strings."""
        return json.dumps(dataclasses.asdict(self), indent=2, default=str)


def result_of(study: Study, wall_seconds: float = 0.0, exports: dict[str, Path] | None = None) -> SearchResult:
    """What a study has found so far."""
    volumes = study.hypervolumes
    front = [_front_model(study, record) for record in study.front]
    counts = {str(state): count for state, count in study.counts.items()}
    return SearchResult(
        study=study.name,
        chip=study.settings["chip"],
        objectives=[objective.name for objective in study.objectives],
        counts=counts,
        infeasible=study.reasons,
        wall_seconds=round(wall_seconds, 1),
        hypervolume=volumes[-1] if volumes else 0.0,
        front=front,
        exports=exports or {},
    )


def load_result(study: str, store: str | Path = "mlruns") -> SearchResult:
    """What the study of that name has found so far.

    Raises:
        AnenasError: If there is no such study.
    """
    return result_of(Study.load(Path(store).absolute(), study))


def _front_model(study: Study, record: Record) -> FrontModel:
    assert record.evaluation
    e = record.evaluation
    return FrontModel(
        trial=record.number,
        architecture=str(record.architecture),
        accuracy=e.accuracy,
        latency_ms=e.latency.ms,
        latency_low_ms=e.latency.low_ms,
        latency_high_ms=e.latency.high_ms,
        residency=e.residency,
        size_mb=e.size_mb,
        macs=e.macs,
        params=e.parameters,
        package=study.trial_folder(record.number) / PACKAGE,
        test_accuracy=e.test_accuracy,
        others=e.others,
        called=[name for name, picked in study.picks.items() if picked.number == record.number],
    )
