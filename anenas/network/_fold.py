"""A network as a graph of its operations at inference, with batch normalisation folded into convolutions."""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import fx, nn

from anenas.blocks import pads_same, same_padding


def fold_batch_norms(network: nn.Module, x: torch.Tensor, leaves: tuple[type[nn.Module], ...] = ()) -> fx.GraphModule:
    """A copy of a fused network with batch normalisation folded into the convolutions before.

    What does nothing at inference, such as dropout, is removed. The operations are those for an input like `x`: modules
    may use shapes, and unpack tuples.

    Args:
        network: In evaluation mode, on the CPU; it is not changed.
        x: A valid input.
        leaves: Types of modules that are not traced into, besides torch's own.
    """
    network = copy.deepcopy(network)
    _split_layers(network)
    module = fx.GraphModule(network, _Tracer(x, leaves).trace(network))
    for node in list(module.graph.nodes):
        if node.op != "call_module":
            continue
        layer, before = module.get_submodule(node.target), node.args[0]
        if isinstance(layer, nn.BatchNorm2d) and (convolution := _only_read_by(node, before, module)):
            module.set_submodule(before.target, nn.utils.fuse_conv_bn_eval(convolution, layer))
        elif not isinstance(layer, (nn.Identity, nn.Dropout)):
            continue
        node.replace_all_uses_with(before)
        module.graph.erase_node(node)
    module.delete_all_unused_submodules()
    module.recompile()
    return module


class _SamePadding(nn.Module):
    """TensorFlow's padding for a convolution."""

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        self.windows = list(zip(convolution.kernel_size, convolution.stride, strict=True))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        rows, columns = (same_padding(size, *by) for size, by in zip(x.shape[2:], self.windows, strict=True))
        return F.pad(x, (*columns, *rows))


def _split_layers(network: nn.Module) -> None:
    """Replace timm's layers, which include an activation or TensorFlow's padding, by torch's own in a row."""
    for parent in list(network.modules()):
        for name, child in parent.named_children():
            if isinstance(child, nn.Conv2d) and pads_same(child):
                given = (child.in_channels, child.out_channels, child.kernel_size, child.stride)
                plain = nn.Conv2d(*given, groups=child.groups, bias=child.bias is not None)  # type: ignore[arg-type]
                plain.load_state_dict(child.state_dict())
                setattr(parent, name, nn.Sequential(_SamePadding(child), plain).eval())
            elif isinstance(child, nn.BatchNorm2d) and type(child) is not nn.BatchNorm2d:
                norm = nn.BatchNorm2d(child.num_features, child.eps, affine=child.affine)
                norm.load_state_dict(child.state_dict())
                setattr(parent, name, nn.Sequential(norm, getattr(child, "act", nn.Identity())).eval())


def _only_read_by(node: fx.Node, before: Any, module: nn.Module) -> nn.Conv2d | None:
    """The convolution before a node, if nothing else reads its output."""
    if not isinstance(before, fx.Node) or before.op != "call_module" or list(before.users) != [node]:
        return None
    layer = module.get_submodule(str(before.target))
    return layer if isinstance(layer, nn.Conv2d) else None


class _Tracer(fx.Tracer):
    """Also computes every operation, so that shapes and lengths are known."""

    def __init__(self, x: torch.Tensor, leaves: tuple[type[nn.Module], ...]) -> None:
        super().__init__()
        self._x = x
        self._leaves = leaves
        self._values: dict[fx.Node, Any] = {}
        self._computing = False

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return isinstance(m, self._leaves) or super().is_leaf_module(m, module_qualified_name)

    def call_module(
        self, m: nn.Module, forward: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        return forward(*args, **kwargs) if self._computing else super().call_module(m, forward, args, kwargs)

    def proxy(self, node: fx.Node) -> fx.Proxy:
        self._computing = True  # with the weights themselves
        try:
            with torch.no_grad():
                value = self._known(node)
        finally:
            self._computing = False
        return _Known(node, self, value)

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict[str, Any]) -> Any:
        return attr_val if self._computing else super().getattr(attr, attr_val, parameter_proxy_cache)

    def _known(self, node: fx.Node) -> Any:
        if node not in self._values:  # weights have no proxy
            self._values[node] = self._compute(node)
        return self._values[node]

    def _compute(self, node: fx.Node) -> Any:
        args, kwargs = fx.map_arg((node.args, node.kwargs), self._known)
        if node.op == "placeholder":
            return self._x
        if node.op == "get_attr":
            return operator.attrgetter(str(node.target))(self.root)
        if node.op == "call_module":
            return self.root.get_submodule(str(node.target)).forward(*args, **kwargs)
        if node.op == "call_method":
            return getattr(args[0], str(node.target))(*args[1:], **kwargs)
        return node.target(*args, **kwargs) if callable(node.target) else None


class _Known(fx.Proxy):
    """A value in a traced network whose shape and length are known."""

    def __init__(self, node: fx.Node, tracer: _Tracer, value: Any) -> None:
        super().__init__(node, tracer)
        self._value = value

    @property
    def shape(self) -> torch.Size:
        size: torch.Size = self._value.shape
        return size

    def __iter__(self) -> Iterator[Any]:
        return (operator.getitem(self, i) for i in range(len(self)))

    def __len__(self) -> int:
        return len(self._value)
