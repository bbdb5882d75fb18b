"""Rounding every result to float16, as on the Neural Engine, and what that loses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

Precision = Literal["fp32", "fp16"]

# Spacing of float16's denormal numbers.
_STEP = 2.0**-24
_LARGEST_DENORMAL = torch.finfo(torch.float16).smallest_normal - _STEP


@dataclass(frozen=True)
class Event:
    """Values that an operation lost to float16.

    Attributes:
        op: The operation's name.
        op_type: Its type in MIL.
        kind: "overflow" for values that became infinite, "nan", or "denormal" for values that became zero because they
            were smaller than float16's normal numbers.
        count: Number of such values in its results.
    """

    op: str
    op_type: str
    kind: Literal["overflow", "nan", "denormal"]
    count: int


class Rounding:
    """Rounds results to float16 and records what that loses, at the operation where it starts.

    Operations compute in float32, as the engine's accumulators are wider than its results, and their results are
    rounded. Denormal numbers become zero.
    """

    def __init__(self, types: frozenset[str]) -> None:
        """Results whose declared element type is one of `types` are rounded."""
        self.types = types
        self.events: list[Event] = []
        self._tainted: dict[Loss, set[str]] = {kind: set() for kind in _LOSSES}

    def __call__(
        self, op: str, op_type: str, value: Tensor, name: str, operands: list[str], known: list[Loss]
    ) -> Tensor:
        """The result called `name`, rounded.

        Args:
            operands: The names of the operation's operands, whose infinities are not reported again in the result.
            known: What its constants hold already.
        """
        flushed = F.hardshrink(value.half().float(), _LARGEST_DENORMAL)
        tiny = _too_small(value)
        if tiny:
            self.events.append(Event(op, op_type, "denormal", tiny))
        for kind in blemishes(flushed):
            if self._tainted[kind].isdisjoint(operands) and kind not in known:
                self.events.append(Event(op, op_type, kind, int(_LOSSES[kind](flushed).count_nonzero())))
            self._tainted[kind].add(name)
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
