"""A program as frozen data: tensors, operations with their weights, and the graph of them.

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
    """How a weight that is compressed is stored.

    Attributes:
        form: "int8", "int4", "palette4", "sparse" and the like, "int8-block" where scales are for blocks of a channel;
            joint forms in the order of "sparse+palette4+int8".
        bytes: Of everything stored for it: indices, tables, scales, masks.
        tables: Of values that palettised weights are looked up in.
        density: The fraction of its elements that is stored, below 1 for sparse ones.
    """

    form: str
    bytes: int
    tables: int = 0
    density: float = 1.0


@dataclass(frozen=True, slots=True)
class Tensor:
    """A value in a program: an activation between operations, or a weight stored with one.

    Attributes:
        name: Unique in its graph; what connects operations.
        shape: Sizes, (N, C, H, W) for images.
        dtype: A key of `ITEM_BYTES`; of a compressed weight, what it is unpacked to.
        storage: How it is stored, where it is compressed.
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
        """What it takes: in memory, or as it is stored."""
        return self.storage.bytes if self.storage else self.elements * ITEM_BYTES[self.dtype]


@dataclass(frozen=True, slots=True)
class Op:
    """One operation.

    Attributes:
        name: Unique in its graph.
        kind: MIL's name of the operation, such as "conv".
        inputs: Activations read, in order; weights are not among them.
        outputs: Activations written.
        weights: Constants that are stored with the program: weight and bias, and others of more than one element.
        attributes: What else its cost depends on. For "conv": `groups`, and `stride` and `dilation` as
            (height, width). For pools `kernel` and `stride`, for "transpose" `perm`, for "softmax" `axis`, for slices
            `begin`; axes count from the front. For "matmul" `transpose_x` and `transpose_y`, 1 where a factor is taken
            transposed.
    """

    name: str
    kind: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    weights: tuple[Tensor, ...] = ()
    attributes: Mapping[str, int | tuple[int, ...]] = field(default_factory=dict, hash=False)

    @property
    def weight_bytes(self) -> int:
        return sum(weight.bytes for weight in self.weights)

    @property
    def macs(self) -> int:
        """Multiply-accumulates: zero for everything but convolutions, matrix products and recurrent layers."""
        if self.kind in ("conv", "linear") and self.weights:
            # Weights are (C_out, C_in / groups, ...): each output element needs one filter of them.
            return self.outputs[0].elements * math.prod(self.weights[0].shape[1:])
        if self.kind == "matmul" and self.inputs and self.inputs[0].shape:
            inner = -2 if self.attributes.get("transpose_x") and len(self.inputs[0].shape) > 1 else -1
            return self.outputs[0].elements * self.inputs[0].shape[inner]
        if self.kind == "conv_transpose" and self.weights:
            # Weights are (C_in, C_out / groups, ...): each input element is spread by one filter of them.
            return self.inputs[0].elements * math.prod(self.weights[0].shape[1:])
        # torch's GRU becomes a loop; a loop over a series (T, N, C) does alike.
        if self.kind in ("lstm", "gru", "rnn", "while_loop") and self.inputs and len(self.inputs[0].shape) == 3:
            # Each of (T, N) steps multiplies by every matrix once.
            steps = math.prod(self.inputs[0].shape[:2])
            return steps * sum(weight.elements for weight in self.weights if len(weight.shape) == 2)
        return 0


@dataclass(frozen=True, slots=True)
class Flexible:
    """An input the shape of which its caller chooses.

    Attributes:
        input: Its name.
        shapes: How many shapes are listed for it; 0 where sizes may be any of a range.
    """

    input: str
    shapes: int


@dataclass(frozen=True)
class Graph:
    """A program: operations in an order in which they can run.

    Attributes:
        inputs: Tensors given by the caller; flexible ones have the shape that the program gives as the usual one, and
            everything else in the graph has what follows from it.
        ops: Every operation; constants are not operations here.
        outputs: Tensors handed back.
        flexible: The inputs the shape of which the caller chooses.
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
        """As they are stored: filters that several operations read, such as the steps of a recurrence, once."""
        return sum(weight.bytes for weight in self._stored)

    @functools.cached_property
    def parameters(self) -> int:
        """Stored weights, counted one by one (batch normalisation is folded into the convolutions by now)."""
        return sum(weight.elements for weight in self._stored)

    @property
    def _stored(self) -> list[Tensor]:
        weights = [weight for op in self.ops for weight in op.weights]
        # Not vectors: the converter stores equal ones once too, which those of a new network may be, and no others.
        filters = {weight for weight in weights if len(weight.shape) == 4}
        return [*filters, *(weight for weight in weights if len(weight.shape) != 4)]

    def prefixed(self, prefix: str) -> Graph:
        """The same program with `prefix` before every name."""

        def rename(tensors: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
            return tuple(Tensor(prefix + t.name, t.shape, t.dtype, t.storage) for t in tensors)

        ops = tuple(
            Op(prefix + op.name, op.kind, rename(op.inputs), rename(op.outputs), rename(op.weights), op.attributes)
            for op in self.ops
        )
        return Graph(rename(self.inputs), ops, rename(self.outputs))

    @staticmethod
    def chain(parts: Iterable[tuple[str, Graph]]) -> Graph:
        """One program of several run one after the other, each fed with what comes out of the one before.

        Outputs that a part does not take, those beyond its inputs, are handed on to the parts behind it.

        Args:
            parts: (name, graph) pairs; the name becomes a prefix, "name.". Inputs and outputs must match in shape.

        Raises:
            ValueError: Where an output does not fit the next input, or there is no part.
        """
        inputs: tuple[Tensor, ...] | None = None
        ops: list[Op] = []
        outputs: tuple[Tensor, ...] = ()
        for name, part in parts:
            graph = part.prefixed(f"{name}.")
            if inputs is None:
                inputs = graph.inputs
                ops += graph.ops
            else:
                count = len(graph.inputs)
                given, wanted = ([tensor.shape for tensor in some] for some in (outputs[:count], graph.inputs))
                if given != wanted:
                    raise ValueError(f"{name} takes {_told(wanted)}, not the {_told(given)} that comes before it")
                fed = {after.name: before for before, after in zip(outputs, graph.inputs, strict=False)}
                ops += [_fed(op, fed) for op in graph.ops]
                # A part may hand on its input as it is.
                handed_on = outputs[count:]
                graph = dataclasses.replace(graph, outputs=tuple(fed.get(t.name, t) for t in graph.outputs) + handed_on)
            outputs = graph.outputs
        if inputs is None:
            raise ValueError("no parts to chain")
        return Graph(inputs, tuple(ops), outputs)


def _fed(op: Op, fed: Mapping[str, Tensor]) -> Op:
    """`op` reading other tensors in place of those of these names."""
    if all(t.name not in fed for t in op.inputs):
        return op
    return dataclasses.replace(op, inputs=tuple(fed.get(t.name, t) for t in op.inputs))


def _told(shapes: Sequence[tuple[int, ...]]) -> str:
    return " and ".join(map(str, shapes)) or "nothing"
