"""What a study has found, in sentences."""

from __future__ import annotations

from anenas._sizes import size_in_words
from anenas.search import CompletedTrial, Study, alike_in_latency, indistinguishable


def answer(study: Study) -> list[str]:
    """Which model to take and how good it is; then how sure that is."""
    if not study.front:
        return ["No network has completed yet."]
    knee = study.picks["knee"]
    said = [f"Trial {knee.number}, the knee of the front: {_figures(study, knee)}."]
    completed, front = len(study.completed), len(study.front)
    if front == 1:
        return [*said, f"Of {completed} networks that completed none is measurably better in any objective."]
    said.append(f"{front} of {completed} networks that completed are on the front: each is better than the others in")
    said[-1] += " something that can be told apart, or is their most accurate."
    return said + _alike(study)


def _figures(study: Study, trial: CompletedTrial) -> str:
    metric, evaluation = study.metric, trial.evaluation
    latency, chip = evaluation.estimate.latency, study.settings.chip
    said = f"{metric.title} {metric.words(evaluation.score, evaluation.score_error)}"
    said += f", {metric.words(trial.shipped.score)} after final training" if trial.final else ""
    said += f", {metric.words(trial.test_score)} on test inputs" if trial.test_score is not None else ""
    return (
        f"{said}; {latency.ms:.3f} ms on {chip}, {latency.low_ms:.2f} to {latency.high_ms:.2f} nine times out of ten; "
        f"{size_in_words(evaluation.estimate.size_mb)}"
    )


def _alike(study: Study) -> list[str]:
    """Which of the front differ by no more than chance, or than is known."""
    evaluations = [trial.evaluation for trial in study.front]
    groups = {study.metric.title: indistinguishable(evaluations), "latency": alike_in_latency(evaluations)}
    said = []
    for what, found in groups.items():
        if found and len(found[0]) == len(evaluations):
            said.append(f"All are too close in {what} to tell apart.")
        elif found:
            listed = "; ".join(", ".join(str(study.front[i].number) for i in group) for group in found)
            said.append(f"Too close in {what} to tell apart: {listed}.")
    return said


def ended(study: Study) -> str:
    """How its trials ended: "40 completed, 12 stopped, 3 infeasible (latency_ms 2, rule tiny 1)"."""
    told = []
    for state, count in study.counts.items():
        because = ", ".join(f"{reason} {n}" for reason, n in study.reasons.items()) if state == "infeasible" else ""
        if count:
            told.append(f"{count} {state}" + (f" ({because})" if because else ""))
    return ", ".join(told) or "none has finished"
