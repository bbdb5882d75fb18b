"""A profile as drawings: where the time goes, and how near each operation is to the chip's limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from anenas.ane import Finding, Placement, roof
from anenas.latency import Profile
from anenas.report._axis import Axis
from anenas.report._labels import Box
from anenas.report._plot import WIDTH, Plot

WORDS = {
    "fixed": "fixed cost of any prediction",
    "compute": "limited by compute",
    "weights": "limited by reading weights",
    "activations": "limited by activations",
    "memory": "limited by memory",
    "cpu": "on the CPU",
    "switching": "changes between units",
}
"""What time is spent on, in the order in which it is drawn. Operations that are fused into another take none."""
NAMED = 6  # operations of a finding that are named


@dataclass(frozen=True)
class Share:
    """Time that is spent on one thing.

    Attributes:
        kind: Of `WORDS`.
        us: Microseconds.
        share: Of the whole; they add up to 1.
        left: Where it begins on a bar, in units of the drawing.
        width: Of it there.
        count: Of operations; 0 where it is none's.
    """

    kind: str
    us: float
    share: float
    left: float
    width: float
    count: int


@dataclass(frozen=True)
class Mark:
    """An operation in a drawing: a bar or a point.

    Attributes:
        kind: Of `WORDS`.
        box: Of the bar, or around the point.
        words: What it is.
    """

    kind: str
    box: Box
    words: str

    @property
    def x(self) -> float:
        return (self.box.left + self.box.right) / 2

    @property
    def y(self) -> float:
        return (self.box.top + self.box.bottom) / 2


@dataclass(frozen=True)
class Times:
    """The time of each operation in the program's order.

    Attributes:
        plot: Its frame.
        bars: A bar for each operation that takes time.
        off: Stretches of operations that are off the engine.
    """

    plot: Plot
    bars: list[Mark]
    off: list[Box]


@dataclass(frozen=True)
class Roofline:
    """How near operations are to the chip's limits.

    Attributes:
        plot: Its frame.
        points: A point for each operation with weights and multiply-accumulates.
        roof: The line of the limits.
        note: What the line is, and what is not in the drawing.
    """

    plot: Plot
    points: list[Mark]
    roof: str
    note: str


@dataclass(frozen=True)
class Group:
    """Findings of one rule with one fix.

    Attributes:
        first: The first of them.
        ops: The names of the operations, those that are named.
        more: How many others there are.
        count: Of all.
    """

    first: Finding
    ops: list[str]
    more: int
    count: int


def shares(profile: Profile) -> list[Share]:
    """What a prediction's time is spent on; the parts add up to the calibrated model's estimate."""
    us, count = dict.fromkeys(WORDS, 0.0), Counter[str]()
    us["fixed"], us["switching"] = profile.fixed_us, profile.switching_us
    for one in profile.placed:
        if one.us:
            us[one.bound] += one.us
            count[one.bound] += 1
    whole, found, left = sum(us.values()), list[Share](), 0.0
    for kind in WORDS:
        if us[kind] > 0:
            width = WIDTH * us[kind] / whole
            found.append(Share(kind, us[kind], us[kind] / whole, round(left, 2), round(width, 2), count[kind]))
            left += width
    return found


def times(profile: Profile) -> Times:
    """A bar for each operation, as long as it takes."""
    placed, most = profile.placed, max((one.us for one in profile.placed), default=0.0)
    name = f"time of each of {len(placed)} operations in the program's order, {most:.1f} µs at most"
    x = Axis("operation", 0.0, float(max(1, len(placed))), 0, 1)
    plot = Plot.of(name, x, Axis("µs", 0.0, 1.05 * most or 1.0, 0, 1))
    bars, off = [], []
    for i, one in enumerate(placed):
        left, right = plot.x.at(i), plot.x.at(i + 1)
        gap = min(1.0, 0.1 * (right - left))
        if one.us:
            bars.append(Mark(one.bound, Box(left, plot.y.at(one.us), right - gap, plot.y.start), operation_words(one)))
        if not one.on_engine:
            off.append(Box(left, plot.y.end, right, plot.y.start))
    return Times(plot, bars, _joined(off))


def roofline(profile: Profile) -> Roofline:
    """Operations by their multiply-accumulates per byte of weights, against the rates of the chip.

    Both axes are of weights alone: activations that stay on the chip cross no bus.
    """
    tera, bandwidth = (limit / _scale(profile) for limit in roof(profile.chip))
    counted = [one for one in profile.placed if one.op.macs and one.us and one.on_engine]
    shown = [one for one in counted if one.op.weight_bytes]
    found = [(one.op.macs / one.op.weight_bytes, 2e-6 * one.op.macs / one.us, one) for one in shown]
    knee = tera * 1e3 / (2 * bandwidth)
    xs, ys = [*(x for x, _, _ in found), knee], [*(y for _, y, _ in found), tera]
    x = Axis("multiply-accumulates per byte of weights", min(xs) / 2, max(xs) * 2, 0, 1, logarithmic=True, most=5)
    low = min([*ys, 2e-3 * x.low * bandwidth])
    y = Axis("10¹² operations per second", low / 1.5, max(ys) * 1.5, 0, 1, logarithmic=True)
    plot = Plot.of(f"{len(shown)} operations against the limits of {profile.chip.name}", x, y)
    points = [Mark(one.bound, _around(plot.x.at(a), plot.y.at(b)), operation_words(one)) for a, b, one in found]
    corner = f"{plot.x.at(knee)},{plot.y.at(tera)}"
    line = f"M{plot.x.start},{plot.y.at(2e-3 * x.low * bandwidth)}L{corner}H{plot.x.end}"
    note = (
        f"The line is the limit of {profile.chip.name} in the latency model: {tera:.3g}·10¹² operations and "
        f"{bandwidth:.3g} GB of weights per second. Activations, and padding to 16 channels and 32 columns, keep most "
        "below it."
    )
    if left := len(counted) - len(shown):
        note += f" {left} without weights are not shown."
    return Roofline(plot, points, line, note)


def operation_words(one: Placement) -> str:
    """What an operation is and takes, in lines."""
    op = one.op
    shape = "×".join(map(str, op.outputs[0].shape))
    lines = [op.name, f"{op.kind} → {shape}", f"{one.us:.1f} µs, {WORDS.get(one.bound, 'fused into the one before')}"]
    if op.macs:
        lines.append(f"{op.macs:,} multiply-accumulates, {op.weight_bytes / 1e3:,.1f} kB of weights")
    return "\n".join([*lines, one.why] if one.why else lines)


def grouped(findings: Sequence[Finding]) -> list[Group]:
    """Findings of one rule with one fix together, in the order of the first of each."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.rule, finding.fix), []).append(finding)
    found = []
    for alike in groups.values():
        ops = list(dict.fromkeys(finding.op for finding in alike if finding.op))
        found.append(Group(alike[0], ops[:NAMED], max(0, len(ops) - NAMED), len(alike)))
    return found


def _scale(profile: Profile) -> float:
    """What an own device's operations take, of what the chip's do."""
    return (profile.calibrated.ms - profile.calibrated.fixed_ms) * 1000 / profile.cost.us if profile.cost.us else 1.0


def _around(x: float, y: float) -> Box:
    return Box(x - 4, y - 4, x + 4, y + 4)


def _joined(boxes: Sequence[Box]) -> list[Box]:
    joined: list[Box] = []
    for box in boxes:
        if joined and box.left - joined[-1].right < 0.1:
            joined[-1] = joined[-1]._replace(right=box.right)
        else:
            joined.append(box)
    return joined
