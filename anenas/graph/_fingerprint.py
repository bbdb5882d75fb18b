"""A digest that identifies a program, whatever its tensors and its file are called."""

from __future__ import annotations

import hashlib

from anenas.graph._graph import Graph, Op, Tensor

# Operations at the edges of some programs and not of others that compute the same: casts of inputs and outputs, and the
# look-up of a class label.
_TRANSPARENT = ("cast", "classify")

# A fixed list, so that old recordings are still found when graphs gain attributes.
_ATTRIBUTES = ("axis", "begin", "dilation", "groups", "kernel", "perm", "stride")


def fingerprint(graph: Graph) -> str:
    """SHA-256 of what a program computes: kinds, shapes, dtypes, attributes and wiring of its operations.

    Names, weight values, the order of independent operations, casts and class labels do not count, so an architecture,
    the package converted from it, and the trained package share one fingerprint.
    """
    digests: dict[str, str] = {tensor.name: _digest("input", i, tensor.shape) for i, tensor in enumerate(graph.inputs)}
    ops = []
    for op in graph.ops:
        if op.kind in _TRANSPARENT:
            before = digests.get(op.inputs[0].name, "") if op.inputs else ""
            digests.update((tensor.name, before) for tensor in op.outputs)
            continue
        ops.append(_digest(_content(op), [digests.get(tensor.name, "") for tensor in op.inputs]))
        digests.update((tensor.name, _digest(ops[-1], i)) for i, tensor in enumerate(op.outputs))
    return _digest(sorted(ops), sorted({digests.get(tensor.name, "") for tensor in graph.outputs}))


def _content(op: Op) -> list[object]:
    outputs = [(tensor.shape, tensor.dtype) for tensor in op.outputs]
    weights = [(tensor.shape, _stored(tensor) if tensor.storage else tensor.dtype) for tensor in op.weights]
    return [op.kind, outputs, weights, [(name, op.attributes.get(name)) for name in _ATTRIBUTES]]


def _stored(weight: Tensor) -> object:
    """The format of a compressed weight. The density is rounded: it depends slightly on the weight's values."""
    assert weight.storage
    return weight.storage.form, weight.storage.tables, round(weight.storage.density, 2)


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()
