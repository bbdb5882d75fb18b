"""A network as a Python file that needs only torch: straight-line code, no timm, batch normalisation folded."""

from __future__ import annotations

import operator
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import fx, nn

from anenas._errors import AnenasError, first_line
from anenas.blocks import activation_layer
from anenas.bundle._carried import Carried, own_classes
from anenas.bundle._input import Input
from anenas.bundle._templates import render
from anenas.network import Deployed, fold_batch_norms
from anenas.space import Architecture

_OPERATORS = {
    operator.add: "+", operator.iadd: "+", operator.sub: "-", operator.isub: "-", operator.mul: "*",
    operator.imul: "*", operator.truediv: "/",
}  # fmt: skip
_TOLERANCE = 1e-4  # of a probability
_NAMES = ("x", "y", "z")  # of values, the main stream first; more are numbered


@dataclass(frozen=True)
class PlainNetwork:
    """A network as source and weights.

    Attributes:
        source: Of a Python file whose `Network` computes what the network does.
        weights: Its state dict.
    """

    source: str
    weights: dict[str, torch.Tensor]


def plain_network(
    network: Deployed, architecture: Architecture, title: str, given: Input | None = None
) -> PlainNetwork:
    """The network that ships, as a Python file.

    Args:
        network: In evaluation mode, on the CPU; not modified.
        architecture: What it was built from.
        title: First line of the file's docstring.
        given: Its input, if the architecture does not say all of it.

    Raises:
        AnenasError: If a block of the network cannot be written in plain torch.
    """
    given = given or Input.of(architecture)
    try:
        return _plain(network, architecture, title, given, ())
    except AnenasError as error:
        if not (own := own_classes(network)):
            raise AnenasError(f"{architecture} cannot be written in plain torch: {error}") from error
        try:
            return _plain(network, architecture, title, given, own)
        except AnenasError as other:
            raise AnenasError(
                f"{architecture} cannot be written in plain torch: {error}; nor can its classes be exported: {other}"
            ) from error


def _plain(
    network: Deployed, architecture: Architecture, title: str, given: Input, own: tuple[type[nn.Module], ...]
) -> PlainNetwork:
    """The network as lines that call modules of the user's `own` classes as they are.

    Raises:
        AnenasError: If a block cannot be written so, or the file computes something else.
    """
    try:
        plain = fold_batch_norms(network, torch.zeros(architecture.input), (activation_layer("hswish"), *own))
    except Exception as error:  # whatever a block's own code does with a traced value
        raise AnenasError(first_line(error)) from error
    stages = {f"stage{i}" if i else "stem": str(stage) for i, stage in enumerate(architecture.stages)}
    source = given.kind.batch_variable
    writer = _Writer(plain, stages | {"head": str(architecture.head)}, source)
    writer.write(plain.graph)
    _, *size = architecture.input
    shape = ", ".join(["N", *map(str, size)])
    where = ","
    if given.masked:
        where = f", that end at the last step, with {given.kind.padding} before,"
    text = render(
        "network.py",
        title=title,
        architecture=architecture,
        imports=[*writer.carried.imports(), *(("import json", "import unicodedata") if given.tokens else ())],
        definitions=writer.carried.definitions(),
        tokens=given.tokens,
        steps=size[2],
        inputs=f"{given.kind.content}, ({shape}){where}",
        layers=writer.layers,
        source=writer.source,
        lines=writer.lines,
        name=given.kind,
        key=given.name,
        tolerance=_TOLERANCE * _scale(network),
        what="probability" if network.units is None else "number",
    )
    written = PlainNetwork(text, writer.weights)
    _check(written, network, architecture)
    return written


def _check(written: PlainNetwork, network: Deployed, architecture: Architecture) -> None:
    """Raises: AnenasError: If the file does not compute what the network does, for a batch of one more."""
    batch, *size = architecture.input
    x = torch.randint(64, (batch + 1, *size), generator=torch.Generator().manual_seed(0)).float()  # ids as well
    names: dict[str, Any] = {"__name__": "network", "__file__": "network.py"}
    try:
        exec(compile(written.source, "network.py", "exec"), names)
        read = names["Network"]()
        read.load_state_dict(written.weights)
        with torch.no_grad():
            difference = (read.eval()(x) - network(x)).abs().max().item() / _scale(network)
    except Exception as error:  # whatever a user's own code does
        raise AnenasError(f"{type(error).__name__}: {first_line(error)}") from error
    if not difference < _TOLERANCE:
        raise AnenasError(f"its probabilities would be {difference:.1g} off")


def _scale(network: Deployed) -> float:
    """What differences are to be small to: numbers in units of their own have a spread of their own."""
    return 1.0 if network.units is None else float(network.units[1].max())


@dataclass
class _Writer:
    """Turns a traced graph into the lines of a module.

    A value takes over the variable that it was computed from, unless that is still needed: then a branch begins, with a
    variable of its own. A value that is read once, by the next operation, is inlined.
    """

    network: nn.Module
    stages: Mapping[str, str]
    source: str
    layers: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    weights: dict[str, torch.Tensor] = field(default_factory=dict)
    carried: Carried = field(default_factory=Carried)
    _texts: dict[fx.Node, str] = field(default_factory=dict)
    _declared: set[str] = field(default_factory=set)
    _group: tuple[str, ...] = ()

    def write(self, graph: fx.Graph) -> None:
        *computed, output = [node for node in list(graph.nodes) if not self._settle(node)]
        last_use = {arg: i for i, node in enumerate(computed) for arg in node.all_input_nodes}
        # The input has its own name; what is computed from it takes the first variable.
        variables = {node: _NAMES[0] for node in graph.nodes if node.op == "placeholder"}
        for i, (node, following) in enumerate(zip(computed, [*computed[1:], output], strict=True)):
            text = self._expression(node)
            if self._belongs_into(node, following):
                self._texts[node] = text
                continue
            self._start_group(_group_of(node) or self._group)
            dead = {variables.pop(one) for one in list(variables) if last_use.get(one, -1) <= i}
            free = [name for name in _names(len(variables) + 1) if name not in variables.values()]
            variables[node] = min(dead, key=_rank) if dead else free[0]
            self._texts[node] = variables[node]
            self.lines.append(f"        {variables[node]} = {text}")
        self.lines.append(f"        return {self._argument(output.args[0])}")

    def _settle(self, node: fx.Node) -> bool:
        """Write a node that computes nothing; False for all others."""
        if node.op == "placeholder":
            self._texts[node] = self.source
        elif node.op == "get_attr":
            name = str(node.target).replace(".", "_")
            value = operator.attrgetter(str(node.target))(self.network)
            sizes = ", ".join(map(str, value.shape))
            self.layers.append(f'        self.register_buffer("{name}", torch.empty({sizes}))')
            self.weights[name] = value.detach().clone()  # a layer may have it as well
            self._texts[node] = f"self.{name}"
        else:
            return False
        return True

    def _module(self, node: fx.Node) -> nn.Module:
        return self.network.get_submodule(str(node.target))

    def _belongs_into(self, node: fx.Node, following: fx.Node) -> bool:
        """Whether a value is read once, by the next operation of its block, which is no layer with weights."""
        if list(node.users) != [following]:
            return False
        is_layer = following.op == "call_module" and any(True for _ in self._module(following).parameters())
        here = _group_of(node) or self._group
        return not is_layer and here == (_group_of(following) or here)

    def _expression(self, node: fx.Node) -> str:
        args = [self._argument(arg) for arg in node.args]
        given = [f"{key}={self._argument(value)}" for key, value in node.kwargs.items() if key != "inplace"]
        if node.op == "call_module":
            return self._layer(node, args + given)
        if node.op == "call_method":
            return f"{_bracketed(args[0])}.{node.target}({', '.join(args[1:] + given)})"
        if node.target in _OPERATORS and len(args) == 2:
            return f"{_bracketed(args[0])} {_OPERATORS[node.target]} {_bracketed(args[1])}"
        if node.target is operator.getitem:
            return f"{_bracketed(args[0])}[{_index(node.args[1])}]"
        name = getattr(node.target, "__name__", str(node.target))
        for module, prefix in ((F, "F"), (torch, "torch")):
            if getattr(module, name, None) is node.target:
                return f"{prefix}.{name}({', '.join(args + given)})"
        raise AnenasError(f"a block calls {name}, which cannot be written in plain torch")

    def _argument(self, value: Any) -> str:
        if isinstance(value, fx.Node):
            return self._texts[value]
        if isinstance(value, (tuple, list)) and any(isinstance(one, fx.Node) for one in value):
            return f"[{', '.join(map(self._argument, value))}]"
        return repr(value)

    def _layer(self, node: fx.Node, arguments: list[str]) -> str:
        """The call of a module: an activation as torch's function, anything else as a layer of the same class."""
        module, argument = self._module(node), arguments[0]
        if isinstance(module, activation_layer("hswish")):
            return f"F.hardswish({argument})"
        if isinstance(module, nn.Flatten):
            return f"{_bracketed(argument)}.flatten({module.start_dim})"
        if isinstance(module, nn.Softmax):
            return f"{_bracketed(argument)}.softmax({module.dim})"
        for kind, function in _FUNCTIONS.items():
            if type(module) is kind:
                return f"{function}({argument})"
        name = str(node.target).removeprefix("network.").replace("reparam_", "").replace(".", "_")
        if name not in self._declared:
            self._declare(name, module)
        return f"self.{name}({', '.join(arguments)})"

    def _declare(self, name: str, module: nn.Module) -> None:
        self._declared.add(name)
        stage = name.partition("_")[0]
        comment = f"        # {stage}: {self.stages[stage]}"
        if comment not in self.layers:
            self.layers.append(comment)
        self.layers.append(textwrap.indent(f"self.{name} = {self.carried.expression(module, _constructor)}", " " * 8))
        self.weights |= {
            f"{name}.{key}": value.detach().clone(memory_format=torch.contiguous_format)
            for key, value in self.carried.weights(module)
        }

    def _start_group(self, group: tuple[str, ...]) -> None:
        """A blank line between blocks, and a comment at the first one of a stage."""
        if group == self._group:
            return
        if self.lines:
            self.lines.append("")
        if group[:1] != self._group[:1]:
            self.lines.append(f"        # {group[0]}: {self.stages[group[0]]}")
        self._group = group


_FUNCTIONS: dict[type[nn.Module], str] = {
    nn.ReLU: "F.relu",
    nn.ReLU6: "F.relu6",
    nn.SiLU: "F.silu",
    nn.Sigmoid: "torch.sigmoid",
    nn.Hardswish: "F.hardswish",
    nn.Hardsigmoid: "F.hardsigmoid",
    nn.Tanh: "torch.tanh",
}


def _group_of(node: fx.Node) -> tuple[str, ...]:
    """The stage and the block that an operation belongs to; empty outside of both."""
    paths = [*node.meta.get("nn_module_stack", {})]
    if node.op == "call_module":
        paths.append(str(node.target))
    parts = max(paths, key=len, default="").split(".")[1:3]
    return tuple(parts[:1] if parts[:1] == ["head"] else parts)


def _constructor(module: nn.Module) -> str:
    """The constructor of a layer of torch's; a convolution's without defaults."""
    if type(module) is not nn.Conv2d:
        return f"nn.{module!r}"
    arguments = [str(module.in_channels), str(module.out_channels), _pair(module.kernel_size)]
    defaults = {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1)}
    arguments += [f"{key}={_pair(value)}" for key, one in defaults.items() if (value := getattr(module, key)) != one]
    if module.groups > 1:
        arguments.append(f"groups={module.groups}")
    if module.bias is None:
        arguments.append("bias=False")
    return f"nn.Conv2d({', '.join(arguments)})"


def _pair(value: Any) -> str:
    if isinstance(value, tuple) and len(set(value)) == 1:
        return str(value[0])
    return repr(value)


def _index(value: Any) -> str:
    """What goes in square brackets."""
    if isinstance(value, tuple):
        return ", ".join(map(_index, value))
    if isinstance(value, slice):
        start, stop, step = ("" if part is None else repr(part) for part in (value.start, value.stop, value.step))
        return f"{start}:{stop}{':' if step else ''}{step}"
    return "..." if value is Ellipsis else repr(value)


def _names(count: int) -> list[str]:
    return [*_NAMES, *(f"v{i}" for i in range(len(_NAMES), count + len(_NAMES)))]


def _rank(name: str) -> int:
    return _NAMES.index(name) if name in _NAMES else int(name[1:])


def _bracketed(text: str) -> str:
    """The text as an operand: in brackets where it is a sum or a product."""
    depth = 0
    for i, character in enumerate(text):
        depth += (character in "([") - (character in ")]")
        if depth == 0 and character == " " and i:
            return f"({text})"
    return text
