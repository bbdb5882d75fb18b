"""A program as frozen data: tensors, operations with their weights, and their graph.

Operation kinds are those of Core ML's MIL dialect (`conv`, `relu`, `reduce_mean`, …), whatever the graph was made
from, so that rules and costs need one name for each.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

ITEM_BYTES = {
    "bool": 1, "int8": 1, "uint8": 1, "int16": 2, "uint16": 2, "int32": 4, "uint32": 4, "int64": 8,
    "fp16": 2, "fp32": 4, "fp64": 8, "string": 0,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Storage:
    """How a compressed weight is stored.

    Attributes:
        form: "int8", "int4", "palette4", "sparse" and the like, "int8-block" where scales are per block; combined
            formats in the order of "sparse+palette4+int8".
        bytes: Size of everything stored for it: indices, tables, scales, masks.
        tables: Number of look-up tables of a palettised weight.
        density: Fraction of its elements that is stored, below 1 for sparse weights.
    """

    form: str
    bytes: int
    tables: int = 0
    density: float = 1.0


@dataclass(frozen=True, slots=True)
class Tensor:
    """A value in a program: an activation between operations, or a weight stored with one.

    Attributes:
        name: Unique in its graph; connects operations.
        shape: Sizes, (N, C, H, W) for images.
        dtype: A key of `ITEM_BYTES`; for a compressed weight, the type it is unpacked to.
        storage: How it is stored, if compressed.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str = "fp16"
    storage: Storage | None = None

    @property
    def elements(self) -> int:
        return math.prod(self.shape)

    @property
    def bytes(self) -> int:
        """Size in memory, or as stored if compressed."""
        return self.storage.bytes if self.storage else self.elements * ITEM_BYTES[self.dtype]


@dataclass(frozen=True, slots=True)
class Op:
    """One operation.

    Attributes:
        name: Unique in its graph.
        kind: MIL's name of the operation, such as "conv".
        inputs: Activations read, in order, without weights.
        outputs: Activations written.
        weights: Constants stored with the program: weight and bias, and others of more than one element.
        attributes: What else its cost depends on. For "conv": `groups`, and `stride` and `dilation` as
            (height, width). For pools `kernel` and `stride`, for "transpose" `perm`, for "softmax" `axis`, for slices
            `begin`; axes count from the front. For "matmul" `transpose_x` and `transpose_y`, 1 where that factor is
            transposed.
        settings: What else limits of the engine and known differences depend on, and its cost does not: sizes such as
            `pad` and `block_size`, and 1 for what is set, such as `ceil_mode`, `reflect` or `same_lower`.
    """

    name: str
    kind: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    weights: tuple[Tensor, ...] = ()
    attributes: Mapping[str, int | tuple[int, ...]] = field(default_factory=dict, hash=False)
    settings: Mapping[str, int | tuple[int, ...]] = field(default_factory=dict, hash=False, compare=False)

    @property
    def weight_bytes(self) -> int:
        return sum(weight.bytes for weight in self.weights)

    @property
    def summed(self) -> int:
        """The size that a matrix product sums over; 0 of other operations."""
        if self.kind != "matmul" or not self.inputs or not self.inputs[0].shape:
            return 0
        shape = self.inputs[0].shape
        return shape[-2] if self.attributes.get("transpose_x") and len(shape) > 1 else shape[-1]

    @property
    def macs(self) -> int:
        """Multiply-accumulates: zero for everything but convolutions, matrix products and recurrent layers."""
        if self.kind in ("conv", "linear") and self.weights:
            # Weights are (C_out, C_in / groups, ...): each output element takes one filter.
            return self.outputs[0].elements * math.prod(self.weights[0].shape[1:])
        if summed := self.summed:
            return self.outputs[0].elements * summed
        if self.kind == "conv_transpose" and self.weights:
            # Weights are (C_in, C_out / groups, ...): each input element is spread by one filter.
            return self.inputs[0].elements * math.prod(self.weights[0].shape[1:])
        # torch's GRU becomes a loop over a series (T, N, C).
        if self.kind in ("lstm", "gru", "rnn", "while_loop") and self.inputs and len(self.inputs[0].shape) == 3:
            # Each of (T, N) steps multiplies by every matrix once.
            steps = math.prod(self.inputs[0].shape[:2])
            return steps * sum(weight.elements for weight in self.weights if len(weight.shape) == 2)
        return 0


@dataclass(frozen=True, slots=True)
class Flexible:
    """An input whose shape the caller chooses.

    Attributes:
        input: Its name.
        shapes: How many shapes are listed for it; 0 for a range of sizes.
    """

    input: str
    shapes: int


@dataclass(frozen=True)
class Graph:
    """A program: operations in an order in which they can run.

    Attributes:
        inputs: Tensors given by the caller; flexible ones have the program's default shape, which all other shapes in
            the graph follow from.
        ops: Every operation; constants are not operations here.
        outputs: Tensors returned.
        flexible: The inputs whose shape the caller chooses.
    """

    inputs: tuple[Tensor, ...]
    ops: tuple[Op, ...]
    outputs: tuple[Tensor, ...]
    flexible: tuple[Flexible, ...] = ()

    @functools.cached_property
    def macs(self) -> int:
        return sum(op.macs for op in self.ops)

    @functools.cached_property
    def weight_bytes(self) -> int:
        """Size as stored: filters that several operations read, such as the steps of a recurrence, count once."""
        return sum(weight.bytes for weight in self._stored)

    @functools.cached_property
    def parameters(self) -> int:
        """Number of stored weights (batch normalisation is folded into the convolutions by now)."""
        return sum(weight.elements for weight in self._stored)

    @property
    def _stored(self) -> list[Tensor]:
        weights = [weight for op in self.ops for weight in op.weights]
        # Vectors all count: the converter merges those of equal values too, which only an untrained network has.
        filters = {weight for weight in weights if len(weight.shape) == 4}
        return [*filters, *(weight for weight in weights if len(weight.shape) != 4)]

    def prefixed(self, prefix: str) -> Graph:
        """The same program with `prefix` before every name."""

        def rename(tensors: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
            return tuple(Tensor(prefix + t.name, t.shape, t.dtype, t.storage) for t in tensors)

        ops = tuple(
            Op(
                prefix + op.name,
                op.kind,
                rename(op.inputs),
                rename(op.outputs),
                rename(op.weights),
                op.attributes,
                op.settings,
            )
            for op in self.ops
        )
        return Graph(rename(self.inputs), ops, rename(self.outputs))

    @staticmethod
    def chain(parts: Iterable[tuple[str, Graph]]) -> Graph:
        """One program that runs several in sequence, each fed with the outputs of the one before.

        Outputs beyond the inputs of the next part are passed on to later parts.

        Args:
            parts: (name, graph) pairs; the name becomes a prefix, "name.". Inputs and outputs must match in shape.

        Raises:
            ValueError: If an output does not fit the next input, or there are no parts.
        """
        inputs: tuple[Tensor, ...] | None = None
        ops: list[Op] = []
        outputs: tuple[Tensor, ...] = ()
        for name, part in parts:
            graph = part.prefixed(f"{name}.")
            if inputs is None:
                inputs, outputs = graph.inputs, graph.outputs
                ops += graph.ops
            else:
                count = len(graph.inputs)
                given, wanted = ([tensor.shape for tensor in some] for some in (outputs[:count], graph.inputs))
                if given != wanted:
                    raise ValueError(f"{name} takes {_text(wanted)}, not the {_text(given)} that comes before it")
                fed = {after.name: before for before, after in zip(outputs, graph.inputs, strict=False)}
                ops += [_fed(op, fed) for op in graph.ops]
                # A part may return its input unchanged.
                outputs = (*(fed.get(t.name, t) for t in graph.outputs), *outputs[count:])
        if inputs is None:
            raise ValueError("no parts to chain")
        return Graph(inputs, tuple(ops), outputs)


def _fed(op: Op, fed: Mapping[str, Tensor]) -> Op:
    """`op` with the inputs of these names replaced."""
    if all(t.name not in fed for t in op.inputs):
        return op
    return dataclasses.replace(op, inputs=tuple(fed.get(t.name, t) for t in op.inputs))


def _text(shapes: Sequence[tuple[int, ...]]) -> str:
    return " and ".join(map(str, shapes)) or "nothing"
