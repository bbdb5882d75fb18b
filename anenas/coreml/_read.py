"""From a `.mlpackage` to a `Graph`: the program as it is stored."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path
from typing import Any

from anenas._errors import AnenasError
from anenas.coreml._arrays import example_inputs
from anenas.coreml._storage import COMPRESSED, storage
from anenas.graph import Flexible, Graph, Op, Tensor
from anenas.mil._package import Package, open_package

# MIL's DataType enumeration (coremltools' MIL.proto) by number.
_DTYPES = {
    1: "bool", 2: "string", 10: "fp16", 11: "fp32", 12: "fp64", 21: "int8", 22: "int16", 23: "int32", 24: "int64",
    31: "uint8", 32: "uint16",
}  # fmt: skip

# The parameters that rules and costs depend on, and what they are called in a graph.
_ATTRIBUTES = {
    "strides": "stride", "dilations": "dilation", "groups": "groups", "kernel_sizes": "kernel", "perm": "perm",
    "axis": "axis", "begin": "begin", "transpose_x": "transpose_x", "transpose_y": "transpose_y",
}  # fmt: skip


def read_graph(path: Path) -> Graph:
    """The main function of the ML program in a `.mlpackage`.

    Raises:
        AnenasError: If there is no such package, it is damaged, or it holds no ML program.
    """
    package = open_package(path)
    flexible = _flexible(package)
    return _Reader(package.block, path, _usual_shapes(path) if flexible else {}).graph(package.function, flexible)


def _flexible(package: Package) -> tuple[Flexible, ...]:
    described = {one.name: one.type for one in package.description.input}
    found = []
    for given in package.function.inputs:
        if any(size is None for size in _sizes(given.type)):
            kind = described[given.name]
            listed = kind.multiArrayType.enumeratedShapes.shapes or kind.imageType.enumeratedSizes.sizes
            found.append(Flexible(given.name, len(listed)))
    return tuple(found)


def _usual_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """The shape of every value where the inputs have the shapes that the package gives as the usual ones.

    A program of flexible shapes does not say them: they are found by running it.
    """
    from anenas.mil import load_program

    inputs = example_inputs(path)
    values = load_program(path).intermediates(inputs)
    return {name: value.shape for name, value in itertools.chain(inputs.items(), values)}


class _Reader:
    """Reads one block: constants become weights and attributes of the operations that use them."""

    def __init__(self, block: Any, path: Path, shapes: dict[str, tuple[int, ...]]) -> None:
        self._block, self._path, self._shapes = block, path, shapes
        self._constants: dict[str, Any] = {}
        self._values: dict[str, Tensor] = {}

    def graph(self, function: Any, flexible: tuple[Flexible, ...]) -> Graph:
        inputs = tuple(self._tensor(given.name, given.type) for given in function.inputs)
        self._values.update((tensor.name, tensor) for tensor in inputs)
        ops = []
        for operation in self._block.operations:
            if not self._is_constant(operation):
                ops.append(self._op(operation))
        # A classifier's labels are no tensor: what matters is what they were made from.
        if unmade := [name for name in self._block.outputs if name not in self._values]:
            raise AnenasError(f"{self._path} is damaged: nothing makes its output '{unmade[0]}'")
        outputs = tuple(self._values[name] for name in self._block.outputs)
        return Graph(inputs, tuple(ops), outputs, flexible)

    def _is_constant(self, operation: Any) -> bool:
        """Whether it is one; it is kept until it is read."""
        if operation.type != "const" and not operation.type.startswith(COMPRESSED):
            return False
        self._constants.update((out.name, operation) for out in operation.outputs)
        return True

    def _body(self, operation: Any) -> tuple[list[Tensor], list[Tensor]]:
        """What the blocks within an operation, such as a loop, read of what is around them, and their weights."""
        around = dict(self._values)
        read: list[Tensor] = []
        weights: list[Tensor] = []
        for block in operation.blocks:
            self._values.update((given.name, self._tensor(given.name, given.type)) for given in block.inputs)
            for inner in block.operations:
                if not self._is_constant(inner):
                    op = self._op(inner)
                    read += [tensor for tensor in op.inputs if around.get(tensor.name) == tensor]
                    weights += op.weights
        self._values = around
        return list(dict.fromkeys(read)), weights

    def _op(self, operation: Any) -> Op:
        inputs: list[Tensor] = []
        weights: list[Tensor] = []
        attributes: dict[str, int | tuple[int, ...]] = {}
        # By name, x before y: the protobuf's map has another order in every process.
        for parameter, argument in sorted(operation.inputs.items()):
            for binding in argument.arguments:
                if binding.name in self._values:
                    inputs.append(self._values[binding.name])
                elif binding.name in self._constants:
                    self._take_constant(parameter, self._constants[binding.name], weights, attributes)
                elif binding.name:
                    raise AnenasError(
                        f"{self._path} is damaged: {operation.type} reads '{binding.name}', which nothing before makes"
                    )
        read, held = self._body(operation)
        inputs += [tensor for tensor in read if tensor not in inputs]
        weights += held
        if not operation.outputs:
            raise AnenasError(f"{self._path} is damaged: {operation.type} makes nothing")
        outputs = tuple(self._tensor(out.name, out.type) for out in operation.outputs)
        self._values.update((tensor.name, tensor) for tensor in outputs)
        kept = {_ATTRIBUTES[name]: value for name, value in attributes.items() if name in _ATTRIBUTES}
        begin = kept.get("begin", ())
        if isinstance(begin, tuple) and inputs and len(begin) == len(inputs[0].shape):
            kept |= {"begin": tuple(b + n if b < 0 else b for b, n in zip(begin, inputs[0].shape, strict=True))}
        axis = kept.pop("axis", None)
        if operation.type == "softmax" and isinstance(axis, int):
            kept["axis"] = axis % len(outputs[0].shape)
        return Op(outputs[0].name, operation.type, tuple(inputs), outputs, tuple(weights), kept)

    def _take_constant(
        self, parameter: str, constant: Any, weights: list[Tensor], attributes: dict[str, int | tuple[int, ...]]
    ) -> None:
        tensor = self._tensor(constant.outputs[0].name, constant.outputs[0].type)
        if constant.type.startswith(COMPRESSED):
            tensor = dataclasses.replace(tensor, storage=storage(constant, self._constants))
        is_weight = parameter in ("weight", "bias") or tensor.elements > 1
        if tensor.dtype.startswith(("fp", "uint")) and is_weight:
            # "weight" comes first, as the counts of multiply-accumulates expect.
            weights.insert(0 if parameter == "weight" else len(weights), tensor)
        elif tensor.dtype == "int32":
            values = tuple(constant.attributes["val"].immediateValue.tensor.ints.values)
            if values:
                attributes[parameter] = values if tensor.shape else values[0]
        elif any(constant.attributes["val"].immediateValue.tensor.bools.values):
            attributes[parameter] = 1

    def _tensor(self, name: str, value_type: Any) -> Tensor:
        if value_type.WhichOneof("type") != "tensorType":
            return Tensor(name, (), "string")
        # What depends on the values of the inputs is known of no other run; it counts as one.
        shape = self._shapes.get(name) or tuple(1 if size is None else size for size in _sizes(value_type))
        return Tensor(name, shape, _DTYPES.get(value_type.tensorType.dataType, "fp16"))


def _sizes(value_type: Any) -> tuple[int | None, ...]:
    """The size of each dimension of a tensor; None where it may vary."""
    dimensions = value_type.tensorType.dimensions
    return tuple(d.constant.size if d.WhichOneof("dimension") == "constant" else None for d in dimensions)
