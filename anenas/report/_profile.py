"""A model's profile as a page: where its time goes, how close it is to the chip's limits, and what the rules find."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from anenas._files import write_whole
from anenas.ane import Finding, Placement
from anenas.graph import Op
from anenas.latency import Profile

if TYPE_CHECKING:
    import plotly.graph_objects as go

_COLORS = {"compute": "#1f6feb", "weights": "#d4820a", "activations": "#2a9d5c", "cpu": "#c8332b"}
_WORDS = {
    "compute": "bound by compute",
    "weights": "bound by reading weights",
    "activations": "bound by activations",
    "cpu": "on the CPU",
}
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1f2328; max-width: 1100px; margin: 2em auto; padding: 0 1em }
h1 { font-size: 1.3em; overflow-wrap: anywhere } h2 { font-size: 1.05em; margin-top: 2em }
table { border-collapse: collapse; width: 100% } th { text-align: left; font-weight: 600 }
td, th { padding: .25em .7em .25em 0; border-bottom: 1px solid #e5e7eb; vertical-align: top; overflow-wrap: anywhere }
td.n, th.n { text-align: right; white-space: nowrap } .error, .warning, .info { white-space: nowrap }
.error { color: #c8332b } .warning { color: #b07300 }
.note { color: #656d76 }
"""


def write_profile_page(profile: Profile, findings: Sequence[Finding], path: Path) -> None:
    """Write one self-contained page, whole or not at all.

    Raises:
        OSError: If it cannot be written.
    """
    title = html.escape(f"{profile.model} on {profile.chip.name}")
    parts = [
        f"<h1>{title}</h1>",
        _summary(profile),
        "<h2>Time of each operation, in the program's order</h2>",
        _plot(_times(profile), "times", with_library=True),
        "<h2>Roofline</h2>",
        "<p class='note'>Operations with multiply-accumulates, by their number per byte of weights and activations; "
        "lines are the chip's peak and its weight bandwidth. Padding to 16 channels and 32 columns keeps most below "
        "them.</p>",
        _plot(_roofline(profile), "roofline", with_library=False),
        "<h2>Findings</h2>",
        _findings(findings),
        "<h2>Operations</h2>",
        _operations(profile.placed),
    ]
    page = f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{title}</title><style>{_STYLE}</style>"
    write_whole(path, f"{page}</head><body>{''.join(parts)}</body></html>\n")


def _summary(profile: Profile) -> str:
    latency, parts, cost = profile.latency, profile.calibrated, profile.cost
    if latency == parts:
        source, of = f"estimated by {latency.origin}; not measured on a device", "of it"
    else:
        source, of = latency.origin, f"of {parts.ms:.3f} ms by {parts.origin}"
    rows = [
        ("latency", f"{latency.ms:.3f} ms, {latency.low_ms:.2f} to {latency.high_ms:.2f} nine times in ten"),
        (of, f"{profile.fixed_us:.0f} µs fixed, {profile.switching_us:.0f} µs changes of unit"),
        ("source", source),
        ("on the engine", f"{cost.residency:.0%} of the time, {cost.mac_residency:.0%} of multiply-accumulates"),
        ("segments", f"{cost.engine_segments} on the engine"),
        ("multiply-accumulates", f"{cost.macs:,}"),
        ("weights", f"{cost.weight_bytes / 1e6:.2f} MB"),
    ]  # fmt: skip
    return _table((), ([name, html.escape(text)] for name, text in rows))


def _times(profile: Profile) -> go.Figure:
    import plotly.graph_objects as go

    figure = go.Figure()
    numbered = list(enumerate(profile.placed))
    for bound, color in _COLORS.items():
        of_bound = [(i, one) for i, one in numbered if one.bound == bound]
        figure.add_bar(
            x=[i for i, _ in of_bound],
            y=[one.us for _, one in of_bound],
            name=_WORDS[bound],
            marker={"color": color, "line": {"width": 0}},
            hovertext=[_hover(one) for _, one in of_bound],
            hoverinfo="text",
        )
    figure.update_layout(xaxis_title="operation", yaxis_title="µs", bargap=0.1)
    return figure


def _roofline(profile: Profile) -> go.Figure:
    import plotly.graph_objects as go

    chip = profile.chip
    figure = go.Figure()
    counted = [one for one in profile.placed if one.op.macs and one.us]
    intensities = [_intensity(one.op) for one in counted]
    for bound, color in _COLORS.items():
        of_bound = [(x, one) for x, one in zip(intensities, counted, strict=True) if one.bound == bound]
        figure.add_scatter(
            x=[x for x, _ in of_bound],
            y=[2 * one.op.macs / one.us / 1e6 for _, one in of_bound],
            mode="markers",
            name=_WORDS[bound],
            marker={"color": color, "size": 8, "opacity": 0.8},
            hovertext=[_hover(one) for _, one in of_bound],
            hoverinfo="text",
        )
    # From the lowest intensity over the knee, where the bandwidth meets the peak, to the highest.
    knee = chip.peak_tflops * 1e12 / (2 * chip.weight_gb_s * 1e9)
    ends = [min([*intensities, knee]) / 2, max([*intensities, knee]) * 2]
    ceiling = [min(chip.peak_tflops, 2 * x * chip.weight_gb_s / 1e3) for x in (ends[0], knee, ends[1])]
    figure.add_scatter(
        x=[ends[0], knee, ends[1]],
        y=ceiling,
        mode="lines",
        name=f"{chip.peak_tflops:.1f} TFLOPS, {chip.weight_gb_s:.0f} GB/s",
        line={"color": "#656d76", "dash": "dot"},
        hoverinfo="skip",
    )
    figure.update_xaxes(type="log", title="multiply-accumulates per byte")
    figure.update_yaxes(type="log", title="10¹² operations a second")
    return figure


def _intensity(op: Op) -> float:
    moved = op.weight_bytes + sum(tensor.bytes for tensor in (*op.inputs, *op.outputs))
    return op.macs / max(1, moved)


def _plot(figure: go.Figure, name: str, *, with_library: bool) -> str:
    figure.update_layout(
        template="plotly_white",
        margin={"l": 60, "r": 20, "t": 40, "b": 50},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
    )
    div: str = figure.to_html(
        full_html=False, include_plotlyjs=with_library, default_height="420px", div_id=name, config={"responsive": True}
    )
    return div


def _hover(one: Placement) -> str:
    op = one.op
    shape = "×".join(map(str, op.outputs[0].shape))
    lines = [f"<b>{html.escape(op.name)}</b>", f"{op.kind} → {shape}", f"{one.us:.1f} µs, {_WORDS[one.bound]}"]
    if op.macs:
        lines.append(f"{op.macs:,} multiply-accumulates, {op.weight_bytes / 1e3:.1f} kB of weights")
    return "<br>".join(lines + ([html.escape(one.why)] if one.why else []))


def _findings(findings: Sequence[Finding]) -> str:
    if not findings:
        return "<p>None.</p>"
    rows = (
        [
            f"<span class='{finding.severity}'>{finding.severity}</span>",
            *(html.escape(text) for text in (finding.rule, finding.op, finding.message, finding.fix)),
        ]
        for finding in findings
    )
    return _table(("", "rule", "operation", "what", "fix"), rows)


def _operations(placed: Sequence[Placement]) -> str:
    rows = (
        [
            html.escape(one.op.name),
            html.escape(one.op.kind),
            "×".join(map(str, one.op.outputs[0].shape)),
            f"{one.op.macs / 1e6:.2f}" if one.op.macs else "",
            f"{one.op.weight_bytes / 1e3:.1f}" if one.op.weight_bytes else "",
            f"{one.us:.1f}",
            html.escape(one.bound),
            html.escape(one.why),
        ]
        for one in placed
    )
    return _table(
        ("operation", "kind", "output", "M MACs", "kB weights", "µs", "bound by", "why not on the engine"), rows
    )


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Cells are HTML already; numbers are aligned right."""
    head = f"<tr>{''.join(f'<th>{heading}</th>' for heading in headings)}</tr>" if headings else ""
    body = "".join(f"<tr>{''.join(_cell(text) for text in row)}</tr>" for row in rows)
    return f"<table>{head}{body}</table>"


def _cell(text: str) -> str:
    return f"<td class='n'>{text}</td>" if text.replace(".", "").isdecimal() else f"<td>{text}</td>"
