"""Whether the operations of a program fit their operands: the shapes that they declare are those that they compute."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from anenas._errors import AnenasError, first_line, plain
from anenas.mil._registry import Convert, takes_tensors
from anenas.mil._syntax import Block, Operand, Operation, Value
from anenas.mil._types import ValueType
from anenas.mil._values import to_tensor
from anenas.mil.operations import OPERATIONS

_MOST = 2**40  # elements of a value: a thousand times what any device holds
_MOST_AXES = 32  # numpy takes no more
_MOST_NUMBERS = 4096  # of a parameter that is no tensor, such as sizes and axes
_BY_STEPS, _MOST_STEPS = ("lstm", "gru", "rnn"), 256  # what loops, and how often it may

Shape = tuple[int, ...]


def check_block(block: Block, path: Path, shapes: Mapping[str, Shape] | None = None) -> None:
    """Check each operation against its definition: what runs it is called with shapes alone, without numbers.

    What depends on numbers that only a run computes, on shapes that are not declared, or on operations that are not
    known is taken as it is declared.

    Args:
        block: As read from a file.
        path: The package, for messages.
        shapes: Shapes of inputs that the program does not declare, by name.

    Raises:
        AnenasError: If an operation does not fit its operands, or a value is too large for any device.
    """
    _Checker(path, shapes or {}).check(block)


class _Checker:
    def __init__(self, path: Path, shapes: Mapping[str, Shape]) -> None:
        self._path, self._shapes = path, shapes
        self._values: dict[Operand, Tensor | None] = {}

    def check(self, block: Block) -> None:
        self._values.update((given, self._declared(given, given.name)) for given in block.inputs)
        for operation in block.operations:
            self._check(operation)
            for inner in operation.blocks:
                self.check(inner)

    def _check(self, operation: Operation) -> None:
        declared = [self._declared(result, operation.name) for result in operation.results]
        computed = self._computed(operation)
        if computed is not None and len(computed) != len(declared):
            raise self._damaged(operation.name, f"{operation.type} has {len(computed)} results, not {len(declared)}")
        for index, result in enumerate(operation.results):
            tensor = computed[index] if computed else None
            if tensor is not None:
                if not _fits(result.type, tensor):
                    said = "×".join("?" if size is None else str(size) for size in result.type.sizes)
                    found = "×".join(map(str, tensor.shape))
                    raise self._damaged(operation.name, f"{operation.type} computes {found}, where it says {said}")
                self._check_size(operation.name, tensor.shape)
            self._values[result] = declared[index] if tensor is None else tensor

    def _computed(self, operation: Operation) -> list[Tensor | None] | None:
        """The shapes of the results, in tensors without numbers; None where they cannot be known without numbers."""
        definition = OPERATIONS.get(operation.type)
        if definition is None or not definition.required <= operation.operands.keys() <= definition.convert.keys():
            return None  # what runs it says so
        convert = definition.convert
        given = {name: self._given(name, of, operation, convert[name]) for name, of in operation.operands.items()}
        if any(one is None for held in given.values() for one in held) or _is_long(operation, given):
            return None
        try:
            with torch.device("meta"):
                results = definition.function(**{name: convert[name](held) for name, held in given.items()})
        except AnenasError:  # what is not supported here may be right
            return None
        except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
            if isinstance(error, NotImplementedError) or "meta" in str(error):  # it asks for numbers
                return None
            raise self._damaged(operation.name, f"{operation.type} fails: {first_line(error)}") from error
        results = results if isinstance(results, tuple) else (results,)
        return [one if isinstance(one, Tensor) and one.is_meta else None for one in results]

    def _given(self, parameter: str, operands: Sequence[Operand], operation: Operation, convert: Convert) -> list[Any]:
        """What a parameter is bound to: tensors without numbers, or the numbers that it stands for; None if unknown."""
        given: list[Any] = []
        for operand in operands:
            if isinstance(operand, Value):
                given.append(self._values.get(operand))
            elif operand.type.kind != "tensorType" or operand.type.dtype is None:
                given.append(operand.value)
            else:
                tensor = self._declared(operand, operation.name)
                if tensor is not None and not takes_tensors(convert):
                    if tensor.numel() > _MOST_NUMBERS:
                        raise self._damaged(operation.name, f"its {parameter} holds {tensor.numel():,} numbers")
                    tensor = to_tensor(operand.read())
                given.append(tensor)
        return given

    def _declared(self, operand: Operand, name: str) -> Tensor | None:
        """A value of its declared shape, without numbers; None where it has none, or is no tensor."""
        found = operand.type
        if found.dtype is None:
            return None
        shape = self._shapes.get(operand.name) or found.shape
        self._check_size(name, [size or 0 for size in found.sizes] if shape is None else shape)
        return None if shape is None else torch.empty(shape, dtype=found.dtype.torch, device="meta")

    def _check_size(self, name: str, shape: Sequence[int]) -> None:
        if len(shape) > _MOST_AXES or max(shape, default=0) > _MOST or math.prod(shape) > _MOST:
            raise self._damaged(name, f"a value of {len(shape)} axes and {math.prod(shape):.3g} elements")

    def _damaged(self, name: str, problem: str) -> AnenasError:
        return AnenasError(f"{self._path} is damaged: operation {plain(name)}: {plain(problem)}")


def _is_long(operation: Operation, given: Mapping[str, list[Any]]) -> bool:
    """Whether it takes a step for each of many elements."""
    return operation.type in _BY_STEPS and len(given["x"][0]) > _MOST_STEPS


def _fits(declared: ValueType, tensor: Tensor) -> bool:
    """Whether a result has the shape that is declared, which may call a single number a vector."""
    sizes = declared.sizes
    if declared.dtype is None or (declared.elements == tensor.numel() == 1 and max(len(sizes), tensor.ndim) < 2):
        return True
    return len(sizes) == tensor.ndim and all(
        size in (None, found) for size, found in zip(sizes, tensor.shape, strict=True)
    )
