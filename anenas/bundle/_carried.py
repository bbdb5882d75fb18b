"""Modules exported with their own code: their classes as source, and expressions that recreate instances."""

from __future__ import annotations

import ast
import builtins
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from anenas._errors import AnenasError

_RESTORE = '''\
def restored(kind, values, parts):
    """A module of a class as it was, without its constructor: `load` fills in the weights."""
    module = kind.__new__(kind)
    nn.Module.__init__(module)
    vars(module).update(values)
    for name, part in parts.items():
        (module.register_buffer if isinstance(part, torch.Tensor) else module.add_module)(name, part)
    return module'''
_AT_HAND = {"torch": torch, "nn": nn, "F": F, "Path": Path}
"""What a written file imports anyway, by name."""
_IMPORTS = ("import ", "from ")
_OF_MODULES = set(vars(nn.Module()))
_NOT_TAKEN = ("torch", "timm", "torchvision", "anenas")


def own_classes(network: nn.Module) -> tuple[type[nn.Module], ...]:
    """Classes of modules in a network that are neither torch's, nor timm's, nor anenas's."""
    kinds = {type(module): None for module in network.modules()}
    return tuple(kind for kind in kinds if kind.__module__.partition(".")[0] not in _NOT_TAKEN)


class Carried:
    """Definitions that a file needs for some modules, collected as they are written."""

    def __init__(self) -> None:
        self._sources: dict[str, str] = {}  # by name, each after what it needs
        self._values: dict[str, Any] = dict(_AT_HAND)

    def imports(self) -> list[str]:
        """Lines for the head of the file."""
        return sorted(one for one in self._sources.values() if one.startswith(_IMPORTS))

    def definitions(self) -> list[str]:
        """Constants, functions and classes, each after what it needs."""
        return [one for one in self._sources.values() if not one.startswith(_IMPORTS)]

    def expression(self, module: nn.Module, constructor: Callable[[nn.Module], str]) -> str:
        """A Python expression that makes a module, with weights yet to be loaded.

        Args:
            module: A layer of torch's, an instance of one of `own_classes`, or a part of one.
            constructor: Writes a layer of torch's.

        Raises:
            AnenasError: If its class cannot be exported, or it holds something that cannot be written.
        """
        kind, name = type(module), type(module).__name__
        if getattr(nn, name, None) is kind:
            if _is_layer(module):
                return constructor(module)
            name = f"nn.{name}"
        elif kind.__module__.startswith("torch.nn.") or kind in own_classes(module):
            self._define(name, kind)
        else:
            raise AnenasError(f"a block contains {name}, which cannot be written in plain torch")
        values = {key: value for key, value in vars(module).items() if key not in _OF_MODULES}
        written = [f"{key!r}: {self._value(value, f'{name}.{key}')}" for key, value in values.items()]
        parts = []
        for key, tensor in _own_tensors(module):
            if tensor is None:
                written.append(f"{key!r}: None")
            else:
                parts.append(f"{key!r}: torch.empty({tuple(tensor.shape)}, dtype={tensor.dtype})")
        parts += [f"{key!r}: {self.expression(part, constructor)}" for key, part in module.named_children()]
        self._sources["restored"] = _RESTORE
        body = "".join(f"{textwrap.indent(part, '    ')},\n" for part in parts)
        return f"restored({name}, {{{', '.join(written)}}}, {{\n{body}}})"

    def weights(self, module: nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
        """Everything that is loaded into what `expression` makes, by name."""
        if _is_layer(module):
            yield from module.state_dict().items()
            return
        yield from ((key, tensor) for key, tensor in _own_tensors(module) if tensor is not None)
        for name, part in module.named_children():
            yield from ((f"{name}.{key}", tensor) for key, tensor in self.weights(part))

    def _value(self, value: Any, what: str) -> str:
        if callable(value) and (name := getattr(value, "__name__", "")) and getattr(F, name, None) is value:
            return f"F.{name}"
        if callable(value) and hasattr(value, "__qualname__"):
            self._define(value.__name__, value)
            return str(value.__name__)
        if not _is_literal(value):
            raise AnenasError(f"{what} is {value!r}, which cannot be written down")
        return repr(value)

    def _define(self, name: str, value: Any) -> None:
        before = self._values.get(name, self)
        self._values[name] = value
        if before is value or (_is_literal(value) and repr(before) == repr(value)):
            return
        if before is not self and not (
            _has_source(before) and _has_source(value) and _source(before) == _source(value)
        ):
            raise AnenasError(f"there are two {name} in it")
        module = value if isinstance(value, ModuleType) else inspect.getmodule(value)
        root = module.__name__.partition(".")[0] if module else ""
        if module and _can_be_imported(root):
            origin = "" if module is value else f"from {module.__name__} "
            self._sources[name] = f"{origin}import {value.__name__}" + (f" as {name}" if name != value.__name__ else "")
        elif root in _NOT_TAKEN:
            raise AnenasError(f"it needs {name} from {root}")
        elif _has_source(value):
            source = _source(value)
            for needed in dict.fromkeys(_names(ast.parse(source))):
                self._resolve(needed, value)
            self._sources[name] = source
        elif _is_literal(value):
            self._sources[name] = f"{name} = {value!r}"
        else:
            raise AnenasError(f"{name} is {value!r}, which cannot be written down")

    def _resolve(self, name: str, user: Any) -> None:
        """Define what a class or function uses by that name, unless it is its own or Python's."""
        known: dict[str, Any] = {}
        for function in [user, *vars(user).values()] if isinstance(user, type) else [user]:
            function = inspect.unwrap(function) if callable(function) else function
            if inspect.isfunction(function):
                cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
                known |= function.__globals__ | {name: cell.cell_contents for name, cell in cells}
        known = vars(sys.modules[user.__module__]) | known
        if name in known and name != "__class__" and not hasattr(builtins, name):
            self._define(name, known[name])


def _is_layer(module: nn.Module) -> bool:
    """Whether it is torch's own and no container."""
    return type(module).__module__.startswith("torch.nn.") and not module._modules


def _own_tensors(module: nn.Module) -> Iterable[tuple[str, torch.Tensor | None]]:
    return {**module._parameters, **module._buffers}.items()


def _is_literal(value: Any) -> bool:
    try:
        return bool(ast.literal_eval(repr(value)) == value)
    except (ValueError, SyntaxError):
        return False


def _can_be_imported(root: str) -> bool:
    """Whether that package is available wherever a written file runs."""
    return root in ("torch", "numpy") or root in sys.stdlib_module_names


def _has_source(value: Any) -> bool:
    return isinstance(value, type) or (callable(value) and inspect.isfunction(inspect.unwrap(value)))


def _source(value: Any) -> str:
    try:
        return textwrap.dedent(inspect.getsource(value)).rstrip()
    except (OSError, TypeError):
        raise AnenasError(f"the source of {value.__name__} cannot be found; define it in a file") from None


def _names(node: ast.AST) -> Iterator[str]:
    """Names that are read, except in annotations and in constructors, which are not called."""
    if isinstance(node, ast.FunctionDef) and node.name == "__init__":
        return
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield node.id
    for field, child in ast.iter_fields(node):
        if field not in ("annotation", "returns"):
            for one in child if isinstance(child, list) else [child]:
                if isinstance(one, ast.AST):
                    yield from _names(one)
