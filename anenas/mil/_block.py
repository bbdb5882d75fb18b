"""Blocks of operations: bound to their constants once on loading, and run in order."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from anenas._errors import AnenasError, first_line
from anenas.mil._precision import Loss, Rounding, blemishes
from anenas.mil._registry import Convert, Implementation
from anenas.mil._syntax import Block, Constant, Operation, Value
from anenas.mil._types import DataType
from anenas.mil.operations import OPERATIONS

# The values of a running program by name: tensors, lists of them, and strings.
Values = dict[str, Any]


@dataclass
class Step:
    """An operation with its operands.

    Attributes:
        name: Of its first result.
        type: In MIL.
        run: Its function, called with a keyword for each parameter; after blocks, values and rounding if it has blocks.
        constants: Parameters that never change.
        variables: For each other parameter, the values (a `Value` each) and constants bound to it, and how they are
            converted.
        outputs: The names of its results.
        types: Their element types; None if not a tensor.
        blocks: Nested blocks.
        spent: Values that nothing reads after it.
    """

    name: str
    type: str
    run: Callable[..., Any]
    constants: dict[str, Any]
    variables: dict[str, tuple[list[Any], Convert]]
    outputs: list[str]
    types: list[DataType | None]
    blocks: list[Steps]
    spent: list[str] = field(default_factory=list)

    @functools.cached_property
    def reads(self) -> list[str]:
        """The names of the values it reads, including those read by its blocks."""
        own = [one.name for bound, _ in self.variables.values() for one in bound if isinstance(one, Value)]
        return own + [name for block in self.blocks for name in block.reads]

    @functools.cached_property
    def blemishes(self) -> list[Loss]:
        """What is wrong with its constants already, such as the infinities of a mask."""
        held = [one for bound, _ in self.variables.values() for one in bound]
        tensors = [one for one in (*self.constants.values(), *held) if isinstance(one, Tensor)]
        return [kind for tensor in tensors for kind in blemishes(tensor)]


class Steps:
    """A block, ready to run.

    Attributes:
        steps: Its operations in order.
        inputs: The names of its arguments.
        reads: The names of the values that it reads from outside.

    Args:
        block: The block as read from the file.
        halved: Whether constants are rounded to float16.

    Raises:
        AnenasError: If an operation is unknown or lacks a parameter.
    """

    def __init__(self, block: Block, halved: bool) -> None:
        self.inputs = [one.name for one in block.inputs]
        self.steps = [_step(operation, halved) for operation in block.operations]
        self._outputs = [one if isinstance(one, Value) else _value(one, halved) for one in block.outputs]
        made = {*self.inputs, *(name for step in self.steps for name in step.outputs)}
        given = [one.name for one in self._outputs if isinstance(one, Value)]
        self.reads = [name for name in (*(n for step in self.steps for n in step.reads), *given) if name not in made]
        self._free_early({*given, *self.reads})

    def run(self, values: Values, rounding: Rounding | None) -> list[Any]:
        """The outputs of the block. `values` is modified: values that nothing reads any more are removed."""
        for _ in self.stepwise(values, rounding):
            pass
        return [values[one.name] if isinstance(one, Value) else one for one in self._outputs]

    def stepwise(self, values: Values, rounding: Rounding | None) -> Iterator[Step]:
        """Run the block, and yield each operation once its results are in `values`."""
        for step in self.steps:
            values.update(zip(step.outputs, _run(step, values, rounding), strict=True))
            yield step
            for name in step.spent:
                del values[name]

    def _free_early(self, kept: set[str]) -> None:
        """Let each step remove the values that no later one reads."""
        last: dict[str, Step] = {}
        for step in self.steps:
            last.update(dict.fromkeys([*step.reads, *step.outputs], step))
        for name, step in last.items():
            if name not in kept:
                step.spent.append(name)


def _step(operation: Operation, halved: bool) -> Step:
    name, kind = operation.name, operation.type
    found = _CONTROL.get(kind) or OPERATIONS.get(kind)
    if found is None:
        raise AnenasError(f"operation {name!r} is of type {kind!r}, which is not known")
    constants: dict[str, Any] = {}
    variables: dict[str, tuple[list[Any], Convert]] = {}
    for parameter, operands in operation.operands.items():
        if parameter not in found.convert:
            raise AnenasError(f"operation {name!r} ({kind}) has an unknown parameter {parameter!r}")
        bound = [one if isinstance(one, Value) else _value(one, halved) for one in operands]
        if any(isinstance(one, Value) for one in bound):
            variables[parameter] = (bound, found.convert[parameter])
        else:
            constants[parameter] = found.convert[parameter](bound)
    if missing := found.required - operation.operands.keys():
        raise AnenasError(f"operation {name!r} ({kind}) lacks its parameter {min(missing)!r}")
    if kind == "reshape" and "shape" in constants:
        # Allow any number of samples at once: infer the first dimension.
        shape = operation.results[0].type.shape
        if shape and math.prod(shape[1:]) > 0:
            constants["shape"] = (-1, *shape[1:])
    outputs, types = [one.name for one in operation.results], [one.type.dtype for one in operation.results]
    blocks = [Steps(block, halved) for block in operation.blocks]
    return Step(name, kind, found.function, constants, variables, outputs, types, blocks)


def _value(constant: Constant, halved: bool) -> Any:
    value = constant.value
    return value.half().float() if halved and isinstance(value, Tensor) and value.is_floating_point() else value


def _run(step: Step, values: Values, rounding: Rounding | None) -> list[Any]:
    """The results of one operation, in their declared types."""
    try:
        arguments = {
            parameter: convert([values[one.name] if isinstance(one, Value) else one for one in bound])
            for parameter, (bound, convert) in step.variables.items()
        }
        if step.blocks:
            results = step.run(step.blocks, values, rounding, **step.constants, **arguments)
        else:
            results = step.run(**step.constants, **arguments)
    except (RuntimeError, ValueError, IndexError, TypeError, AttributeError, KeyError) as error:
        raise AnenasError(f"operation {step.name!r} ({step.type}) fails: {first_line(error)}") from error
    if not isinstance(results, tuple):
        results = (results,)
    return [
        _declared(step, result, dtype, name, rounding)
        for result, dtype, name in zip(results, step.types, step.outputs, strict=True)
    ]


def _declared(step: Step, result: Any, dtype: DataType | None, name: str, rounding: Rounding | None) -> Any:
    if dtype is None or not isinstance(result, Tensor):
        return result
    result = result.to(dtype.torch)
    if rounding is not None and dtype.name in rounding.types:
        return rounding(step.name, step.type, result, name, step.reads, step.blemishes)
    return result


def _cond(blocks: list[Steps], values: Values, rounding: Rounding | None, pred: bool) -> tuple[Any, ...]:
    return tuple(blocks[0 if pred else 1].run(dict(values), rounding))


def _while_loop(
    blocks: list[Steps], values: Values, rounding: Rounding | None, loop_vars: list[Any]
) -> tuple[Any, ...]:
    condition, body = blocks
    state = loop_vars
    while bool(condition.run(values | dict(zip(condition.inputs, state, strict=True)), rounding)[0]):
        state = body.run(values | dict(zip(body.inputs, state, strict=True)), rounding)
    return tuple(state)


_CONTROL = {
    "cond": Implementation(_cond, {"pred": lambda values: bool(values[0].item())}, frozenset({"pred"})),
    "while_loop": Implementation(_while_loop, {"loop_vars": list}, frozenset({"loop_vars"})),
}
