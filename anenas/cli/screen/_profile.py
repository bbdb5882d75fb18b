"""Where a model's time goes."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from anenas.cli.screen._text import counted
from anenas.latency import CalibratedLatency, Profile


def print_profile(console: Console, profile: Profile, top: int) -> None:
    """The total with its interval, and the costliest operations with what bounds each."""
    latency, graph = profile.latency, profile.graph
    assumed = latency.source == CalibratedLatency.name and not latency.device
    place = f"{profile.chip.name}, {profile.chip.estimated_system}" if assumed else latency.chip
    console.print(f"{profile.model} on {place}", style="bold", highlight=False)
    console.print(
        f"{latency.ms:.3f} ms ({latency.low_ms:.2f}–{latency.high_ms:.2f}), estimated by {latency.origin}; "
        f"{profile.fixed_us:.0f} µs of it fixed"
    )
    cost = profile.cost
    launches = "" if cost.engine_segments == 1 else f", in {counted(cost.engine_segments, 'segment')}"
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
        table.add_row(latency.chip, *figures, str(cost.engine_segments))
    console.print(table)
