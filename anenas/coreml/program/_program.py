"""An exported program that runs on torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import numpy as np
import torch
from torch import Tensor

from anenas._errors import AnenasError, unknown
from anenas.coreml._package import Package, open_package
from anenas.coreml.program._block import Block, Values
from anenas.coreml.program._features import Feature, read_inputs, read_outputs, take
from anenas.coreml.program._precision import Event, Precision, Rounding
from anenas.coreml.program._values import Array, named_type, tensor_type, to_array

# How far two runs of the same input may differ, of the largest value, when other inputs run beside it.
_SAME = 1e-3


class Program:
    """An ML program, ready to run: `program({"image": array})` gives its outputs by name.

    Attributes:
        inputs: What it takes.
        outputs: What it gives.
        precision: "fp32" computes as written but in float32; "fp16" also rounds every result to float16, as the Neural
            Engine does, and notes in `report` what that loses.
        report: What the last run lost to float16.
    """

    def __init__(self, package: Package, precision: Precision = "fp32") -> None:
        if precision not in get_args(Precision):
            raise unknown("precision", precision, get_args(Precision))
        self.inputs: tuple[Feature, ...] = read_inputs(package)
        self.outputs: tuple[Feature, ...] = read_outputs(package)
        self.precision: Precision = precision
        self.report: tuple[Event, ...] = ()
        types = {kind.name for kind in _float_types(package.block)}
        # A program without any float16 shows what it would lose if it had been converted to it.
        self._rounded = frozenset({"fp16"} if "fp16" in types else {"fp32"})
        names = {feature.name for feature in self.inputs}
        halved = precision == "fp16" and "fp16" not in types
        self._block = Block(package.block, package, given=names, halved=halved)
        self._independent: bool | None = None

    def __call__(self, inputs: Mapping[str, Any]) -> dict[str, Array]:
        """Runs the program once.

        Args:
            inputs: Arrays or tensors by the inputs' names, of shapes that the inputs take.

        Returns:
            Arrays by the outputs' names. A classifier gives its labels and, as (N, classes), its probabilities.

        Raises:
            AnenasError: If an input is missing or not what it should be, or an operation fails.
        """
        return self._run(take(dict(inputs), self.inputs))

    def batched(self, inputs: Mapping[str, Any], size: int = 64) -> dict[str, Array]:
        """Runs the program for many inputs, which follow each other in the first dimension of the arrays.

        They run `size` at once where the program treats each by itself, and one by one where it does not: whether it
        does is found out on the first two.

        Raises:
            AnenasError: As a single run does.
        """
        given = take(dict(inputs), self.inputs, many=True)
        batches = {feature.name: (feature.shape or (1,))[0] or 1 for feature in self.inputs}
        counts = {len(tensor) // batches[name] for name, tensor in given.items()}
        if len(counts) != 1:
            raise AnenasError(f"inputs hold different numbers of samples: {', '.join(map(str, sorted(counts)))}")
        (count,) = counts

        def part(start: int, stop: int) -> dict[str, Tensor]:
            return {name: tensor[start * batches[name] : stop * batches[name]] for name, tensor in given.items()}

        if self._independent is None and count > 1:
            self._independent = self._treats_each_alone(part(0, 1), part(1, 2), part(0, 2))
        step = max(1, size) if self._independent else 1
        events: list[Event] = []
        results = []
        for start in range(0, count, step):
            results.append(self._run(part(start, min(start + step, count))))
            events += self.report
        self.report = tuple(events)
        return {name: np.concatenate([np.atleast_1d(one[name]) for one in results]) for name in results[0]}

    @torch.inference_mode()
    def intermediates(self, inputs: Mapping[str, Any]) -> Iterator[tuple[str, Array]]:
        """Runs the program and yields the name and the value of every result that is an array, in order."""
        values: Values = dict(take(dict(inputs), self.inputs))
        rounding = self._rounding()
        for step in self._block.stepwise(values, rounding):
            for name, dtype in zip(step.outputs, step.types, strict=True):
                if isinstance(values[name], Tensor):
                    yield name, to_array(values[name], dtype)
        self.report = tuple(rounding.events) if rounding else ()

    def _rounding(self) -> Rounding | None:
        return Rounding(self._rounded) if self.precision == "fp16" else None

    @torch.inference_mode()
    def _run(self, inputs: dict[str, Tensor]) -> dict[str, Array]:
        rounding = self._rounding()
        values = self._block.run(dict(inputs), rounding)
        self.report = tuple(rounding.events) if rounding else ()
        return {feature.name: _output(feature, value) for feature, value in zip(self.outputs, values, strict=True)}

    def _treats_each_alone(self, first: dict[str, Tensor], second: dict[str, Tensor], both: dict[str, Tensor]) -> bool:
        """Whether two inputs give together what each gives by itself."""
        alone = [self._run(first), self._run(second)]
        try:
            together = self._run(both)
        except AnenasError:
            return False
        return all(_same([one[name] for one in alone], together[name]) for name in together)


def _same(alone: list[Array], together: Array) -> bool:
    if any(one.ndim == 0 for one in alone) or len(together) != sum(map(len, alone)):
        return False
    if together.shape[1:] != alone[0].shape[1:]:
        return False
    expected = np.concatenate(alone)
    if expected.dtype.kind != "f":
        return bool((expected == together).all())
    difference = np.abs(np.nan_to_num(expected - together)).max(initial=0.0)
    return bool(difference <= _SAME * np.abs(np.nan_to_num(expected)).max(initial=0.0))


def _output(feature: Feature, value: Any) -> Array:
    if feature.dtype == "label":
        return np.array(value)
    if feature.dtype == "probabilities":
        return to_array(value, named_type("fp32"))
    if not isinstance(value, Tensor):
        raise AnenasError(f"output {feature.name} is no array")
    return to_array(value.flip(1) if feature.image == "BGR" else value, named_type(feature.dtype))


def _float_types(block: Any) -> set[Any]:
    """The floating-point types among a block's results, those of blocks within it included."""
    found = set()
    for operation in block.operations:
        if operation.type in ("const", "cast"):
            continue
        found |= {kind for output in operation.outputs if (kind := tensor_type(output.type)) and kind.is_float}
        for inner in operation.blocks:
            found |= _float_types(inner)
    return found


def load_program(path: str | Path, precision: Precision = "fp32") -> Program:
    """Loads the ML program of a `.mlpackage`, its weights unpacked, to be run on torch.

    Args:
        path: The package.
        precision: "fp32" computes as written but in float32; "fp16" also rounds every result to float16.

    Raises:
        AnenasError: If there is no such package, it is damaged, holds something other than an ML program, or the
            program has an operation that is not known.
    """
    return Program(open_package(Path(path)), precision)
