"""What an export has written."""

from __future__ import annotations

from anenas._sizes import size_in_words
from anenas.bundle import Bundle, Stream
from anenas.cli.screen._text import counted
from anenas.tasks import TASKS, find_metric


def print_bundle(bundle: Bundle) -> None:
    """Where a bundle lies, how good it is, and how that is known."""
    verified = max(bundle.verified.fp16, key=lambda one: one.largest)
    metric = find_metric(bundle.metric)
    one = "a probability" if TASKS[bundle.task].classifies else "a number, standardised,"
    tested = f"{bundle.test_count:,} {bundle.samples}"
    chosen = "" if bundle.picked == f"trial {bundle.trial}" else f", {bundle.picked}"
    print(f"{bundle.path}: trial {bundle.trial} of {bundle.study}{chosen}")
    print(f"  test {metric.title:9} {metric.words(bundle.test_score)} on {tested}, of the exported program")
    print(f"  latency        {_latency(bundle)} on {bundle.chip}, estimated")
    print(f"  size           {size_in_words(bundle.size_mb)}, {bundle.form}")
    print(
        f"  verified       on {bundle.verified.samples} {bundle.samples}: in fp16 {one} differs from the "
        f"network's by at most {verified.largest:.1g}"
    )
    if bundle.stream:
        _print_stream(bundle.stream, bundle.chip)
    print("README.md has the rest")


def _print_stream(stream: Stream, chip: str) -> None:
    on_the_way = max(one.largest for one in stream.verified.fp16)
    (at_the_end,) = stream.verified_whole.fp16
    print("and stream.mlpackage, which takes a series chunk by chunk")
    print(f"  a call         takes {counted(stream.steps, 'step')} and {counted(len(stream.states), 'state')}")
    print("                 returns probabilities for the series so far, and the states for the next call")
    print(f"  latency        {_latency(stream)} per call on {chip}, estimated")
    print(
        f"  verified       on {stream.verified.samples} series, call by call: in fp16 a probability differs from the "
        f"network's by at most {on_the_way:.1g},\n"
        f"                 and after the last call from model.mlpackage's by at most {at_the_end.largest:.1g}"
    )


def _latency(of: Bundle | Stream) -> str:
    return f"{of.latency_ms:.3f} ms ({of.latency_low_ms:.2f}–{of.latency_high_ms:.2f})"
