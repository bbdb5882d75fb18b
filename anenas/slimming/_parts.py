"""A network as a row of parts that our blocks can say, read from its modules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from anenas._errors import AnenasError
from anenas.blocks import Value, pads_same


@dataclass(eq=False)
class Axis:
    """Channels that several layers write and read in the same order: a residual stream, or those within a block.

    Attributes:
        size: How many they are.
        movable: Whether they may be put in another order, as pixels' and classes may not.
    """

    size: int
    movable: bool = True


@dataclass(frozen=True)
class Layer:
    """A convolution, or a linear layer, and the normalisation behind it.

    Attributes:
        convolution: The layer.
        norm: The normalisation, or None.
        names: What both are called in our block, the second empty where there is none.
        out: The channels that it writes.
        into: The channels that it mixes; None where it works on each for itself.
    """

    convolution: nn.Conv2d | nn.Linear
    norm: nn.BatchNorm2d | None
    names: tuple[str, str]
    out: Axis
    into: Axis | None


@dataclass(frozen=True)
class Part:
    """One block.

    Attributes:
        kind: Of block that says it.
        values: Its choices, those that are known without widths.
        squeezes: The choices of squeeze-and-excitation that may say it.
        stride: 1 or 2.
        skip: Whether its input is added to its output.
        layers: In order.
        into: The channels of its input.
        out: The channels of its output, which are those of its input where it has a skip.
    """

    kind: str
    values: dict[str, Value]
    squeezes: tuple[Value, ...]
    stride: int
    skip: bool
    layers: tuple[Layer, ...]
    into: Axis
    out: Axis


@dataclass
class Parts:
    """A whole network.

    Attributes:
        blocks: Up to the pooling.
        pool: What pools, as a head calls it.
        activation: Of the layer between pooling and classifier, empty where there is none.
        head: That layer, if there is one, and the classifier.
    """

    blocks: list[Part] = field(default_factory=list)
    pool: str = ""
    activation: str = ""
    head: list[Layer] = field(default_factory=list)


# timm's class: our kind of block, and of each convolution and its normalisation the channels written and mixed (none by
# a depthwise one), and whether an activation follows; where it is None, that is the choice `linear`.
_Row = tuple[str, str, str, str, bool | None]
_BLOCKS: dict[str, tuple[str, tuple[_Row, ...]]] = {
    "ConvBnAct": ("conv", (("conv", "bn1", "out", "in", True),)),
    "DepthwiseSeparableConv": (
        "dsconv",
        (
            ("conv_dw", "bn1", "in", "", True),
            ("conv_pw", "bn2", "out", "in", None),
        ),
    ),
    "InvertedResidual": (
        "mbconv",
        (
            ("conv_pw", "bn1", "hidden", "in", True),
            ("conv_dw", "bn2", "hidden", "", True),
            ("conv_pwl", "bn3", "out", "hidden", False),
        ),
    ),
    "EdgeResidual": (
        "fusedmbconv",
        (
            ("conv_exp", "bn1", "hidden", "in", True),
            ("conv_pwl", "bn2", "out", "hidden", False),
        ),
    ),
    "UniversalInvertedResidual": (
        "uib",
        (
            ("dw_start.conv", "dw_start.bn", "in", "", False),
            ("pw_exp.conv", "pw_exp.bn", "hidden", "in", True),
            ("dw_mid.conv", "dw_mid.bn", "hidden", "", True),
            ("pw_proj.conv", "pw_proj.bn", "out", "hidden", False),
        ),
    ),
}
# Which layer's kernel is which choice; the other kernels are 1.
_KERNELS = {"conv": "kernel", "conv_dw": "kernel", "conv_exp": "kernel"}
_KERNELS |= {"dw_mid.conv": "kernel", "dw_start.conv": "start_kernel"}
# By the names of classes, of which timm and torch have several for one function.
_ACTIVATIONS = {"ReLU": "relu", "ReLU6": "relu6", "SiLU": "silu", "Swish": "silu", "Hardswish": "hswish"}
_ACTIVATIONS |= {"HardSwish": "hswish", "SwishMe": "silu", "HardSwishMe": "hswish"}
_GATES = {"Sigmoid": "sigmoid", "Hardsigmoid": "hard", "HardSigmoid": "hard", "HardSigmoidMe": "hard"}
_POOLS = {"GlobalAveragePool": "mean", "GlobalMaxPool": "max"}
_SILENT = (nn.Identity, nn.Flatten, nn.Dropout)

SAYABLE = (
    "convolutions with batch normalisation and ReLU, ReLU6, SiLU or hard-swish, and timm's "
    f"{', '.join(list(_BLOCKS)[:-1])} and {list(_BLOCKS)[-1]}, in a row, then pooling and one or two linear layers"
)


def read(network: nn.Module) -> Parts:
    """The parts of a network, in the order in which its modules are registered.

    Raises:
        AnenasError: If our blocks cannot say one of its modules; it names the module.
    """
    parts = Parts()
    rest = [(path, module) for path, module in _leaves(network, "") if not isinstance(module, _SILENT)]
    channels = None
    while rest:
        path, module = rest.pop(0)
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            norm: nn.BatchNorm2d | None = None
            if rest and isinstance(rest[0][1], nn.BatchNorm2d):
                norm = rest[0][1]
                del rest[0]
            activation = _activation(path, norm) if norm else ""
            if not activation and rest and type(rest[0][1]).__name__ in _ACTIVATIONS:
                activation = _ACTIVATIONS[type(rest.pop(0)[1]).__name__]
            channels = channels or Axis(_inputs(module), movable=False)
            if parts.pool:
                channels = _add_to_head(
                    parts, path, Layer(module, norm, ("", ""), Axis(_outputs(module)), channels), activation
                )
            else:
                part = _convolution(path, module, norm, activation, channels)
                parts.blocks.append(part)
                channels = part.out
        elif _is_block(module) and not parts.pool:
            channels = channels or Axis(_first(module).in_channels, movable=False)
            parts.blocks.append(_block(path, module, channels))
            channels = parts.blocks[-1].out
        elif not parts.pool and parts.blocks and (pool := _pool(module)):
            parts.pool = pool
        else:
            raise _unsayable(path, module)
    if not parts.head or (parts.activation and len(parts.head) < 2):
        raise AnenasError(
            f"{type(network).__name__} does not end with a classifier after a pooling layer; slim supports {SAYABLE}"
        )
    parts.head[-1].out.movable = False
    return parts


def _leaves(module: nn.Module, path: str) -> Iterator[tuple[str, nn.Module]]:
    """What stands in a row, with containers that do nothing else taken apart."""
    for name, child in module.named_children():
        where = f"{path}.{name}" if path else name
        if isinstance(child, nn.Sequential):
            yield from _leaves(child, where)
        else:
            yield where, child


def _unsayable(path: str, module: nn.Module, why: str = "") -> AnenasError:
    what = f"{path}, a {type(module).__name__}{why}"
    return AnenasError(f"blocks of anenas cannot express {what}; expected {SAYABLE}")


def _is_block(module: nn.Module) -> bool:
    """Whether it is one of timm's; torchvision has others of the same names."""
    return type(module).__name__ in _BLOCKS and type(module).__module__.startswith("timm.")


def _block(path: str, block: nn.Module, into: Axis) -> Part:
    kind, rows = _BLOCKS[type(block).__name__]
    _check_children(path, block, (*(name for row in rows for name in row[:2]), "se", "drop_path"))
    skip = bool(getattr(block, "has_skip", False))
    axes = {"in": into, **({"out": into} if skip else {})}
    values: dict[str, Value] = {}
    layers: list[Layer] = []
    activations: set[str] = set()
    stride, same = 1, False
    for conv_name, norm_name, out, mixed, activates in rows:
        if isinstance(block.get_submodule(conv_name.partition(".")[0]), nn.Identity):
            values[_KERNELS[conv_name]] = 0
            continue
        conv, norm = block.get_submodule(conv_name), block.get_submodule(norm_name)
        if not isinstance(norm, nn.BatchNorm2d):
            raise _unsayable(f"{path}.{norm_name}", norm)
        kernel, its_stride = _checked(f"{path}.{conv_name}", conv, depthwise=not mixed)
        assert isinstance(conv, nn.Conv2d)
        if conv_name in _KERNELS:
            values[_KERNELS[conv_name]] = kernel
        elif kernel > 1:
            raise _unsayable(f"{path}.{conv_name}", conv, f" with kernel {kernel}")
        stride *= its_stride
        same = same or (its_stride > 1 and pads_same(conv))
        written = axes.setdefault(out, Axis(conv.out_channels))
        layers.append(Layer(conv, norm, (conv_name, norm_name), written, axes[mixed] if mixed else None))
        activation = _activation(f"{path}.{norm_name}", norm)
        if activates is None:
            values["linear"] = not activation
        elif activates != bool(activation):
            raise _unsayable(f"{path}.{norm_name}", norm, f" with {activation or 'no activation'} behind it")
        activations |= {activation} - {""}
    if len(activations) != 1 or stride > 2 or (same and kind == "uib"):
        raise _unsayable(
            path, block, f" with {' and '.join(sorted(activations))}, stride {stride}, TensorFlow's padding {same}"
        )
    (values["activation"],) = activations
    if kind != "uib":
        values["same"] = same
    squeezes, of_squeeze = _squeeze(path, block, axes.get("hidden", into), str(values["activation"]))
    return Part(kind, values, squeezes, stride, skip, (*layers, *of_squeeze), into, axes["out"])


def _check_children(path: str, block: nn.Module, known: tuple[str, ...]) -> None:
    """Raises: AnenasError: If something else is computed in a block; it names it."""
    for name, child in block.named_modules():
        is_leaf = not any(True for _ in child.children()) and not isinstance(child, nn.Identity)
        if is_leaf and not f"{name}.".startswith(tuple(f"{one}." for one in known)):
            raise _unsayable(f"{path}.{name}", child)


def _squeeze(path: str, block: nn.Module, wide: Axis, activation: str) -> tuple[tuple[Value, ...], tuple[Layer, ...]]:
    se = getattr(block, "se", None)
    if se is None or isinstance(se, nn.Identity):
        return (), ()
    names = [(name, type(child).__name__) for name, child in se.named_children()]
    if [name for name, _ in names] != ["conv_reduce", "act1", "conv_expand", "gate"]:
        raise _unsayable(f"{path}.se", se)
    inner, gate = _ACTIVATIONS.get(names[1][1]), _GATES.get(names[3][1])
    options = {("relu", "hard"): ("hard",), (activation, "sigmoid"): (True, "thin")}.get((inner or "", gate or ""))
    if not options:
        raise _unsayable(f"{path}.se", se, f" of {names[1][1]} and {names[3][1]}")
    reduce, expand = se.get_submodule("conv_reduce"), se.get_submodule("conv_expand")
    assert isinstance(reduce, nn.Conv2d) and isinstance(expand, nn.Conv2d)
    squeezed = Axis(reduce.out_channels)
    return options, (
        Layer(reduce, None, ("se.conv_reduce", ""), squeezed, wide),
        Layer(expand, None, ("se.conv_expand", ""), wide, squeezed),
    )


def _convolution(path: str, conv: nn.Module, norm: nn.BatchNorm2d | None, activation: str, into: Axis) -> Part:
    """A convolution that stands for itself."""
    kernel, stride = _checked(path, conv, depthwise=False)
    assert isinstance(conv, nn.Conv2d)
    if not activation or stride > 2:
        raise _unsayable(path, conv, f" with stride {stride} and {activation or 'no activation'} behind it")
    values: dict[str, Value] = {"kernel": kernel, "activation": activation, "same": stride > 1 and pads_same(conv)}
    out = Axis(conv.out_channels)
    return Part("conv", values, (), stride, False, (Layer(conv, norm, ("conv", "bn1"), out, into),), into, out)


def _checked(path: str, conv: nn.Module, *, depthwise: bool) -> tuple[int, int]:
    """Kernel and stride of a convolution that our blocks have.

    Raises:
        AnenasError: If they have none like it.
    """
    if not isinstance(conv, nn.Conv2d) or not (type(conv) is nn.Conv2d or pads_same(conv)):
        raise _unsayable(path, conv)
    (kernel, *kernels), (stride, *strides) = conv.kernel_size, conv.stride
    groups = conv.in_channels if depthwise else 1
    plain = kernels == [kernel] and strides == [stride] and conv.dilation == (1, 1) and conv.padding_mode == "zeros"
    padded = pads_same(conv) or conv.padding == (kernel // 2, kernel // 2)
    if not (plain and padded and kernel % 2 and conv.groups == groups):
        raise _unsayable(path, conv, f" with kernel {conv.kernel_size}, padding {conv.padding}, {conv.groups} groups")
    return kernel, stride


def _activation(path: str, norm: nn.BatchNorm2d) -> str:
    """What timm's normalisation has behind it, empty for nothing."""
    act = getattr(norm, "act", None)
    if act is None or isinstance(act, nn.Identity):
        return ""
    if type(act).__name__ not in _ACTIVATIONS:
        raise _unsayable(f"{path}.act", act)
    return _ACTIVATIONS[type(act).__name__]


def _pool(module: nn.Module) -> str | None:
    if isinstance(module, nn.AdaptiveAvgPool2d):
        return "mean" if module.output_size in (1, (1, 1)) else None
    pools: dict[Any, str] = {"avg": "mean", "fast": "mean", "fastavg": "mean", "max": "max", "fastmax": "max"}
    return _POOLS.get(type(module).__name__) or pools.get(getattr(module, "pool_type", None))


def _add_to_head(parts: Parts, path: str, layer: Layer, activation: str) -> Axis:
    if isinstance(layer.convolution, nn.Conv2d) and _checked(path, layer.convolution, depthwise=False) != (1, 1):
        raise _unsayable(path, layer.convolution, " behind the pooling")
    if parts.head and (activation or not parts.activation or len(parts.head) > 1):
        raise _unsayable(path, layer.convolution, " behind the classifier")
    parts.activation = parts.activation or activation
    parts.head.append(layer)
    return layer.out


def _first(block: nn.Module) -> nn.Conv2d:
    return next(layer for layer in block.modules() if isinstance(layer, nn.Conv2d))


def _inputs(layer: nn.Conv2d | nn.Linear) -> int:
    return layer.in_channels if isinstance(layer, nn.Conv2d) else layer.in_features


def _outputs(layer: nn.Conv2d | nn.Linear) -> int:
    return layer.out_channels if isinstance(layer, nn.Conv2d) else layer.out_features


def matrix(layer: nn.Conv2d | nn.Linear) -> torch.Tensor:
    """Its weight as one of a convolution, (out, in, kernel, kernel)."""
    weight = layer.weight.detach()
    return weight if weight.ndim == 4 else weight[:, :, None, None]
