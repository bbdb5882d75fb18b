"""Blocks of operations: bound to their constants once on loading, and run in their order."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from torch import Tensor

from anenas._errors import AnenasError
from anenas.mil._package import Package
from anenas.mil._precision import Loss, Rounding, blemishes
from anenas.mil._registry import Convert, Operation
from anenas.mil._values import DataType, decode, static_shape, tensor_type, to_tensor
from anenas.mil.operations import folded_operations, operations

# What a name of a program stands for while it runs: a tensor, a list of them, or a string.
Value = Any
Values = dict[str, Value]


class Constants:
    """The constants that a block sees, its own and those around it, each turned into a tensor at most once."""

    def __init__(self, outer: Constants | None, halved: bool) -> None:
        """Those around it are `outer`; `halved` has floats rounded to float16."""
        self._outer = outer
        self._halved = halved
        self._stored: dict[str, Any] = {}
        self._values: Values = {}

    def store(self, name: str, constant: Any) -> None:
        self._stored[name] = constant

    def __contains__(self, name: str) -> bool:
        return name in self._stored or (self._outer is not None and name in self._outer)

    def stored(self, name: str) -> Any:
        """The constant as the package has it: an array, a string or a list."""
        if name in self._stored:
            return self._stored[name]
        if self._outer is None:
            raise KeyError(name)
        return self._outer.stored(name)

    def as_value(self, constant: Any) -> Value:
        """An array, a string or a list as operations take it."""
        if not isinstance(constant, np.ndarray):
            return constant
        tensor = to_tensor(constant)
        return tensor.half().float() if self._halved and tensor.is_floating_point() else tensor

    def value(self, name: str) -> Value:
        """The constant as operations take it."""
        if name not in self._stored and self._outer is not None:
            return self._outer.value(name)
        if name not in self._values:
            constant = self._stored[name]
            self._values[name] = self.as_value(constant)
        return self._values[name]


@dataclass
class Step:
    """An operation with its operands.

    Attributes:
        name: Of its first result.
        type: In MIL.
        run: Takes what is bound and, by parameter, what is not.
        constants: Parameters that never change.
        variables: For each other parameter, the names of the values that it is bound to, and how they are converted.
        held: Constants among those values.
        outputs: The names of its results.
        types: Their element types; None of what is no tensor.
        spent: Values that nothing reads after it.
    """

    name: str
    type: str
    run: Callable[..., Any]
    constants: dict[str, Any]
    variables: dict[str, tuple[list[str], Convert]]
    held: Values
    outputs: list[str]
    types: list[DataType | None]
    blocks: list[Block]
    spent: list[str] = field(default_factory=list)

    @functools.cached_property
    def reads(self) -> list[str]:
        """The names of what it reads, blocks within it included."""
        own = [name for names, _ in self.variables.values() for name in names if name not in self.held]
        return own + [name for block in self.blocks for name in block.reads]

    @functools.cached_property
    def blemishes(self) -> list[Loss]:
        """What is wrong with its constants to begin with, such as the infinities of a mask."""
        tensors = [one for one in (*self.constants.values(), *self.held.values()) if isinstance(one, Tensor)]
        return [kind for tensor in tensors for kind in blemishes(tensor)]


class Block:
    """A block of a program.

    Attributes:
        steps: Its operations in their order.
        inputs: The names of what it is called with.
        outputs: The names of what it gives.
        reads: The names of values around it that it reads.
    """

    def __init__(
        self, block: Any, package: Package, *, given: set[str], halved: bool, outer: Constants | None = None
    ) -> None:
        """Binds the operations of a `Block` message.

        Args:
            given: The names of the values around it.
            halved: Whether constants are rounded to float16.
            outer: The constants around it.

        Raises:
            AnenasError: If an operation is not known, or lacks something.
        """
        self._package = package
        self._halved = halved
        self._constants = Constants(outer, halved)
        self.inputs = [one.name for one in block.inputs]
        self.outputs = list(block.outputs)
        known = given | set(self.inputs)
        self._shapes: dict[str, tuple[int, ...] | None] = {}
        self.steps: list[Step] = []
        for operation in block.operations:
            if operation.type == "const" or operation.type in folded_operations():
                self._fold(operation)
                continue
            step = self._step(operation, known)
            known.update(step.outputs)
            self.steps.append(step)
        for name in self.outputs:
            if name not in known and name not in self._constants:
                raise AnenasError(f"{package.path} is damaged: nothing computes its output {name!r}")
        self._fixed = {name: self._constants.value(name) for name in self.outputs if name not in known}
        made = {name for step in self.steps for name in step.outputs} | set(self.inputs)
        self.reads = [name for step in self.steps for name in step.reads if name not in made]
        self.reads += [name for name in self.outputs if name in given and name not in made]
        self._free_early()
        del self._constants, self._package, self._shapes

    def run(self, values: Values, rounding: Rounding | None) -> list[Value]:
        """What the block gives. `values` is used up: what is spent is removed from it."""
        for _ in self.stepwise(values, rounding):
            pass
        return [values[name] if name in values else self._fixed[name] for name in self.outputs]

    def stepwise(self, values: Values, rounding: Rounding | None) -> Iterator[Step]:
        """Runs the block and yields each operation as soon as its results are among `values`."""
        for step in self.steps:
            values.update(zip(step.outputs, _run(step, values, rounding), strict=True))
            yield step
            for name in step.spent:
                del values[name]

    def _fold(self, operation: Any) -> None:
        """Takes a constant as it is, or unpacks one."""
        names = [output.name for output in operation.outputs]
        stored = {name: decode(value, self._package) for name, value in operation.attributes.items() if name != "name"}
        if operation.type == "const":
            self._constants.store(names[0], stored["val"])
            return
        for parameter, argument in operation.inputs.items():
            (binding,) = argument.arguments
            stored[parameter] = self._bound(binding, names[0])
        try:
            unpacked = folded_operations()[operation.type](**stored)
        except (TypeError, ValueError, IndexError) as error:
            raise AnenasError(
                f"{self._package.path} is damaged: the weight {names[0]!r} cannot be unpacked ({operation.type})"
            ) from error
        for name, constant in zip(names, unpacked if isinstance(unpacked, tuple) else (unpacked,), strict=True):
            self._constants.store(name, constant)

    def _bound(self, binding: Any, reader: str) -> Any:
        if binding.WhichOneof("binding") == "value":
            return decode(binding.value, self._package)
        if binding.name not in self._constants:
            raise AnenasError(f"{self._package.path} is damaged: {reader!r} needs a constant {binding.name!r}")
        return self._constants.stored(binding.name)

    def _step(self, operation: Any, known: set[str]) -> Step:
        outputs = [output.name for output in operation.outputs]
        name = outputs[0] if outputs else operation.type
        types = [tensor_type(output.type) for output in operation.outputs]
        for output in operation.outputs:
            self._shapes[output.name] = static_shape(output.type)
        blocks = [
            Block(block, self._package, given=set(known), halved=self._halved, outer=self._constants)
            for block in operation.blocks
        ]
        found = _CONTROL.get(operation.type) or operations().get(operation.type)
        if found is None:
            raise AnenasError(f"operation {name!r} is of type {operation.type!r}, which is not known")
        step = Step(name, operation.type, found.function, {}, {}, {}, outputs, types, blocks)
        for parameter, argument in operation.inputs.items():
            if parameter not in found.convert:
                raise AnenasError(f"operation {name!r} ({operation.type}) has an unknown parameter {parameter!r}")
            self._bind(step, parameter, argument, found.convert[parameter], known)
        missing = found.required - step.constants.keys() - step.variables.keys()
        if missing:
            raise AnenasError(f"operation {name!r} ({operation.type}) lacks its parameter {min(missing)!r}")
        if operation.type == "reshape":
            self._free_first_dimension(step)
        return step

    def _bind(self, step: Step, parameter: str, argument: Any, convert: Convert, known: set[str]) -> None:
        names: list[str] = []
        held: Values = {}
        for index, binding in enumerate(argument.arguments):
            if binding.WhichOneof("binding") == "value":
                names.append(f"{step.name}.{parameter}.{index}")
                held[names[-1]] = self._constants.as_value(decode(binding.value, self._package))
                continue
            names.append(binding.name)
            if binding.name in self._constants:
                held[binding.name] = self._constants.value(binding.name)
            elif binding.name not in known:
                raise AnenasError(
                    f"{self._package.path} is damaged: nothing computes {binding.name!r}, which {step.name!r} reads"
                )
        if len(held) == len(set(names)):
            step.constants[parameter] = convert([held[name] for name in names])
        else:
            step.variables[parameter] = (names, convert)
            step.held.update(held)

    def _free_first_dimension(self, step: Step) -> None:
        """Lets a reshape take any number of inputs at once: its first dimension follows from the others."""
        shape = self._shapes[step.outputs[0]]
        if shape and math.prod(shape[1:]) > 0 and "shape" in step.constants:
            step.constants["shape"] = (-1, *shape[1:])

    def _free_early(self) -> None:
        """Has each step remove what no later one reads."""
        last: dict[str, Step] = {}
        for step in self.steps:
            last.update(dict.fromkeys([*step.reads, *step.outputs], step))
        kept = set(self.outputs) | set(self.reads)
        for name, step in last.items():
            if name not in kept:
                step.spent.append(name)


def _run(step: Step, values: Values, rounding: Rounding | None) -> list[Value]:
    """The results of one operation, in their declared types."""
    try:
        arguments = {
            parameter: convert([step.held[name] if name in step.held else values[name] for name in names])
            for parameter, (names, convert) in step.variables.items()
        }
        if step.blocks:
            results = step.run(step.blocks, values, rounding, **step.constants, **arguments)
        else:
            results = step.run(**step.constants, **arguments)
    except (RuntimeError, ValueError, IndexError, TypeError, AttributeError, KeyError) as error:
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise AnenasError(f"operation {step.name!r} ({step.type}) fails: {reason}") from error
    if not isinstance(results, tuple):
        results = (results,)
    return [
        _declared(step, result, dtype, name, rounding)
        for result, dtype, name in zip(results, step.types, step.outputs, strict=True)
    ]


def _declared(step: Step, result: Value, dtype: DataType | None, name: str, rounding: Rounding | None) -> Value:
    if dtype is None or not isinstance(result, Tensor):
        return result
    result = result.to(dtype.torch)
    if rounding is not None and dtype.name in rounding.types:
        return rounding(step.name, step.type, result, name, step.reads, step.blemishes)
    return result


def _cond(blocks: list[Block], values: Values, rounding: Rounding | None, pred: bool) -> tuple[Value, ...]:
    return tuple(blocks[0 if pred else 1].run(dict(values), rounding))


def _while_loop(
    blocks: list[Block], values: Values, rounding: Rounding | None, loop_vars: list[Value]
) -> tuple[Value, ...]:
    condition, body = blocks
    state = loop_vars
    while bool(condition.run(values | dict(zip(condition.inputs, state, strict=True)), rounding)[0]):
        state = body.run(values | dict(zip(body.inputs, state, strict=True)), rounding)
    return tuple(state)


_CONTROL = {
    "cond": Operation(_cond, {"pred": lambda values: bool(values[0].item())}, frozenset({"pred"})),
    "while_loop": Operation(_while_loop, {"loop_vars": list}, frozenset({"loop_vars"})),
}
