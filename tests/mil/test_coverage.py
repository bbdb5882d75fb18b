"""Every operation that coremltools can write is known, with every parameter and default of its every version."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from anenas.mil import coremltools
from anenas.mil._block import _CONTROL
from anenas.mil.operations import FOLDED, OPERATIONS

# Constants are no operations; conv_quantized is for the neural networks of old.
LEFT_OUT = {"const", "_const_symbolic", "conv_quantized"}
# What coremltools makes of its updates of states when it writes a package.
ONLY_WRITTEN = {"write_state"}


def versions() -> dict[str, set[Any]]:
    coremltools()
    from coremltools.converters.mil.mil.ops.registry import SSAOpRegistry

    return {name: set(versions.values()) for name, versions in SSAOpRegistry.core_ops.items() if name not in LEFT_OUT}


def test_every_operation_is_known() -> None:
    assert versions().keys() | ONLY_WRITTEN == OPERATIONS.keys() | FOLDED.keys() | _CONTROL.keys()


def test_every_parameter_is_known() -> None:
    for name, found in versions().items():
        known = (OPERATIONS | _CONTROL).get(name)
        parameters = known.convert if known else inspect.signature(FOLDED[name]).parameters
        for version in found:
            stored = {one for one in version.input_spec.input_types if not one.startswith("_")}
            assert stored <= set(parameters), name


def test_defaults_are_those_of_coremltools() -> None:
    compared = 0
    for name, operation in OPERATIONS.items():
        signature = inspect.signature(operation.function).parameters
        for version in versions()[name]:
            try:
                defaults = version.default_inputs(object.__new__(version))
            except AttributeError:  # they follow from the operands
                continue
            for parameter, default in defaults.items():
                ours = signature[parameter].default
                if ours is None and default is not None:  # a tensor, or "all of them"
                    assert (name, parameter) in {
                        ("fill", "value"), ("fill_like", "value"), ("one_hot", "on_value"), ("one_hot", "off_value"),
                    }  # fmt: skip
                    continue
                assert ours == pytest.approx(default), (name, parameter)
                compared += 1
    assert compared > 60
