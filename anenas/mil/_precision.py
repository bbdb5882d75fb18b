"""Rounding every result to float16, as on the Neural Engine, and what that loses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

if TYPE_CHECKING:
    from anenas.mil._syntax import Operand

Precision = Literal["fp32", "fp16"]

# Spacing of float16's denormal numbers.
_STEP = 2.0**-24
_LARGEST_DENORMAL = torch.finfo(torch.float16).smallest_normal - _STEP


@dataclass(frozen=True)
class Numerics:
    """How a program computes.

    Attributes:
        rounded: The declared element types whose results are rounded.
        change: What becomes of constants of floating point; None if nothing.
        unpacked: What becomes of compressed weights before, from them and by how much their format may be off; None if
            nothing.
        exact: The operands that are neither changed nor rounded.
        on_engine: Whether operations compute what the engine is known to compute otherwise.
    """

    rounded: frozenset[str] = frozenset()
    change: Callable[[Tensor], Tensor] | None = None
    unpacked: Callable[[Tensor, Tensor], Tensor] | None = None
    exact: frozenset[Operand] = frozenset()
    on_engine: bool = False


def halved(value: Tensor) -> Tensor:
    """Numbers of float32 that are numbers of float16."""
    return value.half().float()


def rounded(value: Tensor) -> Tensor:
    """Results as float16 holds them on the engine: denormal numbers become zero."""
    return F.hardshrink(halved(value), _LARGEST_DENORMAL)


@dataclass(frozen=True)
class Event:
    """Values that an operation lost to float16, or that the engine computes otherwise.

    Attributes:
        op: The operation's name.
        op_type: Its type in MIL.
        kind: "overflow" for values that became infinite, "nan", or "denormal" for values that became zero because they
            were smaller than float16's normal numbers; "known difference" for values that the engine computes otherwise
            than the operation is defined (`anenas.ane.known_differences`).
        count: Number of such values in its results.
    """

    op: str
    op_type: str
    kind: Literal["overflow", "nan", "denormal", "known difference"]
    count: int

    @property
    def is_loss(self) -> bool:
        """Whether a number was lost, rather than rounded or told."""
        return self.kind in ("overflow", "nan")


class Rounding:
    """Rounds results to float16 and records what that loses, at the operation where it starts.

    Operations compute in float32, as the engine's accumulators are wider than its results, and their results are
    rounded. Denormal numbers become zero.

    What is lost in values that only a `select` reads, which takes others in their place, is not lost to the program.
    """

    def __init__(self) -> None:
        self._found: list[Event] = []
        self._counted: set[int] = set()
        self._tainted: dict[Loss, set[str]] = {kind: set() for kind in _LOSSES}
        self._origins: dict[str, frozenset[int]] = {}  # of infinities and NaN in values: places in `_found`

    def finished(self, outputs: list[str]) -> list[Event]:
        """What was lost, once the program has run.

        Args:
            outputs: The names of its results, and of whatever else outlives it.
        """
        for name in outputs:
            self._counted |= self._origins.get(name, frozenset())
        return [event for place, event in enumerate(self._found) if place in self._counted]

    def tell(self, op: str, op_type: str, count: int) -> None:
        """Record values that the engine computes otherwise."""
        self._record(Event(op, op_type, "known difference", count))

    def pass_on(self, op_type: str, value: Tensor, name: str, operands: list[str]) -> None:
        """Follow what was lost before through a result that is not rounded."""
        if inherited := self._inherited(operands):
            self._follow(op_type, bool(blemishes(value)), name, inherited)

    def take(self, operands: list[str]) -> None:
        """Count what was lost in values that become something else than a number, such as a label."""
        self._counted |= self._inherited(operands)

    def _record(self, event: Event) -> None:
        self._counted.add(len(self._found))
        self._found.append(event)

    def _inherited(self, operands: list[str]) -> frozenset[int]:
        if not self._origins:
            return frozenset()
        return frozenset().union(*(self._origins.get(name, frozenset()) for name in operands))

    def _follow(self, op_type: str, is_blemished: bool, name: str, origins: frozenset[int]) -> None:
        if is_blemished:
            self._origins[name] = origins
        elif op_type != "select":  # what came of it cannot be told from a number any more
            self._counted |= origins

    def __call__(
        self, op: str, op_type: str, value: Tensor, name: str, operands: list[str], known: list[Loss]
    ) -> Tensor:
        """The result called `name`, rounded.

        Args:
            operands: The names of the operation's operands, whose infinities are not reported again in the result.
            known: What its constants hold already.
        """
        flushed = rounded(value)
        tiny = _too_small(value)
        if tiny:
            self._record(Event(op, op_type, "denormal", tiny))
        origins, kinds = self._inherited(operands), blemishes(flushed)
        for kind in kinds:
            if self._tainted[kind].isdisjoint(operands) and kind not in known:
                origins |= {len(self._found)}
                self._found.append(Event(op, op_type, kind, int(_LOSSES[kind](flushed).count_nonzero())))
            self._tainted[kind].add(name)
        if origins:
            self._follow(op_type, bool(kinds), name, origins)
        return flushed


def _too_small(value: Tensor) -> int:
    """How many values other than zero are rounded to a denormal number or to zero.

    Hard shrinking zeroes only those, and is far faster than torch's comparisons and counts.
    """
    if not value.numel():
        return 0
    small = F.hardshrink(value, _LARGEST_DENORMAL + _STEP / 2).sub_(value)
    low, high = small.aminmax()
    if low == 0 and high == 0:
        return 0
    return int(small.nan_to_num_(0.0).sign_().abs_().sum(-1).double().sum())  # infinities give NaN


Loss = Literal["overflow", "nan"]
_LOSSES: dict[Loss, Callable[[Tensor], Tensor]] = {"overflow": torch.isinf, "nan": torch.isnan}


def blemishes(value: Tensor) -> list[Loss]:
    """Which of "overflow" and "nan" a tensor holds."""
    if not value.is_floating_point() or not value.numel() or value.sum().isfinite():
        return []
    return [kind for kind, is_lost in _LOSSES.items() if is_lost(value).any()]
