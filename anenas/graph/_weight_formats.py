"""The formats that weights can be compressed to, and how they are stored in each."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

from anenas._errors import unknown
from anenas.graph._graph import ITEM_BYTES, Graph, Op, Storage, Tensor

# Weights of at most this many elements stay uncompressed, coremltools' default: they save little and lose most.
SMALLEST = 2048
# The operations that have weights; constants that others read, such as a mask, anchors or positions, are none, and stay
# as they are.
WEIGHED = frozenset(
    {"conv", "conv_transpose", "linear", "matmul", "einsum", "gather", "lstm", "gru", "rnn", "while_loop", "cond"}
)


@dataclass(frozen=True)
class WeightFormat:
    """A way to store weights. A field that is 0 or False does not apply.

    Attributes:
        name: As users give it.
        tells: A short description.
        integer: Bits of integers that weights, or a palette's entries, are rounded to.
        palette: Bits of the indices into a table of values.
        sparsity: Fraction of each weight's elements, the smallest, that become zero and are not stored.
        block: Input channels that share a scale, instead of all.
        group: Output channels that share a table, instead of all.
        activations: Whether activations are 8-bit integers too.
    """

    name: str
    tells: str
    integer: int = 0
    palette: int = 0
    sparsity: float = 0.0
    block: int = 0
    group: int = 0
    activations: bool = False

    @property
    def kind(self) -> str:
        """The `Storage.form` of its weights."""
        integer = f"int{self.integer}" + ("-block" if self.block else "")
        parts = (self.sparsity and "sparse", self.palette and f"palette{self.palette}", self.integer and integer)
        return "+".join(part for part in parts if part)

    @property
    def is_ios18(self) -> bool:
        """Whether it needs operations of iOS 18: 4-bit integers, blocks, groups, or two methods at once."""
        ways = sum(map(bool, (self.integer, self.palette, self.sparsity)))
        return ways > 1 or self.integer == 4 or bool(self.block or self.group)

    @property
    def target(self) -> str:
        """The oldest system with its operations; those that quantise activations came with iOS 17."""
        return "iOS18" if self.is_ios18 else "iOS17" if self.activations else "iOS16"

    def storage(self, tensor: Tensor, channel_axis: int = 0) -> Storage | None:
        """How a weight is stored in this format; None if it stays uncompressed.

        Args:
            tensor: The weight.
            channel_axis: The axis of its output channels.
        """
        if not self.kind or len(tensor.shape) < 2 or tensor.elements <= SMALLEST:
            return None
        channels, number = tensor.shape[channel_axis], ITEM_BYTES[tensor.dtype]
        kept = tensor.elements - math.floor(tensor.elements * self.sparsity)
        stored = -(-tensor.elements // 8) if self.sparsity else 0
        density = kept / tensor.elements
        if self.palette:
            tables = channels // self.group if self.is_grouped(tensor.shape, channel_axis) else 1
            entry = 1 if self.integer else number
            stored += -(-kept * self.palette // 8) + tables * entry * 2**self.palette
            # Entries that are integers have a scale for the table.
            return Storage(self.kind, stored + (number if self.integer else 0), tables, density)
        if not self.integer:
            return Storage(self.kind, stored + number * kept, density=density)
        in_blocks = self.is_in_blocks(tensor.shape, channel_axis)
        kind = self.kind if in_blocks else self.kind.removesuffix("-block")
        scales = channels * (tensor.shape[1 - channel_axis] // self.block if in_blocks else 1)
        # iOS 16 stores a zero point with each scale.
        scale = number if self.is_ios18 else number + 1
        return Storage(kind, stored + -(-kept * self.integer // 8) + scales * scale, density=density)

    def is_in_blocks(self, shape: tuple[int, ...], channel_axis: int = 0) -> bool:
        """Whether a weight's input channels divide into blocks; if not, each output channel has a scale."""
        return self.block > 0 and len(shape) > 1 and shape[1 - channel_axis] % self.block == 0

    def is_grouped(self, shape: tuple[int, ...], channel_axis: int = 0) -> bool:
        """Whether a weight's output channels divide into groups; if not, all share a table."""
        return self.group > 0 and shape[channel_axis] % self.group == 0


_FORMATS = (
    WeightFormat("fp16", "16-bit floating point: as converted"),
    WeightFormat("int8", "8-bit integers, a scale for each output channel", integer=8),
    WeightFormat("int8-block", "8-bit integers, a scale for each 32 input channels", integer=8, block=32),
    WeightFormat("int4-block", "4-bit integers, a scale for each 32 input channels", integer=4, block=32),
    WeightFormat("palette8", "a table of 256 values for each weight", palette=8),
    WeightFormat("palette6", "a table of 64 values for each weight", palette=6),
    WeightFormat("palette4", "a table of 16 values for each weight", palette=4),
    WeightFormat("palette2", "a table of 4 values for each weight", palette=2),
    WeightFormat("palette4-grouped", "a table of 16 values for each 16 output channels", palette=4, group=16),
    WeightFormat("palette4+int8", "a table of 16 values of 8 bits for each weight", palette=4, integer=8),
    WeightFormat("sparse50", "the smaller half of each weight is zero", sparsity=0.5),
    WeightFormat("sparse75", "the smallest three quarters of each weight are zero", sparsity=0.75),
    WeightFormat("sparse50+palette4", "half zero, a table of 16 values for the rest", sparsity=0.5, palette=4),
    WeightFormat(
        "sparse75+palette4", "three quarters zero, a table of 16 values for the rest", sparsity=0.75, palette=4
    ),
    WeightFormat("sparse75+int8", "three quarters zero, 8-bit integers for the rest", sparsity=0.75, integer=8),
    WeightFormat("w8a8", "8-bit integers for weights and activations", integer=8, activations=True),
)


def weight_formats() -> dict[str, WeightFormat]:
    """Every format that a program can be compressed to without training, by name."""
    return {one.name: one for one in _FORMATS if not one.activations}


def all_weight_formats() -> dict[str, WeightFormat]:
    """Every format, those that need training too, by name."""
    return {one.name: one for one in _FORMATS}


def get_weight_format(name: str) -> WeightFormat:
    """The format of that name.

    Raises:
        AnenasError: If there is none; the message suggests the nearest names.
    """
    known, wanted = all_weight_formats(), name.strip().casefold()
    if wanted not in known:
        raise unknown("form", name, known)
    return known[wanted]


def compressed(graph: Graph, weight_format: WeightFormat) -> Graph:
    """A program with fp16 weights, compressed to a format.

    Sizes are those of the compressed package, but for ties between the values of a sparse weight. With 8-bit
    activations, results between the first and the last convolution or matrix product are quantised as by coremltools'
    `LinearQuantizer`: not between such an operation and an activation function that is its only reader.
    """
    quantised = _quantised(graph) if weight_format.activations else frozenset()
    ops: list[Op] = []
    narrow: dict[str, Tensor] = {}  # by the name of a quantised tensor, its dequantised one

    def quantise(tensor: Tensor) -> None:
        if tensor.name in quantised:
            integers = Tensor(f"{tensor.name}.integers", tensor.shape, "int8")
            narrow[tensor.name] = Tensor(f"{tensor.name}.narrow", tensor.shape)
            ops.append(Op(integers.name, "quantize", (tensor,), (integers,)))
            ops.append(Op(narrow[tensor.name].name, "dequantize", (integers,), (narrow[tensor.name],)))

    for tensor in graph.inputs:
        quantise(tensor)
    for op in graph.ops:
        axis = 1 if op.kind == "conv_transpose" else 0
        weights = tuple(
            dataclasses.replace(weight, storage=weight_format.storage(weight, axis) if op.kind in WEIGHED else None)
            for weight in op.weights
        )
        inputs = tuple(narrow.get(tensor.name, tensor) for tensor in op.inputs)
        ops.append(dataclasses.replace(op, inputs=inputs, weights=weights))
        for tensor in op.outputs:
            quantise(tensor)
    return Graph(graph.inputs, tuple(ops), graph.outputs)


# Activation functions that `LinearQuantizer` keeps with the operation before them.
_KEPT = {"relu", "relu6", "clip", "silu", "sigmoid", "leaky_relu", "elu", "gelu", "tanh"}


def _quantised(graph: Graph) -> frozenset[str]:
    """Names of the activations that become 8-bit integers."""
    readers: dict[str, list[Op]] = {}
    for op in graph.ops:
        for tensor in op.inputs:
            readers.setdefault(tensor.name, []).append(op)
    products = [i for i, op in enumerate(graph.ops) if op.macs]
    if not products:
        return frozenset()
    found = {tensor.name for tensor in graph.ops[products[0]].inputs}
    for op in graph.ops[products[0] : products[-1] + 1]:
        for tensor in op.outputs:
            after = readers.get(tensor.name, [])
            is_kept = op.macs and len(after) == 1 and after[0].kind in _KEPT
            if after and not is_kept:
                found.add(tensor.name)
    return frozenset(found)
