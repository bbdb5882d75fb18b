"""Studies side by side on one page: their fronts, their hypervolumes, and whether they differ by more than noise."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from anenas.report._pages import write_page
from anenas.report.comparison._plots import Mark, fronts_plots, marks_of
from anenas.search import CompletedTrial, Study

_ALIKE = ("seed", "schema_version", "objectives")  # settings that are told elsewhere
_NAMED = 3  # studies, in a title


@dataclass(frozen=True)
class Side:
    """What a comparison found of one study.

    Attributes:
        kind: The same number, from 1, for studies whose settings differ in the seed alone.
        joint: Numbers of the trials of its front that no trial of another study dominates.
        hypervolume: Of its front, by a reference point that all have.
    """

    kind: int
    joint: Sequence[int]
    hypervolume: float


@dataclass(frozen=True)
class _Model:
    """A row of the table of models."""

    mark: Mark
    study: Study
    trial: CompletedTrial
    is_joint: bool
    score: str
    command: str


def write_comparison_page(
    studies: Sequence[Study],
    sides: Sequence[Side],
    path: Path,
    *,
    answer: Sequence[str],
    reference_point: Mapping[str, float],
    surfaces: Mapping[int, Sequence[tuple[float, float]]],
) -> None:
    """Write the page of a comparison, whole or not at all.

    Args:
        studies: With the same data, metric and chip.
        sides: One for each of them.
        path: Of the page.
        answer: Whether they differ by more than noise, in sentences.
        reference_point: Of the hypervolumes, by objective.
        surfaces: (latency in ms, score) that half of the studies of a kind attain, by its number.

    Raises:
        OSError: If it cannot be written.
    """
    first, kinds = studies[0], [side.kind for side in sides]
    marks, metric = marks_of(kinds), first.metric
    names = [study.name for study in studies]
    write_page(
        "comparison.html.j2",
        path,
        styles=("study.css", "comparison.css"),
        title=" and ".join(names) if len(names) <= _NAMED else f"Comparison of {len(names)} studies",
        about=_about(first),
        answer=answer,
        sides=list(zip(studies, sides, marks, strict=True)),
        is_by_seed=len(set(kinds)) < len(kinds),
        is_by_kind=1 < len(set(kinds)) < len(kinds),
        has_intervals=any(trial.evaluation.score_error is not None for study in studies for trial in study.front),
        point=", ".join(f"{name} {value:.4g}" for name, value in reference_point.items()),
        plots=fronts_plots(studies, kinds, [side.joint for side in sides], surfaces),
        attained={
            kind: (kinds.count(kind), [(metric.words(score), f"{ms:.3f}") for ms, score in steps])
            for kind, steps in surfaces.items()
        },
        metric=metric.title,
        chip=first.settings.chip,
        models=_models(studies, sides, marks),
        differing=_differing(studies),
        command=shlex.join(["anenas", "compare", *names, "--out", path.name]),
    )


def _about(study: Study) -> str:
    settings = study.settings
    on = f"on {settings.data.partition(' ')[0]} " if settings.data else ""
    return f"Networks {on}for {settings.chip}. Latencies are estimates where none was measured."


def _models(studies: Sequence[Study], sides: Sequence[Side], marks: Sequence[Mark]) -> list[_Model]:
    """Of all fronts, the best by the first objective first."""
    found = [
        _Model(
            mark,
            study,
            trial,
            trial.number in side.joint,
            study.metric.words(trial.evaluation.score, trial.evaluation.score_error),
            shlex.join(["anenas", "export", study.name, "--pick", str(trial.number)]),
        )
        for study, side, mark in zip(studies, sides, marks, strict=True)
        for trial in study.front
    ]
    first = studies[0].objectives[0]
    return sorted(found, key=lambda one: first.minimised(first.value(one.trial.evaluation) or 0.0))


def _differing(studies: Sequence[Study]) -> list[tuple[str, list[str]]]:
    """Each setting that is not the same for all, with its value in each study."""
    each = [study.settings.to_dict() for study in studies]
    names = dict.fromkeys(name for one in each for name in one if name not in _ALIKE)
    told = {name: [_words(one.get(name)) for one in each] for name in names}
    return [(name, values) for name, values in told.items() if len(set(values)) > 1]


def _words(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {one}" for name, one in value.items()) or "none"
    return "by default" if value is None else str(value)
