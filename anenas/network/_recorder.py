"""Recording a torch module as the operations that coremltools' converter makes of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from anenas.graph import Op, Tensor
from anenas.network._passes import BORDER, with_bias

# ATen operations that compute nothing in an exported program.
_SILENT = {
    "empty", "detach", "alias", "clone", "contiguous", "dropout", "native_dropout", "lift_fresh", "_to_copy", "t",
}  # fmt: skip

# From ATen's names to MIL's, for operations that map one to one.
_RENAMED = {
    "hardsigmoid": "sigmoid_hard", "hardtanh": "clip", "mean": "reduce_mean", "_softmax": "softmax", "view": "reshape",
    "_unsafe_view": "reshape", "unsqueeze": "expand_dims", "permute": "transpose",
    "cat": "concat", "bmm": "matmul", "mm": "matmul", "max_pool2d_with_indices": "max_pool", "avg_pool2d": "avg_pool",
    "native_layer_norm": "layer_norm", "div": "real_div",
    "upsample_nearest2d": "upsample_nearest_neighbor", "upsample_bilinear2d": "upsample_bilinear",
    "_adaptive_avg_pool2d": "avg_pool",
    "sum": "reduce_sum", "amax": "reduce_max", "amin": "reduce_min", "linalg_vector_norm": "reduce_l2_norm",
    "clamp": "clip", "clamp_min": "clip", "where": "select", "rsub": "sub", "neg": "mul", "_safe_softmax": "softmax",
}  # fmt: skip

BATCH_NORMS = {"native_batch_norm", "_native_batch_norm_legit_no_training"}
_POINTWISE = {"relu", "silu", "sigmoid", "hardsigmoid", "hardtanh", "hardswish", "clamp", "tanh", "gelu"}


@dataclass(frozen=True)
class _Call:
    """One call of an ATen operation that depends on the input.

    Attributes:
        kind: ATen's name, without the underscore of in-place variants.
        args: Its arguments.
        inputs: The activations among them.
        constants: The tensors among them that do not depend on the input.
        output: Its first result.
        others: Its other results.
    """

    kind: str
    args: tuple[Any, ...]
    inputs: tuple[Tensor, ...]
    constants: list[torch.Tensor]
    output: torch.Tensor
    others: tuple[torch.Tensor, ...] = ()


class Recorder(TorchDispatchMode):
    """Records each operation that runs under it.

    Attributes:
        ops: The operations so far.
        known: The tensor that each torch tensor holds now, by id; in-place operations change it.
        constants: Ids of the torch tensors that do not depend on the input.
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.ops: list[Op] = []
        self.known: dict[int, Tensor] = {}
        self._owners: dict[int, str] = {}
        self._kept: list[torch.Tensor] = []  # ids stay taken as long as their tensors live
        self.constants = {id(t) for t in (*module.parameters(), *module.buffers())}

    def name_tensor(self, output: torch.Tensor, name: str, dtype: str = "fp16") -> Tensor:
        tensor = Tensor(name, tuple(output.shape), dtype)
        self.alias(output, tensor)
        return tensor

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        aten = func.overloadpacket.__name__
        kind = aten.removesuffix("_") if not aten.startswith("_") else aten
        result = self.compute(func, kind, args, kwargs or {})
        tensors = [a for a in _flat(args) if isinstance(a, torch.Tensor)]
        outputs = [r for r in _flat((result,)) if isinstance(r, torch.Tensor)]
        inputs = tuple(self.known[id(t)] for t in tensors if id(t) in self.known)
        constants = [t for t in tensors if id(t) in self.constants]
        if not outputs or not inputs:
            # Independent of the input: folded to a constant on conversion.
            self.constants.update(id(out) for out in outputs)
            self._kept += outputs
        elif kind in _SILENT:
            self.alias(outputs[0], inputs[0])
        else:
            _HANDLES.get(kind, _plain)(self, _Call(kind, args, inputs, constants, outputs[0], tuple(outputs[1:])))
        return result

    def compute(self, func: Any, kind: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """The result of an operation; only its shape matters here."""
        # torch takes a millisecond to infer that these keep the shape, half of the time for a block.
        if kind in BATCH_NORMS:
            return torch.empty_like(args[0]), args[0].new_empty(0), args[0].new_empty(0)
        if kind in ("lstm", "gru"):
            x, state = args[0], args[1] if kind == "lstm" else [args[1]]
            return (x.new_empty((*x.shape[:2], state[0].shape[0] * state[0].shape[2])), *state)
        if kind in _POINTWISE:
            return args[0] if func.overloadpacket.__name__ != kind else torch.empty_like(args[0])  # in place, or not
        return func(*args, **kwargs)

    def add(
        self,
        kind: str,
        inputs: tuple[Tensor, ...],
        output: torch.Tensor,
        weights: tuple[tuple[int, ...], ...] = (),
        dtype: str = "fp16",
        owner: int | None = None,
        **attributes: int | tuple[int, ...],
    ) -> Tensor:
        """Record an operation that writes `output`, of the same type as its weights.

        Operations with the same owner, the id of a torch tensor, share weights, which are stored once.
        """
        name = f"{kind}_{len(self.ops)}"
        first = name if owner is None else self._owners.setdefault(owner, name)
        stored = tuple(Tensor(f"{first}_weight{i}", tuple(shape), dtype) for i, shape in enumerate(weights))
        written = self.name_tensor(output, name, dtype)
        self.ops.append(Op(name, kind, inputs, (written,), stored, attributes))
        return written

    def write_more(self, *outputs: torch.Tensor, dtype: str = "fp16") -> None:
        """Add `outputs` to the last recorded operation."""
        op = self.ops.pop()
        rest = tuple(self.name_tensor(output, f"{op.name}_{i}", dtype) for i, output in enumerate(outputs, 1))
        self.ops.append(dataclasses.replace(op, outputs=(*op.outputs, *rest)))

    def alias(self, output: torch.Tensor, tensor: Tensor) -> None:
        """Record that `output` holds `tensor`."""
        self.known[id(output)] = tensor
        self._kept.append(output)


_Handle = Callable[[Recorder, _Call], None]


def _plain(recorder: Recorder, call: _Call) -> None:
    """One equivalent operation; constants of more than one element are its weights."""
    weights = tuple(tuple(c.shape) for c in call.constants if c.numel() > 1)
    recorder.add(_RENAMED.get(call.kind, call.kind), call.inputs, call.output, weights)


def _convolution(recorder: Recorder, call: _Call) -> None:
    stride, dilation, transposed, groups = call.args[3], call.args[5], call.args[6], call.args[8]
    recorder.add(
        "conv_transpose" if transposed else "conv",
        call.inputs,
        call.output,
        (tuple(call.constants[0].shape), *([] if call.args[2] is None else [(call.output.shape[1],)])),
        owner=id(call.constants[0]),
        stride=tuple(stride),
        dilation=tuple(dilation),
        groups=int(groups),
    )


def _batch_norm(recorder: Recorder, call: _Call) -> None:
    before = recorder.ops[-1] if recorder.ops else None
    if before and before.kind == "conv" and before.outputs[0] == call.inputs[0]:
        recorder.ops[-1] = with_bias(before)  # folded into it
        recorder.alias(call.output, before.outputs[0])
    else:
        recorder.add("batch_norm", call.inputs, call.output, tuple(tuple(c.shape) for c in call.constants))


def _hardswish(recorder: Recorder, call: _Call) -> None:
    """coremltools converts torch's own hard-swish to three operations."""
    recorder.add("thresholded_relu", call.inputs, torch.empty_like(call.output))
    clipped = recorder.ops[-1].outputs
    recorder.add("sigmoid_hard", clipped, torch.empty_like(call.output))
    recorder.add("mul", (*clipped, *recorder.ops[-1].outputs), call.output)


def _group_norm(recorder: Recorder, call: _Call) -> None:
    """coremltools decomposes group normalisation; its scale and shift become a batch normalisation."""
    x, groups = call.inputs[0], int(call.args[6])
    shape = (x.shape[0], groups, x.shape[1] // groups, *x.shape[2:])
    of_groups = torch.empty(shape, device="meta")
    of_each = torch.empty((*shape[:2], *(1 for _ in shape[2:])), device="meta")

    def add(kind: str, *inputs: Tensor, like: torch.Tensor = of_groups) -> Tensor:
        recorder.add(kind, inputs, torch.empty_like(like))
        return recorder.ops[-1].outputs[0]

    grouped = add("reshape", x)
    centred = add("sub", grouped, add("reduce_mean", grouped, like=of_each))
    variance = add("reduce_mean", add("square", centred), like=of_each)
    deviation = add("sqrt", add("add", variance, like=of_each), like=of_each)
    normal = add("reshape", add("real_div", centred, deviation), like=call.output)
    recorder.add("batch_norm", (normal,), call.output, tuple(tuple(c.shape) for c in call.constants * 2))


def _linear(recorder: Recorder, call: _Call) -> None:
    """`addmm(bias, x, weightᵀ)`; the weight came through `t`, so it may be recorded as (in, out)."""
    in_features, out_features = call.inputs[0].shape[-1], call.output.shape[-1]
    recorder.add("linear", call.inputs, call.output, ((out_features, in_features), (out_features,)))


def _pad(recorder: Recorder, call: _Call) -> None:
    """`pad(x, sizes, value)`; of height and width with zeros, a convolution may take it over."""
    value = call.args[2] if len(call.args) > 2 else 0
    is_border = len(call.inputs[0].shape) == 4 and not any(call.args[1][4:]) and value == 0
    attributes: dict[str, Any] = {BORDER: 1} if is_border else {}
    recorder.add("pad", call.inputs, call.output, **attributes)


def _pool(recorder: Recorder, call: _Call) -> None:
    """`pool(x, kernel, stride, …)`; the stride defaults to the kernel's size."""
    kernel = _two(call.args[1])
    stride = _two(call.args[2]) if len(call.args) > 2 and call.args[2] else kernel
    recorder.add(_RENAMED[call.kind], call.inputs, call.output, kernel=kernel, stride=stride)


def _permute(recorder: Recorder, call: _Call) -> None:
    """`permute(x, order)`, or `transpose(x, one, other)`."""
    rank = len(call.inputs[0].shape)
    if call.kind == "permute":
        order = [axis % rank for axis in call.args[1]]
    else:
        order = list(range(rank))
        one, other = call.args[1] % rank, call.args[2] % rank
        order[one], order[other] = other, one
    recorder.add("transpose", call.inputs, call.output, perm=tuple(order))


def _softmax(recorder: Recorder, call: _Call) -> None:
    recorder.add("softmax", call.inputs, call.output, axis=call.args[1] % len(call.output.shape))


def _slice(recorder: Recorder, call: _Call) -> None:
    """`slice(x, axis, start, …)`, or `select(x, axis, index)`."""
    shape = call.inputs[0].shape
    if tuple(call.output.shape) == shape:
        recorder.alias(call.output, call.inputs[0])
        return
    axis = (call.args[1] if len(call.args) > 1 else 0) % len(shape)
    start = (call.args[2] if len(call.args) > 2 else None) or 0
    begin = tuple((start + size if start < 0 else start) if i == axis else 0 for i, size in enumerate(shape))
    recorder.add("slice_by_index", call.inputs, call.output, begin=begin)


def _expand(recorder: Recorder, call: _Call) -> None:
    """Nothing is computed if the shape stays the same, as around torch's attention."""
    if tuple(call.output.shape) == call.inputs[0].shape:
        recorder.alias(call.output, call.inputs[0])
    else:
        recorder.add("tile", call.inputs, call.output)


def _split(recorder: Recorder, call: _Call) -> None:
    """One operation with several results."""
    recorder.add("split", call.inputs, call.output)
    recorder.write_more(*call.others)


def _embedding(recorder: Recorder, call: _Call) -> None:
    """A look-up with ids that the converter casts to 32-bit integers."""
    ids = call.args[1]
    cast = recorder.add("cast", call.inputs, torch.empty_like(ids), dtype="int32")
    recorder.add("gather", (cast,), call.output, (tuple(call.constants[0].shape),))


_HANDLES: dict[str, _Handle] = {
    "embedding": _embedding,
    "convolution": _convolution,
    "native_batch_norm": _batch_norm,
    "_native_batch_norm_legit_no_training": _batch_norm,
    "hardswish": _hardswish,
    "native_group_norm": _group_norm,
    "addmm": _linear,
    "constant_pad_nd": _pad,
    "max_pool2d_with_indices": _pool,
    "avg_pool2d": _pool,
    "permute": _permute,
    "transpose": _permute,
    "_softmax": _softmax,
    "_safe_softmax": _softmax,
    "slice": _slice,
    "select": _slice,
    "expand": _expand,
    "split": _split,
    "split_with_sizes": _split,
    "unsafe_split": _split,
    "unbind": _split,
}


def _two(size: Sequence[int]) -> tuple[int, ...]:
    """Height and width of a window, which torch may give as one number."""
    return tuple(size) * 2 if len(size) == 1 else tuple(size)


def _flat(values: Any) -> list[Any]:
    """Arguments with one level of lists flattened, as for `cat`."""
    return [v for value in values for v in (value if isinstance(value, (list, tuple)) else (value,))]
