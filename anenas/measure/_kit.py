"""Any model as a package that a device can run, and kits of them to measure on any Mac."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from anenas._errors import AnenasError, first_line
from anenas._files import replacing
from anenas.coreml import Package, as_arrays, convert_arrays
from anenas.graph import fingerprint
from anenas.measure import kit_script as script
from anenas.mil import write_arrays
from anenas.models import load_network

if TYPE_CHECKING:
    from torch import nn

# What a fit of the latency model needs to see: dense, depthwise, grouped and 1×1 convolutions, squeeze-and-excite,
# attention, layer normalisation; networks of 0.06 to 1.8 billion multiply-accumulates, bound by each of compute,
# weights, activations and the fixed cost.
CALIBRATION_MODELS = (
    "timm:mobilenetv2_100@224",
    "timm:mobilenetv3_small_100@224",
    "timm:mobileone_s0@224",
    "timm:resnet18@224",
    "timm:regnetx_002@224",
    "timm:efficientnet_lite0@224",
    "timm:convnext_atto@224",
    "timm:vit_tiny_patch16_224@224",
    "1x3x224x224-conv_r1_s2_c32_k3_relu-mbconv_r2_s2_c32_k3_e4_relu-mbconv_r3_s2_c64_k5_e4_relu-head_n1000",
    "1x3x64x64-conv_r1_s2_c16_k3_relu-conv_r2_s2_c32_k3_relu-head_n10",
)
_PACKAGE, _INPUTS, _EXPECTED, _PROGRAM = "model.mlpackage", "inputs.npz", "expected.npz", "program.pt2"
_README = """\
A validation kit of anenas: {count} Core ML package(s), an input for each{expected}, and a script to measure them.

On any Mac (macOS 14.4 or later also reports where each operation runs):

    python3 -m venv venv && venv/bin/pip install coremltools
    venv/bin/python validate.py

On macOS 27 and later, a kit of `anenas kit --core-ai` also asks Core AI where it would run each operation, and why the
Neural Engine refuses it, if coreai-torch 0.4.3 or later is there (Python 3.11 or later):

    venv/bin/pip install coreai-torch

On an iPhone attached to a Mac with Xcode, unlocked and in developer mode; TEAM is the identifier of a team of Apple's
developer programme, and --chip says which chip the iPhone has:

    venv/bin/python validate.py --device iphone --chip A15 --team TEAM

Close other programs, use mains power, and leave the machine alone meanwhile. The script writes results.json, with
every sample, and measurements.csv. Take them back and

    anenas recording results.json

The script is unproven on hardware: it was tested against a stand-in for what only macOS has. What it prints where it
fails is worth as much as what it measures.
"""


def is_package(model: str) -> bool:
    """Whether a model is named by the path of a package."""
    return model.rstrip("/").endswith(".mlpackage")


def to_package(model: str, folder: Path) -> Package:
    """The package of a model: the one it names, or one converted with fresh weights into `folder`.

    Raises:
        AnenasError: If there is no such model, or it cannot be converted.
    """
    if is_package(model):
        return Package.open(model)
    return _convert(model, *load_network(model), folder)


def _convert(model: str, network: nn.Module, shape: tuple[int, int, int, int], folder: Path) -> Package:
    source, output = ("pixels", "logits") if model.startswith("timm:") else ("image", "probabilities")
    try:
        return convert_arrays(network, folder / _PACKAGE, shape=shape, source=source, output=output)
    except Exception as error:  # whatever the model's code or coremltools raises
        raise AnenasError(f"{model} cannot be converted: {first_line(error)}") from error


def _export(model: str, network: nn.Module, shape: tuple[int, int, int, int], file: Path) -> None:
    """Write a network as a program of torch in fp16, which is what Core AI plans."""
    import torch

    try:
        half = copy.deepcopy(network).half()  # the network says in fp32 what is expected
        torch.export.save(torch.export.export(half, (torch.zeros(shape, dtype=torch.float16),)), file)
    except Exception as error:  # whatever the model's code or torch raises
        raise AnenasError(f"{model} cannot be exported for Core AI: {first_line(error)}") from error


def write_kit(models: Sequence[str], out: Path, *, core_ai: bool = False) -> list[dict[str, Any]]:
    """Write a folder with packages, inputs, expected outputs and the script that measures them on any Mac.

    Args:
        models: Packages, models of timm, architectures. All but packages get fresh weights.
        out: Written whole or not at all; must not be there, or be empty.
        core_ai: Also write a program of torch for each that is not a package, for Core AI's plan on macOS 27.

    Returns:
        What the script knows of each model.

    Raises:
        AnenasError: If `out` holds something, a model is named twice, or one cannot be loaded.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise AnenasError(f"{out} is not empty; name a new folder")
    models = [model.rstrip("/") for model in models]
    if len(set(models)) < len(models):
        raise AnenasError("a model is listed twice; a kit measures each model once")
    out.parent.mkdir(parents=True, exist_ok=True)
    with replacing(out) as kit:
        kit.mkdir()
        entries = [_add(model, kit, f"{i:02}-{_slug(model)}", core_ai) for i, model in enumerate(models, start=1)]
        (kit / script.KIT).write_text(json.dumps({"version": 1, "models": entries}, indent=1) + "\n", encoding="utf-8")
        shutil.copyfile(script.__file__, kit / "validate.py")
        expected = " with what it should compute" if all(entry["expected"] for entry in entries) else ""
        (kit / "README.txt").write_text(_README.format(count=len(entries), expected=expected), encoding="utf-8")
    return entries


def _add(model: str, kit: Path, name: str, core_ai: bool) -> dict[str, Any]:
    """Put one model into a kit."""
    folder = kit / name
    folder.mkdir()
    network: nn.Module | None = None
    if is_package(model):
        original = Package.open(model)
        package = as_arrays(original, folder / _PACKAGE)
    else:
        network, shape = load_network(model)
        original = package = _convert(model, network, shape, folder)
        if core_ai:
            _export(model, network, shape, folder / _PROGRAM)
    inputs = package.example_inputs()
    write_arrays(folder / _INPUTS, inputs)
    expected = expected_outputs(package, inputs, network)
    if expected is not None:
        write_arrays(folder / _EXPECTED, expected)
    timm_name, _, resolution = model.removeprefix("timm:").partition("@")
    shape_in = original.graph.inputs[0].shape
    return {
        "model": f"{name}/{_PACKAGE}" if is_package(model) else model,
        "package": f"{name}/{_PACKAGE}",
        "inputs": f"{name}/{_INPUTS}",
        "expected": f"{name}/{_EXPECTED}" if expected is not None else None,
        "program": f"{name}/{_PROGRAM}" if core_ai and network is not None else None,
        "fingerprint": fingerprint(original.graph),
        "package_sha256": original.digest,
        "timm_name": timm_name if model.startswith("timm:") else "",
        "input_res": resolution or (str(shape_in[-1]) if len(shape_in) == 4 else ""),
        "batch": shape_in[0] if shape_in else 1,
    }


def expected_outputs(
    package: Package, inputs: dict[str, np.ndarray], network: nn.Module | None
) -> dict[str, np.ndarray] | None:
    """What a package should compute from its inputs, by the name of each output.

    Args:
        package: Of arrays; with one output, where there is a network.
        inputs: A value for each input.
        network: What it was converted from, run in fp32; None for a package that was not converted here, whose program
            is run instead.

    Returns:
        None where nothing but Core ML can run the package.
    """
    if network is None:
        try:
            return package.program()(inputs)
        except AnenasError:  # an operation that only Core ML knows
            return None
    import torch

    (output,) = package.graph.outputs
    with torch.no_grad():
        return {output.name: network(*(torch.from_numpy(value) for value in inputs.values())).numpy()}


def _slug(model: str) -> str:
    """A short name for a folder, unique with the number before it."""
    name = Path(model).stem if is_package(model) else model.removeprefix("timm:")
    return "".join(c if c.isalnum() or c in "-_@" else "-" for c in name)[:40].rstrip("-")
