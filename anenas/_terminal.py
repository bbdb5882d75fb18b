"""What a person at a terminal sees: progress while a search runs, tables when it has ended."""

from __future__ import annotations

import math
import textwrap
import time
from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from anenas._bench_search import SearchScores
from anenas._calibrate import Calibrated
from anenas._measured import Measured
from anenas._pack import Packed
from anenas._result import SearchResult
from anenas._sweep import FormResult
from anenas.ane import Finding, Placement, Rule, Severity
from anenas.coreml import Verification
from anenas.coreml.program import Event
from anenas.latency import Profile
from anenas.search import Record, Study


class _Bar:
    """A bar on a terminal and nothing elsewhere, on standard error, with room for lines above it.

    Args:
        columns: Of the bar.
    """

    def __init__(self, *columns: ProgressColumn) -> None:
        self._console = Console(stderr=True, soft_wrap=True)
        self._bar = Progress(*columns, console=self._console, disable=not self._console.is_terminal)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._bar.stop()

    def say(self, line: str) -> None:
        """A line of its own above the bar."""
        self._console.print(line, markup=False, highlight=False)


class SearchProgress(_Bar):
    """A bar on a terminal; elsewhere, as in a log file, a line for each trial. Both on standard error.

    Args:
        trials: Completed trials that make it full; None where only time bounds them.
    """

    def __init__(self, trials: int | None) -> None:
        super().__init__(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("trials {task.fields[figures]}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
        )
        self._trials = trials
        self._task = self._bar.add_task("starting", total=trials, figures="", left="")
        self._started = time.monotonic()
        self._at_start: int | None = None
        self._told = 0

    def changed(self, study: Study) -> None:
        """Show how far the study is."""
        completed = len(study.completed)
        if self._at_start is None:
            self._at_start, self._told = completed, len(study.records)
        done = completed - self._at_start
        elapsed = time.monotonic() - self._started
        left = ""
        if done and self._trials and not study.paused:  # what is paused was not in vain, but is not done
            left = f"about {_duration(elapsed / done * (self._trials - completed))} left"
        self._bar.update(self._task, description="searching", completed=completed, figures=_figures(study), left=left)
        for record in study.records[self._told :]:
            if record.state == "failed":
                self.say(f"trial {record.number} failed: {record.reason}")
            elif record.state in ("completed", "stopped") and not self._console.is_terminal:
                self.say(f"[{completed}/{self._trials or '…'}] {_describe(record)} {left}".rstrip())
        self._told = len(study.records)


class TrainingProgress(_Bar):
    """A bar for one training on a terminal; elsewhere a line for each tenth of it. Both on standard error."""

    def __init__(self) -> None:
        columns = (MofNCompleteColumn(), TextColumn("steps"), TimeElapsedColumn())
        super().__init__(TextColumn("training"), BarColumn(bar_width=24), *columns)
        self._task: TaskID | None = None

    def stepped(self, step: int, steps: int) -> None:
        """Show how far the training is."""
        if self._task is None:
            self._task = self._bar.add_task("training", total=steps)
        self._bar.update(self._task, completed=step)
        if not self._console.is_terminal and step * 10 // steps > (step - 1) * 10 // steps:
            self.say(f"training: {step} of {steps} steps")


def _figures(study: Study) -> str:
    counts = study.counts
    parts = [f"{len(study.paused)} paused"] if study.paused else []
    parts += [f"{counts[state]} {state}" for state in ("stopped", "infeasible", "failed", "repeated") if counts[state]]
    if study.front:
        parts += [o.told(study.point(study.picks[o.best])[i]) for i, o in enumerate(study.objectives)]
    return "· " + ", ".join(parts) if parts else ""


def _describe(record: Record) -> str:
    e = record.evaluation
    assert e
    stopped = f"stopped at {record.reason}, " if record.state == "stopped" else ""
    return f"trial {record.number}: {stopped}{e.accuracy:.1%}, {e.latency.ms:.3f} ms, {record.architecture}"


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


_COLUMNS = {"macs": "M MACs", "params": "M params", "residency": "on engine"}


def print_front(console: Console, result: SearchResult) -> None:
    """The Pareto front as a table, the best by the first objective first; below it each architecture in a line of its
    own, behind what it is exported as; and how the trials ended.
    """
    table = Table(title=f"Pareto front of {result.study}", title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    table.add_column("trial", justify="right")
    table.add_column("accuracy", justify="right", no_wrap=True, min_width=8)
    table.add_column("test", justify="right", no_wrap=True, min_width=6)
    table.add_column(f"{result.chip} latency (90 %)", justify="right", no_wrap=True)
    others = list(result.front[0].others) if result.front else []
    for chip in others:
        table.add_column(chip, justify="right", no_wrap=True)
    table.add_column("size", justify="right", no_wrap=True)
    more = [name for name in _COLUMNS if name in result.objectives]
    for name in more:
        table.add_column(_COLUMNS[name], justify="right", no_wrap=True)
    for model in reversed(result.front):
        table.add_row(
            str(model.trial),
            f"{model.accuracy:.2%}",
            "" if model.test_accuracy is None else f"{model.test_accuracy:.2%}",
            f"{model.latency_ms:.3f} ms ({model.latency_low_ms:.2f}–{model.latency_high_ms:.2f})",
            *(f"{model.others[chip].ms:.3f} ms" for chip in others),
            f"{model.size_mb:.2f} MB",
            *(_shown(name, getattr(model, name)) for name in more),
        )
    console.print(table)
    for model in reversed(result.front):
        called = f"[bold]{', '.join(model.called)}[/]  " if model.called else ""
        console.print(f"{model.trial:5}  {called}{model.architecture}", highlight=False, soft_wrap=True)
    console.print()
    ended = [f"{count} {state}" for state, count in result.counts.items() if count]
    if because := ", ".join(f"{count} {reason}" for reason, count in result.infeasible.items()):
        ended = [f"{one}: {because}" if one.endswith("infeasible") else one for one in ended]
    console.print("; ".join(ended), highlight=False, soft_wrap=True)


def _shown(name: str, value: float) -> str:
    return f"{value:.0%}" if name == "residency" else f"{value / 1e6:.2f}"


def print_profile(console: Console, profile: Profile, top: int) -> None:
    """The total with its interval, and the costliest operations with what bounds each."""
    latency, graph = profile.latency, profile.graph
    console.print(f"{profile.model} on {latency.chip}", style="bold", highlight=False)
    console.print(
        f"{latency.ms:.3f} ms ({latency.low_ms:.2f}–{latency.high_ms:.2f}), estimated by {latency.source}; "
        f"{profile.fixed_us:.0f} µs of it fixed"
    )
    cost = profile.cost
    launches = "" if cost.segments == 1 else f", in {_counted(cost.segments, 'segment')}"
    switching = f"; changes of unit take {profile.switching_us:.0f} µs" if cost.switching_us else ""
    console.print(
        f"{cost.residency:.0%} of the operations' time and {cost.mac_residency:.0%} of the multiply-accumulates on the "
        f"Neural Engine{launches}{switching}",
        highlight=False,
    )
    console.print(
        f"{graph.macs:,} multiply-accumulates, {graph.weight_bytes / 1e6:.2f} MB of weights, "
        f"{len(graph.ops)} operations"
    )
    table = Table(box=SIMPLE_HEAD)
    for heading in ("µs", "share"):
        table.add_column(heading, justify="right", no_wrap=True)
    for heading in ("bound by", "kind", "output", "operation"):
        table.add_column(heading, overflow="ellipsis", no_wrap=True)
    costliest = sorted(profile.placed, key=lambda one: -one.us)[:top]
    for one in costliest:
        shape = "×".join(map(str, one.op.outputs[0].shape))
        share = one.us / (latency.ms * 1000)
        table.add_row(f"{one.us:.1f}", f"{share:.1%}", one.bound, one.op.kind, shape, one.op.name)
    rest = sum(one.us for one in profile.placed) - sum(one.us for one in costliest)
    if rest > 0:
        others = len(profile.placed) - len(costliest)
        table.add_row(f"{rest:.1f}", f"{rest / (latency.ms * 1000):.1%}", "", f"{others} others", "", "")
    console.print(table)


def print_chips(console: Console, profiles: list[Profile]) -> None:
    """One model on several chips."""
    table = Table(title=profiles[0].model, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    table.add_column("chip")
    for heading in ("ms", "low", "high", "on engine", "segments"):
        table.add_column(heading, justify="right")
    for profile in profiles:
        latency, cost = profile.latency, profile.cost
        figures = [f"{latency.ms:.3f}", f"{latency.low_ms:.2f}", f"{latency.high_ms:.2f}", f"{cost.residency:.0%}"]
        table.add_row(latency.chip, *figures, str(cost.segments))
    console.print(table)


_STYLES = {"error": "bold red", "warning": "yellow", "info": "dim"}
_WORDS: dict[Severity, str] = {"error": "error", "warning": "warning", "info": "fact"}
_NAMED = 3  # operations of one rule that are named; the others are counted


def print_findings(
    console: Console, model: str, chip: str, findings: Sequence[Finding], placed: Sequence[Placement], segments: int
) -> None:
    """What the rules found, a paragraph for each rule, most severe first."""
    counts = Counter(finding.severity for finding in findings)
    inside = sum(one.on_engine for one in placed)
    _line(console, f"{model} on {chip}")
    many = "" if segments < 2 else f", in {segments} segments"
    _line(console, f"{inside} of {len(placed)} operations run on the Neural Engine, as far as is known{many}")
    for name in dict.fromkeys(finding.rule for finding in findings):
        alike = [finding for finding in findings if finding.rule == name]
        severity = alike[0].severity
        console.print(f"\n[{_STYLES[severity]}]{severity:8}[/] [bold]{name}[/]", highlight=False)
        for finding in alike[:_NAMED]:
            _line(console, f"    {finding.op}: {finding.message}" if finding.op else f"    {finding.message}")
        if more := alike[_NAMED:]:
            of = sorted({finding.op for finding in more if finding.op}, key=[f.op for f in more].index)
            named = ", ".join(of[:_NAMED])
            left = len(more) - len(of[:_NAMED])
            _line(console, f"    also {named} and {left} more" if left else f"    also {named}")
        fixes = list(dict.fromkeys(finding.fix for finding in alike))
        _line(console, f"    → {fixes[0]}" + ("" if len(fixes) == 1 else ", and so on"))
    told = ", ".join(_counted(counts[severity], word) for severity, word in _WORDS.items())
    console.print()
    _line(console, f"{told}; `anenas check --list-rules` has the evidence")


def flushed_line(lost: Sequence[Event]) -> str | None:
    """How many values became zero, and where the most; None where none did."""
    flushed = [event for event in lost if event.kind == "denormal"]
    if not flushed:
        return None
    most = max(flushed, key=lambda event: event.count)
    values, ops = sum(event.count for event in flushed), _counted(len(flushed), "operation")
    return f"float16 flushes {values:,} values to zero at {ops}, most at {most.op} ({most.op_type})"


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" + ("" if count == 1 else "s")


def print_rules(console: Console, rules: Sequence[Rule]) -> None:
    """Every rule with its guideline and evidence."""
    for rule in rules:
        console.print(f"[bold]{rule.id}[/] [{_STYLES[rule.severity]}]{rule.severity}[/]", highlight=False)
        _line(console, f"    guideline {rule.guideline}")
        _line(console, f"    {rule.evidence}")


def _line(console: Console, text: str) -> None:
    """Text that is no markup, with its indent on every line that it is wrapped to."""
    indent = " " * (len(text) - len(text.lstrip()))
    wrapped = textwrap.fill(
        text.strip(), min(console.width, 100), initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
    )
    console.print(wrapped, markup=False, highlight=False, soft_wrap=True)


def print_calibration(console: Console, result: Calibrated) -> None:
    """How good the model was on the device, and how good it has become."""
    device = result.device
    console.print(f"{device.name}, {device.chip}: calibrated on {device.models} models", style="bold", highlight=False)
    console.print(
        f"operations take {device.scale:.2f} times what {device.chip} was estimated to, a prediction's fixed cost "
        f"{device.fixed:.2f} times",
        highlight=False,
    )
    table = Table(box=SIMPLE_HEAD)
    table.add_column("")
    for heading in _SCORES:
        table.add_column(heading, justify="right")
    table.add_row("before", *_score_cells(result.before))
    table.add_row("after, each left out", *_score_cells(result.after))
    console.print(table)
    _print_skipped(console, result.skipped)
    console.print(f"use it as --chip {device.name}; a new latency is within a factor of {device.interval:.2f}")


_SCORES = ("Spear-\nman", "of\nMACs", "median\nerror", "±10 %", "±25 %", "covered")


def _score_cells(scores: dict[str, Any]) -> list[str]:
    ranks = ["" if scores[key] is None else f"{scores[key]:.2f}" for key in ("spearman", "spearman_macs")]
    return ranks + [f"{scores[key]:.0%}" for key in ("median_error", "within_10", "within_25", "coverage")]


def _print_skipped(console: Console, skipped: dict[str, int]) -> None:
    for reason, count in skipped.items():
        console.print(f"skipped {count}: {reason}", highlight=False)


def print_verification(console: Console, package: str, result: Verification) -> None:
    """The difference of each output in both precisions, what float16 loses, and the verdict."""
    _line(console, f"{package} against {result.against}, {_counted(result.samples, 'sample')}")
    table = Table(box=SIMPLE_HEAD)
    table.add_column("output", no_wrap=True)
    for heading in ("precision", "largest", "mean", "relative", "cosine", "top 1"):
        table.add_column(heading, justify="right")
    for precision, differences in {"fp32": result.fp32, "fp16": result.fp16}.items():
        for one in differences:
            top1 = "" if one.top1 is None else f"{one.top1:.0%}"
            figures = [f"{one.largest:.2g}", f"{one.mean:.2g}", f"{one.relative:.2g}", f"{one.cosine:.5f}", top1]
            table.add_row(one.name, precision, *figures)
    console.print(table)
    if result.layers:
        parted = next((one for one in result.layers if not one.relative <= _PARTED), None)
        worst = max(result.layers, key=lambda one: one.relative)
        said = f"first at {parted.name} by {parted.relative:.2g}" if parted else "nowhere"
        _line(
            console,
            f"of {len(result.layers)} operations, the largest difference is {worst.relative:.2g} at {worst.name}; more "
            f"than {_PARTED:g}: {said}",
        )
    if flushed := flushed_line(result.lost):
        _line(console, flushed)
    for problem in result.problems:
        console.print(f"[{_STYLES['error']}]differs[/]  {problem}", highlight=False, soft_wrap=True)
    if result.passed and any(map(math.isfinite, result.tolerances.values())):
        console.print("[bold green]equal[/]    within what is allowed")
    elif result.passed:
        _line(console, "its weights are others by intent, so differences are told and not judged; nothing overflows")


# What a float16 result is off by rounding alone, twice.
_PARTED = 2e-3


def print_scores(console: Console, result: dict[str, Any]) -> None:
    """What `bench_latency` found, as a table."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1), collapse_padding=True)
    for heading in ("set", "chip"):
        table.add_column(heading, no_wrap=True)
    for heading in ("rows", *_SCORES):
        table.add_column(heading, justify="right")
    for row in result["sets"]:
        table.add_row(row["set"], row["soc"], str(row["n"]), *_score_cells(row))
    console.print(table)
    _print_skipped(console, result["skipped"])
    if result["compression"]:
        table = Table(title="compressed programs, faster by", title_justify="left", box=SIMPLE_HEAD, padding=(0, 1))
        for heading in ("model", "chip", "set", "form"):
            table.add_column(heading, no_wrap=True)
        for heading in ("published", "predicted"):
            table.add_column(heading, justify="right")
        for row in result["compression"]:
            speedups = [f"{row[f'{which}_speedup']:.2f}×" for which in ("published", "predicted")]
            table.add_row(row["model"], row["soc"], row["set"], row["form"], *speedups)
        console.print(table)


def print_forms(console: Console, rows: Sequence[dict[str, str]]) -> None:
    """The forms that weights can be compressed to."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1))
    for heading in ("form", "needs", "what it is"):
        table.add_column(heading, no_wrap=heading != "what it is")
    for row in rows:
        table.add_row(row["form"], row["needs"], row["tells"])
    console.print(table)


def print_compressed(console: Console, chip: str, results: Sequence[FormResult], *, is_sweep: bool) -> None:
    """What forms of weights make of a package."""
    measured = any(result.accuracy is not None for result in results)
    table = Table(box=SIMPLE_HEAD, padding=(0, 1), collapse_padding=True)
    for heading in ("form", "needs"):
        table.add_column(heading, no_wrap=True)
    headings = ("MB", "packed", "of zip", f"{chip} ms", "differs", *(["accuracy"] if measured else []))
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for one in results:
        cells = [f"{one.bytes / 1e6:.2f}", f"{one.packed_bytes / 1e6:.2f}", f"{one.packed_bytes / one.zip_bytes:.1%}"]
        cells += [f"{one.latency.ms:.3f}", f"{one.difference:.2g}"]
        cells += ["" if one.accuracy is None else f"{one.accuracy:.2%}"] if measured else []
        table.add_row(one.form, one.target, *cells, "front" if one.on_front else "")
    console.print(table)
    after = results[-1]
    if not is_sweep:
        kept = f", {after.weights_kept} small ones and vectors stay" if after.weights_kept else ""
        console.print(f"{after.weights} weights compressed{kept}")
        if after.target != results[0].target:
            console.print(f"needs {after.target}, where {results[0].target} did before", style="yellow")
    told = "differs: on random inputs, from the outputs before, as a share of their standard deviation"
    console.print(told, style="dim", highlight=False, soft_wrap=True)


def print_packed(console: Console, packed: Packed) -> None:
    """What an archive took, beside a zip of the same."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1))
    table.add_column("file", overflow="fold")
    for heading in ("bytes", "zip", "packed", "of zip"):
        table.add_column(heading, justify="right", no_wrap=True)
    for file in packed.files:
        share = f"{file.packed_bytes / file.zip_bytes:.1%}"
        table.add_row(file.path, f"{file.bytes:,}", f"{file.zip_bytes:,}", f"{file.packed_bytes:,}", share)
    share = f"{packed.packed_bytes / packed.zip_bytes:.1%}"
    table.add_row("in all", f"{packed.bytes:,}", f"{packed.zip_bytes:,}", f"{packed.packed_bytes:,}", share)
    console.print(table)
    console.print(f"wrote {packed.path}", markup=False, highlight=False)


def print_measured(console: Console, measured: Sequence[Measured]) -> None:
    """Each measurement beside its estimate, and below the operations that Core ML places elsewhere than we do."""
    for one in measured:
        recording = one.recording
        low_ms, high_ms = recording.interval_ms
        _line(console, f"{recording.model} on {recording.device} ({recording.chip}), {recording.os}")
        rounds, count = len(recording.predict_ms), sum(map(len, recording.predict_ms))
        _line(
            console,
            f"    measured   {recording.median_ms:.3f} ms ({low_ms:.3f}–{high_ms:.3f}), the median of {count} "
            f"predictions in {_counted(rounds, 'round')}, {recording.compute_units}",
        )
        if one.predicted is not None:
            error = one.predicted.ms / recording.median_ms - 1
            _line(
                console,
                f"    predicted  {one.predicted.ms:.3f} ms ({one.predicted.low_ms:.2f}–{one.predicted.high_ms:.2f}) by "
                f"{one.predicted.source}, {error:+.0%}",
            )
        if recording.output_errors:
            worst = max(recording.output_errors.values())
            _line(console, f"    outputs    error {worst:.2g} of their spread")
        if one.agreement is not None:
            agreed = one.agreement
            _line(
                console,
                f"    placement  agrees on {agreed.ops:.0%} of {_counted(agreed.compared, 'operation')}, "
                f"{agreed.macs:.0%} of the multiply-accumulates",
            )
            for difference in agreed.differences[:_NAMED]:
                said = "on the engine" if difference.on_engine else f"off it: {difference.why}"
                _line(
                    console,
                    f"        {difference.op.name} ({difference.op.kind}): planned on {difference.preferred}, "
                    f"predicted {said}",
                )
            if (more := len(agreed.differences) - _NAMED) > 0:
                _line(console, f"        and {more} more (--json has them)")
        for note in one.notes:
            _line(console, f"    note       {note}")
        _line(console, f"    with       {recording.tool}, {recording.date}")


def print_search_scores(console: Console, scores: Sequence[SearchScores]) -> None:
    """The share of the true front that each sampler found, mean ± standard deviation over the seeds."""
    first = scores[0]
    known = "" if first.known is None else f", objective {first.known} known of any candidate"
    _line(console, f"{first.table}{known}")
    _line(console, f"share of the true front's hypervolume, mean ± sd of {_counted(len(first.curves), 'seed')}")
    table = Table(box=SIMPLE_HEAD, padding=(0, 1), collapse_padding=True)
    table.add_column("evaluations", no_wrap=True)
    for heading in (*map(str, first.checkpoints), "repeated", "ms each"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in scores:
        shares = [one.curves[:, n - 1] for n in one.checkpoints]
        cells = [f"{share.mean():.3f}±{share.std():.3f}".replace("0.", ".") for share in shares]
        table.add_row(one.sampler, *cells, str(one.repeated), f"{1000 * one.seconds_per_suggestion:.0f}")
    console.print(table)
