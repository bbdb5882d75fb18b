"""From a program to a `Graph`: what rules and costs need, as stored."""

from __future__ import annotations

import dataclasses
import itertools

from anenas._errors import AnenasError
from anenas.graph import ITEM_BYTES, Flexible, Graph, Op, Tensor
from anenas.mil._examples import example_inputs
from anenas.mil._file import ProgramFile, intact
from anenas.mil._program import Program
from anenas.mil._settings import settings
from anenas.mil._storage import storage
from anenas.mil._syntax import Constant, Operand, Operation, Value

Attributes = dict[str, int | tuple[int, ...]]

# The parameters that rules and costs depend on, and their names in a graph.
_ATTRIBUTES = {
    "strides": "stride", "dilations": "dilation", "groups": "groups", "kernel_sizes": "kernel", "perm": "perm",
    "axis": "axis", "begin": "begin", "transpose_x": "transpose_x", "transpose_y": "transpose_y",
}  # fmt: skip


def read_graph(file: ProgramFile) -> Graph:
    """The main function of a program as a graph.

    Raises:
        AnenasError: If it is damaged, or has an element type that is unknown or not supported by graphs.
    """
    with intact(file.path):
        if all(one.type.shape is not None for one in file.main.inputs if one.type.kind == "tensorType"):
            return _Reader(file, {}).graph()
        flexible = tuple(Flexible(one.name, len(one.shapes)) for one in file.inputs if None in (one.shape or ()))
        return dataclasses.replace(_Reader(file, _usual_shapes(file)).graph(), flexible=flexible)


def _usual_shapes(file: ProgramFile) -> dict[str, tuple[int, ...]]:
    """The shape of every value when the inputs have the package's default shapes.

    A program with flexible shapes does not store them: they are found by running it.
    """
    inputs = example_inputs(file)
    values = Program(file).intermediates(inputs)
    return {name: value.shape for name, value in itertools.chain(inputs.items(), values)}


class _Reader:
    """Turns operations into those of a graph: constants become weights and attributes of the operations reading them.

    Args:
        file: The program.
        shapes: Shapes of values that the program does not declare, by name.
    """

    def __init__(self, file: ProgramFile, shapes: dict[str, tuple[int, ...]]) -> None:
        self._file, self._shapes = file, shapes
        self._tensors: dict[Operand, Tensor] = {}

    def graph(self) -> Graph:
        block = self._file.main
        given = tuple(one for one in block.inputs if not one.type.is_state)
        inputs, outputs = (tuple(self._tensor(one) for one in some) for some in (given, block.outputs))
        return Graph(inputs, tuple(self._op(operation) for operation in block.operations), outputs)

    def _op(self, operation: Operation) -> Op:
        inputs: list[Tensor] = []
        weights: list[Tensor] = []
        attributes: Attributes = {}
        for parameter, operands in operation.operands.items():
            for operand in operands:
                if isinstance(operand, Value):
                    inputs.append(self._tensor(operand))
                else:
                    self._take_constant(parameter, operand, weights, attributes)
        if operation.type == "matmul" and isinstance(operation.operands["x"][0], Constant):
            # It sums over the axis that it would as a second factor: that before the last, unless it is transposed.
            attributes = {} if "transpose_y" in attributes else {"transpose_x": 1}
        read, held = self._body(operation)
        inputs += [tensor for tensor in read if tensor not in inputs]
        weights += held
        outputs = tuple(self._tensor(result) for result in operation.results)
        if not outputs and operation.type == "write_state":  # what it writes
            outputs = (dataclasses.replace(self._tensor(operation.operands["data"][0]), name=operation.name),)
        if not outputs:
            raise AnenasError(f"{self._file} is damaged: {operation.type} has no result")
        begin = attributes.get("begin", ())
        if isinstance(begin, tuple) and inputs and len(begin) == len(inputs[0].shape):
            attributes |= {"begin": tuple(b + n if b < 0 else b for b, n in zip(begin, inputs[0].shape, strict=True))}
        axis = attributes.pop("axis", None)
        if operation.type == "softmax" and isinstance(axis, int):
            attributes["axis"] = axis % len(outputs[0].shape)
        given = settings(operation)
        return Op(operation.name, operation.type, tuple(inputs), outputs, tuple(weights), attributes, given)

    def _body(self, operation: Operation) -> tuple[list[Tensor], list[Tensor]]:
        """What the nested blocks of an operation, such as a loop, read from outside, and their weights."""
        read: list[Tensor] = []
        weights: list[Tensor] = []
        for block in operation.blocks:
            ops = [self._op(inner) for inner in block.operations]
            made = {one.name for one in block.inputs} | {tensor.name for op in ops for tensor in op.outputs}
            read += [tensor for op in ops for tensor in op.inputs if tensor.name not in made]
            weights += [weight for op in ops for weight in op.weights]
        return list(dict.fromkeys(read)), weights

    def _take_constant(self, parameter: str, constant: Constant, weights: list[Tensor], attributes: Attributes) -> None:
        tensor = self._tensor(constant)
        is_weight = parameter in ("weight", "bias") or tensor.elements > 1
        if tensor.dtype.startswith(("fp", "uint")) and is_weight:
            # "weight" comes first, as the counts of multiply-accumulates expect.
            weights.insert(0 if parameter == "weight" else len(weights), tensor)
        elif parameter in _ATTRIBUTES and tensor.dtype in ("int32", "bool"):
            value = constant.read()
            if value.size and (tensor.dtype == "int32" or value.any()):
                numbers = value.astype(int).tolist()
                attributes[_ATTRIBUTES[parameter]] = tuple(numbers) if value.ndim else numbers

    def _tensor(self, operand: Operand) -> Tensor:
        if operand not in self._tensors:
            self._tensors[operand] = self._read_tensor(operand)
        return self._tensors[operand]

    def _read_tensor(self, operand: Operand) -> Tensor:
        found = operand.type
        name = found.dtype.name if found.dtype else "string"
        if name not in ITEM_BYTES:
            raise AnenasError(f"{self._file}: {operand.name!r} is {name}, which is allowed only for compressed weights")
        # Sizes that depend on the values of the inputs are unknown; they count as one.
        shape = self._shapes.get(operand.name) or found.shape or tuple(1 if s is None else s for s in found.sizes)
        stored = storage(operand) if isinstance(operand, Constant) and operand.unpacked_by else None
        return Tensor(operand.name, shape, name, stored)
