"""What a search has found."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from anenas._sizes import size_in_words
from anenas.api import FrontModel, SearchResult
from anenas.cli.screen._legend import picks_legend, states_legend
from anenas.cli.screen._text import limits_in_words, print_line
from anenas.tasks import Metric, find_metric

_ALL = frozenset({"epochs", "interval"})  # what is left out where there is no room, and is in the JSON
_WIDEST = 1_000
_TINY = " *"
_COLUMNS = {"macs": "M MACs", "params": "M params", "residency": "on engine"}


def print_front(console: Console, result: SearchResult, elsewhere: str = "") -> None:
    """The Pareto front as a table, the best by the first objective first; below it what each is made of, what the
    names mean, and how the trials ended.

    Args:
        console: What to print to.
        result: What was found.
        elsewhere: What a command needs that is not to look in the default store, such as " --store runs".
    """
    for told in (_ALL, _ALL - {"epochs"}, _ALL - {"epochs", "interval"}):
        table = _table(result, told)
        if Measurement.get(console, console.options.update(max_width=_WIDEST), table).maximum <= console.width:
            break
    console.print(table)
    metric, reference = find_metric(result.metric), result.reference
    width = max((len(_number(model)) for model in result.front), default=0)
    for model in reversed(result.front):
        console.print(f"  {_number(model):>{width}}  {model.summary}", highlight=False, soft_wrap=True)
    if reference and reference.trial not in [model.trial for model in result.front]:
        console.print(_reference(reference, metric), highlight=False, soft_wrap=True)
    if any(model.is_tiny for model in result.front):
        tiny = f"{_TINY.strip()} so small that Core ML may keep it on the CPU: load it with cpuAndNeuralEngine"
        console.print(tiny, highlight=False, soft_wrap=True)
    if names := [name for model in reversed(result.front) for name in model.called]:
        print_line(console, picks_legend(names), "dim")
    alike = {metric.title: result.indistinguishable, "latency": result.alike_in_latency}
    for what, groups in alike.items():
        if groups:
            listed = "; ".join(", ".join(map(str, group)) for group in groups)
            console.print(f"too close in {what} to tell apart: {listed}", highlight=False, soft_wrap=True)
    if result.limits:
        print_line(console, f"only models that satisfy {limits_in_words(result.limits, result.latency_bound)}")
    if others := [number for number in reversed(result.pareto) if number not in [m.trial for m in result.front]]:
        left_out = f"left out, not measurably better than these: {', '.join(map(str, others))}"
        console.print(left_out, highlight=False, soft_wrap=True)
    if result.devices:
        console.print(str(result.devices), highlight=False, soft_wrap=True)
    for model in result.front:
        if model.not_measured:
            reason = f"trial {model.trial} could not be measured, its latency is estimated: {model.not_measured}"
            console.print(reason, highlight=False, soft_wrap=True)
    console.print()
    ended = [f"{count} {state}" for state, count in result.counts.items() if count]
    if because := ", ".join(f"{count} {reason}" for reason, count in result.infeasible.items()):
        ended = [f"{one}: {because}" if one.endswith("infeasible") else one for one in ended]
    console.print("; ".join(ended), highlight=False, soft_wrap=True)
    print_line(console, states_legend(state for state, count in result.counts.items() if count), "dim")
    if result.front:
        best = result.front[-1].trial
        print_line(console, f"details: anenas show {result.study} {best}{elsewhere} (or a name, such as knee)", "dim")


def _table(result: SearchResult, told: frozenset[str]) -> Table:
    table = Table(title=f"Pareto front of {result.study}", title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    table.add_column("model", min_width=8)  # the names of one wrap where there is no room for figures
    metric = find_metric(result.metric)
    table.add_column(metric.title, justify="right", no_wrap=True, min_width=8)
    is_final = any(model.final_score is not None for model in result.front)
    if is_final:
        table.add_column("final", justify="right", no_wrap=True, min_width=6)
    table.add_column("test", justify="right", no_wrap=True, min_width=6)
    is_told = "epochs" in told and any(model.epochs is not None for model in result.front)
    if is_told:
        table.add_column("epochs", justify="right", no_wrap=True)
    interval = " (90 %)" if "interval" in told else ""
    is_measured = any(model.measured_on for model in result.front)
    latency = "measured" if all(model.measured_on for model in result.front) and is_measured else "latency"
    table.add_column(f"{result.chip} {latency}{interval}", justify="right", no_wrap=True)
    if is_measured:
        table.add_column("estimated", justify="right", no_wrap=True)
    others = list(result.front[0].latency_by_chip)[1:] if result.front else []
    for chip in others:
        table.add_column(chip, justify="right", no_wrap=True)
    table.add_column("size", justify="right", no_wrap=True)
    more = [name for name in _COLUMNS if name in result.objectives]
    for name in more:
        table.add_column(_COLUMNS[name], justify="right", no_wrap=True)
    for model in reversed(result.front):
        table.add_row(
            _named(model, result.reference),
            metric.words(model.score, model.score_error),
            *([_words(metric, model.final_score)] if is_final else []),
            _words(metric, model.test_score),
            *([_epochs(model)] if is_told else []),
            f"{model.latency_ms:.3f} ms" + (_interval(model) if interval else "") + (_TINY if model.is_tiny else ""),
            *([_estimated(model)] if is_measured else []),
            *(f"{model.latency_by_chip[chip].ms:.3f} ms" for chip in others),
            size_in_words(model.size_mb),
            *(_shown(name, getattr(model, name)) for name in more),
        )
    return table


def _number(model: FrontModel) -> str:
    return f"#{model.trial}"


def _named(model: FrontModel, reference: FrontModel | None) -> str:
    """Its number, and what it is called: "#24 knee"."""
    names = [*model.called, *(["reference"] if reference and model.trial == reference.trial else [])]
    return f"{_number(model)} [bold]{', '.join(names)}[/]" if names else _number(model)


def _reference(model: FrontModel, metric: Metric) -> str:
    """What the front is held against, where it is not among it."""
    shown = [metric.words(model.score, model.score_error)]
    shown += [f"{_words(metric, model.final_score)} final"] if model.final_score is not None else []
    shown += [f"{_words(metric, model.test_score)} test"] if model.test_score is not None else []
    shown += [f"{model.latency_ms:.3f} ms", size_in_words(model.size_mb)]
    return f"  {_number(model)}  reference, the whole network: {', '.join(shown)}  {model.summary}"


def _interval(model: FrontModel) -> str:
    return f" ({model.latency_low_ms:.2f}–{model.latency_high_ms:.2f})"


def _estimated(model: FrontModel) -> str:
    """Beside what was measured; beside an estimate, that it is one."""
    return f"{model.estimated_latency_ms:.3f} ms" if model.measured_on else "not measured"


def exported_names(exports: Mapping[str, Path]) -> str:
    """The folders of the models: "{knee,fast}", and which of their names are names of one."""
    names: dict[str, list[str]] = {}
    for name, path in exports.items():
        names.setdefault(path.name, []).append(name)
    folders = ",".join(names)
    same = ", ".join(" = ".join(those) for those in names.values() if len(those) > 1)
    return (f"{{{folders}}}" if len(names) > 1 else folders) + (f" ({same})" if same else "")


def _epochs(model: FrontModel) -> str:
    """In all, behind the brief accuracy and behind the final one."""
    return " → ".join(f"{epochs:.4g}" for epochs in (model.epochs, model.final_epochs) if epochs is not None)


def _words(metric: Metric, score: float | None) -> str:
    return "" if score is None else metric.words(score)


def _shown(name: str, value: float) -> str:
    return f"{value:.0%}" if name == "residency" else f"{value / 1e6:.2f}"
