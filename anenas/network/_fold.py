"""Batch normalisation as part of the convolution before it, as the converter has it."""

from __future__ import annotations

import copy
from typing import Any

from torch import fx, nn


def folded(network: nn.Module) -> fx.GraphModule:
    """A copy of a fused network in evaluation mode whose convolutions hold the normalisation behind them.

    What does nothing at inference, such as dropout, is gone.
    """
    network = copy.deepcopy(network)
    module = fx.GraphModule(network, _Tracer().trace(network))
    for node in list(module.graph.nodes):
        if node.op != "call_module":
            continue
        layer, before = module.get_submodule(node.target), node.args[0]
        if isinstance(layer, nn.BatchNorm2d) and (convolution := _only_read_by(node, before, module)):
            assert layer.running_mean is not None and layer.running_var is not None
            convolution.weight, convolution.bias = nn.utils.fusion.fuse_conv_bn_weights(
                convolution.weight, convolution.bias,
                layer.running_mean, layer.running_var, layer.eps, layer.weight, layer.bias,
            )  # fmt: skip
            layer = getattr(layer, "act", nn.Identity())  # timm's normalise, drop and activate in one
            module.set_submodule(node.target, layer)
        if isinstance(layer, (nn.Identity, nn.Dropout)):
            node.replace_all_uses_with(before)
            module.graph.erase_node(node)
    module.recompile()
    # Activations that came out of a normalisation are traced, too, as they are at inference.
    module = fx.GraphModule(module, _Tracer().trace(module))
    module.delete_all_unused_submodules()
    return module


def _only_read_by(node: fx.Node, before: Any, module: nn.Module) -> nn.Conv2d | None:
    """The convolution before a node, if nothing else reads what it gives."""
    if before.op != "call_module" or list(before.users) != [node]:
        return None
    layer = module.get_submodule(before.target)
    return layer if isinstance(layer, nn.Conv2d) else None


class _Tracer(fx.Tracer):
    """Takes batch normalisation whole, timm's kinds too."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return isinstance(m, nn.BatchNorm2d) or super().is_leaf_module(m, module_qualified_name)
