"""Whatever a user may name as a model, as a graph."""

from __future__ import annotations

from pathlib import Path

from anenas._errors import AnenasError, unknown
from anenas.graph import Graph

_FORMS = "a .mlpackage, timm:NAME or timm:NAME@RESOLUTION, or an architecture as `anenas space sample` prints it"


def load_graph(model: str, space: str | None = None) -> Graph:
    """The graph of a model.

    Args:
        model: The path of a `.mlpackage`; "timm:NAME" or "timm:NAME@RESOLUTION", built with fresh weights and fused,
            nothing is downloaded; or an architecture string.
        space: What an architecture has to be of: the name of a built-in space, or a YAML file.

    Raises:
        AnenasError: If there is no such model, or it cannot be read.
    """
    kind, _, name = model.partition(":")
    if space is not None:
        return _graph_of_space(model, space)
    if kind == "timm":
        return _timm_graph(name)
    if model.rstrip("/").endswith(".mlpackage") or Path(model).exists():
        from anenas.coreml import read_graph

        return read_graph(Path(model))
    if model.count("-") >= 2 and "x" in model.split("-")[0]:
        from anenas.network import architecture_graph
        from anenas.space import Architecture

        return architecture_graph(Architecture.parse(model))
    raise AnenasError(f"no model '{model}'; expected {_FORMS}")


def _graph_of_space(model: str, space: str) -> Graph:
    from anenas.network import architecture_graph
    from anenas.space import Architecture, load_space

    architecture, the_space = Architecture.parse(model), load_space(space)
    _, channels, height, width = architecture.input
    try:
        the_space.with_input(channels, height, width).decisions(architecture)
    except ValueError as error:  # pydantic's too, for an input that breaks a guideline
        raise AnenasError(f"not an architecture of '{the_space.name}': {error}") from None
    return architecture_graph(architecture)


def _timm_graph(text: str) -> Graph:
    from anenas._torchvision import import_torchvision

    import_torchvision()
    import timm
    import torch

    from anenas.network import fuse, trace

    name, at, resolution = text.partition("@")
    if not timm.is_model(name):
        raise unknown("timm model", name, timm.list_models())
    if at and not (resolution.isdecimal() and int(resolution) > 0):
        raise AnenasError(f"timm:{text}: expected a resolution in pixels, such as timm:{name}@224")
    with torch.device("meta"):  # only shapes matter
        network = fuse(timm.create_model(name, pretrained=False))
    channels, height, width = timm.models.get_pretrained_cfg_value(name, "input_size")
    size = (int(resolution), int(resolution)) if at else (height, width)
    try:
        return trace(network, (1, channels, *size))
    except Exception as error:  # whatever the model's own code raises for a size that it does not take
        first_line = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise AnenasError(f"timm:{text} does not run at {size[0]}×{size[1]}: {first_line}") from error
