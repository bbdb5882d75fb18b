"""Descriptions of runs in Markdown, which MLflow shows at the top of their pages."""

from __future__ import annotations

import re
from collections.abc import Mapping

from anenas._sizes import size_figure, size_in_words
from anenas.search import CompletedTrial, Study, Trained
from anenas.space import is_least
from anenas.tasks import find_metric
from anenas.tracking._snapshot import Snapshot
from anenas.tracking._source import COMMAND, COMMIT, VERSION

_LONGEST = 7_000  # characters; MLflow takes 8,000


def of_search(study: Study, now: Snapshot, tags: Mapping[str, str]) -> str:
    """What was asked, what came out, and how to have it again.

    Args:
        study: For its settings.
        now: What it holds.
        tags: Of the run, which name the command.
    """
    settings = study.settings
    on = f" on {settings.data.partition(' ')[0]}" if settings.data else ""
    objectives = ", ".join(objective.name for objective in study.objectives)
    space = settings.space.partition(" ")[0]
    limits = ", ".join(f"{name} {'≥' if is_least(name) else '≤'} {value:g}" for name, value in settings.limits.items())
    chip = f" on {settings.chip}" if settings.chip else ""
    within = f" with {limits}" if limits else ""
    asked = f"**Which networks of `{space}`{on} are best by {objectives}{chip}{within}?**"
    command = tags.get(COMMAND, f"anenas search … --study {study.name}")
    by = [f"anenas {tags[VERSION]}"] if VERSION in tags else []
    by += [f"commit {commit[:12]}"] if (commit := tags.get(COMMIT)) else []
    counted = ", ".join(f"{count} {state}" for state, count in now.counts.items() if count)
    end = [
        f"Trials: {counted or 'none has ended yet'}. `state` is a tag of each: *completed* ones were trained in full "
        "and are compared, *stopped* ones were worse than others before that, *infeasible* ones miss a limit. `pareto` "
        "is `true` on the front: no other is better by everything that can be told apart; its *knee* gives up least.",
        "",
        f"Again, from the same data{' (' + ', '.join(by) + ')' if by else ''}:",
        "",
        f"```\n{command}\nanenas front {study.name}\nanenas export {study.name} --pick knee\n```",
    ]
    head, foot = [asked, "", _answer(study, now), ""], "\n".join(end)
    return "\n".join(_fitted(head, _table(study, now), foot))


def of_model(study: Study, trial: CompletedTrial, called: str) -> str:
    """What a model is good for and how good it is.

    Args:
        study: That it is of.
        trial: That it is.
        called: What it is called among the front; empty says its number, which stays.
    """
    trained = Trained.of(trial, study.settings)
    parts = [
        f"**{called or f'Trial {trial.number}'} of `{study.name}`**: {_figures(study, trial)}.",
        "",
        f"Trained for {trained}; {trial.evaluation.estimate.params:,} parameters, "
        f"{trial.evaluation.estimate.macs:,} multiply-accumulates.",
        "",
        f"`{trial.architecture}`",
        "",
        f"```\nanenas export {study.name} --pick {called.partition(',')[0] or trial.number}\n```",
    ]
    return "\n".join(parts)[:_LONGEST]


def renamed(note: str, former: str, name: str) -> str:
    """A description whose study has another name now: what its commands and its first words call it."""
    named = rf"(anenas front |anenas export |--study ){re.escape(former)}(?![\w.-])"
    note = re.sub(named, lambda found: found[1] + name, note)
    return note.replace(f" of `{former}`**", f" of `{name}`**")


def _answer(study: Study, now: Snapshot) -> str:
    if not now.front:
        return "No network has completed yet."
    knee = now.picks["knee"]
    count = f"{len(now.front)} can be told apart" if len(now.front) > 1 else "One is the best by all"
    return f"{count}. The knee is trial {knee.number}: {_figures(study, knee)}."


def _figures(study: Study, trial: CompletedTrial) -> str:
    metric, estimate = find_metric(study.settings.metric), trial.evaluation.estimate
    latency = estimate.latency
    said = f"{metric.title} {metric.words(trial.evaluation.score, trial.evaluation.score_error)}"
    said += f", {metric.words(trial.shipped.score)} after final training" if trial.final else ""
    said += f", {metric.words(trial.test_score)} on test data" if trial.test_score is not None else ""
    return (
        f"{said}; {latency.ms:.3f} ms on {latency.chip} (90 %: {latency.low_ms:.3f} to {latency.high_ms:.3f}), "
        f"{size_in_words(estimate.size_mb)}"
    )


def _table(study: Study, now: Snapshot) -> list[str]:
    if not now.front:
        return []
    metric = find_metric(study.settings.metric)
    tested = any(trial.test_score is not None for trial in now.front)
    heads = ["trial", metric.title, *(["test"] if tested else []), "latency ms (90 %)", "MB", ""]
    rows = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    called = now.called
    for trial in reversed(now.front):
        estimate, test = trial.evaluation.estimate, trial.test_score
        latency = estimate.latency
        cells = [str(trial.number), metric.words(trial.shipped.score, trial.evaluation.score_error)]
        cells += ["" if test is None else metric.words(test)] if tested else []
        cells += [f"{latency.ms:.3f} ({latency.low_ms:.3f}–{latency.high_ms:.3f})", size_figure(estimate.size_mb)]
        rows.append(f"| {' | '.join([*cells, called.get(trial.number, '')])} |")
    return rows


def _fitted(head: list[str], rows: list[str], foot: str) -> list[str]:
    """Both with as many rows between them as there is room for."""
    left = _LONGEST - len(foot) - sum(map(len, head))
    for i, row in enumerate(rows):
        left -= len(row) + 1
        if left < 0:
            return [*head, *rows[:i], "", f"… and {len(rows) - i} more in front.csv", "", foot]
    return [*head, *rows, "", foot] if rows else [*head, foot]
