"""An exported program that runs on torch."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, get_args

import numpy as np
import torch
from torch import Tensor

from anenas._errors import AnenasError, unknown
from anenas.mil._block import Steps, Values
from anenas.mil._features import Feature, join, parts, take
from anenas.mil._file import ProgramFile, intact
from anenas.mil._noise import Noise
from anenas.mil._precision import Event, Numerics, Precision, Rounding, halved
from anenas.mil._sizing import sizing
from anenas.mil._syntax import Block, Value
from anenas.mil._types import named_type
from anenas.mil._values import Array, to_array

# How far results for one sample may differ, relative to the largest value, when other samples run beside it.
_SAME = 1e-3


class Program:
    """An ML program, ready to run: `program({"image": array})` gives its outputs by name.

    Attributes:
        inputs: Its inputs.
        states: What it keeps from one call to the next, such as a cache.
        outputs: Its outputs.
        classes: The labels of a classifier, in the order of its probabilities.
        precision: "fp32" computes in float32, and returns fp16 outputs as float32; "fp16" also rounds every result to
            float16, as the Neural Engine does, computes what the engine is known to compute otherwise
            (`anenas.ane.known_differences`), and records in `report` what that loses. Values that decide shapes are not
            rounded.
        report: What the last run lost to float16.

    Args:
        file: The package.
        precision: See above.
        noise: Moves results and weights at random in place of rounding, see `Noise`.
        like: The same program without, if it has run: whether samples run together is not tested again.
    """

    def __init__(
        self,
        file: ProgramFile,
        precision: Precision = "fp32",
        noise: Noise | None = None,
        *,
        like: Program | None = None,
    ) -> None:
        if precision not in get_args(Precision):
            raise unknown("precision", precision, get_args(Precision))
        self.inputs: tuple[Feature, ...] = file.inputs
        self.states: tuple[Feature, ...] = file.states
        self.outputs: tuple[Feature, ...] = file.outputs
        self.classes: tuple[str | int, ...] = file.classes
        self.precision: Precision = precision
        self.report: tuple[Event, ...] = ()
        self._noise = noise
        with intact(file.path):
            self._steps = Steps(file.main, _numerics(file.main, precision, noise))
        self._lasting = [one.name for one in (*file.main.outputs, *self.states) if isinstance(one, Value | Feature)]
        self._independent: bool | None = like._independent if like is not None else None

    def new_state(self) -> dict[str, Array]:
        """The states before the first call, which are zeros, by name."""
        return {
            one.name: np.zeros([size or 1 for size in one.shape or ()], named_type(one.dtype).numpy)
            for one in self.states
        }

    def __call__(
        self, inputs: Mapping[str, Any], *, state: dict[str, Array] | None = None, at_once: int = 64
    ) -> dict[str, Array]:
        """Run the program.

        Args:
            inputs: Arrays or tensors by input name, each of a shape that its input takes, or with several samples
                concatenated along its first dimension. Those of a program that keeps a state run in their order, each
                with what the one before left.
            state: Its states by name, which are replaced by those after the call; by default those of `new_state`.
            at_once: Batch size, if the program treats samples independently. That is tested once, on two different
                samples; if it does not, they run one by one.

        Returns:
            Arrays by output name. A classifier returns its labels and, as (N, classes), its probabilities.

        Raises:
            AnenasError: If an input is missing or does not fit, or an operation fails.
        """
        given, count = take(inputs, self.inputs)
        if self.states:
            return self._in_turn(parts(given, count), self.new_state() if state is None else state)
        if count == 1:
            return self._run(given)
        together = self._independent
        if together is None:
            pair, differ = _pair(given, count)
            together = self._treats_each_alone(pair)
            if differ or not together:
                self._independent = together
        events: list[Event] = []
        results = []
        for part in parts(given, count, max(1, at_once) if together else 1):
            results.append(self._run(part))
            events += self.report
        self.report = _summed(events)
        return {name: join([result[name] for result in results]) for name in results[0]}

    @torch.inference_mode()
    def intermediates(self, inputs: Mapping[str, Any]) -> Iterator[tuple[str, Array]]:
        """Run the program on one sample and yield the name and value of every array it computes, in order.

        Raises:
            AnenasError: Like a call, or if there is more than one sample.
        """
        given, count = take(inputs, self.inputs)
        if count > 1:
            raise AnenasError(f"the inputs have {count} samples; intermediate results need exactly one")
        values: Values = given | self._tensors(self.new_state())
        rounding = self._rounding()
        for step in self._steps.stepwise(values, rounding):
            for name, dtype in zip(step.outputs, step.types, strict=True):
                if isinstance(values[name], Tensor):
                    yield name, to_array(values[name], dtype)
        self.report = _summed(rounding.finished(self._lasting)) if rounding else ()

    def _rounding(self) -> Rounding | None:
        if self._noise is not None:
            return self._noise
        return Rounding() if self.precision == "fp16" else None

    @torch.inference_mode()
    def _run(self, inputs: dict[str, Tensor], state: dict[str, Array] | None = None) -> dict[str, Array]:
        rounding = self._rounding()
        values: Values = inputs | self._tensors(state or {})
        results = self._steps.run(values, rounding)
        self.report = _summed(rounding.finished(self._lasting)) if rounding else ()
        for name in state or ():
            state[name] = to_array(values[name], named_type(self._state_types[name]))  # type: ignore[index]
        return {
            feature.name: _output(feature, value, self.precision)
            for feature, value in zip(self.outputs, results, strict=True)
        }

    def _in_turn(self, samples: Iterator[dict[str, Tensor]], state: dict[str, Array]) -> dict[str, Array]:
        """Run samples one after the other, each with the state that the one before left."""
        events: list[Event] = []
        results = []
        for sample in samples:
            results.append(self._run(sample, state))
            events += self.report
        self.report = _summed(events)
        return {name: join([result[name] for result in results]) for name in results[0]}

    @property
    def _state_types(self) -> dict[str, str]:
        return {one.name: one.dtype for one in self.states}

    def _tensors(self, state: Mapping[str, Any]) -> dict[str, Tensor]:
        """States as tensors.

        Raises:
            AnenasError: If one is missing, unknown, or of another shape.
        """
        given, _ = take(state, self.states) if state or self.states else ({}, 1)
        return given

    def _treats_each_alone(self, pair: dict[str, Tensor]) -> bool:
        """Whether two samples give the same results together as separately."""
        alone = [self._run(part) for part in parts(pair, 2)]
        try:
            together = self._run(pair)
        except AnenasError:
            return False
        return all(_same([one[name] for one in alone], together[name]) for name in together)


def _pair(given: dict[str, Tensor], count: int) -> tuple[dict[str, Tensor], bool]:
    """The first sample with one that differs from it, or with itself, and whether one differs."""
    first = next(parts(given, count))
    for part in islice(parts(given, count), 1, None):
        if any(not torch.equal(part[name], first[name]) for name in first):
            return {name: torch.cat([first[name], part[name]]) for name in first}, True
    return {name: torch.cat([first[name], first[name]]) for name in first}, False


def _summed(events: list[Event]) -> tuple[Event, ...]:
    """Events merged by operation and kind."""
    summed: dict[tuple[str, str], Event] = {}
    for event in events:
        before = summed.get((event.op, event.kind))
        count = event.count + (before.count if before else 0)
        summed[event.op, event.kind] = dataclasses.replace(event, count=count)
    return tuple(summed.values())


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


def _output(feature: Feature, value: Any, precision: Precision) -> Array:
    if feature.dtype == "label":
        return np.array(value)
    if feature.dtype == "probabilities":
        return to_array(value, named_type("fp32"))
    if not isinstance(value, Tensor):
        raise AnenasError(f"output {feature.name} is not an array")
    dtype = "fp32" if (feature.dtype, precision) == ("fp16", "fp32") else feature.dtype
    return to_array(value.flip(1) if feature.image == "BGR" else value, named_type(dtype))


def _numerics(block: Block, precision: Precision, noise: Noise | None) -> Numerics:
    """How a program computes; one without any float16 shows what it would lose if converted to it."""
    types = _float_types(block)
    rounded = frozenset({"fp16"} if "fp16" in types else {"fp32"}) if precision == "fp16" else frozenset()
    on_engine = precision == "fp16"
    if noise is not None:
        unpacked = noise.compressed if noise.formats else None
        return Numerics(rounded or types, noise.weights, unpacked, sizing(block), on_engine)
    change = halved if on_engine and "fp16" not in types else None
    return Numerics(rounded, change, None, sizing(block) if change else frozenset(), on_engine)


def _float_types(block: Block) -> frozenset[str]:
    """The floating-point types among the results of a block and its nested blocks."""
    found = set()
    for operation in block.operations:
        if operation.type != "cast":
            found |= {one.type.dtype.name for one in operation.results if one.type.dtype and one.type.dtype.is_float}
            found |= {name for inner in operation.blocks for name in _float_types(inner)}
    return frozenset(found)


def load_program(path: str | Path, precision: Precision = "fp32") -> Program:
    """Load the ML program of a `.mlpackage` with its weights unpacked, to run on torch.

    Args:
        path: The package.
        precision: "fp32" computes in float32; "fp16" also rounds every result to float16.

    Raises:
        AnenasError: If the package is missing or damaged, holds something other than an ML program, or the program has
            an unknown operation.
    """
    return Program(ProgramFile.open(path), precision)
