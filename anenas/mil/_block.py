"""Blocks of operations: bound to their constants once on loading, and run in order."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from anenas._errors import AnenasError, first_line
from anenas.mil._precision import Loss, Numerics, Rounding, blemishes
from anenas.mil._registry import Convert, Implementation
from anenas.mil._spacing import spacing
from anenas.mil._syntax import Block, Constant, Operation, Value
from anenas.mil._types import DataType
from anenas.mil._values import to_tensor
from anenas.mil.operations import ON_ENGINE, OPERATIONS

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
        rounded: Whether each is rounded.
        blocks: Nested blocks.
        engine: What the engine gives instead, from the result and the arguments of `run`; None if the same.
        spent: Values that nothing reads after it.
    """

    name: str
    type: str
    run: Callable[..., Any]
    constants: dict[str, Any]
    variables: dict[str, tuple[list[Any], Convert]]
    outputs: list[str]
    types: list[DataType | None]
    rounded: list[bool]
    blocks: list[Steps]
    engine: Callable[..., Tensor] | None = None
    spent: list[str] = field(default_factory=list)

    @functools.cached_property
    def reads(self) -> list[str]:
        """The names of the values it reads, including those read by its blocks."""
        own = [one.name for bound, _ in self.variables.values() for one in bound if isinstance(one, Value)]
        return own + [name for block in self.blocks for name in block.reads]

    @property
    def state(self) -> str:
        """The name of the state that it writes."""
        (state,), _ = self.variables["input"]
        name: str = state.name
        return name

    @property
    def writes(self) -> set[str]:
        """The names of the states that it writes, or its blocks do."""
        own = {self.state} if self.type == "write_state" else set[str]()
        return own.union(*(block.writes for block in self.blocks))

    @functools.cached_property
    def sources(self) -> list[str]:
        """The names of the values that its results come from: what it reads, and what its blocks return."""
        returned = [one.name for block in self.blocks for one in block.returned if isinstance(one, Value)]
        return [*self.reads, *returned]

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
        writes: The names of the states that it writes, or a block inside it does.
        returned: Its results: a `Value`, or a constant.

    Args:
        block: The block as read from the file.
        numerics: How it computes.

    Raises:
        AnenasError: If an operation is unknown or lacks a parameter.
    """

    def __init__(self, block: Block, numerics: Numerics) -> None:
        self.inputs = [one.name for one in block.inputs]
        self.steps = [_step(operation, numerics) for operation in block.operations]
        self.returned = [one if isinstance(one, Value) else _value(one, numerics) for one in block.outputs]
        made = {*self.inputs, *(name for step in self.steps for name in step.outputs)}
        given = [one.name for one in self.returned if isinstance(one, Value)]
        self.reads = [name for name in (*(n for step in self.steps for n in step.reads), *given) if name not in made]
        self.writes = {name for step in self.steps for name in step.writes}
        states = [one.name for one in block.inputs if one.type.is_state]
        self._free_early({*given, *self.reads, *states})

    def run(self, values: Values, rounding: Rounding | None) -> list[Any]:
        """The outputs of the block. `values` is modified: values that nothing reads any more are removed."""
        for _ in self.stepwise(values, rounding):
            pass
        return [values[one.name] if isinstance(one, Value) else one for one in self.returned]

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


def _step(operation: Operation, numerics: Numerics) -> Step:
    name, kind = operation.name, operation.type
    found = _CONTROL.get(kind) or OPERATIONS.get(kind)
    if found is None:
        raise AnenasError(f"operation {name!r} has the type {kind!r}, which is not known")
    constants: dict[str, Any] = {}
    variables: dict[str, tuple[list[Any], Convert]] = {}
    for parameter, operands in operation.operands.items():
        if parameter not in found.convert:
            raise AnenasError(f"operation {name!r} ({kind}) has an unknown parameter {parameter!r}")
        bound = [one if isinstance(one, Value) else _value(one, numerics) for one in operands]
        if any(isinstance(one, Value) for one in bound):
            variables[parameter] = (bound, found.convert[parameter])
        else:
            constants[parameter] = found.convert[parameter](bound)
    if missing := found.required - operation.operands.keys():
        raise AnenasError(f"operation {name!r} ({kind}) has no parameter {min(missing)!r}")
    if kind == "reshape" and "shape" in constants:
        # Allow any number of samples at once: infer the first dimension.
        shape = operation.results[0].type.shape
        if shape and math.prod(shape[1:]) > 0:
            constants["shape"] = (-1, *shape[1:])
    outputs, types = [one.name for one in operation.results], [one.type.dtype for one in operation.results]
    rounded = [
        dtype is not None and dtype.name in numerics.rounded and result not in numerics.exact
        for result, dtype in zip(operation.results, types, strict=True)
    ]
    blocks = [Steps(block, numerics) for block in operation.blocks]
    _, engine = ON_ENGINE.get(kind, ("", None)) if numerics.on_engine and all(rounded) else ("", None)
    return Step(name, kind, found.function, constants, variables, outputs, types, rounded, blocks, engine)


def _value(constant: Constant, numerics: Numerics) -> Any:
    value = constant.value
    if numerics.change is None or constant in numerics.exact:
        return value
    if not isinstance(value, Tensor) or not value.is_floating_point():
        return value
    if numerics.unpacked is not None and constant.unpacked_by is not None:
        value = numerics.unpacked(value, to_tensor(spacing(constant)))
    return numerics.change(value)


def _run(step: Step, values: Values, rounding: Rounding | None) -> list[Any]:
    """The results of one operation, in their declared types."""
    try:
        arguments = {
            parameter: convert([values[one.name] if isinstance(one, Value) else one for one in bound])
            for parameter, (bound, convert) in step.variables.items()
        }
        if step.blocks or step.type in _STATEFUL:
            results = step.run(step, values, rounding, **step.constants, **arguments)
        else:
            results = step.run(**step.constants, **arguments)
            if step.engine is not None and rounding is not None:
                results = _engine_result(step, results, {**step.constants, **arguments}, rounding)
    except (RuntimeError, ValueError, IndexError, TypeError, AttributeError, KeyError) as error:
        raise AnenasError(f"operation {step.name!r} ({step.type}) fails: {first_line(error)}") from error
    if not isinstance(results, tuple):
        results = (results,)
    return [_declared(step, result, index, rounding) for index, result in enumerate(results)]


def _engine_result(step: Step, result: Tensor, arguments: dict[str, Any], rounding: Rounding) -> Tensor:
    """What the engine gives where that is known to be something else."""
    assert step.engine is not None
    given = step.engine(result, **arguments)
    others = int((given.isfinite() & (given != result)).sum()) if given is not result else 0
    if others:
        rounding.tell(step.name, step.type, others)
    return given


def _declared(step: Step, result: Any, index: int, rounding: Rounding | None) -> Any:
    dtype, name = step.types[index], step.outputs[index]
    if dtype is None or not isinstance(result, Tensor):
        if rounding is not None:
            rounding.take(step.sources)
        return result
    result = result.to(dtype.torch)
    if rounding is None:
        return result
    if step.rounded[index]:
        return rounding(step.name, step.type, result, name, step.sources, step.blemishes)
    rounding.pass_on(step.type, result, name, step.sources)
    return result


def _nested(block: Steps, values: Values, given: Values, rounding: Rounding | None) -> list[Any]:
    """The results of a block inside a program, whose values stay as they are but for the states that it writes."""
    inner = values | given
    results = block.run(inner, rounding)
    values.update({name: inner[name] for name in block.writes})
    return results


def _cond(step: Step, values: Values, rounding: Rounding | None, pred: bool) -> tuple[Any, ...]:
    return tuple(_nested(step.blocks[0 if pred else 1], values, {}, rounding))


def _while_loop(step: Step, values: Values, rounding: Rounding | None, loop_vars: list[Any]) -> tuple[Any, ...]:
    condition, body = step.blocks
    state = loop_vars
    while bool(_nested(condition, values, dict(zip(condition.inputs, state, strict=True)), rounding)[0]):
        state = _nested(body, values, dict(zip(body.inputs, state, strict=True)), rounding)
    return tuple(state)


def _first(values: list[Any]) -> Any:
    return values[0]


def _write_state(step: Step, values: Values, rounding: Rounding | None, input: Tensor, data: Tensor) -> tuple[()]:
    """The state is a value of the program, which its caller keeps."""
    values[step.state] = data
    return ()


_STATEFUL = ("write_state",)
_CONTROL = {
    "cond": Implementation(_cond, {"pred": lambda values: bool(values[0].item())}, frozenset({"pred"})),
    "while_loop": Implementation(_while_loop, {"loop_vars": list}, frozenset({"loop_vars"})),
    "write_state": Implementation(_write_state, dict.fromkeys(("input", "data"), _first), frozenset({"input", "data"})),
}
