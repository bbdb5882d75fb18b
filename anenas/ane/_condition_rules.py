"""Rules about the conditions of `op_support.csv` that no rule of another subject looks at."""

from __future__ import annotations

from collections.abc import Iterator

from anenas.ane._chips import Chip
from anenas.ane._registry import Problem, rule
from anenas.graph import Graph, Op

_FACTORS = (2, 3, 4, 8)
# Operations that move pixels by a factor, and the setting that holds it.
_FACTOR_OF = {
    "depth_to_space": "block_size",
    "space_to_depth": "block_size",
    "pixel_shuffle": "upscale_factor",
    "tile": "reps",
}
_MAX_SOUGHT = 2048
_REFLECTS_FROM = 14
_STATES = ("read_state", "write_state", "coreml_update_state")


@rule(
    "pad-mode",
    "error",
    guideline="8 and 9: padding that the engine runs",
    evidence="Core ML's validator on M4 rejects constants other than zero; reflection from A15 and M2 (751K; "
    "ane-guide; aneforge).",
)
def _pad_mode(graph: Graph, chip: Chip) -> Iterator[Problem]:
    for op in graph.ops:
        if op.kind != "pad":
            continue
        if "constant_val" in op.settings:
            yield op.name, "pads with a constant other than zero", "pad with zeros, after subtracting the constant"
        elif "reflect" in op.settings and chip.generation < _REFLECTS_FROM:
            yield op.name, f"pads by reflection, which {chip.name} does not", "pad with zeros or by replication"


@rule(
    "factor",
    "error",
    guideline="8 and 9: pixels moved by factors of 2, 3, 4 or 8",
    evidence="The factors that the engine has for depth_to_space, space_to_depth, pixel_shuffle and tile (751K; "
    "ane-guide; aneforge).",
)
def _factor(graph: Graph, chip: Chip) -> Iterator[Problem]:
    for op in graph.ops:
        found = _numbers(op, _FACTOR_OF.get(op.kind, ""))
        if odd := [factor for factor in found if factor != 1 and factor not in _FACTORS]:
            message = f"{op.kind} by {odd[0]}, the engine takes {', '.join(map(str, _FACTORS))}"
            yield op.name, message, "use several of these one after the other"


@rule(
    "computed-indices",
    "error",
    guideline="8 and 9: constant indices",
    evidence="gather and slices run on the engine only with constant indices and a constant begin (751K; ane-guide; "
    "aneforge).",
)
def _computed_indices(graph: Graph, chip: Chip) -> Iterator[Problem]:
    for op in graph.ops:
        if "computed_indices" in op.settings:
            yield op.name, f"{op.kind} with computed indices", "look it up before or after the program"
        elif "computed_begin" in op.settings:
            yield op.name, f"{op.kind} with a computed begin", "slice before or after the program"


@rule(
    "argmax-axis",
    "error",
    guideline="8 and 9: argmax over at most 2,048",
    evidence="The reduced axis of reduce_argmax and reduce_argmin, where their int32 result is taken (751K; ane-guide; "
    "aneforge).",
)
def _argmax_axis(graph: Graph, chip: Chip) -> Iterator[Problem]:
    for op in graph.ops:
        if op.kind in ("reduce_argmax", "reduce_argmin") and op.inputs and op.inputs[0].shape:
            axis = op.settings.get("axis", -1)
            sizes = op.inputs[0].shape
            if isinstance(axis, int) and -len(sizes) <= axis < len(sizes) and sizes[axis] > _MAX_SOUGHT:
                message = f"{op.kind} over {sizes[axis]:,}, the engine takes {_MAX_SOUGHT:,}"
                yield op.name, message, "do it after the program"


@rule(
    "linear-rank",
    "error",
    guideline="A1: linear layers on fewer than 5 axes",
    evidence="Apple's authoring rules (apple/coreai-models); 751K; aneforge.",
)
def _linear_rank(graph: Graph, chip: Chip) -> Iterator[Problem]:
    for op in graph.ops:
        if op.kind == "linear" and op.inputs and len(op.inputs[0].shape) >= 5:
            yield op.name, f"linear on {len(op.inputs[0].shape)} axes", "merge axes with a reshape before it"


@rule(
    "space-to-batch",
    "error",
    guideline="8 and 9: space_to_batch of two axes",
    evidence="Core ML's validator on M4 (751K; ane-guide; aneforge).",
)
def _space_to_batch(graph: Graph, chip: Chip) -> Iterator[Problem]:
    for op in graph.ops:
        if op.kind == "space_to_batch" and len(blocks := _numbers(op, "block_shape")) not in (0, 2):
            yield op.name, f"space_to_batch of {len(blocks)} axes, the engine takes two", "use two spatial axes"


@rule(
    "state",
    "error",
    guideline="8: states in fp16, from iOS 18 on",
    evidence="The engine keeps states of fp16 (ane-guide; coremltools' guide to stateful models).",
)
def _state(graph: Graph, chip: Chip) -> Iterator[Problem]:
    for op in graph.ops:
        if op.kind in _STATES:
            if odd := [tensor for tensor in (*op.inputs, *op.outputs) if tensor.dtype != "fp16"]:
                yield op.name, f"a state of {odd[0].dtype}", "keep it in fp16"
            elif chip.system < 18:
                yield op.name, f"a state needs iOS 18, and this is {chip.full_name}", "estimate for a newer system"


def _numbers(op: Op, setting: str) -> tuple[int, ...]:
    value = op.settings.get(setting, ())
    return value if isinstance(value, tuple) else (value,)
