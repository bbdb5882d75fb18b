"""coremltools' graph passes applied to a traced program, so that its graph is that of the exported one."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections import Counter
from collections.abc import Iterable

from anenas.graph import Op, Tensor


def apply_passes(ops: list[Op]) -> tuple[Op, ...]:
    """The operations that remain after the converter's passes."""
    for each in (_merge_padding, _fold_scales, _join_scales, _lower_ranks, _straighten_products):
        ops = each(ops)
    return tuple(ops)


BORDER = "border"
"""An attribute of padding with zeros around height and width, until it is settled whether a convolution takes it."""


def _merge_padding(ops: list[Op]) -> list[Op]:
    """Such padding becomes part of the convolution behind it, where nothing else reads it."""
    readers = _readers(ops)
    borders = {op.outputs[0]: op for op in ops if op.kind == "pad" and BORDER in op.attributes}
    merged: list[Op] = []
    for op in ops:
        border = borders.get(op.inputs[0]) if op.inputs else None
        if op.kind == "conv" and border and readers[op.inputs[0]] == 1:
            merged.remove(borders.pop(op.inputs[0]))
            op = dataclasses.replace(op, inputs=border.inputs)
        merged.append(op)
    return [dataclasses.replace(op, attributes={}) if op in borders.values() else op for op in merged]


def _fold_scales(ops: list[Op]) -> list[Op]:
    """Fold products and sums with a constant per channel into the convolution before."""
    readers = _readers(ops)
    kept: list[Op] = []
    convolutions: dict[Tensor, int] = {}
    for op in ops:
        before = convolutions.get(op.inputs[0]) if len(op.inputs) == 1 else None
        if before is not None and readers[op.inputs[0]] == 1 and _is_scale(op):
            kept[before] = dataclasses.replace(with_bias(kept[before]), outputs=op.outputs)
            convolutions[op.outputs[0]] = before
        else:
            if op.kind == "conv":
                convolutions[op.outputs[0]] = len(kept)
            kept.append(op)
    return kept


def with_bias(convolution: Op) -> Op:
    """The convolution with a bias, which folding something into it adds."""
    weight, *bias = convolution.weights
    bias = bias or [Tensor(f"{weight.name.removesuffix('0')}1", (convolution.outputs[0].shape[1],))]
    return dataclasses.replace(convolution, weights=(weight, *bias))


def _is_scale(op: Op) -> bool:
    """Whether it scales or shifts by a constant per channel, or scales by a single one."""
    return (op.kind in ("mul", "add") and _is_for_each_channel(op)) or (op.kind == "mul" and not op.weights)


def _join_scales(ops: list[Op]) -> list[Op]:
    """Join a product and a sum with a constant per channel to one batch normalisation."""
    readers = _readers(ops)
    joined: list[Op] = []
    for op in ops:
        before = joined[-1] if joined else None
        if (
            before
            and (before.kind, op.kind, before.outputs) == ("mul", "add", op.inputs)
            and readers[before.outputs[0]] == 1
            and _is_for_each_channel(before)
            and _is_for_each_channel(op)
        ):
            channels = op.outputs[0].shape[1]
            weights = tuple(Tensor(f"{op.name}_weight{i}", (channels,)) for i in range(4))
            joined[-1] = Op(op.name, "batch_norm", before.inputs, op.outputs, weights)
        else:
            joined.append(op)
    return joined


def _is_for_each_channel(op: Op) -> bool:
    shape = op.outputs[0].shape
    channels = shape[1] if len(shape) == 4 else 0
    return [weight.shape for weight in op.weights] in ([(1, channels, 1, 1)], [(channels, 1, 1)])


def _lower_ranks(ops: list[Op]) -> list[Op]:
    """Merge axes that stay together in transpositions of rank 6 and more between two reshapes."""
    lowered = list(ops)
    for i, (before, transpose, after) in enumerate(zip(ops, ops[1:], ops[2:], strict=False)):
        kinds = (before.kind, transpose.kind, after.kind)
        perm = transpose.attributes.get("perm", ())
        fed = transpose.inputs == before.outputs and after.inputs == transpose.outputs
        if kinds != ("reshape", "transpose", "reshape") or not fed or not isinstance(perm, tuple) or len(perm) < 6:
            continue
        shape, new_perm = _merge_axes(before.outputs[0].shape, perm)
        into = dataclasses.replace(before.outputs[0], shape=shape)
        out = dataclasses.replace(transpose.outputs[0], shape=tuple(shape[axis] for axis in new_perm))
        lowered[i] = dataclasses.replace(before, outputs=(into,))
        lowered[i + 1] = dataclasses.replace(
            transpose, inputs=(into,), outputs=(out,), attributes={**transpose.attributes, "perm": new_perm}
        )
        lowered[i + 2] = dataclasses.replace(after, inputs=(out,))
    return lowered


def _merge_axes(shape: tuple[int, ...], perm: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Shape and permutation without axes of one element, and with axes that stay adjacent merged."""
    groups: list[list[int]] = []
    follower = dict(itertools.pairwise(axis for axis in range(len(shape)) if shape[axis] > 1))
    for axis in (axis for axis in perm if shape[axis] > 1):
        if groups and follower.get(groups[-1][-1]) == axis:
            groups[-1].append(axis)
        else:
            groups.append([axis])
    ordered = sorted(groups)
    return tuple(math.prod(shape[axis] for axis in group) for group in ordered), tuple(map(ordered.index, groups))


def _straighten_products(ops: list[Op]) -> list[Op]:
    """Remove reshapes and transpositions around matrix products.

    MIL's products take any rank, and those of two activations a transposed factor; torch flattens leading axes and
    transposes separately.
    """
    readers, maker = _readers(ops), {tensor: op for op in ops for tensor in op.outputs}
    reader = {tensor: op for op in ops for tensor in op.inputs}
    gone: set[str] = set()
    straight: dict[str, Op] = {}
    for op in ops:
        kept = 2 if op.kind == "matmul" and len(op.inputs) == 2 and not op.weights else 1
        if kept == 1 and op.kind != "linear":
            continue
        factors, flags = [], {}
        for factor, name in zip(op.inputs, ("transpose_x", "transpose_y"), strict=False):
            turned = False
            while (
                readers[factor] == 1
                and (before := maker.get(factor))
                and (_flattens(before, kept) or (kept == 2 and _turns(before)))
            ):
                turned ^= _turns(before)
                gone.add(before.name)
                factor = before.inputs[0]
            factors.append(factor)
            if turned:
                flags[name] = 1
        outputs = op.outputs
        after = reader.get(outputs[0])
        if after and readers[outputs[0]] == 1 and _flattens(after, kept):
            gone.add(after.name)
            outputs = after.outputs
        straight[op.name] = dataclasses.replace(op, inputs=tuple(factors), outputs=outputs, attributes=flags)
    return [straight.get(op.name, op) for op in ops if op.name not in gone]


def _flattens(op: Op, kept: int) -> bool:
    """Whether it only reshapes axes before the last `kept` ones."""
    if op.kind == "transpose":
        return op.attributes.get("perm") == tuple(range(len(op.inputs[0].shape)))
    before, after = op.inputs[0].shape if op.inputs else (), op.outputs[0].shape
    return op.kind == "reshape" and min(len(before), len(after)) >= kept and before[-kept:] == after[-kept:]


def _turns(op: Op) -> bool:
    """Whether it swaps the last two axes."""
    perm = op.attributes.get("perm", ())
    if op.kind != "transpose" or not isinstance(perm, tuple) or len(perm) < 2:
        return False
    rank = len(perm)
    return perm == (*range(rank - 2), rank - 1, rank - 2)


def _readers(ops: Iterable[Op]) -> Counter[Tensor]:
    return Counter(tensor for op in ops for tensor in op.inputs)
