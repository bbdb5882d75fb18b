"""Rules about what devices are known to compute otherwise, or not to compile: see `known_differences.csv`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from anenas.ane._chips import Chip
from anenas.ane._differences import known_differences
from anenas.ane._registry import Problem, rule
from anenas.graph import Graph, Op

# By the name of the known difference: whether an operation that it is about is in its condition. The second argument
# holds the operations that the graph's tensors come from.
Makers = dict[str, Op]
_MEETS: dict[str, Callable[[Op, Makers], bool]] = {
    "avg-pool-overhang": lambda op, makers: _hangs_over(op),
    "pool-same-lower": lambda op, makers: _one_axis_same_lower(op),
    "max-pool-same-lower": lambda op, makers: _one_axis_same_lower(op),
    "pad-other-axes": lambda op, makers: _pads_other_axes(op),
    "softplus-overflow": lambda op, makers: True,
    "softplus-parametric-overflow": lambda op, makers: True,
    "log-sum-exp-overflow": lambda op, makers: True,
    "log-softmax": lambda op, makers: _made_by(op, makers, "softmax"),
    "round-away": lambda op, makers: True,
    "rounding-scale": lambda op, makers: False,  # found at the product, see `_scaled_roundings`
    "gather-nd-computed": lambda op, makers: "computed_indices" in op.settings,
    "gather-negative": lambda op, makers: "negative_indices" in op.settings,
    "matmul-vector": lambda op, makers: any(len(tensor.shape) == 1 for tensor in (*op.inputs, *op.weights)),
    "matmul-int32": lambda op, makers: op.outputs[0].dtype == "int32",
    "nearest-to-one": lambda op, makers: op.outputs[0].shape[-2:] == (1, 1),
    "crop-resize-outside": lambda op, makers: op.outputs[0].dtype == "fp16",
    "nms-fp16": lambda op, makers: any(tensor.dtype == "fp16" for tensor in op.inputs),
    "slice-update-broadcast": lambda op, makers: True,
}
TOLD_BY = {"width-slice": "slice-offset"}
"""Known differences that another rule tells of."""

_ROUNDINGS = ("floor", "ceil", "round")


def _evidence(*, compiles: bool) -> str:
    """The rows of the table that a rule looks at, with their sources."""
    rows = [one for name, one in known_differences().items() if name in _MEETS]
    told = [f"{one.operation}, {one.condition} ({one.source})" for one in rows if (one.where != "compiler") == compiles]
    return f"`known_differences.csv` in this package: {'; '.join(told)}."


@rule(
    "differs-on-device",
    "warning",
    guideline="17: validated on a device, operations known to compute otherwise there",
    evidence=_evidence(compiles=True),
)
def _differs(graph: Graph, chip: Chip) -> Iterator[Problem]:
    yield from _found(graph, compiles=True)
    yield from _scaled_roundings(graph)


@rule(
    "does-not-compile",
    "error",
    guideline="17: validated on a device, operations that Core ML refuses",
    evidence=_evidence(compiles=False),
)
def _does_not_compile(graph: Graph, chip: Chip) -> Iterator[Problem]:
    yield from _found(graph, compiles=False)


def met_conditions() -> frozenset[str]:
    """The names of the known differences that these rules look for."""
    return frozenset(_MEETS) | frozenset(TOLD_BY)


def _found(graph: Graph, *, compiles: bool) -> Iterator[Problem]:
    about = _by_operation(compiles)
    if not any(op.kind in about for op in graph.ops):  # nearly all graphs
        return
    makers = {tensor.name: op for op in graph.ops for tensor in op.outputs}
    for op in graph.ops:
        for name in about.get(op.kind, ()) if op.outputs else ():
            known = known_differences()[name]
            in_fp16 = op.outputs[0].dtype == "fp16"
            if (known.where != "engine" or in_fp16) and _MEETS[name](op, makers):
                where = {"every": "on every device", "engine": "on the engine", "compiler": "Core ML"}[known.where]
                yield op.name, f"{op.kind}, {known.condition}: {where}, {known.happens} ({known.source})", known.fix


def _by_operation(compiles: bool) -> dict[str, list[str]]:
    about: dict[str, list[str]] = {}
    for name in _MEETS:
        known = known_differences()[name]
        if (known.where != "compiler") == compiles:
            about.setdefault(known.operation, []).append(name)
    return about


def _scaled_roundings(graph: Graph) -> Iterator[Problem]:
    """Products of a rounded value and one number, which the engine takes for the rounding alone."""
    rounded = {tensor.name: op for op in graph.ops if op.kind in _ROUNDINGS for tensor in op.outputs}
    known = known_differences()["rounding-scale"]
    for op in graph.ops:
        by_number = op.kind in ("mul", "real_div") and len(op.inputs) == 1 and not op.weights
        if by_number and op.inputs[0].name in rounded and op.outputs[0].dtype == "fp16":
            kind = rounded[op.inputs[0].name].kind
            yield op.name, f"{op.kind} of {kind}: on the engine, {known.happens} ({known.source})", known.fix


def _made_by(op: Op, makers: Makers, kind: str) -> bool:
    return any(tensor.name in makers and makers[tensor.name].kind == kind for tensor in op.inputs)


def _one_axis_same_lower(op: Op) -> bool:
    return "same_lower" in op.settings and len(op.outputs[0].shape) == 3


def _hangs_over(op: Op) -> bool:
    """Whether average pooling has windows over the edge that are divided by the whole kernel."""
    if "ceil_mode" not in op.settings or "exclude_padding_from_average" in op.settings:
        return False
    kernel, stride = op.attributes.get("kernel"), op.attributes.get("stride")
    sizes = op.inputs[0].shape[2:] if op.inputs else ()
    if not isinstance(kernel, tuple) or not isinstance(stride, tuple) or "custom" in op.settings:
        return True  # padding may hang over either
    return any((size - window) % step for size, window, step in zip(sizes, kernel, stride, strict=False))


def _pads_other_axes(op: Op) -> bool:
    pads = op.settings.get("pad", ())
    beyond = isinstance(pads, tuple) and any(pads[:-4])
    return beyond and ("reflect" in op.settings or "replicate" in op.settings)
