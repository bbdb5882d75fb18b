"""A program as in its file: blocks of operations, each with the values and constants that it reads."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from anenas._errors import AnenasError, plain
from anenas.mil._types import ValueType, read_type
from anenas.mil._values import Array, decode, to_tensor
from anenas.mil._weights import Weights

if TYPE_CHECKING:
    from anenas.mil._file import ProgramFile

# Prefix of operations that unpack a weight when a program is loaded.
COMPRESSED = "constexpr_"


@dataclass(frozen=True, eq=False)
class Value:
    """A value that a program is given, or computes."""

    name: str
    type: ValueType


@dataclass(frozen=True, eq=False)
class Constant:
    """A value stored with a program.

    Attributes:
        name: Unique in its block.
        type: Its type.
        read: Reads it from the file, unpacked: an array, a string or a list.
        stored: Its `Value` message; None if compressed.
        unpacked_by: The `constexpr_` operation that unpacks it, whose operands are constants; None if not compressed.
    """

    name: str
    type: ValueType
    read: Callable[[], Any] = field(repr=False)
    stored: Any = None
    unpacked_by: Operation | None = None

    @functools.cached_property
    def value(self) -> Tensor | str | list[Any]:
        """The form that operations take."""
        value = self.read()
        return value if isinstance(value, (str, list)) else to_tensor(value)


Operand = Value | Constant


@dataclass(frozen=True, eq=False)
class Operation:
    """An operation.

    Attributes:
        name: Of its first result.
        type: In MIL.
        operands: What it reads, by parameter in alphabetical order.
        results: What it computes.
        blocks: Nested blocks, such as the body of a loop.
    """

    name: str
    type: str
    operands: Mapping[str, tuple[Operand, ...]]
    results: tuple[Value, ...]
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, eq=False)
class Block:
    """Operations in the order in which they run.

    Attributes:
        inputs: Its arguments; for the outermost block, the program's inputs.
        operations: Its operations, without constants.
        outputs: Its results.
    """

    inputs: tuple[Value, ...]
    operations: tuple[Operation, ...]
    outputs: tuple[Operand, ...]


def read_block(file: ProgramFile) -> Block:
    """The main function of a program.

    Raises:
        AnenasError: If it is damaged, or an element type is unknown.
    """
    return _Reader(file.weights, {}).block(file.block, file.function.inputs)


class _Reader:
    """Reads a block; `around` holds the named operands of the enclosing blocks.

    The result refers to the weight files only, not to the `ProgramFile`, which can be freed.
    """

    def __init__(self, weights: Weights, around: Mapping[str, Operand]) -> None:
        self._weights = weights
        self._names = dict(around)
        self._types: dict[bytes, ValueType] = {}

    def block(self, message: Any, inputs: Any) -> Block:
        given = self._values(inputs)
        self._names.update((one.name, one) for one in given)
        read = [self._operation(operation) for operation in message.operations if not self._is_constant(operation)]
        return Block(given, tuple(read), tuple(self._named(name, "its caller") for name in message.outputs))

    def _values(self, named: Any) -> tuple[Value, ...]:
        for one in named:
            if plain(one.name) != one.name:  # no tool writes such, and every message and table would have to mind
                raise AnenasError(f"{self._weights.package} is damaged: a value has the name '{plain(one.name)}'")
        return tuple(Value(one.name, self._type(one.type)) for one in named)

    def _type(self, message: Any) -> ValueType:
        """A type, cached: a program has few."""
        key = message.SerializeToString()
        if key not in self._types:
            self._types[key] = read_type(message, self._weights.package)
        return self._types[key]

    def _is_constant(self, message: Any) -> bool:
        """Whether an operation is a constant; if so, record it by name."""
        if message.type == "const":
            name = message.outputs[0].name
            self._names[name] = self._constant(name, message.attributes["val"])
        elif message.type.startswith(COMPRESSED):
            operation = self._operation(message)
            for index, result in enumerate(operation.results):
                read = functools.partial(_unpack, operation, index, self._weights.package)
                self._names[result.name] = Constant(result.name, result.type, read, unpacked_by=operation)
        else:
            return False
        return True

    def _operation(self, message: Any) -> Operation:
        kind, results = message.type, self._values(message.outputs)
        name = results[0].name if results else _given_name(message) or kind
        operands: dict[str, tuple[Operand, ...]] = {}
        # By name, x before y: the order of protobuf maps differs between processes.
        for parameter, argument in sorted(message.inputs.items()):
            operands[parameter] = tuple(
                [
                    self._named(binding.name, name)
                    if binding.name
                    else self._constant(f"{name}.{parameter}.{index}", binding.value)
                    for index, binding in enumerate(argument.arguments)
                ]
            )
        if kind.startswith(COMPRESSED):  # before iOS 18, operands are attributes
            for parameter, value in message.attributes.items():
                if parameter != "name":
                    operands[parameter] = (self._constant(f"{name}.{parameter}", value),)
        blocks = tuple([_Reader(self._weights, self._names).block(block, block.inputs) for block in message.blocks])
        self._names.update((result.name, result) for result in results)
        return Operation(name, kind, operands, results, blocks)

    def _constant(self, name: str, value: Any) -> Constant:
        found = self._type(value.type)
        return Constant(name, found, functools.partial(decode, value, found, self._weights), value)

    def _named(self, name: str, reader: str) -> Operand:
        if name not in self._names:
            raise AnenasError(
                f"{self._weights.package} is damaged: nothing computes '{plain(name)}', which {reader} reads"
            )
        return self._names[name]


def _given_name(message: Any) -> str:
    """The name of an operation without a result, such as one that writes a state."""
    if "name" not in message.attributes:
        return ""
    names = message.attributes["name"].immediateValue.tensor.strings.values
    return str(names[0]) if names else ""


def _unpack(operation: Operation, index: int, package: Path) -> Array:
    """A result of a `constexpr_` operation."""
    from anenas.mil.operations import FOLDED

    if operation.type not in FOLDED:
        raise AnenasError(f"operation {operation.name!r} has the type {operation.type!r}, which is not known")
    operands = {}
    for parameter, (operand,) in operation.operands.items():
        if not isinstance(operand, Constant):
            raise AnenasError(f"{package} is damaged: {operation.name!r} needs a constant {operand.name!r}")
        operands[parameter] = operand.read()
    try:
        unpacked = FOLDED[operation.type](**operands)
    except (TypeError, ValueError, IndexError) as error:
        raise AnenasError(
            f"{package} is damaged: the weight {operation.name!r} cannot be unpacked ({operation.type})"
        ) from error
    return unpacked[index] if isinstance(unpacked, tuple) else unpacked
