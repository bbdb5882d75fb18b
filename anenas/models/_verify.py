"""Verifying an exported program against whatever a user has."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from anenas._errors import AnenasError, first_line
from anenas._files import is_file
from anenas._json import read_json
from anenas.coreml import LOSSY, TOLERANCES, Package, Verification, verify, verify_network

if TYPE_CHECKING:
    from torch import nn

_FORMS = (
    "weights (.safetensors), an architecture, reference values (.npz with inputs and outputs) or another .mlpackage"
)


def verify_against(
    package: str | Path, against: str, *, samples: int = 16, layers: bool = False, tolerance: float | None = None
) -> Verification:
    """Verify a program against a reference.

    Args:
        package: The path of a `.mlpackage`.
        against: The `.safetensors` of the network that was exported; its architecture, which checks operations and
            sizes only; an `.npz` file with arrays by the names of inputs and outputs; or another `.mlpackage`.
        samples: How many random inputs to compare outputs on, if the reference has none.
        layers: Whether to compare every operation, too; only with weights.
        tolerance: The largest difference allowed in float32, as a fraction of the largest value; by default it is
            derived from the program (`anenas.coreml.verify`). A program with compressed weights has none against the
            original weights: its differences are reported, and only overflow fails.

    Raises:
        AnenasError: If the package or the reference cannot be read, or they do not belong together.
    """
    path = Path(against)
    if layers and path.suffix != ".safetensors":
        raise AnenasError("layers can only be compared with the weights of the network (.safetensors)")
    opened = Package.open(package)
    if path.suffix == ".safetensors":
        return _against_weights(opened, path, samples, layers, tolerance)
    if path.suffix == ".npz":
        return _against_values(opened, path, _tolerances(tolerance))
    if path.suffix == ".mlpackage":
        return _against_package(opened, path, samples, _tolerances(tolerance))
    if against.count("-") >= 2:
        return _against_architecture(opened, against)
    raise AnenasError(f"cannot verify against '{against}'; expected {_FORMS}")


def _tolerances(given: float | None) -> Mapping[str, float] | None:
    """What a user allows, in float16 never less than by default; None for what is derived."""
    return None if given is None else {"fp32": given, "fp16": max(TOLERANCES["fp16"], given)}


def _against_weights(
    package: Package, weights: Path, samples: int, layers: bool, tolerance: float | None
) -> Verification:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from anenas.network import Deployed, Normalisation, build, fuse
    from anenas.space import Architecture

    try:
        architecture = Architecture.parse(package.metadata["anenas.architecture"])
        mean, std = (tuple(map(float, read_json(package.metadata[f"anenas.{name}"]))) for name in ("mean", "std"))
    except KeyError as missing:
        raise AnenasError(f"{package} does not say which network it contains (its metadata has no {missing})") from None
    except (ArithmeticError, TypeError, ValueError) as error:
        raise AnenasError(f"{package} does not say how its input is normalized: {first_line(error)}") from None
    if not is_file(weights):
        raise AnenasError(f"there is no file {weights}")
    network = build(architecture)
    try:
        state = load_file(weights)
        network.load_state_dict(state)
    except (SafetensorError, OSError) as error:
        raise AnenasError(f"{weights} does not contain the weights of {architecture}: {first_line(error)}") from error
    except RuntimeError as error:  # of many lines
        lacking = sorted(network.state_dict().keys() - state.keys())
        differs = f"it has no {lacking[0]}" if lacking else "names or shapes differ"
        raise AnenasError(
            f"{weights} does not contain the weights of {architecture}: {differs}; expected those that the search "
            "wrote next to the package (in a bundle: checkpoint.safetensors)"
        ) from error
    pixels = next(iter(package.example_inputs(samples=samples).values()))
    deployed = Deployed(fuse(network), Normalisation(mean, std, architecture.raw), _told(package)).eval()
    against = str(weights)
    if found := package.stored_forms:
        against += f", which became {', '.join(found)}"
    tolerances = (LOSSY if found else None) if tolerance is None else _tolerances(tolerance)
    return verify_network(package, deployed, pixels, against, tolerances=tolerances, layers=layers)


def _told(package: Package) -> nn.Module:
    """What makes, of what a network gives, what a package of its task tells.

    Raises:
        AnenasError: If it tells numbers and not in which units.
    """
    task = package.task
    if task.classifies:
        return task.output(np.zeros((2, len(package.score_outputs)), np.float32))
    if "anenas.units" not in package.metadata:
        raise AnenasError(f"{package} does not say how its numbers were standardized: export it again")
    try:
        mean, std = np.array(read_json(package.metadata["anenas.units"]), np.float32)
    except (ValueError, TypeError) as error:
        raise AnenasError(f"{package} is damaged: its units are not numbers ({first_line(error)})") from error
    return task.output(np.stack([mean - std, mean + std]))  # labels of that mean and standard deviation


def _against_values(package: Package, reference: Path, tolerances: Mapping[str, float] | None) -> Verification:
    from anenas.mil import read_arrays

    arrays = read_arrays(reference)
    inputs = {feature.name: arrays[feature.name] for feature in package.inputs if feature.name in arrays}
    expected = {feature.name: arrays[feature.name] for feature in package.outputs if feature.name in arrays}
    if len(inputs) < len(package.inputs) or not expected:
        names = ", ".join(feature.name for feature in (*package.inputs, *package.outputs))
        raise AnenasError(
            f"{reference} contains {', '.join(arrays) or 'nothing'}; expected inputs and outputs: {names}"
        )
    return verify(package, inputs, expected, str(reference), tolerances=tolerances)


def _against_package(
    package: Package, path: Path, samples: int, tolerances: Mapping[str, float] | None
) -> Verification:
    inputs, other = package.example_inputs(samples=samples), Package.open(path)
    return verify(package, inputs, other.program()(inputs), str(path), tolerances=tolerances, other=other)


def _against_architecture(package: Package, text: str) -> Verification:
    """The program's operations, multiply-accumulates and bytes of weights, not what it computes."""
    from anenas.network import architecture_graph
    from anenas.space import Architecture

    predicted, stored = architecture_graph(Architecture.parse(text)), package.graph
    aside = ("classify", "quantize", "dequantize")  # the order of the last two may differ
    expected = [op.kind for op in predicted.ops if op.kind not in aside]
    found = [op.kind for op in stored.ops if op.kind not in aside]
    if found != expected or predicted.macs != stored.macs:
        raise AnenasError(
            f"{package} does not have that architecture: {len(found)} operations and {stored.macs:,} "
            f"multiply-accumulates, expected {len(expected)} and {predicted.macs:,}"
        )
    inputs = package.example_inputs()
    against = "its architecture (operations and sizes, no values)"
    return verify(package, inputs, package.program()(inputs), against, tolerances=TOLERANCES)
