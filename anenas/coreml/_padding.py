"""A pass of the converter: padding with zeros becomes part of the convolution behind it, which has any padding."""

from __future__ import annotations

import functools
from typing import Any

from anenas.mil import coremltools


def pipeline() -> Any:
    """coremltools' own passes, and this one among them. A new one each time: conversions leave their options in it."""
    ct = coremltools()
    _register()
    passes = ct.PassPipeline()
    passes.insert_pass(passes.passes.index("common::fuse_pad_conv") + 1, "anenas::merge_padding")
    return passes


@functools.cache
def _register() -> None:
    from coremltools.converters.mil.mil.passes.graph_pass import AbstractGraphPass
    from coremltools.converters.mil.mil.passes.pass_registry import register_pass

    @register_pass(namespace="anenas")
    class merge_padding(AbstractGraphPass):  # type: ignore[misc]  # noqa: N801  (its name is that of the pass)
        def apply(self, prog: Any) -> None:
            for function in prog.functions.values():
                for op in list(function.operations):
                    if op.op_type == "conv" and op.x.op and _is_mergeable(op.x.op, op):
                        _merge(op.x.op, op)


def _is_mergeable(pad: Any, convolution: Any) -> bool:
    """Whether it is padding of height and width with zeros, which that convolution alone reads."""
    if pad.op_type != "pad" or pad.mode.val != "constant" or pad.constant_val.val != 0 or pad.pad.val is None:
        return False
    read_once = list(pad.outputs[0].child_ops) == [convolution] and pad.outputs[0] not in pad.enclosing_block.outputs
    spatial = pad.x.rank == 4 and len(pad.pad.val) >= 4 and not any(pad.pad.val[:-4])
    return read_once and spatial and convolution.pad_type.val in ("valid", "custom")


def _merge(pad: Any, convolution: Any) -> None:
    from coremltools.converters.mil import Builder as mb  # noqa: N813

    own = [0] * 4 if convolution.pad_type.val == "valid" else convolution.pad.val
    both = [int(one + other) for one, other in zip(pad.pad.val[-4:], own, strict=True)]
    given = {**convolution.inputs, "x": pad.x, "pad_type": "custom", "pad": both}
    block = convolution.enclosing_block
    with block:
        merged = mb.conv(**given, name=convolution.name, before_op=convolution)
    block.replace_uses_of_var_after_op(
        anchor_op=convolution, old_var=convolution.outputs[0], new_var=merged, end_op=None
    )
    block.remove_ops([convolution, pad])
