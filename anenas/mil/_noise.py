"""How far rounding moves a program's results: the program run with results and weights moved at random.

Monte Carlo arithmetic (D. S. Parker, 1997): every result that was rounded is multiplied by 1 + d, d drawn evenly from
one unit of rounding below 0 to one above. What the outputs differ by from one run to the next is what rounding
explains, and it follows the program: it is small where a sum averages it out and large behind a difference of two near
numbers.

Exact results stay, as what moves them is no rounding: a mask that is 0 or 1, moved by a unit, would no longer cancel
what is far larger than all values around it. They are known by their values rather than by the operation, as sums and
products of masks and counts are exact, too.
"""

from __future__ import annotations

import torch
from torch import Tensor

from anenas.mil._precision import Event, Loss, Rounding, halved

UNITS = {"fp32": 2.0**-23, "fp16": 2.0**-11}
"""Largest relative error of rounding to nearest; of float32 twice that, as half the spacing cannot be added to 1."""

_FEW = 5  # binary digits, of float16's eleven: one in 64 numbers has no more by chance


class Noise(Rounding):
    """Moves what `Rounding` rounds, unless it is exact, and finds no losses.

    Args:
        results: Largest relative change of a result.
        weights: Largest relative change of a constant.
        seed: Equal seeds give equal changes.
        formats: Whether compressed weights are moved by what their format may be off, too.
    """

    def __init__(self, results: float, weights: float, seed: int = 0, *, formats: bool = False) -> None:
        super().__init__()
        self.formats = formats
        self._results, self._of_weights = results, weights
        self._random = torch.Generator().manual_seed(seed)

    def __call__(
        self, op: str, op_type: str, value: Tensor, name: str, operands: list[str], known: list[Loss]
    ) -> Tensor:
        # What was rounded to float32 is a number of float16 in one of 2¹³ cases.
        is_exact = halved(value) == value
        if not self._results or is_exact.all():
            return value
        moved = self._moved(value, self._results)
        # Denormal numbers stay: that the engine makes them zero is rounding, too.
        return torch.where(is_exact, value, halved(moved) if self._results >= UNITS["fp16"] else moved)

    def pass_on(self, op_type: str, value: Tensor, name: str, operands: list[str]) -> None:
        pass

    def tell(self, op: str, op_type: str, count: int) -> None:
        pass

    def finished(self, outputs: list[str]) -> list[Event]:
        return []

    def weights(self, value: Tensor) -> Tensor:
        """A constant, changed; masks and numbers such as 1, 0.5 and 6 stay, as they are no rounded ones."""
        return value if _has_few_digits(value) else self._moved(value, self._of_weights)

    def compressed(self, value: Tensor, most: Tensor) -> Tensor:
        """A compressed weight, each of its values moved by at most so much."""
        moved = torch.empty_like(value).uniform_(-1, 1, generator=self._random)
        return moved.mul_(most.to(value.dtype)).add_(value)

    def _moved(self, value: Tensor, most: float) -> Tensor:
        if not most:
            return value
        return torch.empty_like(value).uniform_(1 - most, 1 + most, generator=self._random).mul_(value)


def _has_few_digits(value: Tensor) -> bool:
    """Whether no element of a tensor has more than `_FEW` binary digits."""
    digits = value.frexp().mantissa * 2**_FEW
    return torch.equal(digits, digits.round())
