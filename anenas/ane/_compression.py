"""What compressed weights and 8-bit activations save: streamed bytes and multiply-accumulates.

Few figures are public, so these are a few general rules, none of them fitted to a model.
"""

from __future__ import annotations

import re

from anenas.ane._chips import Chip
from anenas.graph import Graph, Op, Tensor

# The first generation that streams weights in a format; older ones unpack them to fp16 first (ane-guide, part 2/07,
# measured on M1 and M2: palettes and sparse weights from H13 on, 8-bit integers from H14, blocks from H15). Evidence
# against: 8-bit integers gained nothing on M5 Pro (ANEForge) and in ResNet50 on A17 Pro (coremltools' documentation).
_STREAMED_SINCE = {"palette": 13, "sparse": 13, "int8": 14}
_BLOCKS_SINCE = 15
# Each further table of a palettised weight takes as long as streaming this many bytes: OPT-1.3B in 4 bits, with 442
# thousand output channels, took 59.1 ms with a table for each, 30.7 with one for two, 14.8 with one per weight, on
# A17 Pro, where weights stream at 41 GB/s (coremltools' documentation).
_TABLE_BYTES = 5_500
# Time of sparse 1×1 convolutions relative to dense ones on M4: 0.69, 0.44 and 0.33 with 50, 25 and 10 % of the weights
# left (751K), on the line 0.24 + 0.90 × density. ResNet50 gains on A17 Pro, and next to nothing on A16 (coremltools'
# documentation), the generation before.
_SPARSE_OFFSET, _SPARSE_SLOPE = 0.24, 0.90
_ZEROS_SKIPPED_SINCE = 16


def streamed_bytes(weight: Tensor, chip: Chip | None) -> float:
    """Bytes of uncompressed weights that take as long to read as this one; without a chip, its bytes as stored."""
    if weight.storage is None or chip is None:
        return float(weight.bytes)
    # "palette4" → "palette", "sparse", "int8", "int8-block"
    parts = (re.sub(r"(?<=palette)\d+", "", part) for part in weight.storage.form.split("+"))
    if chip.generation < max(_STREAMED_SINCE.get(part, _BLOCKS_SINCE) for part in parts):
        return 2.0 * weight.elements
    return float(max(weight.storage.bytes, (weight.storage.tables - 1) * _TABLE_BYTES))


def sparse_fraction(op: Op, chip: Chip | None) -> float:
    """Compute time with an operation's sparse weights, as a fraction of that with dense ones without Winograd."""
    storage = op.weights[0].storage if op.weights else None
    if storage is None or chip is None or chip.generation < _ZEROS_SKIPPED_SINCE:
        return 1.0
    return min(1.0, _SPARSE_OFFSET + _SPARSE_SLOPE * storage.density)


def narrow_tensors(graph: Graph) -> frozenset[str]:
    """Activations that are 8-bit integers in memory: inputs of `quantize` and outputs of `dequantize`."""
    quantised = (tensor for op in graph.ops if op.kind == "quantize" for tensor in op.inputs[:1])
    read = (tensor for op in graph.ops if op.kind == "dequantize" for tensor in op.outputs)
    return frozenset(tensor.name for tensor in (*quantised, *read))


def is_integer(op: Op, narrow: frozenset[str]) -> bool:
    """Whether it multiplies 8-bit weights, with a scale per channel or tensor, by 8-bit activations."""
    weights = all(weight.storage is not None and weight.storage.form == "int8" for weight in op.weights[:1])
    return bool(op.inputs) and weights and all(tensor.name in narrow for tensor in op.inputs)
