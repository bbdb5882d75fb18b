"""The cost of a program that may run in part on the CPU: the sum of its parts' costs.

Core ML's planner weighs what the engine saves against fixed costs of launching it and of switching units (751K,
coreml_dispatch notes: the rule reproduces its choice for 440 of 482 models). Compute units are assumed to be the engine
and the CPU.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from anenas.ane._guidelines import convolutions_problem, weights_problem

# What Core ML's planner charges for each launch of the engine, each change of unit, and fetching a result from the
# engine, in microseconds (751K, coreml_dispatch notes; M4, macOS 27).
LAUNCH_US = SWITCH_US = FETCH_US = 125.0


@dataclass(frozen=True, slots=True)
class Segment:
    """Consecutive operations that the engine can run, or that it cannot.

    Attributes:
        able: Whether it can.
        engine_us: Microseconds that they take on the engine.
        cpu_us: Microseconds that they take on the CPU.
        macs: Their multiply-accumulates.
        sure_us: Of the microseconds on the engine, those of operations whose time is known best.
    """

    able: bool
    engine_us: float
    cpu_us: float
    macs: int
    sure_us: float

    def __add__(self, other: Segment) -> Segment:
        return Segment(
            self.able,
            self.engine_us + other.engine_us,
            self.cpu_us + other.cpu_us,
            self.macs + other.macs,
            self.sure_us + other.sure_us,
        )


def on_engine(segments: Sequence[Segment]) -> list[bool]:
    """Which segments of a program, alternately able and not, the engine runs.

    If some operations need the CPU, a segment runs on the engine if that saves more than its launch and the changes of
    unit cost. A program that the engine can run whole counts as running there, as that is what is searched for; the
    rule `tiny` warns if Core ML may decide otherwise.
    """
    if len(segments) < 2:
        return [segment.able for segment in segments]
    # The first segment has one change of unit, after it; any other also has one before it, or a result to fetch.
    penalties = [LAUNCH_US + SWITCH_US, *[LAUNCH_US + SWITCH_US + FETCH_US] * (len(segments) - 1)]
    return [
        segment.able and segment.cpu_us - segment.engine_us > penalty
        for segment, penalty in zip(segments, penalties, strict=True)
    ]


@dataclass(frozen=True)
class ProgramCost:
    """The cost of a program, or a part of one, on a chip. Parts that run in sequence add up with `+`.

    Attributes:
        segments: Its operations: alternately those that the engine can run, and those that it cannot.
        weight_bytes: Size of the weights as stored.
        params: Number of stored weights.
        operations: Number of operations.
        convolutions: How many of them are convolutions.
        operation_problems: Messages of errors that rules find in single operations.
    """

    segments: tuple[Segment, ...] = ()
    weight_bytes: int = 0
    params: int = 0
    operations: int = 0
    convolutions: int = 0
    operation_problems: tuple[str, ...] = ()

    def __add__(self, other: ProgramCost) -> ProgramCost:
        return ProgramCost(
            merged((*self.segments, *other.segments)),
            self.weight_bytes + other.weight_bytes,
            self.params + other.params,
            self.operations + other.operations,
            self.convolutions + other.convolutions,
            self.operation_problems + other.operation_problems,
        )

    @property
    def problems(self) -> tuple[str, ...]:
        """Messages of errors that rules find, in single operations and in the whole."""
        whole = {
            "convolutions": convolutions_problem(self.convolutions),
            "size-limit": weights_problem(self.weight_bytes),
        }
        return (*self.operation_problems, *(f"{rule}: {problem}" for rule, problem in whole.items() if problem))

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one prediction."""
        return sum(segment.macs for segment in self.segments)

    @functools.cached_property
    def us(self) -> float:
        """Microseconds, with changes of unit and without the fixed cost of a prediction."""
        return sum(self._operation_us) + self.switching_us

    @functools.cached_property
    def unsure_us(self) -> float:
        """What remains of `us` without the engine's operations whose time is known best."""
        return self.us - sum(segment.sure_us for segment in itertools.compress(self.segments, self._on_engine))

    @functools.cached_property
    def switching_us(self) -> float:
        """Microseconds for changes of unit, and for every launch of the engine after the first."""
        changes = sum(a != b for a, b in itertools.pairwise(self._on_engine))
        return SWITCH_US * changes + LAUNCH_US * max(0, self.engine_segments - 1)

    @functools.cached_property
    def engine_segments(self) -> int:
        """How many times the engine is launched."""
        return sum(engine for engine, _ in itertools.groupby(self._on_engine))

    @property
    def saved_us(self) -> float:
        """Microseconds that the engine saves on all it can run, before launch costs."""
        return sum(segment.cpu_us - segment.engine_us for segment in self.segments if segment.able)

    @property
    def is_tiny(self) -> bool:
        """Whether Core ML may keep it all on the CPU: the engine saves less than its launch and the change of unit."""
        return len(self.segments) == 1 and self.macs > 0 and self.saved_us < LAUNCH_US + SWITCH_US

    @property
    def residency(self) -> float:
        """Fraction of the operations' time spent on the engine; 1 if they take none."""
        return _fraction(self._operation_us, self._on_engine)

    @property
    def mac_residency(self) -> float:
        """Fraction of the multiply-accumulates done by the engine; 1 if there are none."""
        return _fraction([segment.macs for segment in self.segments], self._on_engine)

    @functools.cached_property
    def _on_engine(self) -> list[bool]:
        return on_engine(self.segments)

    @functools.cached_property
    def _operation_us(self) -> list[float]:
        pairs = zip(self.segments, self._on_engine, strict=True)
        return [segment.engine_us if engine else segment.cpu_us for segment, engine in pairs]


def merged(segments: Iterable[Segment]) -> tuple[Segment, ...]:
    """The same segments, with neighbours of one kind merged."""
    result: list[Segment] = []
    for segment in segments:
        if result and result[-1].able == segment.able:
            result[-1] += segment
        else:
            result.append(segment)
    return tuple(result)


def _fraction(amounts: Sequence[float], chosen: Sequence[bool]) -> float:
    total = sum(amounts)
    return sum(itertools.compress(amounts, chosen)) / total if total else 1.0
