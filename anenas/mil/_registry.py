"""The operations that can be run: one function each, with the signature of the operation in MIL."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

Ints = tuple[int, ...]
Flags = tuple[bool, ...]
MilList = list[Tensor | str | int]  # a list in MIL: filled by loops, or the labels of a classifier
Convert = Callable[[list[Any]], Any]


@dataclass(frozen=True)
class Implementation:
    """An operation of MIL, on torch.

    Attributes:
        function: Takes the operation's parameters by MIL's names and returns its result, or a tuple of them.
        convert: For each parameter, converts the values bound to it to the function's argument.
        required: Parameters without a default.
    """

    function: Callable[..., Any]
    convert: dict[str, Convert]
    required: frozenset[str]


OPERATIONS: dict[str, Implementation] = {}
"""Operations that run with the program, by name in MIL."""
ON_ENGINE: dict[str, tuple[str, Callable[..., Tensor]]] = {}
"""Operations that the engine computes otherwise in float16, by name in MIL: the name in `known_differences`, and what
the engine gives, from the result by definition and the operation's arguments."""
FOLDED: dict[str, Callable[..., Any]] = {}
"""Operations on constants that run once on loading, by name in MIL."""


def op(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Registers a function for the operations of these names.

    The function's annotations define how it takes each parameter: as a `Tensor`, a list of them for a tuple in MIL, or
    plain numbers, flags and strings. Floating-point tensors are float32 whatever the program declares; results are
    converted to the declared type. Defaults are those of coremltools' definitions.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        hints = typing.get_type_hints(function)
        parameters = inspect.signature(function).parameters
        implementation = Implementation(
            function,
            {name: _converter(hints[name]) for name in parameters},
            frozenset(name for name, parameter in parameters.items() if parameter.default is parameter.empty),
        )
        OPERATIONS.update(dict.fromkeys(names, implementation))
        return function

    return register


def on_engine(kind: str, difference: str) -> Callable[[Callable[..., Tensor]], Callable[..., Tensor]]:
    """Registers what the engine gives for an operation, of a name in `known_differences`."""

    def register(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
        ON_ENGINE[kind] = difference, function
        return function

    return register


def folded(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Registers a function of numpy arrays for an operation whose operands are constants, run once on loading."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        FOLDED[name] = function
        return function

    return register


def _converter(hint: Any) -> Convert:
    if isinstance(hint, types.UnionType):  # `... | None`: a parameter that may be absent
        (hint,) = [one for one in typing.get_args(hint) if one is not types.NoneType]
    return _CONVERTERS[hint]


def takes_tensors(convert: Convert) -> bool:
    """Whether a parameter is what is bound to it, rather than numbers that are read from it."""
    return convert in (_only, list)


def _only(values: list[Any]) -> Any:
    return values[0]


def _numbers(values: list[Any]) -> tuple[Any, ...]:
    """From one tensor, or from several of one element each."""
    return tuple(number for value in values for number in value.reshape(-1).tolist())


# A parameter is bound to a list of values: to several if MIL takes a tuple, else to one.
_CONVERTERS: dict[Any, Convert] = {
    Tensor: _only,
    str: _only,
    MilList: _only,
    list[Tensor]: list,
    list[Any]: list,
    int: lambda values: int(values[0].item()),
    float: lambda values: float(values[0].item()),
    bool: lambda values: bool(values[0].item()),
    Ints: _numbers,
    Flags: _numbers,
}
