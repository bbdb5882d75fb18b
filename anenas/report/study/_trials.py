"""The trials that a page shows: each in words, for its table, and as data for its script."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from anenas._pareto import ranking
from anenas._sizes import size_figure
from anenas.report.study._blocks import blocks_of
from anenas.search import CompletedTrial, Study, Trained, called_by_number

MOST = 350
"""Trials that a page shows: of more, those of the front and the next best."""


@dataclass(frozen=True)
class Cell:
    """A cell of the table.

    Attributes:
        text: For people.
        value: What it is sorted by; a string sorts as text.
    """

    text: str
    value: float | str


@dataclass(frozen=True)
class Column:
    """A column of the table.

    Attributes:
        title: Its heading.
        is_text: Whether it has words rather than numbers.
    """

    title: str
    is_text: bool = False


@dataclass(frozen=True)
class Row:
    """A trial in the table.

    Attributes:
        number: Of the trial.
        on_front: Whether it is one of the front that can be told apart.
        cells: One for each column.
        command: That exports it.
    """

    number: int
    on_front: bool
    cells: list[Cell]
    command: str


def shown_trials(study: Study) -> list[CompletedTrial]:
    """The trials of a page, in the order of their numbers."""
    completed = study.completed
    if len(completed) > MOST:
        losses = study.objectives.losses(map(study.point, completed))
        kept = {completed[i].number for i in ranking(losses)[:MOST]} | {trial.number for trial in study.front}
        kept |= {study.reference.number} if study.reference else set()
        completed = [trial for trial in completed if trial.number in kept]
    return sorted(completed, key=lambda trial: trial.number)


def names_of(study: Study) -> dict[int, list[str]]:
    """What trials are called, by their numbers: "knee", "accurate", …, "reference"."""
    called = called_by_number(study.picks)
    if study.reference:
        called.setdefault(study.reference.number, []).append("reference")
    return called


def columns(study: Study, trials: Sequence[CompletedTrial]) -> list[Column]:
    """Of the table."""
    others = list(trials[0].evaluation.estimate.latency_by_chip)[1:] if trials else []
    return [
        Column("trial"),
        Column("called", is_text=True),
        Column(study.metric.title),
        *([Column("final")] if any(trial.final for trial in trials) else []),
        *([Column("test")] if any(trial.test_score is not None for trial in trials) else []),
        Column(f"ms on {study.settings.chip}"),
        Column("90 % interval", is_text=True),
        *(Column(f"ms on {chip}") for chip in others),
        Column("MB"),
        Column("M MACs"),
        Column("M params"),
    ]


def rows(study: Study, trials: Sequence[CompletedTrial]) -> list[Row]:
    """Of the table, the best by the first objective first."""
    called, front = names_of(study), {trial.number for trial in study.front}
    titles = [column.title for column in columns(study, trials)]
    first = study.objectives[0]
    best_first = sorted(trials, key=lambda trial: first.minimised(first.value(trial.evaluation) or 0.0))
    return [
        Row(
            number=trial.number,
            on_front=trial.number in front,
            cells=_cells(study, trial, ", ".join(called.get(trial.number, [])), titles),
            command=export_command(study, trial.number),
        )
        for trial in best_first
    ]


def _cells(study: Study, trial: CompletedTrial, called: str, titles: Sequence[str]) -> list[Cell]:
    metric, estimate, score = study.metric, trial.evaluation.estimate, trial.evaluation.score
    main, *others = estimate.latency_by_chip.values()

    def of(score: float | None) -> Cell:
        return Cell("" if score is None else metric.words(score), "" if score is None else score)

    return [
        Cell(str(trial.number), trial.number),
        Cell(called, called),
        Cell(metric.words(score, trial.evaluation.score_error), score),
        *([of(trial.shipped.score if trial.final else None)] if "final" in titles else []),
        *([of(trial.test_score)] if "test" in titles else []),
        Cell(f"{main.ms:.3f}" + (" *" if estimate.is_tiny else ""), main.ms),
        Cell(f"{main.low_ms:.3f}–{main.high_ms:.3f}", main.low_ms),
        *(Cell(f"{one.ms:.3f}", one.ms) for one in others),
        Cell(size_figure(estimate.size_mb), estimate.size_mb),
        Cell(f"{estimate.macs / 1e6:.2f}", estimate.macs),
        Cell(f"{estimate.params / 1e6:.3f}", estimate.params),
    ]


def export_command(study: Study, number: int) -> str:
    """What exports a trial, to be pasted into a shell."""
    return shlex.join(["anenas", "export", study.name, "--pick", str(number), "--out", f"trial-{number}"])


def record(study: Study, trial: CompletedTrial, called: Sequence[str], state: str) -> dict[str, Any]:
    """A trial as the page's script takes it: what is said of it, what it is told apart by, and its blocks."""
    latency, settings = trial.evaluation.estimate.latency, study.settings
    said = {column.title: cell.text for column, cell in zip(*_table_of(study, trial), strict=True)}
    del said["trial"], said["called"]
    said |= {"trained for": str(Trained.of(trial, settings))} if settings.epochs else {}
    return {
        "number": trial.number,
        "called": list(called),
        "state": state,
        "said": {name: text for name, text in said.items() if text},
        "score": trial.evaluation.score,
        "error": trial.evaluation.score_error,
        "ms": latency.ms,
        "apart": latency.apart,
        "blocks": blocks_of(trial.architecture),
        "architecture": str(trial.architecture),
        "command": export_command(study, trial.number),
    }


def _table_of(study: Study, trial: CompletedTrial) -> tuple[list[Column], list[Cell]]:
    found = columns(study, [trial])
    return found, _cells(study, trial, "", [column.title for column in found])
