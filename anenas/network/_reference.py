"""A network run as in its exported program: operation by operation, with weights rounded to float16."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from anenas.graph import Op, Tensor
from anenas.network._build import Deployed
from anenas.network._passes import apply_passes
from anenas.network._recorder import BATCH_NORMS, Recorder
from anenas.network._recurrence import WholeRecurrences

# One sixth as the converter writes it.
_SIXTH = float(torch.tensor(1 / 6).half())


def reference_values(module: nn.Module, x: torch.Tensor) -> list[tuple[Op, torch.Tensor]]:
    """The operations that `module` is converted to, in order, each with its first result for an input.

    Batch normalisation is folded into the convolution before it, and weights are rounded to float16, as the converter
    does, but for what normalises an input that float16 does not hold; everything else is computed as precisely as the
    weights of `module` are.

    Args:
        module: In evaluation mode and fused, on the CPU; it is not changed.
        x: Its only input, of the same type.
    """
    recorder = _Reference(module)
    recorder.name_tensor(x, "x")
    with torch.no_grad(), recorder, WholeRecurrences(recorder):
        module(x)
    return [(op, recorder.values[op.outputs[0].name]) for op in apply_passes(recorder.ops)]


class _Reference(Recorder):
    """Records the results of operations.

    Attributes:
        values: The last value of each tensor, by name.
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__(module)
        self.values: dict[str, torch.Tensor] = {}
        self._convolutions: dict[int, tuple[Any, tuple[Any, ...]]] = {}
        in_float32 = isinstance(module, Deployed) and not module.normalise.fits_half
        self._exact = {id(module.scale), id(module.shift)} if in_float32 else set()

    def compute(self, func: Any, kind: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        if kind in BATCH_NORMS and (before := self._convolutions.get(id(args[0]))):
            convolve, (x, weight, bias, *rest) = before
            gamma, beta, mean, variance, *_, epsilon = args[1:]
            scale = gamma / torch.sqrt(variance + epsilon)
            weight = weight * scale.view(-1, *[1] * (weight.dim() - 1))
            bias = beta + ((0 if bias is None else bias) - mean) * scale
            return convolve(x, _half(weight), _half(bias), *rest), args[0].new_empty(0), args[0].new_empty(0)
        if kind == "hardsigmoid":
            return torch.clamp(args[0] * _SIXTH + 0.5, 0, 1)
        if kind == "lstm":  # the only operation in float32, with its weights
            return func(*args, **kwargs)
        result = func(*(self._rounded(argument) for argument in args), **kwargs)
        if kind == "convolution":
            self._convolutions[id(result)] = func, args
        return result

    def alias(self, output: torch.Tensor, tensor: Tensor) -> None:
        super().alias(output, tensor)
        self.values[tensor.name] = output.clone()  # later operations may change it in place

    def _rounded(self, argument: Any) -> Any:
        if isinstance(argument, list):  # the weights of a recurrent layer
            return [self._rounded(one) for one in argument]
        is_constant = isinstance(argument, torch.Tensor) and id(argument) in self.constants
        is_rounded = is_constant and argument.is_floating_point() and id(argument) not in self._exact
        return _half(argument) if is_rounded else argument


def _half(weight: torch.Tensor) -> torch.Tensor:
    return weight.half().to(weight.dtype)
