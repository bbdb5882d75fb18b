"""From a torch module to an ML program on disk."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from anenas._files import replacing
from anenas.coreml._package import Package
from anenas.coreml._padding import pipeline
from anenas.mil import INPUT, NEXT, OUTPUT, SERIES, coremltools, quiet

if TYPE_CHECKING:
    from torch import nn

    from anenas.network import Streamed


def convert(
    module: nn.Module,
    path: Path,
    *,
    shape: tuple[int, int, int, int],
    classes: Sequence[str],
    metadata: dict[str, str] | None = None,
    target: str = "iOS16",
    source: str | None = None,
) -> Package:
    """Write `module` as a static fp16 ML program, a classifier of images or series, to a `.mlpackage`.

    Grey and colour images are pixel buffers, which callers on Apple's systems have; other images, and batches, are fp32
    arrays named "image"; series, with a height of 1, are arrays named "series". Class labels are in the model's
    description if the batch is 1, and, as JSON, in its metadata under "classes".

    Args:
        module: From pixels of 0 to 255, or series, to class probabilities, in evaluation mode on the CPU.
        path: Ends in ".mlpackage"; replaced whole, or not at all.
        shape: (N, C, H, W), or (N, C, 1, T) for series.
        classes: One label for each output.
        metadata: More metadata for the model.
        target: The oldest system that has to run it.
        source: Another name for an array input; "tokens" for token ids.

    Raises:
        RuntimeError: If coremltools cannot convert it.
        ValueError: If there is not one label for each output, or `path` has another suffix.
    """
    ct = coremltools()
    batch, channels, height, _ = shape
    layouts = {1: ct.colorlayout.GRAYSCALE, 3: ct.colorlayout.RGB}
    as_image = batch == 1 and height > 1 and channels in layouts
    given = (
        ct.ImageType(name=INPUT, shape=shape, color_layout=layouts[channels])
        if as_image
        else ct.TensorType(name=source or (INPUT if height > 1 else SERIES), shape=shape, dtype=np.float32)
    )
    labels = ct.ClassifierConfig(list(classes)) if batch == 1 else None
    metadata = {"classes": json.dumps(list(classes)), **(metadata or {})}
    return _write(module, path, [given], [_fp32(OUTPUT)], labels, metadata, target)


def convert_streamed(
    module: Streamed, path: Path, *, classes: Sequence[str], metadata: dict[str, str] | None = None
) -> Package:
    """Write a streaming network as a static fp16 ML program to a `.mlpackage`.

    Inputs are a chunk, an fp32 array named "series", (N, C, 1, steps), and each state, an fp16 array under its name;
    outputs are the class probabilities, an fp32 array (N, classes), and each next state under its name with the suffix
    "_out". Class labels are, as JSON, in the model's metadata under "classes".

    Args:
        module: From a chunk and states to class probabilities and states, in evaluation mode on the CPU.
        path: Ends in ".mlpackage"; replaced whole, or not at all.
        classes: One label for each output.
        metadata: More metadata for the model.

    Raises:
        RuntimeError: If coremltools cannot convert it.
        ValueError: If there is not one label for each output, or `path` has another suffix.
    """
    ct = coremltools()
    sources = [ct.TensorType(name=SERIES, shape=module.shape, dtype=np.float32)]
    sources += [ct.TensorType(name=name, shape=shape, dtype=np.float16) for name, shape in module.states.items()]
    outputs = [_fp32(OUTPUT), *(ct.TensorType(name=f"{name}{NEXT}", dtype=np.float16) for name in module.states)]
    metadata = {"classes": json.dumps(list(classes)), **(metadata or {})}
    return _write(module, path, sources, outputs, None, metadata, "iOS16")


def _fp32(name: str) -> Any:
    return coremltools().TensorType(name=name, dtype=np.float32)


def convert_arrays(
    module: nn.Module, path: Path, *, shape: tuple[int, ...], source: str = INPUT, output: str = OUTPUT
) -> Package:
    """Write `module` as a static fp16 ML program from one fp32 array to another, to a `.mlpackage`.

    Args:
        module: With one input and one output, in evaluation mode on the CPU.
        path: Ends in ".mlpackage"; replaced whole, or not at all.
        shape: Of the input.
        source: Name of the input.
        output: Name of the output.

    Raises:
        RuntimeError: If coremltools cannot convert it.
        ValueError: If `path` has another suffix.
    """
    given = coremltools().TensorType(name=source, shape=shape, dtype=np.float32)
    return _write(module, path, [given], [_fp32(output)], None, {}, "iOS16")


def _write(
    module: nn.Module,
    path: Path,
    sources: list[Any],
    outputs: list[Any],
    labels: Any,
    metadata: dict[str, str],
    target: str,
) -> Package:
    import torch

    if path.suffix != ".mlpackage":
        raise ValueError(f"{path} must end in .mlpackage")
    ct = coremltools()
    with quiet(), contextlib.redirect_stderr(io.StringIO()), torch.no_grad():  # progress bars
        examples = tuple(torch.zeros(tuple(source.shape.shape)) for source in sources)
        traced = torch.jit.trace(module, examples, check_trace=False)
        model = ct.convert(
            traced,
            convert_to="mlprogram",
            inputs=sources,
            outputs=outputs,
            classifier_config=labels,
            compute_precision=ct.precision.FLOAT16,
            minimum_deployment_target=ct.target[target],
            skip_model_load=True,
            pass_pipeline=pipeline(),
        )
    for key, value in metadata.items():
        model.user_defined_metadata[key] = value
    return save_package(model, path)


def save_package(model: Any, path: Path) -> Package:
    """Write coremltools' `MLModel` to a `.mlpackage`, whole or not at all, replacing an existing one."""
    with replacing(path) as unfinished:
        model.save(str(unfinished))
    return Package.open(path)


# Approximate size of the program's description: for each operation, and extra for each convolution, which has more
# parameters than others.
_OPERATION_BYTES, _CONVOLUTION_BYTES = 430, 680


def estimated_package_bytes(weight_bytes: int, operations: int, convolutions: int) -> int:
    """Size of a program's `.mlpackage` on disk: its weights, and a constant for each operation.

    Within 10 %; unrolled recurrences, which are thousands of short operations, may be overestimated by a third.
    """
    return weight_bytes + _OPERATION_BYTES * operations + _CONVOLUTION_BYTES * convolutions
