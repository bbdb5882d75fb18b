"""The Pareto front of a study, and its trials, as tables."""

from __future__ import annotations

import csv
from pathlib import Path

from anenas._files import replacing
from anenas.search import CompletedTrial, Study


def write_front_csv(study: Study, path: Path) -> None:
    """One row for each trial of the front, the best by the first objective last."""
    chips = list(study.front[0].evaluation.estimate.latency_by_chip) if study.front else []
    others = [f"latency_ms@{chip}" for chip in chips[1:]]
    metric = study.settings.metric
    fields = ["trial", "architecture", metric, f"{metric}_error", f"final_{metric}", f"test_{metric}", "latency_ms",
              "latency_low_ms", "latency_high_ms", *others, "residency", "size_mb", "macs", "params", "trained_steps",
              "total_steps", "estimated_latency_ms", "measured_on", "engine_placement"]  # fmt: skip
    with replacing(path) as new, new.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(fields)
        for trial in study.front:
            e = trial.evaluation.estimate
            main, *more = e.latency_by_chip.values()
            test = "" if trial.test_score is None else trial.test_score
            final = trial.shipped.score if trial.final else ""
            steps = [trial.evaluation.trained_steps, trial.evaluation.total_steps]
            latencies = [main.ms, main.low_ms, main.high_ms, *(latency.ms for latency in more)]
            score, error = trial.evaluation.score, trial.evaluation.score_error
            row = [trial.number, trial.architecture, score, "" if error is None else error, final, test, *latencies]
            figures = [e.residency, e.size_mb, e.macs, e.params, *steps, trial.evaluation.estimated_latency.ms]
            writer.writerow([*row, *figures, *_measured(trial)])


def _measured(trial: CompletedTrial) -> list[str | float]:
    """On which device and how much of it on the engine; empty where its latency is an estimate."""
    known = trial.evaluation.measurement
    if not known or not known.latency:
        return ["", ""]
    return [known.latency.device or known.place, "" if known.placement is None else known.placement]


def write_trials_csv(study: Study, path: Path) -> None:
    """One row for every finished trial, including those stopped, infeasible, repeated or failed, and why."""
    with replacing(path) as new, new.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        names = [objective.name for objective in study.objectives]
        writer.writerow(["trial", "state", "reason", "architecture", *names, "budget_fraction"])
        for trial in study.finished:
            trained = trial.evaluation if trial.state in ("completed", "stopped") else None
            point = study.objectives.point(trained) if trained else ()
            figures = [*point, trained.budget_fraction] if trained else [""] * (len(names) + 1)
            writer.writerow([trial.number, trial.state, trial.reason, trial.architecture, *figures])
