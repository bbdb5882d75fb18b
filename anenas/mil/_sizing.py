"""The values of a program that decide shapes, which no precision rounds."""

from __future__ import annotations

from collections.abc import Iterator

from anenas.mil._syntax import Block, Operand, Operation, Value

# Parameters that decide the shape of a result or which elements are taken, of any operation.
_DECIDING = frozenset(
    {
        "axes", "axis", "begin", "end", "k", "num_splits", "one_hot_vector_size", "pad", "reps", "resized_dims",
        "scale_factor_height", "scale_factor_width", "shape", "size", "split_sizes", "stride", "target_height",
        "target_size_height", "target_size_width", "target_width",
    }
)  # fmt: skip
# And of one.
_DECIDING_IN = {"range_1d": frozenset({"start", "end", "step"})}


def sizing(block: Block) -> frozenset[Operand]:
    """The operands in a block and its nested ones that decide shapes, and what they are computed from.

    Sizes are numbers and vectors: what has more dimensions, such as an image whose values choose where to look, is
    data.
    """
    found: set[Operand] = set()
    count = -1
    while count != len(found):  # again, as values go around loops
        count = len(found)
        _gather(block, found)
    return frozenset(found)


def decides(kind: str, parameter: str) -> bool:
    """Whether a parameter decides shapes."""
    return parameter in _DECIDING or parameter in _DECIDING_IN.get(kind, frozenset())


def _gather(block: Block, found: set[Operand]) -> None:
    for operation in reversed(block.operations):
        decided = any(result in found for result in operation.results)
        for inner in operation.blocks:
            if decided:
                found.update(_small(inner.outputs))
            _gather(inner, found)
        decided |= any(given in found for inner in operation.blocks for given in inner.inputs)
        found.update(_operands(operation, decided))


def _operands(operation: Operation, decided: bool) -> Iterator[Operand]:
    for parameter, operands in operation.operands.items():
        if decides(operation.type, parameter) or (decided and operation.type != "shape"):
            yield from _small(operands)


def _small(operands: tuple[Operand, ...]) -> list[Operand]:
    return [one for one in operands if not isinstance(one, Value) or len(one.type.sizes) <= 1]
