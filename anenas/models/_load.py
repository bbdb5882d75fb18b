"""Models by name, as graphs or networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anenas._errors import AnenasError, first_line, plain
from anenas._files import is_file, is_folder
from anenas.graph import Graph

if TYPE_CHECKING:
    from torch import nn

    from anenas.space import Architecture

_FORMS = "a .mlpackage, timm:NAME or timm:NAME@RESOLUTION, or an architecture as `anenas space sample` prints it"


def load_graph(model: str, space: str | None = None) -> Graph:
    """The graph of a model.

    Args:
        model: The path of a `.mlpackage`; "timm:NAME" or "timm:NAME@RESOLUTION", built with fresh weights and fused,
            without a download; or an architecture string.
        space: The space that an architecture must belong to: the name of a built-in one, or a YAML file.

    Raises:
        AnenasError: If there is no such model, or it cannot be read.
    """
    kind, _, name = model.partition(":")
    if space is not None:
        return _graph_of_space(model, space)
    if kind == "timm":
        return _timm_graph(name)
    if model.rstrip("/").endswith(".mlpackage") or is_file(model) or is_folder(model):
        from anenas.coreml import Package

        return Package.open(model).graph
    architecture = _architecture(model)
    from anenas.network import architecture_graph

    return architecture_graph(architecture)


def load_network(model: str) -> tuple[nn.Module, tuple[int, int, int, int]]:
    """A model of timm or an architecture as the module that ships, with fresh weights, and the shape of its input.

    The weights are the same in every process. An architecture takes pixels of 0 to 255 and gives probabilities; a
    model of timm takes normalised pixels and gives logits, as in `load_graph`.

    Raises:
        AnenasError: If there is no such model.
    """
    import torch

    from anenas.network import Deployed, Normalisation, build, fuse

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        kind, _, name = model.partition(":")
        if kind == "timm":
            name, size = _timm_name(name)
            return _timm_network(name), size
        architecture = _architecture(model)
        channels = architecture.input[1]
        normalise = Normalisation((0.5,) * channels, (0.25,) * channels, architecture.raw)
        network = Deployed(fuse(build(architecture)), normalise)
        return network.eval(), architecture.input


def _architecture(model: str) -> Architecture:
    from anenas.space import Architecture

    if model.count("-") >= 2 and "x" in model.split("-")[0]:
        return Architecture.parse(model)
    raise AnenasError(f"no model '{plain(model)}'; expected {_FORMS}")


def _graph_of_space(model: str, space: str) -> Graph:
    from pydantic import ValidationError

    from anenas.network import architecture_graph
    from anenas.space import Architecture, load_space

    architecture, the_space = Architecture.parse(model), load_space(space)
    _, channels, height, width = architecture.input
    fitting, _ = the_space.fitting(height, width)
    try:
        fitted = fitting.with_input(channels, height, width, masked=architecture.masked)
        fitted.with_skip(architecture.head.skip).decisions(architecture)
    except ValidationError as error:  # an input that breaks a guideline
        problem = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise AnenasError(f"not an architecture of '{the_space.name}': {problem}") from None
    except ValueError as error:
        raise AnenasError(f"not an architecture of '{the_space.name}': {error}") from None
    return architecture_graph(architecture)


def _timm_graph(text: str) -> Graph:
    import torch

    from anenas.network import trace

    name, size = _timm_name(text)
    with torch.device("meta"):  # only shapes matter
        network = _timm_network(name)
    try:
        return trace(network, size)
    except Exception as error:  # whatever the model's own code raises for a size that it does not take
        raise AnenasError(f"timm:{text} does not run at {size[2]}×{size[3]}: {first_line(error)}") from error


def _timm_name(text: str) -> tuple[str, tuple[int, int, int, int]]:
    """The name and the input's shape of NAME or NAME@RESOLUTION."""
    from anenas.blocks import import_timm, known_timm

    name, at, resolution = text.partition("@")
    known_timm(name)
    if at and not (resolution.isdecimal() and len(resolution) < 6 and int(resolution) > 0):
        raise AnenasError(f"timm:{plain(text)}: expected a resolution in pixels, such as timm:{name}@224")
    channels, height, width = import_timm().models.get_pretrained_cfg_value(name, "input_size")
    return name, (1, channels, *((int(resolution), int(resolution)) if at else (height, width)))


def _timm_network(name: str) -> nn.Module:
    from anenas.blocks import create_timm
    from anenas.network import fuse

    return fuse(create_timm(name, pretrained=False))
