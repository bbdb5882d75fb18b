"""A model that was chosen, and how clearly."""

from __future__ import annotations

from rich.console import Console

from anenas.api import Chosen, FrontModel
from anenas.cli.screen._text import limits_in_words, model_in_words, print_line
from anenas.space import is_least
from anenas.tasks import find_metric

_UNITS = {"latency_ms": " ms", "size_mb": " MB"}


def print_chosen(console: Console, chosen: Chosen) -> None:
    """Which it is and by what rule, what each limit leaves, and whether the runner-up can be told from it."""
    rule = f"the best by {chosen.metric}"
    if chosen.weights:
        rule = "the best by " + " + ".join(f"{weight:g} × {name}" for name, weight in chosen.weights.items())
    model = chosen.model
    names = f" {', '.join(model.called)}" if model.called else ""
    console.print(f"#{model.trial}{names} of {chosen.study}, {rule}", style="bold", highlight=False, soft_wrap=True)
    if chosen.limits:
        held = limits_in_words(chosen.limits, chosen.latency_bound)
        print_line(console, f"  {chosen.kept} of {chosen.of} completed trials satisfy {held}")
    print_line(console, f"  {model_in_words(model, chosen.metric)}")
    print_line(console, f"  {model.summary}")
    if model.final_score is None:
        print_line(console, "  trained only briefly, for comparison; to train it further before you ship it:")
        further = chosen.train_further or f"anenas search … --final-trials {model.trial}, as the study was searched"
        console.print(f"    {further}", highlight=False, soft_wrap=True, markup=False)
    else:
        print_line(console, f"  {find_metric(chosen.metric).words(model.final_score)} after its final training")
    if model.is_tiny:
        print_line(console, "  so small that Core ML may keep it on the CPU: load it with cpuAndNeuralEngine")
    for name, value in chosen.held.items():
        bound = chosen.limits.get(name, chosen.limits.get(name.partition("@")[0]))
        if bound is not None:
            unit = _UNITS.get(name.partition("@")[0], "")
            left = value - bound if is_least(name) else bound - value
            print_line(console, f"  {name:12} {value:.4g}{unit}, {left:.3g}{unit} to spare")
    print_line(console, _runner_up(chosen))


def _runner_up(chosen: Chosen) -> str:
    other, model = chosen.runner_up, chosen.model
    if other is None:
        return "  no other trial satisfies the limits" if chosen.limits else "  no other trial has completed"
    metric = find_metric(chosen.metric)
    told = f"  runner-up #{other.trial}, {model_in_words(other, chosen.metric)}: "
    if chosen.utility and not any(chosen.utility):
        told += f"the front has one value of {' and of '.join(chosen.weights)}, so that weights decide nothing, "
    elif chosen.utility:
        told += f"{chosen.utility[1]:.3f} of its {chosen.utility[0]:.3f} by weight, "
    elif other.score == model.score:
        told += "as good, "
    else:
        worse = abs(model.score - other.score)
        by = f"{100 * worse:.2g} points" if metric.is_fraction else metric.words(worse)
        told += f"worse by {by}, "
    if chosen.apart_in:
        rest = [name for name in _compared(chosen) if name not in chosen.apart_in]
        alike = f" and not by {' or '.join(rest)}" if rest else ""
        return f"{told}told apart by {' and '.join(chosen.apart_in)}{alike}"
    unknown = _error_is_unknown(model, other) and chosen.metric in _compared(chosen)
    why = " (the error of the score is unknown)" if unknown else ""
    return f"{told}which cannot be told apart by {', '.join(_compared(chosen))}{why}: either will do"


def _compared(chosen: Chosen) -> list[str]:
    return list(chosen.weights) or [chosen.metric, "latency_ms", "size_mb"]


def _error_is_unknown(*models: FrontModel) -> bool:
    return any(model.score_error is None for model in models)
