from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from anenas.mil import Precision, Program, coremltools, load_program
from anenas.mil.operations import OPERATIONS

Build = Callable[..., Any]


@pytest.fixture(scope="session")
def call() -> Callable[..., Any]:
    """Calls an operation as a program does whose operands are all constants; arrays come back."""

    def bound(value: Any) -> list[Any]:
        if isinstance(value, list) and value and isinstance(value[0], np.ndarray):
            return [torch.from_numpy(np.array(one)) for one in value]
        return [value if isinstance(value, str) else torch.from_numpy(np.array(value))]

    def call(name: str, **arguments: Any) -> Any:
        operation = OPERATIONS[name]
        given = {parameter: operation.convert[parameter](bound(value)) for parameter, value in arguments.items()}
        result = operation.function(**given)
        return tuple(one.numpy() for one in result) if isinstance(result, tuple) else result.numpy()

    return call


@pytest.fixture
def saved(tmp_path: Path) -> Callable[..., Path]:
    """Writes a program that is built with coremltools' builder, with inputs of given shapes, to a package."""

    def saved(build: Build, inputs: dict[str, tuple[int, ...]], target: str = "iOS17", **options: Any) -> Path:
        ct = coremltools()
        from coremltools.converters.mil import Builder
        from coremltools.converters.mil.mil import types

        kinds = options.pop("kinds", {})
        specs = [
            Builder.TensorSpec(shape, dtype=getattr(types, kinds.get(name, "fp32"))) for name, shape in inputs.items()
        ]
        names = ", ".join(inputs)  # the builder names inputs after the function's parameters
        function = eval(f"lambda {names}: build({names})", {"build": build})
        program = Builder.program(input_specs=specs, opset_version=getattr(ct.target, target))(function)
        model = ct.convert(
            program,
            convert_to="mlprogram",
            minimum_deployment_target=getattr(ct.target, target),
            skip_model_load=True,
            **{"compute_precision": ct.precision.FLOAT32} | options,
        )
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.mlpackage"
        model.save(str(path))
        return path

    return saved


@pytest.fixture
def built(saved: Callable[..., Path]) -> Callable[..., Program]:
    """Loads a program that is built with coremltools' builder."""

    def built(
        build: Build,
        inputs: dict[str, tuple[int, ...]],
        target: str = "iOS17",
        precision: Precision = "fp32",
        **options: Any,
    ) -> Program:
        return load_program(saved(build, inputs, target, **options), precision)

    return built


@pytest.fixture
def converted(tmp_path: Path) -> Callable[..., Path]:
    """Converts a torch module that takes arrays of given shapes."""

    def converted(module: nn.Module, *shapes: tuple[int, ...], target: str = "iOS16", **options: Any) -> Path:
        ct = coremltools()
        with torch.no_grad():
            traced = torch.jit.trace(module.eval(), [torch.rand(shape) for shape in shapes], check_trace=False)
        inputs = [ct.TensorType(name=f"x{i}", shape=shape) for i, shape in enumerate(shapes)]
        model = ct.convert(
            traced,
            convert_to="mlprogram",
            minimum_deployment_target=getattr(ct.target, target),
            skip_model_load=True,
            **{"inputs": inputs, "compute_precision": ct.precision.FLOAT32} | options,
        )
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.mlpackage"
        model.save(str(path))
        return path

    return converted
