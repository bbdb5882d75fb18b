"""Lines and words that the tables of a terminal have in common."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from rich.console import Console

from anenas._sizes import size_in_words
from anenas.api import FrontModel
from anenas.space import is_least
from anenas.tasks import find_metric

STYLES = {"error": "bold red", "warning": "yellow", "info": "dim"}
NAMED = 3  # operations of one kind that are named; the others are counted


def print_line(console: Console, text: str, style: str | None = None, *, lead: str = "") -> None:
    """Text that is no markup, with its indent on every line that it is wrapped to; of none nothing.

    Args:
        console: What to print to.
        text: To be printed.
        style: Of it.
        lead: What stands before its first line, and as wide a gap before each other.
    """
    if not text:
        return
    indent = " " * (len(lead) or len(text) - len(text.lstrip()))
    wrapped = textwrap.fill(
        text.strip(),
        min(console.width, 100),
        initial_indent=lead or indent,
        subsequent_indent=indent,
        break_on_hyphens=False,
    )
    console.print(wrapped, style=style, markup=False, highlight=False, soft_wrap=True)


def counted(count: int, word: str) -> str:
    return f"{count} {word}" + ("" if count == 1 else "s")


def limits_in_words(bounds: Mapping[str, float], latency_bound: str) -> str:
    """Such as "latency_ms ≤ 0.5 (the upper end of its 90 % interval), accuracy ≥ 0.8"."""
    told = []
    for name, bound in bounds.items():
        end = " (the upper end of its 90 % interval)" if name == "latency_ms" and latency_bound == "upper" else ""
        told.append(f"{name} {'≥' if is_least(name) else '≤'} {bound:g}{end}")
    return ", ".join(told)


def model_in_words(model: FrontModel, metric: str) -> str:
    """Its score, latency and size: "87.4 ± 0.6 %, 0.382 ms (0.33–0.46), 0.53 MB"."""
    score = find_metric(metric).words(model.score, model.score_error)
    interval = f"{model.latency_ms:.3f} ms ({model.latency_low_ms:.2f}–{model.latency_high_ms:.2f})"
    return f"{metric} {score}, {interval}, {size_in_words(model.size_mb)}"
