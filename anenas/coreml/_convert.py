"""From a torch module to an ML program on disk."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from anenas._files import replacing
from anenas.coreml._output_names import output_names
from anenas.coreml._package import Package
from anenas.coreml._padding import pipeline
from anenas.mil import INPUT, NEXT, OUTPUT, SERIES, coremltools, quiet
from anenas.tasks import CLASSIFICATION, Task

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
    task: Task = CLASSIFICATION,
) -> Package:
    """Write `module` as a static fp16 ML program of images or series to a `.mlpackage`.

    Grey and colour images are pixel buffers, which callers on Apple's systems have; other images, and batches, are fp32
    arrays named "image"; series, with a height of 1, are arrays named "series". Class labels are in the model's
    description if the batch is 1, which then gives a dictionary of probabilities and the label of the highest; and, as
    JSON, in its metadata under "classes". Numbers to predict are outputs of their own, (N, 1) of fp32, by their names:
    see `output_names`. What brings them to their units is computed in fp32 where float16 would not hold
    them, or round them by more than a hundredth of their standard deviation, such as prices by tens; likewise what
    normalises series, such as an air pressure of 1,013 ± 8, which float16 has in halves.

    Args:
        module: From pixels of 0 to 255, or series, to class probabilities or numbers, in evaluation mode on the CPU.
        path: Ends in ".mlpackage"; replaced whole, or not at all.
        shape: (N, C, H, W), or (N, C, 1, T) for series.
        classes: One label, or name of a number, for each output.
        metadata: More metadata for the model.
        target: The oldest system that has to run it.
        source: Another name for an array input; "tokens" for token ids.
        task: What the network was trained for.

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
    metadata = {"classes": json.dumps(list(classes)), "task": task.name, **(metadata or {})}
    if not task.classifies:
        outputs = [_fp32(name) for name in output_names(classes, given.name)]
        return _write(_apart(module), path, [given], outputs, None, metadata, target, _exact(module))
    labels = ct.ClassifierConfig(list(classes)) if batch == 1 else None
    return _write(module, path, [given], [_fp32(OUTPUT)], labels, metadata, target, _exact(module))


def _exact(module: nn.Module) -> Callable[[Any], bool]:
    """Which operations are computed in fp32: those of numbers, in or out, that float16 would not hold."""
    from anenas.network import Deployed

    outputs = not _outputs_fit_half(module)
    inputs = isinstance(module, Deployed) and not module.normalise.fits_half
    return lambda operation: (outputs and _in_units(operation)) or (inputs and _normalises(operation))


def _outputs_fit_half(module: nn.Module) -> bool:
    """Whether float16 holds the numbers of a network in their units."""
    from anenas.network import fits_half

    if (units := getattr(module, "units", None)) is None:
        return True
    mean, std = units
    return fits_half(mean, std) and bool((std > 1e-3).all())


def _normalises(operation: Any) -> bool:
    """Whether an operation is the first of those that read the program's input, or the next that only adds to it."""
    before = operation.inputs["x"].op if operation.op_type in ("mul", "add", "batch_norm") else operation
    return before is None or (operation.op_type == "add" and before.op_type == "mul" and before.inputs["x"].op is None)


def _in_units(operation: Any) -> bool:
    """Whether an operation brings numbers to their units: no other has two axes."""
    return operation.op_type in ("mul", "add", "split") and operation.outputs[0].rank == 2


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
    return _write(module, path, sources, outputs, None, metadata, "iOS16", _exact(module.network))


def _apart(module: nn.Module) -> nn.Module:
    """The same with an output (N, 1) for each of its numbers, (N, K)."""
    from torch import Tensor, nn

    class Apart(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.whole = module

        def forward(self, x: Tensor) -> tuple[Tensor, ...]:
            return tuple(self.whole(x).split(1, 1))

    return Apart().eval()


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
    fp32: Callable[[Any], bool] = lambda operation: False,
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
            compute_precision=ct.transform.FP16ComputePrecision(op_selector=lambda operation: not fp32(operation)),
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
